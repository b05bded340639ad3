"""What a unit of intake has not written yet, and what it has read: rows by table, and lists by key.

Nobody else can change what a unit has read while its transaction lasts, so nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection, Insert, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import schema
from gateway.store.codec import Columns
from gateway.store.rows import put

K = TypeVar("K")
V = TypeVar("V")

_TABLES = (
    schema.person,
    schema.appearance,
    schema.identifier,
    schema.drug,
    schema.prescriber,
    schema.dispenser,
    schema.dispensation,
    schema.fill,
    schema.blocking,
    schema.reporter,
    schema.contact,
    schema.covered,
)
"""In the order in which they refer to one another."""

_OFTEN_THERE = {
    *(schema.drug, schema.prescriber, schema.dispenser, schema.blocking),
    *(schema.reporter, schema.contact, schema.covered),
}
# The same words in both databases, which SQLAlchemy has in each dialect only.
_INSERT_IF_ABSENT: dict[str, Callable[[Table], Insert]] = {
    "sqlite": lambda table: sqlite.insert(table).on_conflict_do_nothing(),
    "postgresql": lambda table: postgresql.insert(table).on_conflict_do_nothing(),
}

_MOVE_FILL = (
    update(schema.fill)
    .where(schema.fill.c.fill_key == bindparam("moved"))
    .values(person_key=bindparam("to_person"), dispensation_no=bindparam("to_no"))
)


def insert_if_absent(connection: Connection, table: Table) -> Insert:
    """An insert that leaves alone what is there under the same key."""
    return _INSERT_IF_ABSENT[connection.dialect.name](table)


class Gathered:
    """Rows to be written together."""

    def __init__(self) -> None:
        self._rows: dict[Table, list[Columns]] = {table: [] for table in _TABLES}
        self._moved_fills: list[Columns] = []

    @property
    def dispensations(self) -> int:
        """How many rows of dispensations there are."""
        return len(self._rows[schema.dispensation])

    def add(self, table: Table, row: Columns) -> None:
        """A new row; of drugs, prescribers, dispensers, blocking keys and reports it may be there already."""
        self._rows[table].append(row)

    def move_fill(self, fill_key: bytes, person_key: int, no: int) -> None:
        """The fill is from now on recorded by this dispensation."""
        self._moved_fills.append({"moved": fill_key, "to_person": person_key, "to_no": no})

    def write(self, connection: Connection) -> None:
        """Into the database, one statement a table."""
        for table, rows in self._rows.items():
            if rows:
                put(connection, table, rows, if_absent=table in _OFTEN_THERE)
        if self._moved_fills:
            connection.execute(_MOVE_FILL, self._moved_fills)


class Remembered(Generic[K, V]):
    """Values by key: what the database holds, read once, together with what the unit has added.

    :param read: the database's values of the given keys.
    """

    def __init__(self, read: Callable[[Collection[K]], Mapping[K, list[V]]]) -> None:
        self._read = read
        self._all: dict[K, list[V]] = {}
        self._added: dict[K, list[V]] = {}

    def of(self, keys: Iterable[K]) -> list[V]:
        """The values of these keys, those of the first key first."""
        keys = list(keys)
        missing = [key for key in keys if key not in self._all]
        if missing:
            found = self._read(missing)
            for key in missing:
                self._all[key] = [*found.get(key, ()), *self._added.get(key, ())]
        return [value for key in keys for value in self._all[key]]

    def has(self, key: K, value: V) -> bool:
        """True when the value is known to be there; False says nothing of what has not been read."""
        return value in self._all.get(key, ()) or value in self._added.get(key, ())

    def add(self, key: K, value: V) -> None:
        """A further value of that key."""
        self._added.setdefault(key, []).append(value)
        if key in self._all:
            self._all[key].append(value)
