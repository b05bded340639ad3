"""Requests, answers and dispensations for the tests of the FHIR adapter; every value is made up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.fhir import ADAPTER
from gateway.model import (
    Address,
    Answer,
    Dispensation,
    DrugClass,
    Ingredient,
    IntakeReceipt,
    IntakeResult,
    IntakeVerdict,
    Licence,
    MatchEvidence,
    NameUse,
    Outcome,
    PartyKind,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
    StateOutcome,
)
from gateway.ports import Inbound, Outbound
from tests.factory import NOW, a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer

BASE = "https://pmp.example/fhir"
JSON = "application/fhir+json"
TWO_LINES = Address(
    lines=("300 Grove St", "Suite 4"), city="New Haven", state="CT", postal_code="06511", country="US"
)


def inbound(operation: str = "pdmp-history", body: Any = b"", **over: Any) -> Inbound:
    """A message as the web part hands it over; `body` is bytes, or something to be sent as JSON."""
    headers = {"content-type": JSON, **over.pop("headers", {})}
    values: dict[str, Any] = {
        "operation": operation,
        "method": "POST",
        "path": "/fhir",
        "request_id": "7f3a",
        "received_at": NOW,
        "base_url": BASE,
        "headers": headers,
        "content_type": headers["content-type"].partition(";")[0].strip(),
        "body": body if isinstance(body, bytes) else json.dumps(body).encode(),
    }
    return Inbound(**{**values, **over})


def searched(**query: str | tuple[str, ...]) -> Inbound:
    """A search by URL."""
    given = {name: (value,) if isinstance(value, str) else value for name, value in query.items()}
    return inbound("search", method="GET", query=given, headers={"content-type": ""})


def resource(outbound: Outbound) -> Any:
    """The resource that goes out, its numbers as exact as on the wire."""
    return json.loads(outbound.body, parse_float=Decimal)


def written(answer: Answer, operation: str = "pdmp-history") -> Any:
    """The resource that answers a look-up."""
    return resource(ADAPTER.write(answer, inbound(operation)))


# --- dispensations that have something special ----------------------------------------------------------------


def dispensations() -> tuple[Dispensation, ...]:
    """Newest fill first; each shows something that the one before does not."""
    fills = (*_fills_of_one_prescription(), *_drugs(), *_parties(), _of_an_animal(), _bare())
    return tuple(
        replace(d, id=f"{d.id}-{n}", filled=date.fromordinal(date(2026, 9, 28).toordinal() - n))
        for n, d in enumerate(fills)
    )


def _fills_of_one_prescription() -> list[Dispensation]:
    moved = a_person(
        appearance=2,
        names=(PersonName(family="Quillfeather-Ash", given=("Mary",), prefix="Mrs", suffix="Sr"),),
    )
    return [
        a_dispensation(fill_number=2, refills_authorised=5, sold=None),
        a_dispensation(fill_number=1, refills_authorised=5, partial_fill=2, quantity=Decimal("7.5")),
        a_dispensation(fill_number=0, refills_authorised=5, partial_fill=1, person=moved),
        a_dispensation(refills_authorised=5, payment="99", rx_origin="01", treatment_type=None),
    ]


def _drugs() -> list[Dispensation]:
    return [
        a_dispensation(
            rx_number="8101",
            quantity=Decimal("473.25"),
            unit=QuantityUnit.MILLILITRE,
            drug=a_drug(
                name="acetaminophen 24 MG/ML / codeine phosphate 2.4 MG/ML Oral Solution",
                ingredients=(
                    Ingredient(name="acetaminophen", strength=Decimal("24"), unit="mg/mL"),
                    Ingredient(name="codeine", strength=Decimal("2.4"), unit="mg/mL"),
                ),
                dose_form="Oral Solution",
                schedule=Schedule.CV,
            ),
        ),
        a_dispensation(
            rx_number="8102",
            drug=a_drug(
                ingredients=(Ingredient(name="fentanyl", strength=Decimal("12.5"), unit="mcg/h"),),
                dose_form="Transdermal System",
                route="transdermal",
            ),
        ),
        a_dispensation(
            rx_number="8103",
            unit=QuantityUnit.GRAM,
            drug=a_drug(schedule=Schedule.NONE, drug_class=DrugClass.GABAPENTINOID, route=None, rxcui=None),
        ),
        a_dispensation(
            rx_number="8104",
            drug=a_drug(
                name="something compounded",
                ndc11=None,
                rxcui=None,
                ingredients=(
                    Ingredient(name="testosterone"),
                    Ingredient(name="estradiol", strength=Decimal("0.050"), unit="mg"),
                    Ingredient(name="progesterone", strength=Decimal("100"), unit="mg"),
                    Ingredient(name="prasterone", strength=Decimal("12.5"), unit="mg"),
                ),
                dose_form=None,
                route=None,
                schedule=None,
                drug_class=DrugClass.UNKNOWN,
            ),
        ),
    ]


def _parties() -> list[Dispensation]:
    return [
        a_dispensation(
            rx_number="8201",
            prescriber=a_prescriber(
                name=PersonName(family="Vane", given=("Isolde", "Q", "R"), prefix="Dr", suffix="MD"),
                dea_suffix="0042",
                licence=Licence(number="77-1"),
                address=TWO_LINES,
            ),
            dispenser=a_dispenser(
                licence=Licence(number="PCY.0001", state="CT"),
                address=TWO_LINES,
                kind=PartyKind.OPIOID_TREATMENT_PROGRAMME,
            ),
        ),
        a_dispensation(
            rx_number="8202",
            prescriber=Prescriber(),
            dispenser=a_dispenser(name=None, npi=None, ncpdp_id=None, address=None, phone=None),
            written=None,
            refills_authorised=None,
            diagnosis=None,
        ),
    ]


def an_animal() -> Person:
    """A cat, whose date of birth nobody knows, with its owner."""
    return a_person(
        key="5CAT0",
        appearance=1,
        names=(PersonName(family="Quillfeather", given=("Biscuit",)),),
        birth_date=None,
        species=Species.VETERINARY,
        owner=a_person(
            key=None,
            appearance=None,
            names=(PersonName(family="Quillfeather", given=("Marigold", "Ann"), prefix="Ms", suffix="III"),),
            phones=(),
        ),
    )


def _of_an_animal() -> Dispensation:
    return a_dispensation(
        rx_number="8301",
        person=an_animal(),
        prescriber=a_prescriber(kind=PartyKind.VETERINARY),
        dispenser=a_dispenser(kind=PartyKind.VETERINARY),
    )


def _bare() -> Dispensation:
    """No more than a dispensation must have, of a person with former names, who died."""
    person = a_person(
        appearance=3,
        names=(
            PersonName(family="Quillfeather", given=("Marigold",)),
            PersonName(
                family="Thistle", given=("Marigold", "A"), prefix="Ms", suffix="II", use=NameUse.MAIDEN
            ),
            PersonName(family="Quillfeather", use=NameUse.NICKNAME, given=("Goldie",)),
        ),
        sex=Sex.OTHER,
        addresses=(),
        phones=(),
        deceased=date(2026, 8, 2),
    )
    return a_dispensation(
        rx_number="8401",
        person=person,
        sold=None,
        payment=None,
        rx_origin=None,
        treatment_type=None,
        source_state="MA",
        reported_at=None,
        revision=3,
    )


# --- answers --------------------------------------------------------------------------------------------------


def answers() -> dict[str, Answer]:
    """An answer of every outcome."""
    silent = StateOutcome(state="NY", outcome=Outcome.ERROR, detail="NY did not answer within 10 seconds.")
    return {
        "complete": an_answer(dispensations=dispensations()),
        "no-data": an_answer(outcome=Outcome.NO_DATA),
        "ambiguous": an_answer(
            outcome=Outcome.AMBIGUOUS,
            detail="More than one person in the record fits the request; no history is shown. Send address.",
            match=MatchEvidence(score=0.0, candidates=2, deciding=("address",)),
        ),
        "disallowed": an_answer(outcome=Outcome.DISALLOWED, detail="Connecticut does not admit this role."),
        "partial": an_answer(
            outcome=Outcome.PARTIAL,
            states=(StateOutcome(state="CT", outcome=Outcome.COMPLETE), silent),
            detail=silent.detail,
        ),
        "partial-without-data": an_answer(
            outcome=Outcome.PARTIAL,
            dispensations=(),
            states=(StateOutcome(state="CT", outcome=Outcome.NO_DATA), silent),
            detail=silent.detail,
        ),
        "deferred": an_answer(
            outcome=Outcome.DEFERRED, detail="The request waits for a review.", retry_after=3600
        ),
        "error": an_answer(outcome=Outcome.ERROR, detail="The record could not be read."),
    }


def receipt(verdict: IntakeVerdict, **over: Any) -> IntakeReceipt:
    """The receipt of one dispensation."""
    values: dict[str, Any] = {
        "path": "MedicationDispense",
        "verdict": verdict,
        "dispensation": None if verdict is IntakeVerdict.REJECTED else a_dispensation(),
    }
    return IntakeReceipt(results=(IntakeResult(**{**values, **over}),))


def reported() -> dict[str, Any]:
    """A MedicationDispense as a pharmacy reports it; a new one at each call, to be spoilt."""
    return {
        "resourceType": "MedicationDispense",
        "contained": [
            {
                "resourceType": "Patient",
                "id": "patient",
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "900-12-3456"}],
                "name": [{"family": "Quillfeather", "given": ["Marigold", "Ann"]}],
                "telecom": [{"system": "phone", "value": "8605550142"}],
                "gender": "female",
                "birthDate": "1971-04-09",
                "address": [
                    {"line": ["14 Larkspur Ln"], "city": "Hartford", "state": "CT", "postalCode": "06103"}
                ],
            },
            {
                "resourceType": "Organization",
                "id": "pharmacy",
                "identifier": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/NCPDPProviderIdentificationNumber",
                        "value": "1234563",
                    }
                ],
                "name": "Larkspur Pharmacy",
            },
            {
                "resourceType": "Practitioner",
                "id": "prescriber",
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1023011178"}],
                "name": [{"family": "Okonkwo-Baird", "given": ["Thaddeus"]}],
            },
            {
                "resourceType": "MedicationRequest",
                "id": "prescription",
                "status": "completed",
                "intent": "order",
                "medicationCodeableConcept": {"text": "oxycodone hydrochloride 5 MG Oral Tablet"},
                "subject": {"reference": "#patient"},
                "authoredOn": "2026-09-01",
                "requester": {"reference": "#prescriber"},
                "reasonCode": [
                    {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}]}
                ],
                "dispenseRequest": {"numberOfRepeatsAllowed": 2},
            },
        ],
        "extension": [
            {
                "url": "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-extension-rx-fill-number",
                "valuePositiveInt": 1,
            },
            {
                "url": "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-extension-method-of-payment",
                "valueCoding": {
                    "system": "http://terminology.hl7.org/CodeSystem/PMIXMethodofPayment",
                    "code": "04",
                },
            },
        ],
        "status": "completed",
        "medicationCodeableConcept": {
            "text": "oxycodone hydrochloride 5 MG Oral Tablet",
            "coding": [
                {"system": "http://hl7.org/fhir/sid/ndc", "code": "98999-0109-01", "userSelected": True},
                {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049621"},
            ],
        },
        "subject": {"reference": "#patient"},
        "performer": [{"actor": {"reference": "#pharmacy"}}],
        "authorizingPrescription": [{"reference": "#prescription", "identifier": {"value": "7001234"}}],
        "quantity": {"value": 10.50, "unit": "each"},
        "daysSupply": {"value": 2},
        "whenPrepared": "2026-09-02",
        "whenHandedOver": "2026-09-03T10:15:00-04:00",
    }
