"""When the database cannot: never an empty answer, never half a unit, never a word about anybody."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from gateway.database import SchemaError
from gateway.errors import Unavailable
from gateway.model import Period
from gateway.ports import IntakeUnit
from gateway.store import Store, migrate
from tests.contract.ports.fakes import FakeVault, Ticking
from tests.factory import a_dispensation, a_person

ALWAYS = Period()


def fill(store: Store, count: int = 1) -> str:
    with store.intake() as unit:
        return write(unit, count)


def write(unit: IntakeUnit, count: int) -> str:
    key = unit.add_person(a_person(), ["key"])
    for number in range(count):
        unit.add_dispensation(key, a_dispensation(id=None, rx_number=f"{key}-{number}"), ["key"])
    return key


def reads(key: str) -> list[Callable[[Store], object]]:
    return [
        lambda store: store.candidates(["key"]),
        lambda store: store.history(key, ALWAYS),
        lambda store: store.dispensation(f"{key}-1"),
    ]


def test_a_locked_database_is_unavailable_for_writing_only(
    open_store: Callable[..., Store], path: Path
) -> None:
    store = open_store(busy_timeout=0.1)
    key = fill(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as locked:
            fill(store)
        assert store.history(key, ALWAYS) is not None
        assert store.ready()
        other.execute("ROLLBACK")
    assert "Quillfeather" not in str(locked.value)
    assert locked.value.__cause__ is None
    assert locked.value.__suppress_context__
    fill(store)
    assert store.people() == 2


def test_a_full_disk_is_unavailable_and_leaves_nothing(open_store: Callable[..., Store]) -> None:
    store = open_store()
    fill(store)
    store.close()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 20}")

    event.listen(store._database.engine, "connect", limit)
    with pytest.raises(Unavailable):
        fill(store, count=5000)
    assert (store.people(), store.dispensations()) == (1, 1)
    event.remove(store._database.engine, "connect", limit)
    store.close()
    fill(store, count=2000)
    assert (store.people(), store.dispensations()) == (2, 2001)


def test_a_unit_that_has_failed_stays_failed(open_store: Callable[..., Store]) -> None:
    """SQLite may roll back by itself; what a caller went on writing would be on disk alone."""
    store = open_store()
    fill(store)
    store.close()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=60")

    event.listen(store._database.engine, "connect", limit)
    refused = 0

    def go_on_regardless() -> None:
        nonlocal refused
        with store.intake() as unit:
            for _ in range(5):
                try:
                    write(unit, 1200)
                except Unavailable:
                    refused += 1
            with pytest.raises(Unavailable):
                unit.same_fill(a_dispensation())
            with pytest.raises(Unavailable):
                unit.candidates(["key"])

    with pytest.raises(Unavailable):
        go_on_regardless()
    assert refused == 5
    assert (store.people(), store.dispensations()) == (1, 1)


def test_a_database_that_has_gone_is_unavailable(record: Store, path: Path) -> None:
    key = fill(record)
    record.close()
    path.rename(path.with_suffix(".gone"))
    for read in reads(key):
        with pytest.raises(Unavailable):
            read(record)
    with pytest.raises(Unavailable):
        fill(record)
    assert record.ready() is False
    assert not path.exists(), "no empty database in its place"


@pytest.mark.parametrize(
    "table", ["blocking", "appearance", "dispensation", "drug", "prescriber", "dispenser"]
)
def test_a_table_that_has_gone_is_unavailable(
    open_store: Callable[..., Store], path: Path, table: str
) -> None:
    store = open_store()
    key = fill(store)
    fresh = open_store()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"ALTER TABLE {table} RENAME TO gone")
        other.commit()
    broken = 0
    for read in reads(key):
        try:
            assert read(fresh), "an answer is the whole answer"
        except Unavailable:
            broken += 1
    assert broken


def test_a_damaged_file_is_unavailable(record: Store, path: Path) -> None:
    key = fill(record, count=300)
    record.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    for read in reads(key):
        with pytest.raises(Unavailable):
            read(record)
    with path.open("r+b") as file:
        file.write(b"\xa5" * 4096)
    record.close()
    with pytest.raises(Unavailable):
        record.history(key, ALWAYS)
    assert record.ready() is False


def test_no_connection_is_left_open_by_a_failure(record: Store) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError), record.intake():
            raise RuntimeError
    assert record._database.engine.pool.checkedout() == 0
    fill(record)
    assert record._database.engine.pool.checkedout() == 0


def test_a_defect_is_no_passing_trouble_and_names_nobody(record: Store) -> None:
    """A row that breaks a constraint would break it again: the caller must not be told to come back."""

    def break_a_constraint() -> None:
        with record.intake() as unit:
            key = write(unit, 1)
            unit.add_dispensation(
                key, a_dispensation(id=None, rx_number="Quillfeather", days_supply=None), ["key"]
            )

    with pytest.raises(IntegrityError) as defect:
        break_a_constraint()
    assert "Quillfeather" not in str(defect.value)
    assert record.people() == 0


def test_statements_never_show_their_parameters(record: Store) -> None:
    with record._database.engine.connect() as connection, pytest.raises(IntegrityError) as defect:
        connection.execute(
            text("INSERT INTO person (person_key, recorded_at) VALUES (:key, NULL)"), {"key": 424242}
        )
    assert "424242" not in str(defect.value)


# --- start-up -------------------------------------------------------------------------------------------------


def open_at(url: str) -> Store:
    return Store(url, vault=FakeVault(), clock=Ticking())


def test_a_database_without_schema_is_named_at_start(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    with pytest.raises(SchemaError, match=r"empty\.sqlite: there is no schema"):
        open_at(f"sqlite:///{tmp_path / 'empty.sqlite'}")


def test_a_database_that_is_not_there_is_named_at_start(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"nowhere\.sqlite: the database cannot be opened"):
        open_at(f"sqlite:///{tmp_path / 'nowhere.sqlite'}")
    with pytest.raises(SchemaError, match="missing-folder"):
        migrate(f"sqlite:///{tmp_path / 'missing-folder' / 'record.sqlite'}")


def test_something_that_is_no_database_is_named_at_start(tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Dear pharmacist, " * 500)
    for start in (open_at, migrate):
        with pytest.raises(SchemaError, match=r"letter\.sqlite"):
            start(f"sqlite:///{tmp_path / 'letter.sqlite'}")
    assert (tmp_path / "letter.sqlite").read_text().startswith("Dear pharmacist")


def test_a_newer_schema_is_named_at_start(url: str, path: Path, record: Store) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE store_version SET version_num = '9999'")
        connection.commit()
    assert record.ready() is False
    for start in (open_at, migrate):
        with pytest.raises(SchemaError, match=r"newer than this code.*9999"):
            start(url)


def test_a_database_in_memory_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ValueError, match="must be a file"):
            open_at(url)


def test_migrating_again_changes_nothing(url: str, path: Path, record: Store) -> None:
    key = fill(record)
    migrate(url)
    assert record.history(key, ALWAYS) is not None
    assert record.ready()


def test_the_schema_can_move_with_the_file(url: str, path: Path, record: Store, tmp_path: Path) -> None:
    fill(record)
    record.close()
    moved = tmp_path / "moved.sqlite"
    shutil.copy(path, moved)
    copy = open_at(f"sqlite:///{moved}")
    assert copy.people() == 1
    copy.close()
