"""What a transaction or a batch reads: each entry as if it had come by itself."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle

from gateway.testing import LiveGateway
from tests.unit.fhir.cases import reported
from tests.unit.fhir.test_over_http import call

BOTH = ("system/MedicationDispense.c", "system/MedicationDispense.rs")


def post(
    live: LiveGateway, *entries: Any, kind: str = "batch", scopes: tuple[str, ...] = BOTH
) -> requests.Response:
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    response = call(live, "POST", f"{live.url}/fhir", *scopes, json=body)
    if response.ok:
        Bundle.model_validate_json(response.text)
    return response


def get(url: str, **request: str) -> dict[str, Any]:
    return {"request": {"method": "GET", "url": url, **request}}


def report(**over: Any) -> dict[str, Any]:
    return {"resource": {**reported(), **over}, "request": {"method": "POST", "url": "MedicationDispense"}}


@pytest.fixture
def known(empty: LiveGateway) -> tuple[str, str]:
    """Key of a patient, and id of her dispensation."""
    created = call(empty, "POST", f"{empty.url}/fhir/MedicationDispense", json=reported()).json()
    return created["subject"]["reference"].removeprefix("Patient/"), created["id"]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_each_is_answered_as_if_it_had_come_by_itself(
    empty: LiveGateway, known: tuple[str, str], kind: str
) -> None:
    key, id = known
    urls = (
        f"MedicationDispense/{id}",
        f"MedicationDispense?patient={key}&_revinclude=Provenance:target",
        f"{empty.url}/fhir/MedicationDispense/{id}/_history/1",
        f"Provenance/{id}",
        f"Provenance?target=MedicationDispense/{id}",
        f"MedicationDispense/{id}?_elements=status",
    )
    answer = post(empty, *map(get, urls), kind=kind).json()
    assert answer["type"] == f"{kind}-response"
    for url, entry in zip(urls, answer["entry"], strict=True):
        alone = call(empty, "GET", url if url.startswith("http") else f"{empty.url}/fhir/{url}", *BOTH)
        assert entry["response"]["status"] == "200"
        assert _lasting(entry["resource"]) == _lasting(alone.json())
        assert entry["response"].get("etag") == alone.headers.get("ETag")


def _lasting(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what each answer has of its own."""
    return {
        k: v
        for k, v in resource.items()
        if resource["resourceType"] != "Bundle" or k not in {"id", "timestamp"}
    }


def test_what_was_not_changed(empty: LiveGateway, known: tuple[str, str]) -> None:
    url = f"MedicationDispense/{known[1]}"
    fresh, stale = post(empty, get(url, ifNoneMatch='W/"1"'), get(url, ifNoneMatch='W/"0"')).json()["entry"]
    assert fresh == {"response": {**fresh["response"], "status": "304"}}
    assert stale["response"]["status"] == "200"


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_reads_see_what_the_same_bundle_reports(
    empty: LiveGateway, known: tuple[str, str], kind: str
) -> None:
    refill = report(whenPrepared="2026-09-20", whenHandedOver="2026-09-20")
    answer = post(empty, get(f"MedicationDispense?patient={known[0]}"), refill, kind=kind).json()
    read, recorded = answer["entry"]
    assert recorded["response"]["status"] == "201"
    assert read["resource"]["total"] == 2


def test_a_batch_answers_each_for_itself(empty: LiveGateway, known: tuple[str, str]) -> None:
    answer = post(
        empty,
        get("MedicationDispense?patient="),
        get("MedicationDispense/nobody-1"),
        get("Observation/1"),
        get(f"MedicationDispense/{known[1]}", ifMatch='W/"1"'),
        get(f"MedicationDispense/{known[1]}"),
        {"request": {"method": "DELETE", "url": f"MedicationDispense/{known[1]}"}},
    ).json()
    statuses = [entry["response"]["status"] for entry in answer["entry"]]
    assert statuses == ["400", "404", "400", "400", "200", "405"]
    for number, name in enumerate(("url", "url", "url", "ifMatch", None, "method")):
        if name is not None:
            (issue,) = answer["entry"][number]["response"]["outcome"]["issue"]
            assert issue["expression"] == [f"Bundle.entry[{number}].request.{name}"]
            assert issue["severity"] == "error"


