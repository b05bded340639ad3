"""SCRIPT over HTTP by senders that have no bearer token, and what comes again: refused, or known, or tried anew."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.bootstrap import register_client
from gateway.errors import Unavailable
from gateway.model.audit import AuditAction
from gateway.security.clients import ClientRegistry
from gateway.testing import ALL_SCOPES, LiveGateway
from tests.factory import a_dispensation
from tests.unit.ncpdp.helpers import REQUESTS, VERSIONS
from tests.unit.ncpdp.rxfills import rxfill
from tests.unit.ncpdp.signing import renamed, with_digest, with_text

BOTH = pytest.mark.parametrize("version", VERSIONS)
REPORTED = a_dispensation(id=None, source_state=None, reported_at=None, revision=0)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path) as gateway:
        gateway.record([REPORTED])
        yield gateway


@pytest.fixture
def password(live: LiveGateway) -> str:
    """That of `oak`, which has nothing else."""
    shown = register_client(
        live.gateway.settings,
        "oak",
        scopes=ALL_SCOPES,
        organisation="Oak",
        role="Physician",
        digest_password=True,
    )
    assert isinstance(shown, str)
    return shown


def _post(live: LiveGateway, body: str | bytes, *, token: bool = False, **headers: str) -> requests.Response:
    sends = {"Content-Type": "application/xml", **headers}
    if token:
        sends["Authorization"] = f"Bearer {live.token()}"
    content = body.encode() if isinstance(body, str) else body
    return requests.post(f"{live.url}/ncpdp/script", data=content, headers=sends, timeout=30)


def _error(response: requests.Response) -> tuple[int, str, str | None]:
    """HTTP status, Code and DescriptionCode."""
    code = re.search("<Code>(.*?)</Code>", response.text)
    description = re.search("<DescriptionCode>(.*?)</DescriptionCode>", response.text)
    assert code is not None, response.text
    return response.status_code, code[1], description[1] if description else None


def _shows(response: requests.Response) -> bool:
    return response.status_code == 200 and REPORTED.rx_number in response.text


def _last(live: LiveGateway) -> tuple[AuditAction, str | None, str | None]:
    """Action, client and outcome of the last audit event."""
    event = list(live.gateway.audit.events())[-1]
    return event.action, event.client_id, event.outcome


@contextmanager
def _without(database: Path, table: str) -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        connection.close()

    rename(table, "gone")
    yield
    rename("gone", table)


# --- by digest ------------------------------------------------------------------------------------------------


@BOTH
def test_a_history_and_a_report_by_digest(live: LiveGateway, password: str, version: str) -> None:
    assert _shows(_post(live, with_digest(renamed(REQUESTS[version]), "oak", password)))
    assert _last(live)[1] == "oak"
    fill = rxfill(replace(REPORTED, rx_number="7009999"), version)
    assert "Recorded" in _post(live, with_digest(fill, "oak", password)).text


@BOTH
def test_a_message_that_is_sent_again_by_whoever_overheard_it(
    live: LiveGateway, password: str, version: str
) -> None:
    body = with_digest(renamed(REQUESTS[version]), "oak", password)
    assert _shows(_post(live, body))
    for again in (body, renamed(body)):
        response = _post(live, again)
        assert _error(response) == (401, "900", "003")
        assert "nonce" in response.text
        assert REPORTED.rx_number not in response.text
        assert _last(live) == (AuditAction.ACCESS_DENIED, "oak", "unauthenticated")


@BOTH
def test_a_clock_that_is_off_is_told_so(live: LiveGateway, password: str, version: str) -> None:
    late = datetime.now(UTC) - timedelta(minutes=6)
    response = _post(live, with_digest(renamed(REQUESTS[version]), "oak", password, at=late))
    assert _error(response) == (401, "900", "003")
    assert "more than 300 seconds off this server" in response.text


@BOTH
def test_who_is_not_who_it_says(live: LiveGateway, password: str, version: str) -> None:
    body = renamed(REQUESTS[version])
    said = []
    for client_id, tried in (("oak", "guess"), ("nobody", password), ("test-client", password)):
        response = _post(live, with_digest(body, client_id, tried))
        assert _error(response) == (401, "900", "003")
        said.append(re.sub("<(MessageID|SentTime)>.*?<", "", response.text))
    assert len(set(said)) == 1
    assert _error(_post(live, body)) == (401, "900", "003")
    assert _error(_post(live, with_text(body, "oak", password))) == (401, "900", "003")
    assert _shows(_post(live, with_text(body, "test-client", live.secret)))


@BOTH
def test_scopes_are_those_of_the_client(live: LiveGateway, password: str, version: str) -> None:
    clients = ClientRegistry(Path(live.gateway.settings.data_dir) / "clients.json")
    client = clients.find("oak")
    assert client is not None
    clients.put(replace(client, scopes=("system/MedicationDispense.c",)))
    assert _post(live, with_digest(renamed(REQUESTS[version]), "oak", password)).status_code == 403


def test_a_stranger_has_no_room(live: LiveGateway, password: str) -> None:
    body = with_digest(renamed(REQUESTS[VERSIONS[1]]), "oak", password)
    padded = body.replace("</Message>", " " * 300_000 + "</Message>")
    response = _post(live, padded)
    assert response.status_code == 413
    assert "262144" in response.text
    assert _shows(_post(live, padded, token=True)), "with a token there is room"
    assert _error(_post(live, "no XML"))[0] == 400


# --- under the same MessageID ---------------------------------------------------------------------------------


@BOTH
def test_a_look_up_that_was_answered_is_refused_when_it_comes_again(live: LiveGateway, version: str) -> None:
    body = renamed(REQUESTS[version], "ASK-1")
    assert _shows(_post(live, body, token=True))
    response = _post(live, body, token=True)
    assert _error(response) == (409, "900", "220")
    assert "Send it under a new id." in response.text
    assert "<RelatesToMessageID>ASK-1</RelatesToMessageID>" in response.text
    assert REPORTED.rx_number not in response.text
    assert _last(live) == (AuditAction.MESSAGE_REFUSED, "test-client", "duplicate")
    assert _shows(_post(live, renamed(body, "ASK-2"), token=True))
    nobody = renamed(body, "ASK-3").replace("Quillfeather", "Unheardof")
    assert _post(live, nobody, token=True).status_code == 200
    assert _error(_post(live, nobody, token=True)) == (409, "900", "220"), "no data is an answer"


@BOTH
def test_another_client_and_another_sender_have_their_own_ids(
    live: LiveGateway, password: str, version: str
) -> None:
    body = renamed(REQUESTS[version], "ASK-1")
    assert _shows(_post(live, body, token=True))
    assert _shows(_post(live, with_digest(body, "oak", password)))
    assert _shows(_post(live, body.replace("CHARTEROAK", "ELMSTREET"), token=True))
    assert _error(_post(live, with_digest(body, "oak", password))) == (409, "900", "220")


@BOTH
def test_without_an_id_nothing_is_remembered(live: LiveGateway, version: str) -> None:
    body = re.sub("<MessageID>.*</MessageID>", "", REQUESTS[version])
    for _ in range(2):
        assert _shows(_post(live, body, token=True))


@BOTH
def test_of_many_copies_at_once_one_is_answered(live: LiveGateway, version: str) -> None:
    live.token()
    for n in range(3):
        body = renamed(REQUESTS[version], f"ASK-{n}")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, body=body: _post(live, body, token=True), range(8)))
        assert [_shows(a) for a in answers].count(True) == 1
        assert [a.status_code for a in answers].count(409) == 7


@BOTH
@pytest.mark.parametrize(
    ("database", "table"), [("pmp.sqlite", "dispensation"), ("audit.sqlite", "audit_event")]
)
def test_what_failed_may_be_sent_again_as_it_is(
    live: LiveGateway, tmp_path: Path, version: str, database: str, table: str
) -> None:
    body = renamed(REQUESTS[version], "ASK-1")
    live.token()
    with _without(tmp_path / database, table):
        for _ in range(2):
            assert _error(_post(live, body, token=True)) == (503, "600", "210")
    assert _shows(_post(live, body, token=True))
    assert _error(_post(live, body, token=True)) == (409, "900", "220")


@BOTH
def test_what_was_refused_for_what_it_says_may_be_sent_corrected(live: LiveGateway, version: str) -> None:
    body = renamed(REQUESTS[version], "ASK-1")
    wrong = body.replace("1971-04-09", "1971-04-31")
    assert _error(_post(live, wrong, token=True))[:2] == (400, "900")
    assert (
        _post(live, body, Authorization=f"Bearer {live.token('system/MedicationDispense.c')}").status_code
        == 403
    )
    assert _shows(_post(live, body, token=True))


@BOTH
def test_a_report_that_is_sent_again_after_a_timeout_is_known(
    live: LiveGateway, password: str, version: str
) -> None:
    fill = rxfill(replace(REPORTED, rx_number="7009999"), version)
    first = _post(live, with_digest(fill, "oak", password))
    again = _post(live, with_digest(fill, "oak", password))
    assert "Recorded" in first.text
    assert "Known already" in again.text
    assert first.status_code == again.status_code == 200
    assert _error(again)[1] == "010"


def test_repeats_may_be_answered_where_that_is_set(tmp_path: Path) -> None:
    with LiveGateway(tmp_path, {"security": {"repeats": 0}}) as gateway:
        gateway.record([REPORTED])
        for _ in range(2):
            assert _shows(_post(gateway, REQUESTS[VERSIONS[0]], token=True))


def test_what_was_answered_is_forgotten_after_its_time(tmp_path: Path) -> None:
    with LiveGateway(tmp_path, {"security": {"repeats": 1}}) as gateway:
        gateway.record([REPORTED])
        body, until = REQUESTS[VERSIONS[0]], datetime.now(UTC) + timedelta(seconds=20)
        assert _shows(_post(gateway, body, token=True))
        while not _shows(_post(gateway, body, token=True)):
            assert datetime.now(UTC) < until, "the id is still remembered"


def test_when_what_was_seen_is_out_of_reach_nothing_is_answered(live: LiveGateway, monkeypatch: Any) -> None:
    def gone(*_: object) -> bool:
        raise Unavailable("The short-lived facts that the gateway needs cannot be reached now.")

    token = live.token()
    monkeypatch.setattr(live.gateway.ephemeral, "claim", gone)
    response = _post(live, REQUESTS[VERSIONS[0]], Authorization=f"Bearer {token}")
    assert _error(response) == (503, "600", "210")
    assert int(response.headers["Retry-After"]) > 0
