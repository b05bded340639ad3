"""Random numbers that are the same on every machine and Python: each purpose and index has a generator of its own."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


def generator(seed: int, purpose: str, index: int) -> Random:
    """The generator of that purpose and index; no other call has an influence on it."""
    digest = blake2b(f"{seed}/{purpose}/{index}".encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311 - data for tests, no secret


def shuffled(rng: Random, items: Sequence[T]) -> list[T]:
    """The items in another order."""
    mixed = list(items)
    rng.shuffle(mixed)
    return mixed


def weighted(rng: Random, options: Sequence[tuple[T, int]]) -> T:
    """One of the options, as often as its whole-number weight says."""
    at = rng.randrange(sum(weight for _, weight in options))
    for option, weight in options:
        at -= weight
        if at < 0:
            return option
    raise AssertionError("the weights add up to more than their sum")
