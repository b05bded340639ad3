"""Who has reported which days: what units of intake add, and the list of those who must."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest

from gateway.errors import Conflict, Contended
from gateway.model import (
    CoveredDays,
    Dispenser,
    ExpectedDispenser,
    PartyKind,
    Reporter,
    ReportingSchedule,
)
from gateway.store import Store
from tests.factory import NOW, a_dispenser

LATER = NOW + timedelta(days=1)
MONDAY = date(2026, 3, 2)
SHOP = a_dispenser()


def _day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def _report(store: Store, *days: int, dispenser: Dispenser = SHOP) -> None:
    with store.intake() as unit:
        unit.add_report(dispenser, [_day(n) for n in days])


def _zero(store: Store, first: int, last: int, dispenser: Dispenser = SHOP) -> bool:
    with store.intake() as unit:
        return unit.add_zero_report(dispenser, _day(first), _day(last))


def _only(store: Store, as_of: datetime = LATER) -> Reporter:
    (one,) = store.reporters(as_of)
    return one


def _covered(store: Store, since: int = 0, as_of: datetime = LATER) -> list[tuple[int, int, bool]]:
    key = _only(store, as_of).key
    found: list[CoveredDays] = list(store.covered([key], _day(since), as_of)[key])
    return [((c.first - MONDAY).days, (c.last - MONDAY).days, c.is_zero) for c in found]


def test_nobody_has_reported_to_an_empty_record(record: Store) -> None:
    assert list(record.reporters(LATER)) == []
    assert record.covered(["00" * 16], MONDAY, LATER) == {"00" * 16: []}
    assert list(record.expected()) == []


def test_days_that_are_reported_are_covered_once(record: Store) -> None:
    _report(record, 2, 0)
    _report(record, 2, 3)
    assert _covered(record) == [(0, 0, False), (2, 2, False), (3, 3, False)]
    one = _only(record)
    assert one.dispenser == SHOP
    assert (one.first_day, one.last and one.last.last) == (_day(0), _day(3))


def test_the_first_report_of_a_day_says_when_it_was_received(record: Store) -> None:
    _report(record, 0)
    first = _only(record)
    _report(record, 0, 1)
    key = first.key
    told = record.covered([key], MONDAY, LATER)[key]
    assert first.last is not None
    assert told[0].received_at == first.last.received_at < told[1].received_at
    assert told[0].received_at.utcoffset() == timedelta()


def test_corrections_are_a_report_that_covers_no_day(record: Store) -> None:
    _report(record)
    one = _only(record)
    assert (one.first_day, one.last) == (None, None)
    assert NOW < one.received_at < LATER


def test_a_zero_report_is_recorded_once(record: Store) -> None:
    assert _zero(record, 0, 6)
    assert not _zero(record, 0, 6)
    assert _zero(record, 0, 5)
    assert _covered(record) == [(0, 5, True), (0, 6, True)]
    with record.intake() as unit:
        assert unit.add_zero_report(SHOP, _day(7), _day(8))
        assert not unit.add_zero_report(SHOP, _day(7), _day(8))
    assert _covered(record, since=7) == [(7, 8, True)]


def test_dispensations_in_the_period_of_a_zero_report_are_found(record: Store) -> None:
    _report(record, 2)
    _zero(record, 4, 6)
    with record.intake() as unit:
        assert unit.has_dispensed(SHOP, _day(2), _day(2))
        assert unit.has_dispensed(SHOP, _day(0), _day(6))
        assert not unit.has_dispensed(SHOP, _day(3), _day(6))
        assert not unit.has_dispensed(a_dispenser(ncpdp_id="7654321"), _day(2), _day(2))
        unit.add_report(SHOP, [_day(5)])
        assert unit.has_dispensed(SHOP, _day(3), _day(6)), "what this unit has added counts"


def test_what_has_the_latest_end_counts_as_the_last(record: Store) -> None:
    _zero(record, 0, 9)
    _report(record, 3)
    last = _only(record).last
    assert last is not None
    assert (last.first, last.last, last.is_zero) == (_day(0), _day(9), True)


def test_only_what_had_been_received_by_then_counts(record: Store) -> None:
    _report(record, 0)
    then = _only(record).last
    assert then is not None
    _report(record, 1)
    assert _covered(record, as_of=then.received_at) == [(0, 0, False)]
    assert _only(record, then.received_at).last == then
    assert list(record.reporters(NOW)) == []


def test_only_days_that_end_since_are_read(record: Store) -> None:
    _report(record, 0, 3, 5)
    _zero(record, 0, 4)
    assert _covered(record, since=4) == [(0, 4, True), (5, 5, False)]


def test_a_dispenser_is_the_one_that_its_first_identifier_names(record: Store) -> None:
    _report(record, 0)
    _report(record, 1, dispenser=a_dispenser(name="Renamed", phone=None, npi=None))
    assert len(_covered(record)) == 2
    _report(record, 1, dispenser=a_dispenser(ncpdp_id=None))
    _report(record, 1, dispenser=a_dispenser(ncpdp_id="7654321"))
    assert len(record.reporters(LATER)) == 3


def test_a_unit_that_fails_leaves_no_report_and_remembers_none(record: Store) -> None:
    def fail() -> None:
        with record.intake() as unit:
            unit.add_report(SHOP, [MONDAY])
            unit.add_zero_report(SHOP, _day(1), _day(2))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    assert list(record.reporters(LATER)) == []
    _report(record, 0)
    assert _covered(record) == [(0, 0, False)]


def test_another_process_sees_what_is_on_disk(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    _report(one, 0)
    _report(other, 0, 1)
    _report(one, 1, 2)
    assert _covered(other) == [(0, 0, False), (1, 1, False), (2, 2, False)]


def test_units_side_by_side_lose_no_report(open_store: Callable[[], Store]) -> None:
    """Each of them adds the same first day, and a day of its own."""
    stores = [open_store(), open_store()]
    writers = 4
    start = Barrier(writers)

    def add(writer: int) -> None:
        start.wait()
        while True:
            try:
                with stores[writer % 2].intake() as unit:
                    unit.add_report(SHOP, [_day(0), _day(writer + 1)])
                    unit.add_zero_report(SHOP, _day(20), _day(21))
            except Contended:
                continue
            return

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(add, range(writers)))
    days = [(n, n, False) for n in range(writers + 1)]
    assert _covered(stores[0]) == [*days, (20, 21, True)]


# --- who must report ------------------------------------------------------------------------------------------

VET = ExpectedDispenser(
    dispenser=Dispenser(dea="FX1234563", name="Dr Hartwell", kind=PartyKind.VETERINARY),
    since=MONDAY,
    closed=date(2027, 1, 31),
)
LISTED = ExpectedDispenser(
    dispenser=Dispenser(ncpdp_id=SHOP.ncpdp_id, npi="1234567893", dea="BC6486054", name="Larkspur"),
    since=MONDAY,
    schedule=ReportingSchedule.WEEKLY,
    exempt=True,
)


def _said(store: Store) -> list[tuple[object, ...]]:
    told = [(one.dispenser, one.since, one.schedule, one.exempt, one.closed) for one in store.expected()]
    return sorted(told, key=str)


def _says(*expected: ExpectedDispenser) -> list[tuple[object, ...]]:
    return sorted(((e.dispenser, e.since, e.schedule, e.exempt, e.closed) for e in expected), key=str)


def test_the_list_is_what_was_listed_last(record: Store) -> None:
    record.expect([VET, LISTED])
    assert _said(record) == _says(VET, LISTED)
    record.expect([VET])
    assert _said(record) == _says(VET)
    record.expect([])
    assert _said(record) == []


def test_a_dispenser_listed_twice_changes_nothing(record: Store) -> None:
    record.expect([VET])
    twice = ExpectedDispenser(dispenser=Dispenser(ncpdp_id=SHOP.ncpdp_id), since=MONDAY)
    with pytest.raises(Conflict, match="twice"):
        record.expect([LISTED, twice])
    assert _said(record) == _says(VET)


def test_a_listed_dispenser_has_the_key_under_which_it_reports(record: Store) -> None:
    record.expect([LISTED])
    _report(record, 0)
    (listed,) = record.expected()
    assert listed.key == _only(record).key
