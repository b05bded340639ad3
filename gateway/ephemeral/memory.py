"""Short-lived facts in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from threading import Lock

from gateway.ephemeral.key import hashed, name_of
from gateway.errors import Unavailable
from gateway.ports import Ephemeral

_OVERHEAD = 250  # bytes that a value costs besides its own

_LEFT_OVER = 1_000  # ends of claims that were released; more of them are cleared away


class Memory(Ephemeral):
    """As the port says, for the threads of one process.

    :param limit: how many facts fit, at about 250 bytes each; a further one is refused until an old one ends.
    :param room: how many bytes of values fit; as for claims, a further one is refused.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        *,
        limit: int = 200_000,
        room: int = 256 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._room = room
        self._values: dict[bytes, tuple[float, bytes]] = {}
        self._value_ends: list[tuple[float, bytes]] = []
        self._used = 0
        self._clock = clock
        self._lock = Lock()
        self._claimed: dict[bytes, float] = {}
        self._ends: list[tuple[float, bytes]] = []  # a heap: what ends first is at its top

    def claim(self, key: str, ttl: int) -> bool:
        """As the port says. :raises gateway.errors.Unavailable: there is no room."""
        name = hashed(key, ttl)
        with self._lock:
            now = self._clock()
            self._forget_claims(now)
            if name in self._claimed:
                return False
            if len(self._claimed) >= self._limit:
                wait = max(1, round(self._ends[0][0] - now))
                raise Unavailable("There is no room for further short-lived facts.", retry_after=wait)
            self._claimed[name] = now + ttl
            heappush(self._ends, (now + ttl, name))
            return True

    def release(self, key: str) -> None:
        """As the port says."""
        with self._lock:
            self._claimed.pop(name_of(key), None)
            if len(self._ends) > 2 * len(self._claimed) + _LEFT_OVER:
                self._ends = [(end, name) for name, end in self._claimed.items()]
                heapify(self._ends)

    def _forget_claims(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            end, name = heappop(self._ends)
            if self._claimed.get(name) == end:  # what was released and claimed again since ends later
                del self._claimed[name]

    def put(self, key: str, value: bytes, ttl: int) -> None:
        """As the port says. :raises gateway.errors.Unavailable: there is no room."""
        name = hashed(key, ttl)
        with self._lock:
            now = self._clock()
            self._forget_values(now)
            old = self._values.get(name)
            used = self._used + len(value) + _OVERHEAD - (len(old[1]) + _OVERHEAD if old else 0)
            if used > self._room:
                wait = max(1, round(self._value_ends[0][0] - now)) if self._value_ends else ttl
                raise Unavailable("There is no room for further short-lived values.", retry_after=wait)
            self._used = used
            self._values[name] = (now + ttl, value)
            heappush(self._value_ends, (now + ttl, name))

    def get(self, key: str) -> bytes | None:
        """As the port says."""
        with self._lock:
            self._forget_values(self._clock())
            held = self._values.get(name_of(key))
            return held[1] if held else None

    def take(self, key: str) -> bytes | None:
        """As the port says."""
        with self._lock:
            self._forget_values(self._clock())
            return self._drop(name_of(key))

    def _forget_values(self, now: float) -> None:
        while self._value_ends and self._value_ends[0][0] <= now:
            name = heappop(self._value_ends)[1]
            held = self._values.get(name)
            if held and held[0] <= now:  # what was put again since ends later
                self._drop(name)

    def _drop(self, name: bytes) -> bytes | None:
        held = self._values.pop(name, None)
        if held is None:
            return None
        self._used -= len(held[1]) + _OVERHEAD
        return held[1]

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._value_ends.clear()
            self._used = 0
            self._claimed.clear()
            self._ends.clear()
