"""Transactions and batches over HTTP: what is taken, what is refused by name, and that nothing is half done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome

from adapters.fhir import ADAPTER
from gateway.model import IntakeBatch, IntakeIssue, IntakeReceipt, IntakeResult, IntakeVerdict, IssueCode
from gateway.testing import LiveGateway
from tests.factory import a_dispensation
from tests.unit.fhir.bundles import apart, bundle, entry, fill, url, withdrawn
from tests.unit.fhir.cases import inbound, resource
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_update import REPORT, create, named, read, shown

KIND = "MedicationDispense"


def post(live: LiveGateway, body: Any, **over: Any) -> requests.Response:
    return call(live, "POST", f"{live.url}/fhir", REPORT, json=body, **over)


def responses(response: requests.Response, type: str = "transaction-response") -> list[Any]:
    assert response.status_code == 200, response.text
    Bundle.model_validate(response.json())
    assert response.json()["type"] == type
    return [one["response"] for one in response.json()["entry"]]


def statuses(response: requests.Response, type: str = "transaction-response") -> list[str]:
    return [one["status"] for one in responses(response, type)]


def refused(response: requests.Response) -> tuple[int, list[tuple[str, str]]]:
    """HTTP status, and code and place of each issue."""
    OperationOutcome.model_validate(response.json())
    issues = response.json()["issue"]
    return response.status_code, [(one["code"], one["expression"][0]) for one in issues]


# --- transactions ---------------------------------------------------------------------------------------------


def test_a_transaction_of_contained_resources(empty: LiveGateway) -> None:
    body = bundle(entry(fill("1"), 0), entry(fill("2"), 1))
    first, second = responses(post(empty, body))
    assert (first["status"], first["etag"], second["status"]) == ("201", 'W/"1"', "201")
    assert read(empty, first["location"]).headers["ETag"] == 'W/"1"'
    assert {d["id"] for d in shown(empty)} == {r["location"].rpartition("/")[2] for r in (first, second)}
    again = responses(post(empty, body))
    assert [(r["status"], r["location"]) for r in again] == [("200", r["location"]) for r in (first, second)]
    assert empty.gateway.store.dispensations() == 2


@pytest.mark.parametrize("how", ["urn", "absolute", "relative", "relative to a PUT"])
def test_what_a_dispensation_refers_to_in_entries_of_its_own(empty: LiveGateway, how: str) -> None:
    entries = apart(fill())
    if how != "urn":
        entries = _referring(entries, absolute=how == "absolute", put=how == "relative to a PUT")
    *along, dispensation = responses(post(empty, bundle(*entries)))
    assert [one["status"] for one in along] == ["200"] * 4
    assert {one["outcome"]["issue"][0]["severity"] for one in along} == {"information"}
    assert not any("location" in one for one in along)
    assert dispensation["status"] == "201"
    assert create(empty, fill()).status_code == 200, "the same as with contained resources"


def _referring(entries: list[Any], *, absolute: bool, put: bool) -> list[Any]:
    """The same entries under RESTful URLs of the sender's own server."""
    made = []
    for number, one in enumerate(entries):
        kind = one["resource"]["resourceType"]
        made.append(
            {
                "fullUrl": f"https://ehr.example/r4/{kind}/{number}",
                "resource": {**one["resource"], "id": f"{number}"},
                "request": {"method": "PUT", "url": f"{kind}/{number}"}
                if put and kind != KIND
                else {"method": "POST", "url": kind},
            }
        )
    return [_renamed(one, {url(n): made[n]["fullUrl"] for n in range(len(made))}, absolute) for one in made]


def _renamed(value: Any, places: dict[str, str], absolute: bool) -> Any:
    if isinstance(value, list):
        return [_renamed(one, places, absolute) for one in value]
    if isinstance(value, dict):
        return {
            name: places[one].removeprefix("" if absolute else "https://ehr.example/r4/")
            if name == "reference"
            else _renamed(one, places, absolute)
            for name, one in value.items()
        }
    return value


