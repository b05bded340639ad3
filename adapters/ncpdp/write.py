"""Canonical answers and errors -> SCRIPT, in the version and the shape in which the caller wrote.

    complete     Approved, MedicationDispensed newest first, at most 300; when there are more, AQ and how to get them
    no-data      Approved, no medication
    ambiguous    Denied AA, the fields that would decide; nobody's history
    disallowed   Denied, why
    partial      Approved; silent states in the note, the others in PDMPStatesResponded (2017071)
                 10.6 without medications: Error, because it would look like "no records"
    deferred     Status 010, when to ask again
    error        Error 600 or 602

The answer goes from the request's `To` to its `From`, relates to its MessageID, and repeats who was asked for and the
consent, and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from adapters._wire import Xml, parse
from adapters.ncpdp import errors
from adapters.ncpdp.beside import losses_header, wants_losses
from adapters.ncpdp.layout import (
    NOTE_LIMIT,
    Header,
    Layout,
    Mailbox,
    Verdict,
    message_id_of,
    new_message_id,
)
from adapters.ncpdp.layout_10_6 import Layout106
from adapters.ncpdp.layout_2017071 import Layout2017071, Layout2023011
from adapters.ncpdp.message import MAX_ELEMENTS, Message, charset_of, header_of, open_request
from adapters.ncpdp.notes import (
    ACCEPTED_CODE,
    APPROVED_NOTE,
    MORE_CODE,
    NO_DATA_NOTE,
    PARTIAL_NOTE,
    silent_note,
)
from adapters.ncpdp.patient import read_patient
from adapters.ncpdp.read import consent_of
from adapters.ncpdp.rest import Part, part_of, place_asked_for
from adapters.ncpdp.tree import Tree, text
from adapters.ncpdp.version import FALLBACK, Dialect, Version, nearest, sniff
from adapters.ncpdp.wrapping import unwrapped
from gateway.errors import GatewayError
from gateway.model import Answer, Outcome, StateOutcome
from gateway.ports import Inbound, Outbound
from gateway.terminology import field_map

CONTENT_TYPE = "application/xml; charset=utf-8"

_LAYOUTS: dict[Version, type[Layout]] = {
    Version.V10_6: Layout106,
    Version.V2017071: Layout2017071,
    Version.V2023011: Layout2023011,
}
_HERE = Mailbox(address="PMP", qualifier="ZZZ")  # where the request does not say to whom it was sent
_THERE = Mailbox(address="unknown", qualifier="ZZZ")
_ANSWERED = frozenset({Outcome.COMPLETE, Outcome.NO_DATA})
_NOTHING = Part()
_LONGEST_QUOTED = 65_536  # bytes of a message that an error is still related to by its id


def layout_for(version: Version) -> Layout:
    """A fresh layout of that version."""
    return _LAYOUTS[version]()


def write_answer(answer: Answer, inbound: Inbound) -> Outbound:
    """The answer to a request that was read.

    :raises Failure: a record cannot be written in this version, and the answer would be wrong without it.
    :raises Conflict: the rest of a history was asked for, and is not to be found any more.
    """
    request = open_request(inbound)
    layout = layout_for(request.dialect.version)
    part = _part(answer, request)
    body = _body(answer, part, request, layout)
    header = reply_header(request.header, message_id_of(answer.report_id), answer.generated_at)
    sent = replace(answer, dispensations=tuple(part.fills))
    lost = {*field_map().losses(sent, layout.version), *layout.fit.lost} if part.fills else set()
    losses = tuple(f.name for f in field_map().fields if f.name in lost)
    return Outbound(
        body=layout.message(header, body, request.dialect),
        content_type=CONTENT_TYPE,
        headers=losses_header(losses) if wants_losses(inbound) else (),
        losses=losses,
        shown=len(part.fills),
    )


def write_error(error: GatewayError, inbound: Inbound | None) -> Outbound:
    """The error in the caller's dialect as far as it can be known, related to the message where its id can be read.

    Never raises, whatever the message is.
    """
    dialect, header = _sender(inbound)
    layout = layout_for(dialect.version)
    code, description_codes = errors.codes_of(error)
    body = layout.error(code, description_codes, errors.description_of(error, layout.text_limit))
    sent = inbound.received_at if inbound else datetime.now(UTC)
    return Outbound(
        body=layout.message(reply_header(header, new_message_id(), sent), body, dialect),
        content_type=CONTENT_TYPE,
        status=error.status,
    )


# --- the body -------------------------------------------------------------------------------------------------


def _body(answer: Answer, part: Part, request: Message, layout: Layout) -> Xml:
    match answer.outcome:
        case Outcome.DEFERRED:
            return layout.status(ACCEPTED_CODE, _later(answer, "The answer is not ready."))
        case Outcome.ERROR:
            return _failed(
                answer, layout, answer.detail or "The look-up failed; nothing is known of the patient."
            )
        case Outcome.PARTIAL if layout.version is Version.V10_6 and not answer.dispensations:
            return _failed(answer, layout, f"{_silent(answer.states) or PARTIAL_NOTE} No records elsewhere.")
        case Outcome.AMBIGUOUS:
            return _response(answer, request, layout, _ambiguous(answer, layout))
        case Outcome.DISALLOWED:
            text = _said(answer, layout) or "The requester may not see a history."
            denial = Verdict(approved=False, code=layout.denial_code(answer.outcome), text=text)
            return _response(answer, request, layout, denial)
        case _:
            return _response(answer, request, layout, _approved(answer, part, layout), part)


def _part(answer: Answer, request: Message) -> Part:
    """What this message holds of the history; nothing where the answer shows none."""
    if answer.outcome not in {*_ANSWERED, Outcome.PARTIAL}:
        return _NOTHING
    return part_of(answer.dispensations, place_asked_for(request.header), answer.period)


def _failed(answer: Answer, layout: Layout, sentence: str) -> Xml:
    if answer.retry_after is None:
        return layout.error(errors.FAILED, [errors.INTERNAL], sentence)
    return layout.error(errors.TRY_AGAIN, [errors.RESUBMIT], _later(answer, sentence))


def _later(answer: Answer, sentence: str) -> str:
    when = f"in {answer.retry_after} seconds" if answer.retry_after else "later"
    return f"{sentence} Ask again {when}."


def _response(
    answer: Answer, request: Message, layout: Layout, verdict: Verdict, part: Part = _NOTHING
) -> Xml:
    today = answer.generated_at.astimezone(UTC).date()
    return layout.response(
        verdict,
        patient=read_patient(request, today=today),
        period=replace(answer.period, end=answer.period.end or today),
        consent=consent_of(request.body),
        dispensations=part.fills,
        states=answer.states if verdict.approved else (),
        analysis=answer.analysis if part.fills and not part.continues else None,
        link=answer.link,
    )


def _ambiguous(answer: Answer, layout: Layout) -> Verdict:
    """The whole sentence where it fits, else the fields that would decide."""
    sentence = answer.detail or "No certain match; no history is shown."
    deciding = answer.match.deciding if answer.match else ()
    if deciding and (answer.detail is None or len(sentence) > layout.text_limit):
        sentence = f"No certain match. Send {', '.join(deciding)}."
    return Verdict(approved=False, code=layout.denial_code(answer.outcome), text=sentence)


def _said(answer: Answer, layout: Layout) -> str | None:
    """The answer's own sentence, when anything of it can stand in this version."""
    return answer.detail if answer.detail and layout.fit.sentence(answer.detail, layout.text_limit) else None


