"""The outbound client against a server that answers what the test tells it to."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from adapters.fhir import ADAPTER
from adapters.fhir.media import FHIR_JSON
from gateway.errors import (
    Failure,
    Forbidden,
    GatewayError,
    MessageError,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedFormat,
)
from gateway.model import LookupRequest, Outcome, StateOutcome, Wanted
from gateway.ports import Outbound, Partner, PartnerSettings
from tests.factory import a_lookup, an_answer
from tests.unit.fhir.cases import answers, inbound, written


class Server:
    """Answers every POST with `answer` and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer = Outbound(body=b"", content_type="text/plain")
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.sent.append((self.path, dict(self.headers), body))
                self.send_response(server.answer.status)
                for name, value in (*server.answer.headers, ("Content-Type", server.answer.content_type)):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(server.answer.body)))
                self.end_headers()
                self.wfile.write(server.answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/fhir/"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def partner(server: Server) -> Iterator[Partner]:
    found = ADAPTER.partner(PartnerSettings(url=server.url, token=lambda: "t0ken", timeout=5))
    yield found
    found.close()


@pytest.mark.parametrize("name", answers())
def test_every_outcome_comes_over(server: Server, partner: Partner, name: str) -> None:
    answer = answers()[name]
    server.answer = ADAPTER.write(answer, inbound())
    told = partner.ask(a_lookup())
    assert (told.outcome, told.detail) == (answer.outcome, answer.detail)
    assert told.report_id == answer.report_id
    assert len(told.dispensations) == len(answer.dispensations)
    assert told.retry_after == answer.retry_after


@pytest.mark.parametrize(
    ("name", "asked", "outcome", "silent"),
    [
        ("complete", ("CT",), Outcome.COMPLETE, []),
        ("complete", ("NY",), Outcome.PARTIAL, ["NY"]),
        ("complete", ("CT", "NY"), Outcome.PARTIAL, ["NY"]),
        ("no-data", ("NY",), Outcome.NO_DATA, []),  # the partner is New York's, and names nobody
        ("no-data", ("CT", "NY"), Outcome.PARTIAL, ["CT", "NY"]),
        ("ambiguous", ("CT", "NY"), Outcome.AMBIGUOUS, []),
    ],
)
def test_a_state_that_the_answer_does_not_name_has_not_answered(
    server: Server, partner: Partner, name: str, asked: tuple[str, ...], outcome: Outcome, silent: list[str]
) -> None:
    server.answer = ADAPTER.write(answers()[name], inbound())
    told = partner.ask(a_lookup(states=asked))
    assert told.outcome is outcome
    assert [s.state for s in told.states if s.outcome is Outcome.ERROR] == silent


def test_of_a_page_nothing_is_said_about_states(server: Server, partner: Partner) -> None:
    """The records are on it, or they are not: a state that is not named has not failed."""
    silent = StateOutcome(state="NY", outcome=Outcome.ERROR, detail="NY has not answered.")
    for states in ((), (silent,)):
        linked = an_answer(
            outcome=Outcome.PARTIAL if states else Outcome.COMPLETE,
            dispensations=(),
            states=states,
            link="https://pmp.example/report/x",
        )
        server.answer = ADAPTER.write(linked, inbound())
        answer = partner.ask(a_lookup(states=("CT", "MA", "NY"), wants=frozenset({Wanted.LINK})))
        assert (answer.outcome, answer.link) == (Outcome.PARTIAL, "https://pmp.example/report/x")
        assert [(s.state, s.outcome) for s in answer.states] == [(s.state, s.outcome) for s in states]
        assert answer.detail is not None
        assert "link to a page" in answer.detail


def test_data_beside_a_link_are_held_against_the_states(server: Server, partner: Partner) -> None:
    server.answer = ADAPTER.write(an_answer(link="https://pmp.example/report/x"), inbound())
    answer = partner.ask(a_lookup(states=("CT", "MA"), wants=frozenset(Wanted)))
    assert answer.outcome is Outcome.PARTIAL
    assert {s.state: s.outcome for s in answer.states} == {"CT": Outcome.COMPLETE, "MA": Outcome.ERROR}
    assert server.sent[-1][1]["X-PMP-Return"] == "data, link"


def test_what_is_sent(server: Server, partner: Partner) -> None:
    server.answer = ADAPTER.write(answers()["no-data"], inbound())
    partner.ask(a_lookup())
    path, headers, body = server.sent[-1]
    assert path == "/fhir/$pdmp-history"
    assert headers["Authorization"] == "Bearer t0ken"
    assert (headers["Content-Type"], headers["Accept"]) == ("application/fhir+json", "application/fhir+json")
    request = ADAPTER.read(inbound(body=body))
    assert request == replace(
        a_lookup(), message_id=None, requester=replace(a_lookup().requester, state=None)
    )
    assert b"7KQ4M2XT9R0AB" not in body
    assert "X-PMP-States" not in headers


def test_the_states_that_are_asked_are_sent(server: Server, partner: Partner) -> None:
    server.answer = ADAPTER.write(answers()["no-data"], inbound())
    partner.ask(a_lookup(states=("CT", "NY")))
    _, headers, body = server.sent[-1]
    request = ADAPTER.read(inbound(body=body, headers={"x-pmp-states": headers["X-PMP-States"]}))
    assert isinstance(request, LookupRequest)
    assert request.states == ("CT", "NY")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, MessageError),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (405, MethodNotAllowed),
        (406, UnsupportedFormat),
        (408, Unavailable),
        (413, TooLarge),
        (415, UnsupportedFormat),
        (422, MessageError),
        (429, Unavailable),
        (301, Failure),
        (204, Failure),
        (500, Failure),
        (503, Unavailable),
    ],
)
def test_every_refusal_is_an_error(
    server: Server, partner: Partner, status: int, kind: type[GatewayError]
) -> None:
    body = b'{"resourceType":"OperationOutcome","issue":[{"diagnostics":"about Marigold Quillfeather"}]}'
    server.answer = Outbound(
        body=b"" if status == 204 else body,
        content_type="application/fhir+json",
        status=status,
        headers=(("Retry-After", "17"), ("Location", f"{server.url}elsewhere")),
    )
    with pytest.raises(GatewayError) as caught:
        partner.ask(a_lookup())
    assert type(caught.value) is kind
    assert "Quillfeather" not in str(caught.value)
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry_after == 17