def test_fills_share_what_they_refer_to(empty: LiveGateway) -> None:
    *along, one = apart(fill("1"))
    *_, other = apart(fill("1", whenPrepared="2026-09-12", whenHandedOver="2026-09-12"))
    other["fullUrl"] = url(9)
    answered = statuses(post(empty, bundle(one, other, *along)))
    assert answered == ["201", "201", "200", "200", "200", "200"]
    assert len(shown(empty)) == 2


def test_a_prescription_with_its_own_prescriber_inside(empty: LiveGateway) -> None:
    """`#id` is looked for in the resource that says it."""
    patient, pharmacy, prescriber, prescription, dispensation = apart(fill())
    prescription["resource"]["contained"] = [{**prescriber["resource"], "id": "pharmacy"}]
    prescription["resource"]["requester"] = {"reference": "#pharmacy"}
    response = post(
        empty,
        bundle(patient, pharmacy, prescription, dispensation),
        headers={"Prefer": "return=representation"},
    )
    assert statuses(response) == ["200", "200", "200", "201"]
    contained = response.json()["entry"][3]["resource"]["contained"]
    assert "1023011178" in str([one for one in contained if one["resourceType"] == "Practitioner"])


def test_an_existing_condition_of_what_is_taken_along_changes_nothing(empty: LiveGateway) -> None:
    entries = apart(fill())
    for one in entries[:-1]:
        one["request"]["ifNoneExist"] = "identifier=x"
    assert statuses(post(empty, bundle(*entries)))[-1] == "201"


def test_a_transaction_with_a_void_and_an_update(empty: LiveGateway) -> None:
    first, second = (create(empty, fill(number)).headers["Location"] for number in ("1", "2"))
    body = bundle(
        entry(named(first, rx_number="1", daysSupply={"value": 5}), 0, "PUT", _place(first), ifMatch='W/"1"'),
        entry(withdrawn("2"), 1),
        entry(fill("3"), 2),
    )
    update, void, new = responses(post(empty, body))
    assert [(r["status"], r["etag"]) for r in (update, void, new)] == [
        ("200", 'W/"2"'),
        ("200", 'W/"2"'),
        ("201", 'W/"1"'),
    ]
    assert (update["location"], void["location"]) == (first, second)
    assert sorted(d["daysSupply"]["value"] for d in shown(empty)) == [2, 5]
    assert statuses(post(empty, body)) == ["200", "200", "200"]
    assert read(empty, first).headers["ETag"] == 'W/"2"'


def _place(location: str) -> str:
    return location.partition("/fhir/")[2]


def test_one_rejection_and_nothing_is_recorded(empty: LiveGateway) -> None:
    bad = fill("2", daysSupply={"value": 0})
    body = bundle(entry(fill("1"), 0), entry(bad, 1), entry(withdrawn("9"), 2))
    assert refused(post(empty, body)) == (
        422,
        [
            ("business-rule", "Bundle.entry[1].resource.daysSupply.value"),
            ("not-found", "Bundle.entry[2].resource"),
        ],
    )
    assert empty.gateway.store.dispensations() == 0
    body["entry"] = body["entry"][:1]
    assert statuses(post(empty, body)) == ["201"]


def test_a_revision_that_is_not_the_present_one(empty: LiveGateway) -> None:
    held = create(empty, fill()).headers["Location"]
    late = entry(named(held, daysSupply={"value": 5}), 1, "PUT", _place(held), ifMatch='W/"7"')
    status, issues = refused(post(empty, bundle(entry(fill("2"), 0), late)))
    assert (status, issues) == (412, [("conflict", "Bundle.entry[1].resource")])
    assert empty.gateway.store.dispensations() == 1


def test_everything_that_is_wrong_is_named(empty: LiveGateway) -> None:
    bad = fill("2")
    bad["contained"][0]["birthDate"] = "soon"
    del bad["quantity"]
    body = bundle(entry(fill("1"), 0), entry(bad, 1), {"request": {"method": "GET", "url": "Observation/1"}})
    status, issues = refused(post(empty, body))
    assert status == 400
    assert ("value", "Bundle.entry[1].resource.contained[0].birthDate") in issues
    assert ("not-supported", "Bundle.entry[2].request.url") in issues
    assert empty.gateway.store.dispensations() == 0


# --- what is refused by name ----------------------------------------------------------------------------------

