"""The tokens this server issues, and how it knows them again: JWT access tokens (RFC 9068).

They live minutes, and nothing is kept of them: what they allow is also bounded by the client's registration at the
moment of use (see `token_security.py`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from authlib.oauth2.rfc6749 import ClientMixin
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwt import JWTClaimsRegistry

from gateway.errors import Unauthenticated
from gateway.ports import Clock
from gateway.security.jose import UnreadableToken, read_token
from gateway.security.metadata import token_url
from gateway.security.signing_keys import SigningKeys

MAX_LIFETIME: Final = 300
TYPES: Final = ("at+jwt", "application/at+jwt")
LEEWAY: Final = 5
"""Seconds by which `iat` and `nbf` may lie ahead, as another host may have issued; `exp` has no leeway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token that holds: whose it is, what was granted, and until when (seconds since 1970)."""

    client_id: str
    scope: str
    expires: float
    kid: str


class AccessTokens:
    """Issues and verifies.

    :param base_url: the gateway's address as callers see it: both issuer and audience.
    :param lifetime: in seconds, 1 to 300.
    """

    def __init__(
        self, *, base_url: str, keys: SigningKeys, clock: Clock, lifetime: int = MAX_LIFETIME
    ) -> None:
        if not 0 < lifetime <= MAX_LIFETIME:
            raise ValueError(f"lifetime: expected 1 to {MAX_LIFETIME} seconds")
        self.lifetime = lifetime
        self._base_url = base_url
        self._keys = keys
        self._clock = clock

    def issue(self, *, client: ClientMixin, grant_type: str, user: object, scope: str) -> str:
        """A token for that client; the parameters are those that Authlib gives a token generator.

        :raises gateway.errors.Unavailable: the signing keys cannot be read.
        """
        now = int(self._clock().timestamp())
        key = self._keys.current()
        claims = {
            "iss": self._base_url,
            "sub": client.get_client_id(),
            "client_id": client.get_client_id(),
            "aud": self._base_url,
            "scope": scope,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": secrets.token_urlsafe(16),
        }
        header = {"typ": TYPES[0], "alg": key.alg, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[str(key.alg)])

    def verify(self, text: str) -> AccessToken:
        """What the token says, once everything about it holds.

        :raises gateway.errors.Unauthenticated: it does not; the text says what to do about it.
        :raises gateway.errors.Unavailable: the signing keys cannot be read.
        """
        try:
            token = read_token(text)
        except UnreadableToken:
            raise self._refused("The access token is malformed: it is not a signed JWT.") from None
        key = self._keys.find(token.kid) if token.algorithm and token.kid else None
        if key is None or not token.is_signed_by(key):
            raise self._refused(
                "The access token was not issued by this server, or its signing key is withdrawn."
            )
        if str(token.header.get("typ", "")).lower() not in TYPES:
            raise self._refused("The token is not an access token: its header does not say typ at+jwt.")
        self._check_claims(token.claims)
        return AccessToken(
            client_id=token.claims["client_id"],
            scope=token.claims["scope"],
            expires=token.claims["exp"],
            kid=str(token.kid),
        )

    def _check_claims(self, claims: dict[str, Any]) -> None:
        now = int(self._clock().timestamp())
        registry = JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY,
            iss={"essential": True, "value": self._base_url},
            aud={"essential": True, "value": self._base_url},
            exp={"essential": True},
            client_id={"essential": True},
            scope={"essential": True},
        )
        try:
            registry.validate(claims)
            if claims["exp"] <= now:
                raise ExpiredTokenError("exp")
        except ExpiredTokenError:
            raise self._refused(
                f"The access token has expired; tokens live {self.lifetime} seconds."
            ) from None
        except ClaimError as error:
            unusable = f"The access token's claim {error.claim} is not usable."
            raise self._refused(_WRONG.get(error.claim, unusable)) from None

    def _refused(self, message: str) -> Unauthenticated:
        return Unauthenticated(message, challenge="invalid_token", remedy=remedy(self._base_url))


_WRONG: Final = {
    "iss": "The access token was issued by another server.",
    "aud": "The access token is meant for another server: its audience is not this gateway.",
    "nbf": "The access token is not valid yet.",
    "iat": "The access token was issued in the future.",
}


def remedy(base_url: str) -> str:
    """What a caller without a token that holds can do."""
    return f"Get an access token from {token_url(base_url)} and send it as Authorization: Bearer."
