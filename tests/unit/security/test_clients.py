"""The registry's file, secrets, and keys that clients publish themselves."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.errors import Unavailable
from gateway.model import Address, Licence, Organisation, PersonName, Practitioner, Purpose, Requester
from gateway.security.client_keys import PublishedKeys, usable_key
from gateway.security.client_secrets import SecretChecker, SecretHash
from gateway.security.clients import Client, ClientRegistry
from gateway.security.jose import new_key

EVERYTHING = Requester(
    practitioner=Practitioner(
        name=PersonName(family="Ø", given=("A", "B")),
        npi="1023011178",
        licence=Licence(number="1", state="CT"),
        role="Physician",
    ),
    organisation=Organisation(name="Hospital", address=Address(lines=("1 Elm St",), state="CT")),
    state="CT",
    purpose=Purpose.PUBLIC_HEALTH,
)


@pytest.fixture
def registry(tmp_path: Path) -> ClientRegistry:
    return ClientRegistry(tmp_path / "clients.json")


def _client(**over: Any) -> Client:
    values: dict[str, Any] = {
        "client_id": "a",
        "name": "A",
        "scopes": ("pdmp/history",),
        "secret_hash": SecretHash.decoy(),
    }
    return Client(**{**values, **over})


def test_a_registry_without_a_file_has_no_clients(registry: ClientRegistry) -> None:
    assert registry.find("a") is None


def test_a_client_comes_back_from_the_file_as_it_was(registry: ClientRegistry, tmp_path: Path) -> None:
    registry.register_with_secret(client_id="a", name="A", scopes=("pdmp/history",), registered=EVERYTHING)
    registry.register_with_key(
        client_id="b", name="B", scopes=("system/*.rs", "admin"), registered=Requester()
    )
    registry.put(_client(client_id="c", keys_url="https://c.example/jwks", secret_hash=None))
    again = ClientRegistry(tmp_path / "clients.json")
    for client_id in "abc":
        assert again.find(client_id) == registry.find(client_id)
    assert again.find("a").registered == replace(EVERYTHING, client_id="a")  # type: ignore[union-attr]


def test_neither_secrets_nor_private_keys_are_in_the_file(registry: ClientRegistry, tmp_path: Path) -> None:
    secret = registry.register_with_secret(
        client_id="a", name="A", scopes=("pdmp/history",), registered=EVERYTHING
    )
    jwk = registry.register_with_key(client_id="b", name="B", scopes=("admin",), registered=EVERYTHING)
    text = (tmp_path / "clients.json").read_text()
    assert secret not in text
    assert jwk["d"] not in text
    assert jwk["x"] in text
    assert (tmp_path / "clients.json").stat().st_mode & 0o777 == 0o600


def test_a_client_shows_no_credentials_in_a_log(registry: ClientRegistry) -> None:
    registry.register_with_secret(client_id="a", name="A", scopes=("admin",), registered=EVERYTHING)
    client = registry.find("a")
    assert str(client.secret_hash) not in repr(client)  # type: ignore[union-attr]


def test_a_client_is_replaced_by_its_id(registry: ClientRegistry) -> None:
    registry.put(_client(name="before"))
    registry.put(_client(name="after"))
    assert registry.find("a").name == "after"  # type: ignore[union-attr]


def test_a_client_that_is_not_active_is_not_found_but_registered(registry: ClientRegistry) -> None:
    registry.put(_client(active=False))
    assert registry.find("a") is None
    assert registry.is_registered("a")
    assert not registry.is_registered("b")


def test_a_key_pair_is_made_for_the_four_algorithms_only(registry: ClientRegistry) -> None:
    with pytest.raises(ValueError, match="RS384"):
        registry.register_with_key(
            client_id="b", name="B", scopes=("admin",), registered=Requester(), algorithm="HS256"
        )


RECORD = {"client_id": "a", "name": "A", "scopes": ["admin"], "secret_hash": str(SecretHash.decoy())}
PUBLIC = new_key("ES384").as_dict(private=False)
UNUSABLE: dict[str, tuple[Any, str]] = {
    "not JSON": ("{", "JSON"),
    "no clients": ({}, "clients"),
    "misspelt key": ({"clients": [{**RECORD, "actve": False}]}, "actve"),
    "misspelt key below": (
        {"clients": [{**RECORD, "registered": {"practitioner": {"nip": "1"}}}]},
        "registered.practitioner.nip",
    ),
    "wrong purpose": ({"clients": [{**RECORD, "registered": {"purpose": "FUN"}}]}, "purpose"),
    "twice": ({"clients": [RECORD, RECORD]}, "clients[1]"),
    "unknown scope": ({"clients": [{**RECORD, "scopes": ["pdmp/all"]}]}, "scopes"),
    "no scope": ({"clients": [{**RECORD, "scopes": []}]}, "scopes"),
    "odd id": ({"clients": [{**RECORD, "client_id": "a b"}]}, "client_id"),
    "secret in clear": (
        {"clients": [{**RECORD, "secret_hash": "scrypt$hunter2$8$1$AA==$AA=="}]},
        "secret_hash",
    ),
    "no credential": ({"clients": [{**RECORD, "secret_hash": None}]}, "credential"),
    "private key": (
        {"clients": [{**RECORD, "jwks": {"keys": [new_key("ES384").as_dict(private=True)]}}]},
        "keys[0]: holds a private",
    ),
    "no keys": ({"clients": [{**RECORD, "jwks": {"keys": []}}]}, "keys"),
    "key without kid": (
        {"clients": [{**RECORD, "jwks": {"keys": [{k: v for k, v in PUBLIC.items() if k != "kid"}]}}]},
        "kid",
    ),
    "keys and their URL": (
        {"clients": [{**RECORD, "jwks": {"keys": [PUBLIC]}, "jwks_url": "https://a.example"}]},
        "only one",
    ),
    "URL without TLS": ({"clients": [{**RECORD, "jwks_url": "http://a.example/jwks"}]}, "https"),
}


@pytest.mark.parametrize(("content", "names"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_used_lets_nobody_in_and_says_why(
    registry: ClientRegistry, tmp_path: Path, content: Any, names: str
) -> None:
    registry.put(_client())
    assert registry.find("a")
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "clients.json").write_text(text)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(Unavailable):
                registry.find("a")
    (event,) = logs  # once, not with every request
    assert names in event["reason"]
    assert "hunter2" not in str(logs)
    with pytest.raises(Unavailable):
        registry.put(_client())
    assert (tmp_path / "clients.json").read_text() == text, "what an operator wrote is not thrown away"
    (tmp_path / "clients.json").write_text(json.dumps({"clients": [RECORD]}))
    assert registry.find("a")


@pytest.mark.parametrize(
    "jwk",
    [
        OctKey.generate_key(256, {"kid": "1"}).as_dict(private=True),
        ECKey.generate_key("P-521", {"kid": "1"}).as_dict(private=False),
        new_key("ES384").as_dict(private=False) | {"use": "enc"},
        new_key("ES384").as_dict(private=False) | {"alg": "ES256"},
        RSAKey.generate_key(2048, {"kid": "1", "alg": "PS384"}).as_dict(private=False),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "1"},
        {"kty": "unheard-of"},
        {},
        [],
        None,
    ],
    ids=[
        "symmetric",
        "P-521",
        "for encryption",
        "alg of another curve",
        "PS384",
        "no point",
        "kty",
        "empty",
        "list",
        "null",
    ],
)
def test_keys_that_cannot_be_used(jwk: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        usable_key(jwk)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_short_rsa_key_is_not_used() -> None:
    with pytest.raises(ValueError, match="2048"):
        usable_key(RSAKey.generate_key(1024, {"kid": "1"}).as_dict(private=False))


# --- secrets --------------------------------------------------------------------------------------------------


def test_a_hash_survives_being_written_down() -> None:
    hashed = SecretHash.of("open sesame")
    again = SecretHash.parse(str(hashed))
    assert again.matches("open sesame")
    assert not again.matches("open sesame ")
    assert str(SecretHash.of("open sesame")) != str(hashed), "salted"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scrypt", "md5"),
        ("$16384$", "$1$"),
        ("$16384$", "$999999$"),
        ("$8$", "$0$"),
        ("$8$", "$x$"),
        ("==$", "$"),
    ],
)
def test_texts_that_are_no_hash(before: str, after: str) -> None:
    text = str(SecretHash.decoy())
    assert SecretHash.parse(text)
    assert before in text
    with pytest.raises(ValueError, match="secret_hash"):
        SecretHash.parse(text.replace(before, after))


class CountingHash(SecretHash):
    """Counts the work done on it."""

    worked = 0

    def matches(self, secret: str) -> bool:
        type(self).worked += 1
        return super().matches(secret)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[CountingHash]:
    monkeypatch.setattr("gateway.security.client_secrets.SecretHash", CountingHash)
    monkeypatch.setattr(CountingHash, "worked", 0)
    return CountingHash


def test_the_same_work_is_done_for_every_wrong_secret_whoever_it_is_said_to_be_of(
    counted: type[CountingHash],
) -> None:
    checker, known = SecretChecker(), counted.of("right")
    for hashed in (known, None):
        before = counted.worked
        assert not checker.is_right("wrong", hashed)
        assert not checker.is_right("wrong", hashed)
        assert counted.worked == before + 2, "a wrong secret is never remembered, a stranger costs as much"
    decoy = checker._decoy
    assert (decoy.cost, decoy.block, decoy.parallel) == (known.cost, known.block, known.parallel)


def test_a_right_secret_is_worked_on_once(counted: type[CountingHash]) -> None:
    checker, known = SecretChecker(), counted.of("right")
    for _ in range(5):
        assert checker.is_right("right", known)
    assert counted.worked == 1
    assert not checker.is_right("wrong", known)
    assert not checker.is_right("right", counted.of("changed")), "a changed secret is not remembered"
    assert not checker.is_right("right", None)


def test_being_right_is_forgotten(counted: type[CountingHash], monkeypatch: pytest.MonkeyPatch) -> None:
    checker, known = SecretChecker(), counted.of("right")
    checker.is_right("right", known)
    monkeypatch.setattr("gateway.security.client_secrets.REMEMBERED_FOR", 0)
    checker = SecretChecker()
    checker.is_right("right", known)
    before = counted.worked
    checker.is_right("right", known)
    assert counted.worked == before + 1


# --- keys that clients publish --------------------------------------------------------------------------------


class Published:
    """A client's own server of keys."""

    def __init__(self) -> None:
        self.keys: Any = []
        self.body: bytes | None = None
        self.headers: dict[str, str] = {}
        self.status = 200
        self.asked = 0

    def serve(self, http: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        body = self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()
        http.send_response(self.status)
        for name, value in {**self.headers, "Content-Length": str(len(body))}.items():
            http.send_header(name, value)
        http.end_headers()
        http.wfile.write(body)


@pytest.fixture
def published() -> Any:
    site = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.serve(self)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{http.server_port}/jwks"  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield site
    http.shutdown()
    http.server_close()
    thread.join()


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_published_keys_are_fetched_once_in_a_while(published: Any, clock: Clock) -> None:
    published.keys = [
        PUBLIC,
        {"kty": "unheard-of"},
        OctKey.generate_key(256, {"kid": "2"}).as_dict(private=True),
    ]
    keys = PublishedKeys(clock=clock)
    for _ in range(3):
        assert [key.kid for key in keys.at(published.url, kid=PUBLIC["kid"])] == [PUBLIC["kid"]]
    assert published.asked == 1
    clock.turn(minutes=5)
    keys.at(published.url, kid=PUBLIC["kid"])
    assert published.asked == 2


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("max-age=60", 60),
        ("no-store", 0),
        ("no-cache", 0),
        ("max-age=0", 0),
        ("max-age=99999", 3600),
        ("public", 300),
    ],
)
def test_published_keys_are_kept_no_longer_than_their_owner_allows(
    published: Any, clock: Clock, control: str, seconds: int
) -> None:
    published.keys, published.headers = [PUBLIC], {"Cache-Control": control}
    keys = PublishedKeys(clock=clock)
    keys.at(published.url, kid=PUBLIC["kid"])
    if seconds:
        clock.turn(seconds=seconds - 1)
        keys.at(published.url, kid=PUBLIC["kid"])
        assert published.asked == 1
        clock.turn(seconds=1)
    keys.at(published.url, kid=PUBLIC["kid"])
    assert published.asked == 2


