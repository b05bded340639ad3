"""The ASAP adapter's answer, a JSON document -> whether all of the transaction was taken, and a text on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_STATUSES = ("accepted", "corrected", "rejected", "deferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What became of a transaction.

    `is_accepted` says that every record was taken, `has_taken` that some were; `text` has a line for each record and
    for each thing wrong or odd with it, by ASAP segment and field.
    """

    is_accepted: bool
    has_taken: bool
    text: str


def read_submission(body: bytes) -> Submission:
    """The submission report, or the error before there could be one, that the ASAP adapter has written."""
    document = json.loads(body)
    if "summary" not in document:
        return Submission(is_accepted=False, has_taken=False, text=_error(document["error"]))
    summary = document["summary"]
    return Submission(
        # a transaction without a record was sent for nothing, and its sender may believe otherwise
        is_accepted=summary["status"] == "accepted" and summary["records"] > 0,
        has_taken=summary["accepted"] + summary["corrected"] > 0,
        text="\n".join(_lines(document, summary)),
    )


def _error(error: dict[str, str | None]) -> str:
    where = f" at {error['field']}" if error["field"] else ""
    then = f" {error['remedy']}" if error["remedy"] else ""
    return f"error{where} [{error['code']}]: {error['message']}{then}"


def _lines(document: dict[str, Any], summary: dict[str, Any]) -> Iterator[str]:
    if document["test"]:
        yield "Test transaction: it was checked and nothing is recorded."
    for issue in document["issues"]:
        yield f"transaction: {_issue(issue)}"
    for row in document["records"]:
        # accepted, but recorded before: the one verdict that the sender cannot tell from the status
        again = " (unchanged: recorded before)" if row["verdict"] == "unchanged" else ""
        yield f"segment {row['segment']}, {row['kind']}: {row['status']}{again}"
        for issue in row.get("issues", ()):
            yield f"    {_issue(issue)}"
    counts = ", ".join(f"{summary[status]} {status}" for status in _STATUSES)
    yield (
        f"Records: {counts}." if summary["records"] else "There is no record in it, so nothing was recorded."
    )


def _issue(issue: dict[str, Any]) -> str:
    place = f"segment {issue['segment']} {issue['field']}".rstrip()
    return f"{issue['severity']} at {place} [{issue['code']}]: {issue['message']}"
