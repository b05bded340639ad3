"""An operator moves people while intake records fills for them and others look them up: nothing is lost, nothing is
doubled, and a look-up is never answered with less than there is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from gateway.bootstrap import Gateway, build
from gateway.errors import Conflict, Contended, Unavailable
from gateway.linking import Linking, Merge, Split, Undo
from gateway.lookup import Lookup
from gateway.matching import FellegiSunter
from gateway.model import Link, Outcome, Period, Person
from gateway.settings import load_settings
from tests.factory import NOW, a_lookup
from tests.unit.linking.records import BY, MARRIED, SHE, key_of, mend, numbers, report, somebody

TWIN = somebody("Quillfeather", "Marigold", phones=("8605550142",))


def persistently(call: Callable[[], Any]) -> Any:
    """As the error says: again, after a while."""
    while True:
        try:
            return call()
        except Unavailable:
            time.sleep(0.01)


@pytest.fixture
def other(gateway: Gateway, tmp_path: Path) -> Any:
    """Another process's gateway on the same record."""
    overrides = {"data_dir": str(tmp_path), "store": {"url": gateway.settings.store_url()}}
    built = build(load_settings(environ={}, overrides=overrides), clock=lambda: NOW)
    yield built
    built.close()


def test_intake_goes_on_while_two_are_merged_and_parted(gateway: Gateway, other: Gateway) -> None:
    key, into = key_of(report(gateway, "first 0", SHE)), key_of(report(gateway, "first 1", MARRIED))
    each, rounds, done = 20, 4, Event()
    start = Barrier(4)

    def take_in(writer: int, person: Person) -> list[str]:
        start.wait()
        sent = [f"{writer}-{n}" for n in range(each)]
        for number in sent:
            result = persistently(lambda number=number: report(gateway, number, person))
            assert result.dispensation is not None, result.issues
        return sent

    def move() -> None:
        start.wait()
        for _ in range(rounds):
            link: Link = persistently(lambda: mend(other, Merge(key, into)))
            time.sleep(0.01)
            persistently(partial(mend, other, Undo(link.id)))
        persistently(lambda: mend(other, Merge(key, into)))

    def look() -> int:
        """A history never shrinks."""
        start.wait()
        seen = looks = 0
        while not done.is_set():
            answer = persistently(lambda: other.lookup(a_lookup(person=SHE, period=Period())))
            assert answer.outcome is Outcome.COMPLETE
            mine = [d for d in answer.dispensations if d.rx_number[:2] in {"0-", "fi"}]
            assert len(mine) >= seen
            seen, looks = len([d for d in mine if d.person.names == SHE.names]), looks + 1
        return looks

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(take_in, 0, SHE), pool.submit(take_in, 1, MARRIED)]
        looking, moving = pool.submit(look), pool.submit(move)
        sent = [number for writer in writers for number in writer.result()]
        moving.result()
        done.set()
        assert looking.result() > 0
    expected = Counter([*sent, "first 0", "first 1"])
    assert Counter(numbers(gateway, into)) == expected
    assert Counter(numbers(gateway, key)) == expected
    assert (gateway.store.people(), gateway.store.dispensations()) == (1, 2 * each + 2)
    journal = gateway.store.links(100)
    assert len(journal) == 2 * rounds + 1
    mend(gateway, Undo(next(one.id for one in journal if not one.undone_by and not one.undoes)))
    assert {n[0] for n in numbers(gateway, key)} == {"f", "0"}
    assert {n[0] for n in numbers(gateway, into)} == {"f", "1"}


def test_of_two_operators_one_comes_first(gateway: Gateway, other: Gateway) -> None:
    key, into = key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    proposals = [
        gateway.linking.propose(Merge(key, into), by=BY, reason="one"),
        other.linking.propose(Merge(into, key), by=BY, reason="other"),
    ]
    start = Barrier(2)

    def carry_out(number: int) -> str:
        start.wait()
        try:
            persistently(lambda: (gateway, other)[number].linking.carry_out(proposals[number]))
        except Conflict as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        refused, done = sorted(pool.map(carry_out, range(2)))
    assert "has been merged" in refused
    assert done == "done"
    assert numbers(gateway, key) == numbers(gateway, into) == ["1", "2"]
    assert len(gateway.store.links(9)) == 1


class _Meanwhile:
    """The store; between finding people and reading a history, something happens."""

    def __init__(self, gateway: Gateway, happens: list[Callable[[], object]]) -> None:
        self._store = gateway.store
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def history(self, *arguments: Any) -> Any:
        if self._happens:
            self._happens.pop(0)()
        return self._store.history(*arguments)


def _lookup(gateway: Gateway, *happens: Callable[[], object]) -> Lookup:
    store: Any = _Meanwhile(gateway, list(happens))
    known = gateway.lookup
    return Lookup(
        store=store,
        matcher=FellegiSunter(),
        drugs=known._drugs,
        policy=known._policy,
        rules=known._rules,
        analyst=known._analyst,
        clock=gateway.clock,
    )


def test_a_look_up_never_shows_the_other_twin(gateway: Gateway) -> None:
    """Matched by the appearance that is split off before the history is read: that history is another's by then."""
    key = key_of(report(gateway, "1", SHE))
    assert key_of(report(gateway, "2", TWIN)) == key
    look_up = _lookup(gateway, lambda: mend(gateway, Split(key, frozenset({2}))))
    answer = look_up(a_lookup(person=TWIN))
    assert {d.rx_number for d in answer.dispensations} <= {"2"}
    assert answer.outcome is not Outcome.NO_DATA


def test_a_look_up_while_somebody_is_merged_shows_all(gateway: Gateway) -> None:
    key, into = key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    answer = _lookup(gateway, lambda: mend(gateway, Merge(key, into)))(a_lookup(person=SHE))
    assert {d.rx_number for d in answer.dispensations} == {"1", "2"}


def test_a_look_up_among_endless_moves_fails_and_is_never_empty(gateway: Gateway) -> None:
    key, into = key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    done: list[Link] = []

    def to_and_fro() -> None:
        done.append(mend(gateway, Undo(done[-1].id) if done else Merge(key, into)))

    with pytest.raises(Unavailable):
        _lookup(gateway, *[to_and_fro] * 50)(a_lookup(person=SHE))


def test_another_writer_is_waited_for(gateway: Gateway) -> None:
    key, into = key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    proposal = gateway.linking.propose(Merge(key, into), by=BY, reason="moved")
    entered = 0

    class Busy(_Meanwhile):
        @contextmanager
        def linking(self) -> Any:
            nonlocal entered
            entered += 1
            with self._store.linking() as unit:
                yield unit
                if entered < 3:
                    raise Contended("The record store is busy.")

    store: Any = Busy(gateway, [])
    busy = Linking(store=store, matcher=FellegiSunter(), audit=gateway.audit, clock=gateway.clock)
    assert busy.carry_out(proposal).dispensations == 1
    assert entered == 3
    assert numbers(gateway, into) == ["1", "2"]
