"""PUT and withdrawal over HTTP: revisions by id, what a conflict is, and what a void leaves."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
import requests
from fhir.resources.R4B.medicationdispense import MedicationDispense

from adapters.fhir import ADAPTER
from adapters.fhir.out import to_json
from adapters.fhir.patients import write_patient
from gateway.model import IntakeAction, IntakeBatch, IntakeRecord
from gateway.testing import LiveGateway
from tests.factory import an_answer
from tests.unit.fhir.bundles import fill, withdrawn
from tests.unit.fhir.cases import dispensations, inbound
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_requests import parameters

REPORT, READ = "system/MedicationDispense.c", "system/MedicationDispense.rs"


def create(live: LiveGateway, resource: Any, **over: Any) -> requests.Response:
    return call(live, "POST", f"{live.url}/fhir/MedicationDispense", REPORT, json=resource, **over)


def put(
    live: LiveGateway, url: str, resource: Any, seen: str | None = None, **over: Any
) -> requests.Response:
    headers = {**over.pop("headers", {}), **({"If-Match": seen} if seen else {})}
    return call(live, "PUT", url, REPORT, json=resource, headers=headers, **over)


def read(live: LiveGateway, url: str) -> requests.Response:
    return call(live, "GET", url, READ)


def shown(live: LiveGateway) -> list[Any]:
    """The dispensations that a look-up shows."""
    history = call(live, "POST", f"{live.url}/fhir/$pdmp-history", "pdmp/history", json=parameters())
    entries = [e for p in history.json()["parameter"] for e in p["resource"].get("entry", [])]
    return [e["resource"] for e in entries if e["resource"]["resourceType"] == "MedicationDispense"]


def issue(response: requests.Response) -> tuple[int, str]:
    (one, *_) = response.json()["issue"]
    assert one["severity"] == "error"
    return response.status_code, one["code"]


def named(url: str, **over: Any) -> dict[str, Any]:
    """The report with the id of that URL."""
    return {**fill(**over), "id": url.rpartition("/")[2]}


@pytest.fixture
def held(empty: LiveGateway) -> str:
    """The URL of a recorded dispensation."""
    return str(create(empty, fill()).headers["Location"])


def test_an_update_is_the_next_revision_and_seen_by_a_look_up(empty: LiveGateway, held: str) -> None:
    updated = put(empty, held, named(held, daysSupply={"value": 5}), 'W/"1"')
    assert (updated.status_code, updated.headers["ETag"]) == (200, 'W/"2"'), updated.text
    assert updated.headers["Location"] == held
    assert "Last-Modified" in updated.headers
    MedicationDispense.model_validate(updated.json())
    assert updated.json()["meta"]["versionId"] == "2"
    assert [d["daysSupply"]["value"] for d in shown(empty)] == [5]
    again = put(empty, held, named(held, daysSupply={"value": 5}), 'W/"1"')
    assert (again.status_code, again.headers["ETag"]) == (200, 'W/"2"')
    same = put(empty, held, named(held, daysSupply={"value": 5}))
    assert (same.status_code, same.headers["ETag"]) == (200, 'W/"2"')


def test_what_was_read_is_changed_and_put_back(empty: LiveGateway, held: str) -> None:
    """Without the patient's demographics: the reader of an answer does not have them."""
    resource = read(empty, held).json()
    assert put(empty, held, resource, 'W/"1"').headers["ETag"] == 'W/"1"', "nothing was changed"
    resource["quantity"]["value"] = 60
    updated = put(empty, held, resource, 'W/"1"')
    assert (updated.status_code, updated.headers["ETag"]) == (200, 'W/"2"'), updated.text
    assert "Quillfeather" not in updated.text
    assert [d["quantity"]["value"] for d in shown(empty)] == [60]
    assert read(empty, held).json()["subject"] == resource["subject"]
    resource["subject"] = {
        "reference": "Patient/0000000000000",
        "identifier": {"system": "urn:x-pmpbridge:person", "value": "0000000000000"},
    }
    assert issue(put(empty, held, resource)) == (422, "business-rule")


