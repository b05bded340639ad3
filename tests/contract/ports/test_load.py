"""A population loaded at once is the record that intake would have made of it, on both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from gateway.errors import Conflict
from gateway.matching import FellegiSunter, exact_key
from gateway.model import Dispensation, Identifier, IdentifierKind, Period, Person
from gateway.store import Encoder, Rows, Store, loading, migrate, new_person_keys
from gateway.store.schema import metadata
from gateway.synth import SynthPerson, generate
from tests.contract.ports.fakes import FakeVault, Ticking

AT = datetime(2026, 11, 2, 3, tzinfo=UTC)
_matcher = FellegiSunter()


def _keys(person: Person) -> set[str]:
    return {*_matcher.blocking_keys(person), exact_key(person)}


@pytest.fixture(scope="module")
def people() -> list[SynthPerson]:
    """A hundred people, two of them known by an identifier as well."""
    made = [
        one for one in generate(patients=100, years=1, seed=5, until=date(2026, 11, 1)) if one.dispensations
    ]
    for n in (0, 1):
        identified = replace(
            made[n].dispensations[0].person,
            identifiers=(Identifier(kind=IdentifierKind.SSN, value=f"90012345{n}"),),
        )
        first, *others = made[n].dispensations
        made[n] = replace(made[n], dispensations=(replace(first, person=identified), *others))
    return made


def _encoded(
    url: str, people: Sequence[SynthPerson], part: int = 0, parts: int = 1
) -> tuple[list[int], Rows]:
    encoder = Encoder(url, vault=FakeVault(), keys=_keys, state="CT", at=AT)
    keys = new_person_keys(len(people), part, parts)
    rows = encoder.rows((key, one.dispensations) for key, one in zip(keys, people, strict=True))
    return keys, rows


@pytest.fixture
def loaded(database: str, people: list[SynthPerson]) -> Iterator[Store]:
    """A record into which all of them were loaded, in two parts."""
    migrate(database)
    half = len(people) // 2
    with loading(database) as load:
        load.add(_encoded(database, people[:half], 0, 2)[1])
        load.add(_encoded(database, people[half:], 1, 2)[1])
    store = Store(database, vault=FakeVault(), clock=Ticking(), state="CT")
    yield store
    store.close()


def _said(one: Dispensation) -> Dispensation:
    """Without what the record adds, and without identifiers, which it does not show."""
    person = replace(one.person, key=None, appearance=None, identifiers=())
    return replace(one, id=None, revision=0, source_state=None, reported_at=None, person=person)


def test_everybody_has_the_history_that_was_loaded(loaded: Store, people: list[SynthPerson]) -> None:
    found = [loaded.history(key, Period()) for key in loaded.person_keys()]
    assert len(found) == len(people)
    for held, one in zip(found, people, strict=True):  # the keys ascend as the people came
        assert held is not None
        assert {d.revision for d in held.dispensations} == {1}
        assert {d.reported_at for d in held.dispensations} == {AT}
        assert {d.source_state for d in held.dispensations} == {"CT"}
        shown = sorted((_said(d) for d in held.dispensations), key=repr)
        assert shown == sorted((_said(d) for d in one.dispensations), key=repr)


def test_everybody_is_found_under_every_key_of_every_appearance(
    loaded: Store, people: list[SynthPerson]
) -> None:
    for key, one in zip(loaded.person_keys(), people, strict=True):
        for appearance in {d.person for d in one.dispensations}:
            for block in _keys(appearance):
                assert key in {candidate.key for candidate in loaded.candidates([block])}


def test_equal_demographics_are_one_appearance(loaded: Store, people: list[SynthPerson]) -> None:
    for key, one in zip(loaded.person_keys(), people, strict=True):
        block = exact_key(one.dispensations[-1].person)
        shown = [c for c in loaded.candidates([block]) if c.key == key]
        assert len(shown) == len({d.person for d in one.dispensations})


def test_intake_goes_on_where_the_load_ended(loaded: Store, people: list[SynthPerson]) -> None:
    key = min(loaded.person_keys())
    sent = people[0].dispensations[-1]
    with loaded.intake() as unit:
        before = unit.same_fill(sent)
        assert before is not None
        assert before.dispensation.person.key == key
        added = unit.add_dispensation(key, replace(sent, rx_number="A new one"), frozenset())
    assert added.person.appearance == before.dispensation.person.appearance
    held = loaded.history(key, Period())
    assert held is not None
    assert len(held.dispensations) == len(people[0].dispensations) + 1


def test_only_an_empty_record_is_loaded(loaded: Store, database: str) -> None:
    before = loaded.dispensations()
    with pytest.raises(Conflict, match="not empty"), loading(database):
        pass
    assert loaded.dispensations() == before


def test_a_load_that_is_cut_off_leaves_nothing(database: str, people: list[SynthPerson]) -> None:
    migrate(database)
    rows = _encoded(database, people)[1]

    def cut_off() -> None:
        with loading(database) as load:
            load.add(rows)
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        cut_off()
    store = Store(database, vault=FakeVault(), clock=Ticking(), state="CT")
    assert store.people() == store.dispensations() == 0
    store.close()
    with loading(database) as load:
        load.add(rows)


def test_what_refers_to_nothing_is_not_loaded_or_found_out(database: str, people: list[SynthPerson]) -> None:
    """PostgreSQL checks what rows refer to when the load ends; SQLite's own check finds nothing amiss after one."""
    migrate(database)
    rows = _encoded(database, people)[1]
    if database.startswith("sqlite"):
        with loading(database) as load:
            load.add(rows)
        connection = sqlite3.connect(Path(database.removeprefix("sqlite:///")))
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        connection.close()
        return
    without = Rows(rows.people, rows.dispensations, {**rows.by_table, "prescriber": []})
    with pytest.raises(ValueError, match="were not loaded"), loading(database) as load:
        load.add(without)
    with loading(database) as load:
        load.add(rows)


def test_the_schema_is_the_same_afterwards(loaded: Store, database: str) -> None:
    engine = create_engine(database)
    there = inspect(engine)
    for table in metadata.tables.values():
        expected = {
            (tuple(c.name for c in key.columns), key.referred_table.name)
            for key in table.foreign_key_constraints
        }
        found = {
            (tuple(k["constrained_columns"]), k["referred_table"]) for k in there.get_foreign_keys(table.name)
        }
        assert found == expected
    engine.dispose()
