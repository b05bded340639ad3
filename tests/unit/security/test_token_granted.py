"""The token endpoint: who is granted a token, what is published, and what happens when something is out of reach."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet, import_key

from gateway.errors import Unavailable
from gateway.ports import BearerToken
from gateway.security.server import TokenServer
from tests.unit.security.token_requests import ask_for_token, assertion, assertion_form, post, with_secret


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_secret_gets_a_token(served: Any, method: str) -> None:
    token = ask_for_token(
        served, client_id="hospital", client_secret=served.secret, token_endpoint_auth_method=method
    )
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 300
    assert token["scope"] == "pdmp/history"
    principal = served.security.authenticate(BearerToken(token["access_token"]))
    assert principal.client_id == "hospital"
    assert principal.registered.client_id == "hospital"
    assert principal.registered.organisation.name == "Elm Street Hospital"
    assert principal.scopes == {"pdmp/history"}
    assert served.audited() == ("oauth:token:grant", "hospital", "pdmp/history", 200)


@pytest.mark.parametrize("pharmacy", ["RS384", "ES384", "RS256", "ES256"], indirect=True)
def test_an_assertion_gets_a_token_by_each_algorithm(served: Any, pharmacy: dict[str, Any]) -> None:
    token = ask_for_token(
        served,
        client_id="pharmacy",
        client_secret=import_key(pharmacy),
        token_endpoint_auth_method="private_key_jwt",
    )
    assert served.security.authenticate(BearerToken(token["access_token"])).client_id == "pharmacy"
    assert served.audited() == ("oauth:token:grant", "pharmacy", "pdmp/history", 200)


def test_the_token_is_a_jwt_access_token_verifiable_from_the_published_keys(served: Any) -> None:
    text = ask_for_token(
        served,
        client_id="hospital",
        client_secret=served.secret,
        token_endpoint_auth_method="client_secret_basic",
    )["access_token"]
    published = requests.get(f"{served.url}/oauth/jwks", timeout=10)
    assert published.headers["Cache-Control"] == "public, max-age=300"
    assert all("d" not in key and key["use"] == "sig" for key in published.json()["keys"])
    token = jwt.decode(text, KeySet.import_key_set(published.json()), algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert claims["iss"] == claims["aud"] == served.url
    assert claims["sub"] == claims["client_id"] == "hospital"
    assert claims["scope"] == "pdmp/history"
    assert claims["exp"] - claims["iat"] == 300
    assert claims["jti"]


def test_the_answer_may_not_be_stored(served: Any) -> None:
    response = post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert response.headers["Content-Type"] == "application/json"


def test_no_scope_asked_for_is_every_scope_registered(served: Any) -> None:
    response = post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.json()["scope"] == "pdmp/history system/MedicationDispense.rs system/MedicationDispense.c"


def test_neither_token_nor_secret_is_logged(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = post(
            served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
        )
    assert "Validate token request" in caplog.text, "Authlib's log is not captured"
    assert response.json()["access_token"] not in caplog.text
    assert served.secret not in caplog.text
    assert "scrypt" not in caplog.text


def test_an_assertion_may_name_its_client_twice(served: Any, pharmacy: dict[str, Any]) -> None:
    response = post(served, **assertion_form(assertion(served, pharmacy), client_id="pharmacy"))
    assert response.status_code == 200


def test_header_parameters_that_are_not_known_are_ignored(served: Any, pharmacy: dict[str, Any]) -> None:
    text = assertion(served, pharmacy, header={"x-vendor": "1"})
    assert post(served, **assertion_form(text)).status_code == 200


def _assert_unavailable(response: requests.Response) -> None:
    assert response.status_code == 503
    assert response.json()["error"] == "temporarily_unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert "access_token" not in response.text


def test_no_token_leaves_that_the_audit_does_not_have(served: Any) -> None:
    served.audit.broken = True
    _assert_unavailable(post(served, **with_secret(served)))


def test_no_refusal_leaves_that_the_audit_does_not_have(served: Any) -> None:
    served.audit.broken = True
    _assert_unavailable(post(served, **with_secret(served, client_secret="wrong")))


def test_without_the_memory_of_used_assertions_none_is_taken(served: Any, pharmacy: dict[str, Any]) -> None:
    served.memory.broken = True
    _assert_unavailable(post(served, **assertion_form(assertion(served, pharmacy))))
    assert served.audited() == ("oauth:token:deny", "pharmacy", "temporarily_unavailable", 503)


def test_without_a_registry_that_can_be_read_nobody_is_let_in(served: Any) -> None:
    (served.folder / "clients.json").write_text("{")
    _assert_unavailable(post(served, **with_secret(served)))
    with pytest.raises(Unavailable):
        served.clients.find("hospital")


def test_without_signing_keys_there_are_no_tokens(served: Any) -> None:
    (served.folder / "signing-keys.json").unlink()
    _assert_unavailable(post(served, **with_secret(served)))
    assert requests.get(f"{served.url}/oauth/jwks", timeout=10).status_code == 503


def test_metadata_is_as_rfc_8414_wants_it(served: Any) -> None:
    document = requests.get(f"{served.url}/.well-known/oauth-authorization-server", timeout=10).json()
    metadata = AuthorizationServerMetadata(document)
    for key in document:
        getattr(metadata, f"validate_{key}")()
    assert metadata.issuer == served.url
    assert metadata.token_endpoint == served.token_url
    assert requests.get(metadata.jwks_uri, timeout=10).json()["keys"]
    assert set(metadata.token_endpoint_auth_methods_supported) == {
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_post",
    }
    assert not [m for m in document.values() if m == []], "RFC 8414 section 3.2: no empty lists"


@pytest.mark.parametrize("base_url", ["http://gateway.example", "http://0.0.0.0:8080", "ftp://127.0.0.1", ""])
def test_tokens_are_not_granted_in_clear(served: Any, base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        TokenServer(
            base_url=base_url,
            clients=served.clients,
            keys=served.keys,
            tokens=served.tokens,
            ephemeral=served.memory,
            audit=served.audit,
            clock=served.clock,
        )
