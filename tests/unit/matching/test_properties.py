"""What holds for any demographics whatever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.matching import Match
from gateway.matching.normalise import fold
from gateway.model import Address, Person, PersonName, Sex, Species
from tests.unit.matching.people import MATCHER

text = st.text(max_size=20)
names = st.builds(
    PersonName, family=text, given=st.lists(text, max_size=3).map(tuple), suffix=st.none() | text
)
addresses = st.builds(
    Address, lines=st.lists(text, max_size=3).map(tuple), city=st.none() | text, postal_code=st.none() | text
)
people = st.builds(
    Person,
    names=st.lists(names, min_size=1, max_size=2).map(tuple),
    birth_date=st.dates(date(1900, 1, 1), date(2026, 11, 1)),
    sex=st.sampled_from(Sex),
    addresses=st.lists(addresses, max_size=2).map(tuple),
    phones=st.lists(text, max_size=2).map(tuple),
)


def _has_name(person: Person) -> bool:
    return bool(fold(person.name.family).split())


@given(people)
@settings(deadline=None)
def test_everybody_with_a_name_is_found_again_as_told(person: Person) -> None:
    assume(_has_name(person))
    assert MATCHER.blocking_keys(person)
    decision = MATCHER.decide(person, [replace(person, key="A", appearance=1)])
    assert isinstance(decision, Match)
    assert decision.person_key == "A"


@given(people, st.lists(people, max_size=4), st.lists(people, max_size=4))
@settings(max_examples=50, deadline=None)
def test_people_of_other_birth_dates_and_species_change_nothing(
    person: Person, candidates: list[Person], others: list[Person]
) -> None:
    assert person.birth_date
    far = person.birth_date + timedelta(days=20 * 365)
    near = [replace(c, key=str(n)) for n, c in enumerate(candidates)]
    strangers = [replace(o, key=f"far{n}", birth_date=far) for n, o in enumerate(others)]
    animals = [replace(person, key="pet", species=Species.VETERINARY)]
    before, after = MATCHER.decide(person, near), MATCHER.decide(person, near + strangers + animals)
    assert type(before) is type(after)
    assert before.evidence.fields == after.evidence.fields
    assert before.evidence.deciding == after.evidence.deciding


@given(people)
@settings(deadline=None)
def test_the_same_demographics_twice_are_two_people_to_choose_from(person: Person) -> None:
    assume(_has_name(person))
    twice = [replace(person, key="A"), replace(person, key="B")]
    assert not isinstance(MATCHER.decide(person, twice), Match)
