"""Over HTTP: staging and fetching, links and their page, and losses on request."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.errors import Forbidden, Unavailable
from gateway.model import Answer, CompoundPart, Outcome, QuantityUnit, Wanted
from gateway.model.audit import AuditAction, AuditEvent, staging_of
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_lookup, an_answer
from tests.unit.fhir.cases import answers, inbound, reported, resource, written
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_requests import parameters, request_message


@pytest.fixture
def held(empty: LiveGateway) -> LiveGateway:
    """A gateway whose record has one dispensation of the patient asked for."""
    call(empty, "POST", f"{empty.url}/fhir/MedicationDispense", json=reported())
    return empty


def history(live: LiveGateway, body: dict[str, Any] | None = None, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(live, "POST", f"{live.url}/fhir/$pdmp-history", json=body or parameters(), headers=names)


def staged(*extra: dict[str, Any]) -> dict[str, Any]:
    body = parameters()
    body["parameter"] = [p for p in body["parameter"] if p["name"] != "pre-stage-only"] + list(extra)
    return body


def said(response: requests.Response) -> Answer:
    assert response.status_code == 200, response.text
    return read_answer(parse(response.content))


def events(live: LiveGateway) -> list[AuditEvent]:
    return list(live.gateway.audit.events())


def linked(live: LiveGateway) -> str:
    link = said(history(live, X_PMP_Return="link")).link
    assert link is not None
    return link


def test_staged_and_fetched(held: LiveGateway, shared: Path) -> None:
    before = len(events(held))
    response = history(held, staged({"name": "pre-stage-only", "valueBoolean": True}))
    example = (
        shared
        / "standards/fhir-pdmp/examples/Parameters-pdmp-history-output-parameters-5-pre-stage-response.json"
    )
    theirs, ours = json.loads(example.read_text())["parameter"], response.json()["parameter"]
    assert [p["name"] for p in ours] == [p["name"] for p in theirs]
    mine, other = ours[1]["resource"]["issue"][0], theirs[1]["resource"]["issue"][0]
    assert {k: mine[k] for k in other} == other
    key = said(response).retrieval_key
    fetch = staged({"name": "pre-stage-retrieval-key", "valueString": key})
    answer = said(history(held, fetch))
    assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 1)

    fetch["parameter"][0]["resource"]["birthDate"] = "1971-04-10"
    refused = history(held, fetch)
    assert refused.status_code == 403
    assert key not in refused.text
    new = events(held)[before:]
    assert [e.action for e in new] == [
        AuditAction.HISTORY_STAGED,
        AuditAction.HISTORY_LOOKED_UP,
        AuditAction.ACCESS_DENIED,
    ]
    assert [e.count for e in new] == [0, 1, 0]


def test_a_staged_history_can_be_followed_in_the_audit(
    held: LiveGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its staging over a failure in the background to each fetch, by something that fetches nothing."""
    before = len(events(held))

    def fails(*_: object) -> None:
        raise Unavailable("The record cannot answer now.")

    with monkeypatch.context() as patch:
        patch.setattr(held.gateway.store, "candidates", fails)
        key = said(history(held, staged({"name": "pre-stage-only", "valueBoolean": True}))).retrieval_key
        assert key is not None
        end = time.monotonic() + 30
        while len(events(held)) < before + 2 and time.monotonic() < end:
            time.sleep(0.01)
    fetch = staged({"name": "pre-stage-retrieval-key", "valueString": key})
    assert history(held, fetch).status_code == 200
    fetch["parameter"][0]["resource"]["birthDate"] = "1971-04-10"
    assert history(held, fetch).status_code == 403
    new = events(held)[before:]
    assert [(e.operation, e.action) for e in new if e.operation != "gather"] == [
        ("stage", AuditAction.HISTORY_STAGED),
        ("fetch", AuditAction.HISTORY_LOOKED_UP),
        ("fetch", AuditAction.ACCESS_DENIED),
    ]
    (failed,) = (e for e in new if e.operation == "gather")
    assert (failed.action, failed.outcome) == (AuditAction.REQUEST_FAILED, "unavailable")
    assert {e.staging for e in new} == {staging_of(key)}
    assert key not in "".join(map(repr, new))
    log = call(held, "GET", f"{held.url}/fhir/AuditEvent").json()["entry"]
    details = [d for e in log for n in e["resource"]["entity"] for d in n.get("detail", ())]
    assert [d["valueString"] for d in details if d["type"] == "staging"] == [staging_of(key)] * 4
    assert history(held).status_code == 200
    assert (events(held)[-1].operation, events(held)[-1].staging) == ("pdmp-history", None)


