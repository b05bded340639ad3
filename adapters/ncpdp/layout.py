"""What every version of SCRIPT has to write; `layout_10_6.py` and `layout_2017071.py` say how. 2023011 is written as
2017071: its schema is not public.

A layout is made for one message, since it remembers what did not fit (:class:`~adapters.ncpdp.fit.Fit`). The XML
itself stands in `blocks/<version>/*.xml`; the layouts only choose and fit the values.
"""

from __future__ import annotations

import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from adapters._wire import Block, Xml, to_bytes
from adapters.ncpdp.fit import Fit
from adapters.ncpdp.kept import Kept, Written
from adapters.ncpdp.version import Dialect, Version
from adapters.ncpdp.wrapping import wrapped
from gateway.model import Analysis, Dispensation, Outcome, Period, Person, StateOutcome
from gateway.terminology import codes

NOTE_LIMIT = 70  # characters, of Approved/Note and Status/Description
SOFTWARE = "PMP Bridge"

_BLOCKS = Path(__file__).parent / "blocks"

_Part = TypeVar("_Part")
_Rendered = TypeVar("_Rendered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Who sends or receives: the text of `To` or `From`, and its qualifier."""

    address: str
    qualifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of an outgoing message."""

    to: Mailbox
    sender: Mailbox
    sent: datetime
    message_id: str
    relates_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The `Response` of an answer: approved with a note, or denied with a reason; codes where there is one.

    `reference` is the ReferenceNumber with which the rest is asked for.
    """

    approved: bool
    text: str
    code: str | None = None
    reference: str | None = None


class Layout(ABC):
    """One message of one version."""

    version: ClassVar[Version]
    ascii_only: ClassVar[bool]
    text_limit: ClassVar[int]  # of Description and DenialReason; Note takes NOTE_LIMIT in every version
    qualifiers: ClassVar[frozenset[str]]  # of To and From
    denials: ClassVar[frozenset[str]]  # the reasons that a Denied may have

    def __init__(self) -> None:
        self.fit = Fit(ascii_only=self.ascii_only)
        self._rendered: dict[int, Any] = {}

    @abstractmethod
    def response(
        self,
        verdict: Verdict,
        *,
        patient: Person,
        period: Period,
        consent: str | None,
        dispensations: Sequence[Dispensation],
        states: Iterable[StateOutcome],
        analysis: Analysis | None = None,
        link: str | None = None,
    ) -> Xml:
        """An RxHistoryResponse. `period` has both ends; `states` are those that were asked; `analysis` and `link` are
        the answer's."""

    @abstractmethod
    def patient(self, person: Person) -> Xml:
        """The Patient of a message: who was asked for."""

    def denial_code(self, outcome: Outcome) -> str | None:
        """The reason for which an outcome is denied; None where there is none that this version's list has."""
        code = codes("script-denial").encode(outcome.value, "script")
        return code if code in self.denials else None

    def error(self, code: str, description_codes: Iterable[str], description: str) -> Xml:
        """An Error."""
        coded = block(self.version, "description_code")
        return block(self.version, "error").render(
            {
                "code": code,
                "description_codes": [coded.render({"code": one}) for one in description_codes],
                "description": self.fit.sentence(description, self.text_limit),
            }
        )

    def status(self, code: str, description: str) -> Xml:
        """A Status."""
        return block(self.version, "status").render(
            {"code": code, "description": self.fit.sentence(description, NOTE_LIMIT)}
        )

    def verify(self, code: str, description: str) -> Xml:
        """A Verify: the Status that a message asks to be confirmed."""
        return block(self.version, "verify").render(
            {"code": code, "description": self.fit.sentence(description, NOTE_LIMIT)}
        )

    def message(self, header: Header, body: Xml, dialect: Dialect) -> bytes:
        """The whole document, in the sender's own dialect of this version."""
        values = {
            "to": self.address(header.to),
            "to_qualifier": self._qualifier(header.to),
            "sender": self.address(header.sender),
            "from_qualifier": self._qualifier(header.sender),
            "message_id": self.fit.text(header.message_id, 35),
            "relates_to": self.fit.text(header.relates_to, 35),
            "sent": self.instant(header.sent),
            "body": body,
        }
        document = to_bytes(_envelope(dialect).render({**values, **self.software(dialect)}))
        return wrapped(document, dialect.wrapping)

    def once(self, render: Callable[[_Part], _Rendered], part: _Part) -> _Rendered:
        """What the method `render` makes of a part of the answer, made once for one object: a history names the same
        drugs, prescribers, dispensers and appearances again and again, and the answer keeps them alive meanwhile."""
        key = id(part)
        if key not in self._rendered:
            self._rendered[key] = render(part)
        found: _Rendered = self._rendered[key]
        return found

    def shared(self, render: Callable[[_Part], _Rendered], part: _Part) -> _Rendered:
        """As :meth:`once`, for what is no fact of a patient: drugs, prescribers and dispensers recur in other answers
        too (see kept.py)."""
        key = id(part)
        if key not in self._rendered:
            name = render.__name__
            written = _kept(type(self)).of(name, part, lambda: _written(type(self), name, part))
            self._rendered[key] = written.rendered
            self.fit.lost |= written.lost
        found: _Rendered = self._rendered[key]
        return found

    def address(self, mailbox: Mailbox) -> str:
        """The address of a header, as this version takes it."""
        return self.fit.text(mailbox.address, 80) or "unknown"

    def instant(self, moment: datetime) -> str:
        """A moment in UTC."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def software(self, dialect: Dialect) -> dict[str, str]:
        """What the envelope of this version says about the sender's software."""
        return {}

    def _qualifier(self, mailbox: Mailbox) -> str | None:
        return mailbox.qualifier if mailbox.qualifier in self.qualifiers else None


@cache
def _kept(layout: type[Layout]) -> Kept:
    return Kept()


def _written(layout: type[Layout], render: str, part: object) -> Written:
    """What that method of a fresh layout makes of the part, and what is lost of it."""
    fresh = layout()
    return Written(getattr(fresh, render)(part), frozenset(fresh.fit.lost))


@cache
def block(version: Version, name: str) -> Block:
    """The compiled template `blocks/<version>/<name>.xml`."""
    return Block.load(_folder(version) / f"{name}.xml")


@cache
def _envelope_in(version: Version, namespace: str) -> Block:
    return Block.load(_folder(version) / "message.xml", fixed={"namespace": namespace})


def _folder(version: Version) -> Path:
    written_as = Version.V2017071 if version is Version.V2023011 else version
    return _BLOCKS / written_as.value.removeprefix("script-")


def _envelope(dialect: Dialect) -> Block:
    return _envelope_in(dialect.version, dialect.namespace)


@cache
def release() -> str:
    """The version of this software."""
    try:
        return version("pmpbridge")
    except PackageNotFoundError:
        return "unknown"


def new_message_id() -> str:
    """A message id that was never used before, of 32 characters."""
    return uuid.uuid4().hex


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def message_id_of(report_id: str) -> str:
    """The message id of a report: its own id, so that the two can be found by each other. A UUID loses its
    hyphens, because 36 characters are one too many."""
    return report_id.replace("-", "") if _UUID.fullmatch(report_id) else report_id
