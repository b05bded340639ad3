"""The journal of an operator's moves. Each move is written twice, once for each of the two persons, so that a
person's rows say everything that concerns her."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, insert, select

from gateway.model import Link, LinkAction, Move
from gateway.store import schema
from gateway.store.keys import read_link_id, write_link_id, write_person_key

_link = schema.link.c
_read_pairs = msgspec.json.Decoder(tuple[tuple[int, int], ...]).decode

OF_PERSON = (
    select(schema.link).where(_link.person_key == bindparam("person_key")).order_by(_link.link_no.desc())
)
LATEST = (
    select(schema.link)
    .where(_link.leaves.is_(True))
    .order_by(_link.at.desc(), _link.link_no.desc())
    .limit(bindparam("number"))
)
LAST_NO = select(func.max(_link.link_no)).where(_link.person_key == bindparam("person_key"))


def of_person(connection: Connection, key: int) -> list[Link]:
    """Everything that concerns this person, the newest first."""
    return _read(connection.execute(OF_PERSON, {"person_key": key}).all())


def latest(connection: Connection, number: int) -> list[Link]:
    """What was done last, whomever it concerns. Reads the whole journal, which holds what operators did by hand."""
    return _read(connection.execute(LATEST, {"number": number}).all())


def link(connection: Connection, link_id: str) -> Link | None:
    """The link of that id."""
    place = read_link_id(link_id)
    if place is None:
        return None
    return next((one for one in of_person(connection, place[0]) if one.id == link_id), None)


def onward(connection: Connection, key: int) -> int:
    """To whom the last appearance of somebody went who has none left; the same person where it is back already."""
    row = connection.execute(OF_PERSON.limit(1), {"person_key": key}).one()
    return int(row.other_key) if row.leaves else key


def write(
    connection: Connection,
    move: Move,
    keys: tuple[int, int],
    *,
    appearances: Sequence[tuple[int, int]],
    dispensations: int,
    highest: int,
    at: datetime,
) -> Link:
    """Note what was done between these two persons, from the first to the second."""
    left, came = (_next_no(connection, key) for key in keys)
    common = {
        "action": move.action.value,
        "joins": move.joins,
        "dispensations": dispensations,
        "highest": highest,
        "undoes": move.undoes,
        "operator": move.by,
        "reason": move.reason,
        "at": at,
    }
    pairs = tuple(appearances)
    rows = [
        _keyed((keys[0], left), (keys[1], came), leaves=True, pairs=pairs),
        _keyed(
            (keys[1], came), (keys[0], left), leaves=False, pairs=[(there, here) for here, there in pairs]
        ),
    ]
    connection.execute(insert(schema.link), [row | common for row in rows])
    return Link(
        id=write_link_id(write_person_key(keys[0]), left),
        action=move.action,
        joins=move.joins,
        from_key=write_person_key(keys[0]),
        to_key=write_person_key(keys[1]),
        appearances=pairs,
        dispensations=dispensations,
        highest=highest,
        at=at,
        by=move.by,
        reason=move.reason,
        undoes=move.undoes,
    )


def _keyed(
    here: tuple[int, int], there: tuple[int, int], *, leaves: bool, pairs: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    return {
        "person_key": here[0],
        "link_no": here[1],
        "other_key": there[0],
        "other_no": there[1],
        "leaves": leaves,
        "appearances": msgspec.json.encode(pairs).decode(),
    }


def _next_no(connection: Connection, key: int) -> int:
    return (connection.execute(LAST_NO, {"person_key": key}).scalar_one() or 0) + 1


def _read(rows: Iterable[Row[Any]]) -> list[Link]:
    """The links, each with the one that has undone it and was not undone in its turn."""
    found = [_decode(row) for row in rows]
    undoing: dict[str, list[str]] = {}
    for one in found:
        if one.undoes is not None:
            undoing.setdefault(one.undoes, []).append(one.id)

    def undone_by(id: str) -> str | None:
        return next((by for by in undoing.get(id, ()) if undone_by(by) is None), None)

    return [replace(one, undone_by=undone_by(one.id)) for one in found]


def _decode(row: Row[Any]) -> Link:
    pairs = _read_pairs(row.appearances)
    here, there = write_person_key(row.person_key), write_person_key(row.other_key)
    return Link(
        id=write_link_id(here, row.link_no) if row.leaves else write_link_id(there, row.other_no),
        action=LinkAction(row.action),
        joins=row.joins,
        from_key=here if row.leaves else there,
        to_key=there if row.leaves else here,
        appearances=pairs if row.leaves else tuple((b, a) for a, b in pairs),
        dispensations=row.dispensations,
        highest=row.highest,
        at=row.at,
        by=row.operator,
        reason=row.reason,
        undoes=row.undoes,
    )
