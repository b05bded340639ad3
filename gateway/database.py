"""How the record store and the audit log reach a database: engine, transactions, errors, migrations.

SQLite in WAL mode or PostgreSQL, by the same code; what differs between them stands in this module and nowhere else.
Reads run in autocommit: whatever is written once is never changed, so a reader that goes from the referring rows to
the rows referred to needs no transaction. Only :func:`writing` and :func:`snapshot` open one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, DateTime, Engine, MetaData, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect, IsolationLevel
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeDecorator

from gateway.errors import Unavailable

_log = structlog.get_logger(__name__)

_RACE = {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID", "23505"}


class SchemaError(Exception):
    """The database has no schema, or not the one that this code needs; the text says which and what to do."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, also where the database keeps no offset (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# --- engine and transactions ----------------------------------------------------------------------------------


def open_engine(url: str, *, busy_timeout: float = 5.0, connections: int = 64) -> Engine:
    """An engine whose connections read in autocommit. Nothing is connected yet.

    :param busy_timeout: seconds to wait for another writer, or for a free connection.
    :param connections: at most so many at once, one a thread; the ones used last are used first.
    :raises ValueError: an SQLite database in memory, which every connection would see differently.
    """
    target = make_url(url)
    is_sqlite = target.get_backend_name() == "sqlite"
    engine = create_engine(
        target,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # they are about patients, and would stand in error texts
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_timeout,
        pool_use_lifo=True,
        pool_pre_ping=not is_sqlite,
        **(_sqlite(target, busy_timeout) if is_sqlite else _postgresql(busy_timeout)),
    )
    if is_sqlite:
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _sqlite(target: URL, busy_timeout: float) -> dict[str, Any]:
    if target.database in {None, "", ":memory:"}:
        raise ValueError("An SQLite database must be a file: sqlite:///path/to/file")
    # mode=rw: a database that has gone is an error, never a new and empty one
    address = f"{Path(str(target.database)).absolute().as_uri()}?mode=rw"
    connect = partial(sqlite3.connect, address, uri=True, timeout=busy_timeout, check_same_thread=False)
    return {"creator": connect}


def _postgresql(busy_timeout: float) -> dict[str, Any]:
    options = f"-c lock_timeout={int(busy_timeout * 1000)}"
    return {"connect_args": {"connect_timeout": max(1, round(busy_timeout)), "options": options}}


def _set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers never wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what is acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@contextmanager
def writing(engine: Engine, isolation: IsolationLevel = "SERIALIZABLE") -> Iterator[Connection]:
    """A transaction that is committed when the block ends without an exception, and rolled back else.

    On SQLite the write lock is taken before the first read, so that writers follow one another, whatever the
    isolation. On PostgreSQL serializable transactions run side by side, and one of two that would not have been
    possible one after the other fails; that arrives as :class:`~gateway.errors.Unavailable`: do it again.
    """
    with engine.connect() as connection:
        begin(connection, isolation)
        yield connection
        connection.commit()


def begin(connection: Connection, isolation: IsolationLevel) -> None:
    """Begin the transaction of :func:`writing` on a connection that its owner keeps."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execution_options(isolation_level=isolation)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Several reads of one state of the database, however long they take."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


# --- errors ---------------------------------------------------------------------------------------------------


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Turns "the database cannot do it now" into `Unavailable`; `what` names the part, as "record store".

    The driver's own text is dropped, since it may quote a row; its code goes to the log. What would fail again
    unchanged (a value of the wrong type, a broken constraint) is a defect and passes as it is.
    """
    try:
        yield
    except PoolTimeout:
        raise Unavailable(f"The {what} is busy.") from None
    except DBAPIError as error:
        code = _code(error)
        if isinstance(error, IntegrityError) and code not in _RACE:
            raise
        if isinstance(error, (DataError, NotSupportedError, ProgrammingError)):
            raise
        _log.error("database.failed", part=what, code=code)
        raise Unavailable(f"The {what} cannot answer now.") from None


def _code(error: DBAPIError) -> str:
    """The driver's own name of what happened: `SQLITE_BUSY`, an SQLSTATE, or at least the exception's name."""
    original = error.orig
    for name in ("sqlite_errorname", "sqlstate"):
        if isinstance(value := getattr(original, name, None), str):
            return value
    return type(original).__name__


# --- migrations -----------------------------------------------------------------------------------------------


class Migrations:
    """One schema's history: a folder of Alembic revisions, and the table that holds the database's own revision."""

    def __init__(self, folder: Path, version_table: str) -> None:
        self._config = Config()
        self._config.set_main_option("script_location", str(folder).replace("%", "%%"))
        self._config.set_main_option("path_separator", "os")
        self._version_table = version_table
        self.head = ScriptDirectory.from_config(self._config).get_current_head()

    def migrate(self, url: str) -> None:
        """Bring the database to the newest schema, in one transaction; an SQLite file is made when it is not there.

        :raises SchemaError: it cannot be opened, or its schema is newer than this code.
        """
        shown = make_url(url).render_as_string(hide_password=True)
        engine = open_engine(url)
        try:
            _make_file(engine)
            with writing(engine) as connection:
                self._config.attributes["connection"] = connection
                command.upgrade(self._config, "head")
        except (DBAPIError, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error.strerror
            raise SchemaError(f"{shown}: the schema cannot be brought up to date: {reason}") from None
        except CommandError as error:
            raise SchemaError(f"{shown}: {self._newer(str(error))}") from None
        finally:
            self._config.attributes.clear()
            engine.dispose()

    def run(self, metadata: MetaData) -> None:
        """What `migrations/env.py` does, on the connection of :meth:`migrate`."""
        context.configure(
            connection=context.config.attributes["connection"],
            target_metadata=metadata,
            version_table=self._version_table,
            transactional_ddl=True,
        )
        context.run_migrations()

    def check(self, engine: Engine) -> None:
        """:raises SchemaError: the database cannot be opened, or its schema is not the one this code needs."""
        shown = engine.url.render_as_string(hide_password=True)
        try:
            found = self._revision(engine)
        except DBAPIError as error:
            raise SchemaError(f"{shown}: the database cannot be opened: {error.orig}") from None
        if found is None:
            raise SchemaError(f"{shown}: there is no schema; migrate the database first.")
        if found != self.head:
            raise SchemaError(f"{shown}: {self._older(found) if self._knows(found) else self._newer(found)}")

    def is_current(self, engine: Engine) -> bool:
        """True when the database answers and its schema is the one this code needs."""
        try:
            return self._revision(engine) == self.head
        except SQLAlchemyError:
            return False

    def _revision(self, engine: Engine) -> str | None:
        with engine.connect() as connection:
            opts: dict[str, Any] = {"version_table": self._version_table}
            return MigrationContext.configure(connection, opts=opts).get_current_revision()

    def _knows(self, revision: str) -> bool:
        script = ScriptDirectory.from_config(self._config)
        return any(one.revision == revision for one in script.walk_revisions())

    def _newer(self, found: str) -> str:
        return (
            f"the schema is newer than this code, which knows up to {self.head} ({found}); upgrade the code."
        )

    def _older(self, found: str) -> str:
        return f"the schema is {found} and this code needs {self.head}; migrate the database first."


def _make_file(engine: Engine) -> None:
    """An SQLite file that only its owner reads: the files beside it (WAL) take its permissions."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        path = Path(engine.url.database)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
