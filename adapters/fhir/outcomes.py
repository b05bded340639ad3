"""OperationOutcome, both directions: how a look-up ended, and what was wrong with a message.

Issue codes are those of FHIR's value set issue-type; the PMIX status stands in `details.coding`, as the IG's examples
have it. Every 4xx and 5xx answer of this adapter is one of these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final, NamedTuple

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from gateway.errors import ErrorCode, GatewayError, MessageError, UnsupportedFormat
from gateway.model import Answer, IntakeIssue, IssueCode, Outcome, StateOutcome
from gateway.terminology import codes, field_map

NOT_FOUND_TEXT: Final = "No PDMP history was found for the submitted patient"

ISSUE_CODES: Final = {
    ErrorCode.MALFORMED: "structure",
    ErrorCode.HOSTILE: "structure",
    ErrorCode.REQUIRED: "required",
    ErrorCode.INVALID: "value",
    ErrorCode.UNSUPPORTED_VERSION: "not-supported",
    ErrorCode.UNSUPPORTED_MEDIA: "not-supported",
    ErrorCode.NOT_ACCEPTABLE: "not-supported",
    ErrorCode.UNKNOWN_OPERATION: "not-supported",
    ErrorCode.METHOD_NOT_ALLOWED: "not-supported",
    ErrorCode.NOT_FOUND: "not-found",
    ErrorCode.TOO_LARGE: "too-long",
    ErrorCode.TOO_COSTLY: "too-costly",
    ErrorCode.CONSENT: "business-rule",
    ErrorCode.DATE_RANGE: "invariant",
    ErrorCode.DUPLICATE: "duplicate",
    ErrorCode.UNAUTHENTICATED: "login",
    ErrorCode.FORBIDDEN: "forbidden",
    ErrorCode.CONFLICT: "conflict",
    ErrorCode.UNAVAILABLE: "transient",
    ErrorCode.INTERNAL: "exception",
}
_INTAKE_CODES: Final = {
    IssueCode.CONFLICT: "conflict",
    IssueCode.SUPERSEDED: "conflict",
    IssueCode.PRECONDITION: "conflict",
    IssueCode.DUPLICATE: "duplicate",
    IssueCode.PRESENT: "duplicate",
    IssueCode.NO_ORIGINAL: "not-found",
    IssueCode.UNAVAILABLE: "transient",
}
_READING_CODES: Final = {
    IssueCode.MISSING: "required",
    IssueCode.MALFORMED: "value",
    IssueCode.UNSUPPORTED: "not-supported",
}
"""Of what was found when the resource was read: nothing canonical is named."""
_FHIRPATH = re.compile(r"(Resource|Parameters|Bundle|MedicationDispense)(\.[A-Za-z_]+(\[\d+\])?)*")
_IN_TEXT = re.compile(r"line \d+(, column \d+)?")

# severity, issue code and what is said when the answer has no sentence of its own
_ENDINGS: Final = {
    Outcome.NO_DATA: ("information", "informational", NOT_FOUND_TEXT),
    Outcome.AMBIGUOUS: ("warning", "multiple-matches", "No certain match; no history is shown."),
    Outcome.DISALLOWED: ("error", "forbidden", "The requester may not see a history."),
    Outcome.DEFERRED: (
        "warning",
        "transient",
        "The answer cannot be given now. Send the request again later.",
    ),
    Outcome.ERROR: ("error", "exception", "The history could not be read. Send the request again."),
}
_STATUS: Final = {Outcome.AMBIGUOUS: Outcome.DEFERRED}  # PMIX has no word of its own for it
_CHECKED: Final = {
    "drug": "medication",
    "dispenser": "performer.actor",
    "prescriber": "authorizingPrescription.requester",
    "person.names": "subject.name",
    "person.owner": "supportingInformation",
}
"""Fields that intake names as a whole and that have no row of their own in the field map."""


class Fault(NamedTuple):
    """One thing wrong with a resource: of what sort, its FHIRPath, a sentence, and where need be what to do."""

    code: ErrorCode
    path: str
    message: str
    remedy: str | None = None


class InvalidResource(MessageError):
    """A resource with several faults; the first is the error's own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(
            first.message,
            path=first.path,
            code=first.code,
            remedy="Correct the resource and send it again.",
        )
        self.faults = tuple(faults)
        if all(fault.code is ErrorCode.CONFLICT for fault in faults):
            self.status = 412  # nothing is wrong but conditions


def faults_of(error: GatewayError, path: str) -> tuple[Fault, ...]:
    """All that is wrong, each with a place; `path` is that of what has none of its own."""
    if isinstance(error, InvalidResource):
        return error.faults
    return (Fault(error.code, error.path or path, error.message, error.remedy),)


def operation_outcome(issues: list[Element], *, id: str | None = None) -> Element:
    """The resource, with a narrative for those who only show text."""
    words = " ".join(escape(issue["diagnostics"]) for issue in issues)
    written: Element = {"resourceType": "OperationOutcome"}
    if id:
        written["id"] = id
    return written | {
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'},
        "issue": issues,
    }


# --- how a look-up ended ---------------------------------------------------------------------------------------


