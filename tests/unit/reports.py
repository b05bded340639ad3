"""Answers for the page of a report, and what a person reads of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import html

from gateway.clinical import Analyst, Thresholds
from gateway.model import (
    Answer,
    CompoundPart,
    DispensationStatus,
    FieldEvidence,
    Ingredient,
    Licence,
    MatchEvidence,
    NameUse,
    Outcome,
    PartyKind,
    Person,
    PersonName,
    QuantityUnit,
    Species,
    StateOutcome,
)
from tests.factory import (
    a_dispensation,
    a_dispenser,
    a_drug,
    a_person,
    a_prescriber,
    an_answer,
)

ANALYST = Analyst(
    version="cdc-2022",
    thresholds=Thresholds(
        mme_per_day=Decimal(20),
        overlap_days=0,
        overlap_within_days=30,
        prescribers=1,
        pharmacies=1,
        providers_within_days=180,
    ),
)
MARKUP = "<img src=x onerror=alert(1)>'\"&"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;&#39;&#34;&amp;"
OWNER = a_person(names=(PersonName(family="Fennimore", given=("Ottoline",)),), birth_date=date(1965, 2, 3))
REX = Person(
    key="ANIMAL",
    names=(PersonName(family="Fennimore", given=("Rex",)),),
    species=Species.VETERINARY,
    owner=OWNER,
)


def analysed(*dispensations: Any, **over: Any) -> Answer:
    answer = an_answer(dispensations=dispensations, **over)
    return replace(answer, analysis=ANALYST(dispensations, as_of=date(2026, 9, 2)))


def full() -> Answer:
    """An answer in which everything is said that an answer can say."""
    part = CompoundPart(sequence=1, ndc11="00093015001", quantity=Decimal("2.50"), unit=QuantityUnit.GRAM)
    person = a_person(
        names=(
            PersonName(family="Quillfeather", given=("Marigold", "Ann"), prefix="Dr.", suffix="III"),
            PersonName(family="Underbough", given=("Mari",), use=NameUse.MAIDEN),
        ),
        deceased=date(2026, 9, 9),
        phones=("8605550142", "2035550199"),
    )
    one = a_dispensation(
        person=person,
        refills_authorised=7,
        fill_number=3,
        partial_fill=2,
        days_supply=13,
        quantity=Decimal("97.50"),
        prescriber=a_prescriber(dea_suffix="K7", kind=PartyKind.OPIOID_TREATMENT_PROGRAMME),
        dispenser=a_dispenser(licence=Licence(number="PCY.0991", state="RI")),
        revision=41,
    )
    two = a_dispensation(
        id="X-2",
        compound=(part,),
        person=REX,
        drug=a_drug(ingredients=(Ingredient(name="ketamine"),)),
        status=DispensationStatus.VOID,
        source_state="NY",
    )
    states = (
        StateOutcome(state="CT", outcome=Outcome.COMPLETE),
        StateOutcome(state="MA", outcome=Outcome.ERROR, detail="MA did not answer."),
    )
    match = MatchEvidence(
        score=61.25,
        candidates=17,
        fields=(FieldEvidence(field="birth_date", level="exact", weight=12.75),),
    )
    return analysed(
        one, two, outcome=Outcome.PARTIAL, states=states, match=match, detail="A remark for the reader."
    )


def words(page: str) -> str:
    """What a reader reads, runs of white space as one."""
    body = html.fromstring(page).find("body")
    assert body is not None
    return " ".join(" ".join(str(text) for text in body.itertext()).split())
