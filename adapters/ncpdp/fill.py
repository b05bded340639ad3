"""MedicationDispensed of either version -> canonical dispensation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

from adapters.ncpdp.parts import date_in, dispenser_in, person_in, prescriber_in
from adapters.ncpdp.tree import Tree, sub, subs, text, to_tree
from adapters.ncpdp.values import UNNAMED, UNPRINTABLE
from gateway.errors import Failure
from gateway.model import Dispensation, Drug, Person, Prescriber, QuantityUnit, Schedule
from gateway.terminology import codes

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_WHOLE = re.compile(r"[0-9]{1,9}")
_STATE = re.compile(r"([A-Z]{2})(?: PD?MP)?")
_RXNORM = frozenset({"SCD", "SBD", "GPK", "BPK"})  # the term types that a code of RxNorm is sent with

PARTS = frozenset({"DrugCoded", "Patient", "Pharmacy", "Prescriber"})
"""The parts of a fill that mostly repeat from fill to fill: elements that are read once for equal ones."""

_Part = TypeVar("_Part")


class Fills:
    """Reads the dispensations of one answer, whose trees keep :data:`PARTS`, and counts what was odd.

    :param patient: whose history it is; a fill that names no patient is hers.
    """

    def __init__(self, patient: Person) -> None:
        self._patient = patient
        self._odd: Counter[str] = Counter()
        self._read_before: dict[tuple[str, bytes, str], Any] = {}

    def remarks(self) -> list[str]:
        """What was odd, a sentence for each kind."""
        return [f"{what} in {count} of the partner's records." for what, count in self._odd.items()]

    def read(self, tree: Tree, path: str) -> Dispensation:
        """One dispensation.

        :raises Failure: what it says cannot be understood, or its fill date is missing.
        """
        try:
            return self._read(tree)
        except ValueError as error:
            raise Failure(
                f"A record in the partner's answer cannot be understood: {error}.", path=path
            ) from None

    def _read(self, tree: Tree) -> Dispensation:
        source = sub(tree, "HistorySource")
        filled = self._date(tree, "LastFillDate")
        if filled is None:
            raise ValueError("LastFillDate is missing")
        return Dispensation(
            rx_number=self._rx_number(text(source, "SourceReference")),
            written=self._date(tree, "WrittenDate"),
            filled=filled,
            sold=self._date(tree, "SoldDate") or self._sold(tree),
            fill_number=self._fill_number(text(source, "FillNumber")),
            refills_authorised=self._refills(sub(tree, "Refills")),
            quantity=self._quantity(text(tree, "Quantity", "Value")),
            unit=self._unit(sub(tree, "Quantity")),
            days_supply=self._days_supply(text(tree, "DaysSupply")),
            payment=codes("payment").decode(text(source, "PaymentType") or "", "script"),
            diagnosis=_diagnosis(tree),
            drug=self._part(tree, "DrugCoded", _drug, text(tree, "DrugDescription")),
            prescriber=self._part(tree, "Prescriber", _prescriber),
            dispenser=self._part(tree, "Pharmacy", dispenser_in, sub(source, "Source", "Reference")),
            person=self._part(tree, "Patient", self._person),
            source_state=_state(text(source, "Source", "SourceDescription")),
        )

    def _note(self, what: str) -> None:
        self._odd[what] += 1

    def _date(self, tree: Tree, name: str) -> date | None:
        try:
            return date_in(tree, name)
        except ValueError:
            raise ValueError(f"{name} is not a date") from None

    def _sold(self, tree: Tree) -> date | None:
        for other in subs(tree, "OtherMedicationDate"):
            if text(other, "OtherMedicationDateQualifier") == "SoldDate":
                return self._date(other, "OtherMedicationDate")
        return None

    def _whole(self, written: str | None, name: str) -> int | None:
        if written is None:
            return None
        if not _WHOLE.fullmatch(written):
            raise ValueError(f"{name} is not a whole number")
        return int(written)

    def _refills(self, tree: Tree) -> int | None:
        """Only the qualifier R counts what was authorised."""
        return self._whole(text(tree, "Value"), "Refills/Value") if text(tree, "Qualifier") == "R" else None

    def _rx_number(self, written: str | None) -> str:
        if written is None:
            self._note("No prescription number")
        return written or ""

    def _fill_number(self, written: str | None) -> int:
        if written is None:
            self._note("No fill number (shown as 0)")
        return self._whole(written, "FillNumber") or 0

    def _days_supply(self, written: str | None) -> int:
        if written is None:
            self._note("No days supply (shown as 0)")
            return 0
        days = self._number(written, "DaysSupply")
        if days != int(days):
            self._note("A days supply with a fraction (left out)")
        return int(days)

    def _quantity(self, written: str | None) -> Decimal:
        if written is None:
            self._note("No quantity (shown as 0)")
            return Decimal(0)
        return self._number(written, "Quantity/Value")

    def _number(self, written: str, name: str) -> Decimal:
        if not _NUMBER.fullmatch(written):
            raise ValueError(f"{name} is not a number")
        return Decimal(written)

    def _unit(self, quantity: Tree) -> QuantityUnit:
        """What is not known as millilitres or grams is counted; an unknown unit is noted."""
        code = text(quantity, "QuantityUnitOfMeasure", "Code") or text(quantity, "PotencyUnitCode")
        unit = codes("quantity-unit").decode(code, "script") if code else None
        if unit is None:
            self._note("A quantity unit that is not known (shown as each)")
            return QuantityUnit.EACH
        return QuantityUnit(unit)

    def _part(self, tree: Tree, name: str, read: Callable[[Tree, Any], _Part], beside: Any = None) -> _Part:
        """A part of the fill, read with what stands `beside` it; equal ones are one object."""
        element: Any = tree.get(name)
        is_there = isinstance(element, etree._Element)
        key = name, etree.tostring(element, with_tail=False) if is_there else b"", repr(beside)
        if key not in self._read_before:
            self._read_before[key] = read(to_tree(element) if is_there else {}, beside)
        found: _Part = self._read_before[key]
        return found

    def _person(self, tree: Tree, _: object) -> Person:
        """The appearance of this fill."""
        try:
            found = person_in(tree, species=self._patient.species)
        except ValueError:
            raise ValueError("Patient/DateOfBirth is not a date") from None
        return found if found.names else self._patient


def _prescriber(tree: Tree, _: object) -> Prescriber:
    return prescriber_in(tree)


def _drug(coded: Tree, name: str | None) -> Drug:
    """The drug. Its strength is in the words of DrugDescription: there is no ingredient that it could belong to."""
    ndc = _qualified(coded, "ProductCode", frozenset({"ND"}))
    if name in {f"NDC {ndc}", UNNAMED, UNPRINTABLE}:
        name = None  # it says nothing beyond the code
    schedule = text(coded, "DEASchedule", "Code") or text(coded, "DEASchedule")
    known = codes("schedule").decode(schedule, "script") if schedule else None
    return Drug(
        name=name,
        ndc11=ndc,
        rxcui=_qualified(coded, "DrugDBCode", _RXNORM),
        schedule=Schedule(known) if known else None,
    )


def _qualified(coded: Tree, name: str, qualifiers: frozenset[str]) -> str | None:
    """A code with one of these qualifiers: 10.6 has both side by side, 2017071 in one element."""
    code = text(coded, name, "Code") or text(coded, name)
    qualifier = text(coded, name, "Qualifier") or text(coded, f"{name}Qualifier")
    return code if qualifier in qualifiers else None


def _diagnosis(tree: Tree) -> str | None:
    """The primary diagnosis, when it is an ICD-10-CM code."""
    primary = sub(tree, "Diagnosis", "Primary")
    if text(primary, "Qualifier") not in {"ABF", "ICD10"}:
        return None
    return text(primary, "Code") or text(primary, "Value")


def _state(description: str | None) -> str | None:
    """The state whose PMP is the source, when its code is what is written: CT, or CT PMP."""
    found = _STATE.fullmatch(description or "")
    return found[1] if found else None
