"""Over HTTP: staging and fetching, links and their page, and losses on request."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.errors import Unavailable
from gateway.model import Answer, CompoundPart, Outcome, QuantityUnit
from gateway.model.audit import AuditAction, AuditEvent
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.cases import answers, inbound, reported, resource, written
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_requests import parameters


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
