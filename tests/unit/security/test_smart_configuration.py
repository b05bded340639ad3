"""Where a partner's tokens come from, as the partner says itself: against servers that say it well and badly."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from joserfc.jwk import ECKey

from gateway.errors import Failure, Unavailable
from gateway.security.client import TokenSource
from gateway.security.discovery import KEPT, SmartConfiguration
from tests.unit.security.conftest import TurnedClock
from tests.unit.security.sites import site

WELL = {
    "token_endpoint": "https://auth.example/token",
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
}


def test_the_address_is_asked_for_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    get = requests.get
    monkeypatch.setattr(requests, "get", lambda url, **options: asked.append(url) or get(url, **options))
    clock = TurnedClock()
    with site(200, WELL) as url:
        found = SmartConfiguration(url, clock=clock)
        assert found.token_url() == found.token_url() == WELL["token_endpoint"]
        clock.turn(seconds=KEPT.total_seconds())
        found.token_url()
    assert asked == [f"{url}/.well-known/smart-configuration"] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        [],
        {},
        {**WELL, "token_endpoint": 7},
        {**WELL, "token_endpoint": "http://auth.example/token"},
        {**WELL, "token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        b'{"x": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_a_configuration_that_cannot_be_used(body: Any) -> None:
    with site(200, body) as url, pytest.raises(Failure) as failed:
        SmartConfiguration(url).token_url()
    assert not isinstance(failed.value, Unavailable)
    assert "auth.example" not in str(failed.value)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_server_that_does_not_say(status: int) -> None:
    with site(status, WELL, {"Location": "https://elsewhere.example/"}) as url, pytest.raises(Unavailable):
        SmartConfiguration(url).token_url()


def test_a_server_that_is_not_there_is_asked_again() -> None:
    found = SmartConfiguration("http://127.0.0.1:9/fhir")
    for _ in range(2):
        with pytest.raises(Unavailable):
            found.token_url()


def test_addresses_that_are_not_asked() -> None:
    for url in ("http://pmp.example/fhir", "ftp://127.0.0.1/", "fhir"):
        with pytest.raises(ValueError, match="base_url"):
            SmartConfiguration(url)


def test_a_found_endpoint_gets_no_secret() -> None:
    found = SmartConfiguration("https://pmp.example/fhir")
    with pytest.raises(ValueError, match="token_url"):
        TokenSource(found.token_url, "a", secret="b")


def test_a_token_that_was_refused_is_not_used_again(served: Any) -> None:
    source = TokenSource(served.token_url, client_id="hospital", secret=served.secret)
    first = source()
    source.refused("another")
    assert source() == first
    source.refused(first)
    assert source() != first


def test_a_key_that_changes(served: Any) -> None:
    keys = [ECKey.generate_key("P-384", {"alg": "ES384", "kid": kid}) for kid in ("1", "2")]
    with site(200, {"keys": [key.as_dict(private=False) for key in keys]}) as url:
        hospital = served.clients.find("hospital")
        served.clients.put(
            type(hospital)(client_id="roaming", name="R", scopes=("pdmp/history",), keys_url=url)
        )
        source = TokenSource(served.token_url, "roaming", private_key=lambda: keys[-1], clock=served.clock)
        first = source()
        keys.pop()
        served.clock.turn(minutes=5)
        assert source() != first
