"""A record on SQLite, and what the tests need to look behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store import Store, migrate
from tests.contract.ports.fakes import FakeVault, Ticking


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the record's database lies."""
    return tmp_path / "record with % and space.sqlite"


@pytest.fixture
def url(path: Path) -> str:
    """The record's database, migrated."""
    address = f"sqlite:///{path}"
    migrate(address)
    return address


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[..., Store]]:
    """Opens a store on the database."""
    opened: list[Store] = []

    def open_one(busy_timeout: float = 5.0) -> Store:
        opened.append(Store(url, vault=FakeVault(), clock=Ticking(), busy_timeout=busy_timeout))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def record(open_store: Callable[[], Store]) -> Store:
    """An empty record."""
    return open_store()
