"""When a report is due and which days are missing, day by day. 2026-03-02 is a Monday."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.compliance import Days, ReportingRules
from gateway.model import PartyKind, ReportingSchedule

DAILY, WEEKLY = ReportingSchedule.DAILY, ReportingSchedule.WEEKLY
WEEKEND = ("saturday", "sunday")
LONG_AFTER = datetime(2026, 3, 31, tzinfo=UTC)


def _rules(**over: Any) -> ReportingRules:
    return ReportingRules(**{"weekly": ["veterinary"], **over})


def _march(day: int) -> date:
    return date(2026, 3, day)


def _at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("over", "schedule", "covered_until", "due"),
    [
        # Tuesday's dispensations are due by the end of Wednesday, which is the beginning of Thursday
        ({}, DAILY, 2, _at(5)),
        ({"grace_hours": 12}, DAILY, 2, _at(5, 12)),
        ({"grace_hours": 36}, DAILY, 2, _at(6, 12)),
        # Friday is reported: Saturday is due on Sunday, or with weekends closed Monday is on Tuesday
        ({}, DAILY, 6, _at(9)),
        ({"closed_weekdays": WEEKEND}, DAILY, 6, _at(11)),
        # Thursday is reported: Friday is due on Monday
        ({"closed_weekdays": WEEKEND}, DAILY, 5, _at(10)),
        ({"closed_weekdays": ["Sunday"], "holidays": [date(2026, 3, 9)]}, DAILY, 6, _at(11)),
        ({}, WEEKLY, 2, _at(10)),
        ({"closed_weekdays": WEEKEND, "grace_hours": 1}, WEEKLY, 7, _at(17, 1)),
    ],
)
def test_when_the_next_report_is_late(
    over: dict[str, Any], schedule: ReportingSchedule, covered_until: int, due: datetime
) -> None:
    assert _rules(**over).due(schedule, _march(covered_until)) == due


def test_the_kind_decides_how_often() -> None:
    kinds = {kind: _rules().schedule_of(kind) for kind in PartyKind}
    assert [kind for kind, schedule in kinds.items() if schedule is WEEKLY] == [PartyKind.VETERINARY]


def _missing(
    schedule: ReportingSchedule, *covered: tuple[int, int], as_of: datetime = LONG_AFTER, **over: Any
) -> list[tuple[int, int]]:
    found = _rules(**over).missing(
        schedule, [Days(_march(a), _march(b)) for a, b in covered], Days(_march(2), _march(20)), as_of
    )
    return [(days.first.day, days.last.day) for days in found]


@pytest.mark.parametrize(
    ("covered", "over", "missing"),
    [
        ([(2, 20)], {}, []),
        ([], {}, [(2, 20)]),
        ([(2, 2), (5, 20)], {}, [(3, 4)]),
        ([(1, 3), (5, 8), (10, 31)], {}, [(4, 4), (9, 9)]),
        ([(2, 6), (9, 20)], {"closed_weekdays": WEEKEND}, []),
        ([(2, 5), (10, 20)], {"closed_weekdays": WEEKEND}, [(6, 9)]),
        ([(2, 5), (9, 20)], {"closed_weekdays": WEEKEND}, [(6, 6)]),
        ([(2, 6), (10, 20)], {"closed_weekdays": WEEKEND}, [(9, 9)]),
        ([(2, 3), (5, 20)], {"holidays": [date(2026, 3, 4)]}, []),
    ],
)
def test_days_that_a_daily_reporter_misses(
    covered: list[tuple[int, int]], over: dict[str, Any], missing: list[tuple[int, int]]
) -> None:
    assert _missing(DAILY, *covered, **over) == missing


def test_a_day_that_is_not_late_is_not_missing() -> None:
    assert _missing(DAILY, (2, 10), as_of=_at(12)) == []
    assert _missing(DAILY, (2, 10), as_of=_at(13)) == [(11, 11)]
    assert _missing(DAILY, (2, 10), as_of=_at(13), grace_hours=1) == []
    assert _missing(DAILY, (2, 10), as_of=_at(15)) == [(11, 13)]


@pytest.mark.parametrize(
    ("covered", "missing"),
    [
        ([(3, 3), (9, 9), (16, 16)], []),
        ([(3, 3), (10, 10), (17, 17)], []),  # six days between
        ([(3, 3), (11, 11), (17, 17)], [(4, 10)]),  # seven
        ([], [(2, 20)]),
        ([(2, 8), (9, 20)], []),
    ],
)
def test_weeks_that_a_weekly_reporter_misses(
    covered: list[tuple[int, int]], missing: list[tuple[int, int]]
) -> None:
    assert _missing(WEEKLY, *covered) == missing


def test_a_week_that_is_not_late_is_not_missing() -> None:
    assert _missing(WEEKLY, (2, 12), as_of=_at(19)) == []
    assert _missing(WEEKLY, (2, 12), as_of=_at(20)) == [(13, 20)]


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"weekly": ["vet"]}, "vet"),
        ({"closed_weekdays": ["Sonntag"]}, "reporting.closed_weekdays: expected names of monday"),
        (
            {"closed_weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", *WEEKEND]},
            "one day of the week at least must be open",
        ),
        ({"grace_hours": -1}, "reporting.grace_hours: expected 0 or more"),
    ],
)
def test_rules_that_cannot_be(over: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _rules(**over)
