"""A whole population into an empty record, past the unit of intake: for measuring, training and demonstration.

    rows = Encoder(url, ...).rows(persons)      dispensations -> rows, in as many processes as there are
    with loading(url) as load:                  one process, one transaction, all or nothing
        load.add(rows)

Who is whom is known beforehand, so nothing is looked up. Rows arrive in the order of their person keys and are
appended; what is keyed otherwise (`fill`, `blocking`) is put aside and sorted at the end, because inserting it in any
other order would read and write the whole table over and over. What comes out is what intake would have recorded,
but that no report is known by its fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import make_url, select

from gateway.database import Database, answering
from gateway.errors import Conflict
from gateway.model import Dispensation, Person
from gateway.ports import Vault
from gateway.store import codec, schema
from gateway.store.appearance import Reported
from gateway.store.bulk import Bulk, bulk
from gateway.store.codec import Columns
from gateway.store.keys import block_key, digest, fill_key
from gateway.store.rows import Row, writer

T = TypeVar("T")

PART = "record store"
_REFERENCES = (schema.drug, schema.prescriber, schema.dispenser)
_APPENDED = (schema.person, schema.appearance, schema.identifier, schema.dispensation)
_PUT_ASIDE = (schema.fill, schema.blocking)
_TABLES = (*_REFERENCES, *_APPENDED, *_PUT_ASIDE)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some people, by table, as the database's driver takes them; they can be handed to another process."""

    people: int
    dispensations: int
    by_table: Mapping[str, Sequence[Row]] = field(repr=False)


class Encoder:
    """Dispensations -> rows. What dispensations refer to comes out once.

    :param url: of the database that the rows are for; it is not connected to.
    :param keys: the blocking keys of an appearance.
    :param state: whose record it is.
    :param at: the time of report.
    """

    def __init__(
        self, url: str, *, vault: Vault, keys: Callable[[Person], Collection[str]], state: str, at: datetime
    ) -> None:
        dialect = make_url(url).get_dialect()()
        self._write = {table.name: writer(table, dialect) for table in _TABLES}
        self._vault = vault
        self._keys = keys
        self._state = state
        self._at = at
        # by the object, which is held here so that its id stays its own: a population shares these objects
        self._digests: dict[int, tuple[object, bytes]] = {}

    def rows(self, persons: Iterable[tuple[int, Sequence[Dispensation]]]) -> Rows:
        """The rows of these persons: each a person key, and dispensations of which each has its appearance."""
        found: dict[str, list[Row]] = {name: [] for name in self._write}
        people = 0
        for key, dispensations in persons:
            people += 1
            for table, columns in self._person(key, dispensations):
                found[table].append(self._write[table](columns))
        return Rows(people, len(found[schema.dispensation.name]), found)

    def _person(self, key: int, dispensations: Sequence[Dispensation]) -> Iterator[tuple[str, Columns]]:
        yield "person", {"person_key": key, "recorded_at": self._at}
        by_object: dict[int, int] = {}
        by_digest: dict[bytes, int] = {}
        blocks: set[int] = set()
        for no, one in enumerate(dispensations, start=1):
            number = by_object.get(id(one.person))
            if number is None:
                reported = Reported(one.person, self._vault)
                is_new = reported.digest not in by_digest
                number = by_object[id(one.person)] = by_digest.setdefault(reported.digest, len(by_digest) + 1)
                if is_new:
                    yield "appearance", reported.row(key, number)
                    yield from (("identifier", row) for row in reported.identifier_rows(key, number))
                    blocks.update(map(block_key, self._keys(one.person)))
            yield from self._dispensation(key, no, number, one)
        for block in blocks:
            yield "blocking", {"block_key": block, "person_key": key}

    def _dispensation(
        self, key: int, no: int, appearance: int, one: Dispensation
    ) -> Iterator[tuple[str, Columns]]:
        yield from self._refer("drug", one.drug, codec.drug_columns)
        yield from self._refer("prescriber", one.prescriber, codec.prescriber_columns)
        yield from self._refer("dispenser", one.dispenser, codec.dispenser_columns)
        recorded = replace(
            one, revision=1, source_state=one.source_state or self._state, reported_at=self._at
        )
        yield (
            "dispensation",
            {
                "person_key": key,
                "dispensation_no": no,
                "appearance": appearance,
                "drug": self._digests[id(one.drug)][1],
                "prescriber": self._digests[id(one.prescriber)][1],
                "dispenser": self._digests[id(one.dispenser)][1],
                "report": None,
                **codec.dispensation_columns(recorded),
            },
        )
        yield "fill", {"fill_key": fill_key(one), "person_key": key, "dispensation_no": no}

    def _refer(self, table: str, value: T, encode: Callable[[T], Columns]) -> Iterator[tuple[str, Columns]]:
        if id(value) not in self._digests:
            columns = encode(value)
            name = digest(columns)
            self._digests[id(value)] = value, name
            yield table, {"digest": name, **columns}


class Load:
    """One load. Rows come in the order of their person keys."""

    def __init__(self, loading: Bulk) -> None:
        self._bulk = loading
        self._referred: dict[str, set[object]] = {table.name: set() for table in _REFERENCES}

    def add(self, rows: Rows) -> None:
        """Rows of further people; what they refer to may have come before."""
        for table in _REFERENCES:
            known = self._referred[table.name]
            new = {row[0]: row for row in rows.by_table[table.name] if row[0] not in known}  # by digest
            known.update(new)
            self._bulk.append(table, list(new.values()))
        for table in _APPENDED:
            self._bulk.append(table, rows.by_table[table.name])
        for table in _PUT_ASIDE:
            self._bulk.put_aside(table, rows.by_table[table.name])


@contextmanager
def loading(url: str) -> Iterator[Load]:
    """A load of an empty record that nobody else uses meanwhile. All of it is on disk when the block ends without an
    exception, else nothing.

    :raises gateway.errors.Conflict: the record is not empty.
    :raises gateway.errors.Unavailable: the database cannot do it now; another process has it open, perhaps.
    """
    database = Database(url)
    try:
        with answering(PART):
            with database.connect() as connection:
                somebody = connection.execute(select(schema.person.c.person_key).limit(1)).first()
            if somebody is not None:
                raise Conflict(
                    "The record is not empty, and only an empty one can be loaded.",
                    remedy="Name a new database in the setting store.url, or a new data_dir.",
                )
            with bulk(database, _PUT_ASIDE) as one:
                yield Load(one)
    finally:
        database.close()
