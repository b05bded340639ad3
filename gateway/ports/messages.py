"""A message as it came in and as it goes out, whatever its protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from gateway.model import (
    Answer,
    IntakeBatch,
    IntakeReceipt,
    LookupRequest,
    ReportQuery,
)
from gateway.model.auditing import AuditQuery, EventsFound
from gateway.model.people import PeopleFound, PersonQuery

Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message as it came in over HTTP, whole and unread.

    `operation` is the name the route gave it, `arguments` the variable parts of its path; header names are in
    lower case; `content_type` is the bare media type in lower case; `base_url` is the adapter's own root as the
    caller sees it, without a slash at the end. `kept` is the adapter's own: what its reader has made of the message
    and its writer needs again; it goes with the message. `certificate` is the SHA-256 thumbprint, in lower-case
    hexadecimal, of the client certificate with which the connection was opened, as a trusted proxy has told it.
    """

    operation: str
    method: str
    path: str
    request_id: str
    received_at: datetime
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    kept: dict[str, object] = field(default_factory=dict, repr=False, compare=False)
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A message ready to leave. `losses` names the facts of the answer that its format could not carry.

    `shown` is how many dispensations of the answer are in it; None: all.
    """

    body: bytes = field(repr=False)
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    losses: tuple[str, ...] = ()
    shown: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A message inside a message: the adapter named `protocol` reads it, the enclosing one wraps its answer.

    `accept` is the content type in which the enclosing adapter wants that answer; `destination` the code of the state
    whose PMP the message is for, where the enclosing one says so.
    """

    protocol: str
    operation: str
    body: bytes = field(repr=False)
    content_type: str
    accept: str = "*/*"
    destination: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A message of several parts: what it reports is taken in together and first, None where it reports nothing; then
    each of `messages`, in the same protocol, is answered as if it had come by itself, with its own scope and its own
    audit event.
    """

    reported: IntakeBatch | None
    messages: tuple[Inbound, ...]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A message that only says what became of one of ours: nothing is done, and its sender is told so."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """An access token (RFC 6750)."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientPassword:
    """A client's id and secret, which old protocols send along with every message; `path` is where in it."""

    client_id: str = field(repr=False)  # nobody has shown yet whose it is
    secret: str = field(repr=False)
    path: str = field(default="Authorization", repr=False)


class DigestConstruction(StrEnum):
    """What a password digest is made of.

    WS_SECURITY: Base64(SHA-1(nonce + created + password)), where the nonce is the bytes that its Base64 text stands
    for and the others are UTF-8 (WS-Security UsernameToken Profile 1.1, section 3.1); SCRIPT's header and SOAP.
    PMP_GATEWAY: hexadecimal SHA-256 of `password:nonce:timestamp` in UTF-8, the nonce without a colon.
    """

    WS_SECURITY = "ws-security"
    PMP_GATEWAY = "pmp-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordDigest:
    """A client's id, and a digest that shows that the sender knows its password without sending it.

    `digest`, `nonce` and `created` are the texts exactly as sent, empty where absent: the digest is computed over
    them. `created_at` is the instant that `created` says, None where it says none
    (:mod:`adapters._wire.instants` reads it). `path` is where they stand in the message, for the error.
    """

    client_id: str = field(repr=False)  # nobody has shown yet whose it is
    digest: str = field(repr=False)
    nonce: str = field(repr=False)
    created: str = field(repr=False)
    created_at: datetime | None
    construction: DigestConstruction
    path: str = "Authorization"


Credentials: TypeAlias = BearerToken | ClientPassword | PasswordDigest
"""What a message can carry to say who sends it. Old protocols' credentials join in a union as they come."""

Asked: TypeAlias = (
    LookupRequest | ReportQuery | PersonQuery | AuditQuery | IntakeBatch | Enclosed | Parts | Acknowledgement
)
Answered: TypeAlias = Answer | PeopleFound | EventsFound | IntakeReceipt | Outbound
