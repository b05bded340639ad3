"""When something of ours is broken: a native error that can be retried, never "no records", never half an answer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import requests
import structlog

from gateway.errors import Failure
from gateway.model import LookupRequest
from gateway.registry import load_registry
from gateway.testing import LiveGateway
from tests.factory import a_requester
from tests.integration.test_made_up_adapter import PIGEON

FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]


def _break(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement)
    connection.close()


@pytest.fixture
def live(tmp_path: Path):  # type: ignore[no-untyped-def]
    with LiveGateway(tmp_path) as gateway:
        gateway.seed(patients=4)
        yield gateway


@pytest.mark.parametrize(
    ("database", "table"), [("pmp.sqlite", "dispensation"), ("audit.sqlite", "audit_event")]
)
def test_a_broken_store_or_audit_is_an_error_in_every_format(
    live: LiveGateway, tmp_path: Path, database: str, table: str
) -> None:
    person = next(p for p in live.people if len(p.dispensations) > 2).person
    request = LookupRequest(person=person, requester=a_requester())
    live.token()
    _break(tmp_path / database, f"ALTER TABLE {table} RENAME TO gone")
    for adapter, format in FORMATS:
        partner = live.partner(adapter, format)
        with pytest.raises(Failure):
            partner.ask(request)
        response = live.responses[-1]
        assert response.status_code == 503, (format, response.text)
        assert int(response.headers["Retry-After"]) > 0
        assert person.name.family not in response.text.replace(person.name.given[0], "")
        for d in live.people[0].dispensations:
            assert d.rx_number not in response.text


def test_without_audit_no_token_is_given(live: LiveGateway, tmp_path: Path) -> None:
    _break(tmp_path / "audit.sqlite", "ALTER TABLE audit_event RENAME TO gone")
    response = requests.post(
        f"{live.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("test-client", live.secret),
        timeout=10,
    )
    assert response.status_code == 503
    assert response.json()["error"] == "temporarily_unavailable"


def test_not_ready_when_the_schema_is_not_the_one_needed(live: LiveGateway, tmp_path: Path) -> None:
    assert requests.get(f"{live.url}/ready", timeout=10).status_code == 200
    _break(tmp_path / "pmp.sqlite", "UPDATE store_version SET version_num = '9999'")
    assert requests.get(f"{live.url}/ready", timeout=10).status_code == 503
    assert requests.get(f"{live.url}/health", timeout=10).status_code == 200


def test_a_defect_is_answered_natively_and_logged_without_its_text(tmp_path: Path) -> None:
    """An exception's text may quote the message, so neither the answer nor the log may quote the exception."""
    package = tmp_path / "more" / "pigeon"
    package.mkdir(parents=True)
    source = PIGEON.replace(
        "if len(parts) != 3:", "if True:\n            raise ValueError(parts)\n        if False:"
    )
    (package / "__init__.py").write_text(source, encoding="utf-8")
    with (
        LiveGateway(tmp_path / "data", {"adapters": {"folders": [str(package.parent)]}}) as live,
        structlog.testing.capture_logs() as logs,
    ):
        bearer = {"Authorization": f"Bearer {live.token()}"}
        response = requests.post(
            f"{live.url}/pigeon/ask", data=b"Verysecret|Name|2000-01-01", headers=bearer, timeout=10
        )
        assert response.status_code == 500
        assert response.text.startswith("COO")
        (entry,) = [entry for entry in logs if entry["event"] == "request.failed"]
        assert entry["error"].startswith("ValueError at pmpbridge_adapter_pigeon")
        assert entry["request_id"] in response.text
        assert "Verysecret" not in response.text + str(logs)
        assert [e.status for e in live.gateway.audit.events() if e.protocol == "pigeon"] == [500]
