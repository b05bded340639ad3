"""The `Security` port: who sends this request, by the access token, the client secret or the password digest that it
carries.

A token is verified once and then remembered, by its digest, until it expires; the client's registration is looked
at every time. So a client that is taken out, or loses a scope, has lost it with its next request.

A client that sends its id and secret along, or a digest, is the same principal as one that got a token for all its
scopes. Where certificates are registered for it, it needs one of them besides. An access token needs none, since a
secret gets one over such a connection only (`authentication.py`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from gateway.errors import Forbidden, Unauthenticated
from gateway.ports import BearerToken, ClientPassword, Clock, Credentials, PasswordDigest, Principal
from gateway.security.access_tokens import AccessToken, AccessTokens, remedy
from gateway.security.client_secrets import SecretChecker
from gateway.security.clients import Client, ClientRegistry
from gateway.security.password_digests import DigestChecker
from gateway.security.scopes import covers, granted
from gateway.security.signing_keys import SigningKeys

REMEMBERED: Final = 10_000


class TokenSecurity:
    """Judges access tokens of this server, secrets of its clients, and digests of their passwords.

    :param base_url: the gateway's address as callers see it.
    :param remembered: how many verified tokens are remembered; the oldest goes first.
    """

    def __init__(
        self,
        *,
        base_url: str,
        tokens: AccessTokens,
        clients: ClientRegistry,
        keys: SigningKeys,
        digests: DigestChecker,
        clock: Clock,
        remembered: int = REMEMBERED,
    ) -> None:
        self._base_url = base_url
        self._tokens = tokens
        self._clients = clients
        self._keys = keys
        self._digests = digests
        self._clock = clock
        self._most = remembered
        self._verified: OrderedDict[bytes, AccessToken] = OrderedDict()
        self._lock = threading.Lock()
        self._secrets = SecretChecker()

    def authenticate(self, credentials: Credentials | None, *, certificate: str | None = None) -> Principal:
        """Who it is.

        :raises gateway.errors.Unauthenticated: there is nothing to show it, or it does not hold; the text says what
            to do.
        :raises gateway.errors.Unavailable: clients, keys or used nonces cannot be read, so nobody is let in.
        """
        match credentials:
            case BearerToken():
                return self._by_token(credentials)
            case ClientPassword():
                return self._by_secret(credentials, certificate)
            case PasswordDigest():
                return self._by_digest(credentials, certificate)
            case None:
                raise Unauthenticated("The request carries no access token.", remedy=remedy(self._base_url))

    def _by_token(self, bearer: BearerToken) -> Principal:
        token = self._holding(bearer.value)
        client = self._clients.find(token.client_id)
        if client is None:
            raise Unauthenticated(
                "The client that the access token was issued to is not registered or not active.",
                challenge="invalid_token",
                remedy="Ask the operator of the gateway.",
            )
        return _principal(client, granted(token.scope, client.scopes))

    def _by_secret(self, told: ClientPassword, certificate: str | None) -> Principal:
        """An unknown client and a wrong secret get one answer, after the same work."""
        client = self._clients.find(told.client_id)
        right = self._secrets.is_right(told.secret, client.secret_hash if client else None)
        if client is None or not right:
            raise Unauthenticated(
                "No active client has this id and secret.",
                remedy="Check both, or ask the operator for a new secret.",
                claimed=self._claimed(told),
                path=told.path,
            )
        _require_certificate(client, certificate)
        return _principal(client, client.scopes)

    def _by_digest(self, told: PasswordDigest, certificate: str | None) -> Principal:
        """As with a secret; and a digest holds once, and for some minutes."""
        nonce = self._digests.require_timely(told)
        client = self._clients.find(told.client_id)
        right = self._digests.is_right(told, nonce, client.digest_passwords if client else ())
        if client is None or not right:
            raise self._digests.wrong(told, claimed=self._claimed(told))
        _require_certificate(client, certificate)
        self._digests.use(told, nonce)
        return _principal(client, client.scopes)

    def _claimed(self, told: ClientPassword | PasswordDigest) -> str | None:
        """Who the sender says it is, if there is such a client: strangers' words stay out of the audit."""
        return told.client_id if self._clients.is_registered(told.client_id) else None

    def require(self, principal: Principal, scope: str) -> None:
        """:raises gateway.errors.Forbidden: no scope of the principal covers `scope`."""
        if not any(covers(held, scope) for held in principal.scopes):
            raise Forbidden(
                f"The client is not granted the scope {scope}.",
                scope=scope,
                remedy="Ask for a token with that scope; if it is not granted, ask the operator to register it.",
            )

    def _holding(self, text: str) -> AccessToken:
        digest = hashlib.sha256(text.encode()).digest()
        with self._lock:
            token = self._verified.get(digest)
        if token and token.expires > self._clock().timestamp() and self._keys.find(token.kid) is not None:
            return token
        token = self._tokens.verify(text)
        with self._lock:
            self._verified[digest] = token
            while len(self._verified) > self._most:
                self._verified.popitem(last=False)
        return token


def _require_certificate(client: Client, certificate: str | None) -> None:
    """:raises Unauthenticated: the client needs a certificate, and this is not one of its."""
    if not client.admits(certificate):
        raise Unauthenticated(
            "The client certificate is missing, or is not registered.",
            remedy="Open the connection with one that is registered for this client, or ask the operator to register "
            "the one in use.",
            claimed=client.client_id,
            path="client certificate",
        )


def _principal(client: Client, scopes: Iterable[str]) -> Principal:
    return Principal(client_id=client.client_id, scopes=frozenset(scopes), registered=client.registered)
