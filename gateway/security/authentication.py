"""How a client shows who it is at the token endpoint: a secret, or a signed assertion (private_key_jwt).

Each method is a function that Authlib calls with its own `query_client` and request. Authlib's own three are not
used: they say whether a client exists, know neither RS384 nor ES384, take the first key that has the `kid`, and
set no bound to `exp`. A client that is unknown, inactive or wrong gets one and the same answer, after the same work.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import unquote_plus

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwk import Key, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from gateway.ports import Clock, Ephemeral
from gateway.security.client_keys import PublishedKeys, the_key
from gateway.security.client_secrets import SecretChecker
from gateway.security.clients import ASSERTION_METHOD, Client
from gateway.security.jose import (
    ALGORITHMS,
    KEY_TYPES,
    MIN_RSA_BITS,
    SignedToken,
    UnreadableToken,
    new_key,
    read_token,
)

ASSERTION_TYPE: Final = JWTBearerClientAssertion.CLIENT_ASSERTION_TYPE
MAX_LIFETIME: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=30)
"""How far the clocks of a client and of this server may be apart."""

QueryClient = Callable[[str], Client | None]


class ClientRequest(OAuth2Request):
    """A token request whose parameters came in the body, each once. `claimed` is who the client says it is,
    `certificate` as :attr:`gateway.ports.Inbound.certificate`."""

    def __init__(
        self,
        url: str,
        *,
        authorization: str | None,
        parameters: dict[str, str],
        certificate: str | None = None,
    ) -> None:
        super().__init__("POST", url)
        self.authorization = authorization or ""
        self.payload = BasicOAuth2Payload(parameters)
        self.parameters = parameters
        self.claimed: str | None = None
        self.certificate = certificate

    def method_used(self) -> str | None:
        """The authentication method that the request uses, or None. :raises InvalidRequestError: more than one."""
        scheme = self.authorization.partition(" ")[0].lower()
        used = {
            "client_secret_basic": scheme == "basic",
            "client_secret_post": "client_secret" in self.parameters,
            ASSERTION_METHOD: "client_assertion" in self.parameters,
        }
        methods = [method for method, is_used in used.items() if is_used]
        if len(methods) > 1:
            raise InvalidRequestError(
                f"Use one method of client authentication, not {' and '.join(methods)}."
            )
        return methods[0] if methods else None


class Denied(InvalidClientError):
    """The client has not shown who it is.

    :param reason: one word for the audit; the caller does not see it.
    """

    def __init__(self, reason: str, description: str) -> None:
        super().__init__(description=description, status_code=401)
        self.reason = reason


# --- secrets --------------------------------------------------------------------------------------------------


class SecretAuthentication:
    """client_secret_basic and client_secret_post (RFC 6749 section 2.3.1)."""

    def __init__(self, checker: SecretChecker) -> None:
        self._checker = checker

    def basic(self, query_client: QueryClient, request: ClientRequest) -> Client | None:
        """The client that the `Authorization` header shows, None when it is not of the scheme Basic."""
        if request.method_used() != "client_secret_basic":
            return None
        client_id, secret = _decode_basic(request.authorization.partition(" ")[2])
        if request.parameters.get("client_id", client_id) != client_id:
            raise InvalidRequestError("client_id in the body is not the one in the Authorization header.")
        request.claimed = client_id
        return self._client(query_client, client_id, secret, request.certificate)

    def post(self, query_client: QueryClient, request: ClientRequest) -> Client | None:
        """The client that `client_id` and `client_secret` in the body show, None when there is no secret."""
        secret = request.parameters.get("client_secret")
        if not secret:
            return None
        request.claimed = client_id = request.parameters.get("client_id", "")
        return self._client(query_client, client_id, secret, request.certificate)

    def _client(
        self, query_client: QueryClient, client_id: str, secret: str, certificate: str | None
    ) -> Client:
        client = query_client(client_id)
        right = self._checker.is_right(secret, client.secret_hash if client else None)
        if client is None or not right:
            reason = "unknown-client" if client is None else "wrong-secret"
            raise Denied(
                reason,
                "No active client has this client_id and secret. Check both, or ask the operator for a new secret.",
            )
        if not client.admits(certificate):
            raise Denied(
                "wrong-certificate",
                "The client certificate is missing, or is not registered. Open the connection with one that is "
                "registered for this client.",
            )
        return client


def _decode_basic(value: str) -> tuple[str, str]:
    try:
        client_id, _, secret = b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise Denied(
            "malformed-credentials",
            "The Authorization header cannot be read. Send Basic and the base64 of client_id:client_secret.",
        ) from None
    return unquote_plus(client_id), unquote_plus(secret)


# --- assertions -----------------------------------------------------------------------------------------------


class AssertionAuthentication:
    """private_key_jwt: RFC 7523 as SMART App Launch 2.2 narrows it (client-confidential-asymmetric).

    :param token_url: the only audience that an assertion may have.
    """

    def __init__(
        self, *, token_url: str, published: PublishedKeys, ephemeral: Ephemeral, clock: Clock
    ) -> None:
        self._token_url = token_url
        self._published = published
        self._ephemeral = ephemeral
        self._clock = clock
        for algorithm in ALGORITHMS:
            _decoy(algorithm)  # made now, so that the first stranger does not wait for it

    def __call__(self, query_client: QueryClient, request: ClientRequest) -> Client | None:
        """The client that `client_assertion` shows, None when there is none.

        :raises gateway.errors.Unavailable: the client's keys or the memory of used assertions is out of reach.
        """
        text = request.parameters.get("client_assertion")
        if not text:
            return None
        token, client_id = self._read(text, request.parameters)
        request.claimed = client_id
        client = query_client(client_id)
        if client is None or not self._is_signed(token, client):
            if client is None and token.algorithm:
                token.is_signed_by(_decoy(token.algorithm))
            raise Denied(
                "unknown-client" if client is None else "bad-signature",
                "The signature of client_assertion is not of exactly one registered key of an active client. "
                "Check iss, sub, kid and alg, the private key, and the keys that are registered.",
            )
        self._check_claims(token.claims, client_id)
        return client

    def _read(self, text: str, form: Mapping[str, str]) -> tuple[SignedToken, str]:
        """The assertion and who it says it is from."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Denied("malformed-assertion", f"client_assertion_type must be {ASSERTION_TYPE}")
        try:
            token = read_token(text)
        except UnreadableToken as error:
            raise Denied("malformed-assertion", f"client_assertion cannot be read: {error}.") from None
        if token.algorithm is None:
            raise Denied(
                "wrong-algorithm", f"client_assertion must be signed with one of {' '.join(ALGORITHMS)}."
            )
        client_id = token.claims.get("sub")
        if not isinstance(client_id, str) or token.claims.get("iss") != client_id:
            raise Denied("wrong-subject", "iss and sub of client_assertion must both be the client_id.")
        if form.get("client_id", client_id) != client_id:
            raise Denied("wrong-subject", "client_id in the body is not the sub of client_assertion.")
        return token, client_id

    def _is_signed(self, token: SignedToken, client: Client) -> bool:
        key_url = token.header.get("jku")
        if key_url is not None and key_url != client.keys_url:
            return False
        keys = client.keys
        if client.keys_url and token.kid:
            keys = self._published.at(client.keys_url, kid=token.kid)
        key = the_key(keys, token) if keys else None
        return token.is_signed_by(key or _decoy(str(token.algorithm))) and key is not None

    def _check_claims(self, claims: dict[str, Any], client_id: str) -> None:
        now = int(self._clock().timestamp())
        registry = JWTClaimsRegistry(
            now=now,
            leeway=int(LEEWAY.total_seconds()),
            aud={"essential": True, "value": self._token_url},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise Denied("expired-assertion", "client_assertion has expired: sign a new one.") from None
        except ClaimError as error:
            raise Denied(f"wrong-{error.claim}", self._remedy(error.claim)) from None
        ahead = claims["exp"] - now
        if ahead > (MAX_LIFETIME + LEEWAY).total_seconds():
            raise Denied("exp-too-far", self._remedy("exp"))
        self._use_once(client_id, claims["jti"], int(ahead + LEEWAY.total_seconds()) + 1)

    def _use_once(self, client_id: str, jti: str, ttl: int) -> None:
        mark = hashlib.sha256(f"{client_id}\0{jti}".encode()).hexdigest()
        if not self._ephemeral.claim(f"oauth:assertion:{mark}", ttl):
            raise Denied(
                "replayed-assertion",
                "client_assertion was used before: sign a new one, with a new jti, for each request.",
            )

    def _remedy(self, claim: str) -> str:
        remedies = {
            "aud": f"aud must be the URL of the token endpoint, {self._token_url}",
            "exp": f"exp must be there, in seconds since 1970, at most {MAX_LIFETIME.seconds} seconds ahead",
            "jti": "jti must be there, a string that is new with each request",
            "iat": "iat must not lie in the future; check the clock of the client",
            "nbf": "nbf must not lie in the future; check the clock of the client",
        }
        first = claim.partition(",")[0]
        return f"In client_assertion, {remedies.get(first, f'the claim {first} is not usable')}."


@cache
def _decoy(algorithm: str) -> Key:
    """A key that nobody holds: verifying against it costs a stranger as much time as a client's key would."""
    return _rsa_decoy() if KEY_TYPES[algorithm] == "RSA" else new_key(algorithm)


@cache
def _rsa_decoy() -> Key:
    return RSAKey.generate_key(MIN_RSA_BITS, private=False)
