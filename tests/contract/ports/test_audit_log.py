"""What every `AuditLog` keeps to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest

from gateway.audit import HashChainedLog
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
