"""What the core asks of everything around it, and what an adapter is.

    Adapter      one protocol, both directions            adapters/<protocol>/
    Partner      another PMP, asked through a protocol    adapters/<protocol>/client.py
    RecordStore  the PMP's record                         gateway/store/
    ProductDirectory  drug products, list by list         gateway/store/products.py
    ReportingLog who has reported which days              gateway/store/
    AuditLog     who did what                             gateway/audit/
    Ephemeral    short-lived shared facts                 gateway/ephemeral/
    Security     who is asking                            gateway/security/
    Policy       whether this requester may               gateway/security/
    Vault        identifiers at rest                      gateway/security/

Everything else behind these ports is replaceable, and every implementation of a port passes the same contract
tests. Types here hold no logic beyond defaults.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from gateway.errors import GatewayError
from gateway.model import (
    Answer,
    CoveredDays,
    Dispensation,
    Dispenser,
    Drug,
    ExpectedDispenser,
    IntakeBatch,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    Link,
    ListedProduct,
    LookupRequest,
    Move,
    Period,
    Person,
    PersonHeld,
    ProductCode,
    ProductList,
    Reported,
    Reporter,
    Requester,
)
from gateway.model.audit import AuditEvent

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import RouteCallable
    from requests import Session

Clock: TypeAlias = Callable[[], datetime]


# --- messages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message as it came in over HTTP, whole and unread.

    `operation` is the name the route gave it, `arguments` the variable parts of its path; header names are in
    lower case; `content_type` is the bare media type in lower case; `base_url` is the adapter's own root as the
    caller sees it, without a slash at the end.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A message ready to leave. `losses` names the facts of the answer that its format could not carry."""

    body: bytes = field(repr=False)
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    losses: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class BearerToken:
    """An access token (RFC 6750)."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientPassword:
    """A client's id and secret, which old protocols send along with every message."""

    client_id: str = field(repr=False)  # nobody has shown yet whose it is
    secret: str = field(repr=False)


Credentials: TypeAlias = BearerToken | ClientPassword
"""What a message can carry to say who sends it. Old protocols' credentials join in a union as they come."""

Asked: TypeAlias = LookupRequest | IntakeBatch | Enclosed
Answered: TypeAlias = Answer | IntakeReceipt | Outbound


# --- adapters and partners ------------------------------------------------------------------------------------


class Handle(Protocol):
    """What an adapter's routes are made of. A blueprint with a view made any other way is refused at start-up."""

    def exchange(self, operation: str) -> RouteCallable:
        """A view that goes through the pipeline: credentials, read, look-up or intake, write, audit."""
        ...

    def public(self, view: Callable[[Inbound], Outbound]) -> RouteCallable:
        """A view without credentials, for conformance documents that say nothing about anybody."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSettings:
    """How to reach a gateway or PMP that speaks an adapter's protocol.

    `url` is the root of the protocol there (where this gateway has its own blueprint); `token` returns a valid
    access token; `timeout` is in seconds and covers connecting and each read; `format` is one of the adapter's
    formats, None for its first. `session` brings its own TLS settings and hooks; None for a plain one.
    """

    url: str
    token: Callable[[], str] = field(repr=False)
    timeout: float = 10.0
    format: str | None = None
    session: Session | None = field(default=None, repr=False)


class Partner(Protocol):
    """Another PMP, asked through one protocol."""

    def ask(self, request: LookupRequest) -> Answer:
        """The partner's answer, whatever its outcome.

        :raises gateway.errors.GatewayError: the partner refused the request or could not be reached or understood.
        """
        ...

    def close(self) -> None:
        """Give connections back; the partner is not used afterwards."""
        ...


class FileReport(Protocol):
    """What became of a file, written record by record while it is taken in."""

    def add(self, result: IntakeResult) -> None:
        """The next result; what it accepts is on disk."""
        ...

    def finish(self, error: GatewayError | None = None) -> None:
        """The end: the counts, and with `error` why intake ended before the file did."""
        ...


class SubmittedFile(Protocol):
    """A file of reported dispensations, read as it is consumed, so that its size does not matter.

    `message` and `issues` are as in :class:`~gateway.model.IntakeBatch`; the issues are complete before a record is
    read.
    """

    message: str
    is_test: bool
    issues: tuple[IntakeIssue, ...]

    def records(self) -> Iterator[Reported]:
        """What the file reports, in its order. Never raises for anything the file holds."""
        ...

    def report(self, out: BinaryIO, content_type: str) -> FileReport:
        """The report of this file, written to `out` as `application/json` or `text/plain`."""
        ...


class Adapter(ABC):
    """One protocol, both directions. A folder under `adapters/` exports one instance as `ADAPTER`.

    `name` is the folder's name, `prefix` the URL path under which all its routes lie, `formats` the columns of
    `mappings/fields.toml` that it writes.
    """

    name: str
    prefix: str
    formats: tuple[str, ...]
    credentials_in_body: bool = False
    """True where credentials can stand inside the body, which is then read before anybody is known."""

    def credentials(self, message: Inbound) -> Credentials | None:
        """What the message carries to say who sends it; security judges it. By default the bearer token.

        :raises gateway.errors.MessageError: they stand in a body that cannot be read.
        """
        scheme, _, value = message.headers.get("authorization", "").partition(" ")
        return BearerToken(value.strip()) if scheme.lower() == "bearer" and value.strip() else None

    @abstractmethod
    def read(self, message: Inbound) -> Asked:
        """What is asked. :raises gateway.errors.MessageError: with the path of what is wrong."""

    @abstractmethod
    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """The answer in the caller's own format and version. An `Outbound` is an enclosed message's answer."""

    @abstractmethod
    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """The error in the caller's own format, as well as `request` (unreadable, or absent) lets it be known."""

    @abstractmethod
    def routes(self, handle: Handle) -> Blueprint:
        """The protocol's routes, relative to `prefix`."""

    def partner(self, settings: PartnerSettings) -> Partner | None:
        """The outbound client of the protocol, for adapters that have one."""
        return None

    def open_file(self, file: BinaryIO) -> SubmittedFile | None:
        """A file of this protocol, at its beginning and seekable; None when it is not one of them.

        A file that is one and is broken is opened all the same: its `issues` say what is wrong.
        """
        return None


