"""The `Security` port: who sends this request, by the access token that it carries.

A token is verified once and then remembered, by its digest, until it expires; the client's registration is looked
at every time. So a client that is taken out, or loses a scope, has lost it with its next request.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Final

from gateway.errors import Forbidden, Unauthenticated
from gateway.ports import Clock, Credentials, Principal
from gateway.security.access_tokens import AccessToken, AccessTokens, remedy
from gateway.security.clients import ClientRegistry
from gateway.security.scopes import covers, granted
from gateway.security.signing_keys import SigningKeys

REMEMBERED: Final = 10_000


class TokenSecurity:
    """Judges access tokens of this server.

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
        clock: Clock,
        remembered: int = REMEMBERED,
    ) -> None:
        self._base_url = base_url
        self._tokens = tokens
        self._clients = clients
        self._keys = keys
        self._clock = clock
        self._most = remembered
        self._verified: OrderedDict[bytes, AccessToken] = OrderedDict()
        self._lock = threading.Lock()

    def authenticate(self, credentials: Credentials | None) -> Principal:
        """Who it is.

        :raises gateway.errors.Unauthenticated: there is no token, or it does not hold; the text says what to do.
        :raises gateway.errors.Unavailable: clients or keys cannot be read, so nobody is let in.
        """
        if credentials is None:
            raise Unauthenticated("The request carries no access token.", remedy=remedy(self._base_url))
        token = self._holding(credentials.value)
        client = self._clients.find(token.client_id)
        if client is None:
            raise Unauthenticated(
                "The client that the access token was issued to is not registered or not active.",
                challenge="invalid_token",
                remedy="Ask the operator of the gateway.",
            )
        return Principal(
            client_id=client.client_id,
            scopes=frozenset(granted(token.scope, client.scopes)),
            registered=client.registered,
        )

    def require(self, principal: Principal, scope: str) -> None:
        """:raises gateway.errors.Forbidden: no scope of the principal covers `scope`."""
        if not any(covers(held, scope) for held in principal.scopes):
            raise Forbidden(
                f"The access token does not cover the scope {scope}.",
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