ENTRY = "Bundle.entry[4]"


def _entry_with(**over: Any) -> Callable[[list[Any]], None]:
    return lambda entries: entries[4].update(over)


def _refer(*way: Any, to: str) -> Callable[[list[Any]], None]:
    def change(entries: list[Any]) -> None:
        here = entries[4]["resource"]
        for step in way:
            here = here[step]
        here["reference"] = to

    return change


def _double(entries: list[Any]) -> None:
    entries.append({**entries[4]})


def _same_id(entries: list[Any]) -> None:
    entries[0]["resource"]["id"] = "1"
    entries[1] = {**entries[0], "fullUrl": url(1)}
    entries[4]["resource"]["subject"]["reference"] = "Patient/1"


def _spoil_patient(entries: list[Any]) -> None:
    entries[0]["resource"]["birthDate"] = "soon"


NOTHING = url(77)
REFUSED: dict[str, tuple[Callable[[list[Any]], None], str, str]] = {
    "duplicate fullUrl": (_double, "value", "Bundle.entry[5].fullUrl"),
    "patient that is not there": (_refer("subject", to=NOTHING), "required", f"{ENTRY}.resource.subject"),
    "patient on another server": (_refer("subject", to="Patient/9"), "required", f"{ENTRY}.resource.subject"),
    "patient who may be two": (_same_id, "required", f"{ENTRY}.resource.subject"),
    "patient who is a pharmacy": (_refer("subject", to=url(1)), "required", f"{ENTRY}.resource.subject"),
    "pharmacy that is not there": (
        _refer("performer", 0, "actor", to=NOTHING), "value", f"{ENTRY}.resource.performer[0].actor.reference",
    ),
    "pharmacy that is a patient": (
        _refer("performer", 0, "actor", to=url(0)), "value", f"{ENTRY}.resource.performer[0].actor.reference",
    ),
    "prescription that is not there": (
        lambda e: e[4]["resource"].update(authorizingPrescription=[{"reference": "MedicationRequest/9"}]),
        "value", f"{ENTRY}.resource.authorizingPrescription[0].reference",
    ),
    "information that is not there": (
        lambda e: e[4]["resource"].update(supportingInformation=[{"reference": NOTHING}]),
        "value", f"{ENTRY}.resource.supportingInformation[0].reference",
    ),
    "nested Bundle": (
        _entry_with(resource={"resourceType": "Bundle", "type": "batch"}), "not-supported", f"{ENTRY}.resource",
    ),
    "another kind": (
        _entry_with(resource={"resourceType": "Observation"}), "not-supported",
        f"{ENTRY}.resource.resourceType",
    ),
    "no resource": (_entry_with(resource=None), "required", f"{ENTRY}.resource"),
    "no request": (_entry_with(request=None), "required", f"{ENTRY}.request"),
    "another place": (
        _entry_with(request={"method": "POST", "url": "Patient"}), "value", f"{ENTRY}.request.url",
    ),
    "a place with an id": (
        _entry_with(request={"method": "POST", "url": f"{KIND}/1"}), "value", f"{ENTRY}.request.url",
    ),
    "update without an id": (
        _entry_with(request={"method": "PUT", "url": KIND}), "value", f"{ENTRY}.request.url",
    ),
    "update by a condition": (
        _entry_with(request={"method": "PUT", "url": f"{KIND}?identifier=1"}), "value", f"{ENTRY}.request.url",
    ),
    "create by a condition": (
        _entry_with(request={"method": "POST", "url": KIND, "ifNoneExist": "identifier=1"}), "conflict",
        f"{ENTRY}.request.ifNoneExist",
    ),
    "delete": (
        _entry_with(request={"method": "DELETE", "url": f"{KIND}/1"}), "not-supported", f"{ENTRY}.request.method",
    ),
    "patch": (
        _entry_with(request={"method": "PATCH", "url": f"{KIND}/1"}), "not-supported", f"{ENTRY}.request.method",
    ),
    "modifier": (
        lambda e: e[4]["resource"].update(modifierExtension=[{"url": "http://example.org/not"}]),
        "not-supported", f"{ENTRY}.resource.modifierExtension",
    ),
    "resource that nobody refers to": (
        lambda e: e.append(entry({"resourceType": "Medication"}, 5)), "not-supported", "Bundle.entry[5].resource",
    ),
    "patient who is not valid": (_spoil_patient, "value", "Bundle.entry[0].resource.birthDate"),
}  # fmt: skip


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("target")) as live:
        yield live


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(target: LiveGateway, name: str) -> None:
    change, code, place = REFUSED[name]
    entries = apart(fill())
    change(entries)
    entries = [{k: v for k, v in one.items() if v is not None} for one in entries]
    before = target.gateway.store.dispensations()
    response = post(target, bundle(*entries))
    status, issues = refused(response)
    assert status == (412 if code == "conflict" else 400)
    assert (code, place) in issues, response.text
    for word in ("Quillfeather", "1971-0", "900-12", "Larkspur", "7001234"):
        assert word not in response.text
    # in a batch, the entry is refused and nothing else; what makes the Bundle itself unsound refuses it
    as_batch = post(target, bundle(*entries, type="batch"))
    if name == "duplicate fullUrl":
        assert as_batch.status_code == 400
    else:
        answered = responses(as_batch, "batch-response")
        number = int(place.partition("[")[2].partition("]")[0])
        assert answered[number]["status"][0] == "4"
        told = answered[number]["outcome"]["issue"][0]
        assert (told["code"], told["expression"]) == (code, [place])
    is_whole = name == "resource that nobody refers to"
    assert target.gateway.store.dispensations() == before + is_whole


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({"resourceType": "Bundle"}, "required", "Bundle.type"),
        ({"resourceType": "Bundle", "type": "collection"}, "value", "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [1]}, "value", "Bundle.entry[0]"),
        ({"resourceType": "Bundle", "type": "batch", "entry": {}}, "value", "Bundle.entry"),
        (
            {"resourceType": "Bundle", "type": "batch", "implicitRules": "x"},
            "not-supported",
            "Bundle.implicitRules",
        ),
        ({"resourceType": "Parameters"}, "value", "Parameters.resourceType"),
    ],
)
def test_no_transaction_and_no_batch(empty: LiveGateway, body: Any, code: str, place: str) -> None:
    assert refused(post(empty, body)) == (400, [(code, place)])


