"""Threads of one process compute one at a time; whoever waits for others meanwhile gives the turn away.

Python lets one thread compute at a time anyway. Left to themselves, threads hand that right to and fro at every call
of the database and of the disk, which came to a quarter of a look-up's processor time
(docs/decisions/0016-fhir-speed.md). Nobody waits for a turn longer than `patience`: then she computes beside whoever
has it, so that a long message delays others by that and no more, and a thread that is stuck delays nobody further.

    Turns.around    a WSGI application whose requests take turns
    waiting         around whatever waits for the network, the disk or another thread
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE: Final = 0.05  # seconds

_thread = threading.local()  # `turns`: whose turn this thread has; absent or None where it has none


class Turns:
    """The turns of one process.

    :param patience: seconds after which a thread goes on without a turn.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._turn = threading.Lock()
        self._patience = patience

    def around(self, application: WSGIApplication) -> WSGIApplication:
        """The same application, each of whose requests is answered in a turn."""

        def taking_turns(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.taking():
                return application(environ, start_response)

        return taking_turns

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Compute in a turn."""
        self._take()
        try:
            yield
        finally:
            self._give()

    def _take(self) -> None:
        _thread.turns = self if self._turn.acquire(timeout=self._patience) else None

    def _give(self) -> None:
        if _thread.turns is self:
            _thread.turns = None
            self._turn.release()

    @contextmanager
    def _given_away(self) -> Iterator[None]:
        self._give()
        try:
            yield
        finally:
            self._take()


@contextmanager
def waiting() -> Iterator[None]:
    """Give this thread's turn away while it waits for others, and take one again. Does nothing where it has none."""
    turns: Turns | None = getattr(_thread, "turns", None)
    if turns is None:
        yield
        return
    with turns._given_away():  # the other half of the same thing
        yield
