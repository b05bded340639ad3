"""What became of a RxFill -> Status, Verify or Error, in the version and the shape in which the sender wrote.

    recorded, revised, void, or known already     Status 010, or Verify 010 where a return receipt was asked for
    not dispensed, and no such fill is recorded   the same: there is nothing that could be wrong
    rejected                                      Error 900, what is wrong and where
    the record is not at hand                     Error 600

A Status, Verify or Error that comes is about a message of ours, asks for nothing, and gets Status 010.

The Description says which of them it was. It has 70 characters, so warnings stand there as far as they fit.
"""

from __future__ import annotations

from adapters.ncpdp.layout import NOTE_LIMIT, new_message_id
from adapters.ncpdp.message import Message, open_request
from adapters.ncpdp.notes import ACCEPTED_CODE
from adapters.ncpdp.rxfill import FillStatus, fill_status
from adapters.ncpdp.rxfill_facts import DISPENSED, FILL, RX_NUMBER
from adapters.ncpdp.tree import text
from adapters.ncpdp.write import CONTENT_TYPE, layout_for, reply_header
from gateway.errors import Conflict, ErrorCode, GatewayError, MessageError, Unavailable
from gateway.model import IntakeIssue, IntakeReceipt, IntakeResult, IntakeVerdict, IssueCode
from gateway.ports import Inbound, Outbound

REPLIES = frozenset({"Status", "Verify", "Error"})
"""The transactions that say what became of a message before them."""

_RECORDED = {
    IntakeVerdict.CREATED: "Recorded.",
    IntakeVerdict.REVISED: "The recorded fill was changed.",
    IntakeVerdict.VOIDED: "The recorded fill is void now.",
    IntakeVerdict.UNCHANGED: "Known already; nothing was changed.",
}
_SUPERSEDED = "Known already; the record has changed since and was left as it is."
_PART = "Recorded as a part of a fill."
_NOTHING = "Nothing dispensed; no such fill is recorded, nothing was changed."
_NO_FILL_NAMED = "Nothing dispensed or changed; to void a fill, send its LastFillDate."
_TRANSFERRED = "Transferred; nothing was recorded or changed."
_ARRIVED = "Received; nothing was changed."
_TEST = "Test: checked, not recorded."

# What the core says in more words than SCRIPT has room for, and what to do about it here.
_SENTENCES = {
    IssueCode.DUPLICATE: (
        "Recorded already with other content.",
        "Send NotDispensed, then anew.",
    ),
}
_CODES = {IssueCode.MISSING: ErrorCode.REQUIRED, IssueCode.NOT_IDENTIFIED: ErrorCode.REQUIRED}
_PATIENT = f"{FILL}/Patient"
_PRESCRIBER = f"{FILL}/Prescriber"
_PHARMACY = f"{FILL}/Pharmacy"
_PLACES = {
    "rx_number": RX_NUMBER,
    "written": f"{DISPENSED}/WrittenDate",
    "filled": f"{DISPENSED}/LastFillDate",
    "sold": f"{DISPENSED}/SoldDate",
    "fill_number": f"{DISPENSED}/HistorySource/FillNumber",
    "partial_fill": f"{FILL}/FillStatus",
    "refills_authorised": f"{DISPENSED}/NumberOfRefills",
    "quantity": f"{DISPENSED}/Quantity/Value",
    "days_supply": f"{DISPENSED}/DaysSupply",
    "drug": f"{DISPENSED}/DrugDescription",
    "drug.ndc11": f"{DISPENSED}/DrugCoded/ProductCode",
    "person.names": f"{_PATIENT}/Name/LastName",
    "person.birth_date": f"{_PATIENT}/DateOfBirth",
    "person.owner": f"{_PATIENT}/NonHumanPatient/AlternateContact",
    "prescriber": f"{_PRESCRIBER}/Identification",
    "prescriber.npi": f"{_PRESCRIBER}/Identification/NPI",
    "prescriber.dea": f"{_PRESCRIBER}/Identification/DEANumber",
    "dispenser": f"{_PHARMACY}/Identification",
    "dispenser.npi": f"{_PHARMACY}/Identification/NPI",
    "dispenser.dea": f"{_PHARMACY}/Identification/DEANumber",
}


def write_receipt(receipt: IntakeReceipt, inbound: Inbound) -> Outbound:
    """The answer to a RxFill that was read.

    :raises GatewayError: it was rejected, or could not be recorded now; the error is the answer.
    """
    message = open_request(inbound)
    layout = layout_for(message.dialect.version)
    said = _said(receipt, message)
    write = layout.verify if _asks_for_receipt(message) else layout.status
    header = reply_header(message.header, new_message_id(), inbound.received_at)
    body = layout.message(header, write(ACCEPTED_CODE, said), message.dialect)
    return Outbound(body=body, content_type=CONTENT_TYPE)


def write_acknowledged(inbound: Inbound) -> Outbound:
    """The answer to one of :data:`REPLIES`."""
    message = open_request(inbound)
    layout = layout_for(message.dialect.version)
    header = reply_header(message.header, new_message_id(), inbound.received_at)
    body = layout.message(header, layout.status(ACCEPTED_CODE, _ARRIVED), message.dialect)
    return Outbound(body=body, content_type=CONTENT_TYPE)


def _asks_for_receipt(message: Message) -> bool:
    """True when ReturnReceipt, of three characters, says anything but no. Its values are not public."""
    asked = text(message.body, "Request", "ReturnReceipt") or text(message.body, "ReturnReceipt") or ""
    return asked.strip("0").upper() not in {"", "N", "NO"}


def _said(receipt: IntakeReceipt, message: Message) -> str:
    status = fill_status(message)
    if not receipt.results:
        return _TRANSFERRED if status is FillStatus.TRANSFERRED else _NO_FILL_NAMED
    (result,) = receipt.results
    if status is FillStatus.NOT_DISPENSED and _finds_nothing(result):
        return _NOTHING
    if result.verdict not in _RECORDED:
        raise _refusal(result)
    if receipt.is_test:
        return _TEST
    sentence = _RECORDED[result.verdict]
    if result.verdict is IntakeVerdict.CREATED and status is FillStatus.PARTIALLY_DISPENSED:
        sentence = _PART
    if result.verdict is IntakeVerdict.UNCHANGED:
        changed = any(issue.code is IssueCode.SUPERSEDED for issue in result.issues)
        return _SUPERSEDED if changed else sentence
    return _as_far_as_it_fits(sentence, [issue.message for issue in result.issues])


def _finds_nothing(result: IntakeResult) -> bool:
    return any(issue.is_error and issue.code is IssueCode.NO_ORIGINAL for issue in result.issues)


def _as_far_as_it_fits(sentence: str, warnings: list[str]) -> str:
    """The sentence with the warnings that have room beside it."""
    for warning in warnings:
        longer = f"{sentence} {warning}"
        if len(longer) <= NOTE_LIMIT:
            sentence = longer
    return sentence


def _refusal(result: IntakeResult) -> GatewayError:
    """The first error of a record that was not taken."""
    issue = next(issue for issue in result.issues if issue.is_error)
    if issue.code is IssueCode.UNAVAILABLE:
        return Unavailable("The record is not at hand.")
    sentence, remedy = _SENTENCES.get(issue.code, (issue.message, None))
    kind = Conflict if issue.code in {IssueCode.DUPLICATE, IssueCode.CONFLICT} else MessageError
    return kind(sentence, path=_place(issue), remedy=remedy, code=_CODES.get(issue.code))


def _place(issue: IntakeIssue) -> str:
    if issue.field is None:
        return issue.path
    return _PLACES.get(issue.field, issue.path)
