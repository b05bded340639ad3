"""Parameters that a partner answers to `$pdmp-history` -> Answer.

What the partner says is kept apart with care: an answer that is not understood is an error and never "no data", and
one that says it lacks something is never complete.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import codings
from adapters.fhir.outcomes import NOT_FOUND_TEXT
from adapters.fhir.patients import read_owner, read_patient, require_kind
from adapters.fhir.read_analysis import read_analysis
from adapters.fhir.read_dispensation import DispensationReader, supporting
from adapters.fhir.references import Index
from adapters.fhir.tree import Node, days_of
from gateway.errors import Failure
from gateway.model import (
    Analysis,
    Answer,
    Dispensation,
    DispensationStatus,
    Outcome,
    Period,
    Person,
    StateOutcome,
)
from gateway.terminology import codes

_LATER: Final = {"transient", "lock-error", "no-store", "timeout", "throttled"}
_KEY: Final = "pre-stage-retrieval-key"
_ELSEWHERE: Final = "The partner answered with a link to a page; its records are not in this answer."
_NOT_READ: Final = "The answer also holds administrations, which are not shown here."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issue:
    severity: str
    code: str
    status: Outcome | None
    states: tuple[str, ...]
    text: str | None


def read_answer(node: Node, *, retry_after: int | None = None) -> Answer:
    """The answer in a Parameters resource.

    :param retry_after: seconds, from the HTTP header.
    :raises MessageError: an element cannot be read.
    :raises Failure: it does not say how the look-up ended.
    """
    require_kind(node, "Parameters")
    given = {p.text("name"): p for p in node.items("parameter")}
    data, said = given.get("pdmp-history-data"), given.get("outcome")
    issues = read_issues(said.need("resource")) if said is not None else []
    history = _History(data.need("resource")) if data is not None else None
    link, key = _text(given, "pdmp-history-link", "valueUrl"), _text(given, _KEY, "valueString")
    outcome = Outcome.DEFERRED if key else _outcome(history, issues, is_link=link is not None)
    dispensations = (
        history.dispensations if history and outcome in {Outcome.COMPLETE, Outcome.PARTIAL} else ()
    )
    start, end = _period(node)
    generated_at = _generated_at(node, history)
    return Answer(
        outcome=outcome,
        report_id=node.text("id") or str(uuid.uuid4()),
        generated_at=generated_at,
        period=Period(start=start, end=end),
        persons=tuple(dict.fromkeys(d.person for d in dispensations)),
        dispensations=dispensations,
        states=_states(dispensations, issues),
        detail=" ".join(filter(None, (_detail(issues, history), _ELSEWHERE if link and not data else None)))
        or None,
        disclaimers=tuple(_extension_texts(node, uris.EXT_DISCLAIMER)),
        retry_after=retry_after,
        link=link,
        retrieval_key=key,
        analysis=history.analysis(node, generated_at.date()) if history and dispensations else None,
    )


def _text(given: dict[str | None, Node], name: str, member: str) -> str | None:
    parameter = given.get(name)
    return parameter.need_text(member) if parameter is not None else None


def read_refusal(node: Node) -> Answer | None:
    """The answer in the OperationOutcome of an HTTP 403: DISALLOWED, or None when it is about credentials."""
    issues = read_issues(node) if node.kind == "OperationOutcome" else []
    if not any(issue.status is Outcome.DISALLOWED for issue in issues):
        return None
    return Answer(
        outcome=Outcome.DISALLOWED,
        report_id=node.text("id") or str(uuid.uuid4()),
        generated_at=datetime.now(UTC),
        period=Period(),
        detail=_detail(issues, None),
    )


# --- how it ended ---------------------------------------------------------------------------------------------


def read_issues(outcome: Node) -> list[_Issue]:
    """The issues of an OperationOutcome."""
    require_kind(outcome, "OperationOutcome")
    if outcome.first("issue") is None:
        raise outcome.missing("issue")
    return [
        _Issue(
            severity=node.need_text("severity"),
            code=node.need_text("code"),
            status=_status(node),
            states=_coded_states(node),
            text=node.text("diagnostics"),
        )
        for node in outcome.items("issue")
    ]


def _status(issue: Node) -> Outcome | None:
    details = issue.get("details")
    for coding in codings(details, uris.PMIX_STATUS) if details is not None else ():
        code = coding.text("code")
        value = codes("outcome").decode(code, "fhir") if code is not None else None
        return Outcome(value) if value is not None else Outcome.ERROR  # version-mismatch is a failure too
    return None


def _coded_states(issue: Node) -> tuple[str, ...]:
    details = issue.get("details")
    found = codings(details, uris.USPS) if details is not None else ()
    return tuple(code for coding in found if (code := coding.text("code")))


def _outcome(history: _History | None, issues: list[_Issue], *, is_link: bool) -> Outcome:
    """COMPLETE only when there is a history and nobody says that something lacks."""
    held = history is not None and (history.dispensations or history.has_administrations)
    if any(issue.code == "incomplete" for issue in issues) or (
        history is not None and history.has_administrations
    ):
        return Outcome.PARTIAL
    if any(issue.severity in {"warning", "error", "fatal"} for issue in issues):
        return Outcome.PARTIAL if held else _ended(issues)
    if held:
        return Outcome.COMPLETE
    if history is not None or any(issue.status is Outcome.NO_DATA for issue in issues):
        return Outcome.NO_DATA
    if is_link:
        return Outcome.PARTIAL  # there is a report, and none of it is here
    raise Failure("The partner's answer does not say how the look-up ended.")


def _ended(issues: list[_Issue]) -> Outcome:
    """The outcome of a look-up that brought nothing, by its gravest issue."""
    if any(issue.code == "multiple-matches" for issue in issues):
        return Outcome.AMBIGUOUS
    if any(issue.status is Outcome.DISALLOWED for issue in issues):
        return Outcome.DISALLOWED
    if any(issue.severity in {"error", "fatal"} for issue in issues):
        return Outcome.ERROR
    if any(issue.status is Outcome.DEFERRED or issue.code in _LATER for issue in issues):
        return Outcome.DEFERRED
    return Outcome.ERROR


def _states(dispensations: tuple[Dispensation, ...], issues: list[_Issue]) -> tuple[StateOutcome, ...]:
    """Each state whose records are there has answered; the others are what the issues say of them."""
    answered = dict.fromkeys(d.source_state for d in dispensations if d.source_state)
    found = [StateOutcome(state=state, outcome=Outcome.COMPLETE) for state in answered]
    for issue in issues:
        is_empty = issue.status is Outcome.NO_DATA
        found += [
            StateOutcome(
                state=state, outcome=issue.status or Outcome.ERROR, detail=None if is_empty else issue.text
            )
            for state in issue.states
        ]
    return tuple(found)


def _detail(issues: list[_Issue], history: _History | None) -> str | None:
    texts = [issue.text for issue in issues if issue.text and issue.text != NOT_FOUND_TEXT]
    if history is not None and history.has_administrations:
        texts.append(_NOT_READ)
    return " ".join(texts) or None


# --- the history ----------------------------------------------------------------------------------------------


class _History:
    """The dispensations of a history Bundle, newest fill first; withdrawn ones are left out."""

    def __init__(self, bundle: Node) -> None:
        require_kind(bundle, "Bundle")
        entries = [(entry.text("fullUrl"), entry.need("resource")) for entry in bundle.items("entry")]
        if not any(resource.kind == "Patient" for _, resource in entries):
            raise bundle.missing("entry", "A history Bundle holds the patient at least.")
        self.timestamp = bundle.instant("timestamp")
        self.has_administrations = any(r.kind == "MedicationAdministration" for _, r in entries)
        self._index = Index(entries)
        self._reader = DispensationReader(self._index.referred, strict=False)
        self._persons: dict[str, Person] = {}
        found = [(self._read(r), r) for _, r in entries if r.kind == "MedicationDispense"]
        active = [(d, r) for d, r in found if d.status is DispensationStatus.ACTIVE]
        active.sort(key=lambda pair: pair[0].filled, reverse=True)
        self.dispensations = tuple(d for d, _ in active)
        self._nodes = [r for _, r in active]
        self._issues = [r for _, r in entries if r.kind == "DetectedIssue"]

    def analysis(self, parameters: Node, as_of: date) -> Analysis | None:
        """The figures and alerts of these dispensations, as the partner reckoned them."""
        report = next(_extensions(parameters, uris.EXT_ANALYSIS), None)
        return read_analysis(report, self._nodes, self._issues, self._index.referred, as_of=as_of)

    def _read(self, node: Node) -> Dispensation:
        read = self._reader.read(node, self._person(node))
        meta = node.get("meta")
        if meta is None:
            return replace(read, id=node.text("id"))
        version = meta.text("versionId") or ""
        return replace(
            read,
            id=node.text("id"),
            source_state=_state_of(meta.text("source")),
            reported_at=meta.instant("lastUpdated"),
            revision=int(version) if version.isdecimal() and len(version) < 10 else 0,
        )

    def _person(self, node: Node) -> Person:
        """The Patient that `subject` leads to, one object for all its dispensations."""
        subject = node.need("subject")
        reference = subject.need_text("reference")
        if reference not in self._persons:
            patient = self._index.resolve(reference)
            if patient is None or patient.kind != "Patient":
                raise subject.need("reference").invalid("a reference to a Patient in the Bundle")
            owners = (r for r in supporting(node, self._index.referred) if r.kind == "RelatedPerson")
            owner = next((read_owner(r, strict=False) for r in owners), None)
            self._persons[reference] = read_patient(patient, owner=owner, strict=False)
        return self._persons[reference]


def _state_of(source: str | None) -> str | None:
    """The state of a `meta.source` of a gateway like this one; other sources name systems, not states."""
    if source is None or not source.startswith(uris.STATE):
        return None
    return source.removeprefix(uris.STATE)


# --- what is said of the report -------------------------------------------------------------------------------


def _extensions(node: Node, url: str) -> Iterator[Node]:
    for parameter in node.items("parameter"):
        for extension in parameter.items("extension"):
            if extension.text("url") == url:
                yield extension


def _extension_texts(node: Node, url: str) -> Iterator[str]:
    return (text for extension in _extensions(node, url) if (text := extension.text("valueString")))


def _generated_at(node: Node, history: _History | None) -> datetime:
    """When the partner says it made the answer; else when it came."""
    said = next((e.instant("valueDateTime") for e in _extensions(node, uris.EXT_TIMESTAMP)), None)
    found = said or (history.timestamp if history is not None else None)
    return found.astimezone(UTC) if found is not None else datetime.now(UTC)


def _period(node: Node) -> tuple[date | None, date | None]:
    extension = next(_extensions(node, uris.EXT_PERIOD), None)
    period = extension.get("valuePeriod") if extension is not None else None
    if period is None:
        return None, None
    first, last = (days_of(period.text(name) or "") for name in ("start", "end"))
    return first[0] if first else None, last[1] if last else None
