"""How a fact is named where it is kept."""

from __future__ import annotations

from hashlib import blake2b


def hashed(key: str, ttl: int) -> bytes:
    """The sixteen bytes that stand for the key.

    :raises ValueError: a time to live under one second; such a fact would be gone before it is asked for.
    """
    if ttl < 1:
        raise ValueError(f"ttl must be at least 1 second, not {ttl}")
    return name_of(key)


def name_of(key: str) -> bytes:
    """The same for a key that is only looked for."""
    return blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()
