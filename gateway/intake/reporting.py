"""That a dispenser has reported: with dispensations, or that there were none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.intake.entry import Entry
from gateway.model import (
    Dispenser,
    IntakeAction,
    IntakeIssue,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    ZeroReport,
)
from gateway.ports import IntakeUnit

_ACCEPTED = frozenset(IntakeVerdict) - {IntakeVerdict.REJECTED, IntakeVerdict.DEFERRED}


def add_reports(
    unit: IntakeUnit,
    read: Sequence[Entry | ZeroReport | IntakeResult],
    taken: Sequence[IntakeResult | ZeroReport],
) -> None:
    """Of whatever is accepted its dispenser has reported; only a new dispensation covers the day it was dispensed."""
    reported: dict[int, tuple[Dispenser, set[date]]] = {}
    for one, result in zip(read, taken, strict=True):
        if isinstance(one, Entry) and isinstance(result, IntakeResult) and result.verdict in _ACCEPTED:
            dispenser = one.reported.dispenser
            _, days = reported.setdefault(id(dispenser), (dispenser, set()))
            if one.record.action is IntakeAction.NEW:
                days.add(one.reported.sold or one.reported.filled)
    for dispenser, days in reported.values():
        unit.add_report(dispenser, days)


def add_zero_report(unit: IntakeUnit, report: ZeroReport) -> IntakeResult:
    if report.first is None or report.last is None:
        raise ValueError("a zero report without its period is rejected when it is read")
    issues = report.issues
    if unit.has_dispensed(report.dispenser, report.first, report.last):
        message = "Dispensations of days in this period have been reported as well; both stand."
        issue = IntakeIssue(
            path=report.path, field="period", code=IssueCode.INCONSISTENT, message=message, is_error=False
        )
        issues = (*issues, issue)
    is_new = unit.add_zero_report(report.dispenser, report.first, report.last)
    verdict = IntakeVerdict.CREATED if is_new else IntakeVerdict.UNCHANGED
    return IntakeResult(path=report.path, verdict=verdict, issues=issues)
