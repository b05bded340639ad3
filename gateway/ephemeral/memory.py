"""Short-lived facts in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heappop, heappush
from threading import Lock

from gateway.ephemeral.key import hashed
from gateway.errors import Unavailable
from gateway.ports import Ephemeral


class Memory(Ephemeral):
    """As the port says, for the threads of one process.

    :param limit: how many facts fit, at about 250 bytes each; a further one is refused until an old one ends.
    :param clock: seconds that never go back.
    """

    def __init__(self, *, limit: int = 200_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = Lock()
        self._claimed: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []  # a heap: what ends first is at its top

    def claim(self, key: str, ttl: int) -> bool:
        """As the port says. :raises gateway.errors.Unavailable: there is no room."""
        name = hashed(key, ttl)
        with self._lock:
            now = self._clock()
            while self._ends and self._ends[0][0] <= now:
                self._claimed.discard(heappop(self._ends)[1])
            if name in self._claimed:
                return False
            if len(self._claimed) >= self._limit:
                wait = max(1, round(self._ends[0][0] - now))
                raise Unavailable("There is no room for further short-lived facts.", retry_after=wait)
            self._claimed.add(name)
            heappush(self._ends, (now + ttl, name))
            return True

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._claimed.clear()
            self._ends.clear()
