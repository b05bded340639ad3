"""The token endpoint: clients that are not who they say they are."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from joserfc.jwk import ECKey, OctKey, RSAKey, import_key

from gateway.security import authentication
from gateway.security.client_keys import usable_keys
from gateway.security.jose import SignedToken
from gateway.security.server import TokenRequest
from tests.unit.security.token_requests import JWT_BEARER, ask_for_token, assertion, assertion_form, post


def _basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("client_id", ["hospital", "nobody"])
def test_a_wrong_secret_and_an_unknown_client_get_one_answer(
    served: Any, method: str, client_id: str
) -> None:
    with pytest.raises(OAuthError) as refused:
        ask_for_token(served, client_id=client_id, client_secret="wrong", token_endpoint_auth_method=method)
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
    response = post(
        served, grant_type="client_credentials", client_id="hospital", client_secret=served.secret
    )
    assert response.status_code == 401
    assert served.audited() == ("oauth:token:deny", "hospital", "invalid_client/unknown-client", 401)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_secret_gets_no_token_without_the_certificate_that_is_registered(served: Any, method: str) -> None:
    served.clients.put(replace(served.clients.find("hospital"), certificates=("ab" * 32,)))
    form = f"grant_type=client_credentials&client_id=hospital&client_secret={served.secret}"
    basic = _basic("hospital", served.secret)["Authorization"]
    request = TokenRequest(
        method="POST",
        content_type="application/x-www-form-urlencoded",
        body=form.encode() if method == "client_secret_post" else b"grant_type=client_credentials",
        authorization=basic if method == "client_secret_basic" else None,
        request_id="1",
    )
    for certificate in (None, "cd" * 32):
        response = served.server.respond(replace(request, certificate=certificate))
        assert (response.status, response.body["error"]) == (401, "invalid_client")
        assert "certificate" in response.body["error_description"]
        assert served.audited()[1:] == ("hospital", "invalid_client/wrong-certificate", 401)
    assert served.server.respond(replace(request, certificate="ab" * 32)).status == 200


def _disable(served: Any, client_id: str) -> None:
    path = served.folder / "clients.json"
    document = json.loads(path.read_text())
    for client in document["clients"]:
        if client["client_id"] == client_id:
            client["active"] = False
    path.write_text(json.dumps(document))


def test_a_client_with_a_key_has_no_secret(served: Any, pharmacy: dict[str, Any]) -> None:
    response = post(served, grant_type="client_credentials", client_id="pharmacy", client_secret="x")
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
    response = post(served, grant_type="client_credentials")
    assert response.status_code == 401
    assert "private_key_jwt" in response.json()["error_description"]
    assert served.audited() == ("oauth:token:deny", None, "invalid_client/no-credentials", 401)


Change = Callable[[Any, dict[str, Any]], str]


def _public_as_hmac(served: Any, jwk: dict[str, Any]) -> str:
    """HS256 with the client's public key as the secret: what a verifier that trusts `alg` falls for."""
    pem = import_key(jwk).as_pem(private=False)
    return assertion(served, jwk, OctKey.import_key(base64.b64encode(pem)), {"alg": "HS256"})


def _with_header(token: str, more: dict[str, Any]) -> str:
    """The token with more in its header; the signature is then of another text."""
    head, payload, signature = token.split(".")
    header = {**json.loads(base64.urlsafe_b64decode(head + "==")), **more}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{payload}.{signature}"


def _unsigned(served: Any, jwk: dict[str, Any]) -> str:
    token = _with_header(assertion(served, jwk), {"alg": "none"})
    return token[: token.rindex(".") + 1]


def _tampered(served: Any, jwk: dict[str, Any]) -> str:
    head, _, signature = assertion(served, jwk).split(".")
    payload = assertion(served, jwk, jti="another").split(".")[1]
    return f"{head}.{payload}.{signature}"


def _embedded(served: Any, jwk: dict[str, Any]) -> str:
    """A key of the attacker's own in the header."""
    key = ECKey.generate_key("P-384")
    return assertion(served, jwk, key, {"jwk": key.as_dict(private=False)})


