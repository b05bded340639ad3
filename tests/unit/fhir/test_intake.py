"""Reporting a dispensation: what is read, what is refused, what is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.medicationdispense import MedicationDispense
from fhir.resources.R4B.operationoutcome import OperationOutcome

from adapters.fhir import ADAPTER
from adapters.fhir.out import to_json
from adapters.fhir.patients import write_owner, write_patient
from gateway.errors import GatewayError
from gateway.model import (
    Dispensation,
    IntakeBatch,
    IntakeIssue,
    IntakeVerdict,
    IssueCode,
    PartyKind,
    Prescriber,
    QuantityUnit,
    Sex,
    Species,
)
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.cases import BASE, an_animal, dispensations, inbound, receipt, reported, resource
from tests.unit.fhir.test_requests import spoil


def read(body: Any) -> Dispensation:
    asked = ADAPTER.read(inbound("create", body))
    assert isinstance(asked, IntakeBatch)
    (record,) = asked.records
    assert record.path == "MedicationDispense"
    return record.dispensation


def refused(body: Any, **over: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound("create", body, **over))
    return caught.value


# --- read -----------------------------------------------------------------------------------------------------


def test_a_report_is_read() -> None:
    d = read(reported())
    assert (d.rx_number, d.fill_number, d.refills_authorised, d.partial_fill) == ("7001234", 1, 2, 0)
    assert (d.written, d.filled, d.sold) == (date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3))
    assert (d.quantity, d.unit, d.days_supply) == (Decimal("10.5"), QuantityUnit.EACH, 2)
    assert (d.payment, d.rx_origin, d.treatment_type, d.diagnosis) == ("04", None, None, "M54.50")
    assert (d.drug.ndc11, d.drug.rxcui) == ("98999010901", "1049621")
    assert d.drug.name == "oxycodone hydrochloride 5 MG Oral Tablet"
    assert (d.prescriber.npi, d.dispenser.ncpdp_id, d.dispenser.kind) == (
        "1023011178",
        "1234563",
        PartyKind.PHARMACY,
    )
    assert (d.person.name.given, d.person.sex) == (("Marigold", "Ann"), Sex.FEMALE)
    assert (d.id, d.source_state, d.reported_at, d.revision) == (None, None, None, 0)


def test_a_first_fill_has_no_extension() -> None:
    body = reported()
    del body["extension"]
    assert read(body).fill_number == 0


def test_a_pharmacy_by_identifier_only() -> None:
    body = reported()
    system = "http://terminology.hl7.org/CodeSystem/NCPDPProviderIdentificationNumber"
    body["performer"] = [
        {"actor": {"identifier": {"system": system, "value": "1234563"}, "display": "Larkspur"}}
    ]
    assert (read(body).dispenser.ncpdp_id, read(body).dispenser.name) == ("1234563", "Larkspur")


def test_a_practitioner_who_dispenses() -> None:
    body = reported()
    body["performer"] = [{"actor": {"reference": "#prescriber"}}]
    dispenser = read(body).dispenser
    assert (dispenser.npi, dispenser.kind) == ("1023011178", PartyKind.PRACTITIONER)
    assert dispenser.name == "Thaddeus Okonkwo-Baird"


def test_a_prescriber_by_identifier_only() -> None:
    body = reported()
    body["contained"][3]["requester"] = {
        "identifier": {"system": "http://terminology.hl7.org/NamingSystem/usdeanumber", "value": "AD1111119"}
    }
    assert read(body).prescriber == Prescriber(dea="AD1111119")


def test_a_medication_by_reference() -> None:
    body = reported()
    concept = body.pop("medicationCodeableConcept")
    ingredient = {
        "itemCodeableConcept": {"text": "oxycodone"},
        "strength": {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 2, "unit": "mL"}},
    }
    medication = {"resourceType": "Medication", "id": "drug", "code": concept, "ingredient": [ingredient]}
    body["contained"].append(medication)
    body["medicationReference"] = {"reference": "#drug"}
    drug = read(body).drug
    assert drug.ndc11 == "98999010901"
    assert (drug.ingredients[0].strength, drug.ingredients[0].unit) == (Decimal(5), "mg/mL")


def test_an_animal_with_its_owner() -> None:
    body, animal = reported(), an_animal()
    assert animal.owner is not None
    patient = {**json.loads(to_json(write_patient(animal))), "id": "patient"}
    owner = {**json.loads(to_json(write_owner(animal.owner, "#patient"))), "id": "owner"}
    body["contained"][0] = patient
    body["contained"].append(owner)
    body["supportingInformation"] = [{"reference": "#owner"}]
    person = read(body).person
    assert (person.species, person.birth_date) == (Species.VETERINARY, None)
    assert person.owner is not None
    assert person.owner.names == animal.owner.names


@pytest.mark.parametrize("number", range(len(dispensations())))
def test_what_is_read_from_here_can_be_reported_again(number: int) -> None:
    """The MedicationDispense of a read, with its patient put back, says the same when it is reported."""
    held = dispensations()[number]
    body = json.loads(ADAPTER.write(an_answer(dispensations=(held,)), inbound("read")).body)
    body["contained"].append({**json.loads(to_json(write_patient(held.person))), "id": "patient"})
    body["subject"] = {"reference": "#patient"}
    told = read(body)
    added = {"id": None, "source_state": None, "reported_at": None, "revision": 0}
    assert replace(told, person=held.person) == replace(held, **added)
    assert replace(told.person, owner=None) == replace(held.person, owner=None, appearance=None)


# --- refused --------------------------------------------------------------------------------------------------

ROOT = "MedicationDispense"
PATIENT = f"{ROOT}.contained[0]"
REFUSED = {
    "no status": (spoil("status", ...), "required", f"{ROOT}.status"),
    "not completed": (spoil("status", "in-progress"), "value", f"{ROOT}.status"),
    "never handed over": (spoil("status", "cancelled"), "value", f"{ROOT}.status"),
    "no drug": (
        spoil("medicationCodeableConcept", ...),
        "required",
        f"{ROOT}.medicationCodeableConcept",
    ),
    "no quantity": (spoil("quantity", ...), "required", f"{ROOT}.quantity"),
    "no amount": (spoil("quantity.value", ...), "required", f"{ROOT}.quantity.value"),
    "no unit": (spoil("quantity.unit", ...), "required", f"{ROOT}.quantity.unit"),
    "unknown unit": (spoil("quantity.unit", "furlong"), "value", f"{ROOT}.quantity.unit"),
    "endless number": (spoil("quantity.value", 1e300), "value", f"{ROOT}.quantity.value"),
    "amount no number": (spoil("quantity.value", "ten"), "value", f"{ROOT}.quantity.value"),
    "no days supply": (spoil("daysSupply", ...), "required", f"{ROOT}.daysSupply"),
    "half a day": (spoil("daysSupply.value", 2.5), "value", f"{ROOT}.daysSupply.value"),
    "no fill date": (spoil("whenPrepared", ...), "required", f"{ROOT}.whenPrepared"),
    "impossible date": (spoil("whenPrepared", "2026-02-30"), "value", f"{ROOT}.whenPrepared"),
    "a month": (spoil("whenPrepared", "2026-02"), "value", f"{ROOT}.whenPrepared"),
    "no subject": (spoil("subject", ...), "required", f"{ROOT}.subject"),
    "a bare reference": (spoil("subject.reference", "Patient/7KQ4M2XT9R0AB"), "required", f"{ROOT}.subject"),
    "no pharmacy": (spoil("performer", ...), "required", f"{ROOT}.performer"),
    "a pharmacy elsewhere": (
        spoil("performer.0.actor.reference", "Organization/1"),
        "required",
        f"{ROOT}.performer[0].actor.identifier",
    ),
    "two prescriptions": (
        spoil("authorizingPrescription", [{"display": "one"}, {"display": "another"}]),
        "value",
        f"{ROOT}.authorizingPrescription",
    ),
    "no number": (
        spoil("authorizingPrescription", ...),
        "required",
        f"{ROOT}.authorizingPrescription[0].identifier",
    ),
    "unknown payment": (
        spoil("extension.1.valueCoding.code", "77"),
        "value",
        f"{ROOT}.extension[1].valueCoding.code",
    ),
    "patient without family": (
        spoil("contained.0.name.0.family", ...),
        "required",
        f"{PATIENT}.name[0].family",
    ),
    "patient without birth": (spoil("contained.0.birthDate", ...), "required", f"{PATIENT}.birthDate"),
    "patient born in a year": (spoil("contained.0.birthDate", "1971"), "value", f"{PATIENT}.birthDate"),
    "patient born on no day": (spoil("contained.0.birthDate", "1971-02-30"), "value", f"{PATIENT}.birthDate"),
    "unknown member": (spoil("Quillfeather", 1), "value", ROOT),
    "unknown member inside": (spoil("quantity.Quillfeather", 1), "value", f"{ROOT}.quantity"),
    "unknown resource inside": (
        spoil("contained.1.resourceType", "Pharmacy"),
        "value",
        f"{ROOT}.contained[1].resourceType",
    ),
    "another resource": (spoil("resourceType", "Bundle"), "value", "Bundle.resourceType"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_reports(name: str) -> None:
    change, code, expression = REFUSED[name]
    body = reported()
    change(body)
    outbound = ADAPTER.write_error(refused(body), None)
    first, *_ = resource(outbound)["issue"]
    assert outbound.status == 400
    assert (first["code"], first["expression"]) == (code, [expression])
    for word in ("Quillfeather", "Marigold", "1971", "900-12", "Larkspur"):
        assert word not in outbound.body.decode()


def test_every_fault_is_named() -> None:
    body = reported()
    body["quantity"]["value"] = "ten"
    body["whenPrepared"] = "yesterday"
    body["contained"][0]["birthDate"] = "soon"
    outbound = ADAPTER.write_error(refused(body), None)
    OperationOutcome.model_validate_json(outbound.body)
    expressions = {issue["expression"][0] for issue in resource(outbound)["issue"]}
    assert expressions == {f"{ROOT}.quantity.value", f"{ROOT}.whenPrepared", f"{PATIENT}.birthDate"}


def test_what_was_found_valid_before_moves_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pharmacies and prescribers that have come before are not judged again, and all else is."""
    monkeypatch.setattr("adapters.fhir.validation._valid", set())
    read(reported())
    body = reported()
    body["contained"][3]["authoredOn"] = "soon"
    assert refused(body).path == "MedicationDispense.contained[3].authoredOn"
    body = reported()
    body["contained"][1]["name"] = 7
    assert refused(body).path == "MedicationDispense.contained[1].name"
    body = reported()
    body["contained"][1]["name"] = "\ud800"
    assert refused(body).status == 400
    read(reported())


