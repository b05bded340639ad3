"""`pmpbridge demo` as a newcomer runs it: one command, three protocols, one record."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.command import pmpbridge


def _demo(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return pmpbridge("demo", "--once", "--port", "0", "--dir", str(folder), *more)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, _demo(folder, "--patients", "80")


def test_it_ends_well_with_a_row_for_every_protocol(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, ended = demo
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = re.findall(r"│ (\S+)\s+│ complete\s+│\s+(\d+) │", ended.stdout)
    assert {name for name, _ in rows} >= {"fhir", "script-10.6", "script-2017071", "pmix-2"}
    assert len({count for _, count in rows}) == 1
    assert int(rows[0][1]) > 0


def test_it_gives_three_lines_to_paste(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, ended = demo
    lines = [line for line in ended.stdout.splitlines() if line.startswith("curl ")]
    assert len(lines) == 3
    assert all((folder / name).exists() for name in re.findall(r"@\S*/(request-\S+)", ended.stdout))


def test_it_writes_who_may_ask_and_whom_to_ask_about(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    clients = json.loads((folder / "clients.json").read_text())
    assert all({"client_id", "scopes", "token_url"} <= set(c) for c in clients)
    assert {"client_secret" in c or "jwk" in c for c in clients} == {True}
    patients = json.loads((folder / "patients.json").read_text())
    assert len(patients) == 80
    assert all({"family", "given", "birth_date", "dispensations"} <= set(p) for p in patients)


def test_a_second_start_uses_the_same_record(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = demo
    again = _demo(folder)
    assert again.returncode == 0, again.stderr
    assert "Seeding" not in again.stdout


def test_it_fails_when_a_look_up_fails(
    demo: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Nobody of that name is in the record: the table says so, and so does the exit status."""
    folder, _ = demo
    patients = json.loads((folder / "patients.json").read_text())
    patients[0]["family"] = "Nobodyatall"
    patients[0]["birth_date"] = "1911-11-11"
    (folder / "patients.json").write_text(json.dumps(patients))
    ended = _demo(folder)
    assert ended.returncode == 1
    assert "look-up failed" in ended.stderr
