"""What an adapter is, what its routes are made of, and another PMP asked through one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from gateway.errors import GatewayError
from gateway.model import (
    Answer,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    LookupRequest,
    Reported,
)
from gateway.ports.descriptions import RouteDescription
from gateway.ports.messages import Answered, Asked, BearerToken, Credentials, Inbound, Outbound

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import RouteCallable
    from requests import Session


class Handle(Protocol):
    """What an adapter's routes are made of. A blueprint with a view made any other way is refused at start-up.

    `about` says what the route takes and answers, for `/openapi.json`.
    """

    def exchange(self, operation: str, about: RouteDescription) -> RouteCallable:
        """A view that goes through the pipeline: credentials, read, look-up or intake, write, audit."""
        ...

    def public(self, view: Callable[[Inbound], Outbound], about: RouteDescription) -> RouteCallable:
        """A view without credentials, for conformance documents that say nothing about anybody."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSettings:
    """How to reach a gateway or PMP that speaks an adapter's protocol.

    `url` is the root of the protocol there (where this gateway has its own blueprint); `token` returns a valid
    access token, and `refused` is told of one that the partner did not take, so that the next is another; `timeout`
    is in seconds and covers connecting and each read; `format` is one of the adapter's formats, None for its first.
    `session` brings its own TLS settings and hooks; None for a plain one.
    """

    url: str
    token: Callable[[], str] = field(repr=False)
    refused: Callable[[str], None] | None = field(default=None, repr=False)
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
    """True where credentials can stand inside the body, which is read before anybody is known when the rest of the
    message carries none."""
    most_unknown: int | None = None
    """How many bytes a body may have that is read like that; None: as many as every other."""

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

    def write_parts(
        self, receipt: IntakeReceipt | None, answers: Sequence[Outbound], request: Inbound
    ) -> Outbound:
        """The answer to a message of several parts, for adapters that read :class:`Parts`; one answer a message."""
        raise TypeError(f"{self.name} has no messages of several parts")

    def write_acknowledged(self, request: Inbound) -> Outbound:
        """The answer to a message that was read as :class:`Acknowledgement`, for adapters that read such."""
        raise TypeError(f"{self.name} has no messages that acknowledge others")

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
