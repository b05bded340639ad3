"""What a record store shows of a history, and of its revisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.errors import Conflict
from gateway.model import (
    DispensationStatus,
    Period,
)
from gateway.store import Store
from tests.contract.ports.records import ALWAYS, KEYS, fills, held, record_one, reported
from tests.factory import a_person


def test_history_is_newest_fill_first_and_by_order_of_record_within_a_day(record: Store) -> None:
    days = [date(2026, 3, 1), date(2026, 5, 1), date(2026, 3, 1), date(2025, 1, 1), date(2026, 5, 1)]
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number, day in enumerate(days):
            unit.add_dispensation(key, reported(rx_number=str(number), filled=day), KEYS)
    assert [one.rx_number for one in fills(record, key)] == ["1", "4", "0", "2", "3"]


def test_a_period_includes_both_its_ends_and_may_be_open(record: Store) -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 4)
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number in range(4):
            unit.add_dispensation(
                key, reported(rx_number=str(number), filled=first + timedelta(days=number)), KEYS
            )

    def found(start: date | None, end: date | None) -> str:
        return "".join(one.rx_number for one in fills(record, key, Period(start=start, end=end)))

    assert found(None, None) == found(first, last) == "3210"
    assert found(first + timedelta(days=1), None) == "321"
    assert found(None, last - timedelta(days=1)) == "210"
    assert found(first, first) == "0"
    assert found(last + timedelta(days=1), None) == found(None, first - timedelta(days=1)) == ""
    assert found(date.min, date.max) == "3210"


def test_nobody_is_not_the_same_as_nothing(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
    assert fills(record, key) == ()
    known = record_one(record, reported())
    assert known.person.key is not None
    far = Period(start=date(2001, 1, 1), end=date(2001, 1, 1))
    assert fills(record, known.person.key, far) == ()
    for nobody in (
        "0000000000000",
        "7ZZZZZZZZZZZZ",
        "",
        "x",
        key.lower() + "x",
        key[:-1],
        f"{key} ",
        "é" * 13,
    ):
        assert record.history(nobody, ALWAYS) is None


def test_a_key_is_written_in_one_way_only(record: Store) -> None:
    recorded = record_one(record, reported())
    key, id_ = recorded.person.key, recorded.id
    assert key is not None
    assert id_ is not None
    assert record.history("8" + key[1:], ALWAYS) is None
    assert record.history("Z" + key[1:], ALWAYS) is None
    for other in (
        key,
        f"{key}-",
        f"{key}-01",
        f"{key}-2",
        f"{id_}-1",
        f"{key}-ZZZZZZZZZZ",
        f" {id_}",
        "-1",
        "",
    ):
        assert record.dispensation(other) is None
    assert record.dispensation(id_) == recorded


def test_a_revision_replaces_and_a_void_hides(record: Store) -> None:
    recorded = record_one(record, reported(), KEYS)
    key = recorded.person.key
    assert key is not None
    with record.intake() as unit:
        revised = unit.add_dispensation(key, replace(reported(), id=recorded.id, days_supply=5), KEYS)
    assert (revised.id, revised.revision, revised.days_supply) == (recorded.id, 2, 5)
    assert fills(record, key) == (revised,)
    with record.intake() as unit:
        withdrawn = replace(reported(), id=recorded.id, status=DispensationStatus.VOID)
        void = unit.add_dispensation(key, withdrawn, KEYS)
        assert held(unit, reported()) == void
    assert void.revision == 3
    assert fills(record, key) == ()
    assert record.dispensation(recorded.id or "") == void
    assert (record.people(), record.dispensations()) == (1, 1)


def test_a_revised_fill_date_counts_for_the_period(record: Store) -> None:
    old, new = date(2026, 1, 1), date(2026, 2, 1)
    recorded = record_one(record, reported(filled=old))
    key = recorded.person.key
    assert key is not None
    with record.intake() as unit:
        revised = unit.add_dispensation(key, replace(reported(filled=new), id=recorded.id), KEYS)
    assert fills(record, key, Period(start=old, end=old)) == ()
    assert fills(record, key, Period(start=new, end=new)) == (revised,)
    with record.intake() as unit:
        for day in (old, new):
            assert held(unit, reported(filled=day)) == revised, "the old report, sent again, is still known"


def test_several_revisions_in_one_unit(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        last = unit.add_dispensation(key, reported(), KEYS)
        for supply in (3, 4, 5):
            last = unit.add_dispensation(key, replace(reported(), id=last.id, days_supply=supply), KEYS)
            assert held(unit, reported()) == last
    assert last.revision == 4
    assert fills(record, key) == (last,)


def test_a_revision_of_what_is_not_there_is_refused(record: Store) -> None:
    mine, other = record_one(record, reported()), record_one(record, reported(rx_number="other"))
    mine_key = mine.person.key
    assert mine_key is not None
    with record.intake() as unit:
        for id_ in (other.id, f"{mine_key}-9", "nonsense"):
            with pytest.raises(Conflict):
                unit.add_dispensation(mine_key, replace(reported(), id=id_), KEYS)
        for id_ in (mine.id, other.id):
            with pytest.raises(Conflict):
                unit.add_dispensation(mine_key, replace(reported(rx_number="other"), id=id_), KEYS)
        for nobody in ("0000000000000", "nobody"):
            with pytest.raises(Conflict):
                unit.add_dispensation(nobody, reported(rx_number="new"), KEYS)
    assert fills(record, mine_key) == (mine,)
    assert fills(record, other.person.key) == (other,)
