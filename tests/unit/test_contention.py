"""A transaction that met another one is done again, and no other failure is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway import contention
from gateway.contention import repeated
from gateway.errors import Contended, Unavailable


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("gateway.contention.time.sleep", waited.append)
    return waited


def _failing(*errors: Exception) -> Callable[[], str]:
    coming: Iterator[Exception] = iter(errors)

    def transaction() -> str:
        error = next(coming, None)
        if error is not None:
            raise error
        return "done"

    return transaction


def test_what_met_another_writer_is_done_again(pauses: list[float]) -> None:
    assert repeated(_failing(Contended("busy"), Contended("busy")), 4) == "done"
    assert len(pauses) == 2
    for attempt, waited in enumerate(pauses, start=1):
        assert 0 <= waited <= contention.PAUSE * 2**attempt


def test_the_last_attempt_says_why(pauses: list[float]) -> None:
    with pytest.raises(Contended):
        repeated(_failing(*[Contended("busy")] * 3), 3)
    assert len(pauses) == 2


def test_nothing_else_is_done_again(pauses: list[float]) -> None:
    with pytest.raises(Unavailable, match="gone"):
        repeated(_failing(Unavailable("gone")), 3)
    assert pauses == []
