"""Threads of a process take turns: one computes, whoever waits gives the turn away, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.turns import Turns, waiting

LONG = 60.0
AT_ONCE = 0.0


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Other:
    """Another thread that takes a turn and says so."""

    def __init__(self, turns: Turns) -> None:
        self.computes = threading.Event()
        self.may_end = threading.Event()
        self._turns = turns
        self.thread = in_thread(self._work)

    def _work(self) -> None:
        with self._turns.taking():
            self.computes.set()
            self.may_end.wait(LONG)

    def end(self) -> None:
        self.may_end.set()
        self.thread.join(LONG)


def test_two_threads_compute_one_after_the_other() -> None:
    turns = Turns(patience=LONG)
    with turns.taking():
        other = Other(turns)
        assert not other.computes.wait(0.1)
    assert other.computes.wait(LONG)
    other.end()


def test_who_waits_gives_the_turn_away_and_takes_one_again() -> None:
    turns = Turns(patience=LONG)
    with turns.taking():
        other = Other(turns)
        with waiting():
            assert other.computes.wait(LONG)
            other.end()
        third = Other(turns)
        assert not third.computes.wait(0.1)
    third.end()


def test_nobody_waits_longer_than_the_patience() -> None:
    turns = Turns(patience=0.02)
    with turns.taking():
        other = Other(turns)
        assert other.computes.wait(LONG)
        other.end()
        third = Other(turns)  # the second, who had no turn, has given none back
        assert third.computes.wait(LONG)
        third.end()
        assert turns._turn.locked()
    assert not turns._turn.locked()


def test_who_has_no_turn_may_wait_all_the_same() -> None:
    turns = Turns(patience=AT_ONCE)
    with turns.taking():

        def waits() -> None:
            with turns.taking(), waiting(), waiting():
                done.set()

        done = threading.Event()
        in_thread(waits).join(LONG)
        assert done.is_set()
        assert turns._turn.locked(), "a turn that was another's was given away"
    with waiting():
        assert not turns._turn.locked()


def test_a_turn_is_given_back_whatever_happens() -> None:
    turns = Turns(patience=LONG)

    def fails(_environ: Any, _start: Any) -> Iterable[bytes]:
        with waiting():
            raise RuntimeError

    with pytest.raises(RuntimeError):
        turns.around(fails)({}, lambda *_: None)
    assert not turns._turn.locked()


def test_an_application_answers_in_a_turn() -> None:
    turns = Turns(patience=LONG)

    def application(_environ: Any, _start: Any) -> Iterable[bytes]:
        assert turns._turn.locked()
        with waiting():
            assert not turns._turn.locked()
        return [b"answer"]

    assert turns.around(application)({}, lambda *_: None) == [b"answer"]
    assert not turns._turn.locked()