def test_one_dispensation_is_updated_once(empty: LiveGateway) -> None:
    held = create(empty, fill()).headers["Location"]
    twice = [entry(named(held, daysSupply={"value": days}), days, "PUT", _place(held)) for days in (3, 4)]
    assert refused(post(empty, bundle(*twice))) == (400, [("value", "Bundle.entry[1].request.url")])
    assert statuses(post(empty, bundle(*twice, type="batch")), "batch-response") == ["200", "200"]


def test_an_empty_one(empty: LiveGateway) -> None:
    for type in ("batch", "transaction"):
        response = post(empty, {"resourceType": "Bundle", "type": type})
        assert (response.status_code, response.json()) == (
            200,
            {"resourceType": "Bundle", "type": f"{type}-response"},
        )


# --- batches --------------------------------------------------------------------------------------------------


def test_each_entry_of_a_batch_by_itself(empty: LiveGateway) -> None:
    held = create(empty, fill("1")).headers["Location"]
    bad = fill("2")
    bad["contained"][0]["birthDate"] = "soon"
    body = bundle(
        entry(fill("3"), 0),
        entry(bad, 1),
        entry(fill("4", daysSupply={"value": 0}), 2),
        {"request": {"method": "GET", "url": "metadata"}},
        entry(fill("1"), 4),
        entry(named(held, rx_number="1", daysSupply={"value": 9}), 5, "PUT", held, ifMatch='W/"4"'),
        entry({**fill("1"), "id": "nobody-1"}, 6, "PUT", f"{KIND}/nobody-1"),
        entry(fill("1", quantity={"value": 9, "unit": "each"}), 7),
        type="batch",
    )
    answered = responses(post(empty, body), "batch-response")
    assert [r["status"] for r in answered] == ["201", "400", "422", "400", "200", "412", "405", "422"]
    assert [("location" in r, "outcome" in r) for r in answered[:2]] == [(True, False), (False, True)]
    codes = [r["outcome"]["issue"][0]["code"] for r in answered if r["status"][0] == "4"]
    assert codes == ["value", "business-rule", "not-supported", "conflict", "not-found", "duplicate"]
    assert empty.gateway.store.dispensations() == 2
    again = statuses(post(empty, body), "batch-response")
    assert again == ["200", "400", "422", "400", "200", "412", "405", "422"]


