"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gateway.testing import LiveGateway

# No test asserts a time: a busy machine is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).resolve().parents[2] / "shared"
PEOPLE = 80


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
