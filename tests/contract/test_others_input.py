"""Input that others wrote works as it is: published examples, samples, and synthetic patients of another maker."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

from gateway.model import Address, IntakeVerdict, LookupRequest, Outcome, Person, PersonName, Sex, Species
from gateway.registry import load_registry
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_requester

FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]

AUGUST = Person(
    names=(PersonName(family="Samuels", given=("August",)),),
    birth_date=date(1989, 3, 12),
    sex=Sex.MALE,
    addresses=(Address(lines=("10023 Oakways Ln",), state="MA", postal_code="01059"),),
)
FIDO = Person(
    names=(PersonName(family="Samuels", given=("Fido",)),),
    sex=Sex.MALE,
    species=Species.VETERINARY,
    addresses=(Address(lines=("10023 Oakways Ln",), state="MA", postal_code="01742"),),
    owner=AUGUST,
)
JULES = Person(
    names=(PersonName(family="Julien", given=("Jules",)),),
    birth_date=date(1980, 5, 20),
    sex=Sex.FEMALE,
    addresses=(Address(lines=("10023 Santa Clara Blvd",), state="MA", postal_code="01742"),),
)
BOB = Person(
    names=(PersonName(family="Testpatient", given=("Bob",)),),
    birth_date=date(1900, 1, 1),
    sex=Sex.MALE,
    addresses=(Address(lines=("123 Main St",), city="Wichita", state="KS", postal_code="67203"),),
)

FHIR_REQUESTS = {
    "Parameters-pdmp-history-input-parameters-1.json": AUGUST,
    "Parameters-pdmp-history-input-parameters-2-minimum.json": AUGUST,
    "Parameters-pdmp-history-input-parameters-3-veterinary.json": FIDO,
    "Parameters-pdmp-history-input-parameters-4-delegate.json": JULES,
    "Bundle-pdmp-bundle-request-message-1.json": AUGUST,
}


def _record_of(live: LiveGateway, person: Person) -> None:
    fills = [
        a_dispensation(
            id=None, person=person, rx_number=f"55{n}", written=date(2023, 6, 4), filled=date(2023, 6, 5), sold=None,
            source_state=None, reported_at=None, revision=0,
        )
        for n in range(3)
    ]  # fmt: skip
    verdicts = {r.verdict for r in live.record(fills).results}
    assert verdicts == {IntakeVerdict.CREATED}


def _post(live: LiveGateway, path: str, body: bytes, content_type: str, **headers: str) -> requests.Response:
    return requests.post(
        live.url + path,
        data=body,
        headers={"Authorization": f"Bearer {live.token()}", "Content-Type": content_type, **headers},
        timeout=30,
    )


# --- FHIR -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [True, False], ids=["in the record", "not in the record"])
@pytest.mark.parametrize("name", FHIR_REQUESTS)
def test_fhir_request_examples(empty: LiveGateway, shared: Path, name: str, held: bool) -> None:
    if held:
        _record_of(empty, FHIR_REQUESTS[name])
    body = (shared / "standards/fhir-pdmp/examples" / name).read_bytes()
    paths = (
        ("/fhir/$process-message",)
        if name.startswith("Bundle")
        else ("/fhir/$pdmp-history", "/fhir/Patient/$pdmp-history")
    )
    for path in paths:
        response = _post(empty, path, body, "application/fhir+json")
        assert response.status_code == 200, response.text
        parameters = {p["name"]: p.get("resource") for p in _parameters(response.json())["parameter"]}
        if held:
            resources = [e["resource"]["resourceType"] for e in parameters["pdmp-history-data"]["entry"]]
            assert resources.count("MedicationDispense") == 3
            assert resources.count("Patient") == 1
        else:
            assert "pdmp-history-data" not in parameters
            (issue,) = parameters["outcome"]["issue"]
            assert (issue["severity"], issue["code"]) == ("information", "informational")
            assert issue["details"]["coding"][0]["code"] == "no-data"


def _parameters(resource: dict[str, Any]) -> dict[str, Any]:
    if resource["resourceType"] == "Parameters":
        return resource
    return next(e["resource"] for e in resource["entry"] if e["resource"]["resourceType"] == "Parameters")


# --- SCRIPT and PMIX --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [True, False], ids=["in the record", "not in the record"])
@pytest.mark.parametrize("version", ["10_6", "2017071"])
def test_script_request_samples(empty: LiveGateway, shared: Path, version: str, held: bool) -> None:
    if held:
        _record_of(empty, BOB)
    body = (shared / f"standards/ncpdp/samples/rxhistoryrequest_{version}.xml").read_bytes()
    response = _post(empty, "/ncpdp/script", body, "application/xml")
    assert response.status_code == 200, response.text
    root = etree.fromstring(response.content)
    schema = "script-10.6.xsd" if version == "10_6" else "script-2017071-reconstructed.xsd"
    etree.XMLSchema(etree.parse(shared / "standards/ncpdp" / schema)).assertValid(root)
    assert root.xpath("count(//*[local-name()='Approved'])") == 1
    assert root.xpath("count(//*[local-name()='MedicationDispensed'])") == (3 if held else 0)
    if version == "2017071":  # the sample asks New York too, to which there is no connection
        assert "NY" in response.text


def test_script_fill_samples(empty: LiveGateway, shared: Path) -> None:
    """One prescription: dispensed, sent again, in part on the same day, and at last not dispensed, of no day."""
    schema = etree.XMLSchema(etree.parse(shared / "standards/ncpdp/script-2017071-reconstructed.xsd"))
    said = []
    for name in ("dispensed", "dispensed", "partiallydispensed", "notdispensed"):
        body = (shared / f"standards/ncpdp/samples/rxfill_{name}_2017071.xml").read_bytes()
        response = _post(empty, "/ncpdp/script", body, "application/xml")
        assert response.status_code == 200, response.text
        root = etree.fromstring(response.content)
        schema.assertValid(root)
        assert root.findtext(".//Status/Code") == "010"
        said.append(root.findtext(".//Status/Description"))
    assert said == [
        "Recorded.",
        "Known already; nothing was changed.",
        "Recorded as a part of a fill.",
        "Nothing dispensed or changed; to void a fill, send its LastFillDate.",
    ]
    answer = empty.partner("fhir").ask(LookupRequest(person=BOB, requester=a_requester()))
    assert sorted((str(d.quantity), d.partial_fill) for d in answer.dispensations) == [("10", 0), ("5", 1)]


@pytest.mark.parametrize("held", [True, False], ids=["in the record", "not in the record"])
def test_pmix_request_sample(empty: LiveGateway, shared: Path, held: bool) -> None:
    if held:
        _record_of(empty, BOB)
    body = (shared / "standards/pmix/request_2_x_synthetic.xml").read_bytes()
    response = _post(empty, "/soap/pmix", body, "text/xml")
    assert response.status_code == 200, response.text
    root = etree.fromstring(response.content)
    assert root.xpath("count(//*[local-name()='Prescription'])") == (3 if held else 0)
    assert root.xpath("//text()='complete'" if held else "//text()='no-data'")


# --- Synthea ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def synthea(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every medication request of the 24 patients, dispensed on the day it was written, reported by FHIR."""
    files = sorted((shared / "data/synthea").glob("*.json"))
    with LiveGateway(tmp_path_factory.mktemp("synthea")) as live:
        patients = []
        for file in files:
            resources = [e["resource"] for e in json.loads(file.read_bytes())["entry"]]
            (patient,) = [r for r in resources if r["resourceType"] == "Patient"]
            orders = [r for r in resources if r["resourceType"] == "MedicationRequest"]
            for n, order in enumerate(orders):
                body = json.dumps(_dispense(patient, order, f"{file.stem[:8]}-{n}")).encode()
                response = _post(live, "/fhir/MedicationDispense", body, "application/fhir+json")
                assert response.status_code == 201, response.text
            patients.append((patient, len(orders)))
        yield live, patients


