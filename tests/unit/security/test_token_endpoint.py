"""Tokens by each method, by Authlib's own client; and everything that must be refused."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey, import_key
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

from gateway.errors import Unavailable
from gateway.ports import BearerToken
from gateway.security import authentication
from gateway.security.client_keys import usable_keys
from gateway.security.jose import SignedToken
from gateway.security.server import TokenServer

# A signer that puts into the header whatever a test wants there.
ANY_HEADER = JWSRegistry(
    header_registry={"x-vendor": HeaderParameter("for tests", "str")},
    algorithms=["RS384", "ES384", "RS256", "ES256", "HS256"],
)
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _token(served: Any, **kwargs: Any) -> dict[str, Any]:
    scope = kwargs.pop("scope", "pdmp/history")
    with OAuth2Session(**kwargs) as session:
        if kwargs["token_endpoint_auth_method"] == "private_key_jwt":
            session.register_client_auth_method(_authlib_assertion(served, kwargs["client_secret"]))
        return dict(session.fetch_token(served.token_url, grant_type="client_credentials", scope=scope))


def _authlib_assertion(served: Any, jwk: dict[str, Any]) -> PrivateKeyJWT:
    # Authlib's own exp lies an hour ahead, which SMART App Launch does not allow.
    exp = int(served.clock().timestamp()) + 240
    return PrivateKeyJWT(served.token_url, claims={"exp": exp}, headers={"kid": jwk["kid"]}, alg=jwk["alg"])


def _post(served: Any, **form: str) -> requests.Response:
    return requests.post(served.token_url, data=form, timeout=10)


def _assertion_form(assertion: str, **more: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        **more,
    }


def _assertion(
    served: Any, jwk: dict[str, Any], /, key: Any = None, header: Any = None, **claims: Any
) -> str:
    """An assertion that is right but for what the test changes; a claim or header that is None is left out."""
    now = int(served.clock().timestamp())
    right = {
        "iss": "pharmacy",
        "sub": "pharmacy",
        "aud": served.token_url,
        "iat": now,
        "exp": now + 240,
        "jti": base64.b64encode(str(len(served.audit.events)).encode()).decode(),
    }
    payload = {k: v for k, v in {**right, **claims}.items() if v is not None}
    head = {"alg": jwk["alg"], "kid": jwk["kid"], "typ": "JWT", **(header or {})}
    head = {k: v for k, v in head.items() if v is not None}
    return jwt.encode(head, payload, key or import_key(jwk), registry=ANY_HEADER, default_type=None)


# --- granted --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_secret_gets_a_token(served: Any, method: str) -> None:
    token = _token(
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
    token = _token(
        served,
        client_id="pharmacy",
        client_secret=import_key(pharmacy),
        token_endpoint_auth_method="private_key_jwt",
    )
    assert served.security.authenticate(BearerToken(token["access_token"])).client_id == "pharmacy"
    assert served.audited() == ("oauth:token:grant", "pharmacy", "pdmp/history", 200)


def test_the_token_is_a_jwt_access_token_verifiable_from_the_published_keys(served: Any) -> None:
    text = _token(
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
    response = _post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert response.headers["Content-Type"] == "application/json"


def test_no_scope_asked_for_is_every_scope_registered(served: Any) -> None:
    response = _post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.json()["scope"] == "pdmp/history system/MedicationDispense.rs system/MedicationDispense.c"


def test_neither_token_nor_secret_is_logged(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = _post(
            served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
        )
    assert "Validate token request" in caplog.text, "Authlib's log is not captured"
    assert response.json()["access_token"] not in caplog.text
    assert served.secret not in caplog.text
    assert "scrypt" not in caplog.text


def test_an_assertion_may_name_its_client_twice(served: Any, pharmacy: dict[str, Any]) -> None:
    response = _post(served, **_assertion_form(_assertion(served, pharmacy), client_id="pharmacy"))
    assert response.status_code == 200


def test_header_parameters_that_are_not_known_are_ignored(served: Any, pharmacy: dict[str, Any]) -> None:
    text = _assertion(served, pharmacy, header={"x-vendor": "1"})
    assert _post(served, **_assertion_form(text)).status_code == 200


# --- refused: secrets -----------------------------------------------------------------------------------------


def _basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("client_id", ["hospital", "nobody"])
def test_a_wrong_secret_and_an_unknown_client_get_one_answer(
    served: Any, method: str, client_id: str
) -> None:
    with pytest.raises(OAuthError) as refused:
        _token(served, client_id=client_id, client_secret="wrong", token_endpoint_auth_method=method)
    assert refused.value.error == "invalid_client"
    assert refused.value.description == (
        "No active client has this client_id and secret. Check both, or ask the operator for a new secret."
    )
    expected = ("hospital", "wrong-secret") if client_id == "hospital" else (None, "unknown-client")
    assert served.audited() == ("oauth:token:deny", expected[0], f"invalid_client/{expected[1]}", 401)


def test_refused_clients_are_challenged(served: Any) -> None:
    response = requests.post(
        served.token_url,
        data={"grant_type": "client_credentials"},
        headers=_basic("hospital", "wrong"),
        timeout=10,
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith('Basic realm="pmpbridge"')
    assert response.headers["Cache-Control"] == "no-store"


def test_a_disabled_client_gets_nothing(served: Any) -> None:
    _disable(served, "hospital")
    response = _post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.status_code == 401
    assert served.audited() == ("oauth:token:deny", "hospital", "invalid_client/unknown-client", 401)


def _disable(served: Any, client_id: str) -> None:
    path = served.folder / "clients.json"
    document = json.loads(path.read_text())
    for client in document["clients"]:
        if client["client_id"] == client_id:
            client["active"] = False
    path.write_text(json.dumps(document))


def test_a_client_with_a_key_has_no_secret(served: Any, pharmacy: dict[str, Any]) -> None:
    response = _post(served, grant_type="client_credentials", client_id="pharmacy", client_secret="x")
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic /w==", "Basic " + "A" * 30000],
    ids=["bare", "letters", "bytes", "long"],
)
def test_a_header_that_cannot_be_read(served: Any, header: str) -> None:
    response = requests.post(
        served.token_url,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
        timeout=10,
    )
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_no_credentials(served: Any) -> None:
    response = _post(served, grant_type="client_credentials")
    assert response.status_code == 401
    assert "private_key_jwt" in response.json()["error_description"]
    assert served.audited() == ("oauth:token:deny", None, "invalid_client/no-credentials", 401)


# --- refused: assertions --------------------------------------------------------------------------------------

Change = Callable[[Any, dict[str, Any]], str]


def _public_as_hmac(served: Any, jwk: dict[str, Any]) -> str:
    """HS256 with the client's public key as the secret: what a verifier that trusts `alg` falls for."""
    pem = import_key(jwk).as_pem(private=False)
    return _assertion(served, jwk, OctKey.import_key(base64.b64encode(pem)), {"alg": "HS256"})


