"""What became of one reported dispensation, in the words of HTTP and of an OperationOutcome.

Sources: FHIR R4 "http", create (201, 400, 422), update (200, 405 where an id that is not there is no new one) and
managing resource contention (409, 412).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from adapters.fhir.datatypes import Element
from adapters.fhir.outcomes import information, outcome_of_issues
from adapters.fhir.standalone import etag_of, location_of
from gateway.model import (
    Dispensation,
    IntakeIssue,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
)

_SAID: Final = {
    IntakeVerdict.CREATED: "The dispensation is recorded.",
    IntakeVerdict.REVISED: "The dispensation is revised.",
    IntakeVerdict.VOIDED: "The dispensation is void now.",
    IntakeVerdict.UNCHANGED: "The record says so already: nothing was changed.",
}
_NOT_DONE: Final = (
    "This was received before, and the record has been revised or voided since, so that it was left as it is. Read "
    "the dispensation, and update it with If-Match to change it."
)


class Told(NamedTuple):
    """The answer to one report.

    `recorded` is the dispensation where it stands as was asked, `issues` what is wrong or odd.
    """

    status: int
    recorded: Dispensation | None
    verdict: IntakeVerdict
    issues: tuple[IntakeIssue, ...]

    @property
    def outcome(self) -> Element:
        """All of it as an OperationOutcome."""
        return outcome_of_issues(self.issues) if self.issues else information([_SAID[self.verdict]])

    def response(self, base_url: str) -> Element:
        """`Bundle.entry.response`, with an outcome where there is anything to say."""
        written: Element = {"status": str(self.status)}
        if self.recorded is not None:
            written["location"] = location_of(self.recorded, base_url)
            written["etag"] = etag_of(self.recorded)
            if self.recorded.reported_at is not None:
                written["lastModified"] = self.recorded.reported_at
        if self.issues:
            written["outcome"] = self.outcome
        return written


def told(result: IntakeResult, *, by_id: bool = False, seen: bool = False, overtaken: bool = False) -> Told:
    """The answer to a report.

    :param by_id: it named the dispensation by its id.
    :param seen: it named the revision that its sender has seen.
    :param overtaken: it came again after it had been overtaken, and the record does not stand as it asks.
    """
    recorded = result.dispensation
    if result.verdict is IntakeVerdict.DEFERRED:
        return Told(503, None, result.verdict, result.issues)
    if result.verdict is IntakeVerdict.REJECTED or recorded is None:
        status = _status_of_rejection(result.issues, by_id=by_id, seen=seen)
        return Told(status, None, IntakeVerdict.REJECTED, result.issues)
    if overtaken:
        issues = tuple(
            replace(issue, message=_NOT_DONE, is_error=True) if issue.code is IssueCode.SUPERSEDED else issue
            for issue in result.issues
        )
        return Told(412 if seen else 409, None, IntakeVerdict.REJECTED, issues)
    status = 201 if result.verdict is IntakeVerdict.CREATED else 200
    return Told(status, recorded, result.verdict, result.issues)


def _status_of_rejection(issues: tuple[IntakeIssue, ...], *, by_id: bool, seen: bool) -> int:
    codes = {issue.code for issue in issues if issue.is_error}
    if IssueCode.PRECONDITION in codes:
        return 412
    if IssueCode.CONFLICT in codes:
        return 412 if seen else 409
    return 405 if by_id and IssueCode.NO_ORIGINAL in codes else 422
