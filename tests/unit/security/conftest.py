"""A token server over HTTP on a free loopback port, with a clock that tests can turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.errors import Unavailable
from gateway.model import Organisation, Practitioner, Requester
from gateway.model.audit import AuditEvent
from gateway.security.access_tokens import AccessTokens
from gateway.security.clients import ClientRegistry
from gateway.security.password_digests import DigestChecker
from gateway.security.routes import oauth_blueprint
from gateway.security.server import TokenServer
from gateway.security.signing_keys import SigningKeys
from gateway.security.token_security import TokenSecurity
from gateway.security.vault import IdentifierVault, VaultKeys

WINDOW = 300
SCOPES = ("pdmp/history", "system/MedicationDispense.rs", "system/MedicationDispense.c")
HOSPITAL = Requester(
    organisation=Organisation(name="Elm Street Hospital", npi="1023011178"),
    practitioner=Practitioner(role="Physician"),
    state="CT",
)


class TurnedClock:
    """The time, shifted by what the test says."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def turn(self, **by: float) -> None:
        self.shift += timedelta(**by)


class Memory:
    """Short-lived facts in a dict; `broken` puts them out of reach."""

    def __init__(self) -> None:
        self.claimed: dict[str, int] = {}
        self.broken = False

    def claim(self, key: str, ttl: int) -> bool:
        if self.broken:
            raise Unavailable("The shared facts cannot be reached.")
        if key in self.claimed:
            return False
        self.claimed[key] = ttl
        return True

    def close(self) -> None:
        """Nothing to give back."""


class Audit:
    """The events; `broken` puts the log out of reach."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.broken = False

    def record(self, event: AuditEvent) -> None:
        if self.broken:
            raise Unavailable("The audit log cannot be written.")
        self.events.append(event)


@dataclass
class Served:
    """A token server, and everything behind it."""

    url: str
    folder: Path
    clients: ClientRegistry
    keys: SigningKeys
    tokens: AccessTokens
    security: TokenSecurity
    memory: Memory
    audit: Audit
    clock: TurnedClock
    app: Flask
    server: TokenServer
    vault: IdentifierVault
    digests: DigestChecker
    secret: str = ""

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    def audited(self) -> tuple[str, str | None, str | None, int]:
        """The last event: action, client, outcome, status."""
        event = self.audit.events[-1]
        return event.action.value, event.client_id, event.outcome, event.status


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """One client with a secret (`hospital`), one with a key for each algorithm (`pharmacy-RS384`, ...)."""
    app = Flask("test")
    http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    url = f"http://127.0.0.1:{http.server_port}"
    clock, memory, audit = TurnedClock(), Memory(), Audit()
    clients = ClientRegistry(tmp_path / "clients.json")
    keys = SigningKeys(tmp_path / "signing-keys.json")
    tokens = AccessTokens(base_url=url, keys=keys, clock=clock)
    server = TokenServer(
        base_url=url, clients=clients, keys=keys, tokens=tokens, ephemeral=memory, audit=audit, clock=clock
    )
    app.register_blueprint(oauth_blueprint(server))
    vault = IdentifierVault(VaultKeys.load(tmp_path / "vault-keys.json"))
    digests = DigestChecker(vault=vault, ephemeral=memory, clock=clock, window=WINDOW)
    security = TokenSecurity(
        base_url=url, tokens=tokens, clients=clients, keys=keys, digests=digests, clock=clock
    )
    fixture = Served(
        url, tmp_path, clients, keys, tokens, security, memory, audit, clock, app, server, vault, digests
    )
    fixture.secret = clients.register_with_secret(
        client_id="hospital", name="Elm Street Hospital", scopes=SCOPES, registered=HOSPITAL
    )
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield fixture
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def pharmacy(served: Served, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A client with a key pair (ES384, or the algorithm the test is parametrised with); its private JWK."""
    return served.clients.register_with_key(
        client_id="pharmacy",
        name="Oak Pharmacy",
        scopes=SCOPES,
        registered=HOSPITAL,
        algorithm=getattr(request, "param", "ES384"),
    )
