"""The record's reads. Each goes by primary key to the rows of the given keys, and is never a scan.

Rows that refer are read before the rows they refer to, which were committed with them or earlier; so what is read
is whole without a transaction around it. Where an operator has moved somebody, the reads go after him: each step is a
move that was made, so there are few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, exists, func, select, tuple_

from gateway.model import Dispensation, DispensationStatus, Period, Person
from gateway.ports import History
from gateway.prepared import Prepared
from gateway.store import codec, journal, schema
from gateway.store.codec import Row
from gateway.store.keys import write_person_key
from gateway.store.references import IN_LIST, References

V = TypeVar("V")

_appearance = schema.appearance.c
_dispensation = schema.dispensation.c
_later = schema.dispensation.alias("later")

_APPEARANCE = [c for c in _appearance if c.name not in {"person_key", "digest", "moved_to"}]
_DISPENSATION = [c for c in _dispensation if c.name not in {"person_key", "report", "moved_key", "moved_no"}]
_DRUG, _PRESCRIBER, _DISPENSER = (
    [c.name for c in _DISPENSATION].index(name) for name in ("drug", "prescriber", "dispenser")
)

PERSON_KEYS = select(schema.blocking.c.block_key, schema.blocking.c.person_key).where(
    schema.blocking.c.block_key.in_(bindparam("block_keys", expanding=True))
)
CANDIDATES = (
    select(_appearance.person_key, *_APPEARANCE)
    .where(
        _appearance.person_key.in_(bindparam("person_keys", expanding=True)), _appearance.moved_to.is_(None)
    )
    .order_by(_appearance.person_key, _appearance.appearance)
)
BORN_ON = (
    select(_appearance.person_key)
    .where(_appearance.birth_date == bindparam("day"), _appearance.moved_to.is_(None))
    .distinct()
    .order_by(_appearance.person_key)
    .limit(bindparam("limit"))
)
APPEARANCES = select(*_APPEARANCE, _appearance.moved_to).where(
    _appearance.person_key == bindparam("person_key")
)
APPEARANCE = APPEARANCES.where(_appearance.appearance == bindparam("appearance"))
IS_LAST = ~exists().where(
    and_(
        _later.c.person_key == _dispensation.person_key,
        _later.c.dispensation_no == _dispensation.dispensation_no,
        _later.c.revision > _dispensation.revision,
    )
)
HISTORY = (
    select(*_DISPENSATION)
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.filled.between(bindparam("start"), bindparam("end")),
        _dispensation.status == DispensationStatus.ACTIVE.value,
        IS_LAST,
    )
    .order_by(_dispensation.dispensation_no)  # the primary key's own order
)
DISPENSATION = (
    select(*_DISPENSATION, _dispensation.moved_key, _dispensation.moved_no)
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.dispensation_no == bindparam("no"),
    )
    .order_by(_dispensation.revision.desc())
    .limit(1)
)
DIGESTS = (
    select(_appearance.person_key, _appearance.digest, _appearance.appearance, _appearance.moved_to)
    .where(_appearance.person_key.in_(bindparam("person_keys", expanding=True)))
    .order_by(_appearance.person_key, _appearance.appearance)
)
LAST_NOS = (
    select(_dispensation.person_key, func.max(_dispensation.dispensation_no))
    .where(_dispensation.person_key.in_(bindparam("person_keys", expanding=True)))
    .group_by(_dispensation.person_key)
)
REPORTS = (
    select(_dispensation.revision, _dispensation.report, _dispensation.moved_key)
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.dispensation_no == bindparam("no"),
    )
    .order_by(_dispensation.revision.desc())
)
REVISIONS = (
    select(_dispensation.person_key, *_DISPENSATION, _dispensation.report, _dispensation.moved_key)
    .where(
        tuple_(_dispensation.person_key, _dispensation.dispensation_no).in_(
            bindparam("places", expanding=True)
        )
    )
    .order_by(_dispensation.person_key, _dispensation.dispensation_no, _dispensation.revision.desc())
)
FILLS = select(schema.fill).where(schema.fill.c.fill_key.in_(bindparam("fill_keys", expanding=True)))

# of every look-up
_PERSON_KEYS, _CANDIDATES = Prepared(PERSON_KEYS, many="block_keys"), Prepared(CANDIDATES, many="person_keys")
_HISTORY, _APPEARANCES = Prepared(HISTORY), Prepared(APPEARANCES)


def person_keys(connection: Connection, block_keys: Collection[int]) -> dict[int, list[int]]:
    """Who is known by each of these (hashed) blocking keys."""
    found: dict[int, list[int]] = {}
    for some in _slices(block_keys):
        for block_key, person_key in _PERSON_KEYS.all(connection, {"block_keys": some}):
            found.setdefault(block_key, []).append(person_key)
    return found


def born_on(connection: Connection, day: date, limit: int) -> list[int]:
    """Who has an appearance with this birth date, `limit` people at most."""
    return list(connection.execute(BORN_ON, {"day": day, "limit": limit}).scalars())


def appearances(connection: Connection, keys: Collection[int]) -> dict[int, list[Person]]:
    """Every appearance of each of these persons, in the order of the keys given."""
    found: dict[int, list[Person]] = {key: [] for key in keys}
    shown = {key: write_person_key(key) for key in keys}
    for some in _slices(keys):
        for row in _CANDIDATES.all(connection, {"person_keys": some}):
            found[row[0]].append(codec.person(shown[row[0]], row[1:]))
    return found


def history(connection: Connection, references: References, key: int, period: Period) -> History | None:
    """As :meth:`gateway.ports.RecordStore.history`."""
    while (found := _history(connection, references, key, period)) and not found.appearances:
        key = journal.onward(connection, key)
    return found


def _history(connection: Connection, references: References, key: int, period: Period) -> History | None:
    start, end = period.start or date.min, period.end or date.max
    rows = _HISTORY.all(connection, {"person_key": key, "start": start, "end": end})
    shown = write_person_key(key)
    appeared = _APPEARANCES.all(connection, {"person_key": key})
    people = {row[0]: codec.person(shown, row[:-1]) for row in appeared}
    if not people:
        return None
    held = _dispensations(connection, references, shown, rows, people)
    # a stable sort: fills of one day stay in the order of their numbers
    held.sort(key=lambda one: one.filled, reverse=True)
    here = frozenset(row[0] for row in appeared if row[-1] is None)  # the last is where it has moved to
    return History(person_key=shown, dispensations=tuple(held), appearances=here)


def dispensation(connection: Connection, references: References, key: int, no: int) -> Dispensation | None:
    """The current revision of one dispensation, void or not, wherever it is now."""
    row = connection.execute(DISPENSATION, {"person_key": key, "no": no}).one_or_none()
    while row is not None and row.status == schema.MOVED:
        key, no = row.moved_key, row.moved_no
        row = connection.execute(DISPENSATION, {"person_key": key, "no": no}).one_or_none()
    if row is None:
        return None
    shown = write_person_key(key)
    one = connection.execute(APPEARANCE, {"person_key": key, "appearance": row.appearance}).one()
    person = codec.person(shown, one[:-1])
    return _dispensations(connection, references, shown, [row], {row.appearance: person})[0]


@dataclass(slots=True)
class Standing:
    """What intake needs of one person: appearances by digest, and the numbers used last."""

    appearances: dict[bytes, int]
    last_appearance: int
    last_no: int


def standing(connection: Connection, keys: Collection[int]) -> dict[int, Standing]:
    """Of each of these persons who is there. Who has been merged into somebody else is not."""
    found: dict[int, Standing] = {}
    for some in _slices(keys):
        rows = connection.execute(LAST_NOS, {"person_keys": some}).all()
        last = {row[0]: row[1] for row in rows}
        for key, digest, number, moved_to in connection.execute(DIGESTS, {"person_keys": some}).all():
            one = found.setdefault(key, Standing({}, 0, last.get(key, 0)))
            one.last_appearance = number
            if moved_to is None:
                one.appearances.setdefault(bytes(digest), number)
    return {key: one for key, one in found.items() if one.appearances}


def reports(connection: Connection, key: int, no: int) -> tuple[set[bytes], int]:
    """The fingerprints of all reports that have made or changed one dispensation; and the revision since which
    nothing has happened to it but that it was moved."""
    found = connection.execute(REPORTS, {"person_key": key, "no": no}).all()
    since = next((row.revision for row in found if row.moved_key is None), 0)
    return {row.report for row in found if row.report is not None}, since


Place = tuple[int, int]  # person key and number of a dispensation


@dataclass(frozen=True, slots=True)
class Stated:
    """A dispensation as it stands, with what :func:`reports` says of it."""

    dispensation: Dispensation
    reports: frozenset[bytes]
    unchanged_since: int


def stated(connection: Connection, references: References, places: Collection[Place]) -> dict[Place, Stated]:
    """What stands at each of these places. What has been moved elsewhere is left out."""
    revisions: dict[Place, list[Any]] = {}
    for some in _slices(places):
        for row in connection.execute(REVISIONS, {"places": some}).all():
            revisions.setdefault((row.person_key, row.dispensation_no), []).append(row)
    standing_here = {place: rows[0] for place, rows in revisions.items() if rows[0].status != schema.MOVED}
    shown = appearances(connection, sorted({key for key, _ in standing_here}))
    people = {key: {one.appearance or 0: one for one in appeared} for key, appeared in shown.items()}
    found: dict[Place, Stated] = {}
    for (key, no), row in standing_here.items():
        (one,) = _dispensations(connection, references, write_person_key(key), [row[1:-2]], people[key])
        told = revisions[key, no]
        found[key, no] = Stated(
            dispensation=one,
            reports=frozenset(row.report for row in told if row.report is not None),
            unchanged_since=next((row.revision for row in told if row.moved_key is None), 0),
        )
    return found


def fills(connection: Connection, fill_keys: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
    """Person key and number of the dispensations that record these fills."""
    found: dict[bytes, tuple[int, int]] = {}
    for some in _slices(fill_keys):
        for fill_key, person_key, no in connection.execute(FILLS, {"fill_keys": some}).all():
            found[bytes(fill_key)] = person_key, no
    return found


def _dispensations(
    connection: Connection,
    references: References,
    person_key: str,
    rows: Sequence[Row],
    people: Mapping[int, Person],
) -> list[Dispensation]:
    drugs = references.drugs.read(connection, {row[_DRUG] for row in rows})
    prescribers = references.prescribers.read(connection, {row[_PRESCRIBER] for row in rows})
    dispensers = references.dispensers.read(connection, {row[_DISPENSER] for row in rows})
    return [codec.dispensation(person_key, row, people, drugs, prescribers, dispensers) for row in rows]


def _slices(all_values: Collection[V]) -> Iterable[list[V]]:
    values = list(all_values)
    return (values[start : start + IN_LIST] for start in range(0, len(values), IN_LIST))
