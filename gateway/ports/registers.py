"""What is kept beside the record: drug products, who has reported, who did what, what was seen a moment ago; and one
state's rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.model import (
    CoveredDays,
    Drug,
    ExpectedDispenser,
    ListedProduct,
    ProductCode,
    ProductList,
    Reporter,
)
from gateway.model.audit import AuditEvent
from gateway.model.auditing import Place, RecordedEvent


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

    def event(self, stream: int, seq: int) -> RecordedEvent | None:
        """The event of that number; None when there is none.

        :raises gateway.errors.Unavailable: the log cannot answer now.
        """
        ...

    def newest(
        self,
        limit: int,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        person_key: str | None = None,
        after: Place | None = None,
    ) -> Sequence[RecordedEvent]:
        """At most so many events, the newest first: from `start` (included) to `end` (not included), of one person or
        of everybody, beginning after the one at `after`. By index, however long the log.

        :raises gateway.errors.Unavailable: the log cannot answer now.
        """
        ...


class Ephemeral(Protocol):
    """Short-lived facts that all processes share. Whoever uses it for security lets an error refuse the request.

    Every method raises :class:`gateway.errors.Unavailable` when the facts cannot be reached.
    """

    def claim(self, key: str, ttl: int) -> bool:
        """True for the first caller of that key within `ttl` seconds, False for every later one."""
        ...

    def release(self, key: str) -> None:
        """End a claim before its time: the next caller of that key has it. Nothing happens where there is none."""
        ...

    def put(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, in place of the one that was there. Keys of claims are others.

        What is about a patient is sealed before it comes here (:mod:`gateway.sealing`).
        """
        ...

    def get(self, key: str) -> bytes | None:
        """The value; None when there is none, or not any more."""
        ...

    def take(self, key: str) -> bytes | None:
        """The value, which is gone then: of many who take it, one has it."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRules:
    """One state's rules as the look-up needs them; from `conf/states/XX.toml`."""

    code: str
    name: str
    record_since: date
    disclaimers: tuple[str, ...] = ()
    hidden_ingredients: frozenset[str] = frozenset()  # a drug of these alone is never on a patient report
