"""One record on its way into the record, and the results it can have."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from gateway.errors import Unavailable
from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeAction,
    IntakeIssue,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Person,
)
from gateway.ports import Recorded


@dataclass(slots=True, kw_only=True)
class Entry:
    """One record on its way: what was sent, with its drug resolved, and what was found.

    `exact` is the key of the person's demographics, `keys` are the matcher's blocking keys once they have been made.
    `fills` are the fills that it can be: itself, or under every number where its own was not told. `others` are those
    among which a condition is judged.
    """

    record: IntakeRecord
    reported: Dispensation
    issues: tuple[IntakeIssue, ...]
    report: bytes
    exact: str
    fills: tuple[Dispensation, ...]
    others: tuple[Dispensation, ...] = ()
    keys: frozenset[str] | None = None

    def result(self, verdict: IntakeVerdict, dispensation: Dispensation) -> IntakeResult:
        return IntakeResult(
            path=self.record.path, verdict=verdict, dispensation=dispensation, issues=self.issues
        )

    def rejected(self, code: IssueCode, message: str) -> IntakeResult:
        return rejected(self.record.path, self.issue(code, message), *self.issues)

    def issue(self, code: IssueCode, message: str, *, is_error: bool = True) -> IntakeIssue:
        return IntakeIssue(path=self.record.path, code=code, message=message, is_error=is_error)

    def no_original(self) -> IntakeResult:
        if self.record.original is not None:
            return self.rejected(IssueCode.NO_ORIGINAL, "No dispensation is recorded under this id.")
        return self.rejected(
            IssueCode.NO_ORIGINAL,
            "No dispensation of this dispenser, prescription number, fill number and fill date is recorded, so there "
            "is nothing to revise or void. Report it as new, or correct what names the fill.",
        )

    def has_changed(self, before: Recorded) -> bool:
        """True when the sender has seen another revision than the present one; being moved to another person
        changes nothing of what was sent."""
        seen = self.record.expected_revision
        return seen is not None and not before.unchanged_since <= seen <= before.dispensation.revision

    def changed_meanwhile(self) -> IntakeResult:
        return self.rejected(
            IssueCode.CONFLICT,
            "The dispensation has been revised since the sender read it. Read it again and send the revision anew.",
        )


def rejected(path: str, *issues: IntakeIssue) -> IntakeResult:
    return IntakeResult(path=path, verdict=IntakeVerdict.REJECTED, issues=issues)


def withheld(result: IntakeResult) -> IntakeResult:
    if result.verdict is IntakeVerdict.REJECTED:
        return result
    issue = IntakeIssue(
        path=result.path,
        code=IssueCode.WITHHELD,
        message="Not recorded, because another record of the same transaction was rejected.",
        is_error=True,
    )
    return rejected(result.path, issue, *result.issues)


def deferred(path: str, error: Unavailable) -> IntakeResult:
    issue = IntakeIssue(path=path, code=IssueCode.UNAVAILABLE, message=str(error), is_error=True)
    return IntakeResult(path=path, verdict=IntakeVerdict.DEFERRED, issues=(issue,))


def is_void(before: Recorded) -> bool:
    return before.dispensation.status is DispensationStatus.VOID


def fingerprint(message: str | None, record: IntakeRecord) -> bytes:
    """What makes it the same report: its place in a message that can be told, else everything it says."""
    said: object = record.path if message is not None else (record.original, record.dispensation)
    if record.expected_revision is not None:  # the same content, but of another revision: said anew
        said = (said, record.expected_revision)
    return blake2b(msgspec.msgpack.encode((message, record.action, said)), digest_size=16).digest()


def keeps_person(record: IntakeRecord) -> bool:
    """True for a revision by id whose person is a key and nothing else: whose it is stays as it is recorded."""
    told = record.dispensation
    return (
        record.action is IntakeAction.REVISE
        and record.original is not None
        and told is not None
        and told.person == Person(key=told.person.key)
    )