# --- answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "status"), [(IntakeVerdict.CREATED, 201), (IntakeVerdict.UNCHANGED, 200)]
)
def test_recorded(verdict: IntakeVerdict, status: int) -> None:
    outbound = ADAPTER.write(receipt(verdict), inbound("create"))
    held = a_dispensation()
    assert outbound.status == status
    assert dict(outbound.headers) == {
        "Location": f"{BASE}/MedicationDispense/{held.id}",
        "ETag": 'W/"1"',
        "Last-Modified": "Thu, 03 Sep 2026 01:02:03 GMT",
    }
    MedicationDispense.model_validate_json(outbound.body)
    body = resource(outbound)
    assert (body["id"], body["subject"]["reference"]) == (held.id, f"Patient/{held.person.key}")
    assert {r["resourceType"] for r in body["contained"]} == {
        "Organization", "Practitioner", "MedicationRequest", "Medication", "MedicationKnowledge",
    }  # fmt: skip
    assert not any({"versionId", "lastUpdated"} & set(r["meta"]) for r in body["contained"])


def test_what_comes_back_is_the_callers_choice() -> None:
    def answered(preference: str) -> Any:
        return ADAPTER.write(
            receipt(IntakeVerdict.CREATED), inbound("create", headers={"prefer": preference})
        )

    assert answered("return=minimal").body == b""
    assert resource(answered("respond-async, return=OperationOutcome"))["resourceType"] == "OperationOutcome"
    assert resource(answered("return=representation"))["resourceType"] == "MedicationDispense"


