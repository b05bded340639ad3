"""A staged history is fetched by whom it was staged for, and of the patient it was staged of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.errors import Forbidden
from gateway.model import (
    Address,
    Outcome,
    Period,
    Person,
    Practitioner,
    StateOutcome,
)
from tests.factory import a_dispensation, a_person, an_answer
from tests.unit.staged import (
    BARE,
    HER,
    REQUESTER,
    REX,
    World,
    a_world,
    ask,
    called,
    gathered,
    ssn,
    stage,
)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as made:
        yield made


@pytest.mark.parametrize(
    "over",
    [
        {"requester": replace(REQUESTER, client_id="other")},
        {"requester": replace(REQUESTER, practitioner=Practitioner(npi="1234567893", role="Physician"))},
        {"requester": replace(REQUESTER, delegate=Practitioner(npi="1234567893"))},
        {"person": a_person(key=None, appearance=None, birth_date=date(1971, 4, 10))},
        {"period": Period()},
        {"retrieval_key": "k" * 43},
        {"retrieval_key": ""},
    ],
)
def test_in_other_hands_the_key_says_nothing(world: World, over: dict[str, Any]) -> None:
    key = stage(world)
    gathered(world)
    before = len(world.asked)
    with pytest.raises(Forbidden) as refused:
        world.staging(replace(ask(retrieval_key=key), **over))
    with pytest.raises(Forbidden) as unknown:
        world.staging(ask(retrieval_key="never"))
    assert str(refused.value) == str(unknown.value)
    assert len(world.asked) == before, "nothing was looked up"


@pytest.mark.parametrize(
    ("staged", "fetched"),
    [
        (HER, replace(HER, phones=("8605550142", "2035550100"))),
        (BARE, HER),
        (HER, BARE),
        (HER, replace(HER, names=called("Marigold"))),
        (HER, replace(HER, names=called("MARIGOLD", "Ann", family="QUILLFEATHER"))),
        (HER, replace(HER, addresses=(Address(lines=("9 Elm St",), city="Bridgeport", state="CT"),))),
        (HER, replace(HER, identifiers=ssn("987654320"))),
        (REX, replace(REX, owner=replace(HER, phones=()))),
    ],
)
def test_more_may_be_known_of_her_by_the_fetch(world: World, staged: Person, fetched: Person) -> None:
    key = world.staging(ask(person=staged, stage_only=True)).retrieval_key
    gathered(world)
    assert world.staging(ask(person=fetched, retrieval_key=key)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("staged", "fetched"),
    [
        (HER, replace(HER, names=called("Rosemary", "Ann"))),  # a twin
        (HER, replace(HER, names=called("Maribel"))),
        (HER, replace(HER, birth_date=date(1971, 4, 10))),
        (HER, replace(HER, names=called("Thaddeus", family="Okonkwo-Baird"))),
        (
            HER,  # of her name and day, with nothing else in common
            replace(
                HER,
                phones=("2035550100",),
                addresses=(Address(lines=("9 Elm St",), city="Bridgeport", state="CT", postal_code="06604"),),
            ),
        ),
        (replace(HER, identifiers=ssn("987654320")), replace(HER, identifiers=ssn("987654321"))),
        (HER, REX),
        (REX, replace(REX, names=called("Bella"))),
        (
            REX,
            replace(
                REX, owner=a_person(names=called("Ada", family="Otherwise"), birth_date=date(1980, 1, 2))
            ),
        ),
    ],
)
def test_another_patient_is_refused(world: World, staged: Person, fetched: Person) -> None:
    key = world.staging(ask(person=staged, stage_only=True)).retrieval_key
    gathered(world)
    before = len(world.asked)
    with pytest.raises(Forbidden) as refused:
        world.staging(ask(person=fetched, retrieval_key=key))
    with pytest.raises(Forbidden) as unknown:
        world.staging(ask(retrieval_key="never"))
    assert str(refused.value) == str(unknown.value)
    assert len(world.asked) == before


def test_what_was_gathered_is_not_joined_to_another_person(world: World) -> None:
    """The record finds somebody else by now: she was merged or split, or more was sent of her."""
    ours = a_dispensation(source_state="CT", person=a_person(key="OLD"))
    theirs = a_dispensation(source_state="NY", person=a_person(key=None))
    told = tuple(StateOutcome(state=s, outcome=Outcome.COMPLETE) for s in ("CT", "NY"))
    now = a_dispensation(source_state="CT", person=a_person(key="NEW"))
    anew = an_answer(dispensations=(now,), states=told)
    world.answers = [
        an_answer(dispensations=(theirs, ours), states=told),
        an_answer(dispensations=(now,), states=told[:1]),
        anew,
    ]
    request = ask(states=("CT", "NY"))
    key = world.staging(replace(request, stage_only=True)).retrieval_key
    gathered(world)
    assert world.staging(replace(request, retrieval_key=key)) is anew
    assert world.asked[-1] == request, "all states were asked anew"
