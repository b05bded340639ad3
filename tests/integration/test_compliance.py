"""`GET /compliance` and `pmpbridge compliance`: what staff see, who may see it, and that it is written down."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.bootstrap import register_client
from gateway.model import ExpectedDispenser, IntakeBatch, ZeroReport
from gateway.security.client import TokenSource
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_dispenser
from tests.integration.command import COMMAND, environment, pmpbridge

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guide" / "compliance.md"


def _token(live: LiveGateway, scope: str = "audit/read") -> str:
    """A token of a client of the programme's staff."""
    secret = register_client(live.gateway.settings, "staff", scopes=(scope,))
    return TokenSource(f"{live.url}/oauth/token", client_id="staff", secret=secret)()


def _ask(live: LiveGateway, query: str = "", token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or _token(live)}"}
    return requests.get(f"{live.url}/compliance{query}", headers=headers, timeout=10)


def _shops(live: LiveGateway, count: int) -> None:
    """So many listed pharmacies, of which the first has reported yesterday and today."""
    listed = [
        ExpectedDispenser(
            dispenser=a_dispenser(ncpdp_id=f"{n:07}", npi=None, dea=None), since=date(2026, 1, 1)
        )
        for n in range(count)
    ]
    live.gateway.store.expect(listed)
    today = datetime.now(UTC).date()
    dispenser = a_dispenser(ncpdp_id="0000000", npi=None, dea=None)
    first = a_dispensation(
        id=None, dispenser=dispenser, filled=today - timedelta(days=1), sold=None, written=None
    )
    live.record([first])
    zero = ZeroReport(path="z", dispenser=dispenser, first=today, last=today)
    live.gateway.intake(IntakeBatch(records=(zero,)))


def _events(folder: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(folder / "audit.sqlite") as connection:
        rows = [
            json.loads(row[0]) for row in connection.execute("SELECT event FROM audit_event ORDER BY seq")
        ]
    connection.close()
    return [row for row in rows if row["operation"] == "compliance"]


def test_staff_see_who_has_not_reported(empty: LiveGateway) -> None:
    _shops(empty, 3)
    response = _ask(empty)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    content = response.json()
    assert (content["total"], content["late"], content["next"]) == (3, 2, None)
    never, _, current = content["dispensers"]
    assert (never["status"], never["last_received"], never["covers"]) == ("never reported", None, None)
    assert never["overdue_hours"] > 0
    assert never["missing"]
    assert (current["status"], current["ncpdp_id"], current["zero_reports"]) == ("current", "0000000", 1)
    assert current["covers"]["zero_report"]
    assert "days" not in current


def test_a_page_leads_to_the_next_one_as_of_the_same_instant(empty: LiveGateway) -> None:
    _shops(empty, 5)
    seen, query = [], "?late=true&limit=3&days=7"
    instants = set()
    for _ in range(2):
        content = _ask(empty, query).json()
        seen += [one["ncpdp_id"] for one in content["dispensers"]]
        instants.add(content["as_of"])
        assert content["total"] == content["late"] == 4
        query = (content["next"] or "").removeprefix(f"{empty.url}/compliance")
    assert (query, len(instants)) == ("", 1)
    assert sorted(seen) == ["0000001", "0000002", "0000003", "0000004"]


def test_one_dispenser_is_shown_with_its_days(empty: LiveGateway) -> None:
    _shops(empty, 3)
    (one,) = _ask(empty, "?dispenser=0000000&days=5").json()["dispensers"]
    assert [day["zero_report"] for day in one["days"]] == [False, True]
    assert all(day["received"].endswith("Z") for day in one["days"])
    assert _ask(empty, "?dispenser=9999999").json()["dispensers"] == []
    before = _ask(empty, "?dispenser=0000000&as_of=2026-01-31").json()["dispensers"]
    assert before[0]["status"] == "never reported"


@pytest.mark.parametrize("scope", ["audit/read", "admin"])
def test_staff_may(empty: LiveGateway, scope: str) -> None:
    assert _ask(empty, token=_token(empty, scope)).status_code == 200


def test_others_may_not(empty: LiveGateway, tmp_path: Path) -> None:
    refused = _ask(empty, token=empty.token("pdmp/history"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert 'scope="audit/read"' in refused.headers["WWW-Authenticate"]
    for response in (
        _ask(empty, token="nobody"),
        requests.get(f"{empty.url}/compliance", timeout=10),
    ):
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert [e["action"] for e in _events(tmp_path)] == ["gateway:access:deny"] * 3


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("?days=0", "days"),
        ("?days=367", "days"),
        ("?days=many", "days"),
        ("?limit=1001", "limit"),
        ("?limit=%C2%B2", "limit"),
        ("?offset=-1", "offset"),
        ("?late=yes", "late"),
        ("?as_of=yesterday", "as_of"),
        ("?as_of=9999-12-31", "as_of"),
        ("?dispenser=", "dispenser"),
        ("?days=1&days=2", "days"),
        ("?patient=Smith", None),
    ],
)
def test_a_parameter_that_cannot_be_is_named(
    empty: LiveGateway, tmp_path: Path, query: str, path: str | None
) -> None:
    response = _ask(empty, query)
    content = response.json()
    assert (response.status_code, content["code"], content.get("path")) == (400, "invalid", path)
    assert content["detail"]
    assert "Smith" not in response.text
    assert [e["action"] for e in _events(tmp_path)] == ["gateway:message:refuse"]


def test_every_answer_is_audited_before_it_leaves(empty: LiveGateway, tmp_path: Path) -> None:
    _shops(empty, 2)
    _ask(empty)
    (event,) = _events(tmp_path)
    assert (event["action"], event["count"], event["client_id"]) == (
        "pmp:compliance:read",
        2,
        "staff",
    )
    bearer = _token(empty)
    with sqlite3.connect(tmp_path / "audit.sqlite") as connection:
        connection.execute("ALTER TABLE audit_event RENAME TO gone")
    connection.close()
    response = _ask(empty, token=bearer)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert "dispensers" not in response.text


def test_a_record_that_cannot_be_read_is_an_error_and_not_an_empty_list(
    empty: LiveGateway, tmp_path: Path
) -> None:
    bearer = _token(empty)
    with sqlite3.connect(tmp_path / "pmp.sqlite") as connection:
        connection.execute("ALTER TABLE contact RENAME TO gone")
    connection.close()
    response = _ask(empty, token=bearer)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    (event,) = _events(tmp_path)
    assert (event["action"], event["count"]) == ("gateway:request:fail", 0)


def test_other_methods_are_not_offered(empty: LiveGateway) -> None:
    response = requests.post(f"{empty.url}/compliance", timeout=10)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


# --- the command ----------------------------------------------------------------------------------------------


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return pmpbridge("compliance", *arguments, PMPBRIDGE__DATA_DIR=str(folder))


def _list(folder: Path, *rows: str) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join(["ncpdp_id,name,from", *rows, ""]), encoding="utf-8")
    return path


