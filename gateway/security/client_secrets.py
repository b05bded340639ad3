"""Client secrets: made here, shown once, kept as a salted scrypt hash (RFC 7914), never in clear.

A secret is 256 random bits, so the hash needs no more work than makes a stolen file useless. That work is still
tens of milliseconds: the checker remembers, for minutes, that a secret was right, by a keyed digest under a key
that lives and dies with the process. That a secret was wrong is never remembered, and checking one for a client
that does not exist takes the same time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Self

MAX_LENGTH: Final = 512
REMEMBERED_FOR: Final = 300.0
MAX_REMEMBERED: Final = 1024
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1  # 16 MB each
_WRITTEN: Final = re.compile(
    r"scrypt\$(\d{1,6})\$(\d{1,2})\$(\d)\$([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=)", re.ASCII
)


def new_secret() -> str:
    """256 random bits in letters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class SecretHash:
    """`scrypt$cost$block$parallel$salt$hash`, salt and hash in base64."""

    cost: int
    block: int
    parallel: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> Self:
        """The hash of a secret, under a new salt."""
        salt = secrets.token_bytes(16)
        return cls(_COST, _BLOCK, _PARALLEL, salt, _scrypt(secret, salt, _COST, _BLOCK, _PARALLEL))

    @classmethod
    def decoy(cls) -> Self:
        """A hash that no secret has."""
        return cls(_COST, _BLOCK, _PARALLEL, secrets.token_bytes(16), secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> Self:
        """:raises ValueError: the text is no such hash."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise ValueError("secret_hash: expected scrypt$cost$block$parallel$salt$hash")
        cost, block, parallel = int(match[1]), int(match[2]), int(match[3])
        if not (1 < cost <= 2**17 and 0 < block <= 16 and 0 < parallel <= 4):
            raise ValueError("secret_hash: cost, block or parallel is out of range")
        return cls(cost, block, parallel, b64decode(match[4]), b64decode(match[5]))

    def __str__(self) -> str:
        salt, digest = b64encode(self.salt).decode(), b64encode(self.digest).decode()
        return f"scrypt${self.cost}${self.block}${self.parallel}${salt}${digest}"

    def matches(self, secret: str) -> bool:
        """True for the secret that was hashed; the comparison takes the same time for every other."""
        found = _scrypt(secret, self.salt, self.cost, self.block, self.parallel)
        return hmac.compare_digest(found, self.digest)


def _scrypt(secret: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 128 * block * (cost + parallel + 2)
    return hashlib.scrypt(secret.encode(), salt=salt, n=cost, r=block, p=parallel, dklen=32, maxmem=memory)


class SecretChecker:
    """Checks secrets against hashes, and remembers for a while which were right."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._decoy = SecretHash.decoy()
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_right(self, secret: str, known: SecretHash | None) -> bool:
        """True when `secret` has the hash `known`; None stands for a client that has no secret, or is none."""
        if len(secret) > MAX_LENGTH:
            return False
        if known is None:
            self._decoy.matches(secret)
            return False
        # The hash is part of what is remembered: when the secret is changed, nothing remembered fits any more.
        mark = hmac.digest(self._key, f"{known}\0{secret}".encode(), "sha256")
        if self._is_remembered(mark):
            return True
        right = known.matches(secret)
        if right:
            self._remember(mark)
        return right

    def _is_remembered(self, mark: bytes) -> bool:
        with self._lock:
            return self._right.get(mark, 0.0) > time.monotonic()

    def _remember(self, mark: bytes) -> None:
        with self._lock:
            self._right[mark] = time.monotonic() + REMEMBERED_FOR
            while len(self._right) > MAX_REMEMBERED:
                self._right.popitem(last=False)
