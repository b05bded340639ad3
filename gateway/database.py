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
from threading import Lock
from typing import Any

import structlog
from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, DateTime, MetaData, QueuePool, Table, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect, IsolationLevel
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeDecorator

from gateway.errors import Contended, Unavailable
from gateway.turns import waiting

_log = structlog.get_logger(__name__)

# Two writers met: a row that both added, a lock not had in time, PostgreSQL's serialisation failure and deadlock, and
# there a row that refers to one which another has committed since our transaction began, and which it does not see.
_CONTENTION = {
    *("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID", "23505"),
    *("SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", "55P03", "40001", "40P01", "23503"),
}


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


# --- connections and transactions ----------------------------------------------------------------------------------


def _target(url: str) -> URL:
    """The URL in its parts. Nothing of it stands in an error: it may hold a password."""
    try:
        target = make_url(url)
        target.get_dialect().import_dbapi()
    except ArgumentError:
        raise ValueError("A database URL is expected: sqlite:///path or postgresql+psycopg://...") from None
    except ImportError as error:
        raise ValueError(f"The database's driver is not installed: {error.name}.") from None
    return target


class Database:
    """One database and its connections, shared by the threads of a process. Nothing is connected yet.

    :param url: an SQLAlchemy URL, `sqlite:///path` or `postgresql+psycopg://...`.
    :param busy_timeout: seconds to wait for another writer, or for a free connection.
    :param connections: at most so many at once, one a thread; the ones used last are used first.
    :raises ValueError: not such a URL, its driver is not installed, or an SQLite database in memory, which every
        connection would see differently.
    """

    def __init__(self, url: str, *, busy_timeout: float = 5.0, connections: int = 64) -> None:
        target = _target(url)
        self.name = target.render_as_string(hide_password=True)
        self._is_sqlite = target.get_backend_name() == "sqlite"
        self._busy_timeout = busy_timeout
        # SQLite lets waiting writers sleep and try again, at worst long after it is free; in one process they queue.
        self._turn = Lock()
        self.engine = create_engine(
            target,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # they are about patients, and would stand in error texts
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=busy_timeout,
            pool_use_lifo=True,
            pool_pre_ping=not self._is_sqlite,
            **(_sqlite(target, busy_timeout) if self._is_sqlite else _postgresql(busy_timeout)),
        )
        if self._is_sqlite:
            event.listen(self.engine, "connect", _set_pragmas)

    def connect(self) -> Connection:
        """A connection in autocommit, for reads."""
        return self.engine.connect()

    @contextmanager
    def writing(self, isolation: IsolationLevel = "SERIALIZABLE") -> Iterator[Connection]:
        """A transaction that is committed when the block ends without an exception, and rolled back else.

        On SQLite the write lock is taken before the first read, so that writers follow one another, whatever the
        isolation. On PostgreSQL serializable transactions run side by side, and one of two that would not have been
        possible one after the other fails; that arrives as :class:`~gateway.errors.Unavailable`: do it again.
        """
        with self._queue(), self.engine.connect() as connection:
            with waiting():
                self.begin(connection, isolation)
            yield connection
            with waiting():
                connection.commit()

    def begin(self, connection: Connection, isolation: IsolationLevel) -> None:
        """Begin the transaction of :meth:`writing` on a connection that its owner keeps."""
        if self._is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execution_options(isolation_level=isolation)

    def wait_for_turn(self, connection: Connection, turn: Table, *, alone: bool) -> None:
        """First of all in a transaction of :meth:`writing`: who will be alone waits until all others that have taken
        this turn have ended, and those that come meanwhile wait for him. The others do not wait for one another.

        On SQLite everybody is alone anyway. In PostgreSQL a lock does not yet decide what the transaction sees, so
        that everything is seen for which it waited.
        """
        if not self._is_sqlite:
            mode = "EXCLUSIVE" if alone else "ROW SHARE"
            with waiting():
                connection.exec_driver_sql(f"LOCK TABLE {turn.name} IN {mode} MODE")

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Several reads of one state of the database, however long they take."""
        with self.engine.connect() as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def close(self) -> None:
        """Close all connections. A later use opens new ones."""
        self.engine.dispose()

    @contextmanager
    def _queue(self) -> Iterator[None]:
        if not self._is_sqlite:
            yield
            return
        with waiting():
            is_mine = self._turn.acquire(timeout=self._busy_timeout)
        if not is_mine:
            raise PoolTimeout("another thread is writing")
        try:
            yield
        finally:
            self._turn.release()


def _sqlite(target: URL, busy_timeout: float) -> dict[str, Any]:
    if target.database in {None, "", ":memory:"}:
        raise ValueError("An SQLite database must be a file: sqlite:///path/to/file")
    # mode=rw: a database that has gone is an error, never a new and empty one
    address = f"{Path(str(target.database)).absolute().as_uri()}?mode=rw"
    connect = partial(sqlite3.connect, address, uri=True, timeout=busy_timeout, check_same_thread=False)
    return {"creator": connect}


def _set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers never wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what is acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _postgresql(busy_timeout: float) -> dict[str, Any]:
    options = f"-c lock_timeout={int(busy_timeout * 1000)}"
    return {"connect_args": {"connect_timeout": max(1, round(busy_timeout)), "options": options}}


# --- errors ---------------------------------------------------------------------------------------------------


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Turns "the database cannot do it now" into `Unavailable`, as :func:`unavailable` has it."""
    try:
        yield
    except (PoolTimeout, DBAPIError) as error:
        told = unavailable(error, what)
        if told is None:
            raise
        raise told from None


