"""What is known of somebody, ready to compare: the demographics of one request, appearance or row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

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
    return replace(
        identity(person),
        places=tuple([found for found in map(place, addresses(person)) if any(found)]),
        phones=phones(person),
        emails=frozenset([usable for one in emails if (usable := email(one))]),
    )


def identity(person: Person) -> Profile:
    """Who it is, without where to reach them: all that is needed to see that somebody is a stranger."""
    owner = person.owner
    return Profile(
        species=person.species,
        names=tuple([name(n) for n in human_names(person)]),
        animals=tuple([name(n) for n in person.names]) if person.species is Species.VETERINARY else (),
        birth_date=person.birth_date,
        owner_birth_date=owner.birth_date if owner else None,
        sex=person.sex,
    )


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
