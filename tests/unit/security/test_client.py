"""A token for calling somebody else, against this gateway's own token endpoint and against worse ones."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from gateway.errors import Unauthenticated, Unavailable
from gateway.ports import BearerToken
from gateway.security.client import TokenSource
from tests.unit.security.sites import site


def test_a_secret_gets_a_token_once_until_it_nears_its_end(served: Any) -> None:
    source = TokenSource(
        served.token_url,
        client_id="hospital",
        secret=served.secret,
        scopes=("pdmp/history",),
        clock=served.clock,
    )
    first = source()
    assert served.security.authenticate(BearerToken(first)).scopes == {"pdmp/history"}
    served.clock.turn(seconds=265)
    assert source() == first
    assert len(served.audit.events) == 1
    served.clock.turn(seconds=6)
    second = source()
    assert second != first
    assert served.security.authenticate(BearerToken(second))


@pytest.mark.parametrize("pharmacy", ["RS384", "ES384", "RS256", "ES256"], indirect=True)
def test_a_key_gets_a_token_each_time_with_a_new_assertion(served: Any, pharmacy: dict[str, Any]) -> None:
    source = TokenSource(served.token_url, client_id="pharmacy", private_key=pharmacy, clock=served.clock)
    assert served.security.authenticate(BearerToken(source())).client_id == "pharmacy"
    served.clock.turn(minutes=5)
    assert served.security.authenticate(BearerToken(source())).client_id == "pharmacy"
    assert len(served.memory.claimed) == 2


def test_a_client_with_published_keys(served: Any, published_key: tuple[str, dict[str, Any]]) -> None:
    url, jwk = published_key
    hospital = served.clients.find("hospital")
    served.clients.put(type(hospital)(client_id="roaming", name="R", scopes=("pdmp/history",), keys_url=url))
    source = TokenSource(served.token_url, client_id="roaming", private_key=jwk, clock=served.clock)
    assert served.security.authenticate(BearerToken(source())).client_id == "roaming"


@pytest.fixture
def published_key() -> Any:
    key = ECKey.generate_key("P-384", {"alg": "ES384", "kid": "7"})
    with site(200, {"keys": [key.as_dict(private=False)]}) as url:
        yield url, key.as_dict(private=True)


def test_many_threads_ask_once(served: Any) -> None:
    source = TokenSource(served.token_url, client_id="hospital", secret=served.secret)
    tokens: set[str] = set()
    threads = [threading.Thread(target=lambda: tokens.add(source())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 1
    assert len(served.audit.events) == 1


def test_a_refusal_names_its_kind_and_no_secret(served: Any) -> None:
    source = TokenSource(served.token_url, client_id="hospital", secret="wrong-secret")
    with pytest.raises(Unauthenticated) as refused:
        source()
    assert "(invalid_client)" in str(refused.value)
    assert "wrong-secret" not in str(refused.value)
    denied = TokenSource(served.token_url, client_id="hospital", secret=served.secret, scopes=("admin",))
    with pytest.raises(Unauthenticated, match="invalid_scope"):
        denied()


def test_a_server_that_cannot_now(served: Any) -> None:
    served.audit.broken = True
    source = TokenSource(served.token_url, client_id="hospital", secret=served.secret)
    with pytest.raises(Unavailable):
        source()
    served.audit.broken = False
    assert source(), "a failure is not remembered"


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unavailable):
        TokenSource("http://127.0.0.1:9/token", client_id="a", secret="b")()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, []),
        (200, {"access_token": 7, "expires_in": 300}),
        (200, {"access_token": "t", "expires_in": "soon"}),
        (200, {"access_token": "t", "expires_in": float("nan")}),
        (200, {"access_token": "t", "expires_in": -1}),
        (200, {"access_token": "", "expires_in": 300}),
        (302, {"access_token": "t", "expires_in": 300}),
        (500, {"access_token": "t", "expires_in": 300}),
        (404, b""),
    ],
)
def test_answers_that_hold_no_token(status: int, body: Any) -> None:
    with site(status, body, {"Location": "/elsewhere"}) as url, pytest.raises(Unavailable):
        TokenSource(url, client_id="a", secret="b")()


def test_what_a_stranger_says_of_the_error_is_not_repeated() -> None:
    body = {"error": "<script>", "error_description": "Marigold Quillfeather"}
    with site(400, body) as url, pytest.raises(Unauthenticated) as refused:
        TokenSource(url, client_id="a", secret="b")()
    assert "script" not in str(refused.value)
    assert "Quillfeather" not in str(refused.value)


def test_a_token_without_a_lifetime_is_used_once() -> None:
    with site(200, {"access_token": "t"}) as url:
        source = TokenSource(url, client_id="a", secret="b")
        assert source() == source() == "t"
        assert source._until <= source._clock()


def test_sources_that_cannot_be() -> None:
    for url in ("http://gateway.example/token", "ftp://127.0.0.1/token", "token"):
        with pytest.raises(ValueError, match="token_url"):
            TokenSource(url, client_id="a", secret="b")
    url = "https://gateway.example/token"
    with pytest.raises(ValueError, match="either"):
        TokenSource(url, client_id="a")
    with pytest.raises(ValueError, match="either"):
        TokenSource(url, client_id="a", secret="b", private_key={})
    public = ECKey.generate_key("P-256").as_dict(private=False)
    symmetric = OctKey.generate_key(256).as_dict(private=True)
    for jwk in ({}, public, symmetric, ECKey.generate_key("P-521").as_dict(private=True)):
        with pytest.raises(ValueError, match="private_key"):
            TokenSource(url, client_id="a", private_key=jwk)