def unavailable(error: BaseException, what: str) -> Unavailable | None:
    """What to raise in place of an error of the database; `what` names the part, as "record store".

    Where only another writer was in the way it is `Contended`. The driver's own text is dropped, since it may quote
    a row; its code goes to the log. None for what would fail again unchanged (a value of the wrong type, a broken
    constraint): that is a defect.
    """
    if isinstance(error, PoolTimeout):
        return Unavailable(f"The {what} is busy.")
    if not isinstance(error, DBAPIError):
        return None
    code = _code(error)
    if code in _CONTENTION:
        return Contended(f"The {what} is busy.")
    if isinstance(error, (IntegrityError, DataError, NotSupportedError, ProgrammingError)):
        return None
    _log.error("database.failed", part=what, code=code)
    return Unavailable(f"The {what} cannot answer now.")


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
        database = Database(url)
        try:
            _make_file(database.engine.url)
            with database.writing() as connection:
                self._config.attributes["connection"] = connection
                command.upgrade(self._config, "head")
        except (DBAPIError, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error.strerror
            raise SchemaError(f"{database.name}: the schema cannot be brought up to date: {reason}") from None
        except CommandError as error:
            raise SchemaError(f"{database.name}: {self._newer(str(error))}") from None
        finally:
            self._config.attributes.clear()
            database.close()

    def run(self, metadata: MetaData) -> None:
        """What `migrations/env.py` does, on the connection of :meth:`migrate`."""
        context.configure(
            connection=context.config.attributes["connection"],
            target_metadata=metadata,
            version_table=self._version_table,
            transactional_ddl=True,
        )
        context.run_migrations()

    def check(self, database: Database) -> None:
        """:raises SchemaError: the database cannot be opened, or its schema is not the one this code needs."""
        try:
            found = self._revision(database)
        except DBAPIError as error:
            raise SchemaError(f"{database.name}: the database cannot be opened: {error.orig}") from None
        if found is None:
            raise SchemaError(f"{database.name}: there is no schema; migrate the database first.")
        if found != self.head:
            reason = self._older(found) if self._knows(found) else self._newer(found)
            raise SchemaError(f"{database.name}: {reason}")

    def is_current(self, database: Database) -> bool:
        """True when the database answers and its schema is the one this code needs."""
        try:
            return self._revision(database) == self.head
        except SQLAlchemyError:
            return False

    def _revision(self, database: Database) -> str | None:
        with database.connect() as connection:
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


def _make_file(url: URL) -> None:
    """An SQLite file that only its owner reads: the files beside it (WAL) take its permissions."""
    if url.get_backend_name() == "sqlite" and url.database:
        path = Path(url.database)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
