"""What the record holds of one person, for whoever keeps the record: her appearances, and how much is under each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from gateway.model import AppearanceHeld, DispensationStatus, PersonHeld
from gateway.store import codec, journal, queries, schema
from gateway.store.keys import write_person_key

_dispensation = schema.dispensation.c

COUNTS = (
    select(
        _dispensation.appearance,
        _dispensation.status,
        func.count().label("number"),
        func.min(_dispensation.filled).label("first"),
        func.max(_dispensation.filled).label("last"),
    )
    .where(
        _dispensation.person_key == bindparam("person_key"),
        _dispensation.status != schema.MOVED,
        queries.IS_LAST,
    )
    .group_by(_dispensation.appearance, _dispensation.status)
)


def person(connection: Connection, key: int) -> PersonHeld | None:
    """What this very person has; None when there never was one."""
    counts = connection.execute(COUNTS, {"person_key": key}).all()
    rows = connection.execute(queries.APPEARANCES, {"person_key": key}).all()
    if not rows:
        return None
    shown = write_person_key(key)
    here = sorted((row for row in rows if row.moved_to is None), key=lambda row: row.appearance)
    return PersonHeld(person_key=shown, appearances=tuple(_held(shown, row, counts) for row in here))


def whoever(connection: Connection, key: int) -> PersonHeld | None:
    """The person who has this key, or into whom that person was merged."""
    while (found := person(connection, key)) and not found.appearances:
        key = journal.onward(connection, key)
    return found


def _held(
    person_key: str, row: Row[*tuple[Any, ...]], counts: Iterable[Row[*tuple[Any, ...]]]
) -> AppearanceHeld:
    by_status = {one.status: one for one in counts if one.appearance == row.appearance}
    active = by_status.get(DispensationStatus.ACTIVE.value)
    void = by_status.get(DispensationStatus.VOID.value)
    return AppearanceHeld(
        person=codec.person(person_key, row[:-1]),
        active=active.number if active else 0,
        void=void.number if void else 0,
        first_filled=active.first if active else None,
        last_filled=active.last if active else None,
    )
