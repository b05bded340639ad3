"""Reporting dispensations, and what became of each record."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.codes import IntakeVerdict
from gateway.model.dispensation import Dispensation


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRecord:
    """One reported dispensation; `path` is where it stood in the message, for the report."""

    dispensation: Dispensation
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeBatch:
    """What one message reports, in the order of the message."""

    records: tuple[IntakeRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeIssue:
    """One thing wrong or odd with a record: where, and a sentence without patient data."""

    path: str
    message: str
    is_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """What became of one record. `dispensation` is the record as it now stands; None when it was rejected."""

    path: str
    verdict: IntakeVerdict
    dispensation: Dispensation | None = None
    issues: tuple[IntakeIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReceipt:
    """The answer to a batch, one result a record, in the same order. Every accepted record is on disk."""

    results: tuple[IntakeResult, ...]