def test_a_key_that_is_new_is_found(published: Any, clock: Clock) -> None:
    published.keys = [PUBLIC]
    keys = PublishedKeys(clock=clock)
    keys.at(published.url, kid=PUBLIC["kid"])
    new = new_key("ES256").as_dict(private=False)
    published.keys = [PUBLIC, new]
    keys.at(published.url, kid=str(new["kid"]))
    assert published.asked == 1, "strangers' key ids do not make us ask with each request"
    clock.turn(seconds=11)
    assert new["kid"] in [key.kid for key in keys.at(published.url, kid=str(new["kid"]))]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"body": b"<html>"},
        {"body": b"[]"},
        {"body": b"[" * 50_000},
        {"body": json.dumps({"keys": [PUBLIC]}).encode() + b" " * 70_000},
    ],
    ids=["500", "redirect", "html", "list", "nested", "large"],
)
def test_keys_that_cannot_be_fetched(published: Any, clock: Clock, broken: dict[str, Any]) -> None:
    for name, value in broken.items():
        setattr(published, name, value)
    keys = PublishedKeys(clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            keys.at(published.url, kid="1")
    assert published.asked == 1, "a broken site is left alone for a while"
    published.keys, published.body, published.status, published.headers = [PUBLIC], None, 200, {}
    clock.turn(seconds=11)
    assert keys.at(published.url, kid=PUBLIC["kid"])


def test_a_site_that_is_not_there(clock: Clock) -> None:
    with pytest.raises(Unavailable):
        PublishedKeys(clock=clock).at("http://127.0.0.1:9/jwks", kid="1")
