"""What to do when two writers meet: wait a moment, and do the whole transaction again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from gateway.errors import Contended
from gateway.turns import waiting

T = TypeVar("T")

PAUSE = 0.02  # seconds before the second attempt; twice as long before each further one


def repeated(transaction: Callable[[], T], attempts: int) -> T:
    """What the transaction returns, at the latest by the last attempt.

    :param transaction: begins anew each time; what it did before it was in another writer's way is undone.
    :raises Contended: another writer came first every time.
    """
    for attempt in range(1, attempts):
        with suppress(Contended):
            return transaction()
        # of two that met, each waits another time
        with waiting():
            time.sleep(PAUSE * 2**attempt * random.random())  # noqa: S311 - nothing is secret about it
    return transaction()
