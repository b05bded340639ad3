"""A link over HTTP: opened once, revoked by whose it is, and never the end of a report that nobody has seen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import html

from gateway.bootstrap import register_client
from gateway.ephemeral import Memory
from gateway.errors import Conflict, NotFound, Unavailable
from gateway.model import Answer, Ingredient, LookupRequest, Outcome, Requester, Wanted
from gateway.model.audit import AuditAction, AuditEvent
from gateway.report_links import ReportLinks
from gateway.security.client import TokenSource
from gateway.testing import LiveGateway
from gateway.viewer import HEADERS
from tests.factory import NOW, a_dispensation, a_drug, a_lookup, a_requester, an_answer
from tests.unit.fhir.test_later import history, staged
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_requests import request_message

ASKED = a_lookup(requester=replace(a_requester(), client_id="test-client"), wants=frozenset({Wanted.LINK}))


@pytest.fixture
def held(empty: LiveGateway) -> LiveGateway:
    empty.record([_new(rx_number="7001234"), _new(rx_number="7001235", drug=_naloxone())])
    return empty


def _new(**over: Any) -> Any:
    return a_dispensation(**{"id": None, "source_state": None, "reported_at": None, "revision": 0, **over})


def _naloxone() -> Any:
    return a_drug(
        name="naloxone hydrochloride 40 MG/ML Nasal Spray",
        ndc11="69547035302",
        rxcui="1725059",
        ingredients=(Ingredient(name="naloxone"),),
    )


def link_of(live: LiveGateway) -> str:
    link = live.gateway.report_links(ASKED).link
    assert link is not None
    return link


def events(live: LiveGateway, count: int) -> list[AuditEvent]:
    return list(live.gateway.audit.events())[-count:]


def client_token(live: LiveGateway, client_id: str, *scopes: str) -> str:
    secret = register_client(live.gateway.settings, client_id, scopes=scopes)
    return TokenSource(f"{live.url}/oauth/token", client_id=client_id, secret=secret, scopes=scopes)()


def revoke(link: str, token: str | None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.delete(link, headers=headers, timeout=30)


# --- the page -------------------------------------------------------------------------------------------------


def test_the_page_has_the_history_without_naloxone(held: LiveGateway) -> None:
    page = requests.post(link_of(held), timeout=30)
    text = " ".join(html.fromstring(page.content).text_content().split())
    assert "7001234" in text
    assert "7001235" not in text
    assert "nasal spray" not in text.lower()
    assert "Active on" in text, "its figures"


def test_every_page_has_the_headers(held: LiveGateway) -> None:
    link = link_of(held)
    pages = [requests.get(link, timeout=30), requests.post(link, timeout=30), requests.post(link, timeout=30)]
    assert [page.status_code for page in pages] == [200, 200, 410]
    for page in pages:
        assert dict(HEADERS).items() <= dict(page.headers).items()
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"


def test_with_the_link_alone_no_figures_leave(held: LiveGateway) -> None:
    """They would say what lies behind it."""
    assert held.gateway.report_links(ASKED).analysis is None
    both = replace(ASKED, wants=frozenset(Wanted))
    assert held.gateway.report_links(both).analysis is not None


# --- what cannot be audited -----------------------------------------------------------------------------------


def test_a_report_whose_opening_cannot_be_audited_is_not_shown_and_not_lost(
    held: LiveGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(held)

    def fails(_: AuditEvent) -> None:
        raise Unavailable("The audit log cannot answer now.")

    with monkeypatch.context() as patch:
        patch.setattr(held.gateway.audit, "record", fails)
        refused = requests.post(link, timeout=30)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert "Quillfeather" not in refused.text
    opened = requests.post(link, timeout=30)
    assert (opened.status_code, "Quillfeather" in opened.text) == (200, True)
    assert requests.post(link, timeout=30).status_code == 410


def test_a_page_that_cannot_be_made_ends_nothing(held: LiveGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_of(held)

    def fails(*_: object) -> str:
        raise ValueError("Quillfeather")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.web.report.report_page", fails)
        refused = requests.post(link, timeout=30)
    assert (refused.status_code, "Quillfeather" in refused.text) == (500, False)
    assert events(held, 1)[0].action is AuditAction.REQUEST_FAILED
    assert requests.post(link, timeout=30).status_code == 200


def test_what_can_be_neither_shown_nor_kept_is_said_to_be_lost(
    held: LiveGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(held)

    def fails(*_: object) -> None:
        raise Unavailable("Not now.")

    monkeypatch.setattr(held.gateway.audit, "record", fails)
    monkeypatch.setattr(held.gateway.ephemeral, "put", fails)
    refused = requests.post(link, timeout=30)
    assert (refused.status_code, "Ask for a new link." in refused.text) == (503, True)
    assert "Quillfeather" not in refused.text


# --- revoking -------------------------------------------------------------------------------------------------


def test_who_asked_for_a_link_can_end_it(held: LiveGateway) -> None:
    link = link_of(held)
    done = revoke(link, held.token("pdmp/history"))
    assert (done.status_code, done.content) == (204, b"")
    for response in (requests.get(link, timeout=30), requests.post(link, timeout=30)):
        assert response.status_code == 410
        assert "revoked" in response.text
    again = revoke(link, held.token("pdmp/history"))
    assert (again.status_code, again.headers["Content-Type"]) == (410, "application/problem+json")
    assert again.json()["status"] == 410
    told = events(held, 4)
    assert [e.action for e in told] == [AuditAction.REPORT_REVOKED] + [AuditAction.ACCESS_DENIED] * 3
    assert [e.operation for e in told] == ["revoke", "open", "open", "revoke"]
    assert {e.client_id for e in told} == {"test-client"}
    assert len({e.report_id for e in told[:3]}) == 1
    assert told[0].report_id is not None


def test_nobody_else_can_end_it(held: LiveGateway) -> None:
    link = link_of(held)
    other = client_token(held, "other", "pdmp/history")
    narrow = client_token(held, "test-reporter", "system/MedicationDispense.c")
    unknown = revoke(f"{link}x", held.token("pdmp/history"))
    refused = [revoke(link, token) for token in (None, "x", narrow, other)]
    assert [r.status_code for r in refused] == [401, 401, 403, 404]
    assert refused[-1].json() == unknown.json(), "it is not told that there is one"
    assert refused[0].headers["WWW-Authenticate"].startswith("Bearer")
    assert {e.action for e in events(held, 5)} == {AuditAction.ACCESS_DENIED}
    assert requests.post(link, timeout=30).status_code == 200


def test_what_was_opened_cannot_be_revoked(held: LiveGateway) -> None:
    link = link_of(held)
    requests.post(link, timeout=30)
    assert revoke(link, held.token("pdmp/history")).status_code == 410


# --- time -----------------------------------------------------------------------------------------------------


class Clocked:
    """Links whose clock the test moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.links = ReportLinks(
            lookup=self.lookup,
            ephemeral=Memory(clock=self.passed),
            clock=lambda: self.now,
            url="https://pmp.example/report",
            lifetime=300,
        )

    def passed(self) -> float:
        return (self.now - NOW).total_seconds()

    def lookup(self, _: LookupRequest) -> Answer:
        return an_answer()

    def ticket(self) -> str:
        link = self.links(ASKED).link
        assert link is not None
        assert link.startswith("https://pmp.example/report/")
        return link.rpartition("/")[2]