def _with_header(token: str, more: dict[str, Any]) -> str:
    """The token with more in its header; the signature is then of another text."""
    head, payload, signature = token.split(".")
    header = {**json.loads(base64.urlsafe_b64decode(head + "==")), **more}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{payload}.{signature}"


def _unsigned(served: Any, jwk: dict[str, Any]) -> str:
    token = _with_header(_assertion(served, jwk), {"alg": "none"})
    return token[: token.rindex(".") + 1]


def _tampered(served: Any, jwk: dict[str, Any]) -> str:
    head, _, signature = _assertion(served, jwk).split(".")
    payload = _assertion(served, jwk, jti="another").split(".")[1]
    return f"{head}.{payload}.{signature}"


def _embedded(served: Any, jwk: dict[str, Any]) -> str:
    """A key of the attacker's own in the header."""
    key = ECKey.generate_key("P-384")
    return _assertion(served, jwk, key, {"jwk": key.as_dict(private=False)})


ASSERTIONS: dict[str, tuple[Change, str]] = {
    "unsigned": (_unsigned, "wrong-algorithm"),
    "HS256 with the public key": (_public_as_hmac, "wrong-algorithm"),
    "tampered": (_tampered, "bad-signature"),
    "critical extension": (
        lambda s, k: _assertion(s, k, header={"crit": ["x-vendor"], "x-vendor": "1"}),
        "malformed-assertion",
    ),
    "crit that is no list": (lambda s, k: _with_header(_assertion(s, k), {"crit": 5}), "malformed-assertion"),
    "payload that is not encoded": (
        lambda s, k: _with_header(_assertion(s, k), {"crit": ["b64"], "b64": False}),
        "malformed-assertion",
    ),
    "no token": (lambda s, k: "not a token", "malformed-assertion"),
    "header is a list": (lambda s, k: "WyJhbGciXQ.e30.AA", "malformed-assertion"),
    "payload nested": (
        lambda s, k: (
            "eyJhbGciOiJFUzM4NCJ9." + base64.urlsafe_b64encode(b"[" * 5001).decode().rstrip("=") + ".AA"
        ),
        "malformed-assertion",
    ),
    "too long": (lambda s, k: "A" * 9000, "malformed-assertion"),
    "another's key": (
        lambda s, k: _assertion(s, k, ECKey.generate_key("P-384")),
        "bad-signature",
    ),
    "unknown kid": (lambda s, k: _assertion(s, k, header={"kid": "other"}), "bad-signature"),
    "no kid": (lambda s, k: _assertion(s, k, header={"kid": None}), "bad-signature"),
    "jku that is not registered": (
        lambda s, k: _assertion(s, k, header={"jku": "https://evil.example/jwks"}),
        "bad-signature",
    ),
    "embedded key": (_embedded, "bad-signature"),
    "ES256 with a P-384 kid": (
        lambda s, k: _assertion(s, k, ECKey.generate_key("P-256"), {"alg": "ES256"}),
        "bad-signature",
    ),
    "RS384 with an EC kid": (
        lambda s, k: _assertion(s, k, RSAKey.generate_key(2048), {"alg": "RS384"}),
        "bad-signature",
    ),
    "wrong aud": (lambda s, k: _assertion(s, k, aud="https://other.example/token"), "wrong-aud"),
    "issuer as aud": (lambda s, k: _assertion(s, k, aud=s.url), "wrong-aud"),
    "no aud": (lambda s, k: _assertion(s, k, aud=None), "wrong-aud"),
    "wrong iss": (lambda s, k: _assertion(s, k, iss="hospital"), "wrong-subject"),
    "wrong sub": (lambda s, k: _assertion(s, k, sub="hospital"), "wrong-subject"),
    "sub is no text": (lambda s, k: _assertion(s, k, sub=["pharmacy"], iss=["pharmacy"]), "wrong-subject"),
    "both of another client": (
        lambda s, k: _assertion(s, k, iss="hospital", sub="hospital"),
        "bad-signature",
    ),
    "both unknown": (lambda s, k: _assertion(s, k, iss="nobody", sub="nobody"), "unknown-client"),
    "expired": (lambda s, k: _assertion(s, k, exp=int(s.clock().timestamp()) - 31), "expired-assertion"),
    "exp too far": (lambda s, k: _assertion(s, k, exp=int(s.clock().timestamp()) + 333), "exp-too-far"),
    "exp never": (lambda s, k: _assertion(s, k, exp=float("inf")), "wrong-exp"),
    "exp not a number": (lambda s, k: _assertion(s, k, exp="tomorrow"), "wrong-exp"),
    "no exp": (lambda s, k: _assertion(s, k, exp=None), "wrong-exp"),
    "iat in the future": (lambda s, k: _assertion(s, k, iat=int(s.clock().timestamp()) + 200), "wrong-iat"),
    "nbf in the future": (lambda s, k: _assertion(s, k, nbf=int(s.clock().timestamp()) + 200), "wrong-nbf"),
    "no jti": (lambda s, k: _assertion(s, k, jti=None), "wrong-jti"),
    "empty jti": (lambda s, k: _assertion(s, k, jti=""), "wrong-jti"),
    "jti is no text": (lambda s, k: _assertion(s, k, jti=7), "wrong-jti"),
}


