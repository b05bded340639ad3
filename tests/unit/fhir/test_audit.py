"""Audit events over HTTP: for who may, found by what they say, page by page, and of a patient with a key alone."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from fhir.resources.R4B.auditevent import AuditEvent as Resource
from fhir.resources.R4B.bundle import Bundle

from gateway import auditing
from gateway.model.audit import AuditAction
from gateway.testing import LiveGateway
from tests.factory import a_person
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_patients import ABOUT_HER, HER, get, match, patients, record

SCOPE = "audit/read"


def search(live: LiveGateway, query: str = "", **over: Any) -> requests.Response:
    return call(live, "GET", f"{live.url}/fhir/AuditEvent?{query}", SCOPE, **over)


def events(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    Bundle.model_validate_json(response.content)
    return [one["resource"] for one in response.json().get("entry", [])]


def subtypes(response: requests.Response) -> list[str]:
    return [one["subtype"][0]["code"] for one in events(response)]


@pytest.fixture
def key(empty: LiveGateway) -> str:
    """The key of one who was matched, read and searched for; a search beside her found nobody, a read failed."""
    record(empty, a_person())
    (entry,) = patients(match(empty, HER))
    found = str(entry["resource"]["id"])
    get(empty, f"Patient/{found}")
    get(empty, "Patient?name=johnson&birthdate=1971-04-09")
    get(empty, "Patient/0000000000000")
    return found


def test_an_event_says_who_asked_and_for_whom(empty: LiveGateway, key: str) -> None:
    shown, matched = events(search(empty, f"patient={key}"))
    for one in (shown, matched):
        Resource.model_validate(one)
        assert one["entity"][0]["what"] == {"reference": f"Patient/{key}"}
        clients = [agent["who"]["identifier"] for agent in one["agent"]]
        assert {"system": "urn:x-pmpbridge:client", "value": "test-client"} in clients
        assert [agent["requestor"] for agent in one["agent"]].count(True) == 1
        assert (one["outcome"], one["type"]["code"]) == ("0", "rest")
    assert (shown["action"], matched["action"]) == ("R", "E")
    read = call(empty, "GET", f"{empty.url}/fhir/AuditEvent/{shown['id']}", SCOPE)
    assert (read.status_code, read.json()) == (200, shown)
    assert events(search(empty, f"_id={shown['id']}")) == [shown]
    assert events(search(empty, f"entity=Patient/{key}&patient={key}")) == events(
        search(empty, f"patient={key}")
    )
    assert not any(word in search(empty).text for word in ABOUT_HER)


def test_events_are_found_by_what_they_say(empty: LiveGateway, key: str) -> None:
    assert subtypes(search(empty, "outcome=4")) == ["gateway:message:refuse"]
    assert set(subtypes(search(empty, "type=110114"))) == {"oauth:token:grant"}
    assert "oauth:token:grant" not in subtypes(search(empty, "type=rest"))
    assert subtypes(search(empty, "subtype=pmp:person:show")) == ["pmp:person:show"]
    assert (
        subtypes(search(empty, "subtype=pmp:person:show,pmp:person:search&action=E"))
        == ["pmp:person:search"] * 2
    )
    assert subtypes(search(empty, "subtype=nothing:of:the:kind")) == []
    named = "urn:x-pmpbridge:client|test-client"
    assert subtypes(search(empty, f"agent={named}&subtype=pmp:person:show")) == ["pmp:person:show"]
    assert events(search(empty, "agent=http://hl7.org/fhir/sid/us-npi|1023011178")) == []
    assert events(search(empty, "date=lt2020-01-01")) == []
    assert len(events(search(empty, f"date=ge2020-01-01&patient={key}"))) == 2
    posted = call(
        empty, "POST", f"{empty.url}/fhir/AuditEvent/_search", SCOPE, data={"patient": f"Patient/{key}"}
    )
    assert len(events(posted)) == 2


def test_pages_go_on_while_events_are_written(
    empty: LiveGateway, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "_AT_ONCE", 2)
    monkeypatch.setattr(auditing, "MOST_READ", 4)
    whole = [one.event.request_id for one in empty.gateway.audit.newest(1000)]
    page = search(empty, "_count=3")
    seen: list[str] = []
    for _ in range(100):
        seen += [one["entity"][-1]["what"]["identifier"]["value"] for one in events(page)]
        links = {one["relation"]: one["url"] for one in page.json()["link"]}
        if "next" not in links:
            break
        page = call(empty, "GET", links["next"], SCOPE)
    assert seen[-len(whole) :] == whole
    assert len(seen) == len(set(seen))
    rare = search(empty, "subtype=pmp:dispensation:report")
    assert "next" in {one["relation"] for one in rare.json()["link"]}, "read enough, and says so"


def test_reading_the_audit_is_audited(empty: LiveGateway, key: str) -> None:
    search(empty, f"patient={key}")
    newest = empty.gateway.audit.newest(1)[0].event
    assert (newest.action, newest.operation, newest.count) == (AuditAction.AUDIT_READ, "audit-search", 2)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("patient=A&patient=B", "patient"),
        ("patient=Practitioner/A", "patient"),
        ("agent=1023011178", "agent"),
        ("date=ne2026-01-01", "date"),
        ("date=2026-01-01,2026-01-02", "date"),
        ("date=yesterday", "date"),
        ("_id=1.1&patient=A", "_id"),
        ("_page=made-up", "_page"),
    ],
)
def test_what_cannot_be_searched_for_is_named(empty: LiveGateway, query: str, path: str) -> None:
    refused = search(empty, query)
    assert refused.status_code == 400, refused.text
    assert refused.json()["issue"][0]["location"] == [f"http.{path}"]


def test_who_may_not_sees_nothing(empty: LiveGateway, key: str) -> None:
    for path in ("AuditEvent", "AuditEvent/1.1", f"AuditEvent?patient={key}"):
        refused = call(empty, "GET", f"{empty.url}/fhir/{path}", "pdmp/history", "system/Patient.rs")
        assert refused.status_code == 403
        assert refused.json()["issue"][0]["code"] == "forbidden"
        assert 'scope="audit/read"' in refused.headers["WWW-Authenticate"]
    for id in ("1.999999", "0.1", "1", "x.y", "99999999999.1"):
        assert call(empty, "GET", f"{empty.url}/fhir/AuditEvent/{id}", SCOPE).status_code == 404, id