def test_what_goes_along_with_a_rejected_dispensation_is_not_said_to_be_taken(empty: LiveGateway) -> None:
    entries = apart(fill(daysSupply={"value": 0}))
    assert statuses(post(empty, bundle(*entries, type="batch")), "batch-response") == ["422"] * 5
    spoilt = apart(fill())
    spoilt[2]["resource"]["birthDate"] = "soon"
    answered = responses(post(empty, bundle(*spoilt, type="batch")), "batch-response")
    assert [r["status"] for r in answered] == ["422", "422", "400", "422", "400"]
    assert "Bundle.entry[2]" in answered[4]["outcome"]["issue"][0]["details"]["text"]
    assert empty.gateway.store.dispensations() == 0


def test_what_comes_back_is_the_callers_choice(empty: LiveGateway) -> None:
    body = bundle(entry(fill("1"), 0), entry(withdrawn("1"), 1), type="batch")
    shown_back = post(empty, body, headers={"Prefer": "return=representation"}).json()["entry"]
    assert [("resource" in one) for one in shown_back] == [True, False]
    told = post(empty, body, headers={"Prefer": "return=OperationOutcome"})
    assert all("outcome" in one for one in responses(told, "batch-response"))


def test_a_bundle_sent_again_after_all_of_it_was_overtaken(empty: LiveGateway) -> None:
    body = bundle(entry(fill("1"), 0), entry(withdrawn("1"), 1))
    assert statuses(post(empty, body)) == ["201", "200"]
    again = responses(post(empty, body))
    assert [r["status"] for r in again] == ["200", "200"]
    assert [i["severity"] for i in again[0]["outcome"]["issue"]] == ["warning"]
    assert shown(empty) == []


def test_what_could_not_be_recorded_for_now_is_to_be_sent_again() -> None:
    first, second = apart(fill("1")), apart(fill("2"), 10)
    message = inbound("bundle", bundle(*first, *second, type="batch"))
    asked = ADAPTER.read(message)
    assert isinstance(asked, IntakeBatch)
    recorded, deferred = (record.path for record in asked.records)
    issue = IntakeIssue(path=deferred, code=IssueCode.UNAVAILABLE, message="Not now.", is_error=True)
    receipt = IntakeReceipt(
        results=(
            IntakeResult(path=recorded, verdict=IntakeVerdict.CREATED, dispensation=a_dispensation()),
            IntakeResult(path=deferred, verdict=IntakeVerdict.DEFERRED, issues=(issue,)),
        )
    )
    answered = [e["response"] for e in resource(ADAPTER.write(receipt, message))["entry"]]
    assert [one["status"] for one in answered] == ["200"] * 4 + ["201"] + ["503"] * 5
    assert answered[-1]["outcome"]["issue"][0]["code"] == "transient"


HISTORIES = ("Bundle-pdmp-bundle-history-result-1.json", "Bundle-pdmp-bundle-history-result-2.json")


@pytest.mark.parametrize("name", HISTORIES)
def test_the_resources_of_the_guide_as_a_transaction(empty: LiveGateway, shared: Path, name: str) -> None:
    """As others write them: what the guide's histories hold, but for the findings that nobody reports."""
    (file,) = shared.rglob(name)
    entries = [
        {"fullUrl": one["fullUrl"], "resource": one["resource"], "request": {"method": "POST", "url": kind}}
        for one in json.loads(file.read_text())["entry"]
        if (kind := one["resource"]["resourceType"]) != "DetectedIssue"
    ]
    answered = responses(post(empty, bundle(*entries)))
    created = sum(one["status"] == "201" for one in answered)
    assert created == sum(one["request"]["url"] == KIND for one in entries) > 0
    assert empty.gateway.store.dispensations() == created
