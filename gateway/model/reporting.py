"""Who must report, and what each dispenser has reported: days, not dispensations. Nothing here is about a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.model.parties import Dispenser


class ReportingSchedule(StrEnum):
    """How often a dispenser must report."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDispenser:
    """A dispenser that must report, as the operator lists it.

    `since` is the first day it must report of, `closed` the last one; one that is `exempt` need not report. Without a
    `schedule` its kind decides. `key` is the store's, opaque, and None on what is to be kept.
    """

    dispenser: Dispenser
    since: date
    schedule: ReportingSchedule | None = None
    exempt: bool = False
    closed: date | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredDays:
    """The days of which a dispenser has told what it dispensed: one day of dispensations (`first` is `last`), or the
    period of a zero report. `received_at` is when that was first told."""

    first: date
    last: date
    is_zero: bool
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """A dispenser that has reported.

    `key` is the store's and opaque. `dispenser` and `received_at` are of the first report of the last day on which
    there was one. `first_day` is the first day of the earliest it has covered, `last` is what it has covered with the
    latest end; both are None when it has sent corrections only.
    """

    key: str
    dispenser: Dispenser
    received_at: datetime
    first_day: date | None
    last: CoveredDays | None