ASSERTIONS: dict[str, tuple[Change, str]] = {
    "unsigned": (_unsigned, "wrong-algorithm"),
    "HS256 with the public key": (_public_as_hmac, "wrong-algorithm"),
    "tampered": (_tampered, "bad-signature"),
    "critical extension": (
        lambda s, k: assertion(s, k, header={"crit": ["x-vendor"], "x-vendor": "1"}),
        "malformed-assertion",
    ),
    "crit that is no list": (lambda s, k: _with_header(assertion(s, k), {"crit": 5}), "malformed-assertion"),
    "payload that is not encoded": (
        lambda s, k: _with_header(assertion(s, k), {"crit": ["b64"], "b64": False}),
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
        lambda s, k: assertion(s, k, ECKey.generate_key("P-384")),
        "bad-signature",
    ),
    "unknown kid": (lambda s, k: assertion(s, k, header={"kid": "other"}), "bad-signature"),
    "no kid": (lambda s, k: assertion(s, k, header={"kid": None}), "bad-signature"),
    "jku that is not registered": (
        lambda s, k: assertion(s, k, header={"jku": "https://evil.example/jwks"}),
        "bad-signature",
    ),
    "embedded key": (_embedded, "bad-signature"),
    "ES256 with a P-384 kid": (
        lambda s, k: assertion(s, k, ECKey.generate_key("P-256"), {"alg": "ES256"}),
        "bad-signature",
    ),
    "RS384 with an EC kid": (
        lambda s, k: assertion(s, k, RSAKey.generate_key(2048), {"alg": "RS384"}),
        "bad-signature",
    ),
    "wrong aud": (lambda s, k: assertion(s, k, aud="https://other.example/token"), "wrong-aud"),
    "issuer as aud": (lambda s, k: assertion(s, k, aud=s.url), "wrong-aud"),
    "no aud": (lambda s, k: assertion(s, k, aud=None), "wrong-aud"),
    "wrong iss": (lambda s, k: assertion(s, k, iss="hospital"), "wrong-subject"),
    "wrong sub": (lambda s, k: assertion(s, k, sub="hospital"), "wrong-subject"),
    "sub is no text": (lambda s, k: assertion(s, k, sub=["pharmacy"], iss=["pharmacy"]), "wrong-subject"),
    "both of another client": (
        lambda s, k: assertion(s, k, iss="hospital", sub="hospital"),
        "bad-signature",
    ),
    "both unknown": (lambda s, k: assertion(s, k, iss="nobody", sub="nobody"), "unknown-client"),
    "expired": (lambda s, k: assertion(s, k, exp=int(s.clock().timestamp()) - 31), "expired-assertion"),
    "exp too far": (lambda s, k: assertion(s, k, exp=int(s.clock().timestamp()) + 333), "exp-too-far"),
    "exp never": (lambda s, k: assertion(s, k, exp=float("inf")), "wrong-exp"),
    "exp not a number": (lambda s, k: assertion(s, k, exp="tomorrow"), "wrong-exp"),
    "no exp": (lambda s, k: assertion(s, k, exp=None), "wrong-exp"),
    "iat in the future": (lambda s, k: assertion(s, k, iat=int(s.clock().timestamp()) + 200), "wrong-iat"),
    "nbf in the future": (lambda s, k: assertion(s, k, nbf=int(s.clock().timestamp()) + 200), "wrong-nbf"),
    "no jti": (lambda s, k: assertion(s, k, jti=None), "wrong-jti"),
    "empty jti": (lambda s, k: assertion(s, k, jti=""), "wrong-jti"),
    "jti is no text": (lambda s, k: assertion(s, k, jti=7), "wrong-jti"),
}


@pytest.mark.parametrize(("make", "reason"), ASSERTIONS.values(), ids=ASSERTIONS)
def test_assertions_that_must_be_refused(
    served: Any, pharmacy: dict[str, Any], make: Change, reason: str
) -> None:
    assert post(served, **assertion_form(assertion(served, pharmacy))).status_code == 200
    response = post(served, **assertion_form(make(served, pharmacy)))
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
        text = assertion(served, pharmacy, stranger, header, iss=client_id, sub=client_id)
        assert post(served, **assertion_form(text)).status_code == 401
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
    assert post(served, **assertion_form(assertion(served, pharmacy))).status_code == status


def test_whoever_had_the_decoy_would_not_get_in_with_it(served: Any, pharmacy: dict[str, Any]) -> None:
    decoy = authentication._decoy("ES384")
    for claims in ({}, {"iss": "nobody", "sub": "nobody"}, {"iss": "hospital", "sub": "hospital"}):
        text = assertion(served, pharmacy, decoy, {"kid": "other"}, **claims)
        assert post(served, **assertion_form(text)).status_code == 401


def test_an_assertion_is_used_once(served: Any, pharmacy: dict[str, Any]) -> None:
    form = assertion_form(assertion(served, pharmacy))
    assert post(served, **form).status_code == 200
    again = post(served, **form)
    assert again.status_code == 401
    assert "new jti" in again.json()["error_description"]
    assert served.audited() == ("oauth:token:deny", "pharmacy", "invalid_client/replayed-assertion", 401)


def test_a_used_assertion_is_remembered_for_as_long_as_it_could_be_used(
    served: Any, pharmacy: dict[str, Any]
) -> None:
    now = int(served.clock().timestamp())
    post(served, **assertion_form(assertion(served, pharmacy, exp=now + 300)))
    (ttl,) = served.memory.claimed.values()
    assert ttl >= 300 + 30


def test_two_clients_may_use_one_jti(served: Any, pharmacy: dict[str, Any]) -> None:
    other = served.clients.register_with_key(
        client_id="other",
        name="Other",
        scopes=("pdmp/history",),
        registered=served.clients.find("pharmacy").registered,
    )
    assert post(served, **assertion_form(assertion(served, pharmacy, jti="1"))).status_code == 200
    text = assertion(served, other, jti="1", iss="other", sub="other")
    assert post(served, **assertion_form(text)).status_code == 200


def test_a_refused_assertion_uses_up_nothing(served: Any, pharmacy: dict[str, Any]) -> None:
    post(served, **assertion_form(_tampered(served, pharmacy)))
    assert served.memory.claimed == {}


def test_an_assertion_of_a_disabled_client(served: Any, pharmacy: dict[str, Any]) -> None:
    _disable(served, "pharmacy")
    response = post(served, **assertion_form(assertion(served, pharmacy)))
    assert response.status_code == 401
    assert served.audited()[1:3] == ("pharmacy", "invalid_client/unknown-client")


def test_an_assertion_of_another_type(served: Any, pharmacy: dict[str, Any]) -> None:
    form = assertion_form(assertion(served, pharmacy))
    form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert JWT_BEARER in post(served, **form).json()["error_description"]


def test_the_client_id_beside_an_assertion_must_be_its_subject(served: Any, pharmacy: dict[str, Any]) -> None:
    response = post(served, **assertion_form(assertion(served, pharmacy), client_id="hospital"))
    assert response.json()["error"] == "invalid_client"
