"""RxFill of either version -> what a pharmacy reports. Tolerant in form, strict in what the record rests on.

    Message/Header
      From, MessageID                               the message, by which it is known when it is sent again
      RxReferenceNumber                             -> prescription number
      TestMessage                                   1: checked, not recorded
    Message/Body/RxFill
      FillStatus  Dispensed (10.6: Filled)          -> a dispensation
                  PartiallyDispensed (PartialFill)  -> a part of one
                  NotDispensed (NotFilled)          -> a void of the fill that it names, if it names one
                  Transferred (2017071)             -> nothing
      Patient, Pharmacy, Prescriber                 -> person, dispenser, prescriber
      MedicationDispensed                           -> drug, quantity, days supply, fill date
      MedicationPrescribed                          -> date written, refills and diagnosis where it has them

RxFill has no place for the fill number, nor for which part a part is (docs/decisions/0010-rxfill.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from hashlib import blake2b
from typing import TypeVar

from adapters.ncpdp import medication
from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import dispenser_in, prescriber_in
from adapters.ncpdp.patient import read_patient
from adapters.ncpdp.refusals import DATE_FORM, impossible, missing, once
from adapters.ncpdp.tree import Tree, sub, text
from gateway.model import (
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    IntakeAction,
    IntakeBatch,
    IntakeIssue,
    IntakeRecord,
    IssueCode,
    QuantityUnit,
)
from gateway.model.identifiers import ndc

FILL = "RxFill"
DISPENSED = f"{FILL}/MedicationDispensed"
PRESCRIBED = f"{FILL}/MedicationPrescribed"
RX_NUMBER = "Message/Header/RxReferenceNumber"

_ONE_OF_A_KIND = ("FillStatus", "Pharmacy", "Prescriber", "MedicationDispensed", "MedicationPrescribed")
_ONE_FACT = (
    "Product",
    "DrugDescription",
    "DrugCoded",
    "Quantity",
    "DaysSupply",
    "LastFillDate",
    "WrittenDate",
    "SoldDate",
)
_REMAINING = "40"  # qualifier of a quantity that is still to be dispensed
_UNSPECIFIED = "C38046"  # a unit that senders write where they have none

_Value = TypeVar("_Value")


class FillStatus(Enum):
    """What a RxFill says of the fill."""

    DISPENSED = auto()
    PARTIALLY_DISPENSED = auto()
    NOT_DISPENSED = auto()
    TRANSFERRED = auto()


_STATUSES = {
    "Dispensed": FillStatus.DISPENSED,
    "Filled": FillStatus.DISPENSED,
    "PartiallyDispensed": FillStatus.PARTIALLY_DISPENSED,
    "PartialFill": FillStatus.PARTIALLY_DISPENSED,
    "NotDispensed": FillStatus.NOT_DISPENSED,
    "NotFilled": FillStatus.NOT_DISPENSED,
    "Transferred": FillStatus.TRANSFERRED,
}


def read_report(message: Message, *, today: date) -> IntakeBatch:
    """What is reported: one dispensation, the void of one, or nothing.

    :param message: a RxFill.
    :param today: see :func:`adapters.ncpdp.patient.read_patient`.
    :raises MessageError: with the path of what is missing or impossible.
    """
    once(message.body, FILL, *_ONE_OF_A_KIND)
    once(message.header, "Message/Header", "From", "MessageID", "RxReferenceNumber", "TestMessage")
    records: tuple[IntakeRecord, ...] = ()
    match fill_status(message):
        case FillStatus.NOT_DISPENSED:
            if _names_a_fill(message):
                records = (_void(message, today),)
        case FillStatus.TRANSFERRED:
            pass
        case status:
            records = (_dispensed(message, today, is_part=status is FillStatus.PARTIALLY_DISPENSED),)
    return IntakeBatch(
        records=records,
        message=_known_as(message),
        is_test=text(message.header, "TestMessage") not in {None, "0"},
    )


def fill_status(message: Message) -> FillStatus:
    """The one status that the message states.

    :raises MessageError: it states none, several, or one that the standard does not have.
    """
    path = f"{FILL}/FillStatus"
    stated = [name for name in sub(message.body, "FillStatus") if not name.startswith("*")]
    if not stated:
        raise missing("The FillStatus is missing.", path, "Send Dispensed, for one.")
    status = _STATUSES.get(stated[0])
    if status is None or len(stated) > 1:
        raise impossible("The FillStatus is not one that is known.", path, "Send one of the standard's.")
    return status


def _names_a_fill(message: Message) -> bool:
    """True when prescription number and fill date are there, without which no recorded fill can be meant. The date
    of a MedicationPrescribed is that of an earlier fill."""
    return _rx_number(message) is not None and _fill_date(message) is not None


def _known_as(message: Message) -> str | None:
    """The sender's name for this very content. An id that is used again for other content is another message's: it
    is judged as such, and not taken for known."""
    if message.sent_as is None:
        return None
    said = (_rx_number(message), text(message.header, "TestMessage"), message.body)
    content = blake2b(repr(said).encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{message.sent_as}\n{content}"


# --- the three kinds of report --------------------------------------------------------------------------------


def _dispensed(message: Message, today: date, *, is_part: bool) -> IntakeRecord:
    body, dispensed = message.body, sub(message.body, "MedicationDispensed")
    prescribed = sub(body, "MedicationPrescribed")
    if not dispensed:
        raise missing("MedicationDispensed is missing.", DISPENSED, "Send what was dispensed.")
    for tree, path in ((dispensed, DISPENSED), (prescribed, PRESCRIBED)):
        once(tree, path, *_ONE_FACT)
    number = _read(medication.fill_number, dispensed, DISPENSED)
    refills = _read(medication.refills_authorised, prescribed, PRESCRIBED)
    if refills is None:
        refills = _read(medication.refills_authorised, dispensed, DISPENSED)
    unit, issues = _unit(dispensed)
    if number is None and refills != 0:
        issues += (_warning("The fill number is not told; 0 stands for it.", "HistorySource/FillNumber"),)
    dispensation = Dispensation(
        rx_number=_needed_rx_number(message),
        written=_written(dispensed, DISPENSED) or _written(prescribed, PRESCRIBED),
        filled=_needed_fill_date(message),
        sold=_read(medication.date_sold, dispensed, DISPENSED),
        fill_number=number or 0,
        refills_authorised=refills,
        quantity=_quantity(dispensed),
        unit=unit,
        days_supply=_days_supply(dispensed),
        partial_fill=int(is_part),
        diagnosis=medication.diagnosis(dispensed) or medication.diagnosis(prescribed),
        compound=_compound(dispensed),
        drug=_drug(dispensed),
        prescriber=prescriber_in(sub(body, "Prescriber")),
        dispenser=_dispenser(message),
        person=read_patient(message, today=today),
    )
    is_told = number is not None and not is_part
    return IntakeRecord(path=FILL, dispensation=dispensation, is_fill_told=is_told, issues=issues)


def _void(message: Message, today: date) -> IntakeRecord:
    """The void of the fill that the message names; whatever else it says of the medication does not count."""
    number = _read(medication.fill_number, sub(message.body, "MedicationDispensed"), DISPENSED)
    dispensation = Dispensation(
        rx_number=_needed_rx_number(message),
        written=None,
        filled=_needed_fill_date(message),
        fill_number=number or 0,
        quantity=Decimal(0),
        days_supply=0,
        drug=Drug(),
        prescriber=prescriber_in(sub(message.body, "Prescriber")),
        dispenser=_dispenser(message),
        person=read_patient(message, today=today),
    )
    return IntakeRecord(path=FILL, dispensation=dispensation, action=IntakeAction.VOID, is_fill_told=False)


# --- single facts ---------------------------------------------------------------------------------------------


def _rx_number(message: Message) -> str | None:
    return text(message.header, "RxReferenceNumber")


def _needed_rx_number(message: Message) -> str:
    number = _rx_number(message)
    if number is None:
        raise missing(
            "RxReferenceNumber is missing.",
            RX_NUMBER,
            "Send the pharmacy's prescription number in the Header.",
        )
    return number


def _fill_date(message: Message) -> date | None:
    dispensed = sub(message.body, "MedicationDispensed")
    once(dispensed, DISPENSED, "LastFillDate")
    return _date(dispensed, DISPENSED, "LastFillDate")


def _needed_fill_date(message: Message) -> date:
    filled = _fill_date(message)
    if filled is None:
        raise missing("LastFillDate is missing.", f"{DISPENSED}/LastFillDate", "Send the day of this fill.")
    return filled


def _written(tree: Tree, path: str) -> date | None:
    return _date(tree, path, "WrittenDate")


def _date(tree: Tree, path: str, name: str) -> date | None:
    once(sub(tree, name), f"{path}/{name}", "Date", "DateTime")
    return _read(lambda found: medication.date_of(found, name), tree, path)


def _quantity(dispensed: Tree) -> Decimal:
    path = f"{DISPENSED}/Quantity"
    once(sub(dispensed, "Quantity"), path, "Value", "CodeListQualifier")
    quantity = _read(medication.quantity, dispensed, DISPENSED)
    if quantity is None:
        raise missing("The quantity's Value is missing.", f"{path}/Value", "Send what was dispensed.")
    if text(dispensed, "Quantity", "CodeListQualifier") == _REMAINING:
        raise impossible(
            "CodeListQualifier 40 is what remains.", f"{path}/CodeListQualifier", "Send what was dispensed."
        )
    return quantity


def _unit(dispensed: Tree) -> tuple[QuantityUnit, tuple[IntakeIssue, ...]]:
    """An amount in an unknown unit means nothing; one without a unit counts, as everywhere."""
    code, unit = medication.unit_code(dispensed), medication.unit(dispensed)
    if unit is not None:
        return unit, ()
    if code not in {None, _UNSPECIFIED}:
        raise impossible(
            "The quantity's unit is not known.", f"{DISPENSED}/Quantity", "Send a unit that counts, mL or g."
        )
    return QuantityUnit.EACH, (_warning("The quantity has no unit; it was taken to count.", "Quantity"),)


def _days_supply(dispensed: Tree) -> int:
    path = f"{DISPENSED}/DaysSupply"
    days = _read(medication.days_supply, dispensed, DISPENSED)
    if days is None:
        raise missing("DaysSupply is missing.", path, "Send the days supply.")
    if days != int(days):
        raise impossible("DaysSupply is not a whole number.", path, "Send whole days.")
    return int(days)


def _drug(dispensed: Tree) -> Drug:
    once(medication.product(dispensed), DISPENSED, "DrugDescription", "DrugCoded")
    coded = sub(medication.product(dispensed), "DrugCoded")
    once(coded, f"{DISPENSED}/DrugCoded", "ProductCode", "DEASchedule")
    drug = medication.drug(coded, medication.name_of(dispensed))
    return replace(drug, ndc11=ndc.compact(drug.ndc11) if drug.ndc11 else None)


def _compound(dispensed: Tree) -> tuple[CompoundPart, ...]:
    path = f"{DISPENSED}/CompoundInformation/CompoundIngredientsLotNotUsed"
    parts = _read(medication.compound, dispensed, path)
    return tuple(replace(part, ndc11=ndc.compact(part.ndc11) if part.ndc11 else None) for part in parts)


def _dispenser(message: Message) -> Dispenser:
    """The pharmacy, of whose numbers none is there twice: they name the fill."""
    path = f"{FILL}/Pharmacy"
    pharmacy = sub(message.body, "Pharmacy")
    if not pharmacy:
        raise missing("The Pharmacy is missing.", path, "Send Pharmacy.")
    once(pharmacy, path, "Identification")
    once(sub(pharmacy, "Identification"), f"{path}/Identification", "NCPDPID", "NPI", "DEANumber")
    return dispenser_in(pharmacy, {})


def _read(read: Callable[[Tree], _Value], tree: Tree, path: str) -> _Value:
    """What `read` finds in the tree.

    :raises MessageError: it is not of its form; the path then ends in the element that is not.
    """
    try:
        return read(tree)
    except ValueError as error:
        name = str(error).partition(" ")[0]
        form = DATE_FORM if "Date" in name else "Send digits."
        raise impossible(f"{error}.", f"{path}/{name}", form) from None


def _warning(message: str, place: str) -> IntakeIssue:
    return IntakeIssue(path=f"{DISPENSED}/{place}", code=IssueCode.MISSING, message=message, is_error=False)
