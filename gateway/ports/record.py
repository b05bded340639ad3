"""The PMP's record: what is read, one transaction of intake, one of an operator's moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from gateway.model import (
    Dispensation,
    Dispenser,
    Link,
    Move,
    Period,
    Person,
    PersonHeld,
)


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

    def born_on(self, day: date, most: int) -> Sequence[Person] | None:
        """Every appearance of everybody who has one with this birth date; None when they are more than `most`."""
        ...

    def history(self, person_key: str, period: Period) -> History | None:
        """The active dispensations filled in that period; None when there is no such person."""
        ...

    def dispensation(self, dispensation_id: str) -> Dispensation | None:
        """The current revision of one dispensation, void or not."""
        ...

    def intake(self, records: int = 1) -> AbstractContextManager[IntakeUnit]:
        """A transaction; on leaving the block without an exception everything is on disk, else nothing is recorded.

        :param records: how many records it is about, more or less: large transactions may have to follow one another.
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