def test_a_link_ends_and_is_remembered_for_a_day() -> None:
    clocked = Clocked()
    ticket = clocked.ticket()
    clocked.now += timedelta(seconds=299)
    clocked.links.peek(ticket)
    clocked.now += timedelta(seconds=2)
    for use in (clocked.links.peek, clocked.links.open):
        with pytest.raises(Conflict):
            use(ticket)
    with pytest.raises(Conflict):
        clocked.links.revoke(ticket, "test-client")
    clocked.now += timedelta(days=1)
    with pytest.raises(NotFound):
        clocked.links.open(ticket)


def test_what_is_given_back_lives_no_longer() -> None:
    clocked = Clocked()
    ticket = clocked.ticket()
    clocked.now += timedelta(seconds=200)
    clocked.links.give_back(ticket, clocked.links.open(ticket))
    clocked.now += timedelta(seconds=99)
    report = clocked.links.open(ticket)
    clocked.links.give_back(ticket, report)
    clocked.now += timedelta(seconds=2)
    with pytest.raises(Conflict):
        clocked.links.open(ticket)
    clocked.links.give_back(ticket, report)
    with pytest.raises(Conflict):
        clocked.links.open(ticket)


def test_what_was_revoked_while_it_was_open_does_not_come_back() -> None:
    clocked = Clocked()
    ticket = clocked.ticket()
    report = clocked.links.open(ticket)
    with pytest.raises(Conflict):
        clocked.links.revoke(ticket, "test-client")
    clocked.links.give_back(ticket, report)
    with pytest.raises(Conflict):
        clocked.links.open(ticket)


def test_a_partial_report_has_a_link_and_no_other_outcome_has() -> None:
    for outcome in Outcome:
        links = ReportLinks(
            lookup=lambda _, outcome=outcome: an_answer(outcome=outcome),
            ephemeral=Memory(),
            clock=lambda: datetime.now(UTC),
            url="https://pmp.example/report",
            lifetime=300,
        )
        assert (links(ASKED).link is not None) is (outcome in {Outcome.COMPLETE, Outcome.PARTIAL})


def test_a_link_of_a_requester_without_client_is_nobodys_to_revoke() -> None:
    clocked = Clocked()
    link = clocked.links(replace(ASKED, requester=Requester())).link
    assert link is not None
    with pytest.raises(NotFound):
        clocked.links.revoke(link.rpartition("/")[2], "")


# --- while Redis cannot be reached ----------------------------------------------------------------------------


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[LiveGateway]:
    """A gateway whose Redis does not answer."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        with LiveGateway(tmp_path, {"ephemeral": {"url": url}}) as live:
            live.record([_new()])
            yield live


def test_without_redis_nothing_is_staged_linked_or_opened(cut_off: LiveGateway) -> None:
    key = {"name": "pre-stage-retrieval-key", "valueString": "k" * 43}
    message = f"{cut_off.url}/fhir/$process-message"
    refused = [
        history(cut_off, staged({"name": "pre-stage-only", "valueBoolean": True})),
        history(cut_off, staged(key)),
        history(cut_off, X_PMP_Return="data, link"),
        call(cut_off, "POST", message, json=request_message(), headers={"X-PMP-Return": "link"}),
    ]
    for response in refused:
        assert (response.status_code, response.json()["resourceType"]) == (503, "OperationOutcome")
        assert int(response.headers["Retry-After"]) > 0
        assert "Quillfeather" not in response.text
    link = f"{cut_off.url}/report/{'k' * 43}"
    for page in (requests.get(link, timeout=30), requests.post(link, timeout=30)):
        assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
        assert int(page.headers["Retry-After"]) > 0
        assert "says nothing about whether a patient has records" in page.text
    assert revoke(link, cut_off.token("pdmp/history")).status_code == 503
    assert history(cut_off).status_code == 200, "a look-up needs no Redis"
