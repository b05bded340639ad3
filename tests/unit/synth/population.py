"""Populations for the tests of this folder, and the digest that says whether two are the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from functools import cache
from hashlib import sha256

from gateway.model import Dispensation
from gateway.synth import SynthPerson, generate

UNTIL = date(2026, 11, 1)
SEEDS = (0, 1, 7, 42, 20_261)


@cache
def people(count: int, seed: int, years: int = 2, until: date = UNTIL) -> tuple[SynthPerson, ...]:
    return tuple(generate(patients=count, years=years, seed=seed, until=until))


def dispensations(population: Iterable[SynthPerson]) -> list[Dispensation]:
    return [d for person in population for d in person.dispensations]


def digest(population: Iterable[SynthPerson]) -> str:
    """Of everything in it; `repr` of a person hides the demographics, so they are named."""
    told = sha256()
    for one in population:
        told.update(f"{one.story} {_demographics(one.person)}".encode())
        for d in one.dispensations:
            told.update(f"{d!r} {_demographics(d.person)}".encode())
    return told.hexdigest()


def _demographics(person: object) -> str:
    names = ("names", "birth_date", "sex", "addresses", "phones", "identifiers", "species", "deceased")
    owner = getattr(person, "owner", None)
    return repr([getattr(person, name) for name in names]) + (_demographics(owner) if owner else "")


if __name__ == "__main__":
    sys.stdout.write(digest(people(int(sys.argv[1]), int(sys.argv[2]))))
