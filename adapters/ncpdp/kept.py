"""What was written of drugs, prescribers and dispensers, kept from answer to answer: never anything of a patient.

The record gives the same object for the same drug or party, and by its identity it is known here: that takes no hash
of nested values, and tells apart what is equal and not written alike (strengths of 5 and of 5.0 mg).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

MOST: Final = 10_000  # of each layout; each takes about 1 KB


class Written(NamedTuple):
    """What stands in the message, and the fields that did not come through unchanged."""

    rendered: object
    lost: frozenset[str]


class Kept:
    """What is written of objects that never change; of :data:`MOST` of them, and then it begins anew.

    Threads need no lock: at worst two of them make the same.
    """

    def __init__(self) -> None:
        # with the object, so that its identity stays its own
        self._made: dict[tuple[str, int], tuple[object, Written]] = {}

    def of(self, what: str, part: object, write: Callable[[], Written]) -> Written:
        """What was written of this object as `what`, or is now."""
        key = what, id(part)
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MOST:
                self._made = {}
            known = self._made[key] = part, write()
        return known[1]
