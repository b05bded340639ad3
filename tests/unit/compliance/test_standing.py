"""How dispensers stand: those that never report first, each dispenser once, and none accused of what it has done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.compliance import Compliance, ReportingRules, Standing, Status, as_json, as_row, read_instant
from gateway.model import (
    CoveredDays,
    Dispenser,
    ExpectedDispenser,
    PartyKind,
    Reporter,
    ReportingSchedule,
)

NOW = datetime(2026, 3, 20, 18, tzinfo=UTC)
YESTERDAY = date(2026, 3, 19)


def _covered(last: date, first: date | None = None, *, is_zero: bool = False) -> CoveredDays:
    received = datetime.combine(last, datetime.min.time(), UTC) + timedelta(hours=30)
    return CoveredDays(first=first or last, last=last, is_zero=is_zero, received_at=received)


@dataclass
class Log:
    """A reporting log that holds what a test says; the real one has its own contract tests."""

    listed: Sequence[ExpectedDispenser] = ()
    reported: Mapping[str, tuple[Dispenser, Sequence[CoveredDays]]] = field(default_factory=dict)

    def reporters(self, as_of: datetime) -> Sequence[Reporter]:
        return [
            Reporter(
                key=key,
                dispenser=dispenser,
                received_at=max((c.received_at for c in covered), default=NOW),
                first_day=min((c.first for c in covered), default=None),
                last=max(covered, key=lambda c: c.last, default=None),
            )
            for key, (dispenser, covered) in self.reported.items()
        ]

    def covered(
        self, keys: Collection[str], since: date, as_of: datetime
    ) -> Mapping[str, Sequence[CoveredDays]]:
        return {key: [c for c in dict(self.reported)[key][1] if c.last >= since] for key in keys}

    def expected(self) -> Sequence[ExpectedDispenser]:
        return self.listed

    def expect(self, dispensers: Sequence[ExpectedDispenser]) -> None:
        raise AssertionError("only read here")


def _compliance(log: Log) -> Compliance:
    return Compliance(log=log, rules=ReportingRules(weekly=["veterinary"], grace_hours=12), clock=lambda: NOW)


def _expected(key: str, since: date = date(2026, 1, 1), **over: Any) -> ExpectedDispenser:
    dispenser = over.pop("dispenser", Dispenser(ncpdp_id=key, name=f"Shop {key}"))
    return ExpectedDispenser(key=key, dispenser=dispenser, since=since, **over)


def _only(log: Log) -> Standing:
    (one,) = _compliance(log).standings(NOW)
    return one


def _shop(key: str, **over: Any) -> Dispenser:
    return Dispenser(**{"ncpdp_id": key, "name": f"Shop {key}", **over})


def test_who_reports_daily_and_has_reported_yesterday_is_current() -> None:
    one = _only(Log([_expected("1")], {"1": (_shop("1"), [_covered(YESTERDAY)])}))
    assert (one.status, one.is_late, one.is_listed) == (Status.CURRENT, False, True)
    assert one.next_due == datetime(2026, 3, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "status", "overdue"),
    [
        (date(2026, 3, 18), Status.CURRENT, None),  # due by the end of the 20th, and the grace
        (date(2026, 3, 17), Status.OVERDUE, timedelta(hours=6)),
        (date(2026, 3, 7), Status.OVERDUE, timedelta(days=10, hours=6)),
    ],
)
def test_who_has_not_reported_the_day_before_is_overdue(
    last: date, status: Status, overdue: timedelta | None
) -> None:
    one = _only(Log([_expected("1")], {"1": (_shop("1"), [_covered(last)])}))
    assert (one.status, one.overdue) == (status, overdue)


def test_a_zero_report_counts_to_its_last_day() -> None:
    zero = _covered(YESTERDAY, date(2026, 3, 1), is_zero=True)
    one = _only(Log([_expected("1")], {"1": (_shop("1"), [_covered(date(2026, 2, 28)), zero])}))
    assert (one.status, one.last) == (Status.CURRENT, zero)


def test_the_order_is_who_must_be_called_first() -> None:
    log = Log(
        [
            _expected("1"),
            _expected("2", since=date(2026, 3, 1)),
            _expected("3"),
            _expected("4"),
            _expected("5", exempt=True),
            _expected("6", closed=date(2025, 12, 31)),
            _expected("7", since=date(2026, 3, 20)),
        ],
        {"3": (_shop("3"), [_covered(YESTERDAY)]), "4": (_shop("4"), [_covered(date(2026, 2, 1))])},
    )
    standings = _compliance(log).standings(NOW)
    assert [(one.dispenser.ncpdp_id, one.status.value) for one in standings] == [
        ("1", "never reported"),
        ("2", "never reported"),
        ("4", "overdue"),
        ("3", "current"),
        ("7", "current"),
        ("5", "exempt"),
        ("6", "closed"),
    ]
    assert [one.is_late for one in standings] == [True, True, True, False, False, False, False]


def test_the_kind_decides_unless_the_list_does() -> None:
    vet = Dispenser(dea="FX1234563", kind=PartyKind.VETERINARY)
    shop = _shop("2")
    log = Log(
        [
            _expected("1", dispenser=vet),
            _expected("2", dispenser=shop, schedule=ReportingSchedule.WEEKLY),
        ],
        {"1": (vet, [_covered(date(2026, 3, 14))]), "2": (shop, [_covered(date(2026, 3, 12))])},
    )
    standings = _compliance(log).standings(NOW)
    assert {one.schedule for one in standings} == {ReportingSchedule.WEEKLY}
    assert [one.overdue for one in standings] == [timedelta(hours=6), None]


def test_one_that_has_closed_owes_the_days_until_then() -> None:
    def closed(last: date) -> Standing:
        listed = _expected("1", closed=date(2026, 3, 10))
        return _only(Log([listed], {"1": (_shop("1"), [_covered(last)])}))

    assert closed(date(2026, 3, 10)).status is Status.CLOSED
    assert closed(date(2026, 3, 9)).status is Status.OVERDUE


def test_what_was_sent_before_the_first_day_owed_does_not_make_it_late() -> None:
    listed = _expected("1", since=date(2026, 3, 19))
    one = _only(Log([listed], {"1": (_shop("1"), [_covered(date(2024, 3, 1))])}))
    assert (one.status, one.next_due) == (Status.CURRENT, datetime(2026, 3, 21, 12, tzinfo=UTC))


def test_corrections_alone_are_contact_and_cover_nothing() -> None:
    one = _only(Log([_expected("1")], {"1": (_shop("1"), [])}))
    assert (one.status, one.received_at, one.last) == (Status.OVERDUE, NOW, None)


def test_one_that_is_not_listed_is_judged_from_its_first_day() -> None:
    log = Log((), {"1": (_shop("1"), [_covered(date(2026, 3, 1)), _covered(date(2026, 3, 5))])})
    one = _only(log)
    assert (one.is_listed, one.status, one.since) == (False, Status.OVERDUE, date(2026, 3, 1))
    (details,) = _compliance(log).details([one], NOW, 30)
    assert [(d.first.day, d.last.day) for d in details.missing] == [(2, 4), (6, 18)]


# --- one dispenser by several identifiers ---------------------------------------------------------------------

FULL = {"npi": "1234567893", "dea": "BC6486054"}


def test_a_pharmacy_that_names_itself_by_less_is_the_listed_one() -> None:
    listed = _expected("k1", dispenser=_shop("1", **FULL))
    log = Log(
        [listed],
        {
            "k1": (_shop("1", **FULL), [_covered(date(2026, 3, 1))]),
            "k2": (Dispenser(npi=FULL["npi"]), [_covered(date(2026, 3, 18))]),
            "k3": (Dispenser(dea="bc6486054"), [_covered(YESTERDAY)]),
        },
    )
    one = _only(log)
    assert (one.status, one.keys) == (Status.CURRENT, ("k1", "k2", "k3"))
    (details,) = _compliance(log).details([one], NOW, 10)
    assert details.days_reported == 2
    assert one.is_known_by(" bc6486054")


def test_a_pharmacy_that_names_itself_by_more_is_the_listed_one() -> None:
    listed = _expected("k1", dispenser=Dispenser(npi=FULL["npi"], name="Listed"))
    one = _only(Log([listed], {"k2": (_shop("1", phone="860", **FULL), [_covered(YESTERDAY)])}))
    assert (one.status, one.dispenser.ncpdp_id, one.dispenser.name) == (Status.CURRENT, "1", "Listed")
    assert one.dispenser.phone == "860"


@pytest.mark.parametrize(
    "reporter",
    [
        _shop("3", npi=FULL["npi"]),  # another shop of the chain, not on the list
        Dispenser(npi=FULL["npi"]),  # either of them
        Dispenser(npi=FULL["npi"], dea="AB1111119"),  # another registration
    ],
)
def test_shops_of_a_chain_are_not_taken_for_one_another(reporter: Dispenser) -> None:
    listed = [
        _expected("k1", dispenser=_shop("1", npi=FULL["npi"], dea="BC6486054")),
        _expected("k2", dispenser=_shop("2", npi=FULL["npi"], dea="BC1111111")),
    ]
    log = Log(listed, {"other": (reporter, [_covered(YESTERDAY)])})
    standings = {one.dispenser.ncpdp_id: one for one in _compliance(log).standings(NOW) if one.is_listed}
    assert [standings[n].status for n in ("1", "2")] == [Status.NEVER, Status.NEVER]
    assert len(_compliance(log).standings(NOW)) == 3


# --- how it is said -------------------------------------------------------------------------------------------


def test_a_standing_as_json_and_as_a_row() -> None:
    days = [
        _covered(date(2026, 3, 12)),
        _covered(date(2026, 3, 15), date(2026, 3, 14), is_zero=True),
        _covered(date(2026, 3, 15)),
    ]
    log = Log([_expected("1")], {"1": (_shop("1"), days)})
    one = _only(log)
    (details,) = _compliance(log).details([one], NOW, 9)
    content = as_json(one, details, with_days=True)
    assert content["covers"]["last"] == "2026-03-15"
    assert content["next_due"] == "2026-03-18T12:00:00Z"
    assert (content["overdue_hours"], content["days_reported"], content["zero_reports"]) == (54, 2, 1)
    assert content["missing"] == [
        {"first": "2026-03-13", "last": "2026-03-13"},
        {"first": "2026-03-16", "last": "2026-03-18"},
    ]
    assert [d["zero_report"] for d in content["days"]] == [False, True, False]
    row = as_row(one, details)
    assert row[-1] == "2026-03-13 2026-03-16/2026-03-18"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30-05:00", datetime(2026, 3, 1, 17, 30, tzinfo=UTC)),
    ],
)
def test_instants_as_people_write_them(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|ahead|range"):
        read_instant(text)
