"""Who asks, whether they may, and identifiers at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.model import (
    Requester,
)
from gateway.ports.messages import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sends the message, however that was shown. `registered` fills what a message leaves out."""

    client_id: str
    scopes: frozenset[str]
    registered: Requester


class Security(Protocol):
    """Judges credentials."""

    def authenticate(self, credentials: Credentials | None, *, certificate: str | None = None) -> Principal:
        """Who it is. Credentials that hold once (:class:`PasswordDigest`) are used up by this.

        :param certificate: as :attr:`Inbound.certificate`; some clients need one beside what they know.
        :raises gateway.errors.Unauthenticated: none, unknown, wrong, expired, forged, revoked, used before.
        :raises gateway.errors.Unavailable: what that is judged by cannot be reached, so nobody is let in.
        """
        ...

    def require(self, principal: Principal, scope: str) -> None:
        """:raises gateway.errors.Forbidden: no scope of the principal covers `scope` (SMART 2.2, section 3.0.2)."""
        ...


class Policy(Protocol):
    """Decides by role, delegate, state and purpose whether a history may be shown."""

    def refusal(self, requester: Requester) -> str | None:
        """Why this requester may not see a history, as a sentence for the caller; None when it may."""
        ...


class Vault(Protocol):
    """Identifiers at rest: ciphertext to show them to who may, a keyed hash to find them."""

    def seal(self, value: str) -> bytes: ...

    def open(self, sealed: bytes) -> str: ...

    def fingerprint(self, kind: str, value: str) -> bytes: ...