def outcome_of(answer: Answer) -> Element | None:
    """The OperationOutcome of an answer; None when it is complete and there is nothing to say beside it."""
    if answer.outcome is Outcome.COMPLETE:
        if answer.detail is None:
            return None
        remark = _issue("information", "informational", [_status_coding(Outcome.COMPLETE)], answer.detail)
        return operation_outcome([remark], id=answer.report_id)
    if answer.outcome is Outcome.PARTIAL:
        return operation_outcome(_partial(answer), id=answer.report_id)
    severity, code, text = _ENDINGS[answer.outcome]
    status = _STATUS.get(answer.outcome, answer.outcome)
    issue = _issue(severity, code, [_status_coding(status)], answer.detail or text)
    return operation_outcome([issue], id=answer.report_id)


def _partial(answer: Answer) -> list[Element]:
    """A warning for each silent state, and "no data" for the others when nothing was found there."""
    silent = [s for s in answer.states if s.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA}]
    issues = [_silent(state) for state in silent]
    if not silent:
        text = answer.detail or "A state that was asked has not answered; its records are missing."
        issues.append(_issue("warning", "incomplete", [_status_coding(Outcome.ERROR)], text))
    if not answer.dispensations and answer.link is None:
        codings = [_status_coding(Outcome.NO_DATA)]
        codings += [_state_coding(s.state) for s in answer.states if s.outcome is Outcome.NO_DATA]
        issues.append(_issue("information", "informational", codings, NOT_FOUND_TEXT))
    return issues


def _silent(state: StateOutcome) -> Element:
    status = _STATUS.get(state.outcome, state.outcome)
    text = state.detail or f"{state.state} has not answered; its records are missing."
    return _issue("warning", "incomplete", [_status_coding(status), _state_coding(state.state)], text)


def _issue(severity: str, code: str, codings: list[Element], diagnostics: str) -> Element:
    return {"severity": severity, "code": code, "details": {"coding": codings}, "diagnostics": diagnostics}


def _status_coding(outcome: Outcome) -> Element:
    table = codes("outcome")
    code = table.encode(outcome.value, "fhir")
    return {"system": uris.PMIX_STATUS, "code": code, "display": table.display(outcome.value)}


def _state_coding(state: str) -> Element:
    return {"system": uris.USPS, "code": state}


def information(texts: Sequence[str]) -> Element:
    """An OperationOutcome of remarks that change nothing."""
    return operation_outcome(
        [{"severity": "information", "code": "informational", "diagnostics": text} for text in texts]
    )


# --- what was wrong -------------------------------------------------------------------------------------------


def outcome_of_error(error: GatewayError) -> Element:
    """The OperationOutcome of an error: what is wrong in `details`, with place and remedy in `diagnostics`."""
    if isinstance(error, InvalidResource):
        return operation_outcome(
            [_fault(ISSUE_CODES[f.code], f.path, f.message, f.remedy) for f in error.faults]
        )
    return operation_outcome([_fault(ISSUE_CODES[error.code], error.path, error.message, error.remedy)])


def status_of_error(error: GatewayError) -> int:
    """The HTTP status; 406 when it is the answer's format that is not spoken."""
    if isinstance(error, UnsupportedFormat) and error.is_about_the_answer:
        return 406
    return error.status


def outcome_of_issues(issues: Sequence[IntakeIssue]) -> Element:
    """The OperationOutcome of a dispensation that was not recorded, or was with remarks."""
    return operation_outcome(
        [
            _fault(
                _issue_code(issue),
                fhirpath(issue.path, issue.field),
                issue.message,
                None,
                severity="error" if issue.is_error else "warning",
            )
            for issue in issues
        ]
    )


def _issue_code(issue: IntakeIssue) -> str:
    known = _INTAKE_CODES if issue.field is not None else _READING_CODES | _INTAKE_CODES
    return known.get(issue.code, "business-rule")


def _fault(
    code: str, path: str | None, message: str, remedy: str | None, *, severity: str = "error"
) -> Element:
    where = f" (at {path})" if path else ""
    then = f" {remedy}" if remedy else ""
    issue: Element = {
        "severity": severity,
        "code": code,
        "details": {"text": message},
        "diagnostics": f"{message}{where}{then}",
    }
    if path and _FHIRPATH.fullmatch(path):
        issue["expression"] = [path]
    elif path and _IN_TEXT.fullmatch(path):  # what could not be parsed has no elements yet
        issue["expression"] = ["Resource"]
    elif path:
        issue["location"] = [
            f"http.{path}"
        ]  # a header or a parameter of the URL (OperationOutcome.issue.location)
    return issue


def fhirpath(root: str, name: str | None) -> str:
    """The FHIRPath of a canonical field that intake names: element names only, no conditions."""
    if name is None:
        return root
    known: dict[str, Any] = {field.name: field.paths["fhir"] for field in field_map().fields}
    steps = re.sub(
        r"\.(where|ofType|skip|join|replace|select|iif)\((?:[^()]|\([^()]*\))*\)", "", known.get(name, "")
    )
    return f"{root}.{steps or _CHECKED.get(name, '')}".rstrip(".")
