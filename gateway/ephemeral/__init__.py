"""Short-lived facts that the gateway's threads and processes share, such as "this assertion has been used".

    memory   for one process
    redis    for several

Security rests on these facts, so they fail closed: what cannot be reached, or has no room, raises
:class:`~gateway.errors.Unavailable`, and nothing is ever forgotten before its time. Keys are hashed, so that a caller
who chooses one cannot choose how much room it takes.
"""

from gateway.ephemeral.memory import Memory
from gateway.ephemeral.redis import Redis
from gateway.ports import Ephemeral

__all__ = ["Memory", "Redis", "open_ephemeral"]


def open_ephemeral(url: str) -> Ephemeral:
    """The facts at that Redis URL (`redis://`, `rediss://`, `unix://`); in this process when it is empty."""
    return Redis(url) if url else Memory()
