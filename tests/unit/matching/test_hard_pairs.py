"""Pairs that are hard to tell, with what a careful clerk of a PMP would say: hard_pairs.csv, two lines a pair.

`match`: one person, on what the two lines say. `no-match`: two people. `ambiguous`: they may be either; a question is
asked, nobody's history is shown, and nobody is told that there are no records. Each expectation was set before the
matcher saw the pair, and has its reason in `why`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import pytest

from gateway.matching import Ambiguous, Decision, Match
from gateway.model import Address, Person, PersonName, Sex, Species
from tests.unit.matching.people import MATCHER, Memory

_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "X": Sex.OTHER}


@dataclass(frozen=True)
class Pair:
    """Two sides, and what they are to each other."""

    number: int
    kind: str
    expected: str
    why: str
    sides: tuple[Person, Person]


def _person(row: dict[str, str]) -> Person:
    lines = tuple(line for line in (row["street"], row["address_2"]) if line)
    address = Address(
        lines=lines, city=row["city"] or None, state=row["state"] or None, postal_code=row["zip"] or None
    )
    owner = Person(
        names=(PersonName(family=row["owner_last_name"], given=(row["owner_first_name"],)),),
        birth_date=date.fromisoformat(row["owner_dob"]),
    ) if row["owner_dob"] else None  # fmt: skip
    given = tuple(name for name in (row["first_name"], row["middle_name"]) if name)
    return Person(
        names=(PersonName(family=row["last_name"], given=given, suffix=row["suffix"] or None),),
        birth_date=date.fromisoformat(row["dob"]) if row["dob"] else None,
        sex=_SEXES.get(row["sex"], Sex.UNKNOWN),
        addresses=(address,) if address != Address() else (),
        phones=(row["phone"],) if row["phone"] else (),
        deceased=row["deceased"] == "yes",
        species=Species.VETERINARY if owner else Species.HUMAN,
        owner=owner,
    )


def _pairs() -> Iterator[Pair]:
    with Path(__file__).with_name("hard_pairs.csv").open(encoding="utf-8", newline="") as file:
        for number, rows in groupby(csv.DictReader(file), key=lambda row: row["pair"]):
            one, other = rows
            sides = _person(one), _person(other)
            yield Pair(int(number), one["kind"], one["expected"], one["why"], sides)


PAIRS = tuple(_pairs())


def _outcome(decision: Decision) -> str:
    if isinstance(decision, Match):
        return "match"
    return "ambiguous" if isinstance(decision, Ambiguous) else "no-match"


def test_there_are_enough_of_every_outcome() -> None:
    assert len(PAIRS) >= 200
    assert all(pair.why for pair in PAIRS)
    assert min(Counter(pair.expected for pair in PAIRS).values()) >= 20


@pytest.mark.parametrize("direction", [1, -1], ids=["", "reversed"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.number}-{pair.kind}")
def test_a_hard_pair(pair: Pair, direction: int) -> None:
    """Found by a key of the record, and decided, whichever of the two is asked for."""
    asked, known = pair.sides[::direction]
    meet = not MATCHER.blocking_keys(asked).isdisjoint(MATCHER.blocking_keys(known))
    assert meet or pair.expected == "no-match", pair.why
    record = Memory()
    record.keep("A", known)
    assert _outcome(record.look_up(asked)) == pair.expected, pair.why


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.number}-{pair.kind}")
def test_both_sides_are_found_by_what_they_say_of_themselves(pair: Pair) -> None:
    """The other side in the record beside her: she is herself, or a question; never the other one."""
    for n, asked in enumerate(pair.sides):
        record = Memory()
        for key, person in zip("AB", pair.sides, strict=True):
            record.keep(key, person)
        decision = record.look_up(asked)
        assert not isinstance(decision, Match) or decision.person_key == "AB"[n] or pair.expected == "match"
        assert _outcome(decision) != "no-match"
