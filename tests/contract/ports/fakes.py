"""What a store needs beside it, and an event for an audit log, made up."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from gateway.model.audit import AuditAction, AuditEvent
from tests.factory import NOW

EVENT = AuditEvent(
    action=AuditAction.HISTORY_LOOKED_UP,
    at=NOW,
    request_id="request-1",
    protocol="fhir",
    operation="pdmp-history",
    status=200,
    client_id="charter-oak",
    practitioner="npi:1023011178",
    organisation="npi:1700902491",
    delegate="dea:AD1111119",
    purpose="TREAT",
    outcome="complete",
    person_key="7KQ4M2XT9R0AB",
    report_id="0192f2c4-6a53-7e11-8c55-8a1f0f6f3d10",
    states=("CT", "MA"),
    count=50,
    losses=("dispenser.licence.number",),
)


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
