"""One transaction of intake.

Rows are gathered and written many at a time. Until then they answer the unit's own reads from memory: same fills,
people by blocking key, and their appearances.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from gateway.database import unavailable
from gateway.errors import Conflict, MessageError, Unavailable
from gateway.model import Dispensation, DispensationStatus, Dispenser, Person
from gateway.ports import Clock, IntakeUnit, Recorded, Vault
from gateway.store import codec, queries, reporting, schema
from gateway.store.appearance import Reported
from gateway.store.gathered import Gathered, Remembered
from gateway.store.keys import (
    block_key,
    digest,
    fill_key,
    new_person_key,
    read_dispensation_id,
    read_person_key,
    write_dispensation_id,
    write_person_key,
)
from gateway.store.queries import Standing
from gateway.store.references import References, Snapshots

T = TypeVar("T")

PART = "record store"
ROWS_AT_ONCE = 1000


class Unit(IntakeUnit):
    """As the port says, on a connection in the transaction of :meth:`gateway.database.Database.writing`."""

    def __init__(
        self, connection: Connection, *, references: References, vault: Vault, clock: Clock, state: str
    ) -> None:
        self._connection = connection
        self._references = references
        self._vault = vault
        self._clock = clock
        self._state = state
        self._guard = _Guard()
        self._new_references: list[tuple[Snapshots[Any], bytes, object]] = []
        self._reporting = reporting.Reports(
            connection,
            known=references.reports,
            refer=partial(self._refer, references.dispensers),
            clock=clock,
        )
        self._forget()

    def _forget(self) -> None:
        """Begin anew with nothing in memory; what was gathered is written."""
        self._gathered = Gathered()
        self._blocks = Remembered(partial(queries.person_keys, self._connection))
        self._people = Remembered(partial(queries.appearances, self._connection))
        self._known: dict[int, Standing] = {}
        self._fill_keys: dict[int, tuple[Dispensation, bytes]] = {}
        self._fills: dict[bytes, tuple[int, int] | None] = {}
        self._stated: dict[tuple[int, int], Recorded] = {}
        self._written: dict[tuple[int, int], Dispensation] = {}
        self._reports: dict[tuple[int, int], set[bytes]] = {}
        self._referred: set[bytes] = set()
        self._digests: dict[int, tuple[object, bytes]] = {}

    # --- reads ------------------------------------------------------------------------------------------------

    def prepare(self, fills: Collection[Dispensation], keys: Collection[str] = ()) -> None:
        """As the port says."""
        with self._answering():
            self._fill_keys.update((id(one), (one, fill_key(one))) for one in fills)
            wanted = {self._fill_key(one) for one in fills} - self._fills.keys()
            found = queries.fills(self._connection, wanted)
            self._fills.update((key, found.get(key)) for key in wanted)
            stated = queries.stated(self._connection, self._references, set(found.values()))
            self._stated.update({place: _recorded(one) for place, one in stated.items()})
            known = self._blocks.of({block_key(key) for key in keys})
            people = set(known)
            self._people.of(sorted(people))
            self._know(people - self._known.keys())

    def same_fill(self, dispensation: Dispensation) -> Recorded | None:
        """As the port says."""
        with self._answering():
            place = self._fill(self._fill_key(dispensation))
            return None if place is None else self._recorded(place)

    def recorded(self, dispensation_id: str) -> Recorded | None:
        """As the port says."""
        with self._answering():
            place = read_dispensation_id(dispensation_id)
            return None if place is None else self._recorded(place)

    def candidates(self, keys: Collection[str]) -> Sequence[Person]:
        """As the port says; ordered as by the store."""
        with self._answering():
            known = self._blocks.of({block_key(key) for key in keys})
            return self._people.of(sorted(set(known)))

    def holder(self, person: Person, person_keys: Collection[str]) -> str | None:
        """As the port says."""
        with self._answering():
            wanted = Reported(person, self._vault).digest
            held = [key for key in person_keys if wanted in self._person(key)[1].appearances]
            return held[0] if len(held) == 1 else None

    def _fill_key(self, dispensation: Dispensation) -> bytes:
        held = self._fill_keys.get(
            id(dispensation)
        )  # together with the object, whose id is its own while it is held
        return fill_key(dispensation) if held is None else held[1]

    def _fill(self, key: bytes) -> tuple[int, int] | None:
        """Person key and number of the dispensation that records this fill."""
        if key not in self._fills:
            self._fills[key] = queries.fills(self._connection, [key]).get(key)
        return self._fills[key]

    def _recorded(self, place: tuple[int, int]) -> Recorded | None:
        if place in self._stated and place not in self._written:
            return self._stated[place]
        current = self._current(place)
        if current is None:
            return None
        place = read_dispensation_id(str(current.id)) or place  # where it has been moved to
        reports, since = queries.reports(self._connection, *place)
        return Recorded(
            dispensation=current,
            reports=frozenset(reports | self._reports.get(place, set())),
            unchanged_since=current.revision if place in self._written else since,
        )

    def _current(self, place: tuple[int, int]) -> Dispensation | None:
        written = self._written.get(place)
        if written is not None:
            return written
        found = queries.dispensation(self._connection, self._references, *place)
        if found is None:
            return None
        return self._written.get(read_dispensation_id(str(found.id)) or place, found)

    def _person(self, person_key: str) -> tuple[int, Standing]:
        key = read_person_key(person_key)
        if key is None:
            raise _no_such_person()
        known = self._known.get(key)
        if known is None:
            self._know({key})
            known = self._known.get(key)
        if known is None:
            raise _no_such_person()
        return key, known

    def _know(self, keys: Collection[int]) -> None:
        """Read what there is of these people; nothing, of those that are not there."""
        self._known.update(queries.standing(self._connection, keys))

    # --- writes -----------------------------------------------------------------------------------------------

    def add_person(self, person: Person, keys: Collection[str]) -> str:
        """As the port says."""
        with self._answering():
            reported = Reported(person, self._vault)
            key = new_person_key()
            self._known[key] = Standing({}, 0, 0)
            self._gathered.add(schema.person, {"person_key": key, "recorded_at": self._clock()})
            self._appear(key, reported)
            self._block(key, keys)
            return write_person_key(key)

    def add_dispensation(
        self,
        person_key: str,
        dispensation: Dispensation,
        keys: Collection[str],
        *,
        report: bytes | None = None,
    ) -> Dispensation:
        """As the port says."""
        with self._answering():
            key, known = self._person(person_key)
            person = dispensation.person
            is_known = person.key == person_key and person.appearance in known.appearances.values()
            reported = None if is_known else Reported(person, self._vault)
            fill = self._fill_key(dispensation)
            no, revision = self._place(key, known, dispensation, fill)
            known.last_no = max(known.last_no, no)
            self._record_fill(fill, (key, no))
            self._block(key, keys)
            recorded = replace(
                dispensation,
                id=write_dispensation_id(person_key, no),
                revision=revision,
                person=person if reported is None else self._appear(key, reported),
                source_state=dispensation.source_state or self._state,
                reported_at=self._clock(),
            )
            self._record(key, no, recorded, report)
        if self._gathered.dispensations >= ROWS_AT_ONCE:
            self.flush()
        return recorded

    def add_report(self, dispenser: Dispenser, days: Collection[date]) -> None:
        """As the port says."""
        with self._answering():
            self._reporting.add(self._gathered, dispenser, days)

    def add_zero_report(self, dispenser: Dispenser, first: date, last: date) -> bool:
        """As the port says."""
        with self._answering():
            self.flush()  # the same may have come before in this unit
            return self._reporting.add_zero(self._gathered, dispenser, first, last)

    def has_dispensed(self, dispenser: Dispenser, first: date, last: date) -> bool:
        """As the port says."""
        with self._answering():
            self.flush()
            return reporting.has_dispensed(self._connection, dispenser, first, last)

    def _place(self, key: int, known: Standing, dispensation: Dispensation, fill: bytes) -> tuple[int, int]:
        """Number and revision that the dispensation gets."""
        same = self._fill(fill)
        if dispensation.id is None:
            own, place = None, (known.last_no + 1, 1)
        else:
            own = read_dispensation_id(dispensation.id)
            before = self._current(own) if own and own[0] == key else None
            if own is None or before is None or before.id != dispensation.id:
                raise Conflict(
                    "The dispensation to be revised is not one of this person's.",
                    remedy="Void it where it is recorded, and report it anew.",
                )
            place = own[1], before.revision + 1
        if same is not None and same != own and not self._is_void(same):
            raise Conflict(
                "This fill (dispenser, prescription number, fill number, fill date) is recorded already.",
                remedy="Revise or void the dispensation that records it.",
            )
        return place

    def _is_void(self, place: tuple[int, int]) -> bool:
        current = self._current(place)
        return current is not None and current.status is DispensationStatus.VOID

    def _record_fill(self, fill: bytes, place: tuple[int, int]) -> None:
        before = self._fill(fill)
        if before is None:
            row = {"fill_key": fill, "person_key": place[0], "dispensation_no": place[1]}
            self._gathered.add(schema.fill, row)
        elif before != place:
            self._gathered.move_fill(fill, *place)
        self._fills[fill] = place

    def _record(self, key: int, no: int, recorded: Dispensation, report: bytes | None) -> None:
        self._gathered.add(
            schema.dispensation,
            {
                "person_key": key,
                "dispensation_no": no,
                "appearance": recorded.person.appearance,
                "drug": self._refer(self._references.drugs, recorded.drug),
                "prescriber": self._refer(self._references.prescribers, recorded.prescriber),
                "dispenser": self._refer(self._references.dispensers, recorded.dispenser),
                "report": report,
                **codec.dispensation_columns(recorded),
            },
        )
        self._written[key, no] = recorded
        if report is not None:
            self._reports.setdefault((key, no), set()).add(report)

    def _refer(self, snapshots: Snapshots[T], value: T) -> bytes:
        # Records share these objects; by its id each is known while it is held.
        held = self._digests.get(id(value))
        if held is not None:
            return held[1]
        columns = snapshots.encode(value)
        name = digest(columns)
        self._digests[id(value)] = value, name
        if name not in self._referred and snapshots.recent.get(name) is None:
            self._gathered.add(snapshots.table, {"digest": name, **columns})
            self._referred.add(name)
            self._new_references.append((snapshots, name, value))
        return name

    def _block(self, key: int, keys: Collection[str]) -> None:
        for one in map(block_key, keys):
            if not self._blocks.has(one, key):
                self._blocks.add(one, key)
                self._gathered.add(schema.blocking, {"block_key": one, "person_key": key})

    def _appear(self, key: int, reported: Reported) -> Person:
        """The appearance with these demographics; a new one unless there is one."""
        known = self._known[key]
        number = known.appearances.get(reported.digest, known.last_appearance + 1)
        shown = replace(reported.shown, key=write_person_key(key), appearance=number)
        if reported.digest not in known.appearances:
            known.appearances[reported.digest] = known.last_appearance = number
            self._people.add(key, shown)
            self._gathered.add(schema.appearance, reported.row(key, number))
            for row in reported.identifier_rows(key, number):
                self._gathered.add(schema.identifier, row)
        return shown

    def flush(self) -> None:
        """Write what has been gathered."""
        with self._answering():
            self._gathered.write(self._connection)
            self._forget()

    def keep_references(self) -> None:
        """Once committed: what was new stays in memory for the reads to come."""
        for snapshots, name, value in self._new_references:
            snapshots.recent.put(name, value)
        self._reporting.keep()

    def _answering(self) -> _Guard:
        """A failure ends the unit: SQLite may have rolled back by itself, and what came after would be committed
        alone."""
        return self._guard


class _Guard:
    """Around every call of a unit; a class, because it is entered several times a record."""

    __slots__ = ("_is_broken",)

    def __init__(self) -> None:
        self._is_broken = False

    def __enter__(self) -> None:
        if self._is_broken:
            raise Unavailable(f"The {PART} cannot answer now.")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (Conflict, MessageError)):
            return  # a refusal is found before anything is gathered
        self._is_broken = True
        told = unavailable(error, PART)
        if told is not None:
            raise told from None


def _recorded(stated: queries.Stated) -> Recorded:
    return Recorded(
        dispensation=stated.dispensation, reports=stated.reports, unchanged_since=stated.unchanged_since
    )


def _no_such_person() -> Conflict:
    return Conflict("There is no such person in the record.")
