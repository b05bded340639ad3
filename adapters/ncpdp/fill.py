"""A partner's MedicationDispensed -> canonical dispensation: what is there is read, what is odd is noted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

from adapters.ncpdp import medication
from adapters.ncpdp.parts import dispenser_in, person_in, prescriber_in
from adapters.ncpdp.tree import Tree, sub, text, to_tree
from gateway.errors import Failure
from gateway.model import Dispensation, Person, Prescriber, QuantityUnit
from gateway.terminology import codes

_STATE = re.compile(r"([A-Z]{2})(?: PD?MP)?")

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
        filled = medication.date_of(tree, "LastFillDate")
        if filled is None:
            raise ValueError("LastFillDate is missing")
        return Dispensation(
            rx_number=self._rx_number(text(source, "SourceReference")),
            written=medication.date_of(tree, "WrittenDate"),
            filled=filled,
            sold=medication.date_sold(tree),
            fill_number=self._fill_number(tree),
            refills_authorised=medication.refills_authorised(tree),
            quantity=self._quantity(tree),
            unit=self._unit(tree),
            days_supply=self._days_supply(tree),
            payment=codes("payment").decode(text(source, "PaymentType") or "", "script"),
            diagnosis=medication.diagnosis(tree),
            drug=self._part(medication.product(tree), "DrugCoded", medication.drug, medication.name_of(tree)),
            prescriber=self._part(tree, "Prescriber", _prescriber),
            dispenser=self._part(tree, "Pharmacy", dispenser_in, sub(source, "Source", "Reference")),
            person=self._part(tree, "Patient", self._person),
            source_state=self._source_state(text(source, "Source", "SourceDescription")),
        )

    def _note(self, what: str) -> None:
        self._odd[what] += 1

    def _fill_number(self, tree: Tree) -> int:
        number = medication.fill_number(tree)
        if number is None:
            self._note("No fill number (shown as 0)")
        return number or 0

    def _rx_number(self, written: str | None) -> str:
        if written is None:
            self._note("No prescription number")
        return written or ""

    def _days_supply(self, tree: Tree) -> int:
        days = medication.days_supply(tree)
        if days is None:
            self._note("No days supply (shown as 0)")
            return 0
        if days != int(days):
            self._note("A days supply with a fraction (left out)")
        return int(days)

    def _quantity(self, tree: Tree) -> Decimal:
        quantity = medication.quantity(tree)
        if quantity is None:
            self._note("No quantity (shown as 0)")
            return Decimal(0)
        return quantity

    def _unit(self, tree: Tree) -> QuantityUnit:
        """What is not known as millilitres or grams is counted; an unknown unit is noted."""
        unit = medication.unit(tree)
        if unit is None:
            self._note("A quantity unit that is not known (shown as each)")
            return QuantityUnit.EACH
        return unit

    def _source_state(self, description: str | None) -> str | None:
        """The state whose PMP is the source, when its code is what is written: CT, or CT PMP."""
        found = _STATE.fullmatch(description or "")
        if description and not found:
            self._note("A source that is not a state's code (left out)")
        return found[1] if found else None

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
