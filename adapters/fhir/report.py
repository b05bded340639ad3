"""The submission report of an NDJSON file, in JSON and as text: what became of each line.

A record is named by its line, an issue by line and FHIRPath, and neither shows anything of a patient. `status` is
accepted (recorded, or recorded before), corrected (void now), rejected, or deferred (send it again); `verdict` says
the same more closely. The report is written while the file is taken in, so that its size does not matter; the counts
come last. It has the form of the report of an ASAP file, with lines in the place of segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import orjson

from adapters.fhir.outcomes import fhirpath
from gateway.errors import GatewayError
from gateway.model import IntakeIssue, IntakeResult, IntakeVerdict
from gateway.ports import FileReport

JSON: Final = "application/json"
TEXT: Final = "text/plain"

_STATUS: Final = {
    IntakeVerdict.CREATED: "accepted",
    IntakeVerdict.UNCHANGED: "accepted",
    IntakeVerdict.REVISED: "corrected",
    IntakeVerdict.VOIDED: "corrected",
    IntakeVerdict.REJECTED: "rejected",
    IntakeVerdict.DEFERRED: "deferred",
}
_STATUSES: Final = ("accepted", "corrected", "rejected", "deferred")
_WRITTEN: Final = (IntakeVerdict.CREATED, IntakeVerdict.REVISED, IntakeVerdict.VOIDED)


def open_report(issues: Sequence[IntakeIssue], out: BinaryIO, content_type: str) -> FileReport:
    """The report of a file of which the issues concern the whole.

    :raises ValueError: another content type than `application/json` and `text/plain`.
    """
    if content_type == JSON:
        return _JsonReport(issues, out)
    if content_type == TEXT:
        return _TextReport(issues, out)
    raise ValueError("A report is application/json or text/plain.")


class _Counts:
    """How many records there were of each verdict."""

    def __init__(self, *, is_refused: bool) -> None:
        self._is_refused = is_refused
        self._verdicts: Counter[IntakeVerdict] = Counter()

    def add(self, result: IntakeResult) -> str:
        self._verdicts[result.verdict] += 1
        return _STATUS[result.verdict]

    def summary(self, error: GatewayError | None) -> dict[str, Any]:
        statuses: Counter[str] = Counter()
        for verdict, count in self._verdicts.items():
            statuses[_STATUS[verdict]] += count
        return {
            "status": self._overall(statuses, error),
            "records": statuses.total(),
            **{status: statuses[status] for status in _STATUSES},
            "unchanged": self._verdicts[IntakeVerdict.UNCHANGED],
            "recorded": sum(self._verdicts[one] for one in _WRITTEN),
        }

    def _overall(self, statuses: Counter[str], error: GatewayError | None) -> str:
        if error is not None or statuses["deferred"]:
            return "incomplete"
        if self._is_refused or (statuses["rejected"] and statuses["rejected"] == statuses.total()):
            return "rejected"
        return "accepted in part" if statuses["rejected"] else "accepted"


class _JsonReport:
    def __init__(self, issues: Sequence[IntakeIssue], out: BinaryIO) -> None:
        self._out = out
        self._counts = _Counts(is_refused=bool(issues))
        head = {"format": "FHIR R4 NDJSON", "test": False, "issues": [_issue(issue) for issue in issues]}
        self._out.write(orjson.dumps(head)[:-1] + b',"records":[')
        self._separator = b""

    def add(self, result: IntakeResult) -> None:
        row: dict[str, Any] = {
            "line": line_of(result.path),
            "kind": "dispensation",
            "status": self._counts.add(result),
            "verdict": result.verdict.value,
        }
        if result.dispensation is not None:
            row["id"] = result.dispensation.id
        if result.issues:
            row["issues"] = [_issue(issue) for issue in result.issues]
        self._out.write(self._separator + b"\n" + orjson.dumps(row))
        self._separator = b","

    def finish(self, error: GatewayError | None = None) -> None:
        tail: dict[str, Any] = {"summary": self._counts.summary(error)}
        if error is not None:
            tail["error"] = {"code": error.code.value, "message": error.message, "remedy": error.remedy}
        self._out.write(b"],\n" + orjson.dumps(tail)[1:] + b"\n")


class _TextReport:
    def __init__(self, issues: Sequence[IntakeIssue], out: BinaryIO) -> None:
        self._out = out
        self._counts = _Counts(is_refused=bool(issues))
        self._line("Submission report, FHIR R4 NDJSON")
        for issue in issues:
            self._line(f"file  {_sentence(issue)}")

    def add(self, result: IntakeResult) -> None:
        status = self._counts.add(result)
        again = " (recorded before)" if result.verdict is IntakeVerdict.UNCHANGED else ""
        self._line(f"line {line_of(result.path)}  {status}{again}")
        for issue in result.issues:
            self._line(f"    {_sentence(issue)}")

    def finish(self, error: GatewayError | None = None) -> None:
        if error is not None:
            self._line(f"Intake ended before the file did: {error}")
        counts = self._counts.summary(error)
        parts = ", ".join(f"{counts[status]} {status}" for status in _STATUSES)
        self._line(f"{counts['records']} records: {parts}. File {counts['status']}.")

    def _line(self, text: str) -> None:
        self._out.write(text.encode() + b"\n")


def line_of(path: str) -> int:
    """The number in a path `line N`, or `line N: FHIRPath`.

    >>> line_of("line 12: MedicationDispense.subject")
    12
    """
    return int(path.partition(":")[0].removeprefix("line "))


def place_of(issue: IntakeIssue) -> str:
    """The FHIRPath of an issue inside the resource of its line."""
    inside = issue.path.partition(": ")[2]
    return fhirpath(inside or "MedicationDispense", issue.field)


def _issue(issue: IntakeIssue) -> dict[str, Any]:
    return {
        "severity": _severity(issue),
        "line": line_of(issue.path),
        "expression": place_of(issue),
        "code": issue.code.value,
        "message": issue.message,
    }


def _sentence(issue: IntakeIssue) -> str:
    place = f"line {line_of(issue.path)}: {place_of(issue)}"
    return f"{_severity(issue)} at {place} [{issue.code.value}]: {issue.message}"


def _severity(issue: IntakeIssue) -> str:
    return "error" if issue.is_error else "warning"