def _approved(answer: Answer, part: Part, layout: Layout) -> Verdict:
    held = len(part.fills)
    silent = _silent(answer.states)
    if part.rest is not None:
        day = part.rest.day.isoformat()
        how = f"ask up to {day}" if part.is_divided_by_days else "relate to this ReferenceNumber"
        rest = f"Newest {held} of {held + part.left_out}; rest: {how}."
        return Verdict(
            approved=True, code=MORE_CODE, text=f"{silent} {rest}".strip(), reference=str(part.rest)
        )
    if silent:
        return Verdict(approved=True, text=silent)
    if answer.outcome is Outcome.PARTIAL:
        return Verdict(approved=True, text=PARTIAL_NOTE)
    return Verdict(approved=True, text=_said(answer, layout) or (APPROVED_NOTE if held else NO_DATA_NOTE))


def _silent(states: Sequence[StateOutcome]) -> str:
    return silent_note([s.state for s in states if s.outcome not in _ANSWERED], NOTE_LIMIT)


# --- the header -----------------------------------------------------------------------------------------------


def reply_header(header: Tree, message_id: str, sent: datetime) -> Header:
    """The header of the answer to a message with this header: back to where it came from, related to its id."""
    return Header(
        to=_mailbox(header, "From") or _THERE,
        sender=_mailbox(header, "To") or _HERE,
        sent=sent,
        message_id=message_id,
        relates_to=text(header, "MessageID"),
    )


def _mailbox(header: Tree, name: str) -> Mailbox | None:
    address = text(header, name)
    return Mailbox(address=address, qualifier=text(header, f"@{name}")) if address else None


def _sender(inbound: Inbound | None) -> tuple[Dialect, Tree]:
    """The dialect of a message, however broken, and its header as far as it can be read."""
    if inbound is None or not inbound.body:
        return FALLBACK, {}
    if len(inbound.body) > _LONGEST_QUOTED:
        return sniff(inbound.body), {}
    try:
        root, wrapping = unwrapped(parse(inbound.body, charset=charset_of(inbound)), MAX_ELEMENTS)
    except GatewayError:
        return sniff(inbound.body), {}
    return replace(nearest(root), wrapping=wrapping), header_of(root)
