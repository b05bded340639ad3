"""What the README tells a newcomer to type works as it stands, against a demo on a port of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]


def _blocks(page: str, tag: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```sh {tag}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """`make demo` as the README has it, smaller, elsewhere, and on another port."""
    folder, port = tmp_path_factory.mktemp("readme"), _free_port()
    command = [
        sys.executable,
        "-m",
        "gateway.cli",
        "demo",
        "--port",
        str(port),
        "--dir",
        str(folder),
        "--patients",
        "20",
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PMPBRIDGE")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Serving on"):
                break
        else:
            pytest.fail("".join(lines))
        yield port, folder
    finally:
        process.terminate()
        process.communicate(timeout=20)
        for _ in range(50):
            try:
                requests.get(f"http://127.0.0.1:{port}/health", timeout=1)
                time.sleep(0.1)
            except requests.ConnectionError:
                break
        else:
            pytest.fail("the demo's server outlived the demo")


def _run(script: str, port: int, folder: Path) -> list[dict[str, object]]:
    """The JSON documents that the commands print."""
    script = script.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("var/demo", str(folder))
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    documents, decoder, rest = [], json.JSONDecoder(), ended.stdout.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].strip()
    return documents


def test_the_first_look_up(serving: tuple[int, Path]) -> None:
    token, look_up, report = _blocks("README.md", "first-lookup")
    before, reported, after = _run("\n".join([token, look_up, report, look_up]), *serving)
    assert [p["name"] for p in before["parameter"]] == ["outcome"]  # type: ignore[attr-defined]
    assert "no-data" in json.dumps(before)
    assert reported["resourceType"] == "MedicationDispense"
    (data,) = [p["resource"] for p in after["parameter"] if p["name"] == "pdmp-history-data"]  # type: ignore[attr-defined]
    assert [e["resource"]["resourceType"] for e in data["entry"]].count("MedicationDispense") == 1


def test_every_file_of_the_layout_is_there() -> None:
    """The page on the layout names nothing that does not exist."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    layout = text.split("## Where things happen")[1].split("\n## ")[0]
    named = [
        name
        for line in layout.splitlines()
        if line.startswith("      ")
        and not line.strip().startswith(("identifiers", "samples", "read", "write", "routes"))
        for name in line[6:31].split()
        if re.fullmatch(r"[a-z_]+(\.py|/)", name)
    ]
    assert len(named) > 20
    for name in named:
        assert (ROOT / "gateway" / name).exists(), name
    for adapter in ("fhir", "ncpdp", "soap"):
        for name in ("__init__.py", "adapter.py", "read.py", "write.py", "routes.py", "client.py", "samples"):
            assert (ROOT / "adapters" / adapter / name).exists(), (adapter, name)


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
