"""A synthetic population through intake's linking: nobody is merged with anybody, and hardly anybody is split."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

import pytest

from gateway.matching import Match, NoMatch
from gateway.model import Person
from gateway.synth import SynthPerson, generate
from tests.unit.matching.people import Memory

PEOPLE = 300
UNTIL = date(2026, 11, 1)


class Linked:
    """Everything that 300 people's dispensers reported, linked in the order of the fills."""

    def __init__(self, seed: int) -> None:
        self.people: list[SynthPerson] = list(generate(patients=PEOPLE, years=2, seed=seed, until=UNTIL))
        self.record = Memory()
        fills = sorted(
            (d.filled, who, n) for who, p in enumerate(self.people) for n, d in enumerate(p.dispensations)
        )
        self.fills_of_key: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.fills_of: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.key_of: dict[tuple[int, Person], str] = {}
        for _, who, n in fills:
            person = self.people[who].dispensations[n].person
            key = self.record.link(person)
            self.fills_of_key[key][who] += 1
            self.fills_of[who][key] += 1
            self.key_of[who, person] = key

    def main_key(self, who: int) -> str:
        """Where most of that person's fills are."""
        return self.fills_of[who].most_common(1)[0][0]


@pytest.fixture(scope="module", params=[7, 1, 2])
def linked(request: pytest.FixtureRequest) -> Linked:
    return Linked(request.param)


def test_nobody_is_merged_with_anybody(linked: Linked) -> None:
    assert linked.fills_of_key
    assert [key for key, people in linked.fills_of_key.items() if len(people) > 1] == []


def test_appearances_are_linked_to_their_person(linked: Linked) -> None:
    assert len(linked.key_of) > PEOPLE
    right = sum(key == linked.main_key(who) for (who, _), key in linked.key_of.items())
    assert right / len(linked.key_of) >= 0.97


def test_everybody_is_found_by_who_they_are_today(linked: Linked) -> None:
    for who, person in enumerate(linked.people):
        decision = linked.record.look_up(person.person)
        if person.dispensations:
            assert isinstance(decision, Match), person.story
            assert decision.person_key in linked.fills_of[who], person.story
        else:
            assert isinstance(decision, NoMatch), person.story


def test_name_and_birth_date_alone_never_show_somebody_else(linked: Linked) -> None:
    """Twins and namesakes are among them: those are told apart, or are ambiguous."""
    wrong = 0
    for who, person in enumerate(linked.people):
        bare = replace(person.person, addresses=(), phones=())
        if person.person.owner is not None or not person.dispensations:
            continue
        decision = linked.record.look_up(bare)
        assert not isinstance(decision, NoMatch), person.story
        wrong += isinstance(decision, Match) and decision.person_key not in linked.fills_of[who]
    assert wrong == 0
