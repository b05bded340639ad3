"""Rows as the database's driver takes them: tuples in the order of the table's columns.

SQLAlchemy's own executemany goes through every value of every row again; for thousands of rows a second that is a
tenth of what intake costs, and what it would do to the values is done here once a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Dialect, LargeBinary, Table

Row = tuple[Any, ...]
Writer = Callable[[Mapping[str, object]], Row]

_PLACES = {"sqlite": "?", "postgresql": "%s"}


@cache
def writer(table: Table, dialect: Dialect) -> Writer:
    """Columns -> a row; a column that is not named is NULL."""
    # bytes go in as they are: what SQLAlchemy wraps them in cannot be handed to another process
    ways = [
        (
            column.name,
            None
            if isinstance(column.type, LargeBinary)
            else column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for column in table.columns
    ]

    def row(columns: Mapping[str, object]) -> Row:
        return tuple([columns.get(name) if way is None else way(columns.get(name)) for name, way in ways])

    return row


@cache
def insertion(table: Table, dialect_name: str, *, if_absent: bool = False, into: str | None = None) -> str:
    """The statement that takes such rows.

    :param if_absent: what is there under the same key is left alone.
    :param into: another table of the same columns.
    """
    columns = table.columns.keys()
    places = ", ".join([_PLACES[dialect_name]] * len(columns))
    statement = f"INSERT INTO {into or table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names of ours
    return f"{statement} ON CONFLICT DO NOTHING" if if_absent else statement
