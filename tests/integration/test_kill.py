"""A gateway that is killed while it takes a file in, a few times; `make soak` does it twenty times and larger."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.soak.kill import Soak, postgresql_urls, sqlite_urls, write_file

RECORDS = 3000
RUNS = 3


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_what_is_acknowledged_survives_and_nothing_is_recorded_twice(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "file.txt"
    write_file(file, RECORDS)
    is_sqlite = store == "sqlite"
    urls = sqlite_urls(tmp_path) if is_sqlite else postgresql_urls(request.getfixturevalue("postgresql"))
    soak = Soak(store, file, tmp_path, urls, random.Random(7))
    assert len(soak.undisturbed.fills) == RECORDS
    runs = [soak.run() for _ in range(RUNS)]
    assert all(run.is_right for run in runs), "\n".join(map(str, runs))
    assert any(run.killed_after for run in runs), "nothing was killed"
