"""An audit log on SQLite, and the hand of somebody who changes it behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.audit import HashChainedLog, migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log's database lies."""
    return tmp_path / "audit.sqlite"


@pytest.fixture
def open_log(path: Path) -> Iterator[Callable[..., HashChainedLog]]:
    """Opens a log on the database."""
    url = f"sqlite:///{path}"
    migrate(url)
    opened: list[HashChainedLog] = []

    def open_one(busy_timeout: float = 5.0) -> HashChainedLog:
        opened.append(HashChainedLog(url, busy_timeout=busy_timeout))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def tamper(path: Path) -> Callable[..., list[Any]]:
    """Runs any SQL on the log's file."""

    def run(*statements: str) -> list[Any]:
        found: list[Any] = []
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                found = connection.execute(statement).fetchall()
            connection.commit()
        return found

    return run
