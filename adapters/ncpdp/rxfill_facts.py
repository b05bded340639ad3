"""The facts of a RxFill, one by one: what has to be there, what cannot be, and where it stands.

What is not as it has to be is a MessageError with the place of the element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from adapters.ncpdp import medication
from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import dispenser_in
from adapters.ncpdp.refusals import DATE_FORM, impossible, missing, once
from adapters.ncpdp.tree import Tree, sub, text
from gateway.model import CompoundPart, Dispenser, Drug, IntakeIssue, IssueCode, QuantityUnit
from gateway.model.identifiers import ndc

FILL = "RxFill"
DISPENSED = f"{FILL}/MedicationDispensed"
PRESCRIBED = f"{FILL}/MedicationPrescribed"
RX_NUMBER = "Message/Header/RxReferenceNumber"

_REMAINING = "40"  # qualifier of a quantity that is still to be dispensed
_UNSPECIFIED = "C38046"  # a unit that senders write where they have none

_Value = TypeVar("_Value")


def rx_number(message: Message) -> str | None:
    """The pharmacy's own number of the prescription (*inferred* from samples)."""
    return text(message.header, "RxReferenceNumber")


def needed_rx_number(message: Message) -> str:
    """The same, which has to be there."""
    number = rx_number(message)
    if number is None:
        raise missing(
            "RxReferenceNumber is missing.",
            RX_NUMBER,
            "Send the pharmacy's prescription number in the Header.",
        )
    return number


def fill_date(message: Message) -> date | None:
    """The day of the fill that the message is about."""
    dispensed = sub(message.body, "MedicationDispensed")
    once(dispensed, DISPENSED, "LastFillDate")
    return _date(dispensed, DISPENSED, "LastFillDate")


def needed_fill_date(message: Message) -> date:
    """The same, which has to be there."""
    filled = fill_date(message)
    if filled is None:
        raise missing("LastFillDate is missing.", f"{DISPENSED}/LastFillDate", "Send the day of this fill.")
    return filled


def written(tree: Tree, path: str) -> date | None:
    """The day on which a MedicationDispensed or MedicationPrescribed was written."""
    return _date(tree, path, "WrittenDate")


def _date(tree: Tree, path: str, name: str) -> date | None:
    once(sub(tree, name), f"{path}/{name}", "Date", "DateTime")
    return fact(lambda found: medication.date_of(found, name), tree, path)


def quantity(dispensed: Tree) -> Decimal:
    """What was dispensed, never what remains."""
    path = f"{DISPENSED}/Quantity"
    once(sub(dispensed, "Quantity"), path, "Value", "CodeListQualifier")
    quantity = fact(medication.quantity, dispensed, DISPENSED)
    if quantity is None:
        raise missing("The quantity's Value is missing.", f"{path}/Value", "Send what was dispensed.")
    if text(dispensed, "Quantity", "CodeListQualifier") == _REMAINING:
        raise impossible(
            "CodeListQualifier 40 is what remains.", f"{path}/CodeListQualifier", "Send what was dispensed."
        )
    return quantity


def unit(dispensed: Tree) -> tuple[QuantityUnit, tuple[IntakeIssue, ...]]:
    """An amount in an unknown unit means nothing; one without a unit counts, as everywhere."""
    code, unit = medication.unit_code(dispensed), medication.unit(dispensed)
    if unit is not None:
        return unit, ()
    if code not in {None, _UNSPECIFIED}:
        raise impossible(
            "The quantity's unit is not known.", f"{DISPENSED}/Quantity", "Send a unit that counts, mL or g."
        )
    return QuantityUnit.EACH, (warning("The quantity has no unit; it was taken to count.", "Quantity"),)


def days_supply(dispensed: Tree) -> int:
    """Whole days."""
    path = f"{DISPENSED}/DaysSupply"
    days = fact(medication.days_supply, dispensed, DISPENSED)
    if days is None:
        raise missing("DaysSupply is missing.", path, "Send the days supply.")
    if days != int(days):
        raise impossible("DaysSupply is not a whole number.", path, "Send whole days.")
    return int(days)


def drug(dispensed: Tree) -> Drug:
    """The drug, its NDC in eleven digits."""
    once(medication.product(dispensed), DISPENSED, "DrugDescription", "DrugCoded")
    coded = sub(medication.product(dispensed), "DrugCoded")
    once(coded, f"{DISPENSED}/DrugCoded", "ProductCode", "DEASchedule")
    drug = medication.drug(coded, medication.name_of(dispensed))
    return replace(drug, ndc11=ndc.compact(drug.ndc11) if drug.ndc11 else None)


def compound(dispensed: Tree) -> tuple[CompoundPart, ...]:
    """The ingredients, their NDCs in eleven digits."""
    path = f"{DISPENSED}/CompoundInformation/CompoundIngredientsLotNotUsed"
    parts = fact(medication.compound, dispensed, path)
    return tuple(replace(part, ndc11=ndc.compact(part.ndc11) if part.ndc11 else None) for part in parts)


def pharmacy(message: Message) -> Dispenser:
    """The pharmacy, of whose numbers none is there twice: they name the fill."""
    path = f"{FILL}/Pharmacy"
    pharmacy = sub(message.body, "Pharmacy")
    if not pharmacy:
        raise missing("The Pharmacy is missing.", path, "Send Pharmacy.")
    once(pharmacy, path, "Identification")
    once(sub(pharmacy, "Identification"), f"{path}/Identification", "NCPDPID", "NPI", "DEANumber")
    return dispenser_in(pharmacy, {})


def fact(read: Callable[[Tree], _Value], tree: Tree, path: str) -> _Value:
    """What `read` finds in the tree.

    :raises MessageError: it is not of its form; the path then ends in the element that is not.
    """
    try:
        return read(tree)
    except ValueError as error:
        name = str(error).partition(" ")[0]
        form = DATE_FORM if "Date" in name else "Send digits."
        raise impossible(f"{error}.", f"{path}/{name}", form) from None


def warning(message: str, place: str) -> IntakeIssue:
    """Something odd about what was dispensed."""
    return IntakeIssue(path=f"{DISPENSED}/{place}", code=IssueCode.MISSING, message=message, is_error=False)
