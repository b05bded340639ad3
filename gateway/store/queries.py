"""The record's reads. Each goes by primary key to the rows of the given keys, and is never a scan.

Rows that refer are read before the rows they refer to, which were committed with them or earlier; so what is read
is whole without a transaction around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import Connection, and_, bindparam, exists, func, select

from gateway.model import Dispensation, DispensationStatus, Period, Person
from gateway.ports import History
from gateway.store import codec, schema
from gateway.store.codec import Row
from gateway.store.keys import write_person_key
from gateway.store.references import IN_LIST, References

V = TypeVar("V")

_appearance = schema.appearance.c
_dispensation = schema.dispensation.c
_later = schema.dispensation.alias("later")

_APPEARANCE = [c for c in _appearance if c.name not in {"person_key", "digest"}]
_DISPENSATION = [c for c in _dispensation if c.name not in {"person_key", "report"}]
_DRUG, _PRESCRIBER, _DISPENSER = (
    [c.name for c in _DISPENSATION].index(name) for name in ("drug", "prescriber", "dispenser")
)

PERSON_KEYS = select(schema.blocking.c.block_key, schema.blocking.c.person_key).where(
    schema.blocking.c.block_key.in_(bindparam("block_keys", expanding=True))
)
CANDIDATES = (
    select(_appearance.person_key, *_APPEARANCE)
    .where(_appearance.person_key.in_(bindparam("person_keys", expanding=True)))
    .order_by(_appearance.person_key, _appearance.appearance)
)
APPEARANCES = select(*_APPEARANCE).where(_appearance.person_key == bindparam("person_key"))
APPEARANCE = APPEARANCES.where(_appearance.appearance == bindparam("appearance"))
HISTORY = (
    select(*_DISPENSATION)
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.filled.between(bindparam("start"), bindparam("end")),
        _dispensation.status == DispensationStatus.ACTIVE.value,
        ~exists().where(
            and_(
                _later.c.person_key == _dispensation.person_key,
                _later.c.dispensation_no == _dispensation.dispensation_no,
                _later.c.revision > _dispensation.revision,
            )
        ),
    )
    .order_by(_dispensation.dispensation_no)  # the primary key's own order
)
DISPENSATION = (
    select(*_DISPENSATION)
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.dispensation_no == bindparam("no"),
    )
    .order_by(_dispensation.revision.desc())
    .limit(1)
)
DIGESTS = select(_appearance.person_key, _appearance.digest, _appearance.appearance).where(
    _appearance.person_key.in_(bindparam("person_keys", expanding=True))
)
LAST_NOS = (
    select(_dispensation.person_key, func.max(_dispensation.dispensation_no))
    .where(_dispensation.person_key.in_(bindparam("person_keys", expanding=True)))
    .group_by(_dispensation.person_key)
)
REPORTS = select(_dispensation.report).where(
    _dispensation.person_key == bindparam("person_key"),
    _dispensation.dispensation_no == bindparam("no"),
)
FILLS = select(schema.fill).where(schema.fill.c.fill_key.in_(bindparam("fill_keys", expanding=True)))


def person_keys(connection: Connection, block_keys: Collection[int]) -> dict[int, list[int]]:
    """Who is known by each of these (hashed) blocking keys."""
    found: dict[int, list[int]] = {}
    for some in _slices(block_keys):
        for block_key, person_key in connection.execute(PERSON_KEYS, {"block_keys": some}).all():
            found.setdefault(block_key, []).append(person_key)
    return found


def appearances(connection: Connection, keys: Collection[int]) -> dict[int, list[Person]]:
    """Every appearance of each of these persons, in the order of the keys given."""
    found: dict[int, list[Person]] = {key: [] for key in keys}
    shown = {key: write_person_key(key) for key in keys}
    for some in _slices(keys):
        for row in connection.execute(CANDIDATES, {"person_keys": some}).all():
            found[row[0]].append(codec.person(shown[row[0]], row[1:]))
    return found


def history(connection: Connection, references: References, key: int, period: Period) -> History | None:
    """As :meth:`gateway.ports.RecordStore.history`."""
    rows = connection.execute(
        HISTORY, {"person_key": key, "start": period.start or date.min, "end": period.end or date.max}
    ).all()
    shown = write_person_key(key)
    appeared = connection.execute(APPEARANCES, {"person_key": key}).all()
    people = {row[0]: codec.person(shown, row) for row in appeared}
    if not people:
        return None
    held = _dispensations(connection, references, shown, rows, people)
    # a stable sort: fills of one day stay in the order of their numbers
    held.sort(key=lambda one: one.filled, reverse=True)
    return History(person_key=shown, dispensations=tuple(held))


def dispensation(connection: Connection, references: References, key: int, no: int) -> Dispensation | None:
    """The current revision of one dispensation, void or not."""
    row = connection.execute(DISPENSATION, {"person_key": key, "no": no}).one_or_none()
    if row is None:
        return None
    shown = write_person_key(key)
    one = connection.execute(APPEARANCE, {"person_key": key, "appearance": row.appearance}).one()
    return _dispensations(connection, references, shown, [row], {row.appearance: codec.person(shown, one)})[0]


def standing(connection: Connection, keys: Collection[int]) -> dict[int, tuple[dict[bytes, int], int]]:
    """Of each of these persons who is there: appearances by digest, and the number of the last dispensation."""
    found: dict[int, tuple[dict[bytes, int], int]] = {}
    for some in _slices(keys):
        rows = connection.execute(LAST_NOS, {"person_keys": some}).all()
        last = {row[0]: row[1] for row in rows}
        for key, digest, number in connection.execute(DIGESTS, {"person_keys": some}).all():
            found.setdefault(key, ({}, last.get(key, 0)))[0][bytes(digest)] = number
    return found


def reports(connection: Connection, key: int, no: int) -> set[bytes]:
    """The fingerprints of all reports that have made or changed one dispensation."""
    found = connection.execute(REPORTS, {"person_key": key, "no": no}).scalars()
    return {report for report in found if report is not None}


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
    people: dict[int, Person],
) -> list[Dispensation]:
    drugs = references.drugs.read(connection, {row[_DRUG] for row in rows})
    prescribers = references.prescribers.read(connection, {row[_PRESCRIBER] for row in rows})
    dispensers = references.dispensers.read(connection, {row[_DISPENSER] for row in rows})
    return [codec.dispensation(person_key, row, people, drugs, prescribers, dispensers) for row in rows]


def _slices(all_values: Collection[V]) -> Iterable[list[V]]:
    values = list(all_values)
    return (values[start : start + IN_LIST] for start in range(0, len(values), IN_LIST))