def test_a_list_with_a_wrong_line_changes_nothing(tmp_path: Path) -> None:
    fine = _run(tmp_path, "expect", str(_list(tmp_path, "1234563,Larkspur,2026-03-01")))
    assert (fine.returncode, fine.stdout[:2]) == (0, "1 "), fine.stderr
    wrong = _list(tmp_path, "7654329,Foxglove,2026-03-01", "7654329,Foxglove,tomorrow")
    refused = _run(tmp_path, "expect", str(wrong))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "line 3: the same dispenser as on line 2.",
        "line 3, from: expected a day as 2026-03-01.",
        "Error: Nothing was changed.",
    ]
    shown = json.loads(_run(tmp_path, "--format", "json").stdout)
    assert [one["ncpdp_id"] for one in shown["dispensers"]] == ["1234563"]


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("npi,from\n".encode("utf-16"))
    ended = _run(tmp_path, "expect", str(path))
    assert (ended.returncode, ended.stderr) == (1, "Error: The file is not UTF-8.\n")


def test_names_do_nothing_to_a_spreadsheet_or_a_terminal(tmp_path: Path) -> None:
    names = ["=HYPERLINK(0)", "[red]Larkspur[/red]", "Fox\x1b[2Jglove"]
    _run(
        tmp_path,
        "expect",
        str(_list(tmp_path, *(f"123456{n},{name},2026-03-01" for n, name in enumerate(names)))),
    )
    rows = list(csv.DictReader(io.StringIO(_run(tmp_path, "--format", "csv").stdout)))
    assert "'=HYPERLINK(0)" in {row["name"] for row in rows}
    table = _run(tmp_path).stdout
    assert "[red]Larkspur[/red]" in table
    assert "\x1b" not in table


def test_what_is_not_known_or_not_an_instant(tmp_path: Path) -> None:
    ended = _run(tmp_path, "--dispenser", "1234563")
    assert (ended.returncode, ended.stderr) == (
        1,
        "Error: No dispenser of that id has reported or is listed.\n",
    )
    assert _run(tmp_path, "--as-of", "yesterday").returncode == 2


def test_the_guide(tmp_path: Path) -> None:
    """Its commands, one after the other; the line that asks over HTTP has a test of its own."""
    blocks = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    files = {name: body for kind, name, body in blocks if kind in {"csv", "text"} and name}
    for name, body in files.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    commands = [body for kind, name, body in blocks if (kind, name) == ("sh", "compliance")]
    assert len(commands) >= 3
    outputs = []
    for body in commands:
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body.replace("pmpbridge", " ".join(COMMAND))],
            cwd=tmp_path,
            env=environment(PMPBRIDGE__DATA_DIR=str(tmp_path), PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        outputs.append(ended.stdout)
    assert "4 dispensers" in outputs[0]
    assert "zero report accepted" in outputs[1]
    assert "never reported" in outputs[2]
    assert "no report" in outputs[3]


def test_the_request_of_the_guide(empty: LiveGateway) -> None:
    (line,) = re.findall(r"^```sh http\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line.replace("http://127.0.0.1:8080", empty.url)],
        env=environment(TOKEN=_token(empty)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(ended.stdout)["dispensers"] == []
