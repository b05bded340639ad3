"""PMIX report -> canonical answer: what a partner said, read from the wire and from nothing else.

Partners differ more than the standard allows, so a report is read with what is there:

* a fact that cannot be read is left out, and a prescription without number, fill date, quantity, days supply
  or patient is left out whole; `Answer.detail` then names the elements, and an answer that lost a prescription is
  PARTIAL
* a report that contradicts itself, or that says neither what became of the request nor any prescription, is no
  answer: that is a failure, never "no records"
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TypeVar

from lxml.etree import _Element

from adapters._wire import child, children, path_of, text
from adapters.soap import values
from adapters.soap.dispensation import Prescriptions, Unusable, read_dispensation
from adapters.soap.names import CODES
from gateway.errors import ErrorCode, Failure, UnsupportedFormat
from gateway.model import Answer, Dispensation, Outcome, Period, Person, StateOutcome
from gateway.terminology import codes

T = TypeVar("T")

_ANSWERED = (Outcome.COMPLETE, Outcome.NO_DATA)
_VERSION_MISMATCH = "version-mismatch"
_NAMED = 5  # elements that a note names before it only counts
_LONGEST = 1000  # characters of a partner's own text


def read_report(report: _Element, received_at: datetime) -> Answer:
    """The answer in a `PMPPrescriptionReport`.

    :param received_at: stands in for a time of execution that the report does not tell.
    :raises Failure: the report cannot be understood.
    :raises UnsupportedFormat: the partner says that it does not speak our version.
    """
    body = child(report, "RequestResponsePrescriptionReport")
    elements = children(body, "Prescription")
    states = tuple(_state(s) for s in children(child(report, "ResponseStatus"), "StateResponseStatus"))
    outcome = _outcome(report, states, bool(elements))
    prescriptions = Prescriptions()
    unread = prescriptions.unread
    source = states[0].state if len(states) == 1 else None
    dispensations = _dispensations(elements, source, prescriptions)
    if len(dispensations) < len(elements):
        outcome = Outcome.PARTIAL
    return Answer(
        outcome=outcome,
        report_id=values.identification(child(body, "DocumentIdentification")) or str(uuid.uuid4()),
        generated_at=_executed_at(body, unread) or received_at,
        period=Period(
            start=_optional(values.day, child(body, "ReportDateRange", "ReportDateRangeBegin"), unread),
            end=_optional(values.day, child(body, "ReportDateRange", "ReportDateRangeEnd"), unread),
        ),
        persons=tuple(dict.fromkeys(d.person for d in dispensations)),
        dispensations=dispensations,
        states=states,
        detail=_detail(_told(report, "ResponseStatus", "ResponseStatusText"), unread),
        disclaimers=tuple(
            filter(None, map(_told, children(child(report, "ResponseStatus"), "DisclaimerText")))
        ),
    )


def _outcome(report: _Element, states: tuple[StateOutcome, ...], has_history: bool) -> Outcome:
    """What became of the request; PARTIAL is an error beside which there is an answer (see `write.py`)."""
    code = text(report, "ResponseStatus", "ResponseStatusCode")
    if code is None:
        if has_history:
            return Outcome.COMPLETE
        raise _not_understood("has no prescription and no status that would say why")
    outcome = _decoded(code)
    if outcome is Outcome.ERROR and (has_history or any(s.outcome in _ANSWERED for s in states)):
        return Outcome.PARTIAL
    if has_history is not (outcome is Outcome.COMPLETE):
        raise _not_understood("has a status that contradicts what it holds")
    return outcome


def _decoded(code: str) -> Outcome:
    if code.casefold() == _VERSION_MISMATCH:
        raise UnsupportedFormat(
            "The partner does not speak this version of PMIX.", code=ErrorCode.UNSUPPORTED_VERSION
        )
    outcome = codes("outcome").decode(code, CODES)
    if outcome is None:
        raise _not_understood("has a status that is not one of PMIX's")
    return Outcome(outcome)


def _state(element: _Element) -> StateOutcome:
    state, code = text(element, "DisclosingState"), text(element, "ResponseStatusCode")
    if state is None or code is None:
        raise _not_understood("has a state's status without the state or without the code")
    return StateOutcome(state=state, outcome=_decoded(code), detail=_told(element, "ResponseStatusText"))


def _dispensations(
    elements: list[_Element], source: str | None, report: Prescriptions
) -> tuple[Dispensation, ...]:
    """What can be read, each person with the number of the appearance within this report."""
    read: list[Dispensation] = []
    appearances: dict[Person, Person] = {}
    for element in elements:
        try:
            dispensation = read_dispensation(element, report)
        except Unusable as error:
            report.unread.append(error.path)
            continue
        person = dispensation.person
        if person not in appearances:
            appearances[person] = replace(person, appearance=len(appearances) + 1)
        read.append(replace(dispensation, person=appearances[person], source_state=source))
    if elements and not read:
        raise _not_understood("has no prescription that could be read")
    return tuple(read)


def _executed_at(body: _Element | None, unread: list[str]) -> datetime | None:
    """When the report was made; a time without a zone is taken for UTC."""
    day = _optional(values.day, child(body, "ReportExecutionDate"), unread)
    told = text(body, "ReportExecutionTime")
    if day is None or told is None:
        return None
    try:
        at = datetime.combine(day, time.fromisoformat(told))
    except ValueError:
        unread.append("ReportExecutionTime")
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _optional(
    reader: Callable[[_Element | None], T | None], element: _Element | None, unread: list[str]
) -> T | None:
    try:
        return reader(element)
    except values.Unreadable:
        if element is not None:
            unread.append(path_of(element).rpartition("/")[2])
        return None


def _told(element: _Element, *path: str) -> str | None:
    told = text(element, *path)
    return told[:_LONGEST] if told else None


def _detail(told: str | None, unread: list[str]) -> str | None:
    """The partner's own words, and what of its report could not be read."""
    sentences = [told] if told else []
    if unread:
        more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
        sentences.append(f"Not read: {', '.join(unread[:_NAMED])}{more}.")
    return " ".join(sentences) or None


def _not_understood(why: str) -> Failure:
    return Failure(f"The partner's PMIX report was not understood: it {why}.")