def _history(**over: Any) -> dict[str, Any]:
    parameters = written(answers()["partial"])
    return {**parameters, **over}


def _spoilt(member: str, value: Any) -> dict[str, Any]:
    parameters = json.loads(json.dumps(written(answers()["partial"]), default=float))
    (dispense,) = (
        e["resource"]
        for e in parameters["parameter"][0]["resource"]["entry"]
        if e["resource"]["resourceType"] == "MedicationDispense"
    )
    dispense[member] = value
    return parameters


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>welcome</html>",
        b"{}",
        b'{"resourceType": "Bundle"}',
        b'{"resourceType": "Parameters"}',
        b'{"resourceType": "Parameters", "parameter": []}',
        b'{"resourceType": "Parameters", "parameter": [{"name": "outcome"}]}',
        b'{"resourceType": "Parameters", "parameter": [{"name": "pdmp-history-data"}]}',
        json.dumps(
            _history(parameter=[{"name": "pdmp-history-data", "resource": {"resourceType": "Bundle"}}])
        ).encode(),
        json.dumps(_spoilt("whenPrepared", "2026-02-30")).encode(),
        json.dumps(_spoilt("quantity", None)).encode(),
        json.dumps(_spoilt("subject", {"reference": "urn:uuid:nobody"})).encode(),
        json.dumps(_spoilt("status", "whatever")).encode(),
    ],
)
def test_an_answer_that_is_not_understood_is_never_no_data(
    server: Server, partner: Partner, body: bytes
) -> None:
    server.answer = Outbound(body=body, content_type="application/fhir+json")
    with pytest.raises(Failure) as caught:
        partner.ask(a_lookup())
    assert "Quillfeather" not in str(caught.value)


def test_what_a_partner_withdrew_is_not_shown(server: Server, partner: Partner) -> None:
    server.answer = Outbound(
        body=json.dumps(_spoilt("status", "entered-in-error")).encode(), content_type="x/y"
    )
    assert partner.ask(a_lookup()).dispensations == ()


def test_an_answer_with_administrations_is_not_complete(server: Server, partner: Partner) -> None:
    parameters = json.loads(ADAPTER.write(answers()["complete"], inbound()).body)
    given = {"fullUrl": "urn:uuid:x", "resource": {"resourceType": "MedicationAdministration"}}
    parameters["parameter"][0]["resource"]["entry"].append(given)
    server.answer = Outbound(body=json.dumps(parameters).encode(), content_type="x/y")
    told = partner.ask(a_lookup())
    assert told.outcome is Outcome.PARTIAL
    assert told.detail is not None
    assert len(told.dispensations) == len(answers()["complete"].dispensations)


def test_an_answer_is_not_read_beyond_the_limit(server: Server, partner: Partner) -> None:
    server.answer = Outbound(body=b" " * 10_100_000, content_type=FHIR_JSON)
    with pytest.raises(Failure, match="larger"):
        partner.ask(a_lookup())


def test_a_compressed_answer_is_not_unpacked(server: Server, partner: Partner) -> None:
    body = gzip.compress(ADAPTER.write(answers()["no-data"], inbound()).body)
    headers = (("Content-Encoding", "gzip"),)
    server.answer = Outbound(body=body, content_type=FHIR_JSON, headers=headers)
    with pytest.raises(Failure, match="compressed"):
        partner.ask(a_lookup())


def test_nobody_there(server: Server) -> None:
    nobody = Server()
    nobody.close()
    partner = ADAPTER.partner(PartnerSettings(url=nobody.url, token=lambda: "t", timeout=2))
    with pytest.raises(Unavailable):
        partner.ask(a_lookup())
    partner.close()


def test_a_slow_partner_is_unavailable(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    session = requests.Session()

    def slow(*args: Any, **over: Any) -> None:
        assert over["timeout"] == 0.5
        raise requests.ReadTimeout

    monkeypatch.setattr(session, "post", slow)
    partner = ADAPTER.partner(
        PartnerSettings(url=server.url, token=lambda: "t", timeout=0.5, session=session)
    )
    with pytest.raises(Unavailable):
        partner.ask(a_lookup())


def test_a_partner_is_asked_by_demographics_only(partner: Partner) -> None:
    with pytest.raises(MessageError):
        partner.ask(a_lookup(person=None, person_key="K"))
