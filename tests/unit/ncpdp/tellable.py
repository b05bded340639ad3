"""Dispensations that a RxFill can tell: all there is a place for, in every combination, and nothing else.

Their drugs are in no table, so that nothing is added to what is told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    Licence,
    NameUse,
    PartyKind,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
)
from tests.unit.ncpdp.helpers import V10_6

T = TypeVar("T")

_SCHEDULES = (Schedule.CII, Schedule.CIII, Schedule.CIV, Schedule.CV)
_FAMILIES = (
    "Quillfeather",
    "Okonkwo-Baird",
    "O'Brien",
    "de la Cruz",
    "St. John",
    "Smith & Sons",
    "Abernathy",
)
_GIVEN = ("Marigold", "Thaddeus", "Mary-Jane", "J", "Ambrose", "Wilhelmina")
_STREETS = ("14 Larkspur Ln", "300 Grove St", "88 Quuxley Terrace", "1 Main St <rear>", "PO Box 9")
_CITIES = (("Hartford", "CT", "06103"), ("New Haven", "CT", "06511"), ("Springfield", "MA", "011031234"))


class Fills:
    """Makes dispensations that a RxFill of that version can tell, out of a seed."""

    def __init__(self, seed: int, version: str) -> None:
        self._random = Random(f"{version}{seed}")
        self._version = version
        self._number = seed

    def dispensation(self) -> Dispensation:
        random = self._random
        filled = date(2024, 1, 1) + timedelta(days=random.randint(0, 900))
        is_animal = self._version != V10_6 and random.random() < 0.25
        has_parts = self._version != V10_6 and random.random() < 0.2
        return Dispensation(
            rx_number=f"{random.randint(1, 9999999)}-{self._number}",
            written=filled - timedelta(days=random.randint(0, 30)),
            filled=filled,
            sold=self._maybe(filled + timedelta(days=random.randint(0, 5))),
            refills_authorised=random.choice((0, 0, 1, 5, 11)),
            quantity=Decimal(random.choice(("30", "0.5", "118.5", "90", "7.25", "1000"))),
            unit=random.choice(list(QuantityUnit)),
            days_supply=random.choice((1, 2, 7, 30, 90, 365)),
            partial_fill=random.choice((0, 0, 1)),
            diagnosis=self._maybe("M54.50"),
            compound=tuple(
                CompoundPart(
                    sequence=n,
                    ndc11=f"0022829{n:04}",
                    quantity=Decimal(f"{n}.5"),
                    unit=random.choice(list(QuantityUnit)),
                )
                for n in range(1, random.randint(2, 4) if has_parts else 1)
            ),
            drug=Drug(
                name=random.choice(("zyxophan 5 MG Oral Tablet", "a drug & another 5 %", "quuxelol 300 MG")),
                ndc11=self._maybe(f"99999{random.randint(0, 999999):06}"),
                rxcui=self._maybe(str(random.randint(90_000_000, 99_000_000))),
                schedule=random.choice([*_SCHEDULES, None]),
            ),
            prescriber=self._prescriber(),
            dispenser=Dispenser(
                name="Larkspur Pharmacy",
                npi="1234567893",
                dea=self._maybe("BC6486054"),
                ncpdp_id=random.choice(("1234563", "7654321")),
                licence=self._maybe(Licence(number="PCY.0001")) if self._version != V10_6 else None,
                address=self._address(),
                phone="8605550100",
            ),
            person=self._animal() if is_animal else self._human(),
        )

    def _prescriber(self) -> Prescriber:
        is_veterinarian = self._version != V10_6 and self._random.random() < 0.3
        has_numbers = is_veterinarian or self._random.random() < 0.9
        return Prescriber(
            name=self._name(),
            npi="1023011178" if has_numbers and not is_veterinarian else None,
            dea="AD1111119" if has_numbers else None,
            dea_suffix=self._maybe("A12") if has_numbers else None,
            licence=Licence(number="CT.045512") if has_numbers else None,
            address=self._maybe(self._address()),
            phone="2035550117",
            kind=PartyKind.VETERINARY if is_veterinarian else PartyKind.PRACTITIONER,
        )

    def _human(self) -> Person:
        names = [self._name()]
        if self._version != V10_6 and self._random.random() < 0.2:
            names.append(self._name(NameUse.OLD))
        return Person(
            names=tuple(names),
            birth_date=date(1930, 1, 1) + timedelta(days=self._random.randint(0, 30_000)),
            sex=self._random.choice((Sex.FEMALE, Sex.MALE, Sex.UNKNOWN)),
            addresses=(self._address(),),
            phones=("8605550142",) if self._random.random() < 0.7 else (),
        )

    def _animal(self) -> Person:
        owner = Person(names=(self._name(),), addresses=(self._address(),), phones=("8605550199",))
        name = PersonName(family=owner.names[0].family, given=("Biscuit",))
        born = date(2019, 6, 1) + timedelta(days=self._random.randint(0, 900))
        return replace(self._human(), names=(name,), birth_date=born, species=Species.VETERINARY, owner=owner)

    def _name(self, use: NameUse = NameUse.OFFICIAL) -> PersonName:
        middle = self._maybe(self._random.choice(_GIVEN))
        return PersonName(
            family=self._random.choice(_FAMILIES),
            given=tuple(part for part in (self._random.choice(_GIVEN), middle) if part),
            suffix=self._maybe("Jr"),
            prefix=self._maybe("Dr"),
            use=use,
        )

    def _address(self) -> Address:
        city, state, postal_code = self._random.choice(_CITIES)
        return Address(
            lines=tuple(line for line in (self._random.choice(_STREETS), self._maybe("Apt 2")) if line),
            city=city,
            state=state,
            postal_code=postal_code,
            country="US" if self._version != V10_6 else None,
        )

    def _maybe(self, value: T) -> T | None:
        return value if self._random.random() < 0.6 else None