def _dispense(patient: dict[str, Any], order: dict[str, Any], rx_number: str) -> dict[str, Any]:
    """What a pharmacy system would send for this order: the demographics, the drug, a pharmacy, a prescriber."""
    person = {k: patient[k] for k in ("resourceType", "name", "gender", "birthDate", "address", "telecom")}
    return {
        "resourceType": "MedicationDispense",
        "contained": [
            {**person, "id": "patient"},
            {
                "resourceType": "Organization",
                "id": "pharmacy",
                "name": "Synthetic Pharmacy",
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
            },
            {
                "resourceType": "Practitioner",
                "id": "prescriber",
                "name": [{"family": "Synthetic", "given": ["Pat"]}],
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1023011178"}],
            },
            {
                "resourceType": "MedicationRequest",
                "id": "order",
                "status": "completed",
                "intent": "order",
                "medicationCodeableConcept": order["medicationCodeableConcept"],
                "subject": {"reference": "#patient"},
                "authoredOn": order["authoredOn"][:10],
                "requester": {"reference": "#prescriber"},
            },
        ],
        "status": "completed",
        "medicationCodeableConcept": order["medicationCodeableConcept"],
        "subject": {"reference": "#patient"},
        "performer": [{"actor": {"reference": "#pharmacy"}}],
        "authorizingPrescription": [
            {"reference": "#order", "identifier": {"system": "urn:example:rx", "value": rx_number}}
        ],
        "quantity": {"value": 30, "unit": "each"},
        "daysSupply": {"value": 10},
        "whenPrepared": order["authoredOn"][:10],
    }


def _as_person(patient: dict[str, Any]) -> Person:
    name, address = patient["name"][0], patient["address"][0]
    return Person(
        names=(PersonName(family=name["family"], given=tuple(name["given"])),),
        birth_date=date.fromisoformat(patient["birthDate"]),
        sex=Sex(patient["gender"]),
        addresses=(
            Address(
                lines=tuple(address["line"]),
                city=address["city"],
                state="MA",
                postal_code=address.get("postalCode"),
            ),
        ),
    )


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_synthea_patients_are_found(synthea: Any, adapter: str, format: str) -> None:
    live, patients = synthea
    assert len(patients) == 24
    partner = live.partner(adapter, format)
    for patient, orders in patients:
        answer = partner.ask(LookupRequest(person=_as_person(patient), requester=a_requester()))
        assert answer.outcome is Outcome.COMPLETE
        assert len(answer.dispensations) == orders
        assert {d.person.name.family for d in answer.dispensations} == {patient["name"][0]["family"]}


def test_the_same_report_again_changes_nothing(synthea: Any) -> None:
    live, _ = synthea
    before = live.gateway.store.dispensations()
    held = a_dispensation(
        id=None, person=replace(BOB, key=None), source_state=None, reported_at=None, revision=0
    )
    assert [r.verdict for r in live.record([held]).results] == [IntakeVerdict.CREATED]
    assert [r.verdict for r in live.record([held]).results] == [IntakeVerdict.UNCHANGED]
    assert live.gateway.store.dispensations() == before + 1