@pytest.mark.parametrize(("make", "reason"), ASSERTIONS.values(), ids=ASSERTIONS)
def test_assertions_that_must_be_refused(
    served: Any, pharmacy: dict[str, Any], make: Change, reason: str
) -> None:
    assert _post(served, **_assertion_form(_assertion(served, pharmacy))).status_code == 200
    response = _post(served, **_assertion_form(make(served, pharmacy)))
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert response.json()["error_description"]
    assert served.audited()[2] == f"invalid_client/{reason}"
    assert "access_token" not in response.text


def test_a_stranger_s_assertion_is_verified_like_a_client_s(
    served: Any, pharmacy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is verified, and against a key of which kind, does not depend on whether the client exists."""
    verified: list[str] = []
    verify = SignedToken.is_signed_by

    def counting(token: SignedToken, key: Any) -> bool:
        verified.append(f"{token.algorithm} {key.key_type}")
        return verify(token, key)

    monkeypatch.setattr(SignedToken, "is_signed_by", counting)
    stranger = ECKey.generate_key("P-384")
    for client_id, header in (
        ("pharmacy", {}),
        ("pharmacy", {"kid": "other"}),
        ("nobody", {}),
        ("hospital", {}),
    ):
        text = _assertion(served, pharmacy, stranger, header, iss=client_id, sub=client_id)
        assert _post(served, **_assertion_form(text)).status_code == 401
        assert verified == ["ES384 EC"]
        verified.clear()


def _with_another_key(served: Any, kty: str, kid: str) -> None:
    """The pharmacy registers a second key."""
    pharmacy = served.clients.find("pharmacy")
    other = (
        RSAKey.generate_key(2048, {"kid": kid}) if kty == "RSA" else ECKey.generate_key("P-384", {"kid": kid})
    )
    keys = [*pharmacy.keys.as_dict(private=False)["keys"], other.as_dict(private=False)]
    served.clients.put(replace(pharmacy, keys=usable_keys({"keys": keys})))


@pytest.mark.parametrize(
    ("kty", "is_same_kid", "status"),
    [("EC", True, 401), ("EC", False, 200), ("RSA", True, 200), ("RSA", False, 200)],
)
def test_exactly_one_key_must_fit(
    served: Any, pharmacy: dict[str, Any], kty: str, is_same_kid: bool, status: int
) -> None:
    _with_another_key(served, kty, pharmacy["kid"] if is_same_kid else "other")
    assert _post(served, **_assertion_form(_assertion(served, pharmacy))).status_code == status


def test_whoever_had_the_decoy_would_not_get_in_with_it(served: Any, pharmacy: dict[str, Any]) -> None:
    decoy = authentication._decoy("ES384")
    for claims in ({}, {"iss": "nobody", "sub": "nobody"}, {"iss": "hospital", "sub": "hospital"}):
        text = _assertion(served, pharmacy, decoy, {"kid": "other"}, **claims)
        assert _post(served, **_assertion_form(text)).status_code == 401


def test_an_assertion_is_used_once(served: Any, pharmacy: dict[str, Any]) -> None:
    form = _assertion_form(_assertion(served, pharmacy))
    assert _post(served, **form).status_code == 200
    again = _post(served, **form)
    assert again.status_code == 401
    assert "new jti" in again.json()["error_description"]
    assert served.audited() == ("oauth:token:deny", "pharmacy", "invalid_client/replayed-assertion", 401)


def test_a_used_assertion_is_remembered_for_as_long_as_it_could_be_used(
    served: Any, pharmacy: dict[str, Any]
) -> None:
    now = int(served.clock().timestamp())
    _post(served, **_assertion_form(_assertion(served, pharmacy, exp=now + 300)))
    (ttl,) = served.memory.claimed.values()
    assert ttl >= 300 + 30


def test_two_clients_may_use_one_jti(served: Any, pharmacy: dict[str, Any]) -> None:
    other = served.clients.register_with_key(
        client_id="other",
        name="Other",
        scopes=("pdmp/history",),
        registered=served.clients.find("pharmacy").registered,
    )
    assert _post(served, **_assertion_form(_assertion(served, pharmacy, jti="1"))).status_code == 200
    text = _assertion(served, other, jti="1", iss="other", sub="other")
    assert _post(served, **_assertion_form(text)).status_code == 200


def test_a_refused_assertion_uses_up_nothing(served: Any, pharmacy: dict[str, Any]) -> None:
    _post(served, **_assertion_form(_tampered(served, pharmacy)))
    assert served.memory.claimed == {}


def test_an_assertion_of_a_disabled_client(served: Any, pharmacy: dict[str, Any]) -> None:
    _disable(served, "pharmacy")
    response = _post(served, **_assertion_form(_assertion(served, pharmacy)))
    assert response.status_code == 401
    assert served.audited()[1:3] == ("pharmacy", "invalid_client/unknown-client")


def test_an_assertion_of_another_type(served: Any, pharmacy: dict[str, Any]) -> None:
    form = _assertion_form(_assertion(served, pharmacy))
    form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert JWT_BEARER in _post(served, **form).json()["error_description"]


def test_the_client_id_beside_an_assertion_must_be_its_subject(served: Any, pharmacy: dict[str, Any]) -> None:
    response = _post(served, **_assertion_form(_assertion(served, pharmacy), client_id="hospital"))
    assert response.json()["error"] == "invalid_client"


# --- refused: the request -------------------------------------------------------------------------------------


def _with_secret(served: Any, **more: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": "hospital",
        "client_secret": served.secret,
        **more,
    }


def test_a_scope_that_is_not_registered_is_not_granted(served: Any) -> None:
    partly = _post(served, **_with_secret(served, scope="admin pdmp/history system/*.cruds"))
    assert partly.json()["scope"] == "pdmp/history system/MedicationDispense.rs system/MedicationDispense.c"
    response = _post(served, **_with_secret(served, scope='admin system/Patient.rs patient/*.rs nonsense "'))
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_scope"
    assert "pdmp/history" in response.json()["error_description"], "says what may be asked for"
    assert served.audited() == ("oauth:token:deny", "hospital", "invalid_scope", 400)


@pytest.mark.parametrize("grant_type", ["password", "authorization_code", "refresh_token", 'x"\\é'])
def test_other_grants_are_not_offered(served: Any, grant_type: str) -> None:
    response = _post(served, **_with_secret(served, grant_type=grant_type))
    assert response.status_code == 400
    assert response.json()["error"] == "unsupported_grant_type"
    assert "client_credentials" in response.json()["error_description"]


@pytest.mark.parametrize("grant_type", [None, ""])
def test_a_grant_must_be_named(served: Any, grant_type: str | None) -> None:
    form: dict[str, Any] = _with_secret(served)
    form["grant_type"] = grant_type
    response = requests.post(served.token_url, data=form, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_only_forms_are_read(served: Any, content_type: str | None) -> None:
    body = f"grant_type=client_credentials&client_id=hospital&client_secret={served.secret}"
    headers = {"Content-Type": content_type} if content_type else {}
    response = requests.post(served.token_url, data=body.encode(), headers=headers, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert "application/x-www-form-urlencoded" in response.json()["error_description"]


def test_a_charset_beside_the_content_type_does_no_harm(served: Any) -> None:
    body = f"grant_type=client_credentials&client_id=hospital&client_secret={served.secret}"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert requests.post(served.token_url, data=body, headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe=1",
        b"grant_type=%FF%FE",
        b"&".join(b"p%d=1" % n for n in range(40)),
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"scope=a&scope=b&grant_type=client_credentials",
        b"",
    ],
    ids=["bytes", "escaped bytes", "many", "grant twice", "scope twice", "empty"],
)
def test_bodies_that_cannot_be_read(served: Any, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = requests.post(served.token_url, data=body, headers=headers, timeout=10)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_parameters_may_not_stand_in_the_url(served: Any) -> None:
    response = requests.post(
        served.token_url, params={"client_secret": served.secret}, data=_with_secret(served), timeout=10
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_one_method_of_authentication_at_a_time(served: Any, pharmacy: dict[str, Any]) -> None:
    form = {**_with_secret(served), **_assertion_form(_assertion(served, pharmacy))}
    response = _post(served, **form)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_the_header_and_the_body_may_not_name_two_clients(served: Any) -> None:
    response = requests.post(
        served.token_url,
        data={"grant_type": "client_credentials", "client_id": "pharmacy"},
        auth=("hospital", served.secret),
        timeout=10,
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(served: Any, method: str) -> None:
    response = requests.request(method, served.token_url, data=_with_secret(served), timeout=10)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert response.json()["error"] == "invalid_request"


def test_a_large_body_is_not_read(served: Any) -> None:
    response = _post(served, **_with_secret(served, scope="a" * 20_000_000))
    assert response.status_code == 413
    assert "65536" in response.json()["error_description"]


def test_a_long_list_of_scopes(served: Any) -> None:
    response = _post(served, **_with_secret(served, scope="pdmp/history " * 300))
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


# --- out of reach ---------------------------------------------------------------------------------------------


def _assert_unavailable(response: requests.Response) -> None:
    assert response.status_code == 503
    assert response.json()["error"] == "temporarily_unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert "access_token" not in response.text


def test_no_token_leaves_that_the_audit_does_not_have(served: Any) -> None:
    served.audit.broken = True
    _assert_unavailable(_post(served, **_with_secret(served)))


def test_no_refusal_leaves_that_the_audit_does_not_have(served: Any) -> None:
    served.audit.broken = True
    _assert_unavailable(_post(served, **_with_secret(served, client_secret="wrong")))


def test_without_the_memory_of_used_assertions_none_is_taken(served: Any, pharmacy: dict[str, Any]) -> None:
    served.memory.broken = True
    _assert_unavailable(_post(served, **_assertion_form(_assertion(served, pharmacy))))
    assert served.audited() == ("oauth:token:deny", "pharmacy", "temporarily_unavailable", 503)


def test_without_a_registry_that_can_be_read_nobody_is_let_in(served: Any) -> None:
    (served.folder / "clients.json").write_text("{")
    _assert_unavailable(_post(served, **_with_secret(served)))
    with pytest.raises(Unavailable):
        served.clients.find("hospital")


def test_without_signing_keys_there_are_no_tokens(served: Any) -> None:
    (served.folder / "signing-keys.json").unlink()
    _assert_unavailable(_post(served, **_with_secret(served)))
    assert requests.get(f"{served.url}/oauth/jwks", timeout=10).status_code == 503


# --- discovery ------------------------------------------------------------------------------------------------


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