# --- who asks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sends the message, however that was shown. `registered` fills what a message leaves out."""

    client_id: str
    scopes: frozenset[str]
    registered: Requester


class Security(Protocol):
    """Judges credentials."""

    def authenticate(self, credentials: Credentials | None) -> Principal:
        """Who it is. :raises gateway.errors.Unauthenticated: none, unknown, wrong, expired, forged, revoked."""
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


# --- what is kept ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the record holds of one person: the dispensations (newest fill first), each with its appearance.

    `person_key` is another than was asked for where that person was merged into this one; `appearances` are the
    numbers of all she has now.
    """

    person_key: str
    dispensations: tuple[Dispensation, ...] = field(default=(), repr=False)
    appearances: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A dispensation as it stands, void or not, and the fingerprints of all reports that have made or changed it.

    Since revision `unchanged_since` it was at most moved to another person, which makes a revision too.
    """

    dispensation: Dispensation
    reports: frozenset[bytes] = field(repr=False)
    unchanged_since: int


class IntakeUnit(Protocol):
    """One transaction of intake: what is written in it is durable and visible together, or not at all."""

    def prepare(self, fills: Collection[Dispensation], keys: Collection[str] = ()) -> None:
        """The unit will be asked for these fills and blocking keys: what is known of them is read at once."""
        ...

    def same_fill(self, dispensation: Dispensation) -> Recorded | None:
        """What is recorded of this fill: same dispenser, prescription number, fill number, part, fill date."""
        ...

    def recorded(self, dispensation_id: str) -> Recorded | None:
        """What is recorded under this id; None when it is nobody's."""
        ...

    def candidates(self, keys: Collection[str]) -> Sequence[Person]:
        """As :meth:`RecordStore.candidates`, including what this unit has written."""
        ...

    def holder(self, person: Person, person_keys: Collection[str]) -> str | None:
        """The one of these people who has an appearance of equal demographics and identifiers; None for several."""
        ...

    def add_person(self, person: Person, keys: Collection[str]) -> str:
        """A new person, known by these blocking keys. Returns the person key."""
        ...

    def add_dispensation(
        self,
        person_key: str,
        dispensation: Dispensation,
        keys: Collection[str],
        *,
        report: bytes | None = None,
    ) -> Dispensation:
        """A new dispensation of that person. Its `person` becomes an appearance, once for equal demographics, and
        adds its blocking keys; or it is one already, as :meth:`candidates` has it. Returns it as recorded, with id,
        revision, state and time of report, and without identifiers.

        With an `id` it is the next revision of that dispensation: a correction, or a void where its status says so.

        :param report: the fingerprint (16 bytes) under which :class:`Recorded` will know this report.
        :raises gateway.errors.Conflict: there is no such person, this fill is recorded already (and not void), or
            the `id` is not one of that person's dispensations. Then nothing of it is recorded.
        :raises gateway.errors.MessageError: an identifier cannot be used. Nothing of it is recorded; the unit
            goes on.
        """
        ...

    def add_report(self, dispenser: Dispenser, days: Collection[date]) -> None:
        """This dispenser has reported, and with it what it dispensed on these days; none for corrections only."""
        ...

    def add_zero_report(self, dispenser: Dispenser, first: date, last: date) -> bool:
        """This dispenser has reported that it dispensed nothing from `first` to `last`; False when it had before."""
        ...

    def has_dispensed(self, dispenser: Dispenser, first: date, last: date) -> bool:
        """True when it has reported dispensations of one of these days, in this unit or before."""
        ...


