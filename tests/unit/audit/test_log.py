"""Recording under trouble and under load."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event

from gateway import store
from gateway.audit import HashChainedLog, migrate, schema
from gateway.database import SchemaError
from gateway.errors import Unavailable
from tests.contract.ports.fakes import EVENT

Open = Callable[..., HashChainedLog]
Tamper = Callable[..., list[Any]]


def test_an_event_is_on_disk_when_record_returns(open_log: Open, path: Path) -> None:
    log = open_log()
    log.record(EVENT)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM audit_event").fetchone() == (1,)
    assert log._connection is not None
    assert log._connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert log._connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_threads_that_wait_share_one_transaction(open_log: Open) -> None:
    log = open_log()
    log.record(EVENT)
    go_on, is_held, commits = Event(), Event(), []

    def hold_the_first(_connection: object) -> None:
        commits.append(1)
        if len(commits) == 1:
            is_held.set()
            assert go_on.wait(30)

    event.listen(log._database.engine, "commit", hold_the_first)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(log.record, EVENT)
        assert is_held.wait(30)
        others = [pool.submit(log.record, replace(EVENT, request_id=str(n))) for n in range(19)]
        while len(log._waiting) < 19:
            pass
        assert not any(one.done() for one in others), "nobody is told before it is on disk"
        go_on.set()
        for one in (first, *others):
            one.result(timeout=30)
    assert len(commits) == 2
    verdict = log.verify()
    assert verdict.is_intact
    assert verdict.events == 21


def test_a_locked_log_is_unavailable_and_goes_on_afterwards(open_log: Open, path: Path) -> None:
    log = open_log(busy_timeout=0.1)
    log.record(EVENT)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            attempts = [pool.submit(log.record, EVENT) for _ in range(4)]
            for attempt in attempts:
                assert isinstance(attempt.exception(timeout=30), Unavailable)
        other.execute("ROLLBACK")
    log.record(replace(EVENT, request_id="later"))
    verdict = log.verify()
    assert verdict.is_intact
    assert [(head.stream, head.seq) for head in verdict.heads] == [(1, 2)]
    assert [one.request_id for one in log.events()] == [EVENT.request_id, "later"]


def test_an_answer_that_was_lost_breaks_no_chain(open_log: Open) -> None:
    """The commit went through and its success did not: what the log knew of its head is wrong."""
    log = open_log()
    log.record(EVENT)

    def commit_and_fail(connection: Any) -> None:
        connection.connection.commit()
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(log._database.engine, "commit", commit_and_fail)
    with pytest.raises(Unavailable):
        log.record(EVENT)
    event.remove(log._database.engine, "commit", commit_and_fail)
    log.record(EVENT)
    verdict = log.verify()
    assert verdict.is_intact, str(verdict)
    assert verdict.events == 3, "one event more than was acknowledged, never one less"


def test_a_full_disk_is_unavailable(open_log: Open) -> None:
    log = open_log()
    log.record(EVENT)
    log.close()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(log._database.engine, "connect", limit)
    recorded = 1

    def record_until_it_fails() -> None:
        nonlocal recorded
        for _ in range(100):
            log.record(EVENT)
            recorded += 1

    with pytest.raises(Unavailable):
        record_until_it_fails()
    verdict = log.verify()
    assert verdict.is_intact
    assert verdict.events == recorded


@pytest.mark.parametrize("table", ["audit_event", "audit_stream"])
def test_a_log_that_has_lost_a_table_is_unavailable(open_log: Open, tamper: Tamper, table: str) -> None:
    log = open_log()
    log.record(EVENT)
    tamper(f"ALTER TABLE {table} RENAME TO gone")
    with pytest.raises(Unavailable):
        log.record(EVENT)
    with pytest.raises(Unavailable):
        log.verify()


def test_a_log_that_has_gone_is_unavailable(open_log: Open, path: Path) -> None:
    log = open_log()
    log.record(EVENT)
    log.close()
    path.rename(path.with_suffix(".gone"))
    for attempt in (lambda: log.record(EVENT), log.verify, lambda: list(log.events())):
        with pytest.raises(Unavailable):
            attempt()
    assert log.ready() is False
    assert not path.exists()


def test_a_stream_that_was_removed_is_left_behind(open_log: Open, tamper: Tamper) -> None:
    log = open_log()
    log.record(EVENT)
    other = open_log()
    other.record(EVENT)
    tamper("DELETE FROM audit_event WHERE stream = 1", "DELETE FROM audit_stream WHERE stream = 1")
    log._give_up()
    with pytest.raises(Unavailable):
        log.record(EVENT)
    log.record(EVENT)
    assert tamper("SELECT stream, seq FROM audit_stream ORDER BY stream") == [(2, 1), (3, 1)]
    assert not log.verify().is_intact


def test_migrating_makes_the_schema_that_the_code_says(open_log: Open, path: Path) -> None:
    log = open_log()
    assert log.ready()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        opts = {"compare_type": True, "version_table": "audit_version"}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), schema.metadata) == []
    engine.dispose()


def test_a_log_without_schema_is_named_at_start(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    with pytest.raises(SchemaError, match=r"empty\.sqlite: there is no schema"):
        HashChainedLog(f"sqlite:///{tmp_path / 'empty.sqlite'}")


def test_record_and_audit_may_share_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'both.sqlite'}"
    store.migrate(url)
    migrate(url)
    store.migrate(url)
    log = HashChainedLog(url)
    log.record(EVENT)
    assert log.verify().is_intact
    log.close()


def test_closing_waits_for_what_is_being_written(open_log: Open) -> None:
    """SQLite's connection closed under a statement of another thread takes the whole process with it."""
    log = open_log()
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            written = [threads.submit(log.record, EVENT) for _ in range(16)]
            log.close()
            for one in written:
                one.result()
    assert len(list(log.events())) == 320
    assert log.verify().broken is None
