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

from datetime import date
from decimal import Decimal
from enum import Enum, auto
from hashlib import blake2b

from adapters.ncpdp import medication
from adapters.ncpdp import rxfill_facts as facts
from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import prescriber_in
from adapters.ncpdp.patient import read_patient
from adapters.ncpdp.refusals import impossible, missing, once
from adapters.ncpdp.rxfill_facts import DISPENSED, FILL, PRESCRIBED
from adapters.ncpdp.tree import sub, text
from gateway.model import (
    Dispensation,
    Drug,
    IntakeAction,
    IntakeBatch,
    IntakeRecord,
)

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
    return facts.rx_number(message) is not None and facts.fill_date(message) is not None


def _known_as(message: Message) -> str | None:
    """The sender's name for this very content. An id that is used again for other content is another message's: it
    is judged as such, and not taken for known."""
    if message.sent_as is None:
        return None
    said = (facts.rx_number(message), text(message.header, "TestMessage"), message.body)
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
    number = facts.fact(medication.fill_number, dispensed, DISPENSED)
    refills = facts.fact(medication.refills_authorised, prescribed, PRESCRIBED)
    if refills is None:
        refills = facts.fact(medication.refills_authorised, dispensed, DISPENSED)
    unit, issues = facts.unit(dispensed)
    if number is None and refills != 0:
        issues += (
            facts.warning("The fill number is not told; 0 stands for it.", "HistorySource/FillNumber"),
        )
    dispensation = Dispensation(
        rx_number=facts.needed_rx_number(message),
        written=facts.written(dispensed, DISPENSED) or facts.written(prescribed, PRESCRIBED),
        filled=facts.needed_fill_date(message),
        sold=facts.fact(medication.date_sold, dispensed, DISPENSED),
        fill_number=number or 0,
        refills_authorised=refills,
        quantity=facts.quantity(dispensed),
        unit=unit,
        days_supply=facts.days_supply(dispensed),
        partial_fill=int(is_part),
        diagnosis=medication.diagnosis(dispensed) or medication.diagnosis(prescribed),
        compound=facts.compound(dispensed),
        drug=facts.drug(dispensed),
        prescriber=prescriber_in(sub(body, "Prescriber")),
        dispenser=facts.pharmacy(message),
        person=read_patient(message, today=today),
    )
    is_told = number is not None and not is_part
    return IntakeRecord(path=FILL, dispensation=dispensation, is_fill_told=is_told, issues=issues)


def _void(message: Message, today: date) -> IntakeRecord:
    """The void of the fill that the message names; whatever else it says of the medication does not count."""
    number = facts.fact(medication.fill_number, sub(message.body, "MedicationDispensed"), DISPENSED)
    dispensation = Dispensation(
        rx_number=facts.needed_rx_number(message),
        written=None,
        filled=facts.needed_fill_date(message),
        fill_number=number or 0,
        quantity=Decimal(0),
        days_supply=0,
        drug=Drug(),
        prescriber=prescriber_in(sub(message.body, "Prescriber")),
        dispenser=facts.pharmacy(message),
        person=read_patient(message, today=today),
    )
    return IntakeRecord(path=FILL, dispensation=dispensation, action=IntakeAction.VOID, is_fill_told=False)
