"""What is known of somebody, ready to compare: the demographics of one request, appearance or row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.matching.normalise import Name, email, name, phone
from gateway.matching.streets import Place, place
from gateway.model import Address, Person, PersonName, Sex, Species


@dataclass(frozen=True, slots=True)
class Profile:
    """Of a veterinary patient, `animals` are its names and `names` its owner's. Empty where nothing is known."""

    species: Species
    names: tuple[Name, ...]
    animals: tuple[Name, ...]
    birth_date: date | None
    owner_birth_date: date | None
    sex: Sex
    places: tuple[Place, ...] = ()
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()


def profile(person: Person, emails: Iterable[str] = ()) -> Profile:
    """The person, ready to compare."""
    told, where = identity(person), reach(person)
    return Profile(
        species=told.species,
        names=told.names,
        animals=told.animals,
        birth_date=told.birth_date,
        owner_birth_date=told.owner_birth_date,
        sex=told.sex,
        places=where.places,
        phones=where.phones,
        emails=frozenset([usable for one in emails if (usable := email(one))]),
    )


def identity(person: Person) -> Profile:
    """Who it is, without where to reach them: all that is needed to see that somebody is a stranger."""
    owner, is_animal = person.owner, person.species is Species.VETERINARY
    return Profile(
        species=person.species,
        names=tuple([name(n) for n in (human_names(person) if is_animal else person.names)]),
        animals=tuple([name(n) for n in person.names]) if is_animal else (),
        birth_date=person.birth_date,
        owner_birth_date=owner.birth_date if owner else None,
        sex=person.sex,
    )


class Reach(NamedTuple):
    """Where and how somebody is reached, ready to compare."""

    places: tuple[Place, ...]
    phones: frozenset[str]
    emails: frozenset[str] = frozenset()


def reach(person: Person) -> Reach:
    """Of the person, and of the owner."""
    return Reach(tuple([found for found in map(place, addresses(person)) if any(found)]), phones(person))


def human_names(person: Person) -> tuple[PersonName, ...]:
    """The names of the human in question; of a veterinary patient the owner's, at least the family name."""
    if person.species is Species.HUMAN:
        return person.names
    if person.owner is not None and person.owner.names:
        return person.owner.names
    return tuple(PersonName(family=n.family) for n in person.names)


def addresses(person: Person) -> tuple[Address, ...]:
    """Every address of the person, and of the owner."""
    return person.addresses if person.owner is None else person.addresses + person.owner.addresses


def phones(person: Person) -> frozenset[str]:
    """Every usable phone number of the person, and of the owner."""
    numbers = person.phones if person.owner is None else person.phones + person.owner.phones
    return frozenset([usable for number in numbers if (usable := phone(number))])
