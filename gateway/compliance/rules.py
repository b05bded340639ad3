"""One state's rules: when the next report is due, and which days are missing.

A daily reporter owes a report of every open day, due by the end of the next open day. A weekly one owes a report
every seven days. Days end at midnight UTC; the grace that follows is the state's, and covers the hours for which the
day goes on there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from gateway.model import PartyKind, ReportingSchedule

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Days:
    """Some days, both ends included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1


class ReportingRules:
    """When dispensers must report.

    :param weekly: kinds of dispensers that report once a week; all others report daily.
    :param closed_weekdays: English names of the days of the week of which nobody reports, and on which none is due.
    :param holidays: further days of that sort.
    :param grace_hours: hours after the end (UTC) of the day on which a report is due, until it is late.
    :raises ValueError: a kind or a weekday that there is not, no open day in the week, or grace below nothing.
    """

    def __init__(
        self,
        *,
        weekly: Iterable[str],
        closed_weekdays: Iterable[str] = (),
        holidays: Iterable[date] = (),
        grace_hours: int = 0,
    ) -> None:
        self._weekly = frozenset(PartyKind(kind) for kind in weekly)
        self._closed = frozenset(_weekday(name) for name in closed_weekdays)
        if len(self._closed) == len(_WEEKDAYS):
            raise ValueError("reporting.closed_weekdays: one day of the week at least must be open")
        if grace_hours < 0:
            raise ValueError("reporting.grace_hours: expected 0 or more")
        self._holidays = frozenset(holidays)
        self._grace = timedelta(hours=grace_hours)

    def schedule_of(self, kind: PartyKind) -> ReportingSchedule:
        """How often a dispenser of that kind reports."""
        return ReportingSchedule.WEEKLY if kind in self._weekly else ReportingSchedule.DAILY

    def next_owed(self, schedule: ReportingSchedule, covered_until: date) -> date:
        """The first day of which a report is owed, when all is reported up to `covered_until`."""
        if schedule is ReportingSchedule.WEEKLY:
            return covered_until + _DAY
        return self._open_after(covered_until)

    def due(self, schedule: ReportingSchedule, covered_until: date) -> datetime:
        """When the next report is late, when all is reported up to `covered_until`."""
        if schedule is ReportingSchedule.WEEKLY:
            last = covered_until + _WEEK
            by = last if self._is_open(last) else self._open_after(last)
        else:
            by = self._open_after(self._open_after(covered_until))
        return datetime.combine(by + _DAY, time.min, UTC) + self._grace

    def missing(
        self, schedule: ReportingSchedule, covered: Sequence[Days], owed: Days, as_of: datetime
    ) -> tuple[Days, ...]:
        """The days without a report whose report is late by then, as stretches. Closed days interrupt none and begin
        none.

        :param owed: the days looked at.
        """
        stretches = self._uncovered(schedule, covered, owed)
        if schedule is ReportingSchedule.WEEKLY:
            # a week is missed when seven days in a row are in no report
            return tuple(
                days
                for days in stretches
                if days.last - days.first >= _WEEK - _DAY and self.due(schedule, days.first - _DAY) <= as_of
            )
        late = (self._until_late(days, as_of) for days in stretches)
        return tuple(days for days in late if days is not None)

    def _uncovered(self, schedule: ReportingSchedule, covered: Sequence[Days], owed: Days) -> list[Days]:
        told = {
            day
            for days in covered
            for day in _each(Days(max(days.first, owed.first), min(days.last, owed.last)))
        }
        found: list[Days] = []
        is_running = False
        for day in _each(owed):
            if day in told:
                is_running = False
            elif schedule is ReportingSchedule.WEEKLY or self._is_open(day):
                found[-1:] = [Days(found[-1].first, day)] if is_running else [*found[-1:], Days(day, day)]
                is_running = True
        return found

    def _until_late(self, days: Days, as_of: datetime) -> Days | None:
        """As many of the days as are late."""
        late = [
            day
            for day in _each(days)
            if self._is_open(day) and self.due(ReportingSchedule.DAILY, day - _DAY) <= as_of
        ]
        return Days(late[0], late[-1]) if late else None

    def _is_open(self, day: date) -> bool:
        return day.weekday() not in self._closed and day not in self._holidays

    def _open_after(self, day: date) -> date:
        day += _DAY
        while not self._is_open(day):
            day += _DAY
        return day


def _weekday(name: str) -> int:
    try:
        return _WEEKDAYS.index(name.strip().lower())
    except ValueError:
        raise ValueError(f"reporting.closed_weekdays: expected names of {', '.join(_WEEKDAYS)}") from None


def _each(days: Days) -> Iterable[date]:
    return (days.first + timedelta(days=number) for number in range(days.count))
