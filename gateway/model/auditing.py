"""Asking who did what, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gateway.model.audit import AuditAction, AuditEvent


class Place(NamedTuple):
    """Where an event stands in the log, newest first: by its instant, its stream and its number there."""

    at: datetime
    stream: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as it is kept. Stream and number name it for good."""

    place: Place
    event: AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Events asked for. Everything said is to be met; None says nothing.

    `number` is stream and number of one event. `start` is included, `end` is not. `agents` are sets of which one has
    to be there each: `client:ID`, `npi:...`, `dea:...`. `statuses` are those of HTTP, first and last. `after` is
    where the page before has ended.
    """

    number: tuple[int, int] | None = None
    start: datetime | None = None
    end: datetime | None = None
    person_key: str | None = None
    actions: frozenset[AuditAction] | None = None
    agents: tuple[frozenset[str], ...] = ()
    statuses: tuple[tuple[int, int], ...] | None = None
    after: Place | None = None
    count: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsFound:
    """The events of a page, the newest first. With `next` there is more to look through, though perhaps nothing to
    find: a page ends where enough was read, too."""

    events: tuple[RecordedEvent, ...] = field(default=())
    next: Place | None = None
