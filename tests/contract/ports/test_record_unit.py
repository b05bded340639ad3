"""One transaction of intake: the same fill is found, and all of it is on disk or nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from threading import Barrier, Event
from typing import Any

import pytest

from gateway.errors import Conflict, Contended, Unavailable
from gateway.model import (
    Dispensation,
    DispensationStatus,
    Dispenser,
    Drug,
    Licence,
    Person,
    PersonName,
    Prescriber,
    Sex,
)
from gateway.store import Store
from gateway.store.store import MANY
from tests.contract.ports.fakes import FakeVault, Ticking
from tests.contract.ports.records import ALWAYS, KEYS, fills, held, record_one, reported
from tests.factory import a_dispenser, a_drug, a_person


@pytest.mark.parametrize("is_flushed", [False, True])
def test_a_fill_is_recorded_once(record: Store, is_flushed: bool) -> None:
    with record.intake() as unit:
        assert held(unit, reported()) is None
        key = unit.add_person(a_person(), KEYS)
        recorded = unit.add_dispensation(key, reported(), KEYS)
        if not is_flushed:
            assert held(unit, reported(days_supply=99)) == recorded
            with pytest.raises(Conflict):
                unit.add_dispensation(key, reported(), KEYS)
    if is_flushed:
        with record.intake() as unit:
            assert held(unit, reported(days_supply=99)) == recorded
            with pytest.raises(Conflict):
                unit.add_dispensation(key, reported(), KEYS)
            other = unit.add_person(a_person(), KEYS)
            with pytest.raises(Conflict):
                unit.add_dispensation(other, reported(), KEYS)
    assert fills(record, key) == (recorded,)
    assert record.dispensations() == 1


@pytest.mark.parametrize(
    ("over", "is_same"),
    [
        ({"quantity": Decimal(9), "days_supply": 9, "drug": Drug(), "prescriber": Prescriber()}, True),
        ({"dispenser": a_dispenser(name="Renamed", npi="1", dea=None)}, True),
        ({"dispenser": a_dispenser(ncpdp_id=" 1234563 ")}, True),
        ({"rx_number": " 7001234"}, True),
        ({"person": Person(names=(PersonName(family="Other"),))}, True),
        ({"rx_number": "7001235"}, False),
        ({"fill_number": 1}, False),
        ({"partial_fill": 1}, False),
        ({"filled": date(2026, 9, 3)}, False),
        ({"dispenser": a_dispenser(ncpdp_id="7654321")}, False),
    ],
)
def test_what_makes_it_the_same_fill(record: Store, over: dict[str, Any], is_same: bool) -> None:
    recorded = record_one(record, reported())
    with record.intake() as unit:
        assert held(unit, reported(**over)) == (recorded if is_same else None)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (Dispenser(npi="1234567893", name="A"), Dispenser(npi="1234567893", name="B"), True),
        (Dispenser(dea="BC6486054"), Dispenser(dea="bc6486054"), True),
        (Dispenser(npi="1234567893"), Dispenser(dea="1234567893"), False),
        (
            Dispenser(licence=Licence(number="1", state="CT")),
            Dispenser(licence=Licence(number="1", state="MA")),
            False,
        ),
        (Dispenser(name="Larkspur  pharmacy"), Dispenser(name="LARKSPUR PHARMACY"), True),
        (Dispenser(name="Larkspur"), Dispenser(name="Foxglove"), False),
        (Dispenser(phone="1"), Dispenser(phone="2"), False),
        (Dispenser(phone="1"), Dispenser(phone="1"), True),
    ],
)
def test_a_dispenser_is_known_by_what_there_is(
    record: Store, one: Dispenser, other: Dispenser, is_same: bool
) -> None:
    recorded = record_one(record, reported(dispenser=one))
    with record.intake() as unit:
        assert held(unit, reported(dispenser=other)) == (recorded if is_same else None)


@pytest.mark.parametrize("is_flushed", [False, True])
def test_a_void_fill_can_be_recorded_for_somebody_else(record: Store, is_flushed: bool) -> None:
    recorded = record_one(record, reported())
    wrong = recorded.person.key
    assert wrong is not None
    with record.intake() as unit:
        unit.add_dispensation(
            wrong, replace(reported(), id=recorded.id, status=DispensationStatus.VOID), KEYS
        )
        if not is_flushed:
            right = unit.add_person(a_person(phones=()), KEYS)
            new = unit.add_dispensation(right, reported(), KEYS)
            assert held(unit, reported()) == new
    if is_flushed:
        with record.intake() as unit:
            right = unit.add_person(a_person(phones=()), KEYS)
            new = unit.add_dispensation(right, reported(), KEYS)
    with record.intake() as unit:
        assert held(unit, reported()) == new
    assert (new.person.key, new.revision) == (right, 1)
    assert fills(record, wrong) == ()
    assert fills(record, right) == (new,)


def test_two_writers_racing_record_a_fill_once(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    rounds, writers = 5, 4
    start = Barrier(writers)

    def record_if_new(writer: int, number: int) -> bool:
        store, sent = stores[writer % 2], reported(rx_number=str(number))
        start.wait()
        while True:
            try:
                with store.intake() as unit:
                    if held(unit, sent) is not None:
                        return False
                    found = unit.candidates(KEYS)
                    key = found[0].key if found else unit.add_person(sent.person, KEYS)
                    assert key is not None
                    unit.add_dispensation(key, sent, KEYS)
            except Unavailable:
                continue  # as the error says: send it again
            return True

    with ThreadPoolExecutor(writers) as pool:
        for number in range(rounds):
            assert sum(pool.map(record_if_new, range(writers), [number] * writers)) == 1
    assert (stores[0].people(), stores[0].dispensations()) == (1, rounds)


def test_large_units_follow_one_another_and_none_is_done_again(open_store: Callable[[], Store]) -> None:
    """Each reads what the others write; side by side, PostgreSQL would let one of them commit."""
    stores, writers, rounds = [open_store(), open_store()], 4, 5
    start = Barrier(writers, timeout=10)

    def record_many(writer: int) -> None:
        for number in range(rounds):
            start.wait()
            with stores[writer % 2].intake(MANY) as unit:
                found = unit.candidates(KEYS)
                key = found[0].key if found else unit.add_person(a_person(), KEYS)
                assert key is not None
                for n in range(MANY):
                    sent = reported(rx_number=f"{writer}-{number}-{n}")
                    assert held(unit, sent) is None
                    unit.add_dispensation(key, sent, KEYS)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(record_many, range(writers)))
    assert (stores[0].people(), stores[0].dispensations()) == (1, writers * rounds * MANY)


def test_a_small_unit_sees_the_large_one_for_which_it_has_waited(open_store: Callable[[], Store]) -> None:
    stores, has_begun, sent = [open_store(), open_store()], Event(), reported()

    def look() -> bool:
        has_begun.set()
        with stores[1].intake() as unit:
            return held(unit, sent) is not None

    with ThreadPoolExecutor(1) as pool, stores[0].intake(MANY) as unit:
        key = unit.add_person(a_person(), KEYS)
        looking = pool.submit(look)
        has_begun.wait()
        with pytest.raises(TimeoutError):
            looking.result(timeout=0.2)
        unit.add_dispensation(key, sent, KEYS)
    assert looking.result(timeout=5)


def test_a_large_unit_waits_for_the_small_ones(open_store: Callable[[], Store]) -> None:
    stores, sent = [open_store(), open_store()], reported()

    def look() -> bool:
        with stores[1].intake(MANY) as unit:
            return held(unit, sent) is not None

    with ThreadPoolExecutor(1) as pool, stores[0].intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        looking = pool.submit(look)
        with pytest.raises(TimeoutError):
            looking.result(timeout=0.2)
        unit.add_dispensation(key, sent, KEYS)
    assert looking.result(timeout=5)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_snapshot_that_another_writer_has_just_committed_is_contention(record: Store) -> None:
    """PostgreSQL does not let a row refer to one that its transaction cannot see yet; in the next one it can. (On
    SQLite the second writer waits before its first read.)"""
    key = record_one(record, reported(rx_number="1", drug=Drug(name="other"))).person.key
    assert key is not None

    def meet() -> None:
        with record.intake() as late:
            late.candidates(KEYS)
            record_one(record, reported(rx_number="2"))  # the same process: it has the drug in memory now
            late.add_dispensation(key, reported(rx_number="3"), KEYS)

    with pytest.raises(Contended):
        meet()
    with record.intake() as again:
        again.add_dispensation(key, reported(rx_number="3"), KEYS)


def test_a_writer_that_waits_too_long_is_unavailable(database: str, record: Store) -> None:
    impatient = Store(database, vault=FakeVault(), clock=Ticking(), busy_timeout=0.3)
    sent = [reported(rx_number=str(n)) for n in range(1000)]  # as many as are written at once
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for one in sent:
            unit.add_dispensation(key, one, KEYS)
        with pytest.raises(Unavailable):
            record_one(impatient, sent[0])
    assert record.dispensations() == 1000
    with impatient.intake() as unit:
        assert held(unit, sent[0]) is not None
    impatient.close()


def test_a_unit_that_fails_leaves_nothing(record: Store) -> None:
    def fail_halfway() -> None:
        with record.intake() as unit:
            key = unit.add_person(a_person(), KEYS)
            for number in range(1500):  # more than are written at once
                unit.add_dispensation(key, reported(rx_number=str(number)), KEYS)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    assert (record.people(), record.dispensations(), list(record.candidates(KEYS))) == (0, 0, [])
    recorded = record_one(record, reported(rx_number="1"))
    assert fills(record, recorded.person.key) == (recorded,), "nothing in memory is left over either"


def test_nothing_is_seen_before_the_unit_ends(open_store: Callable[[], Store]) -> None:
    writer, reader = open_store(), open_store()
    with writer.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        for number in range(1500):
            unit.add_dispensation(key, reported(rx_number=str(number)), KEYS)
        assert reader.history(key, ALWAYS) is None
        assert list(reader.candidates(KEYS)) == []
    assert len(fills(reader, key)) == 1500


def test_a_unit_sees_what_it_has_written_and_what_was_there(record: Store) -> None:
    old = record_one(record, reported(rx_number="old"), ("shared",))
    with record.intake() as unit:
        assert list(unit.candidates(["shared", "mine"])) == [old.person]
        key = unit.add_person(a_person(phones=()), ["mine"])
        mine = unit.candidates(["mine"])
        assert [(person.key, person.appearance) for person in mine] == [(key, 1)]
        unit.add_dispensation(key, reported(rx_number="new", person=a_person(phones=("9",))), ["shared"])
        both = unit.candidates(["shared"])
        assert [(p.key, p.appearance) for p in both] == sorted([(old.person.key, 1), (key, 1), (key, 2)])
        assert held(unit, reported(rx_number="old")) == old
    assert list(record.candidates(["shared"])) == list(both)


def test_thousands_in_one_unit(record: Store) -> None:
    drugs = [a_drug(ndc11=f"{n:011}") for n in range(7)]
    sent: dict[str, list[Dispensation]] = {}
    with record.intake() as unit:
        for person in range(50):
            who = a_person(key=None, appearance=None, phones=(str(person),))
            key = unit.add_person(who, [f"person:{person}", "everybody"])
            sent[key] = [
                unit.add_dispensation(
                    key,
                    reported(
                        rx_number=f"{person}-{n}",
                        filled=date(2026, 1, 1) + timedelta(days=n),
                        person=replace(who, sex=Sex.MALE) if n % 3 else who,
                        drug=drugs[n % 7],
                    ),
                    [f"person:{person}"],
                )
                for n in range(50)
            ]
            assert {one.key for one in unit.candidates([f"person:{person}"])} == {key}
        assert held(unit, reported(rx_number="0-0", filled=date(2026, 1, 1))) is not None
        assert {one.key for one in unit.candidates(["everybody"])} == set(sent)
    for key, recorded in sent.items():
        assert list(fills(record, key)) == recorded[::-1]
    assert (record.people(), record.dispensations()) == (50, 2500)


def test_a_refused_record_does_not_end_the_unit(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), KEYS)
        first = unit.add_dispensation(key, reported(), KEYS)
        with pytest.raises(Conflict):
            unit.add_dispensation(key, reported(), KEYS)
        second = unit.add_dispensation(key, reported(rx_number="next"), KEYS)
    assert [first.id, second.id] == [f"{key}-1", f"{key}-2"]
    assert set(fills(record, key)) == {first, second}


def test_an_instant_is_utc_whatever_the_clock_says(record: Store) -> None:
    record._clock = lambda: datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    recorded = record_one(record, reported())
    again = fills(record, recorded.person.key)[0]
    assert again.reported_at == recorded.reported_at == datetime(2026, 1, 1, 17, tzinfo=UTC)
    assert again.reported_at is not None
    assert again.reported_at.tzinfo is UTC


def test_a_migrated_store_is_ready(record: Store) -> None:
    assert record.ready() is True
