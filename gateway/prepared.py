"""A statement of SQLAlchemy that is compiled once, and executed on the driver's own cursor.

Around each execution SQLAlchemy builds a context, a result and an object for each row: several times the cost of a
short statement itself (docs/decisions/0016-fhir-speed.md). So the few statements of every look-up and of every audit
event are prepared here. How values are written and read, and what the text of the statement is, remain SQLAlchemy's;
so do connections and transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from gateway.turns import waiting

Row = Sequence[Any]
_Processor = Callable[[Any], Any]


class Prepared:
    """One statement.

    :param statement: names its parameters by `bindparam`.
    :param many: the parameter, made with `expanding=True`, whose value is a list; of a type that needs no writing.
    :param columns: of an INSERT, those that it fills.
    """

    def __init__(
        self, statement: ClauseElement, *, many: str | None = None, columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._many = many
        self._texts: dict[tuple[str, int], _Text] = {}

    def all(self, connection: Connection, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows, as plain sequences.

        :raises sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it.
        """
        count = 0
        if self._many is not None:
            values = parameters[self._many]
            count = 1 << (len(values) - 1).bit_length()  # a text for 1, 2, 4, 8 values: few of them
            padded = [*values, *[values[-1]] * (count - len(values))]
            parameters = {**parameters, **{f"{self._many}_{n}": value for n, value in enumerate(padded, 1)}}
        text = self._text(connection.dialect, count)

        def execute(cursor: DBAPICursor) -> Sequence[Row]:
            cursor.execute(text.sql, text.bound(parameters))
            return cursor.fetchall()

        rows = _on_cursor(connection, execute)
        return [text.read(row) for row in rows] if text.readers else list(rows)

    def each(self, connection: Connection, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Execute it with each of these, in the connection's transaction; for what returns no rows.

        :raises sqlalchemy.exc.DBAPIError: as SQLAlchemy raises it.
        """
        text = self._text(connection.dialect, 0)
        if not connection.in_transaction():
            connection.begin()  # so that SQLAlchemy knows what there is to commit
        bound: Any = [text.bound(each) for each in parameters]
        _on_cursor(connection, lambda cursor: cursor.executemany(text.sql, bound))

    def _text(self, dialect: Dialect, count: int) -> _Text:
        text = self._texts.get((dialect.name, count))
        if text is None:
            text = self._texts[dialect.name, count] = self._compiled(dialect, count)
        return text

    def _compiled(self, dialect: Dialect, count: int) -> _Text:
        compiled = cast(SQLCompiler, self._statement.compile(dialect=dialect, column_keys=self._columns))
        values: dict[str, Any] = {name: parameter.value for parameter, name in compiled.bind_names.items()}
        if self._many is not None:
            values[self._many] = [None] * count
        return _Text.of(compiled, compiled.construct_expanded_state(values), dialect)


@dataclass(frozen=True, slots=True)
class _Text:
    """The statement in one dialect. `names` are its parameters in order, where the driver takes them by place."""

    sql: str
    names: tuple[str, ...] | None
    stated: Mapping[str, Any]  # parameters with a value of their own
    writers: Mapping[str, _Processor]  # by parameter
    readers: tuple[tuple[int, _Processor], ...]  # by column

    @classmethod
    def of(cls, compiled: SQLCompiler, expanded: ExpandedState, dialect: Dialect) -> _Text:
        writers, readers = {}, []
        for parameter, name in compiled.bind_names.items():
            writer = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if writer is not None:
                writers[name] = writer
        for place, column in enumerate(compiled._result_columns):  # no other place says their types
            reader = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if reader is not None:
                readers.append((place, reader))
        return cls(
            sql=expanded.statement,
            names=tuple(expanded.positiontup) if expanded.positiontup else None,
            stated={name: value for name, value in expanded.parameters.items() if value is not None},
            writers=writers,
            readers=tuple(readers),
        )

    def bound(self, parameters: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        values = {**self.stated, **parameters}
        for name, write in self.writers.items():
            values[name] = write(values[name])
        return values if self.names is None else [values[name] for name in self.names]

    def read(self, row: Row) -> Row:
        values = list(row)
        for place, reader in self.readers:
            values[place] = reader(values[place])
        return values


def _on_cursor(connection: Connection, use: Callable[[DBAPICursor], Any]) -> Any:
    dbapi = connection.connection
    cursor = dbapi.cursor()
    try:
        if connection.dialect.name == "sqlite":
            return use(cursor)  # its answer is computed here
        with waiting():
            return use(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        driver = dbapi.dbapi_connection
        is_lost = connection.dialect.is_disconnect(error, driver, cursor) if driver is not None else True
        if is_lost:
            connection.invalidate(error)
        base = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            None,
            None,
            error,
            base,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=connection.dialect,
        ) from None
    finally:
        cursor.close()
