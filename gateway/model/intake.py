"""Reporting dispensations, and what became of each record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from gateway.model.codes import IntakeAction, IntakeVerdict, IssueCode
from gateway.model.dispensation import Dispensation
from gateway.model.parties import Dispenser


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeIssue:
    """One thing wrong or odd with a record: where, and a sentence without patient data.

    `path` is the place in the sender's own terms. What the gateway itself found has the record's path there and
    names the canonical `field` below it (dotted, as in `mappings/fields.toml`); the adapter that writes the answer
    says it in its format's words. An error rejects the record, anything else is a warning.
    """

    path: str
    code: IssueCode
    message: str
    is_error: bool
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    """A new dispensation is not to be recorded if its dispenser has reported one of the same prescription number and
    fill date that is not void: of this fill number and of this person, where they are told."""

    fill_number: int | None = None
    person_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRecord:
    """One reported dispensation; `path` is where it stood in the message, for the report.

    `dispensation` is None when what was sent cannot be read as one; then an error among `issues` says why.

    A revision and a void find their original by its fill (dispenser, prescription number, fill number, part, fill
    date), or by its id where the sender knows it: `original`, with `expected_revision` when the sender says which
    revision it has seen. Of a void that is all that counts. A revision by id whose person is a key and nothing else
    leaves the person as recorded; one that says it has seen the void revision records the dispensation again.

    `is_fill_told` is False where the format cannot say the fill number, nor which part of a fill it was: the
    original is then looked for under every number, and a void takes it only if it is the same person's and no date
    on which it was sold is recorded.

    With `unless` a new dispensation is recorded only when there is none such. When there is exactly one, and it is
    this very fill, the record is UNCHANGED, with a warning where it says something else (PRESENT). When there are
    several, or another fill, nobody may take the one for the other: the record is rejected (PRECONDITION).
    """

    path: str
    dispensation: Dispensation | None = field(repr=False)
    action: IntakeAction = IntakeAction.NEW
    original: str | None = None
    expected_revision: int | None = None
    is_fill_told: bool = True
    unless: Unless | None = None
    issues: tuple[IntakeIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroReport:
    """A dispenser says that it has dispensed nothing to be reported from `first` to `last`, both included."""

    path: str
    dispenser: Dispenser
    first: date | None
    last: date | None
    issues: tuple[IntakeIssue, ...] = ()


Reported = IntakeRecord | ZeroReport


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeBatch:
    """What one message reports, in the order of the message.

    `message` identifies it: the same text again means that the same message was sent again (a file's digest, a
    message id with its sender's); None where the format has nothing of the kind. A test is checked and linked like
    any other and not recorded. With `all_or_nothing` one rejected record keeps all others from being recorded.
    `issues` concern the message as a whole and no record of it.
    """

    records: tuple[Reported, ...]
    message: str | None = field(default=None, repr=False)
    is_test: bool = False
    all_or_nothing: bool = False
    issues: tuple[IntakeIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """What became of one record, or of one zero report. `dispensation` is the record as it now stands; None when it
    was rejected or deferred, in a test, and for a zero report."""

    path: str
    verdict: IntakeVerdict
    dispensation: Dispensation | None = field(default=None, repr=False)
    issues: tuple[IntakeIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReceipt:
    """The answer to a batch, one result a record, in the same order. What is accepted is on disk, but in a test."""

    results: tuple[IntakeResult, ...]
    is_test: bool = False
    issues: tuple[IntakeIssue, ...] = ()