def test_a_transaction_whose_read_cannot_be_records_nothing(
    empty: LiveGateway, known: tuple[str, str]
) -> None:
    before = empty.gateway.store.dispensations()
    refill = report(whenPrepared="2026-09-21", whenHandedOver="2026-09-21")
    refused = post(empty, refill, get("MedicationDispense?status=completed"), kind="transaction")
    assert refused.status_code == 400
    (issue,) = refused.json()["issue"]
    assert issue["expression"] == ["Bundle.entry[1].request.url"]
    denied = post(empty, refill, get(f"MedicationDispense/{known[1]}"), kind="transaction", scopes=BOTH[:1])
    assert denied.status_code == 403
    assert empty.gateway.store.dispensations() == before


def test_people_and_events_are_read_too(empty: LiveGateway, known: tuple[str, str]) -> None:
    scopes = (*BOTH, "system/Patient.rs", "audit/read")
    urls = (f"Patient/{known[0]}", f"Patient?_id={known[0]}", "AuditEvent?_count=1")
    answer = post(empty, *map(get, urls), kind="transaction", scopes=scopes).json()
    assert [e["response"]["status"] for e in answer["entry"]] == ["200"] * 3
    assert [e["resource"]["resourceType"] for e in answer["entry"]] == ["Patient", "Bundle", "Bundle"]


def test_who_may_not_read_people_reports_nothing_with_them(empty: LiveGateway) -> None:
    answer = post(empty, report(), get("Patient?_id=x"), kind="transaction")
    assert answer.status_code == 403
    assert empty.gateway.store.dispensations() == 0


def test_a_transaction_that_is_refused_shows_nothing(empty: LiveGateway, known: tuple[str, str]) -> None:
    spoilt = report(daysSupply={"value": 9})
    refused = post(empty, get(f"MedicationDispense/{known[1]}"), spoilt, kind="transaction")
    assert refused.status_code == 422
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_each_read_has_its_own_scope_and_its_own_event(empty: LiveGateway, known: tuple[str, str]) -> None:
    key, id = known
    denied = post(empty, get(f"MedicationDispense/{id}"), scopes=BOTH[:1]).json()
    assert [e["response"]["status"] for e in denied["entry"]] == ["403"]
    assert "resource" not in denied["entry"][0]
    only_reading = post(
        empty, get(f"MedicationDispense?patient={key}&_count=0"), get(f"Provenance/{id}"), scopes=BOTH[1:]
    )
    assert [e["response"]["status"] for e in only_reading.json()["entry"]] == ["200", "200"]


def test_what_left_is_audited_entry_by_entry(empty: LiveGateway, known: tuple[str, str]) -> None:
    key, id = known
    empty.token(*BOTH)
    before = len(list(empty.gateway.audit.events()))
    search = f"MedicationDispense?patient={key}"
    post(empty, get(search), get(f"{search}&type=RFP"), get(f"MedicationDispense/{id}", ifNoneMatch="*"))
    told = [
        (e.operation, e.status, e.count, e.person_key) for e in list(empty.gateway.audit.events())[before:]
    ]
    assert sorted(told[:-1], key=str) == sorted(
        [("search", 200, 1, key), ("search", 200, 0, key), ("read", 304, 0, key)], key=str
    )
    assert told[-1] == ("bundle", 200, 0, None)


def test_a_reference_by_a_search_is_refused_by_name(empty: LiveGateway) -> None:
    sent = report()
    sent["resource"]["authorizingPrescription"][0]["reference"] = "MedicationRequest?identifier=1"
    refused = post(empty, sent, kind="transaction")
    assert refused.status_code == 400
    (issue,) = refused.json()["issue"]
    assert (issue["code"], issue["expression"]) == ("not-supported", ["Bundle.entry[0].resource"])


def test_too_many_reads(empty: LiveGateway) -> None:
    assert post(empty, *[get("Provenance/x-1")] * 101).status_code == 413
