"""Answers of every kind a record can hold and some that it should not: extreme lengths, any script, missing facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from gateway.model import (
    Address,
    Answer,
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    DrugClass,
    Ingredient,
    Licence,
    NameUse,
    Outcome,
    PartyKind,
    Period,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
    StateOutcome,
)
from tests.factory import NOW

T = TypeVar("T")

_WORDS = (
    "Quillfeather", "Okonkwo-Baird", "O'Brien", "de la Cruz", "St. John", "Müller", "Łuczyński", "Nguyễn", "李",
    "Иванов", "Þórsdóttir", "x", " leading", "trailing ", "two  spaces", "line\nfeed", "tab\there", "nul\x00",
    "&<>\"'", "]]>", "\ufffe", "\ud800", "\u200b", "e\u0301", "😀", "A" * 34, "B" * 35, "C" * 36, "D" * 41, "E" * 71,
    "F" * 106, "G" * 300, "Ünï " * 30, "", " ", "--", "{brace}", "%s %d", "0", "US", "CT",
)  # fmt: skip
_NUMBERS = (
    "10",
    "0.5",
    "30.00",
    "1E+2",
    "0.1234567890123",
    "12345678901",
    "99999999.9999",
    "1e-12",
    "-0",
    "0",
)
_PLACES = ("CT", "NY", "PR", "ON", "Connecticut", "ct", "ZZ", None)
_ZIPS = ("06103", "061031234", "06103-1234", "K1A 0B1", "6103", None)
_PHONES = ("8605550142", "860-555-0142", "18605550142", "28605550142", "555", "+44 20 7946 0000", None)

_PART = CompoundPart(sequence=1, ndc11=None, quantity=Decimal(1), unit=QuantityUnit.EACH)


class Wild:
    """Makes one answer out of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._ordinary = seed % 3 == 0  # every third answer is what a record usually holds

    def answer(self) -> Answer:
        dispensations = sorted(
            (self.dispensation() for _ in range(self._random.randint(1, 6))),
            key=lambda d: d.filled,
            reverse=True,
        )
        states = tuple(
            StateOutcome(state=state, outcome=outcome)
            for state, outcome in (("CT", Outcome.COMPLETE), ("NY", self._one(list(Outcome))))
        )
        partial = states[1].outcome not in {Outcome.COMPLETE, Outcome.NO_DATA}
        return Answer(
            outcome=Outcome.PARTIAL if partial else Outcome.COMPLETE,
            report_id=self._one(["0192f2c4-6a53-7e11-8c55-8a1f0f6f3d10", "short", "R" * 60]),
            generated_at=NOW - timedelta(microseconds=self._random.randint(0, 10**12)),
            period=Period(start=date(2020, 1, 1), end=date(2026, 11, 20)),
            persons=tuple(d.person for d in dispensations),
            dispensations=tuple(dispensations),
            states=states,
            detail=self._maybe(self._word()),
        )

    def dispensation(self) -> Dispensation:
        written = self._maybe(date(2020, 1, 1) + timedelta(days=self._random.randint(0, 2000)))
        return Dispensation(
            rx_number=self._word("7001234"),
            written=written,
            filled=date(2020, 1, 1) + timedelta(days=self._random.randint(0, 2400)),
            sold=self._maybe(date(2026, 1, 31)),
            fill_number=self._pick(0, [0, 1, 99, 100]),
            refills_authorised=self._pick(2, [None, 0, 99, 100, -1]),
            quantity=Decimal(self._pick("30", _NUMBERS)),
            unit=self._one(list(QuantityUnit)),
            days_supply=self._pick(30, [0, 1, 999, 1000, -3]),
            partial_fill=self._pick(0, [0, 1, 12]),
            payment=self._pick("04", ["01", "99", "88", None]),
            rx_origin=self._maybe("05"),
            treatment_type=self._pick("10", ["07", "06", None]),
            diagnosis=self._pick("M54.50", ["F11.20", "Z" * 20, None]),
            compound=self._pick((), [(), (_PART,)]),
            drug=self.drug(),
            prescriber=self.prescriber(),
            dispenser=self.dispenser(),
            person=self.person(),
            source_state=self._pick("CT", _PLACES),
            reported_at=datetime(2026, 1, 1, tzinfo=UTC),
            revision=1,
        )  # fmt: skip

    def drug(self) -> Drug:
        count = self._random.randint(0, 4)
        strengths = ["5", "325", "0.05", None]
        units = ["mg", "mg", "mcg/h", "mg/mL", None]
        return Drug(
            name=self._maybe(self._word("oxycodone hydrochloride 5 MG Oral Tablet")),
            ndc11=self._pick("00228298311", ["N" * 40, None]),
            rxcui=self._maybe("1049621"),
            ingredients=tuple(
                Ingredient(name=f"drug {n}", strength=_decimal(self._one(strengths)), unit=self._one(units))
                for n in range(count)
            ),
            dose_form=self._maybe("Oral Tablet"),
            schedule=self._one([*Schedule, None]),
            drug_class=DrugClass.OPIOID,
        )

    def prescriber(self) -> Prescriber:
        return Prescriber(
            name=self._maybe(self.name()),
            npi=self._pick("1023011178", [None, "9" * 36]),
            dea=self._maybe("AD1111119"),
            dea_suffix=self._maybe("A12"),
            licence=self._maybe(Licence(number=self._word("CT.045512"), state="CT")),
            address=self.address(),
            phone=self._pick("2035550117", _PHONES),
            kind=self._one([PartyKind.PRACTITIONER, PartyKind.PRACTITIONER, PartyKind.VETERINARY]),
        )

    def dispenser(self) -> Dispenser:
        return Dispenser(
            name=self._maybe(self._word("Larkspur Pharmacy")),
            npi=self._maybe("1234567893"),
            dea=self._maybe("BC6486054"),
            ncpdp_id=self._maybe("1234563"),
            licence=self._maybe(Licence(number="PCY.0001")),
            address=self.address(),
            phone=self._pick("8605550100", _PHONES),
            kind=self._one([PartyKind.PHARMACY, PartyKind.PRACTITIONER]),
        )

    def person(self) -> Person:
        species = self._one([Species.HUMAN, Species.HUMAN, Species.VETERINARY])
        animal = species is Species.VETERINARY
        others = [self.name(use=self._one(list(NameUse))) for _ in range(self._random.randint(0, 2))]
        return Person(
            key="7KQ4M2XT9R0AB",
            appearance=self._random.randint(1, 9),
            names=(self.name(), *others),
            birth_date=None if animal and self._random.random() < 0.5 else date(1971, 4, 9),
            sex=self._one(list(Sex)),
            addresses=tuple(a for a in (self.address(),) if a),
            phones=tuple(p for p in (self._pick("8605550142", _PHONES),) if p),
            species=species,
            owner=Person(names=(self.name(),), birth_date=date(1960, 2, 2)) if animal else None,
        )

    def name(self, use: NameUse = NameUse.OFFICIAL) -> PersonName:
        return PersonName(
            family=self._word("Quillfeather"),
            given=tuple(
                self._word("Marigold") for _ in range(self._random.randint(0 if not self._ordinary else 1, 3))
            ),
            prefix=self._maybe(self._word("Dr")),
            suffix=self._maybe(self._word("Jr")),
            use=use,
        )

    def address(self) -> Address | None:
        if self._random.random() < 0.1:
            return None
        return Address(
            lines=tuple(self._word("14 Larkspur Ln") for _ in range(self._random.randint(0, 3))),
            city=self._maybe(self._word("Hartford")),
            state=self._pick("CT", _PLACES),
            postal_code=self._pick("06103", _ZIPS),
            country=self._pick("US", ["USA", "U", None, "ÜS"]),
        )

    def _word(self, ordinary: str = "word") -> str:
        return ordinary if self._ordinary else self._random.choice(_WORDS)

    def _pick(self, ordinary: T, wild: Any) -> T:
        return ordinary if self._ordinary else self._random.choice(wild)

    def _one(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def _maybe(self, value: T) -> T | None:
        return value if self._ordinary or self._random.random() < 0.7 else None


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None
