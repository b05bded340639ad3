"""Token requests as a client of the endpoint sends them."""

from __future__ import annotations

import base64
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

# A signer that puts into the header whatever a test wants there.
ANY_HEADER = JWSRegistry(
    header_registry={"x-vendor": HeaderParameter("for tests", "str")},
    algorithms=["RS384", "ES384", "RS256", "ES256", "HS256"],
)


JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def ask_for_token(served: Any, **kwargs: Any) -> dict[str, Any]:
    scope = kwargs.pop("scope", "pdmp/history")
    with OAuth2Session(**kwargs) as session:
        if kwargs["token_endpoint_auth_method"] == "private_key_jwt":
            session.register_client_auth_method(authlib_assertion(served, kwargs["client_secret"]))
        return dict(session.fetch_token(served.token_url, grant_type="client_credentials", scope=scope))


def authlib_assertion(served: Any, jwk: dict[str, Any]) -> PrivateKeyJWT:
    # Authlib's own exp lies an hour ahead, which SMART App Launch does not allow.
    exp = int(served.clock().timestamp()) + 240
    return PrivateKeyJWT(served.token_url, claims={"exp": exp}, headers={"kid": jwk["kid"]}, alg=jwk["alg"])


def post(served: Any, **form: str) -> requests.Response:
    return requests.post(served.token_url, data=form, timeout=10)


def assertion_form(assertion: str, **more: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        **more,
    }


def assertion(served: Any, jwk: dict[str, Any], /, key: Any = None, header: Any = None, **claims: Any) -> str:
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


def with_secret(served: Any, **more: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": "hospital",
        "client_secret": served.secret,
        **more,
    }
