"""People over HTTP: read, search and $match, what each leaves in the audit, and what no URL says."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.patient import Patient

from gateway.linking import Merge
from gateway.model import Address, Identifier, IdentifierKind, PersonName, Species
from gateway.model.audit import AuditAction, AuditEvent
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_person
from tests.unit.fhir.cases import JSON
from tests.unit.fhir.test_over_http import call

SCOPE = "system/Patient.rs"
ELSEWHERE = Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850")
COMMON = (PersonName(family="Johnson", given=("Mary",)),)
ABOUT_HER = ("Quillfeather", "Marigold", "1971", "Larkspur", "06103", "5550142")


def record(live: LiveGateway, *people: Any) -> None:
    live.record(
        [
            a_dispensation(
                id=None, source_state=None, reported_at=None, revision=0, rx_number=str(n), person=one
            )
            for n, one in enumerate(people)
        ]
    )


def get(live: LiveGateway, path: str, **over: Any) -> requests.Response:
    return call(live, "GET", f"{live.url}/fhir/{path}", SCOPE, **over)


def match(live: LiveGateway, patient: dict[str, Any], **parameters: Any) -> requests.Response:
    given: list[dict[str, Any]] = [{"name": "resource", "resource": {"resourceType": "Patient", **patient}}]
    for name, value in parameters.items():
        given.append({"name": name, "valueBoolean" if isinstance(value, bool) else "valueInteger": value})
    body = {"resourceType": "Parameters", "parameter": given}
    return call(live, "POST", f"{live.url}/fhir/Patient/$match", SCOPE, json=body)


def patients(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    Bundle.model_validate_json(response.content)
    return [one for one in response.json().get("entry", []) if one["search"]["mode"] == "match"]


def events(live: LiveGateway, *actions: AuditAction) -> list[AuditEvent]:
    return [one for one in live.gateway.audit.events() if one.action in actions]


HER = {
    "name": [{"family": "Quillfeather", "given": ["Marigold", "Ann"]}],
    "birthDate": "1971-04-09",
    "gender": "female",
    "telecom": [{"system": "phone", "value": "8605550142"}],
}


def test_a_person_by_match_by_search_and_by_key_is_one_patient(empty: LiveGateway) -> None:
    ssn = Identifier(kind=IdentifierKind.SSN, value="987654320")
    record(empty, a_person(identifiers=(ssn,)), a_person(addresses=(ELSEWHERE,)))
    (entry,) = patients(match(empty, HER))
    found = entry["resource"]
    Patient.model_validate(found)
    assert found["identifier"] == [{"system": "urn:x-pmpbridge:person", "value": found["id"]}]
    assert [(one["city"], one.get("use")) for one in found["address"]] == [
        ("Norwalk", None),
        ("Hartford", "old"),
    ]
    assert [one["use"] for one in found["name"]] == ["official"]
    assert found["meta"]["source"] == "urn:x-pmpbridge:state:CT"
    assert "987654320" not in str(found)
    read = get(empty, f"Patient/{found['id']}")
    assert (read.status_code, read.json()) == (200, found)
    for query in (
        "family=quill&birthdate=1971-04-09",
        "name=mari&birthdate=1971-04-09&gender=female",
        f"_id={found['id']}",
        f"identifier={found['id']}",
        f"identifier=urn:x-pmpbridge:person|{found['id']}",
    ):
        assert [one["resource"] for one in patients(get(empty, f"Patient?{query}"))] == [found], query
    history = call(
        empty, "GET", f"{empty.url}/fhir/MedicationDispense", params={"patient": f"Patient/{found['id']}"}
    )
    assert history.json()["total"] == 2


def test_grades_scores_and_evidence(empty: LiveGateway) -> None:
    here, there = a_person(names=COMMON), a_person(names=COMMON, phones=(), addresses=(ELSEWHERE,))
    record(empty, here, there)
    her = {**HER, "name": [{"family": "Johnson", "given": ["Mary"]}]}
    best, other = patients(match(empty, her))
    grades = [one["search"]["extension"][0]["valueCode"] for one in (best, other)]
    assert grades[0] == "certain" != grades[1]
    assert 1 >= best["search"]["score"] > other["search"]["score"] >= 0
    levels = best["search"]["extension"][1:]
    assert {part["url"] for one in levels for part in one["extension"]} == {"field", "level", "weight"}
    assert not any(value in str(levels) for value in ("Johnson", "Mary", "1971", "5550142"))
    assert [one["resource"]["id"] for one in patients(match(empty, her, count=1))] == [best["resource"]["id"]]
    certain = patients(match(empty, her, onlyCertainMatches=True))
    assert [one["resource"]["id"] for one in certain] == [best["resource"]["id"]]

    bare = {**her, "telecom": []}
    nobody = match(empty, bare, onlyCertainMatches=True)
    assert patients(nobody) == []
    (outcome,) = nobody.json()["entry"]
    assert outcome["search"]["mode"] == "outcome"
    assert "certainly" in outcome["resource"]["issue"][0]["diagnostics"]
    assert len(patients(match(empty, bare))) == 2


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ({"resourceType": "Parameters"}, "Parameters"),
        ({"resourceType": "Patient"}, None),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "resource", "resource": {"resourceType": "Basic"}}],
            },
            "Parameters.parameter[0].resource.resourceType",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "resource", "resource": {"resourceType": "Patient", "birthDate": "1971-04-09"}}
                ],
            },
            "Parameters.parameter[0].resource",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "resource", "resource": {"resourceType": "Patient", **HER}},
                    {"name": "count", "valueInteger": 0},
                ],
            },
            "Parameters.parameter[1].valueInteger",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "resource", "resource": {"resourceType": "Patient", **HER}},
                    {"name": "onlyCertainMatches", "valueBoolean": "yes"},
                ],
            },
            "Parameters.parameter[1].valueBoolean",
        ),
    ],
)
def test_what_cannot_be_matched_is_named(empty: LiveGateway, body: Any, expression: str | None) -> None:
    refused = call(empty, "POST", f"{empty.url}/fhir/Patient/$match", SCOPE, json=body)
    (issue,) = refused.json()["issue"]
    assert refused.status_code == 400, refused.text
    if expression is not None:
        assert issue["expression"][0].startswith(expression)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("name=quill", "too-costly"),
        ("gender=female&name=quill", "too-costly"),
        ("birthdate=1971-04-09", "too-costly"),
        ("birthdate=1971-04&name=quill", "too-costly"),
        ("birthdate=ge1971-04-09&name=quill", "too-costly"),
        ("birthdate=1971-04-09,1971-04-10&name=quill", "too-costly"),
        ("identifier=http://hl7.org/fhir/sid/us-ssn|987654320", "too-costly"),
        ("identifier=urn:x-pmpbridge:person|", "too-costly"),
        ("", "too-costly"),
        ("birthdate=1971-04-09&name:missing=true", "not-supported"),
        ("birthdate=1971-04-09&gender=lady&name=quill", "value"),
    ],
)
def test_what_is_not_searched_for_is_refused_by_name(empty: LiveGateway, query: str, code: str) -> None:
    refused = get(empty, f"Patient?{query}")
    assert refused.status_code == 400
    assert refused.json()["issue"][0]["code"] == code
    assert not any(word in refused.text for word in ("quill", "1971", "987654320", "lady"))


def test_pages_and_no_url_says_anything_about_her(empty: LiveGateway) -> None:
    given = ("Ann", "Bo", "Cy", "Dee", "Eve")
    record(empty, *(a_person(names=(PersonName(family="Quillfeather", given=(one,)),)) for one in given))
    form = {"family": "quill", "birthdate": "1971-04-09", "_count": "2"}
    page = call(empty, "POST", f"{empty.url}/fhir/Patient/_search", SCOPE, data=form)
    seen: list[str] = []
    while True:
        seen += [one["resource"]["id"] for one in patients(page)]
        assert page.json()["total"] == 5
        links = {one["relation"]: one["url"] for one in page.json()["link"]}
        for url in [*links.values(), *(one["fullUrl"] for one in page.json()["entry"])]:
            assert not any(word.lower() in url.lower() for word in (*ABOUT_HER, "quill", "1971"))
        assert len(seen) <= 5
        if "next" not in links:
            break
        page = call(empty, "GET", links["next"], SCOPE)
    assert len(set(seen)) == 5


def test_nobody_is_an_empty_searchset(empty: LiveGateway) -> None:
    nobody = get(empty, "Patient?name=quill&birthdate=1971-04-09")
    assert (patients(nobody), nobody.json()["total"]) == ([], 0)
    unknown = get(empty, "Patient/0000000000000")
    assert (unknown.status_code, unknown.json()["issue"][0]["code"]) == (404, "not-found")
    assert get(empty, "Patient/no~body").status_code == 404
    assert (
        requests.head(
            f"{empty.url}/fhir/Patient/0000000000000",
            headers={"Authorization": f"Bearer {empty.token(SCOPE)}"},
            timeout=30,
        ).status_code
        == 404
    )


def test_a_merged_person_is_read_by_the_old_key_and_says_so(empty: LiveGateway) -> None:
    record(empty, a_person(names=COMMON), a_person(names=COMMON, phones=(), addresses=(ELSEWHERE,)))
    one, other = (
        entry["resource"]["id"] for entry in patients(get(empty, "Patient?name=john&birthdate=1971-04-09"))
    )
    linking = empty.gateway.linking
    linking.carry_out(linking.propose(Merge(one, other), by="operator:hazel", reason="same"))
    read = get(empty, f"Patient/{one}").json()
    assert read["id"] == other
    assert read["link"] == [{"other": {"reference": f"Patient/{one}"}, "type": "replaces"}]
    (entry,) = patients(get(empty, f"Patient?_id={one}"))
    assert entry["resource"] == read


def test_an_animal_has_its_owner(empty: LiveGateway) -> None:
    owner = a_person(key=None, appearance=None)
    name = PersonName(family="Quillfeather", given=("Biscuit",))
    record(empty, a_person(names=(name,), species=Species.VETERINARY, owner=owner))
    (entry,) = patients(get(empty, "Patient?given=biscuit&birthdate=1971-04-09"))
    Patient.model_validate(entry["resource"])
    (contact,) = entry["resource"]["contact"]
    assert contact["name"]["given"] == ["Marigold", "Ann"]


def test_each_request_is_one_event_that_says_whom_it_showed(empty: LiveGateway) -> None:
    record(empty, a_person())
    (entry,) = patients(match(empty, HER))
    key = entry["resource"]["id"]
    get(empty, f"Patient/{key}")
    get(empty, "Patient?name=quill&birthdate=1971-04-09")
    get(empty, "Patient?name=johnson&birthdate=1971-04-09")
    told = events(empty, AuditAction.PERSON_SEARCHED, AuditAction.PERSON_SHOWN)
    assert [(one.action, one.operation, one.count, one.person_key, one.outcome) for one in told] == [
        (AuditAction.PERSON_SEARCHED, "match", 1, key, "found"),
        (AuditAction.PERSON_SHOWN, "patient-read", 1, key, "found"),
        (AuditAction.PERSON_SEARCHED, "patient-search", 1, key, "found"),
        (AuditAction.PERSON_SEARCHED, "patient-search", 0, None, "nobody"),
    ]
    assert told[0].evidence is not None
    assert not any(word in str(told) for word in ABOUT_HER)


def test_who_may_not_is_refused(empty: LiveGateway) -> None:
    record(empty, a_person())
    base = f"{empty.url}/fhir/Patient"
    for method, url, over in (
        ("GET", f"{base}/0000000000000", {}),
        ("GET", f"{base}?name=quill&birthdate=1971-04-09", {}),
        ("POST", f"{base}/_search", {"data": {"name": "quill", "birthdate": "1971-04-09"}}),
        ("POST", f"{base}/$match", {"json": {"resourceType": "Parameters"}}),
    ):
        refused = call(empty, method, url, "pdmp/history", "system/MedicationDispense.rs", **over)
        assert refused.status_code in {400, 403}, url
        if "json" not in over:
            assert refused.status_code == 403
            assert refused.json()["issue"][0]["code"] == "forbidden"
        assert requests.request(method, url, timeout=30, **over).status_code == 401
    assert events(empty, AuditAction.PERSON_SEARCHED, AuditAction.PERSON_SHOWN) == []
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": {"resourceType": "Patient", **HER}}],
    }
    refused = call(empty, "POST", f"{base}/$match", "pdmp/history", json=body)
    assert refused.status_code == 403
    assert refused.headers["Content-Type"].startswith(JSON)
