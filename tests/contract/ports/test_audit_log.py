"""What every `AuditLog` keeps to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import bindparam, create_engine, text

from gateway.audit import HashChainedLog, migrate
from gateway.audit.chain import chained, encode, genesis
from gateway.database import UtcDateTime
from gateway.model.auditing import RecordedEvent
from tests.contract.ports.fakes import EVENT
from tests.factory import NOW

Open = Callable[[], HashChainedLog]


def test_what_is_recorded_is_read_by_another_process(open_log: Open) -> None:
    open_log().record(EVENT)
    assert list(open_log().events()) == [EVENT]


def test_events_come_in_order_of_time_whoever_recorded_them(open_log: Open) -> None:
    first, second = open_log(), open_log()
    events = [replace(EVENT, request_id=str(n), at=NOW + timedelta(seconds=n)) for n in range(6)]
    for number in (3, 0, 5, 1, 4, 2):
        (first if number % 2 else second).record(events[number])
    assert list(first.events()) == events


def test_events_are_found_by_time_and_client(open_log: Open) -> None:
    log = open_log()
    events = [
        replace(EVENT, request_id=str(n), at=NOW + timedelta(seconds=n), client_id=client)
        for n, client in enumerate(["a", "b", None, "a"])
    ]
    for event in events:
        log.record(event)
    assert list(log.events(start=events[1].at)) == events[1:]
    assert list(log.events(end=events[1].at)) == events[:1]
    assert list(log.events(client_id="a")) == [events[0], events[3]]
    assert list(log.events(start=events[1].at, end=events[3].at, client_id="b")) == [events[1]]


def test_an_instant_is_the_same_in_any_offset(open_log: Open) -> None:
    log = open_log()
    eastern = NOW.astimezone(timezone(timedelta(hours=-5)))
    log.record(replace(EVENT, at=eastern))
    assert [event.at for event in log.events(start=NOW, end=NOW + timedelta(seconds=1))] == [NOW]
    assert log.verify().is_intact


def test_an_empty_log_is_intact(open_log: Open) -> None:
    verdict = open_log().verify()
    assert verdict.is_intact
    assert verdict.events == 0


def test_threads_and_processes_keep_one_chain_each_and_lose_nothing(open_log: Open) -> None:
    logs = [open_log(), open_log()]
    threads, each = 8, 25
    start = Barrier(threads)

    def work(thread: int) -> None:
        start.wait()
        for number in range(each):
            logs[thread % 2].record(replace(EVENT, request_id=f"{thread}-{number}"))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    verdict = open_log().verify()
    assert verdict.is_intact, str(verdict)
    assert verdict.events == threads * each
    assert sorted(head.stream for head in verdict.heads) == [1, 2]
    wanted = {f"{thread}-{number}" for thread in range(threads) for number in range(each)}
    assert {event.request_id for event in logs[0].events()} == wanted


def test_a_stream_is_opened_by_the_first_event_only(open_log: Open) -> None:
    reader, writer = open_log(), open_log()
    assert list(reader.events()) == []
    writer.record(EVENT)
    assert [head.stream for head in reader.verify().heads] == [1]


@pytest.mark.parametrize(
    "at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
)
def test_any_instant_can_be_recorded(open_log: Open, at: datetime) -> None:
    log = open_log()
    log.record(replace(EVENT, at=at))
    assert [event.at for event in log.events()] == [at]
    assert log.verify().is_intact


def test_the_newest_come_first_page_by_page_and_none_twice(open_log: Open) -> None:
    logs = [open_log(), open_log()]
    for number in range(9):
        at = NOW + timedelta(seconds=number // 2)  # two at one instant, in two streams
        logs[number % 2].record(replace(EVENT, request_id=str(number), at=at))
    seen: list[RecordedEvent] = []
    while some := logs[0].newest(2, after=seen[-1].place if seen else None):
        seen += some
    assert [one.place for one in seen] == sorted((one.place for one in seen), reverse=True)
    assert sorted(one.event.request_id for one in seen) == [str(number) for number in range(9)]
    for one in seen:
        assert logs[1].event(one.place.stream, one.place.seq) == one
    assert [logs[0].event(*number) for number in ((1, 99), (9, 1), (0, 0), (2**40, 1), (1, 2**70))] == [
        None
    ] * 5


def test_events_of_one_person_and_of_a_period(open_log: Open) -> None:
    log = open_log()
    for number, key in enumerate(("A", None, "B", "A", "A")):
        log.record(replace(EVENT, request_id=str(number), at=NOW + timedelta(seconds=number), person_key=key))

    def ids(**over: Any) -> list[str]:
        return [one.event.request_id for one in log.newest(10, **over)]

    assert ids(person_key="A") == ["4", "3", "0"]
    assert ids(person_key="C") == []
    assert ids(person_key="A", start=NOW + timedelta(seconds=1), end=NOW + timedelta(seconds=4)) == ["3"]
    assert ids(start=NOW + timedelta(seconds=3)) == ["4", "3"]


def test_what_was_recorded_before_persons_had_an_index_is_found_and_the_chain_holds(database: str) -> None:
    migrate(database)
    engine = create_engine(database)
    previous = genesis(1)
    row = text("INSERT INTO audit_event VALUES (1, :seq, :at, :event, :previous, :hash)")
    row = row.bindparams(bindparam("at", type_=UtcDateTime))
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_audit_event_person_key"))
        connection.execute(text("ALTER TABLE audit_event DROP COLUMN person_key"))
        connection.execute(text("UPDATE audit_version SET version_num = '0001'"))
        connection.execute(text("INSERT INTO audit_stream VALUES (1, 0, :hash)"), {"hash": previous})
        for seq in range(1, 1203):  # more than the migration reads at once
            key = "A" if seq % 400 == 1 else None
            content = encode(replace(EVENT, request_id=str(seq), person_key=key))
            hash_ = chained(previous, content)
            values = {"seq": seq, "at": EVENT.at, "event": content, "previous": previous, "hash": hash_}
            connection.execute(row, values)
            previous = hash_
        connection.execute(text("UPDATE audit_stream SET seq = 1202, hash = :hash"), {"hash": previous})
    engine.dispose()
    migrate(database)
    log = HashChainedLog(database)
    try:
        found = log.newest(10, person_key="A")
        assert [one.place.seq for one in found] == [1201, 801, 401, 1]
        assert log.verify().is_intact
    finally:
        log.close()
