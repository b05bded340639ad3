"""The schema's promises: keyed by person, reached by primary key, and the same after migration as in the code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Float, Numeric, create_engine, event

from gateway.model import LinkAction, Move, Period
from gateway.store import Store, schema
from tests.factory import NOW, a_dispensation, a_dispenser, a_person, a_prescriber

BEFORE_THE_PERSON_IS_KNOWN = {"blocking": ["block_key", "person_key"], "fill": ["fill_key"]}
REFERRED_TO = {"drug", "prescriber", "dispenser"}
LOADED = {"product": ["system", "code", "source", "load_no"], "product_load": ["source", "load_no"]}
WITHOUT_ROWS = {"turn"}
OF_DISPENSERS = {"reporter", "contact", "covered", "expected_dispenser"}
INDEXED = {"appearance": {"birth_date"}}  # for searches by plain facts: docs/decisions/0017-people-by-fhir.md


def test_migrating_makes_the_schema_that_the_code_says(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": "store_version"}
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_what_grows_with_the_population_is_keyed_by_person_first(table: Any) -> None:
    key = [column.name for column in table.primary_key.columns]
    if table.name in REFERRED_TO:
        assert key == ["digest"]
    elif table.name in LOADED:
        assert key == LOADED[table.name]
    elif table.name in BEFORE_THE_PERSON_IS_KNOWN:
        assert key == BEFORE_THE_PERSON_IS_KNOWN[table.name]
    elif table.name in WITHOUT_ROWS:
        assert key == ["nobody"]
    elif table.name in OF_DISPENSERS:
        assert key[0] == "dispenser_key"
        assert "person_key" not in table.columns, "it names nobody, and does not grow with the population"
    else:
        assert key[0] == "person_key"
    indexed = {column.name for index in table.indexes for column in index.columns}
    assert indexed == INDEXED.get(table.name, set()), "no look-up needs another index"


def test_no_number_is_kept_as_a_float() -> None:
    for table in schema.metadata.sorted_tables:
        for column in table.columns:
            assert not isinstance(column.type, (Float, Numeric, JSON)), f"{table.name}.{column.name}"


def test_rows_of_one_person_lie_together(url: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        statements = dict(
            connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
        )
    for table in schema.metadata.sorted_tables:
        assert "WITHOUT ROWID" in statements[table.name]


@contextmanager
def watched(store: Store) -> Iterator[list[str]]:
    """Every statement that reads, as SQLite has it: with its parameters written out."""
    seen: list[str] = []

    def look(statement: str) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    def trace(driver: Any, _record: object, _proxy: object) -> None:
        driver.set_trace_callback(look)

    event.listen(store._database.engine, "checkout", trace)
    try:
        yield seen
    finally:
        event.remove(store._database.engine, "checkout", trace)


def plans(path: Path, statements: list[str]) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [
            row[3]
            for statement in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]


@pytest.mark.parametrize("is_analysed", [False, True])
def test_every_read_goes_by_primary_key(url: str, path: Path, record: Store, is_analysed: bool) -> None:
    with record.intake() as unit:
        for person in range(30):
            key = unit.add_person(a_person(phones=(str(person),)), ["everybody", str(person)])
            for number in range(5):
                sent = a_dispensation(
                    id=None,
                    rx_number=f"{person}-{number}",
                    person=a_person(phones=(str(person),)),
                    prescriber=a_prescriber(npi=str(number)),
                )
                recorded = unit.add_dispensation(key, sent, [str(person)])
    if is_analysed:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ANALYZE")
            connection.commit()
    record._references.__init__()  # nothing in memory
    with watched(record) as seen:
        record.candidates(["everybody", "3", "nobody"])
        record.history(key, Period())
        record.dispensation(recorded.id or "")
        with record.intake() as unit:
            unit.candidates(["3", "4"])
            unit.same_fill(sent)
            unit.add_dispensation(key, a_dispensation(id=None, rx_number="new"), ["new"])
    tables = {name for name in schema.metadata.tables if any(f"FROM {name}" in one for one in seen)}
    assert tables == {"blocking", "appearance", "dispensation", "fill", *REFERRED_TO}
    steps = plans(path, seen)
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert len(reads) >= len(seen)
    for step in reads:
        assert step.startswith("SEARCH"), step
        assert "USING PRIMARY KEY" in step, step
    assert not [step for step in steps if "AUTOMATIC" in step or "TEMP B-TREE" in step]


@pytest.mark.parametrize("is_analysed", [False, True])
def test_who_has_reported_is_read_by_primary_key(path: Path, record: Store, is_analysed: bool) -> None:
    """Over all dispensers the list of reporters is gone through, and nothing that grows with days."""
    with record.intake() as unit:
        for number in range(30):
            shop = a_dispenser(ncpdp_id=f"{number:07}")
            unit.add_report(shop, [date(2026, 1, 1) + timedelta(days=day) for day in range(60)])
    if is_analysed:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ANALYZE")
            connection.commit()
    with watched(record) as seen:
        keys = [one.key for one in record.reporters(NOW + timedelta(days=1))]
        record.covered(keys, date(2026, 2, 1), NOW + timedelta(days=1))
        with record.intake() as unit:
            assert unit.has_dispensed(shop, date(2026, 1, 1), date(2026, 1, 2))
            unit.add_zero_report(shop, date(2026, 3, 1), date(2026, 3, 2))
    assert len(keys) == 30
    steps = plans(path, seen)
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert {step for step in reads if step.startswith("SCAN")} == {"SCAN reporter"}
    assert len(reads) >= 9
    for step in reads:
        assert step == "SCAN reporter" or "USING PRIMARY KEY" in step, step
    assert not [step for step in steps if "AUTOMATIC" in step or "TEMP B-TREE" in step]


def test_who_was_moved_is_reached_by_primary_key(path: Path, record: Store) -> None:
    """Step by step, and the move itself, however many others there are."""
    keys: list[str] = []
    with record.intake() as unit:
        for number in range(30):
            person = a_person(phones=(str(number),))
            keys.append(unit.add_person(person, ["everybody"]))
            sent = a_dispensation(id=None, rx_number=str(number), person=person)
            recorded = unit.add_dispensation(keys[-1], sent, ["everybody"])
    record._references.__init__()  # nothing in memory
    with watched(record) as seen:
        for source, target in ((keys[-1], keys[0]), (keys[0], keys[1])):
            _merge(record, source, target)
        for key in (keys[-1], keys[0], keys[1]):
            history = record.history(key, Period())
            assert history is not None
            assert history.person_key == keys[1]
            assert record.person(key) is not None
            assert record.links(5, key)
        assert record.dispensation(recorded.id or "") is not None
        with record.intake() as unit:
            assert unit.recorded(recorded.id or "") is not None
    tables = {name for name in schema.metadata.tables if any(f"FROM {name}" in one for one in seen)}
    assert tables == {"appearance", "identifier", "dispensation", "link", *REFERRED_TO}
    for step in plans(path, seen):
        assert not step.startswith("SCAN"), step
        assert not step.startswith("SEARCH") or "USING PRIMARY KEY" in step, step


def _merge(record: Store, source: str, target: str) -> None:
    with record.linking() as unit:
        held = unit.person(source)
        assert held is not None
        move = Move(
            action=LinkAction.MERGE,
            joins=True,
            from_key=source,
            to_key=target,
            appearances=dict.fromkeys(held.numbers),
            by="operator:hazel",
            reason="one",
        )
        unit.move(move, ["everybody"])
