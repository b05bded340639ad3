"""A standing as JSON and as a row of a table: one wording for the command and for HTTP.

Days are written as 2026-03-01 and include both ends, instants are UTC, `overdue_hours` are whole hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.compliance.rules import Days
from gateway.compliance.standing import Details, Standing, write_instant
from gateway.model import CoveredDays

COLUMNS: Final = (
    *("name", "ncpdp_id", "npi", "dea", "phone", "listed", "schedule", "status"),
    *("last_received", "covers", "next_due", "overdue_hours", "days_reported", "zero_reports", "missing"),
)
_HOUR = timedelta(hours=1)


def as_json(one: Standing, details: Details, *, with_days: bool = False) -> dict[str, Any]:
    """The standing as an object; `with_days` adds everything it has told of the days looked at."""
    content: dict[str, Any] = {
        "name": one.dispenser.name,
        "ncpdp_id": one.dispenser.ncpdp_id,
        "npi": one.dispenser.npi,
        "dea": one.dispenser.dea,
        "phone": one.dispenser.phone,
        "listed": one.is_listed,
        "schedule": one.schedule.value,
        "status": one.status.value,
        "last_received": _instant(one.received_at),
        "covers": one.last and _covered(one.last),
        "next_due": _instant(one.next_due),
        "overdue_hours": None if one.overdue is None else one.overdue // _HOUR,
        "days_reported": details.days_reported,
        "zero_reports": details.zero_reports,
        "missing": [_days(days) for days in details.missing],
    }
    if with_days:
        content["days"] = [
            {**_covered(days), "received": _instant(days.received_at)} for days in details.covered
        ]
    return content


def as_row(one: Standing, details: Details) -> list[str]:
    """The standing as text under `COLUMNS`; an empty text is nothing."""
    content = as_json(one, details)
    content["covers"] = "" if one.last is None else covers(one.last)
    content["missing"] = stretches(details.missing)
    content["listed"] = "yes" if one.is_listed else "no"
    return ["" if content[name] is None else str(content[name]) for name in COLUMNS]


def covers(days: CoveredDays) -> str:
    """The days, and whether they are a zero report's."""
    return f"{stretches([Days(days.first, days.last)])}{' zero' if days.is_zero else ''}"


def stretches(all_days: Iterable[Days]) -> str:
    """The days in one line, as 2026-03-01/2026-03-03 (ISO 8601) or one day alone."""
    return " ".join(
        str(days.first) if days.first == days.last else f"{days.first}/{days.last}" for days in all_days
    )


def _covered(days: CoveredDays) -> dict[str, Any]:
    return {**_days(Days(days.first, days.last)), "zero_report": days.is_zero}


def _days(days: Days) -> dict[str, str]:
    return {"first": days.first.isoformat(), "last": days.last.isoformat()}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else write_instant(instant.replace(microsecond=0))
