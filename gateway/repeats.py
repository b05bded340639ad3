"""Messages that are answered once: what a sender calls a message, remembered from the moment that it is taken on.

A name is forgotten again where no answer was reached, so that the same message can be sent again. In between, a copy
of a message that is still being answered is refused like one that was. Names are the sender's own, so each client has
its own names, in each protocol.
"""

from __future__ import annotations

import structlog

from gateway.errors import Conflict, ErrorCode, Unavailable
from gateway.ports import Ephemeral

_log = structlog.get_logger(__name__)


class Repeats:
    """Tells a message that comes again from one that comes for the first time, among all processes.

    :param seconds: for how long a name is remembered; 0: not at all.
    """

    def __init__(self, *, ephemeral: Ephemeral, seconds: int) -> None:
        self._ephemeral = ephemeral
        self._seconds = seconds

    def begin(self, protocol: str, client_id: str, name: str) -> str | None:
        """The message is taken on.

        :param name: what the sender calls it, among all that it sends.
        :returns: what :meth:`forget` takes; None where nothing is remembered.
        :raises Conflict: with `ErrorCode.DUPLICATE`: it was taken on before.
        :raises gateway.errors.Unavailable: what was taken on cannot be reached.
        """
        if not self._seconds:
            return None
        key = f"message:{protocol}:{client_id}:{name}"
        if not self._ephemeral.claim(key, self._seconds):
            raise Conflict(
                "A message with this id was sent before.",
                remedy="Send it under a new id.",
                code=ErrorCode.DUPLICATE,
            )
        return key

    def forget(self, key: str) -> None:
        """No answer was reached. When that cannot be said now, the name stays remembered for its time."""
        try:
            self._ephemeral.release(key)
        except Unavailable:
            _log.warning("repeats.kept")
