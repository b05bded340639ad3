"""A gateway on each store, for what must hold on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway, build
from gateway.settings import load_settings
from tests.factory import NOW


@pytest.fixture(params=["sqlite", "postgresql"])
def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, empty_postgresql: Callable[[], str]
) -> Iterator[Gateway]:
    url = "" if request.param == "sqlite" else empty_postgresql()
    overrides = {"data_dir": str(tmp_path), "store": {"url": url}}
    built = build(load_settings(environ={}, overrides=overrides), clock=lambda: NOW)
    yield built
    built.close()
