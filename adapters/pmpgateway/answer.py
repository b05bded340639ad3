"""PatientResponse and ReportResponse of a partner -> canonical answer, read from the wire and from nothing else.

The format has no dispensations: of a state whose record was read it says that there is a report, never what is in
it, and not even whether anything is. A partner's report is therefore PARTIAL without dispensations, its states
DEFERRED to whoever opens it: every format says that apart from "no records", and NO_DATA is never read here. What a
state says instead of a report is read as what it is; where Details begins with one of our own outcomes, as this
gateway writes them, as that.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from lxml.etree import _Element

from adapters._wire import child, children, local, text
from adapters.pmpgateway.names import PATIENT_RESPONSE, REPORT_RESPONSE
from gateway.errors import Failure
from gateway.model import Answer, LookupRequest, Outcome, StateOutcome

_LONGEST = 1000  # characters of a partner's own text
_BEHIND_A_LINK = "What this state has is in a report that a person has to open; nothing of it is shown here."
_READ_BY_DETAILS = frozenset({Outcome.AMBIGUOUS, Outcome.DISALLOWED, Outcome.DEFERRED, Outcome.ERROR})


def read_patient_response(
    root: _Element, asked: LookupRequest, *, received_at: datetime
) -> tuple[Answer, str | None]:
    """The answer, and the URL by which a link to the report is asked for, where there is a report.

    :raises Failure: it cannot be understood, or it says that nothing was looked up.
    """
    _require_root(root, PATIENT_RESPONSE)
    report = child(root, "Report")
    states = (*_reported(report), *_responses(root))
    if child(root, "Error") is not None:
        raise Failure("The partner could not process the request; no answer about the patient was reached.")
    if report is None and not states:
        raise _not_understood("has neither a report nor what a state says instead")
    answer = Answer(
        outcome=Outcome.PARTIAL if report is not None else _outcome(states),
        report_id=text(root, "RequestId") or str(uuid.uuid4()),
        generated_at=received_at,
        period=asked.period,
        states=states,
        detail=_told(report, "Message") if report is not None else states[0].detail,
        disclaimers=tuple(filter(None, (_told(root, "Disclaimer") or _told(report, "Disclaimer"),))),
    )
    return answer, text(report, "ReportRequestURLs", "ViewableReport")


def read_report_response(root: _Element) -> str:
    """The link.

    :raises Failure: there is none.
    """
    _require_root(root, REPORT_RESPONSE)
    link = text(root, "ReportLink")
    if link is None or not link.startswith(("https://", "http://")):
        raise Failure("The partner gives no link to the report.")
    return link


def _reported(report: _Element | None) -> list[StateOutcome]:
    return [
        StateOutcome(state=state, outcome=Outcome.DEFERRED, detail=_BEHIND_A_LINK)
        for state in _destinations(report)
    ]


def _responses(root: _Element) -> list[StateOutcome]:
    """What each Response says; one without Error and Disallowed says that its states are in the report."""
    read: list[StateOutcome] = []
    has_report = child(root, "Report") is not None
    for response in children(root, "Response"):
        failed = child(response, "Disallowed")
        outcome = Outcome.DISALLOWED
        if failed is None:
            failed, outcome = child(response, "Error"), Outcome.ERROR
        detail = _told(failed, "Message")
        if failed is None:
            if not has_report:
                raise _not_understood("has a state that says nothing")
            outcome, detail = Outcome.DEFERRED, _BEHIND_A_LINK
        outcome = _by_details(text(failed, "Details")) or outcome
        read += [StateOutcome(state=s, outcome=outcome, detail=detail) for s in _destinations(response)]
    return read


def _by_details(details: str | None) -> Outcome | None:
    told = (details or "").partition(":")[0]
    return next((outcome for outcome in _READ_BY_DETAILS if outcome.value == told), None)


def _destinations(parent: _Element | None) -> list[str]:
    """The states that are named, in a list of their own or at once."""
    listed = children(child(parent, "ResponseDestinations"), "Pmp") + children(parent, "Pmp")
    return [state.upper() for state in filter(None, map(text, listed))]


def _outcome(states: tuple[StateOutcome, ...]) -> Outcome:
    """What all of them say; that no answer was reached, where they differ."""
    found = {state.outcome for state in states}
    return found.pop() if len(found) == 1 else Outcome.ERROR


def _told(element: _Element | None, *path: str) -> str | None:
    told = text(element, *path)
    return told[:_LONGEST] if told else None


def _require_root(root: _Element, name: str) -> None:
    if local(root) != name:
        raise _not_understood(f"is no {name}")


def _not_understood(why: str) -> Failure:
    return Failure(f"The partner's answer was not understood: it {why}.")
