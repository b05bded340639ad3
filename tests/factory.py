"""Small makers of canonical objects for tests; every value is made up, every default can be overridden."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from gateway.model import (
    Address,
    Answer,
    Dispensation,
    Dispenser,
    Drug,
    DrugClass,
    Ingredient,
    Licence,
    LookupRequest,
    Organisation,
    Outcome,
    PartyKind,
    Period,
    Person,
    PersonName,
    Practitioner,
    Prescriber,
    QuantityUnit,
    Requester,
    Schedule,
    Sex,
    StateOutcome,
)

NOW = datetime(2026, 11, 20, 15, 30, 0, tzinfo=UTC)


def a_person(**over: Any) -> Person:
    """A human patient in Hartford, appearance 1 of person key 7KQ4M2XT9R0AB."""
    values: dict[str, Any] = {
        "key": "7KQ4M2XT9R0AB",
        "appearance": 1,
        "names": (PersonName(family="Quillfeather", given=("Marigold", "Ann")),),
        "birth_date": date(1971, 4, 9),
        "sex": Sex.FEMALE,
        "addresses": (
            Address(
                lines=("14 Larkspur Ln", "Apt 2"),
                city="Hartford",
                state="CT",
                postal_code="06103",
                country="US",
            ),
        ),
        "phones": ("8605550142",),
    }
    return Person(**{**values, **over})


def a_drug(**over: Any) -> Drug:
    """Oxycodone 5 mg tablets."""
    values: dict[str, Any] = {
        "name": "oxycodone hydrochloride 5 MG Oral Tablet",
        "ndc11": "00228298311",
        "rxcui": "1049621",
        "ingredients": (Ingredient(name="oxycodone", strength=Decimal("5"), unit="mg"),),
        "dose_form": "Oral Tablet",
        "route": "oral",
        "schedule": Schedule.CII,
        "drug_class": DrugClass.OPIOID,
    }
    return Drug(**{**values, **over})


def a_prescriber(**over: Any) -> Prescriber:
    """A physician in New Haven with every identifier."""
    values: dict[str, Any] = {
        "name": PersonName(family="Okonkwo-Baird", given=("Thaddeus", "J")),
        "npi": "1023011178",
        "dea": "AD1111119",
        "licence": Licence(number="CT.045512", state="CT"),
        "address": Address(
            lines=("300 Grove St",), city="New Haven", state="CT", postal_code="06511", country="US"
        ),
        "phone": "2035550117",
        "kind": PartyKind.PRACTITIONER,
    }
    return Prescriber(**{**values, **over})


def a_dispenser(**over: Any) -> Dispenser:
    """A pharmacy in Hartford with every identifier."""
    values: dict[str, Any] = {
        "name": "Larkspur Pharmacy",
        "npi": "1234567893",
        "dea": "BC6486054",
        "ncpdp_id": "1234563",
        "address": Address(
            lines=("1234 Broadway",), city="Hartford", state="CT", postal_code="06103", country="US"
        ),
        "phone": "8605550100",
        "kind": PartyKind.PHARMACY,
    }
    return Dispenser(**{**values, **over})


def a_dispensation(**over: Any) -> Dispensation:
    """A first fill of ten tablets, as the store gives it back."""
    values: dict[str, Any] = {
        "id": "7KQ4M2XT9R0AB-1",
        "rx_number": "7001234",
        "written": date(2026, 9, 1),
        "filled": date(2026, 9, 2),
        "sold": date(2026, 9, 3),
        "fill_number": 0,
        "refills_authorised": 0,
        "quantity": Decimal("10"),
        "unit": QuantityUnit.EACH,
        "days_supply": 2,
        "partial_fill": 0,
        "payment": "04",
        "rx_origin": "05",
        "treatment_type": "10",
        "diagnosis": "M54.50",
        "drug": a_drug(),
        "prescriber": a_prescriber(),
        "dispenser": a_dispenser(),
        "person": a_person(),
        "source_state": "CT",
        "reported_at": datetime(2026, 9, 3, 1, 2, 3, tzinfo=UTC),
        "revision": 1,
    }
    return Dispensation(**{**values, **over})


def a_requester(**over: Any) -> Requester:
    """A physician at a hospital."""
    values: dict[str, Any] = {
        "practitioner": Practitioner(
            name=PersonName(family="Okonkwo-Baird", given=("Thaddeus",)),
            npi="1023011178",
            dea="AD1111119",
            role="Physician",
        ),
        "organisation": Organisation(name="Charter Oak Hospital", npi="1700902491"),
        "state": "CT",
    }
    return Requester(**{**values, **over})


def a_lookup(**over: Any) -> LookupRequest:
    """A request for the person of :func:`a_person`, as a caller knows her."""
    values: dict[str, Any] = {
        "person": a_person(key=None, appearance=None),
        "requester": a_requester(),
        "period": Period(start=date(2025, 1, 1), end=date(2026, 11, 20)),
        "message_id": "MSG0001",
    }
    return LookupRequest(**{**values, **over})


def an_answer(**over: Any) -> Answer:
    """A complete answer with one dispensation; other outcomes carry none unless told."""
    outcome = over.get("outcome", Outcome.COMPLETE)
    full = outcome in {Outcome.COMPLETE, Outcome.PARTIAL}
    dispensations = over.get("dispensations", (a_dispensation(),) if full else ())
    values: dict[str, Any] = {
        "outcome": outcome,
        "report_id": "0192f2c4-6a53-7e11-8c55-8a1f0f6f3d10",
        "generated_at": NOW,
        "period": Period(start=date(2025, 1, 1), end=date(2026, 11, 20)),
        "persons": tuple(dict.fromkeys(d.person for d in dispensations)),
        "dispensations": dispensations,
        "states": (StateOutcome(state="CT", outcome=outcome),),
        "disclaimers": ("Data may be inaccurate or incomplete.",),
    }
    return Answer(**{**values, **over})
