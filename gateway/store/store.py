"""The record as its users see it: its reads, a unit of intake, an operator's moves, and who has reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain

from sqlalchemy import Connection, Select, func, select

from gateway.database import Database, answering
from gateway.model import (
    CoveredDays,
    Dispensation,
    ExpectedDispenser,
    Link,
    Period,
    Person,
    PersonHeld,
    Reporter,
)
from gateway.ports import Clock, History, IntakeUnit, LinkUnit, RecordStore, ReportingLog, Vault
from gateway.store import holding, journal, queries, reporting, schema
from gateway.store.keys import block_key, read_dispensation_id, read_person_key, write_person_key
from gateway.store.linking import Linking
from gateway.store.products import Products
from gateway.store.references import References
from gateway.store.unit import Unit

PART = "record store"
MANY = 16
"""Records from which on a transaction is alone. PostgreSQL notes by page what a serializable transaction has read,
and by table from some tens of pages on: side by side a sixth of those of this size fail, and of larger ones more."""
_EVERYBODY = select(schema.appearance.c.person_key).where(schema.appearance.c.moved_to.is_(None)).distinct()


class Store(RecordStore, ReportingLog):
    """The record in an SQL database. One object a process, shared by its threads. `products` is its drug directory.

    :param url: an SQLAlchemy URL, `sqlite:///path` or `postgresql+psycopg://...`, migrated before.
    :param vault: seals the identifiers of persons.
    :param clock: the time of report of what is recorded.
    :param state: the two-letter code of the state whose record this is.
    :param busy_timeout: seconds to wait for another writer before giving up.
    :raises gateway.database.SchemaError: the database cannot be opened; its schema is missing, older or newer than
        this code.
    """

    def __init__(
        self, url: str, *, vault: Vault, clock: Clock, state: str = "CT", busy_timeout: float = 5.0
    ) -> None:
        self._database = Database(url, busy_timeout=busy_timeout)
        self._vault = vault
        self._clock = clock
        self._state = state
        self._references = References()
        schema.MIGRATIONS.check(self._database)
        self.products = Products(self._database, clock=clock)

    def candidates(self, keys: Collection[str]) -> Sequence[Person]:
        """As the port says; ordered by person key and appearance, and without identifiers."""
        with answering(PART), self._database.connect() as connection:
            known = queries.person_keys(connection, {block_key(key) for key in keys})
            people = queries.appearances(connection, sorted(set(chain.from_iterable(known.values()))))
            return list(chain.from_iterable(people.values()))

    def born_on(self, day: date, most: int) -> Sequence[Person] | None:
        """As the port says; ordered by person key and appearance, and without identifiers."""
        with answering(PART), self._database.connect() as connection:
            keys = queries.born_on(connection, day, most + 1)
            if len(keys) > most:
                return None
            return list(chain.from_iterable(queries.appearances(connection, keys).values()))

    def history(self, person_key: str, period: Period) -> History | None:
        """As the port says; fills of one day in the order in which they were recorded."""
        key = read_person_key(person_key)
        if key is None:
            return None
        with answering(PART), self._database.connect() as connection:
            return queries.history(connection, self._references, key, period)

    def dispensation(self, dispensation_id: str) -> Dispensation | None:
        """As the port says."""
        found = read_dispensation_id(dispensation_id)
        if found is None:
            return None
        with answering(PART), self._database.connect() as connection:
            return queries.dispensation(connection, self._references, *found)

    @contextmanager
    def intake(self, records: int = 1) -> Iterator[IntakeUnit]:
        """As the port says. The unit is for one thread, and only inside the block."""
        with answering(PART), self._writing(alone=records >= MANY) as connection:
            unit = Unit(
                connection,
                references=self._references,
                vault=self._vault,
                clock=self._clock,
                state=self._state,
            )
            yield unit
            unit.flush()
        unit.keep_references()

    def reporters(self, as_of: datetime) -> Sequence[Reporter]:
        """As the port says; in no order."""
        with answering(PART), self._database.connect() as connection:
            return reporting.reporters(connection, self._references, as_of)

    def covered(
        self, keys: Collection[str], since: date, as_of: datetime
    ) -> Mapping[str, Sequence[CoveredDays]]:
        """As the port says."""
        with answering(PART), self._database.connect() as connection:
            return reporting.covered(connection, keys, since, as_of)

    def expected(self) -> Sequence[ExpectedDispenser]:
        """As the port says; in no order."""
        with answering(PART), self._database.connect() as connection:
            return reporting.expected(connection)

    def expect(self, dispensers: Sequence[ExpectedDispenser]) -> None:
        """As the port says."""
        with answering(PART), self._database.writing() as connection:
            reporting.expect(connection, dispensers)

    def person(self, person_key: str) -> PersonHeld | None:
        """As the port says."""
        key = read_person_key(person_key)
        if key is None:
            return None
        with answering(PART), self._database.connect() as connection:
            return holding.whoever(connection, key)

    def links(self, limit: int, person_key: str | None = None) -> Sequence[Link]:
        """As the port says."""
        key = None if person_key is None else read_person_key(person_key)
        if person_key is not None and key is None:
            return []
        with answering(PART), self._database.connect() as connection:
            return (
                journal.latest(connection, limit)
                if key is None
                else journal.of_person(connection, key)[:limit]
            )

    @contextmanager
    def linking(self) -> Iterator[LinkUnit]:
        """As the port says. The unit is for one thread, and only inside the block."""
        with answering(PART), self._writing(alone=False) as connection:
            yield Linking(connection, references=self._references, clock=self._clock)

    def ready(self) -> bool:
        """As the port says."""
        return schema.MIGRATIONS.is_current(self._database)

    def person_keys(self) -> Iterator[str]:
        """The keys of all people, but of those who were merged into others, one after the other: for reports and
        checks, not for requests."""
        with answering(PART), self._database.snapshot() as connection:
            for key in connection.execution_options(yield_per=1000).execute(_EVERYBODY).scalars():
                yield write_person_key(key)

    def people(self) -> int:
        """How many people the record holds. Reads all of them: for demonstrations and reports, not for requests."""
        return self._count(select(func.count()).select_from(_EVERYBODY.subquery()))

    def dispensations(self) -> int:
        """How many dispensations, void ones included. Reads all of them, as :meth:`people`."""
        places = select(func.count()).select_from(schema.dispensation)
        left = places.where(schema.dispensation.c.status == schema.MOVED, queries.IS_LAST)
        return self._count(places.where(schema.dispensation.c.revision == 1)) - self._count(left)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    @contextmanager
    def _writing(self, *, alone: bool) -> Iterator[Connection]:
        with self._database.writing() as connection:
            self._database.wait_for_turn(connection, schema.turn, alone=alone)
            yield connection

    def _count(self, statement: Select[int]) -> int:
        with answering(PART), self._database.connect() as connection:
            return connection.execute(statement).scalar_one()


def migrate(url: str) -> None:
    """Bring the record's database to the newest schema. :raises gateway.database.SchemaError: it cannot be."""
    schema.MIGRATIONS.migrate(url)
