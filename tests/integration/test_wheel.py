"""The wheel is whole: every file the gateway reads is in it, and it runs from a folder where nothing else is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.integration.command import COMMAND, environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


def _shipped() -> set[str]:
    """What lies in the packages, and conf/ where an installed gateway looks for it."""
    files = [p for part in ("gateway", "adapters", "mappings", "conf") for p in (ROOT / part).rglob("*")]
    names = {p.relative_to(ROOT).as_posix() for p in files if p.is_file() and "__pycache__" not in p.parts}
    return {f"gateway/{name}" if name.startswith("conf/") else name for name in names}


def test_it_holds_the_packages_with_their_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        described = archive.read(next(n for n in names if n.endswith("/METADATA"))).decode()
    assert {n for n in names if ".dist-info/" not in n} == _shipped()
    assert {"gateway/conf/states/CT.toml", "mappings/matching/NOTICE.nicknames.txt"} <= names
    assert (ROOT / "README.md").read_text(encoding="utf-8").strip() in described


def test_it_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    ended = subprocess.run(
        [*COMMAND, "demo", "--once", "--port", "0", "--patients", "30"],
        cwd=tmp_path / "empty",
        env=environment(PYTHONPATH=str(tmp_path / "site")),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All protocols give the same clinical record." in ended.stdout
    made = {p.relative_to(tmp_path / "empty").parts[:2] for p in (tmp_path / "empty").rglob("*")}
    assert made == {("var",), ("var", "demo")}