def message(live: LiveGateway, *extra: dict[str, Any], **headers: str) -> Answer:
    """What `$process-message` answers."""
    sent = request_message()
    sent["entry"][1]["resource"] = {**staged(*extra), "id": "one"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    response = call(live, "POST", f"{live.url}/fhir/$process-message", json=sent, headers=names)
    assert response.status_code == 200, response.text
    header, body = (entry["resource"] for entry in response.json()["entry"])
    assert header["response"] == {"identifier": "m-1", "code": "ok"}
    return read_answer(parse(json.dumps(body).encode()))


def test_a_message_stages_fetches_and_links_too(held: LiveGateway) -> None:
    answer = message(held, {"name": "pre-stage-only", "valueBoolean": True})
    assert (answer.outcome, answer.dispensations) == (Outcome.DEFERRED, ())
    key = {"name": "pre-stage-retrieval-key", "valueString": answer.retrieval_key}
    assert len(message(held, key).dispensations) == 1
    linked = message(held, key, X_PMP_Return="link")
    assert (linked.outcome, linked.dispensations) == (Outcome.PARTIAL, ())
    assert linked.link is not None
    assert requests.post(linked.link, timeout=30).status_code == 200
    assert [(e.operation, e.action) for e in events(held)[-3:-1]] == [
        ("fetch", AuditAction.HISTORY_LOOKED_UP),
        ("fetch", AuditAction.REPORT_LINKED),
    ]


def test_losses_are_told_in_messages_and_searchsets(empty: LiveGateway) -> None:
    part = CompoundPart(sequence=1, ndc11="00093015001", quantity=Decimal("2"), unit=QuantityUnit.GRAM)
    new = {"id": None, "source_state": None, "reported_at": None, "revision": 0}
    empty.record([a_dispensation(compound=(part,), **new)])
    key = said(history(empty)).persons[0].key
    sent = request_message()
    asked = {
        "POST": (f"{empty.url}/fhir/$process-message", {"json": sent}),
        "GET": (f"{empty.url}/fhir/MedicationDispense", {"params": {"patient": key}}),
    }
    for method, (url, over) in asked.items():
        for headers, is_told in (({"X-PMP-Losses": "issues"}, True), ({}, False)):
            response = call(empty, method, url, headers=headers, **over)
            assert response.status_code == 200, response.text
            assert ("urn:x-pmpbridge:field" in response.text) is is_told


@pytest.mark.parametrize("path", ["MedicationDispense?patient=0", "MedicationDispense/x", "Patient/0"])
def test_only_a_report_has_a_link(empty: LiveGateway, path: str) -> None:
    """A search that was to bring a link alone must not bring the history."""
    for asked in ("link", "data, link", "everything"):
        refused = call(empty, "GET", f"{empty.url}/fhir/{path}", headers={"X-PMP-Return": asked})
        assert refused.status_code == 400, refused.text
        assert refused.json()["issue"][0]["code"] == "value"
        assert "X-PMP-Return" in refused.text


def test_our_own_client_stages_fetches_and_asks_for_a_link(held: LiveGateway) -> None:
    partner, asked = held.partner("fhir"), a_lookup(message_id=None)
    answer = partner.ask(replace(asked, stage_only=True))
    assert (answer.outcome, answer.dispensations) == (Outcome.DEFERRED, ())
    assert answer.retrieval_key is not None
    fetched = partner.ask(replace(asked, retrieval_key=answer.retrieval_key))
    assert (fetched.outcome, len(fetched.dispensations)) == (Outcome.COMPLETE, 1)
    assert fetched.analysis is not None
    with pytest.raises(Forbidden):
        partner.ask(replace(asked, retrieval_key="k" * 43))
    linked = partner.ask(replace(asked, wants=frozenset({Wanted.LINK}), states=("CT",)))
    assert (linked.outcome, linked.dispensations, linked.states) == (Outcome.PARTIAL, (), ())
    assert linked.link is not None
    assert requests.get(linked.link, timeout=30).status_code == 200


@pytest.mark.parametrize(("asked", "has_data"), [("link", False), ("data, link", True)])
def test_a_link_with_or_without_the_history(held: LiveGateway, asked: str, has_data: bool) -> None:
    response = history(held, X_PMP_Return=asked)
    names = [p["name"] for p in response.json()["parameter"]]
    assert names == ["pdmp-history-data"] * has_data + ["pdmp-history-link"]
    assert ("Quillfeather" in response.text) is has_data
    last = events(held)[-1]
    assert (last.action, last.count) == (AuditAction.REPORT_LINKED, int(has_data))


def test_a_link_opens_once(held: LiveGateway) -> None:
    link = linked(held)
    before = len(events(held))
    for _ in range(3):
        door = requests.get(link, timeout=30)
        assert door.status_code == 200
        assert "Quillfeather" not in door.text
    assert len(events(held)) == before
    page = requests.post(link, timeout=30)
    assert page.status_code == 200
    for words in (
        "Quillfeather",
        "newest fill first",
        'lang="en"',
        "<main>",
        "Disclaimers",
        "What is not shown",
    ):
        assert words in page.text
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    again = [requests.post(link, timeout=30), requests.get(link, timeout=30)]
    assert [r.status_code for r in again] == [410, 410]
    assert requests.get(f"{link}x", timeout=30).status_code == 404
    new = events(held)[before:]
    assert [(e.action, e.count, e.client_id) for e in new] == [
        (AuditAction.REPORT_OPENED, 1, "test-client"),
        (AuditAction.ACCESS_DENIED, 0, "test-client"),
        (AuditAction.ACCESS_DENIED, 0, "test-client"),
        (AuditAction.ACCESS_DENIED, 0, None),
    ]


def test_no_report_has_no_link(empty: LiveGateway) -> None:
    answer = said(history(empty, X_PMP_Return="link"))
    assert (answer.outcome, answer.link) == (Outcome.NO_DATA, None)


def test_nothing_leaves_while_the_report_cannot_be_kept(
    held: LiveGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = linked(held)

    def fails(*_: object) -> None:
        raise Unavailable("The short-lived facts cannot be reached now.")

    for name in ("put", "get", "take"):
        monkeypatch.setattr(held.gateway.ephemeral, name, fails)
    refused = history(held, X_PMP_Return="data, link")
    assert (refused.status_code, "Quillfeather" in refused.text) == (503, False)
    assert requests.post(link, timeout=30).status_code == 503


@pytest.mark.parametrize("header", ["X_PMP_Return", "X_PMP_Losses"])
def test_a_header_that_is_not_understood_is_refused(held: LiveGateway, header: str) -> None:
    assert history(held, **{header: "everything"}).status_code == 400


def test_a_link_with_a_warning_has_the_shape_of_the_example() -> None:

    partial = replace(answers()["partial"], dispensations=(), persons=(), link="https://pmp.example/report/x")
    ours = written(partial)["parameter"]
    assert [p["name"] for p in ours] == ["pdmp-history-link", "outcome"]
    assert [i["code"] for i in ours[1]["resource"]["issue"]] == ["incomplete"]


def test_losses_are_told_when_asked_for() -> None:

    part = CompoundPart(sequence=1, ndc11="00093015001", quantity=Decimal("2"), unit=QuantityUnit.GRAM)
    lossy = an_answer(dispensations=(a_dispensation(compound=(part,)),))
    assert ADAPTER.write(lossy, inbound()).losses
    assert "outcome" not in {p["name"] for p in written(lossy)["parameter"]}, "nobody has asked"
    outbound = ADAPTER.write(lossy, inbound(headers={"x-pmp-losses": "issues"}))
    (outcome,) = (p["resource"] for p in resource(outbound)["parameter"] if p["name"] == "outcome")
    told = [
        c["code"]
        for i in outcome["issue"]
        for c in i["details"]["coding"]
        if c["system"] == "urn:x-pmpbridge:field"
    ]
    assert told == list(outbound.losses)
    assert all(i["severity"] == "information" for i in outcome["issue"])
    assert read_answer(parse(outbound.body)).outcome is lossy.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("header", ["NY", "CT, NY", "ny,ct,CT"])
def test_states_that_cannot_be_asked_are_never_no_data(held: LiveGateway, header: str) -> None:
    answer = said(history(held, X_PMP_States=header))
    silent = {state.state for state in answer.states if state.outcome is Outcome.ERROR}
    if "CT" in header.upper():
        assert (answer.outcome, len(answer.dispensations)) == (Outcome.PARTIAL, 1)
        assert silent == {"NY"}
    else:
        assert (answer.outcome, answer.dispensations) == (Outcome.ERROR, ())


@pytest.mark.parametrize("header", ["", "CT,", "Connecticut", "C1", "CT NY"])
def test_states_that_are_no_codes_are_refused(held: LiveGateway, header: str) -> None:
    response = history(held, X_PMP_States=header)
    assert response.status_code == 400
    assert response.json()["issue"][0]["location"] == ["http.X-PMP-States"]


def test_a_link_alone_comes_without_figures(held: LiveGateway) -> None:
    text = history(held, X_PMP_Return="link").text
    assert "urn:x-pmpbridge:analysis" in history(held).text
    assert "urn:x-pmpbridge:analysis" not in text
