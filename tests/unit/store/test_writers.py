"""Several writers on one SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from gateway.model import Period
from gateway.store import Store
from tests.factory import a_dispensation, a_person


def test_writers_wait_for_one_another_and_none_fails(open_store: Callable[..., Store]) -> None:
    stores, writers, each = [open_store(), open_store()], 6, 8
    with stores[0].intake() as unit:
        key = unit.add_person(a_person(), ["key"])
    start = Barrier(writers)

    def write(writer: int) -> None:
        start.wait()
        for number in range(each):
            with stores[writer % 2].intake() as unit:
                sent = a_dispensation(id=None, rx_number=f"{writer}-{number}")
                assert unit.same_fill(sent) is None
                unit.add_dispensation(key, sent, ["key"])

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    history = stores[0].history(key, Period())
    assert history is not None
    assert len({one.id for one in history.dispensations}) == writers * each


def test_readers_never_wait_for_a_writer(open_store: Callable[..., Store]) -> None:
    store, readers = open_store(busy_timeout=0.1), 4
    with store.intake() as unit:
        key = unit.add_person(a_person(), ["key"])
        unit.add_dispensation(key, a_dispensation(id=None), ["key"])
    with store.intake() as unit, ThreadPoolExecutor(readers) as pool:
        unit.add_dispensation(key, a_dispensation(id=None, rx_number="new"), ["key"])
        found = list(pool.map(lambda _: store.history(key, Period()), range(20)))
    assert [len(one.dispensations) for one in found if one is not None] == [1] * 20