class LinkUnit(Protocol):
    """One transaction in which an operator moves appearances: all of it is durable and visible together, or nothing.

    Keys and ids are taken as they are, without going after what was moved.
    """

    def person(self, person_key: str) -> PersonHeld | None:
        """What this person has, without appearances where all were moved; None when nobody ever had the key."""
        ...

    def link(self, link_id: str) -> Link | None:
        """The link of that id; None when there is none."""
        ...

    def links(self, person_key: str) -> Sequence[Link]:
        """Everything that concerns this person, the newest first."""
        ...

    def move(self, move: Move, keys: Collection[str]) -> Link:
        """Move the appearances, with the dispensations whose last revision refers to one of them. Histories, ids,
        fills and these blocking keys lead there from now on. A dispensation gets one revision more by moving;
        returning to a person, it has the id again that it had there.

        :raises gateway.errors.Conflict: one of the two does not have what the move asks for. Nothing was moved.
        """
        ...


class RecordStore(Protocol):
    """The PMP's record. Every call is bounded: it touches the rows of one person or of the given blocking keys. A
    person key, or a dispensation's id, that was moved by an operator leads to where it is now.

    Every method raises :class:`gateway.errors.Unavailable` when the store cannot answer now.
    """

    def candidates(self, keys: Collection[str]) -> Sequence[Person]:
        """Every appearance of every person known by one of these blocking keys."""
        ...

    def history(self, person_key: str, period: Period) -> History | None:
        """The active dispensations filled in that period; None when there is no such person."""
        ...

    def dispensation(self, dispensation_id: str) -> Dispensation | None:
        """The current revision of one dispensation, void or not."""
        ...

    def intake(self) -> AbstractContextManager[IntakeUnit]:
        """A transaction; on leaving the block without an exception everything is on disk, else nothing is recorded.

        :raises gateway.errors.Contended: another writer came first; entering or leaving the block, or inside it.
        """
        ...

    def person(self, person_key: str) -> PersonHeld | None:
        """What the record has of one person now; None when nobody has this key."""
        ...

    def links(self, limit: int, person_key: str | None = None) -> Sequence[Link]:
        """The journal of moves, the newest first: of everybody, or of exactly this person."""
        ...

    def linking(self) -> AbstractContextManager[LinkUnit]:
        """A transaction as :meth:`intake`, for an operator's moves."""
        ...

    def ready(self) -> bool:
        """True when the store answers and its schema is the one this code needs."""
        ...


class ProductDirectory(Protocol):
    """The drug products that an operator has loaded, in lists that are named by their source.

    What was asked lately is kept in memory; what another process loads is seen within some seconds. Every method
    raises :class:`gateway.errors.Unavailable` when the directory cannot answer now.
    """

    def find(self, codes: Collection[ProductCode]) -> Mapping[ProductCode, Sequence[ListedProduct]]:
        """What the lists in force say of these products, the one that decides first. Has every code asked for."""
        ...

    def load(
        self, source: str, products: Iterable[tuple[ProductCode, Drug]], *, rank: int, files: Sequence[str]
    ) -> ProductList:
        """Put a list in force, in place of the one that this source had. Of a code that comes twice the first counts.

        Until all of it is on disk nothing changes for anybody, nor when `products` raises: that comes out of here.

        :raises gateway.errors.Conflict: the same source was loaded or removed by somebody else meanwhile.
        """
        ...

    def remove(self, source: str) -> bool:
        """Take a source's list out of force; False when it has none."""
        ...

    def lists(self) -> Sequence[ProductList]:
        """The lists in force, the one that decides first."""
        ...


class ReportingLog(Protocol):
    """Which dispensers have reported which days, and which of them must: what units of intake have added.

    It grows with dispensers and days, never with the population. A dispenser is the one that its `identity` names.
    Every method raises :class:`gateway.errors.Unavailable` when the log cannot answer now.
    """

    def reporters(self, as_of: datetime) -> Sequence[Reporter]:
        """Every dispenser that had reported by then. Costs some reads a dispenser, however long it has reported."""
        ...

    def covered(
        self, keys: Collection[str], since: date, as_of: datetime
    ) -> Mapping[str, Sequence[CoveredDays]]:
        """What each of these reporters had covered by then, as far as it ends on `since` or later, in that order."""
        ...

    def expected(self) -> Sequence[ExpectedDispenser]:
        """The dispensers that must report."""
        ...

    def expect(self, dispensers: Sequence[ExpectedDispenser]) -> None:
        """These must report from now on, in place of all that were listed before.

        :raises gateway.errors.Conflict: two of them are one dispenser. Nothing is changed.
        """
        ...


class AuditLog(Protocol):
    """Who did what, append-only and hash-chained."""

    def record(self, event: AuditEvent) -> None:
        """On disk when this returns. :raises gateway.errors.Unavailable: then nothing may leave."""
        ...


class Ephemeral(Protocol):
    """Short-lived facts that all processes share. Whoever uses it for security lets an error refuse the request.

    Every method raises :class:`gateway.errors.Unavailable` when the facts cannot be reached.
    """

    def claim(self, key: str, ttl: int) -> bool:
        """True for the first caller of that key within `ttl` seconds, False for every later one."""
        ...

    def close(self) -> None: ...


# --- routing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRules:
    """One state's rules as the look-up needs them; from `conf/states/XX.toml`."""

    code: str
    name: str
    record_since: date
    disclaimers: tuple[str, ...] = ()
    hidden_ingredients: frozenset[str] = frozenset()  # a drug of these alone is never on a patient report
