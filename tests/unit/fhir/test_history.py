"""What `$pdmp-history` answers: the record comes back whole, every resource is valid, and the form is the IG's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.model import Identifier, IdentifierKind, Outcome, Person
from gateway.terminology import codes, field_map
from tests.factory import a_dispensation, a_person, an_answer
from tests.unit.fhir.cases import BASE, answers, inbound, resource, written
from tests.unit.fhir.paths import followed, value

COMPLETE = answers()["complete"]
FIELDS = [f for f in field_map().fields if not f.is_none("fhir")]
# What a field is when its element is left out (uris.py, docs/wire/fhir.md).
ABSENT = {
    "fill_number": "0",
    "partial_fill": "0",
    "prescriber.kind": "practitioner",
    "drug.drug_class": "unknown",
    "person.species": "01",
    "source_state": BASE,
}


def entries(parameters: Any) -> list[Any]:
    (data,) = (p["resource"] for p in parameters["parameter"] if p["name"] == "pdmp-history-data")
    return [entry["resource"] for entry in data["entry"]]


def of_type(parameters: Any, kind: str) -> list[Any]:
    return [r for r in entries(parameters) if r["resourceType"] == kind]


# --- nothing is lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", answers())
def test_the_client_reads_back_what_was_written(name: str) -> None:
    answer = answers()[name]
    outbound = ADAPTER.write(answer, inbound())
    if outbound.status != 200:
        return
    back = read_answer(parse(outbound.body), retry_after=answer.retry_after)
    assert len(back.dispensations) == len(answer.dispensations)
    for told, held in zip(back.dispensations, answer.dispensations, strict=True):
        for field in field_map().fields:
            if field.value(held) is not None and not field.carried(field.value(held), "fhir"):
                continue
            if not field.is_none("fhir"):
                assert field.value(told) == field.value(held), field.name
        assert told.person.key == held.person.key
        assert told.id == held.id
        assert replace(told.drug, ndc11=None) == replace(held.drug, ndc11=None)
    assert (back.outcome, back.report_id) == (answer.outcome, answer.report_id)
    assert (back.generated_at, back.period) == (answer.generated_at, answer.period)
    assert (back.disclaimers, back.detail) == (answer.disclaimers, answer.detail)
    assert back.retry_after == answer.retry_after
    silent = [s for s in answer.states if s.outcome is Outcome.ERROR and name.startswith("partial")]
    assert [s for s in back.states if s.outcome is Outcome.ERROR] == silent


@pytest.mark.parametrize("number", range(len(COMPLETE.dispensations)))
def test_every_declared_path_finds_its_fact(number: int) -> None:
    """By FHIRPath alone, so that writer and reader cannot agree on a wrong place."""
    record = followed(written(COMPLETE))[number]
    held = COMPLETE.dispensations[number]
    for field in FIELDS:
        expected = field.value(held)
        if expected is not None and not field.carried(expected, "fhir"):
            continue
        found = value(record, field.paths["fhir"])
        if found is None and field.name in ABSENT:
            found = ABSENT[field.name]
        assert found == _wire(field, expected), field.name


def _wire(field: Any, expected: Any) -> str | None:
    """The text that the wire has for a canonical value."""
    if expected is None:
        return None
    match field.kind:
        case "code":
            return codes(field.table).encode(str(expected), "fhir")
        case "instant":
            return expected.isoformat().replace("+00:00", "Z")
        case _:
            return str(expected)


def test_each_field_is_shown_by_some_dispensation() -> None:
    """Or the two tests above would prove nothing of it."""
    shown = {f.name for f in FIELDS for d in COMPLETE.dispensations if f.value(d) is not None}
    assert {f.name for f in FIELDS} == shown


def test_losses_are_declared() -> None:
    assert ADAPTER.write(COMPLETE, inbound()).losses == ()
    odd = a_dispensation(payment="12")
    outbound = ADAPTER.write(an_answer(dispensations=(odd,)), inbound())
    assert outbound.losses == ("payment",)
    assert b"pdmp-extension-method-of-payment" not in outbound.body


# --- valid ----------------------------------------------------------------------------------------------------


def validate(body: bytes) -> None:
    """The resource and everything inside it, by fhir.resources."""
    get_fhir_model_class(json.loads(body)["resourceType"]).model_validate_json(body)


@pytest.mark.parametrize("operation", ["pdmp-history", "process-message"])
@pytest.mark.parametrize("name", answers())
def test_every_answer_is_valid(name: str, operation: str, request_message: dict[str, Any]) -> None:
    validate(ADAPTER.write(answers()[name], inbound(operation, request_message)).body)


@pytest.fixture
def request_message() -> dict[str, Any]:
    header = {
        "resourceType": "MessageHeader",
        "id": "m-1",
        "eventCoding": {
            "system": "urn:ietf:rfc:3986",
            "code": "http://hl7.org/fhir/us/pdmp/OperationDefinition/pdmp-history",
        },
        "source": {"endpoint": "https://ehr.example"},
        "focus": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}],
    }
    parameters = {"resourceType": "Parameters", "parameter": []}
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000000", "resource": header},
            {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": parameters},
        ],
    }


# --- the form -------------------------------------------------------------------------------------------------


def test_every_resource_names_its_source_and_every_reference_leads_somewhere() -> None:
    parameters = written(COMPLETE)
    (data,) = (p["resource"] for p in parameters["parameter"])
    urls = {entry["fullUrl"] for entry in data["entry"]}
    assert len(urls) == len(data["entry"])
    for entry in data["entry"]:
        assert entry["resource"]["meta"]["source"] in {"urn:x-pmpbridge:state:CT", "urn:x-pmpbridge:state:MA"}
        assert not {"search", "request", "response"} & set(entry)
    assert set(re.findall(r'"reference": "([^"]*)"', json.dumps(data, default=str))) <= urls
    assert [r["resourceType"] for r in entries(parameters)][: len(COMPLETE.dispensations)] == [
        "MedicationDispense"
    ] * len(COMPLETE.dispensations)


def test_the_same_answer_written_twice_is_the_same() -> None:
    assert ADAPTER.write(COMPLETE, inbound()).body == ADAPTER.write(COMPLETE, inbound()).body
    other = replace(COMPLETE, report_id="0192f2c4-6a53-7e11-8c55-8a1f0f6f3d11")
    urls = [
        set(re.findall(r"urn:uuid:[0-9a-f-]{36}", ADAPTER.write(a, inbound()).body.decode()))
        for a in (COMPLETE, other)
    ]
    assert not urls[0] & urls[1]


def test_one_patient_for_each_appearance() -> None:
    first, second = a_person(), a_person(appearance=2, phones=("8605550199",))
    fills = [
        a_dispensation(id=f"K-{n}", rx_number=str(n), person=p) for n, p in enumerate((first, second, first))
    ]
    parameters = written(an_answer(dispensations=tuple(fills)))
    patients = of_type(parameters, "Patient")
    assert [p["telecom"][0]["value"] for p in patients] == ["8605550142", "8605550199"]
    assert {i["value"] for p in patients for i in p["identifier"]} == {first.key}
    subjects = [d["subject"]["reference"] for d in of_type(parameters, "MedicationDispense")]
    assert subjects[0] == subjects[2] != subjects[1]


def test_shared_parties_are_written_once() -> None:
    fills = tuple(a_dispensation(id=f"K-{n}", fill_number=n) for n in range(4))
    kinds = [r["resourceType"] for r in entries(written(an_answer(dispensations=fills)))]
    assert sorted(kinds) == sorted(
        ["MedicationDispense"] * 4
        + [
            "Patient",
            "Organization",
            "Practitioner",
            "MedicationRequest",
            "Medication",
            "MedicationKnowledge",
        ]
    )


def test_identifiers_of_a_person_never_leave() -> None:
    """The lookup strips them; the writer would not write them either."""
    ssn = (Identifier(kind=IdentifierKind.SSN, value="900-12-3456"),)
    person = a_person(identifiers=ssn, owner=Person(names=a_person().names, identifiers=ssn))
    for operation in ("pdmp-history", "search", "read"):
        message = inbound(operation, method="GET", query={"patient": ("K",)})
        answer = an_answer(dispensations=(a_dispensation(person=person),))
        assert b"900-12-3456" not in ADAPTER.write(answer, message).body


def test_first_fills_and_refills() -> None:
    def first(**over: Any) -> Any:
        return of_type(written(an_answer(dispensations=(a_dispensation(**over),))), "MedicationDispense")[0]

    def fill_number(dispense: Any) -> Any:
        return [e["valuePositiveInt"] for e in dispense["extension"] if e["url"].endswith("fill-number")]

    assert fill_number(first(fill_number=0)) == []
    assert fill_number(first(fill_number=3)) == [3]
    assert first(fill_number=0)["type"]["coding"][0]["code"] == "FFC"
    assert first(fill_number=3)["type"]["coding"][0]["code"] == "RFC"
    part = first(fill_number=3, partial_fill=2)["type"]
    assert (part["coding"][0]["code"], part["text"]) == ("RFP", "part 2")


def test_counted_units_have_no_code_and_an_unknown_sale_says_so() -> None:
    dispense = of_type(written(an_answer(dispensations=(a_dispensation(sold=None),))), "MedicationDispense")[
        0
    ]
    assert dispense["quantity"] == {"value": 10, "unit": "each"}
    assert "whenHandedOver" not in dispense
    assert dispense["_whenHandedOver"]["extension"][0]["valueCode"] == "unknown"


def test_report_time_period_and_disclaimers_stand_on_the_first_parameter() -> None:
    for name in ("complete", "no-data"):
        extensions = written(answers()[name])["parameter"][0]["extension"]
        assert [e["url"].rpartition("/")[2] for e in extensions] == [
            "pdmp-header-timestamp-extension",
            "pdmp-activity-period-extension",
            "urn:x-pmpbridge:disclaimer",
        ]
        assert extensions[0]["valueDateTime"] == "2026-11-20T15:30:00Z"
        assert extensions[1]["valuePeriod"] == {"start": "2025-01-01", "end": "2026-11-20"}


# --- outcomes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "issues", "has_data"),
    [
        ("complete", [], True),
        ("no-data", [("information", "informational", "no-data")], False),
        ("ambiguous", [("warning", "multiple-matches", "deferred")], False),
        ("partial", [("warning", "incomplete", "error")], True),
        (
            "partial-without-data",
            [("warning", "incomplete", "error"), ("information", "informational", "no-data")],
            False,
        ),
        ("deferred", [("warning", "transient", "deferred")], False),
        ("error", [("error", "exception", "error")], False),
    ],
)
def test_outcomes(name: str, issues: list[tuple[str, str, str]], has_data: bool) -> None:
    answer = answers()[name]
    outbound = ADAPTER.write(answer, inbound())
    assert outbound.status == 200
    given = {p["name"]: p["resource"] for p in resource(outbound)["parameter"]}
    assert ("pdmp-history-data" in given) is has_data
    said = given.get("outcome", {"issue": []})["issue"]
    assert [(i["severity"], i["code"], i["details"]["coding"][0]["code"]) for i in said] == issues
    for issue in said:
        assert issue["diagnostics"] in {answer.detail, "No PDMP history was found for the submitted patient"}


def test_partial_names_the_silent_state() -> None:
    (issue,) = next(p for p in written(answers()["partial"])["parameter"] if p["name"] == "outcome")[
        "resource"
    ]["issue"]
    assert "NY" in issue["diagnostics"]
    assert issue["details"]["coding"][1] == {"system": "https://www.usps.com/", "code": "NY"}


def test_a_history_never_comes_with_an_outcome_that_has_none() -> None:
    """Whatever a defect elsewhere puts into the answer: nobody's history leaves with these outcomes."""
    for outcome in (Outcome.NO_DATA, Outcome.AMBIGUOUS, Outcome.DISALLOWED, Outcome.DEFERRED, Outcome.ERROR):
        answer = replace(COMPLETE, outcome=outcome)
        assert b"Quillfeather" not in ADAPTER.write(answer, inbound()).body


@pytest.mark.parametrize("operation", ["pdmp-history", "process-message", "search", "read"])
def test_disallowed_is_403(operation: str) -> None:
    outbound = ADAPTER.write(answers()["disallowed"], inbound(operation))
    (issue,) = resource(outbound)["issue"]
    assert outbound.status == 403
    assert (issue["severity"], issue["code"]) == ("error", "forbidden")
    assert issue["details"]["coding"][0]["code"] == "disallowed"


def test_deferred_says_when_to_ask_again() -> None:
    assert ("Retry-After", "3600") in ADAPTER.write(answers()["deferred"], inbound()).headers
