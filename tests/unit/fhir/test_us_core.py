"""What US Core asks of single resources, beside what the guide's own profiles ask: docs/conformance names these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.fhir import ADAPTER, uris
from adapters.fhir.conformance import metadata
from adapters.fhir.datatypes import DATA_ABSENT
from adapters.fhir.write_people import write_people
from gateway.model import Dispensation, Dispenser, Drug, PersonName, Prescriber, Sex
from gateway.model.people import PeopleFound, PersonFound
from tests.factory import a_dispensation, a_person, a_prescriber, an_answer
from tests.unit.fhir.cases import an_animal, dispensations, inbound, resource, written
from tests.unit.fhir.test_history import entries, of_type


def least() -> Dispensation:
    """A dispensation of which nothing is known that need not be."""
    return a_dispensation(
        sold=None,
        written=None,
        refills_authorised=None,
        payment=None,
        rx_origin=None,
        treatment_type=None,
        diagnosis=None,
        drug=Drug(),
        prescriber=Prescriber(),
        dispenser=Dispenser(),
        person=a_person(sex=Sex.UNKNOWN, addresses=(), phones=()),
        reported_at=None,
    )


def test_what_is_mandatory_and_not_known_is_marked() -> None:
    answer = written(an_answer(dispensations=(least(), a_dispensation(rx_number="8", person=an_animal()))))
    dispense, _ = of_type(answer, "MedicationDispense")
    assert dispense["medicationCodeableConcept"] == DATA_ABSENT
    organization, _ = of_type(answer, "Organization")
    assert (organization["_name"], organization["identifier"]) == (DATA_ABSENT, [DATA_ABSENT])
    patient, animal = of_type(answer, "Patient")
    assert patient["gender"] == "unknown"
    assert animal["_birthDate"] == DATA_ABSENT
    unnamed = replace(least(), prescriber=Prescriber(phone="2035550117"))
    (practitioner,) = of_type(written(an_answer(dispensations=(unnamed,))), "Practitioner")
    assert practitioner["identifier"] == [DATA_ABSENT]
    assert practitioner["name"] == [{"_family": DATA_ABSENT}]


def test_what_is_optional_and_not_known_is_left_out() -> None:
    answer = written(an_answer(dispensations=(least(),)))
    assert list(_empty(answer)) == []
    (dispense,), (patient,) = of_type(answer, "MedicationDispense"), of_type(answer, "Patient")
    assert not {"extension", "supportingInformation", "whenHandedOver"} & set(dispense)
    assert not {"address", "telecom", "extension", "deceasedDateTime"} & set(patient)
    (prescription,) = of_type(answer, "MedicationRequest")
    assert not {"requester", "reasonCode", "dispenseRequest", "authoredOn"} & set(prescription)
    assert of_type(answer, "Practitioner") == []


def _empty(node: Any, path: str = "") -> Any:
    """The paths of what has no value."""
    if node in (None, "", [], {}):
        yield path
    for name, value in (
        node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else [])
    ):
        yield from _empty(value, f"{path}.{name}")


def test_a_prescription_is_told_as_reported() -> None:
    (prescription,) = of_type(written(an_answer()), "MedicationRequest")
    assert prescription["reportedBoolean"] is True
    assert (prescription["status"], prescription["intent"]) == ("completed", "order")


def test_where_a_prescriber_works_is_in_the_practitioner() -> None:
    known = a_prescriber()
    (practitioner,) = of_type(written(an_answer()), "Practitioner")
    assert known.address is not None
    assert [one["city"] for one in practitioner["address"]] == [known.address.city]
    assert practitioner["telecom"] == [{"system": "phone", "value": known.phone}]


def test_what_is_contained_claims_its_profile() -> None:
    """MedicationKnowledge has none."""
    message = inbound("read", method="GET", arguments={"id": a_dispensation().id})
    told = resource(ADAPTER.write(an_answer(), message))
    kinds = {one["resourceType"] for one in told["contained"] if one.get("meta", {}).get("profile")}
    assert kinds == {one["resourceType"] for one in told["contained"]} - {"MedicationKnowledge"}
    assert kinds >= {"Organization", "Practitioner", "MedicationRequest", "Medication"}


REQUIRED = {
    "MedicationDispense.status": {"completed", "entered-in-error"},
    "MedicationRequest.status": {"completed"},
    "MedicationRequest.intent": {"order"},
    "Patient.gender": {"female", "male", "other", "unknown"},
    "RelatedPerson.gender": {"female", "male", "other", "unknown"},
    "name.use": {"official", "maiden", "nickname", "old"},
    "telecom.system": {"phone"},
}
"""Elements with a required binding, and which of its codes are written."""


def test_required_bindings_have_a_code_of_their_value_set() -> None:
    told: dict[str, set[str]] = {name: set() for name in REQUIRED}
    for entry in entries(written(an_answer(dispensations=dispensations()))):
        for name in REQUIRED:
            kind, _, element = name.partition(".")
            if entry["resourceType"] == kind and element in entry:
                told[name].add(entry[element])
            elif isinstance(entry.get(kind), list):
                told[name] |= {one[element] for one in entry[kind] if element in one}
    for name, codes in told.items():
        assert codes, name
        assert codes <= REQUIRED[name], name


def test_a_drug_that_is_known_to_rxnorm_says_so() -> None:
    held = dispensations()
    told = of_type(written(an_answer(dispensations=held)), "MedicationDispense")
    assert any(d.drug.rxcui is None for d in held)
    for d, dispense in zip(held, told, strict=True):
        codings = dispense["medicationCodeableConcept"].get("coding", ())
        assert [c["code"] for c in codings if c["system"] == uris.RXNORM] == [d.drug.rxcui][
            : bool(d.drug.rxcui)
        ]
        assert [c["code"] for c in codings if c["system"] == uris.NDC] == [d.drug.ndc11][: bool(d.drug.ndc11)]


def test_a_former_name_is_old() -> None:
    before = (PersonName(family="Thistle", given=("Marigold",)),)
    one = PersonFound(key="7KQ4M2XT9R0AB", appearances=(a_person(), a_person(names=before)))
    told = write_people(PeopleFound(people=(one,), state="CT"), inbound("patient-read", method="GET"))
    assert [(name["family"], name["use"]) for name in resource(told)["name"]] == [
        ("Quillfeather", "official"),
        ("Thistle", "old"),
    ]


def test_the_statement_names_the_profile_of_each_type() -> None:
    (rest,) = resource(metadata(inbound("public", method="GET")))["rest"]
    told = {one["type"]: one.get("supportedProfile") for one in rest["resource"]}
    assert told["MedicationDispense"] == [uris.PROFILE_DISPENSE]
    assert told["Patient"] == [uris.PROFILE_PATIENT]
    assert told["Provenance"] == [uris.PROFILE_PROVENANCE]