@pytest.mark.parametrize("number", range(len(dispensations())))
def test_whatever_is_read_can_be_put_back(number: int) -> None:
    held = dispensations()[number]
    body = json.loads(ADAPTER.write(an_answer(dispensations=(held,)), inbound("read")).body)
    asked = ADAPTER.read(inbound("update", body, method="PUT", arguments={"id": held.id}))
    assert isinstance(asked, IntakeBatch)
    (record,) = asked.records
    assert isinstance(record, IntakeRecord)
    assert (record.original, record.action) == (held.id, IntakeAction.REVISE)
    assert record.dispensation is not None
    assert (record.dispensation.person.key, record.dispensation.person.names) == (held.person.key, ())
    patient = {**json.loads(to_json(write_patient(held.person))), "id": "patient"}
    body["contained"].append(patient)
    body["subject"] = {"reference": "#patient"}
    asked = ADAPTER.read(inbound("update", body, method="PUT", arguments={"id": held.id}))
    assert isinstance(asked, IntakeBatch)
    assert isinstance(asked.records[0], IntakeRecord)
    assert asked.records[0].dispensation is not None
    assert asked.records[0].dispensation.person.names == held.person.names


def test_two_who_have_read_the_same(empty: LiveGateway, held: str) -> None:
    first = put(empty, held, named(held, daysSupply={"value": 5}), 'W/"1"')
    late = put(empty, held, named(held, daysSupply={"value": 9}), 'W/"1"')
    assert first.status_code == 200
    assert issue(late) == (412, "conflict")
    assert issue(put(empty, held, named(held, daysSupply={"value": 9}), 'W/"nonsense"')) == (412, "conflict")
    for etag in ("1", 'W/"1", W/"2"', "W/1"):
        assert issue(put(empty, held, named(held), etag)) == (400, "value")
    assert put(empty, held, named(held, daysSupply={"value": 9}), "*").headers["ETag"] == 'W/"3"'


def test_an_update_that_was_overtaken_is_not_answered_as_done(empty: LiveGateway, held: str) -> None:
    for days in (5, 6):
        assert put(empty, held, named(held, daysSupply={"value": days})).status_code == 200
    assert issue(put(empty, held, named(held, daysSupply={"value": 5}))) == (409, "conflict")
    assert [d["daysSupply"]["value"] for d in shown(empty)] == [6]
    back = put(empty, held, named(held, daysSupply={"value": 5}), 'W/"3"')
    assert (back.status_code, back.headers["ETag"]) == (200, 'W/"4"')


def test_nobody_chooses_an_id(empty: LiveGateway, held: str) -> None:
    unknown = held.rpartition("/")[0] + "/my-own-1"
    refused = put(empty, unknown, named(unknown))
    assert issue(refused) == (405, "not-found")
    assert refused.headers["Allow"] == "GET"
    assert issue(put(empty, held, {**fill(), "id": "my-own-1"})) == (400, "value")
    assert issue(put(empty, held, fill())) == (400, "required")
    assert issue(put(empty, held.rpartition("/")[0] + "/no~body", named(held)))[0] == 404
    assert issue(put(empty, held, named(held), headers={"If-None-Match": "*"})) == (400, "not-supported")
    assert empty.gateway.store.dispensations() == 1


def test_a_dispensation_withdrawn_by_its_id(empty: LiveGateway, held: str) -> None:
    resource = {**read(empty, held).json(), "status": "entered-in-error"}
    void = put(empty, held, resource, 'W/"1"')
    assert (void.status_code, void.headers["ETag"], void.json()["resourceType"]) == (
        200,
        'W/"2"',
        "OperationOutcome",
    )
    assert shown(empty) == []
    told = read(empty, held)
    assert (told.status_code, told.json()["status"], told.headers["ETag"]) == (
        200,
        "entered-in-error",
        'W/"2"',
    )
    assert put(empty, held, resource, 'W/"1"').headers["ETag"] == 'W/"2"'
    # it was dispensed after all: said by who has seen that it is void, and by nobody else
    assert issue(put(empty, held, named(held, daysSupply={"value": 5}))) == (409, "conflict")
    assert issue(put(empty, held, named(held), 'W/"1"')) == (412, "conflict")
    assert put(empty, held, named(held), 'W/"2"').headers["ETag"] == 'W/"3"'
    assert len(shown(empty)) == 1


