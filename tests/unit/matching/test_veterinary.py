"""Animals are known by their name and their owner, and never taken for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.matching import Ambiguous, Match, NoMatch
from gateway.model import PersonName, Species
from tests.unit.matching.people import HARTFORD, NORWALK, PHONE, Memory, animal, at_home, somebody

BISCUIT = animal(key="A")


def test_by_name_and_owner() -> None:
    for request in (
        animal(),
        animal(addresses=()),
        animal(owner=at_home(somebody("Quillfeather", "Marigold", "Ann"), HARTFORD), addresses=()),
        animal(owner=None),
        animal(owner=somebody("Quillfeather", "Thaddeus")),  # another member of the household brought it
    ):
        decision = Memory([BISCUIT]).look_up(request)
        assert isinstance(decision, Match), request
        assert decision.person_key == "A"


def test_a_married_owner_is_known_by_the_phone() -> None:
    known = replace(BISCUIT, owner=replace(somebody(), phones=(PHONE,)))
    asked = animal(owner=replace(somebody("Whitlock"), phones=(PHONE,)), family="Whitlock", addresses=())
    assert isinstance(Memory([known]).look_up(asked), Match)


def test_two_animals_of_one_owner() -> None:
    rex = animal("Rex", key="B")
    record = Memory([BISCUIT, rex])
    for given, key in (("Biscuit", "A"), ("Rex", "B")):
        decision = record.look_up(animal(given))
        assert isinstance(decision, Match)
        assert decision.person_key == key
    assert isinstance(record.look_up(animal("Fido")), NoMatch)


def test_one_name_and_two_owners_of_one_family_name() -> None:
    other = animal(
        key="B", owner=somebody("Quillfeather", "Thaddeus", birth_date=date(1950, 1, 2)), addresses=(NORWALK,)
    )
    record = Memory([BISCUIT, other])
    vague = record.look_up(animal(owner=None, addresses=()))
    assert isinstance(vague, Ambiguous)
    assert "owner's given name" in vague.evidence.deciding
    assert "address" in vague.evidence.deciding
    decision = record.look_up(animal(owner=None, addresses=(NORWALK,)))
    assert isinstance(decision, Match)
    assert decision.person_key == "B"


def test_an_owner_of_the_same_name_elsewhere_is_the_same_by_birth_date_only() -> None:
    asked = animal(addresses=(NORWALK,))
    assert isinstance(Memory([BISCUIT]).look_up(asked), Match)
    without = replace(asked, owner=replace(somebody(), birth_date=None))
    assert isinstance(Memory([BISCUIT]).look_up(without), Ambiguous)


def test_species_must_agree() -> None:
    person = somebody("Quillfeather", "Biscuit", key="C", addresses=(HARTFORD,))
    record = Memory([BISCUIT, person])
    human = record.look_up(replace(person, key=None))
    assert isinstance(human, Match)
    assert human.person_key == "C"
    assert isinstance(Memory([BISCUIT]).look_up(replace(person, key=None)), NoMatch)
    assert isinstance(Memory([person]).look_up(animal()), NoMatch)


def test_an_animal_without_a_name_of_its_own_still_has_a_key() -> None:
    unnamed = replace(animal(), names=(PersonName(family="Quillfeather"),))
    assert unnamed.species is Species.VETERINARY
    record = Memory([replace(unnamed, key="A")])
    assert record.candidates(unnamed)
    assert not isinstance(record.look_up(unnamed), NoMatch)
