"""What the README tells a newcomer to type works as it stands, on a port and in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep

from gateway.model import Outcome
from gateway.ports import PartnerSettings
from gateway.registry import load_registry
from gateway.security.client import TokenSource
from tests.factory import a_lookup
from tests.integration.command import COMMAND, ended_after, environment, free_port
from tests.unit.clearinghouse.transactions import ASAP

ROOT = Path(__file__).resolve().parents[2]


def _blocks(page: str, tag: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```sh {tag}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """`make demo` as the README has it, smaller, elsewhere, and on another port."""
    folder, port = tmp_path_factory.mktemp("readme"), free_port()
    command = [*COMMAND, "demo", "--port", str(port), "--dir", str(folder), "--patients", "20"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    )
    with ended_after(process, port):
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Serving on"):
                break
        else:
            pytest.fail("".join(lines))
        yield port, folder


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


def _indented(page: str, begins: str) -> str:
    """The indented block of a page whose first line begins like that, up to the first line that is not indented."""
    text = (ROOT / page).read_text(encoding="utf-8")
    start = text.index(f"\n    {begins}") + 1
    return textwrap.dedent(re.match(r"(?:    .*\n)+", text[start:])[0])  # type: ignore[index]


def _client(folder: Path) -> dict[str, str]:
    client: dict[str, str] = json.loads((folder / "clients.json").read_text())[0]
    return client


def _token(folder: Path) -> str:
    client = _client(folder)
    return TokenSource(client["token_url"], client["client_id"], secret=client["client_secret"])()


@pytest.mark.parametrize(
    ("page", "begins", "says"),
    [
        ("docs/wire/script.md", "curl -H", "<RxHistoryResponse>"),
        (
            "docs/wire/script.md",
            "curl -s",
            "<Status><Code>010</Code><Description>Recorded.</Description></Status>",
        ),
        ("docs/wire/pmix.md", "curl", "PMPPrescriptionReport"),
        ("docs/wire/clearinghouse.md", "curl", "<TransactionStatus>1</TransactionStatus>"),
    ],
)
def test_the_curl_line_of_a_wire_page(serving: tuple[int, Path], page: str, begins: str, says: str) -> None:
    port, folder = serving
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _indented(page, begins).replace(":8080/", f":{port}/")],
        env=environment(
            TOKEN=_token(folder),
            CLIENT_ID=_client(folder)["client_id"],
            CLIENT_SECRET=_client(folder)["client_secret"],
        ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert says in ended.stdout


def test_the_commands_of_the_fhir_page(serving: tuple[int, Path]) -> None:
    port, folder = serving
    transaction, withdrawal, lines = _blocks("docs/wire/fhir.md", "fhir-reports")

    def ended(script: str, **variables: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace(":8080/", f":{port}/")],
            env=environment(TOKEN=_token(folder), **variables),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    answered = json.loads(ended(transaction))
    assert [e["response"]["status"] for e in answered["entry"]] == ["200"] * 4 + ["201"] * 2
    location = answered["entry"][-1]["response"]["location"]
    assert "The dispensation is void now." in ended(withdrawal, LOCATION=location)
    verdicts = [json.loads(line)["extension"][1]["valueCode"] for line in ended(lines).splitlines()]
    assert verdicts == ["unchanged", "rejected", "created"]


def test_the_commands_of_the_pmp_gateway_page(serving: tuple[int, Path]) -> None:
    port, folder = serving
    (register,), (script,) = (
        _blocks("docs/wire/pmpgateway.md", tag) for tag in ("pmpgateway-client", "pmpgateway")
    )
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", register.replace("pmpbridge", " ".join(COMMAND), 1)],
        env=environment(PMPBRIDGE__DATA_DIR=str(folder / "data")),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    client_id, password = (line.split()[1] for line in told.splitlines())
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(":8080/", f":{port}/")],
        env=environment(CLIENT_ID=client_id, PASSWORD=password),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "rescriptions are on record" in ended.stdout, "none, or those that another page has reported"
    link = re.search(r"<ReportLink>([^<]*)</ReportLink>", ended.stdout)
    assert link is not None, ended.stdout
    assert requests.post(link[1], timeout=10).status_code == requests.codes.ok


def test_the_commands_of_the_http_page(serving: tuple[int, Path]) -> None:
    (script,) = _blocks("docs/wire/http.md", "http-routes")
    document, statement = _run(script, *serving)
    assert document["openapi"] == "3.1.0"
    assert statement["resourceType"] == "CapabilityStatement"


def test_the_zeep_lines_of_the_pmix_page(serving: tuple[int, Path]) -> None:
    port, folder = serving
    lines = _indented("docs/wire/pmix.md", "session = requests").replace(":8080/", f":{port}/")
    names: dict[str, Any] = {"requests": requests, "zeep": zeep, "token": _token(folder)}
    exec(lines, names)
    names["session"].close()
    assert names["report"]["ResponseStatus"]["ResponseStatusCode"] == "no-data"


def test_the_zeep_lines_of_the_clearinghouse_page(serving: tuple[int, Path]) -> None:
    port, folder = serving
    page, client = "docs/wire/clearinghouse.md", _client(folder)
    lines = _indented(page, "client = zeep").replace(":8080/", f":{port}/")
    names: dict[str, Any] = {
        "zeep": zeep,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "asap": ASAP,
    }
    exec(lines, names)
    names["client"].transport.session.close()
    assert (names["response"].TransactionStatus, names["response"].ErrorMessage) == (1, None)


def test_a_gateway_of_ones_own(tmp_path: Path) -> None:
    """Register a client and serve; the client is let in and told that its patient has no records."""
    port = free_port()
    variables = environment(PMPBRIDGE__DATA_DIR=str(tmp_path), PMPBRIDGE__SERVER__PORT=str(port))
    (block,) = _blocks("README.md", "run-it")
    register, serve = block.replace(".venv/bin/pmpbridge", " ".join(COMMAND)).splitlines()
    registered = subprocess.run(
        ["bash", "-c", register], capture_output=True, text=True, timeout=60, env=variables, check=True
    )
    client_id, secret = (line.split()[1] for line in registered.stdout.splitlines())
    process = subprocess.Popen(
        ["bash", "-c", f"exec {serve}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables,
    )
    with ended_after(process, port):
        _wait_until_ready(process, port)
        token = TokenSource(f"http://127.0.0.1:{port}/oauth/token", client_id, secret=secret)
        looked_up_by = [adapter for adapter in load_registry() if adapter.formats]
        assert looked_up_by
        for adapter in looked_up_by:
            url = f"http://127.0.0.1:{port}{adapter.prefix}"
            partner = adapter.partner(PartnerSettings(url=url, token=token))
            assert partner is not None
            assert partner.ask(a_lookup()).outcome is Outcome.NO_DATA, adapter.name
            partner.close()


def _wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    for _ in range(300):
        assert process.poll() is None, process.communicate()
        try:
            if requests.get(f"http://127.0.0.1:{port}/ready", timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail("the server is not ready")


def test_keep_the_record(tmp_path: Path) -> None:
    (script,) = _blocks("README.md", "keep-the-record")
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    for file in (tmp_path / "dispensed.asap", dropped / "again.asap"):
        file.write_text(ASAP)
        os.utime(file, (0, 0))  # written long ago, so that nobody is still writing
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(".venv/bin/pmpbridge", " ".join(COMMAND))],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "1 accepted" in ended.stdout
    assert len(list((dropped / "done").glob("*.report.txt"))) == 1


RUN_ELSEWHERE = {
    "docs/guide/compliance.md": {"sh compliance", "sh http"},  # test_compliance.py
    "docs/guide/drugs.md": {"sh drugs"},  # test_drugs_command.py
    "docs/guide/people.md": {"sh people"},  # test_person_command.py
    "docs/wire/fhir.md": {"sh fhir-reports"},  # here
    "docs/wire/http.md": {"sh http-routes"},  # here
    "docs/wire/pmpgateway.md": {"sh pmpgateway", "sh pmpgateway-client"},  # here
    "docs/wire/script.md": {"sh script-digest"},  # test_client_command.py
}


def test_no_block_of_commands_goes_untested() -> None:
    """`make demo` and `make test` are run from a fresh clone; every other block has a tag, and a test here or beside
    the commands that it shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh[^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert {tag for tag, _ in blocks} == {"sh", "sh first-lookup", "sh keep-the-record", "sh run-it"}
    assert {body for tag, body in blocks if tag == "sh"} == {"make demo\n", "make test\n"}
    tags = {
        str(page.relative_to(ROOT)): set(
            re.findall(r"^```(sh[^\n]*)$", page.read_text("utf-8"), re.MULTILINE)
        )
        for page in ROOT.glob("docs/**/*.md")
    }
    assert {page: found for page, found in tags.items() if found} == RUN_ELSEWHERE


def test_every_file_of_the_layout_is_there() -> None:
    """The page on the layout names nothing that does not exist."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    layout = text.split("## Where things happen")[1].split("\n## ")[0]
    named = [
        name
        for line in layout.splitlines()
        if line.startswith("      ")
        and not line.strip().startswith(("identifiers", "samples", "read", "write", "routes", "described"))
        for name in line[6:31].split()
        if re.fullmatch(r"[a-z_]+(\.py|/)", name)
    ]
    assert len(named) > 20
    for name in named:
        assert (ROOT / "gateway" / name).exists(), name
    for adapter in ("fhir", "ncpdp", "soap"):
        for name in (
            "__init__.py",
            "adapter.py",
            "read.py",
            "write.py",
            "routes.py",
            "described.py",
            "client.py",
            "samples",
        ):
            assert (ROOT / "adapters" / adapter / name).exists(), (adapter, name)


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
