"""The other side: an access token for calling somebody else's gateway.

The token endpoint there is any that offers client_credentials with a client secret or with private_key_jwt as
SMART App Launch 2.2 has it, as this gateway's own does.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus

import requests
from authlib.common.security import is_secure_transport
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from gateway.errors import Unauthenticated, Unavailable
from gateway.ports import Clock
from gateway.security.authentication import ASSERTION_TYPE
from gateway.security.clients import GRANT_TYPE
from gateway.security.jose import algorithm_of

RENEWED: Final = timedelta(seconds=30)
"""How long before its end a token is not used any more."""
ASSERTION_LIFETIME: Final = 240
MAX_LIFETIME: Final = 86_400
_ERROR = re.compile(r"[a-z_]{1,40}")


def _now() -> datetime:
    return datetime.now(UTC)


class TokenSource:
    """Call it for a valid access token; it asks for a new one when the last has less than 30 seconds left.

    :param token_url: the token endpoint, or what finds it, such as
        :meth:`gateway.security.discovery.SmartConfiguration.token_url`.
    :param secret: the client secret, sent as client_secret_basic; or
    :param private_key: the private JSON Web Key that signs the client's assertions, or what gives it where it
        changes; exactly one of the two. A secret is only sent to an endpoint that was configured, never to one that
        was found.
    :param scopes: what to ask for; nothing asks for whatever is registered.
    """

    def __init__(
        self,
        token_url: str | Callable[[], str],
        client_id: str,
        *,
        secret: str | None = None,
        private_key: Mapping[str, Any] | Callable[[], Key] | None = None,
        scopes: tuple[str, ...] = (),
        timeout: float = 10.0,
        clock: Clock = _now,
    ) -> None:
        """:raises ValueError: the URL is neither https nor on this machine, or the credential cannot be used."""
        if isinstance(token_url, str) and not is_secure_transport(token_url):
            raise ValueError("token_url: expected https, or http on a loopback address")
        if (secret is None) == (private_key is None):
            raise ValueError("expected either a secret or a private_key")
        if secret is not None and not isinstance(token_url, str):
            raise ValueError("token_url: a secret needs an endpoint that is configured")
        self._token_url = token_url
        self._client_id = client_id
        self._secret = secret
        self._signing_key = _always(private_key) if isinstance(private_key, Mapping) else private_key
        self._scopes = scopes
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> str:
        """A token that is valid for at least some seconds more.

        :raises gateway.errors.Unauthenticated: the token endpoint refuses the client or the scopes.
        :raises gateway.errors.Unavailable: it cannot be reached, or cannot serve now.
        """
        with self._lock:
            if self._clock() >= self._until:
                self._token, self._until = self._fetch()
            return self._token

    def refused(self, token: str) -> None:
        """The partner did not take this token, though it should hold still: the next call asks for a new one."""
        with self._lock:
            if token == self._token:
                self._until = datetime.min.replace(tzinfo=UTC)

    def _fetch(self) -> tuple[str, datetime]:
        asked_at = self._clock()
        token_url = self._token_url if isinstance(self._token_url, str) else self._token_url()
        form = {"grant_type": GRANT_TYPE}
        if self._scopes:
            form["scope"] = " ".join(self._scopes)
        auth: tuple[str, str] | None = None
        if self._signing_key is not None:
            assertion = self._assertion(self._signing_key(), token_url)
            form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        else:
            auth = (quote_plus(self._client_id), quote_plus(self._secret or ""))
        try:
            response = requests.post(
                token_url, data=form, auth=auth, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException:
            raise Unavailable("The partner's token endpoint cannot be reached.") from None
        token, lifetime = _granted(response)
        return token, asked_at + timedelta(seconds=lifetime) - RENEWED

    def _assertion(self, key: Key, token_url: str) -> str:
        now = int(self._clock().timestamp())
        algorithm = str(algorithm_of(key))
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": token_url,
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


def _always(jwk: Mapping[str, Any]) -> Callable[[], Key]:
    key = _private_key(jwk)
    return lambda: key


def _private_key(jwk: Mapping[str, Any]) -> Key:
    try:
        key = import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError("private_key: not a JSON Web Key") from error
    if not key.is_private or algorithm_of(key) is None:
        raise ValueError(
            "private_key: expected a private RSA key of 2048 bits or more, or one on P-256 or P-384"
        )
    key.ensure_kid()
    return key


def _granted(response: requests.Response) -> tuple[str, float]:
    """The token and its lifetime in seconds, from what the endpoint answered."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    if response.status_code in (400, 401, 403):
        error = body.get("error")
        named = f" ({error})" if isinstance(error, str) and _ERROR.fullmatch(error) else ""
        raise Unauthenticated(
            f"The partner's token endpoint refuses this client{named}.",
            remedy="Check the client id, the credential and the scopes that are registered with the partner.",
        )
    token, lifetime = body.get("access_token") or None, body.get("expires_in", 0)
    is_token = isinstance(token, str) and isinstance(lifetime, int | float) and 0 <= lifetime <= MAX_LIFETIME
    if response.status_code != requests.codes.ok or not is_token:
        raise Unavailable("The partner's token endpoint does not answer with a token.")
    return str(token), float(lifetime)
