"""One transaction of an operator's moves.

Appearances are copied to the other person, and with them the dispensations whose last revision refers to one of them,
all revisions included. In the old place nothing goes: the appearance says to whom it has moved, and the dispensation
ends with a revision of status `moved` that says where it is. The same revision, in the new place, is the one by which
it came, so that revisions count alike in both. A dispensation that returns goes on where it left off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from gateway.errors import Conflict
from gateway.model import Link, Move, PersonHeld
from gateway.ports import Clock, LinkUnit
from gateway.store import holding, journal, schema
from gateway.store.gathered import insert_if_absent
from gateway.store.keys import block_key, fill_key_at, new_person_key, read_person_key
from gateway.store.references import References

_appearance = schema.appearance.c
_dispensation = schema.dispensation.c

ALL_APPEARANCES = (
    select(schema.appearance)
    .where(_appearance.person_key == bindparam("person_key"))
    .order_by(_appearance.appearance)
)
ALL_IDENTIFIERS = select(schema.identifier).where(schema.identifier.c.person_key == bindparam("person_key"))
ALL_REVISIONS = (
    select(schema.dispensation)
    .where(_dispensation.person_key == bindparam("person_key"))
    .order_by(_dispensation.dispensation_no, _dispensation.revision)
)
LAST_REVISIONS = ALL_REVISIONS.with_only_columns(_dispensation.dispensation_no, _dispensation.revision)

_MOVE_APPEARANCE = (
    update(schema.appearance)
    .where(_appearance.person_key == bindparam("of_person"), _appearance.appearance == bindparam("number"))
    .values(moved_to=bindparam("to_person"))
)
_MOVE_FILL = (
    update(schema.fill)
    .where(
        schema.fill.c.fill_key == bindparam("moved"),
        schema.fill.c.person_key == bindparam("from_person"),
        schema.fill.c.dispensation_no == bindparam("from_no"),
    )
    .values(person_key=bindparam("to_person"), dispensation_no=bindparam("to_no"))
)

_Revisions = Sequence[Row[Any]]


class Linking(LinkUnit):
    """As the port says, on a connection in the transaction of :meth:`gateway.database.Database.writing`."""

    def __init__(self, connection: Connection, *, references: References, clock: Clock) -> None:
        self._connection = connection
        self._references = references
        self._clock = clock

    def person(self, person_key: str) -> PersonHeld | None:
        """As the port says."""
        key = read_person_key(person_key)
        return None if key is None else holding.person(self._connection, key)

    def link(self, link_id: str) -> Link | None:
        """As the port says."""
        return journal.link(self._connection, link_id)

    def links(self, person_key: str) -> Sequence[Link]:
        """As the port says."""
        key = read_person_key(person_key)
        return [] if key is None else journal.of_person(self._connection, key)

    def move(self, move: Move, keys: Collection[str]) -> Link:
        """As the port says."""
        at = self._clock()
        source = _known(move.from_key)
        target = new_person_key() if move.to_key is None else _known(move.to_key)
        if source == target:
            raise Conflict("An appearance cannot be moved to the person who has it.")
        left, there = self._appearances(source), self._appearances(target)
        _check(move, left, there)
        if move.to_key is None:
            self._connection.execute(insert(schema.person), {"person_key": target, "recorded_at": at})
        elif not there:
            raise _no_such_person()
        numbers = self._move_appearances(source, target, move, there)
        moved = _Moved(self._connection, self._references, (source, target), numbers, left)
        dispensations = moved.dispensations()
        self._insert_absent(target, keys)
        return journal.write(
            self._connection,
            move,
            (source, target),
            appearances=sorted(numbers.items()),
            dispensations=dispensations,
            highest=max(self._appearances(target)),
            at=at,
        )

    def _appearances(self, key: int) -> dict[int, Row[Any]]:
        rows = self._connection.execute(ALL_APPEARANCES, {"person_key": key}).all()
        return {row.appearance: row for row in rows}

    def _move_appearances(
        self, source: int, target: int, move: Move, there: Mapping[int, Row[Any]]
    ) -> dict[int, int]:
        """The number of each with the person who has it now."""
        unused = max(there, default=0) + 1
        numbers: dict[int, int] = {}
        for number in sorted(move.appearances):
            back = move.appearances[number]
            if back is None:
                back, unused = unused, unused + 1
                _copy_appearance(self._connection, (source, number), (target, back), moved_to=None)
            else:
                self._point(target, back, None)
            self._point(source, number, target)
            numbers[number] = back
        return numbers

    def _point(self, key: int, number: int, to: int | None) -> None:
        self._connection.execute(_MOVE_APPEARANCE, {"of_person": key, "number": number, "to_person": to})

    def _insert_absent(self, key: int, keys: Collection[str]) -> None:
        rows = [{"block_key": one, "person_key": key} for one in {block_key(each) for each in keys}]
        if rows:
            self._connection.execute(insert_if_absent(self._connection, schema.blocking), rows)


class _Moved:
    """The dispensations that go along.

    :param keys: the person moved from, and the person moved to.
    :param numbers: the appearances moved, by their numbers before, and the numbers they have now.
    :param left: all appearances of the person moved from.
    """

    def __init__(
        self,
        connection: Connection,
        references: References,
        keys: tuple[int, int],
        numbers: Mapping[int, int],
        left: Mapping[int, Row[Any]],
    ) -> None:
        self._connection = connection
        self._references = references
        self._source, self._target = keys
        self._numbers = dict(numbers)
        self._moving = frozenset(numbers)
        self._left = left
        last = connection.execute(LAST_REVISIONS, {"person_key": self._target}).all()
        self._there = {row.dispensation_no: row.revision for row in last}  # rows ascend: the last one counts
        self._unused = max(self._there, default=0) + 1

    def dispensations(self) -> int:
        """Move them all. Returns how many there were."""
        rows = self._connection.execute(ALL_REVISIONS, {"person_key": self._source}).all()
        written: list[dict[str, Any]] = []
        fills: list[dict[str, Any]] = []
        count = 0
        for _, group in groupby(rows, key=lambda row: row.dispensation_no):
            revisions = list(group)
            last = revisions[-1]
            if last.status == schema.MOVED or last.appearance not in self._moving:
                continue
            count += 1
            to = self._place(revisions)
            written += self._copies(revisions, to)
            fills += self._fills(revisions, to)
        if written:
            self._connection.execute(insert(schema.dispensation), written)
            self._connection.execute(_MOVE_FILL, fills)
        return count

    def _place(self, revisions: _Revisions) -> int:
        """The number that the dispensation gets: the one it had, if it has been with that person before."""
        for row in revisions:
            if row.moved_key == self._target:
                return int(row.moved_no)
        self._unused += 1
        return self._unused - 1

    def _copies(self, revisions: _Revisions, to: int) -> Iterable[dict[str, Any]]:
        known = self._there.get(to, 0)
        last = revisions[-1]._asdict()
        leaving = {**last, "revision": last["revision"] + 1, "report": None}
        for row in [one._asdict() for one in revisions if one.revision > known]:
            yield self._there_as(row, to)
        yield self._there_as(leaving, to) | {"moved_key": self._source, "moved_no": last["dispensation_no"]}
        yield leaving | {"status": schema.MOVED, "moved_key": self._target, "moved_no": to}

    def _there_as(self, row: Mapping[str, Any], to: int) -> dict[str, Any]:
        number = self._number(row["appearance"])
        return {**row, "person_key": self._target, "dispensation_no": to, "appearance": number}

    def _number(self, appearance: int) -> int:
        """The appearance's number there. An earlier revision may refer to one that stays, or has gone elsewhere: the
        demographics are copied, and are no appearance of that person."""
        if appearance not in self._numbers:
            there = self._connection.execute(ALL_APPEARANCES, {"person_key": self._target}).all()
            equal = [row.appearance for row in there if row.digest == self._left[appearance].digest]
            number = equal[0] if equal else max(row.appearance for row in there) + 1
            if not equal:
                stays = self._left[appearance].moved_to or self._source
                _copy_appearance(
                    self._connection, (self._source, appearance), (self._target, number), moved_to=stays
                )
            self._numbers[appearance] = number
        return self._numbers[appearance]

    def _fills(self, revisions: _Revisions, to: int) -> Iterable[dict[str, Any]]:
        """Every fill that one of the revisions was, also under an older date."""
        dispensers = self._references.dispensers.read(self._connection, {row.dispenser for row in revisions})
        for key in {fill_key_at(dispensers[row.dispenser], row) for row in revisions}:
            yield {
                "moved": key,
                "from_person": self._source,
                "from_no": revisions[0].dispensation_no,
                "to_person": self._target,
                "to_no": to,
            }


def _copy_appearance(
    connection: Connection, of: tuple[int, int], to: tuple[int, int], *, moved_to: int | None
) -> None:
    changes = {"person_key": to[0], "appearance": to[1]}
    for statement, more in ((ALL_APPEARANCES, {"moved_to": moved_to}), (ALL_IDENTIFIERS, {})):
        held = connection.execute(statement, {"person_key": of[0]}).all()
        rows = [{**row._asdict(), **changes, **more} for row in held if row.appearance == of[1]]
        if rows:
            table = schema.identifier if statement is ALL_IDENTIFIERS else schema.appearance
            connection.execute(insert(table), rows)


def _check(move: Move, left: Mapping[int, Row[Any]], there: Mapping[int, Row[Any]]) -> None:
    for number, back in move.appearances.items():
        if number not in left or left[number].moved_to is not None:
            raise Conflict(f"The person {move.from_key} does not have an appearance {number}.")
        if back is not None and (back not in there or there[back].moved_to is None):
            raise Conflict(f"The person {move.to_key} cannot have appearance {back} again.")


def _known(person_key: str) -> int:
    key = read_person_key(person_key)
    if key is None:
        raise _no_such_person()
    return key


def _no_such_person() -> Conflict:
    return Conflict("There is no such person in the record.")
