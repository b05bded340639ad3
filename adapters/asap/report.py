"""The submission report: what became of each record of a file, in JSON and as text.

No standard lays it out. A record is named by the number of its DSP segment in the file, counted from TH, a zero
report by that of its PHA, an issue by segment number and ASAP field, and none of them shows anything of a patient.
`status` is accepted (recorded, or recorded before), corrected (revised or void now), rejected, or deferred (send it
again); `verdict` says the same more closely.

The report is written while the file is taken in, so that its size does not matter; the counts come last.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, BinaryIO

from adapters.asap.layout import place
from adapters.asap.scan import Scan
from gateway.errors import GatewayError
from gateway.model import IntakeIssue, IntakeResult, IntakeVerdict
from gateway.ports import FileReport

JSON, TEXT = "application/json", "text/plain"

STATUS = {
    IntakeVerdict.CREATED: "accepted",
    IntakeVerdict.UNCHANGED: "accepted",
    IntakeVerdict.REVISED: "corrected",
    IntakeVerdict.VOIDED: "corrected",
    IntakeVerdict.REJECTED: "rejected",
    IntakeVerdict.DEFERRED: "deferred",
}
_STATUSES = ("accepted", "corrected", "rejected", "deferred")


def open_report(scan: Scan, out: BinaryIO, content_type: str) -> FileReport:
    """The report of a file that has been scanned.

    :raises ValueError: another content type than `application/json` and `text/plain`.
    """
    if content_type == JSON:
        return _JsonReport(scan, out)
    if content_type == TEXT:
        return _TextReport(scan, out)
    raise ValueError("A report is application/json or text/plain.")


class _Counts:
    """How many records there were of each status, and of each verdict."""

    def __init__(self) -> None:
        self._verdicts: Counter[IntakeVerdict] = Counter()
        self._statuses: Counter[str] = Counter()
        self._zero_reports = 0

    def add(self, result: IntakeResult) -> str:
        self._zero_reports += _is_zero_report(result)
        self._verdicts[result.verdict] += 1
        status = STATUS[result.verdict]
        self._statuses[status] += 1
        return status

    def summary(self, scan: Scan, error: GatewayError | None) -> dict[str, Any]:
        return {
            "status": self._overall(scan, error),
            "records": self._statuses.total(),
            "zero_reports": self._zero_reports,
            **{status: self._statuses[status] for status in _STATUSES},
            "unchanged": self._verdicts[IntakeVerdict.UNCHANGED],
            "recorded": 0 if scan.is_test else self._recorded(),
        }

    def _recorded(self) -> int:
        written = (IntakeVerdict.CREATED, IntakeVerdict.REVISED, IntakeVerdict.VOIDED)
        return sum(self._verdicts[one] for one in written)

    def _overall(self, scan: Scan, error: GatewayError | None) -> str:
        taken = self._statuses["accepted"] + self._statuses["corrected"]
        lost = self._statuses["rejected"] + self._statuses["deferred"]
        if error is not None or self._statuses["deferred"]:
            return "incomplete"
        if scan.refused or (lost and not taken):
            return "rejected"
        if lost or any(issue.is_error for issue in scan.issues):
            return "accepted in part"
        return "accepted"


class _JsonReport:
    def __init__(self, scan: Scan, out: BinaryIO) -> None:
        self._scan = scan
        self._out = out
        self._counts = _Counts()
        head = {
            "control_number": scan.control_number,
            "version": scan.version,
            "test": scan.is_test,
            "issues": [_issue(issue) for issue in scan.issues],
        }
        self._out.write(_json(head)[:-1] + b',"records":[')
        self._separator = b""

    def add(self, result: IntakeResult) -> None:
        row: dict[str, Any] = {
            "segment": _number(result.path),
            "kind": "zero report" if _is_zero_report(result) else "dispensation",
            "status": self._counts.add(result),
            "verdict": result.verdict.value,
        }
        if result.dispensation is not None:
            row["id"] = result.dispensation.id
        if result.issues:
            row["issues"] = [_issue(issue) for issue in _told_once(result.issues)]
        self._out.write(self._separator + b"\n" + _json(row))
        self._separator = b","

    def finish(self, error: GatewayError | None = None) -> None:
        tail = {"summary": self._counts.summary(self._scan, error)}
        if error is not None:
            tail["error"] = {"code": error.code.value, "message": error.message, "remedy": error.remedy}
        self._out.write(b"],\n" + _json(tail)[1:] + b"\n")


class _TextReport:
    def __init__(self, scan: Scan, out: BinaryIO) -> None:
        self._scan = scan
        self._out = out
        self._counts = _Counts()
        self._line(
            f"Submission report, ASAP {scan.version or '?'}, control number {scan.control_number or '?'}"
        )
        if scan.is_test:
            self._line("Test file: nothing is recorded.")
        for issue in scan.issues:
            self._line(f"file  {_sentence(issue)}")

    def add(self, result: IntakeResult) -> None:
        status = self._counts.add(result)
        kind = "zero report " if _is_zero_report(result) else ""
        again = " (recorded before)" if result.verdict is IntakeVerdict.UNCHANGED else ""
        self._line(f"segment {_number(result.path)}  {kind}{status}{again}")
        for issue in _told_once(result.issues):
            self._line(f"    {_sentence(issue)}")

    def finish(self, error: GatewayError | None = None) -> None:
        if error is not None:
            self._line(f"Intake ended before the file did: {error}")
        counts = self._counts.summary(self._scan, error)
        zero = f" ({counts['zero_reports']} of them zero reports)" if counts["zero_reports"] else ""
        parts = ", ".join(f"{counts[status]} {status}" for status in _STATUSES)
        self._line(f"{counts['records']} records{zero}: {parts}. File {counts['status']}.")

    def _line(self, text: str) -> None:
        self._out.write(text.encode() + b"\n")


def _is_zero_report(result: IntakeResult) -> bool:
    return result.path.endswith(":PHA")


def _told_once(issues: Iterable[IntakeIssue]) -> list[IntakeIssue]:
    return list(dict.fromkeys(issues))


def _issue(issue: IntakeIssue) -> dict[str, Any]:
    return {
        "severity": "error" if issue.is_error else "warning",
        "segment": _number(issue.path),
        "field": _field(issue),
        "code": issue.code.value,
        "message": issue.message,
    }


def _sentence(issue: IntakeIssue) -> str:
    severity = "error" if issue.is_error else "warning"
    return (
        f"{severity} at segment {_number(issue.path)} {_field(issue)} [{issue.code.value}]: {issue.message}"
    )


def _number(path: str) -> int:
    return int(path.partition(":")[0])


def _field(issue: IntakeIssue) -> str:
    """The ASAP field: as the reader found it, or for what the gateway found by the canonical name."""
    return place(issue.field) or issue.path.partition(":")[2]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