def test_a_dispensation_withdrawn_by_its_fill(empty: LiveGateway, held: str) -> None:
    void = create(empty, withdrawn())
    assert (void.status_code, void.headers["Location"], void.headers["ETag"]) == (200, held, 'W/"2"')
    assert "Quillfeather" not in void.text
    assert create(empty, withdrawn()).headers["ETag"] == 'W/"2"'
    assert shown(empty) == []
    assert issue(create(empty, withdrawn("9999999"))) == (422, "not-found")
    # sent late, or meant anew: who sends it must not believe that it is recorded
    assert issue(create(empty, fill())) == (409, "conflict")
    assert put(empty, held, named(held), 'W/"2"').status_code == 200
    assert issue(create(empty, withdrawn())) == (409, "conflict")
    assert create(empty, fill()).status_code == 200


def test_a_withdrawal_needs_no_more_than_the_fill(empty: LiveGateway, held: str) -> None:
    bare = withdrawn()
    for name in ("subject", "quantity", "daysSupply", "whenHandedOver"):
        del bare[name]
    assert create(empty, bare).status_code == 200
    assert shown(empty) == []


def test_it_was_another_patient(empty: LiveGateway, held: str) -> None:
    resource = named(held)
    resource["contained"][0] |= {"name": [{"family": "Marsh", "given": ["Ivo"]}], "birthDate": "1950-01-02"}
    moved = put(empty, held, resource, 'W/"1"')
    assert moved.status_code == 200, moved.text
    assert moved.headers["Location"] != held
    assert moved.headers["Location"].endswith(moved.json()["id"])
    assert shown(empty) == []
    assert read(empty, held).json()["status"] == "entered-in-error"
    again = put(empty, held, resource, 'W/"1"')
    assert (again.status_code, again.headers["Location"]) == (200, moved.headers["Location"])


def test_the_first_report_again_shows_nothing_of_what_it_has_become(empty: LiveGateway, held: str) -> None:
    assert put(empty, held, named(held, daysSupply={"value": 5})).status_code == 200
    again = create(empty, fill())
    assert (again.status_code, again.headers["ETag"]) == (200, 'W/"2"')
    assert [one["severity"] for one in again.json()["issue"]] == ["warning"]
    resource = named(held)
    resource["contained"][0] |= {"name": [{"family": "Marsh", "given": ["Ivo"]}], "birthDate": "1950-01-02"}
    assert put(empty, held, resource).status_code == 200
    moved = create(empty, fill())
    assert issue(moved) == (422, "duplicate")
    assert "Marsh" not in moved.text


def test_what_comes_back_of_an_update_is_the_callers_choice(empty: LiveGateway, held: str) -> None:
    resource = named(held, daysSupply={"value": 5})
    minimal = put(empty, held, deepcopy(resource), headers={"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content, minimal.headers["ETag"]) == (200, b"", 'W/"2"')
    told = put(empty, held, resource, headers={"Prefer": "return=OperationOutcome"})
    assert told.json()["resourceType"] == "OperationOutcome"


def test_nothing_is_deleted(empty: LiveGateway, held: str) -> None:
    refused = call(empty, "DELETE", held, REPORT)
    assert issue(refused) == (405, "not-supported")
    assert set(refused.headers["Allow"].split(", ")) >= {"GET", "PUT"}
    assert len(shown(empty)) == 1


def test_reading_is_not_enough_to_update(empty: LiveGateway, held: str) -> None:
    assert issue(call(empty, "PUT", held, READ, json=named(held))) == (403, "forbidden")
