"""What a store needs beside it, made up."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from tests.factory import NOW


class FakeVault:
    """Keyed as the real one is, and legible enough for a test to see that it was used."""

    def seal(self, value: str) -> bytes:
        return b"sealed:" + hashlib.blake2b(value.encode(), key=b"seal").digest()

    def open(self, sealed: bytes) -> str:
        raise AssertionError("the store never opens an identifier")

    def fingerprint(self, kind: str, value: str) -> bytes:
        return hashlib.blake2b(f"{kind}:{value}".encode(), key=b"find", digest_size=16).digest()


class Ticking:
    """A clock that goes on by a second with every look at it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now
