"""A request against one appearance: the level of each field, their sum, and the best it can come to.

Fields are compared in the order of their cost, and a candidate that cannot come near any more is left as soon as
that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.matching import compare
from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import Name, name, phone
from gateway.matching.streets import Place, place
from gateway.matching.weights import Ceiling, Weights
from gateway.model import Address, Person, PersonName, Sex, Species

Levels = list[tuple[str, str]]  # field and level, in the order of comparison


@dataclass(frozen=True, slots=True)
class Asked:
    """The request, ready to compare. Of a veterinary patient, `animals` are its names and `names` its owner's."""

    species: Species
    names: tuple[Name, ...]
    animals: tuple[Name, ...]
    birth_date: date | None
    owner_birth_date: date | None
    sex: Sex
    places: tuple[Place, ...]
    phones: frozenset[str]


class Score(NamedTuple):
    """How well one appearance fits."""

    person_key: str
    appearance: Person
    ceiling: Ceiling
    total: float
    levels: Levels


def asked(person: Person) -> Asked:
    """The request, ready to compare."""
    owner = person.owner
    return Asked(
        species=person.species,
        names=tuple(name(n) for n in human_names(person)),
        animals=tuple(name(n) for n in person.names) if person.species is Species.VETERINARY else (),
        birth_date=person.birth_date,
        owner_birth_date=owner.birth_date if owner else None,
        sex=person.sex,
        places=tuple(map(place, addresses(person))),
        phones=phones(person),
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


class Scorer:
    """Scores appearances by one table of weights."""

    def __init__(self, weights: Weights, names: GivenNames) -> None:
        self._weights = weights
        self._levels = weights.fields
        self._names = names
        self._contact_at_best = sum(weights.best[field] for field in ("address", "phone"))

    def score(self, request: Asked, candidate: Person) -> Score | None:
        """How well that appearance fits; None when it is nowhere near. The species are the same."""
        who = self._human if request.species is Species.HUMAN else self._animal
        levels = who(request, candidate)
        total, ceiling = self._sum(levels)
        if ceiling is Ceiling.NOBODY or total + self._contact_at_best < self._weights.reject:
            return None
        contact = _contact(request, candidate)
        total += self._sum(contact)[0]
        if total < self._weights.reject:
            return None
        return Score(candidate.key or "", candidate, ceiling, total, levels + contact)

    def _sum(self, levels: Levels) -> tuple[float, Ceiling]:
        total, ceiling = 0.0, Ceiling.MATCH
        for field, level in levels:
            found = self._levels[field][level]
            total += found.weight
            if found.ceiling is not Ceiling.MATCH:
                ceiling = min(ceiling, found.ceiling)
        return total, ceiling

    def _human(self, request: Asked, candidate: Person) -> Levels:
        levels: Levels = []
        birth_date = compare.birth_dates(request.birth_date, candidate.birth_date)
        if birth_date is not None:
            levels.append(("birth date", birth_date))
            if self._levels["birth date"][birth_date].ceiling is Ceiling.NOBODY:
                return levels
        levels += self._best_names(request.names, candidate.names, "family name", "given name", whole=True)
        sex = compare.sexes(request.sex, candidate.sex)
        if sex is not None:
            same_given = sex == "exact" or ("given name", "exact") in levels
            levels.append(("sex", sex if same_given else "other-name"))
        return levels

    def _animal(self, request: Asked, candidate: Person) -> Levels:
        levels: Levels = self._best_names(
            request.names, human_names(candidate), "owner's family name", "owner's given name", whole=False
        )
        owner_birth_date = candidate.owner.birth_date if candidate.owner else None
        for field, level in (
            ("animal name", self._animal_name(request.animals, candidate.names)),
            ("owner's birth date", compare.birth_dates(request.owner_birth_date, owner_birth_date)),
            ("birth date", compare.birth_dates(request.birth_date, candidate.birth_date)),
            ("sex", compare.sexes(request.sex, candidate.sex)),
        ):
            if level is not None:
                levels.append((field, level))
        return levels

    def _animal_name(self, ones: Iterable[Name], others: Iterable[PersonName]) -> str | None:
        """An animal has no nickname that a table knows, and no middle name."""
        found = {compare.given_names(one, name(other), self._names) for one in ones for other in others}
        if found & {"exact", "nickname"}:
            return "exact"
        if found & {"spelling", "similar"}:
            return "spelling" if "spelling" in found else "similar"
        return "different" if found & {"different", "initial", "middle"} else None

    def _best_names(
        self, ones: Iterable[Name], others: Iterable[PersonName], family: str, given: str, *, whole: bool
    ) -> Levels:
        """The levels of the pair of names that agrees best.

        :param whole: middle name and generation count too.
        """
        pairs = [
            self._name_levels(one, other, family, given, whole=whole)
            for other in map(name, others)
            for one in ones
        ]
        if len(pairs) == 1:
            return pairs[0]
        return max(pairs, key=lambda levels: self._sum(levels)[0], default=[])

    def _name_levels(self, one: Name, other: Name, family: str, given: str, *, whole: bool) -> Levels:
        families = compare.family_names(one, other)
        givens = compare.given_names(one, other, self._names)
        if families != "exact" and givens != "exact" and compare.are_swapped(one, other):
            families = givens = "swapped"
        found = [(family, families), (given, givens)]
        if whole:
            if givens in {"exact", "nickname", "spelling"}:
                found.append(("middle name", compare.middle_names(one, other)))
            found.append(("suffix", compare.generations(one, other)))
        return [(field, level) for field, level in found if level is not None]


def _contact(request: Asked, candidate: Person) -> Levels:
    """Address and phone. Either stays when the other changes: who moves keeps the number, who changes it stays."""
    address = compare.places(request.places, addresses(candidate))
    number = compare.phones(request.phones, phones(candidate))
    if number == "exact" and address in {"different", "other-zip"}:
        address = "moved"
    if number == "different" and address in {"home", "street"}:
        number = "changed"
    return [(field, level) for field, level in (("address", address), ("phone", number)) if level is not None]