def _issue(field: str | None, message: str, *, is_error: bool) -> IntakeIssue:
    return IntakeIssue(
        path="MedicationDispense",
        field=field,
        code=IssueCode.INCONSISTENT,
        message=message,
        is_error=is_error,
    )


def test_rejected() -> None:
    issues = (
        _issue("days_supply", "The days supply is wrong.", is_error=True),
        _issue("drug.ndc11", "The NDC is odd.", is_error=False),
        _issue("person.names", "The name is odd.", is_error=False),
        _issue(None, "It is all odd.", is_error=False),
    )
    outbound = ADAPTER.write(receipt(IntakeVerdict.REJECTED, issues=issues), inbound("create"))
    OperationOutcome.model_validate_json(outbound.body)
    assert outbound.status == 422
    assert [(i["severity"], i["expression"]) for i in resource(outbound)["issue"]] == [
        ("error", ["MedicationDispense.daysSupply.value"]),
        ("warning", ["MedicationDispense.medication.coding.code"]),
        ("warning", ["MedicationDispense.subject.name"]),
        ("warning", ["MedicationDispense"]),
    ]


def test_remarks_come_with_the_outcome() -> None:
    issues = (_issue("prescriber.npi", "The NPI is odd.", is_error=False),)
    message = inbound("create", headers={"prefer": "return=OperationOutcome"})
    outbound = ADAPTER.write(receipt(IntakeVerdict.CREATED, issues=issues), message)
    assert outbound.status == 201
    assert [i["severity"] for i in resource(outbound)["issue"]] == ["warning"]
