"""What is made of objects that never change, kept by their identity: never of anything that is about a patient.

The record gives the same object for the same drug or party. By identity it is known without a hash of nested values,
which takes much of what is won, and what is equal but not written alike (strengths of 5 and of 5.0 mg) stays apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """What is made of objects that never change; of `most` of them, and then it begins anew.

    Threads need no lock: at worst two of them make the same.
    """

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        self._make = make
        self._most = most
        self._made: dict[int, tuple[K, V]] = {}  # with the object, so that its identity stays its own

    def of(self, value: K) -> V:
        """What is made of this object."""
        known = self._made.get(id(value))
        if known is not None:
            return known[1]
        if len(self._made) >= self._most:
            self._made = {}
        made = self._make(value)
        self._made[id(value)] = (value, made)
        return made
