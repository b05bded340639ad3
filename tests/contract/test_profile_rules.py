"""Every rule of the guide's profiles, held against real answers.

The answers are those of a gateway with a synthetic population: histories of people and animals, with alerts, links
and silent states, staged ones, nobody's; the same as messages; and the request that our own client writes. Each row
of `profile-rules.csv` is either looked at on some instance, or named in WITHOUT with the reason.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from adapters.fhir import uris
from adapters.fhir.out import to_json
from adapters.fhir.write_dispensation import status_of
from adapters.fhir.write_request import write_request
from gateway.model import DispensationStatus, LookupRequest, Practitioner, Species
from gateway.testing import LiveGateway
from tests.contract.profile_rules import KEEPS, Instance, Row, found, resources, rows, seen, targets
from tests.factory import a_dispensation, a_person, a_requester
from tests.unit.fhir.cases import JSON

PROFILES: Final = {
    uris.PROFILE_HISTORY: "PdmpBundleHistoryResult",
    uris.PROFILE_RESPONSE_MESSAGE: "PdmpBundleResponseMessage",
    uris.PROFILE_RESPONSE_HEADER: "PdmpMessageHeaderResponse",
    uris.PROFILE_RESPONSE: "PdmpParametersResponse",
    uris.PROFILE_REQUEST: "PdmpParametersRequest",
    uris.PROFILE_DISPENSE: "PdmpMedicationDispense",
    uris.PROFILE_PHARMACY: "PdmpOrganizationPharmacy",
    uris.PROFILE_PATIENT: "PdmpPatient",
}
WITHOUT: Final = {
    r"PdmpMedicationAdministration:.*": "the record is of what was dispensed, not of what was given",
    r"PdmpBundleHistoryResult:(entry\[)?medicationadministration.*": "the same",
    r"PdmpBundleHistoryResult:(entry\[)?practitionerrole.*": "a report names a prescriber, not the place of work",
    r"PdmpBundleHistoryResult:total": "R4 has a total in searches and histories of a resource only (bdl-1)",
    r"Pdmp(BundleRequestMessage|MessageHeaderRequest):.*": "read and never written: partners are asked by the "
    "operation. What a request message must have: tests/unit/fhir/test_requests.py",
    r"PdmpMedicationDispense:dosageInstruction": "no report to a PMP says how a drug is to be taken",
    r"PdmpParametersRequest:(parameter\[)?delegate-organization.*": "a delegate works for the requester's "
    "organisation",
    r"PdmpParameters(Request|Response):parameter\[(patient|animal-owner|(authorized|delegate)-\S+"
    r"|pdmp-history-data|outcome)\]\.value\[x\]": "the resource stands in the parameter itself, as in every example "
    "of the guide; a Reference, as the profile has it, is read as well",
    r"PdmpPatient:(medicalRecordNumber|driversLicense|socialSecurity)": "in requests only, see below; identifiers of "
    "a person never leave in an answer",
}
"""Rows of which no instance is to be expected, and why."""


def why_not(row: Row) -> str | None:
    return next((p for p in WITHOUT if re.fullmatch(p, f"{row.profile}:{row.element}")), None)


# --- the instances --------------------------------------------------------------------------------------------------


def _ask(live: LiveGateway, body: Any, operation: str = "$pdmp-history", **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {live.token()}", "Content-Type": JSON}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    response = requests.post(f"{live.url}/fhir/{operation}", data=to_json(body), headers=sent, timeout=30)
    assert response.status_code == 200, response.text
    return response.json()


def _message(parameters: Any) -> Any:
    header = {
        "resourceType": "MessageHeader",
        "id": "header-1",
        "eventCoding": {"system": uris.RFC_3986, "code": uris.OPERATION_HISTORY},
        "source": {"endpoint": "https://ehr.example/"},
        "focus": [{"reference": "urn:uuid:7d0d3c84-6f6b-4c3e-9b53-4a1f4a0f6d11"}],
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"fullUrl": "urn:uuid:7d0d3c84-6f6b-4c3e-9b53-4a1f4a0f6d10", "resource": header},
            {"fullUrl": "urn:uuid:7d0d3c84-6f6b-4c3e-9b53-4a1f4a0f6d11", "resource": parameters},
        ],
    }


@pytest.fixture(scope="module")
def documents(live: LiveGateway) -> list[Any]:
    """Requests and answers."""
    exchanged: list[Any] = []
    delegate = Practitioner(name=a_requester().practitioner.name, npi="1700902491", role="Resident")
    for number, person in enumerate([*live.people, None]):
        asked = person.person if person else a_person(key=None, appearance=None)
        request = LookupRequest(person=asked, requester=a_requester())
        if number % 10 == 0:
            request = replace(request, requester=a_requester(delegate=delegate))
        body = json.loads(to_json(write_request(request)))
        exchanged += [body, _ask(live, body)]
        if number % 8 == 0:
            both = {"X_PMP_Return": "data, link", "X_PMP_States": "CT, NY"}
            exchanged += [_ask(live, body, **both), _ask(live, body, X_PMP_States="NY")]
            exchanged += [_ask(live, _message(body), "$process-message")]
    staged = json.loads(to_json(write_request(replace(request, stage_only=True))))
    answered = _ask(live, staged)
    key = next(p["valueString"] for p in answered["parameter"] if "valueString" in p)
    fetched = json.loads(to_json(write_request(replace(request, retrieval_key=key))))
    return [*exchanged, staged, answered, fetched, _ask(live, fetched)]


@pytest.fixture(scope="module")
def instances(documents: list[Any]) -> dict[str, list[Instance]]:
    """By the name of the profile that each resource claims."""
    by_profile: dict[str, list[Instance]] = defaultdict(list)
    for document in documents:
        around = targets(document)
        for resource in resources(document):
            for url in resource.get("meta", {}).get("profile", ()):
                if url in PROFILES:
                    by_profile[PROFILES[url]].append(Instance(resource, around))
    return by_profile


# --- the rules ------------------------------------------------------------------------------------------------------


def test_there_is_something_to_look_at(live: LiveGateway, instances: dict[str, list[Instance]]) -> None:
    assert set(instances) == set(PROFILES.values())
    assert len(instances["PdmpMedicationDispense"]) > 500
    assert any(p.person.species is Species.VETERINARY for p in live.people)


def test_every_rule_is_kept(shared: Path, instances: dict[str, list[Instance]]) -> None:
    """Cardinalities and rules: of every instance, whether it must have the element or only may."""
    looked_at = 0
    for row in rows(shared):
        for instance in instances.get(row.profile, ()):
            for values in found(row, instance.resource):
                if row.cardinality and why_not(row) is None:
                    assert row.least <= len(values) <= row.most, (row, instance.resource)
                if row.rule:
                    assert all(KEEPS[row.rule](value, instance) for value in values), (row, values)
                looked_at += 1
    assert looked_at > 10_000


def test_every_row_is_looked_at_or_has_its_reason(shared: Path, instances: dict[str, list[Instance]]) -> None:
    """Of each element there is an instance that has it, whether the profile says must-support or not."""
    unseen = {
        (row.profile, row.element)
        for row in rows(shared)
        if why_not(row) is None and row.cardinality != "0..0" and not seen(row, instances[row.profile])
    }
    assert unseen == set()


def test_no_reason_is_left_over(shared: Path, instances: dict[str, list[Instance]]) -> None:
    used = {why_not(row) for row in rows(shared)}
    assert used - {None} == set(WITHOUT)
    for row in rows(shared):
        if why_not(row) is not None and "PdmpPatient" not in row.profile:
            assert not seen(row, instances.get(row.profile, [])), row


def test_identifiers_of_a_person_are_in_requests_only(documents: list[Any]) -> None:
    kinds = {"medicalRecordNumber", "driversLicense", "socialSecurity"}
    for document in documents:
        is_request = uris.PROFILE_REQUEST in document.get("meta", {}).get("profile", ())
        for resource in resources(document):
            if resource["resourceType"] == "Patient" and not is_request:
                held = [row for kind in kinds for row in found(Row("", kind, "", False, ""), resource)[0]]
                assert held == []


def test_whose_record_it_is_stands_in_every_resource(live: LiveGateway, documents: list[Any]) -> None:
    """The guide's meta.source, of people's and of animals' histories: the state; of an alert this gateway."""
    for document in documents:
        for resource in resources(document):
            if resource["resourceType"] == "Bundle" and resource["type"] == "collection":
                for entry in resource["entry"]:
                    is_alert = entry["resource"]["resourceType"] == "DetectedIssue"
                    source = f"{live.url}/fhir" if is_alert else "urn:x-pmpbridge:state:CT"
                    assert entry["resource"]["meta"]["source"] == source


def test_a_requester_of_whom_little_is_known_is_still_whole(shared: Path) -> None:
    """The profile wants practitioner, role and organisation: what is not known of them is marked as absent."""
    least = LookupRequest(
        person=a_person(), requester=replace(a_requester(), practitioner=None, organisation=None)
    )
    resource = json.loads(to_json(write_request(least)))
    for row in rows(shared):
        if row.profile == "PdmpParametersRequest" and row.least and why_not(row) is None:
            assert all(len(values) >= row.least for values in found(row, resource)), row


def test_a_withdrawn_dispensation_has_a_status_of_the_value_set() -> None:
    rule = KEEPS["from $medicationdispense-status (required)"]
    for status in DispensationStatus:
        assert rule(status_of(a_dispensation(status=status)), Instance({}))
