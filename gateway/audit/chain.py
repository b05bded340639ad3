"""The chain: an event's canonical bytes, its hash, and the check of a whole stream. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import msgspec

from gateway.model.audit import AuditEvent

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(AuditEvent)


def encode(event: AuditEvent) -> bytes:
    """The event's canonical bytes: JSON, keys in order. They are kept as they are and never written anew."""
    return _encoder.encode(event)


def decode(content: bytes) -> AuditEvent:
    """The event. :raises msgspec.DecodeError: these are not the bytes of one."""
    return _decoder.decode(content)


def genesis(stream: int) -> bytes:
    """What stands before a stream's first event; no two streams begin alike."""
    return sha256(f"pmpbridge audit stream {stream}".encode()).digest()


def chained(previous: bytes, content: bytes) -> bytes:
    """The hash of an event that follows the one with the hash `previous`."""
    return sha256(previous + content).digest()


class Head(NamedTuple):
    """Where a stream ends: the number and the hash of its last event (0 and the genesis when it has none)."""

    stream: int
    seq: int
    hash: bytes


class Link(NamedTuple):
    """One event as it is kept."""

    seq: int
    at: datetime
    event: bytes
    previous: bytes
    hash: bytes
    person_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain is broken, and how; `seq` is None when it is the stream as a whole."""

    stream: int
    seq: int | None
    reason: str

    def __str__(self) -> str:
        event = "" if self.seq is None else f", event {self.seq}"
        return f"stream {self.stream}{event}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found: how much was checked, where the streams end, and the first break if there is one."""

    events: int
    heads: tuple[Head, ...]
    broken: Break | None = None

    @property
    def is_intact(self) -> bool:
        """True when every stream is whole and unchanged."""
        return self.broken is None

    def __str__(self) -> str:
        if self.broken is not None:
            return f"The audit log is broken at {self.broken}"
        return f"The audit log is intact: {self.events} events in {len(self.heads)} streams"


class BrokenChain(Exception):
    """The first break."""

    def __init__(self, stream: int, seq: int | None, reason: str) -> None:
        self.broken = Break(stream=stream, seq=seq, reason=reason)
        super().__init__(str(self.broken))


def walk(head: Head, links: Iterable[Link], noted: Mapping[int, bytes]) -> Iterator[Link]:
    """The events of one stream, each after it has been checked.

    :param noted: hashes of events by number, as they were noted elsewhere.
    :raises BrokenChain: at the first event that is altered, missing or out of order.
    """
    seq, previous = 0, genesis(head.stream)
    for link in _read(head.stream, links):
        if link.seq != seq + 1:
            raise BrokenChain(head.stream, seq + 1, "the event has been removed")
        seq = link.seq
        if not _is_bytes(link) or chained(link.previous, link.event) != link.hash or not _is_found(link):
            raise BrokenChain(head.stream, seq, "the event has been altered")
        if link.previous != previous:
            raise BrokenChain(
                head.stream, seq, "the event does not follow the one before: altered or reordered"
            )
        if noted.get(seq, link.hash) != link.hash:
            raise BrokenChain(head.stream, seq, "the event is not the one that was noted")
        previous = link.hash
        yield link
    if (seq, previous) != (head.seq, head.hash):
        raise BrokenChain(head.stream, seq + 1, "the stream's end has been removed or altered")
    if max(noted, default=0) > seq:
        raise BrokenChain(head.stream, seq + 1, "events that were noted have been removed")


def _read(stream: int, links: Iterable[Link]) -> Iterator[Link]:
    """The events as they come; what the database holds may have become something that is no event at all."""
    seq = 0
    try:
        for link in links:
            yield link
            seq = link.seq
    except (ValueError, TypeError):
        raise BrokenChain(stream, seq + 1, "the event has been altered and cannot be read") from None


def _is_bytes(link: Link) -> bool:
    return all(isinstance(one, bytes) for one in (link.event, link.previous, link.hash))


def _is_found(link: Link) -> bool:
    """The columns that searches go by say what the event says."""
    try:
        event = decode(link.event)
        return (event.at, event.person_key) == (link.at, link.person_key)
    except msgspec.DecodeError:
        return False
