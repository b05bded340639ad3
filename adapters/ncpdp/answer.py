"""A partner's SCRIPT message -> canonical answer. What is there is read, what is odd is noted, nothing is guessed.

Approved with medications          complete; partial when a state is silent, or more is held than was sent (AQ)
Approved without                   no-data, unless a state is silent
Approved with prescriptions only   partial, without data: what was prescribed is not known to have been dispensed
Error 900, 1000, "NotFound"        no-data
Denied AA                          ambiguous: the patient could not be told
Denied otherwise                   disallowed
Status                             deferred
Error 600, 602                     error
Error otherwise, anything else     an exception: never "no data"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from lxml.etree import _Element

from adapters.ncpdp import notes
from adapters.ncpdp.errors import FAILED, TRY_AGAIN, PartnerError, raised_for
from adapters.ncpdp.fill import Fills
from adapters.ncpdp.layout_2017071 import ANSWERED
from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import date_in, person_in
from adapters.ncpdp.read import REFUSED
from adapters.ncpdp.tree import Tree, every, sub, subs, text, texts, to_tree
from adapters.ncpdp.values import STATE_CODE
from gateway.errors import Failure
from gateway.model import Answer, Dispensation, LookupRequest, Outcome, Period, Person, Species, StateOutcome
from gateway.terminology import codes

_ADMINISTERED = "MedicationDispensedAdministered"
_DISPENSED = ("MedicationDispensed", _ADMINISTERED)
_PRESCRIBED = "MedicationPrescribed"
_STATUS_CODES = frozenset({"000", "001", "002", "003", "005", "010"})
_LONGEST_DETAIL = 500
_UNNAMED_STATE = "??"


def read_answer(
    message: Message, asked: LookupRequest, *, now: datetime, rest_follows: bool = False
) -> Answer:
    """The answer in a partner's message, which was opened with `kept` as :data:`adapters.ncpdp.fill.PARTS`.

    :param asked: what was asked; whoever the partner does not name is this patient.
    :param rest_follows: True when what AQ leaves out is in a later message, so that the answer lacks nothing for it.
    :raises Failure: the message is no answer, or something in it cannot be understood.
    :raises GatewayError: the partner refused the request (see :func:`adapters.ncpdp.errors.raised_for`).
    """
    match message.transaction:
        case "RxHistoryResponse":
            return _response(message, asked, now, rest_follows=rest_follows)
        case "Status":
            return _status(message, asked, now)
        case "Error":
            return _error(message, asked, now)
        case _:
            raise Failure("The partner's message is no answer to a history request.", path="Message/Body")


def is_history(message: Message) -> bool:
    """True for a message that approves, with a history or without."""
    return message.transaction == "RxHistoryResponse" and "Approved" in sub(message.body, "Response")


def leaves_out(message: Message) -> bool:
    """True for a history of which the partner has more than stands in the message (AQ)."""
    return notes.MORE_CODE in _reasons(message)


def reference_of(message: Message) -> str | None:
    """The ReferenceNumber of an approval."""
    return text(message.body, "Response", "Approved", "ReferenceNumber")


def days_of(message: Message) -> list[date]:
    """The fill dates, in the order of the message, which was read without fault."""
    fills = (fill for name in _DISPENSED for fill in subs(message.body, name))
    return [day for fill in fills if (day := date_in(fill, "LastFillDate"))]


def _reasons(message: Message) -> list[str]:
    approved = sub(message.body, "Response", "Approved")
    return [code for name in ("ApprovalReasonCode", "ReasonCode") for code in texts(approved, name)]


def partner_error(message: Message) -> PartnerError:
    """The Error in a message."""
    return PartnerError(
        code=text(message.body, "Code") or "",
        description_codes=tuple(texts(message.body, "DescriptionCode")),
        description=text(message.body, "Description") or "",
    )


def _error(message: Message, asked: LookupRequest, now: datetime) -> Answer:
    error = partner_error(message)
    if error.is_no_data:
        return _answer(message, asked, now, Outcome.NO_DATA)
    if error.code in {TRY_AGAIN, FAILED}:
        return _answer(message, asked, now, Outcome.ERROR, detail=error.description)
    raise raised_for(error)


def _status(message: Message, asked: LookupRequest, now: datetime) -> Answer:
    if text(message.body, "Code") not in _STATUS_CODES:
        raise Failure("The partner's Status has a code that is not known.", path="Message/Body/Status/Code")
    return _answer(message, asked, now, Outcome.DEFERRED, detail=text(message.body, "Description"))


def _response(message: Message, asked: LookupRequest, now: datetime, *, rest_follows: bool) -> Answer:
    verdict = sub(message.body, "Response")
    if "Denied" in verdict:
        denied = sub(verdict, "Denied")
        stated = {*texts(denied, "DenialReasonCode"), *texts(denied, "ReasonCode")}
        known = {codes("script-denial").decode(code, "script") for code in stated}
        outcome = Outcome.AMBIGUOUS if Outcome.AMBIGUOUS.value in known else Outcome.DISALLOWED
        return _answer(message, asked, now, outcome, detail=text(denied, "DenialReason"))
    if "Approved" not in verdict:
        raise Failure(
            "The partner's answer says neither Approved nor Denied.",
            path="Message/Body/RxHistoryResponse/Response",
        )
    return _approved(message, asked, now, rest_follows=rest_follows)


def _approved(message: Message, asked: LookupRequest, now: datetime, *, rest_follows: bool) -> Answer:
    dispensations, odd = _dispensations(message, asked)
    prescribed = len(every(message.body, _PRESCRIBED))
    unknown_medications = _unknown_medications(message.body, is_alone=not dispensations and not prescribed)
    approved = sub(message.body, "Response", "Approved")
    note = text(approved, "Note") or ""
    outcome = Outcome.COMPLETE if dispensations else Outcome.PARTIAL if prescribed else Outcome.NO_DATA
    states = _states(message.body, asked, note, outcome)
    reasons = _reasons(message)
    is_cut = leaves_out(message) and not rest_follows
    unknown = [code for code in reasons if code != notes.MORE_CODE and code.isalnum() and len(code) <= 3]
    remarks = [
        note if notes.is_partial(note) or not rest_follows else "",
        "The partner holds more than it has sent (AQ)." if is_cut else "",
        f"Reason code {', '.join(unknown)}, whose meaning is not known here." if unknown else "",
        f"Prescriptions are not shown: {prescribed}; they may not have been dispensed." if prescribed else "",
        f"Medications of an unknown kind are not shown: {unknown_medications}."
        if unknown_medications
        else "",
        *_odd_around(message.body),
        *odd,
    ]
    if (
        is_cut
        or notes.is_partial(note)
        or unknown_medications
        or any(s.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA} for s in states)
    ):
        outcome = Outcome.PARTIAL
    return _answer(
        message,
        asked,
        now,
        outcome,
        dispensations=dispensations,
        states=states,
        detail=" ".join(filter(None, remarks)),
    )


def _unknown_medications(response: Tree, *, is_alone: bool) -> int:
    """How many medications there are that are neither dispensed nor prescribed.

    :param is_alone: True when there are no others.
    :raises Failure: there are such and nothing else, or medications where none can be: that is no answer without any.
    """
    known = {*_DISPENSED, _PRESCRIBED}
    unknown = [name for name in response if name.startswith("Medication") and name not in known]
    misplaced = next(_medications_in(response), None) if is_alone else None
    if misplaced:
        raise Failure(
            "The partner answers with medications of an unknown kind, or where none are looked for.",
            path=f"RxHistoryResponse/{misplaced}",
        )
    return sum(len(every(response, name)) for name in unknown)


def _medications_in(tree: Tree) -> Iterator[str]:
    """The paths of all medications, however deep."""
    for name, value in tree.items():
        if name.startswith("Medication"):
            yield name
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict | _Element):
                below = _medications_in(to_tree(inner) if isinstance(inner, _Element) else inner)
                yield from (f"{name.lstrip('*')}/{path}" for path in below)


def _odd_around(response: Tree) -> list[str]:
    """What is odd beside the medications, a sentence each."""
    administered = len(every(response, _ADMINISTERED))
    consents = {c.upper() for b in subs(response, "BenefitsCoordination") for c in texts(b, "Consent")}
    named = [text(s, "StateProvince") or "" for s in _states_responded(response)]
    foreign = sum(not STATE_CODE.fullmatch(name.upper()) for name in named)
    return [
        said
        for said, is_so in (
            (f"Administered, as far as the partner says: {administered} of its records.", administered),
            ("The partner approves, and states a consent that does not permit it.", consents & REFUSED),
            (f"States that are not named by a code: {foreign}.", foreign),
        )
        if is_so
    ]


def _dispensations(message: Message, asked: LookupRequest) -> tuple[tuple[Dispensation, ...], list[str]]:
    """The dispensations, newest fill first, and what was odd about them."""
    fills = Fills(_patient(message.body, asked))
    found = [
        fills.read(fill if isinstance(fill, dict) else {}, f"RxHistoryResponse/{name}[{position}]")
        for name in _DISPENSED
        for position, fill in enumerate(every(message.body, name), 1)
    ]
    return tuple(sorted(found, key=lambda d: d.filled, reverse=True)), fills.remarks()


def _patient(response: Tree, asked: LookupRequest) -> Person:
    """Who the answer is about: the Patient that it repeats, else who was asked for."""
    kept = response.get("Patient")
    element = to_tree(kept) if isinstance(kept, _Element) else {}
    animal = sub(element, "NonHumanPatient")
    tree = animal or sub(element, "HumanPatient") or element
    try:
        person = person_in(tree, species=Species.VETERINARY if animal else Species.HUMAN)
    except ValueError:
        raise Failure(
            "A date in the partner's answer is not a date.", path="RxHistoryResponse/Patient"
        ) from None
    if person.names:
        return person
    return replace(asked.person, identifiers=()) if asked.person else Person()


def _states(response: Tree, asked: LookupRequest, note: str, outcome: Outcome) -> tuple[StateOutcome, ...]:
    """Each state that is named as having answered, or is known not to have."""
    found = [_state(tree, outcome) for tree in _states_responded(response)]
    named = {s.state for s in found}
    silent = list(notes.silent_states(note))
    if "PDMPStatesResponded" in response:
        silent += [state for state in asked.states if state not in named]
    elif len(asked.states) > 1 and not silent:
        # nothing says which of them the answer covers, so none of them counts as having answered
        silent = list(asked.states)
    unheard = [
        StateOutcome(
            state=state,
            outcome=Outcome.ERROR,
            detail=f"{state} has not answered, as far as the partner says.",
        )
        for state in dict.fromkeys(silent)
    ]
    return tuple([s for s in found if s.state not in silent] + unheard)


def _states_responded(response: Tree) -> list[Tree]:
    return subs(sub(response, "PDMPStatesResponded"), "PDMPStates")


def _state(tree: Tree, outcome: Outcome) -> StateOutcome:
    """One PDMPStates. A code that the table does not know may mean anything, a failure too; and a state that is named
    otherwise than by its code is nobody's."""
    named = (text(tree, "StateProvince") or "").upper()
    state = named if STATE_CODE.fullmatch(named) else _UNNAMED_STATE
    code = text(tree, "ReasonCode")
    meaning = codes("script-pdmp-state").decode(code, "script") if code else None
    if meaning == ANSWERED:
        return StateOutcome(state=state, outcome=outcome)
    known = Outcome(meaning) if meaning else Outcome.ERROR
    detail = f"{state} answered with a code of unknown meaning." if meaning is None else None
    return StateOutcome(state=state, outcome=known, detail=detail)


def _answer(
    message: Message,
    asked: LookupRequest,
    now: datetime,
    outcome: Outcome,
    *,
    dispensations: tuple[Dispensation, ...] = (),
    states: tuple[StateOutcome, ...] = (),
    detail: str | None = None,
) -> Answer:
    return Answer(
        outcome=outcome,
        report_id=message.message_id or "",
        generated_at=_instant(text(message.header, "SentTime")) or now,
        period=_period(message.body, asked),
        persons=tuple({id(d.person): d.person for d in dispensations}.values()),
        dispensations=dispensations,
        states=states,
        detail=detail[:_LONGEST_DETAIL] if detail else None,
    )


def _instant(written: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written) if written else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None


def _period(response: Tree, asked: LookupRequest) -> Period:
    """The dates that the partner says it has searched, else those that were asked for."""
    dated = sub(response, "RequestedDates") or sub(response, "BenefitsCoordination")

    def first_of(names: Iterable[str]) -> date | None:
        for name in names:
            try:
                found = date_in(dated, name)
            except ValueError:
                continue
            if found:
                return found
        return None

    return Period(
        start=first_of(("StartDate", "EffectiveDate")) or asked.period.start,
        end=first_of(("EndDate", "ExpirationDate")) or asked.period.end,
    )
