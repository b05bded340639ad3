"""Short-lived facts in Redis, for several processes.

The server must not evict what has not expired (`maxmemory-policy noeviction`): an evicted claim could be made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.ephemeral.key import hashed, name_of
from gateway.errors import Unavailable
from gateway.ports import Ephemeral
from gateway.turns import waiting

_log = structlog.get_logger(__name__)

PREFIX = "pmpbridge:claim:"
VALUE_PREFIX = "pmpbridge:value:"


class Redis(Ephemeral):
    """As the port says, shared by all who use the same server and database. Nothing is connected yet.

    :param url: `redis://host:port/db`, `rediss://` with TLS, or `unix:///path`.
    :param timeout: seconds, for connecting and for each answer.
    """

    def __init__(self, url: str, *, timeout: float = 1.0) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
            # A claim whose answer was lost may have been made: sent again, it would look like another caller's.
            retry=Retry(NoBackoff(), 0),
        )

    def claim(self, key: str, ttl: int) -> bool:
        """As the port says."""
        name = PREFIX + hashed(key, ttl).hex()
        with _reached():
            return self._client.set(name, 1, nx=True, ex=ttl) is True

    def release(self, key: str) -> None:
        """As the port says."""
        with _reached():
            self._client.delete(PREFIX + name_of(key).hex())

    def put(self, key: str, value: bytes, ttl: int) -> None:
        """As the port says; the server's own `maxmemory` bounds the room."""
        name = VALUE_PREFIX + hashed(key, ttl).hex()
        with _reached():
            self._client.set(name, value, ex=ttl)

    def get(self, key: str) -> bytes | None:
        """As the port says."""
        with _reached():
            return _bytes(self._client.get(VALUE_PREFIX + name_of(key).hex()))

    def take(self, key: str) -> bytes | None:
        """As the port says."""
        name = VALUE_PREFIX + name_of(key).hex()
        with _reached(), self._client.pipeline(transaction=True) as both:
            both.get(name)
            both.delete(name)
            return _bytes(both.execute()[0])

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _bytes(found: Any) -> bytes | None:
    return found if isinstance(found, bytes) else None


@contextmanager
def _reached() -> Iterator[None]:
    try:
        with waiting():
            yield
    except redis.RedisError as error:
        _log.error("redis.failed", error=type(error).__name__)
        raise Unavailable("The short-lived facts that the gateway needs cannot be reached now.") from None
