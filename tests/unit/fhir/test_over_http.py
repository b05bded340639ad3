"""Report, read, search and look up over HTTP: what one answer names, the next request finds."""

from __future__ import annotations

from typing import Any

import requests

from gateway.linking import Merge
from gateway.testing import LiveGateway
from tests.unit.fhir.cases import JSON, reported
from tests.unit.fhir.test_requests import parameters


def call(live: LiveGateway, method: str, url: str, *scopes: str, **over: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {live.token(*scopes)}", **over.pop("headers", {})}
    if "json" in over:
        headers["Content-Type"] = JSON
    return requests.request(method, url, headers=headers, timeout=30, **over)


def test_a_dispensation_from_report_to_history(empty: LiveGateway) -> None:
    base = f"{empty.url}/fhir"
    created = call(
        empty, "POST", f"{base}/MedicationDispense", "system/MedicationDispense.c", json=reported()
    )
    assert created.status_code == 201, created.text
    again = call(empty, "POST", f"{base}/MedicationDispense", json=reported())
    assert (again.status_code, again.headers["Location"]) == (200, created.headers["Location"])

    read = call(empty, "GET", created.headers["Location"], "system/MedicationDispense.rs")
    assert read.status_code == 200, read.text
    assert read.json() == created.json()
    assert read.headers["ETag"] == created.headers["ETag"]

    patient = read.json()["subject"]["reference"]
    query = {"patient": patient, "whenprepared": ["ge2026-09-01", "le2026-09-30"], "status": "completed"}
    found = call(empty, "GET", f"{base}/MedicationDispense", "system/MedicationDispense.rs", params=query)
    assert found.json()["total"] == 1, found.text
    assert found.json()["entry"][0]["fullUrl"] == created.headers["Location"]
    assert call(empty, "GET", found.json()["link"][0]["url"]).json()["total"] == 1
    posted = call(empty, "POST", f"{base}/MedicationDispense/_search", data={"patient": patient})
    assert posted.json()["total"] == 1
    earlier = call(
        empty, "GET", f"{base}/MedicationDispense", params={"patient": patient, "whenprepared": "lt2026-09"}
    )
    assert (earlier.status_code, earlier.json()["total"]) == (200, 0)

    history = call(empty, "POST", f"{base}/$pdmp-history", "pdmp/history", json=parameters())
    (data,) = (p["resource"] for p in history.json()["parameter"])
    keys = [e["resource"]["identifier"] for e in data["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert [f"Patient/{i['value']}" for (i,) in keys] == [patient]
    assert "900-12-3456" not in history.text + read.text + found.text


def test_what_was_given_out_before_a_merge_still_answers(empty: LiveGateway) -> None:
    """By the old key the whole history, by the old id the dispensation where it is now, and never "no records"."""
    base, merged = f"{empty.url}/fhir", []
    for family, number in (("Quillfeather", "7001234"), ("Hawthorne", "7009999")):
        sent = reported()
        patient = next(one for one in sent["contained"] if one["resourceType"] == "Patient")
        patient["name"] = [{"family": family, "given": ["Marigold"]}]
        patient["address"] = [{"city": family, "state": "CT"}]
        del patient["telecom"]
        sent["authorizingPrescription"][0]["identifier"]["value"] = number
        merged.append(call(empty, "POST", f"{base}/MedicationDispense", json=sent))
    before, other = (one.json()["subject"]["reference"] for one in merged)
    assert before != other, "or this test shows nothing"
    linking = empty.gateway.linking
    keys = [one.rpartition("/")[2] for one in (before, other)]
    linking.carry_out(linking.propose(Merge(*keys), by="operator:hazel", reason="married"))

    found = call(empty, "GET", f"{base}/MedicationDispense", params={"patient": before}).json()
    assert found["total"] == 2
    fills = [one["resource"] for one in found["entry"] if one["search"]["mode"] == "match"]
    assert [one["subject"]["reference"] for one in fills] == [other, other]
    read = call(empty, "GET", merged[0].headers["Location"])
    assert (read.status_code, read.json()["subject"]["reference"]) == (200, other)
    again = call(empty, "GET", f"{base}/MedicationDispense/{read.json()['id']}")
    assert again.json() == read.json()


def test_each_route_asks_for_its_scope(empty: LiveGateway) -> None:
    base = f"{empty.url}/fhir"
    for method, url, over, scope in (
        ("POST", f"{base}/$pdmp-history", {"json": parameters()}, "system/MedicationDispense.rs"),
        ("POST", f"{base}/MedicationDispense", {"json": reported()}, "system/MedicationDispense.rs"),
        ("GET", f"{base}/MedicationDispense?patient=K", {}, "pdmp/history"),
        ("GET", f"{base}/MedicationDispense/K-1", {}, "system/MedicationDispense.c"),
    ):
        refused = call(empty, method, url, scope, **over)
        assert refused.status_code == 403, url
        assert refused.json()["issue"][0]["code"] == "forbidden"
    assert empty.gateway.store.dispensations() == 0


def test_errors_of_every_route_are_operation_outcomes(empty: LiveGateway) -> None:
    base = f"{empty.url}/fhir"
    for method, path, status, code in (
        ("GET", "/MedicationDispense/nobody-1", 404, "not-found"),
        ("GET", "/MedicationDispense/no~body", 404, "not-found"),
        ("GET", "/Observation", 404, "not-supported"),
        ("DELETE", "/MedicationDispense/K-1", 405, "not-supported"),
        ("GET", "/MedicationDispense", 400, "required"),
        ("GET", "/metadata?_format=ttl", 406, "not-supported"),
    ):
        response = call(empty, method, base + path)
        (issue,) = response.json()["issue"]
        assert (response.status_code, issue["code"]) == (status, code), path
        assert response.headers["Content-Type"].startswith(JSON)


def test_what_the_server_says_of_itself_needs_no_token(empty: LiveGateway) -> None:
    metadata = requests.get(f"{empty.url}/fhir/metadata", timeout=30)
    smart = requests.get(f"{empty.url}/fhir/.well-known/smart-configuration", timeout=30)
    assert metadata.json()["implementation"]["url"] == f"{empty.url}/fhir"
    assert smart.json()["token_endpoint"] == f"{empty.url}/oauth/token"


def test_a_product_in_no_list_is_kept_as_sent_and_said_to_be_unknown(empty: LiveGateway) -> None:
    base = f"{empty.url}/fhir"
    body = reported()
    body["medicationCodeableConcept"] = {
        "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "55555555555"}],
        "text": "Wonderfulol 3 MG",
    }
    preferred = {"Prefer": "return=OperationOutcome"}
    created = call(empty, "POST", f"{base}/MedicationDispense", json=body, headers=preferred)
    assert created.status_code == 201, created.text
    (issue,) = created.json()["issue"]
    assert (issue["severity"], "drug table" in issue["details"]["text"]) == ("warning", True)
    assert issue["expression"][0].startswith("MedicationDispense.medication")

    history = call(empty, "POST", f"{base}/$pdmp-history", "pdmp/history", json=parameters())
    (data,) = (p["resource"] for p in history.json()["parameter"])
    shown = {e["resource"]["resourceType"]: e["resource"] for e in data["entry"]}
    concept = shown["MedicationDispense"]["medicationCodeableConcept"]
    assert (concept["coding"][0]["code"], concept["text"]) == ("55555555555", "Wonderfulol 3 MG")
    (classed,) = shown["MedicationKnowledge"]["medicineClassification"]
    assert classed["classification"] == [{"text": "unknown"}]
