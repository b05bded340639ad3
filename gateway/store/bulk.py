"""Many rows at once into empty tables: what SQLite and PostgreSQL each need for that stands here.

Both do it in one transaction, so that a load that is cut off leaves an empty record. Rows are those of
`gateway.store.rows`, and may have come from another process. Keys that rows refer to are not looked up row by row;
:meth:`Bulk.finish` has PostgreSQL check all of them at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import AddConstraint, DropConstraint

from gateway.database import Database
from gateway.store import schema
from gateway.store.rows import Row, insertion

_CACHE_KIB = 65_536
_SORTING_KIB = 131_072


class Bulk(Protocol):
    """One transaction of loading."""

    def append(self, table: Table, rows: Sequence[Row]) -> None:
        """Rows in the order of the table's primary key, after those that are there."""
        ...

    def put_aside(self, table: Table, rows: Sequence[Row]) -> None:
        """Rows in any order, for :meth:`finish`."""
        ...

    def finish(self) -> None:
        """What was put aside comes into its tables, in the order of their keys.

        :raises ValueError: rows refer to rows that are not there (PostgreSQL finds that out).
        """
        ...


@contextmanager
def bulk(database: Database, aside: Sequence[Table]) -> Iterator[Bulk]:
    """A transaction, committed when the block ends without an exception. Nobody else can write meanwhile.

    :param aside: the tables of which rows are put aside.
    """
    with database.engine.connect() as connection:
        kind = _SQLite if connection.dialect.name == "sqlite" else _PostgreSQL
        loading = kind(connection, aside)
        loading.begin(database)
        yield loading
        loading.finish()
        connection.commit()
        loading.settle()


class _Loading(ABC):
    """What both have in common: rows put aside lie in temporary tables without a key."""

    def __init__(self, connection: Connection, aside: Sequence[Table]) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._aside = aside

    @abstractmethod
    def begin(self, database: Database) -> None:
        """Begin the transaction, with what makes it quick."""

    @abstractmethod
    def settle(self) -> None:
        """After the transaction: the database as it is used."""

    @abstractmethod
    def _put(self, table: Table, name: str, rows: Sequence[Row]) -> None:
        """Rows into the table of that name, which has the columns of `table`."""

    def append(self, table: Table, rows: Sequence[Row]) -> None:
        """See :class:`Bulk`."""
        self._put(table, table.name, rows)

    def put_aside(self, table: Table, rows: Sequence[Row]) -> None:
        """See :class:`Bulk`."""
        self._put(table, f"aside_{table.name}", rows)

    def _make_aside(self) -> None:
        for table in self._aside:
            make = f"CREATE TEMPORARY TABLE aside_{table.name} AS SELECT * FROM {table.name}"  # noqa: S608 - names of ours
            self._connection.execute(text(make))

    def finish(self) -> None:
        """See :class:`Bulk`."""
        for table in self._aside:
            name, columns = table.name, ", ".join(table.columns.keys())
            key = ", ".join(column.name for column in table.primary_key)
            sort = f"INSERT INTO {name} ({columns}) SELECT {columns} FROM aside_{name} ORDER BY {key}"  # noqa: S608 - names of ours
            self._connection.execute(text(sort))
            self._connection.execute(text(f"DROP TABLE aside_{name}"))


class _SQLite(_Loading):
    """A rollback journal instead of the write-ahead log: of an empty file it keeps next to nothing."""

    def begin(self, database: Database) -> None:
        for pragma in ("journal_mode=DELETE", "foreign_keys=OFF", f"cache_size=-{_CACHE_KIB}"):
            self._connection.exec_driver_sql(f"PRAGMA {pragma}")
        database.begin(self._connection, "SERIALIZABLE")
        self._make_aside()

    def _put(self, table: Table, name: str, rows: Sequence[Row]) -> None:
        self._driver.executemany(insertion(table, into=name), rows)

    def settle(self) -> None:
        self._connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        self._connection.invalidate()  # the next one has the settings of all others


class _PostgreSQL(_Loading):
    """COPY, with the foreign keys taken away and put back."""

    def begin(self, database: Database) -> None:
        database.begin(self._connection, "READ COMMITTED")
        self._connection.execute(text(f"SET LOCAL work_mem = {_SORTING_KIB}"))
        self._foreign_keys = list(_foreign_keys(self._connection))
        for constraint in self._foreign_keys:
            self._connection.execute(DropConstraint(constraint))
        self._make_aside()

    def _put(self, table: Table, name: str, rows: Sequence[Row]) -> None:
        into = f"COPY {name} ({', '.join(table.columns.keys())}) FROM STDIN"
        with self._driver.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def finish(self) -> None:
        super().finish()
        try:
            for constraint in self._foreign_keys:
                self._connection.execute(AddConstraint(constraint))
        except IntegrityError:
            raise ValueError("Rows refer to rows that were not loaded.") from None

    def settle(self) -> None:
        with self._connection.engine.connect() as another:
            another.execute(text("ANALYZE"))


def _foreign_keys(connection: Connection) -> Iterator[ForeignKeyConstraint]:
    """Those of the record's tables, under the names that the database has given them."""
    there = MetaData()
    there.reflect(connection, only=list(schema.metadata.tables))
    for table in there.tables.values():
        yield from table.foreign_key_constraints
