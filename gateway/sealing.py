"""Answers about a patient while they wait to be fetched: sealed, so that only who holds the ticket opens them.

Name and key of a sealed value are both derived from the ticket, which is given away and kept nowhere: neither who
reads the shared memory nor who has a dump of it opens anything. What the ticket is bound to goes into the derivation
too, so that a ticket in other hands leads nowhere, exactly as one that never was.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Unavailable
from gateway.ports import Ephemeral

T = TypeVar("T")

_NONCE: Final = 12
_MOST_TICKET: Final = 100  # characters; a ticket of ours has 43


def new_ticket() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


class Sealed:
    """What is kept under one ticket.

    :param purpose: of the ticket; one made for another purpose opens nothing.
    :param bound: what else must be the same when it is opened: the requester, the patient.
    :raises: each method what the port raises: nothing is opened, and nothing kept, while it cannot be reached.
    """

    def __init__(
        self, ephemeral: Ephemeral, ticket: str, *, purpose: str, bound: Sequence[object] = ()
    ) -> None:
        self._ephemeral = ephemeral
        # A ticket from outside may be any text; one that is too long for ours need not be hashed whole.
        material = ticket[:_MOST_TICKET].encode(errors="surrogatepass")
        info = msgspec.json.encode((purpose, bound))
        derived = HKDF(algorithm=SHA256(), length=64, salt=b"pmpbridge sealed 1", info=info).derive(material)
        self._cipher = AESGCM(derived[:32])
        self._name = derived[32:].hex()

    def put(self, part: str, value: object, ttl: int) -> None:
        """Keep a value for `ttl` seconds."""
        nonce = os.urandom(_NONCE)
        plain = zlib.compress(msgspec.json.encode(value), 1)
        self._ephemeral.put(self._key(part), nonce + self._cipher.encrypt(nonce, plain, part.encode()), ttl)

    def get(self, part: str, kind: type[T]) -> T | None:
        """The value; None when there is none."""
        return self._opened(self._ephemeral.get(self._key(part)), part, kind)

    def take(self, part: str, kind: type[T]) -> T | None:
        """The value, once."""
        return self._opened(self._ephemeral.take(self._key(part)), part, kind)

    def _key(self, part: str) -> str:
        return f"sealed:{self._name}:{part}"

    def _opened(self, sealed: bytes | None, part: str, kind: type[T]) -> T | None:
        if sealed is None:
            return None
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], part.encode())
            return msgspec.json.decode(zlib.decompress(plain), type=kind)
        except (InvalidTag, ValueError, zlib.error):
            # Somebody has written into the shared memory, or another version of the gateway has.
            raise Unavailable("What was kept for this ticket cannot be read.") from None
