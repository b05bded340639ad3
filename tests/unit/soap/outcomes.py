"""One answer for each outcome: what `samples/*.answer.xml` holds and what each means to whoever reads it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from gateway.model import (
    Answer,
    CompoundPart,
    Ingredient,
    MatchEvidence,
    Outcome,
    Person,
    PersonName,
    QuantityUnit,
    Species,
    StateOutcome,
)
from tests.factory import a_dispensation, a_drug, a_person, a_prescriber, an_answer

_COMPOUND = a_dispensation(
    rx_number="7001235",
    written=None,
    refills_authorised=None,
    unit=QuantityUnit.MILLILITRE,
    drug=a_drug(name="oral suspension", ndc11=None, ingredients=(), schedule=None),
    compound=(
        CompoundPart(sequence=1, ndc11="00228298311", quantity=Decimal("2.5"), unit=QuantityUnit.GRAM),
        CompoundPart(sequence=2, ndc11=None, quantity=Decimal("97.5"), unit=QuantityUnit.MILLILITRE),
    ),
)
_COMBINATION = a_dispensation(
    rx_number="7001200",
    filled=date(2026, 8, 1),
    fill_number=2,
    partial_fill=1,
    drug=a_drug(
        name="acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet",
        ingredients=(
            Ingredient(name="acetaminophen", strength=Decimal("325"), unit="mg"),
            Ingredient(name="oxycodone"),
        ),
    ),
    prescriber=a_prescriber(dea_suffix="A12"),
    person=a_person(
        appearance=2,
        names=(
            PersonName(family="Quillfeather", given=("Mari",)),
            PersonName(family="Finch", given=("Marigold", "Ann"), prefix="Ms", suffix="II"),
        ),
    ),
)
_ANIMAL = a_dispensation(
    person=Person(
        names=(PersonName(family="Quillfeather", given=("Rex",)),),
        species=Species.VETERINARY,
        owner=Person(
            names=(PersonName(family="Quillfeather", given=("Marigold", "Ann")),), birth_date=date(1971, 4, 9)
        ),
    )
)
_CT_DONE = StateOutcome(state="CT", outcome=Outcome.COMPLETE)
_SILENT = StateOutcome(state="MA", outcome=Outcome.ERROR, detail="The state's system did not answer in time.")

ANSWERS: dict[str, Answer] = {
    "complete": an_answer(dispensations=(a_dispensation(), _COMPOUND, _COMBINATION), states=(_CT_DONE,)),
    "veterinary": an_answer(dispensations=(_ANIMAL,), states=(_CT_DONE,)),
    "no-data": an_answer(outcome=Outcome.NO_DATA),
    "ambiguous": an_answer(
        outcome=Outcome.AMBIGUOUS,
        match=MatchEvidence(score=7.5, candidates=2, deciding=("middle name", "address")),
    ),
    "disallowed": an_answer(outcome=Outcome.DISALLOWED, detail="The requester's role may not see histories."),
    "partial": an_answer(outcome=Outcome.PARTIAL, states=(_CT_DONE, _SILENT)),
    "partial-empty": an_answer(
        outcome=Outcome.PARTIAL,
        dispensations=(),
        states=(replace(_CT_DONE, outcome=Outcome.NO_DATA), _SILENT),
    ),
    "deferred": an_answer(outcome=Outcome.DEFERRED, detail="The record is being rebuilt.", retry_after=60),
    "error": an_answer(outcome=Outcome.ERROR, detail="The record could not be read."),
}

CODES = {
    "complete": "complete",
    "veterinary": "complete",
    "no-data": "no-data",
    "ambiguous": "deferred",
    "disallowed": "disallowed",
    "partial": "error",
    "partial-empty": "error",
    "deferred": "deferred",
    "error": "error",
}

READ_BACK = {name: answer.outcome for name, answer in ANSWERS.items()} | {"ambiguous": Outcome.DEFERRED}
