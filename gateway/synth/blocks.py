"""Who gets which story, trait and relation.

People come in blocks of fifty that hold the same mixture in another order, so that the first fifty of any seed show
everything and a large population keeps its proportions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gateway.synth.chance import generator, shuffled

T = TypeVar("T")


class Trait(StrEnum):
    """What is particular in a person's names and places, or in how one dispenser wrote them down."""

    PLAIN = "plain"
    MARRIED = "married"  # another family name in the earlier fills
    MAIDEN = "maiden"  # the same, and the later appearances name the old one too
    MOVED = "moved"  # another address in the earlier fills
    NICKNAME = "nickname"
    LETTER = "letter"  # one letter of the family name wrong
    TRANSPOSED = "transposed"
    BIRTH_SWAPPED = "birth-swapped"  # day and month
    BIRTH_DIGIT = "birth-digit"
    PHONE_MISSING = "phone-missing"
    INITIAL = "initial"  # of the middle name
    ABBREVIATED = "abbreviated"  # the street
    CAPITALS = "capitals"  # the name, as many dispensing systems keep it
    ACCENTED = "accented"
    APOSTROPHE = "apostrophe"
    HYPHENATED = "hyphenated"
    LONG = "long"
    SUFFIX = "suffix"
    PREFIX = "prefix"
    NO_PHONE = "no-phone"


class Relation(StrEnum):
    """What the second of two consecutive persons is to the first."""

    NONE = "none"
    TWIN = "twin"
    NAMESAKE = "namesake"  # names and birth date
    NEAR_NAMESAKE = "near-namesake"  # names, and a birth date that is nearly the same
    JUNIOR = "junior"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided of a person beforehand. `turn` counts the same story before, in all blocks.

    `leads` is the relation in which the next person will stand to this one.
    """

    story: str
    turn: int
    payment: str
    trait: Trait = Trait.PLAIN
    relation: Relation = Relation.NONE
    leads: Relation = Relation.NONE


# Stories of a block, by what they are good for: with two prescriptions or more, at once or steadily.
_STEADY = {"chronic": 6, "stimulant": 5, "sedative": 4, "gabapentinoid": 3, "buprenorphine": 3, "tapering": 3,
           "overlapping": 3, "heavy": 2, "multi-provider": 2, "programme": 1, "pregnant": 1, "partial": 1, "patch": 1,
           "compounded": 1, "hormone": 1, "headache": 1}  # fmt: skip
_BRIEF = {"acute": 6, "liquid": 1}
_APART = {"none": 2, "veterinary": 3}
# Traits that show only where there are several appearances; the rest of the steady stories is plain.
_TRAITS = {Trait.MOVED: 4, Trait.NICKNAME: 4, Trait.LETTER: 3, Trait.ABBREVIATED: 2, Trait.MARRIED: 2,
           Trait.TRANSPOSED: 2, Trait.PHONE_MISSING: 2, Trait.INITIAL: 2, Trait.ACCENTED: 2, Trait.APOSTROPHE: 2,
           Trait.HYPHENATED: 2, Trait.MAIDEN: 1, Trait.CAPITALS: 1, Trait.BIRTH_SWAPPED: 1, Trait.BIRTH_DIGIT: 1,
           Trait.LONG: 1, Trait.PREFIX: 1}  # fmt: skip
_BRIEF_TRAITS = (Trait.NO_PHONE, Trait.SUFFIX, Trait.NO_PHONE, Trait.PLAIN)
_RELATIONS = (Relation.TWIN, Relation.NAMESAKE, Relation.NEAR_NAMESAKE, Relation.JUNIOR)
_NOT_RELATED = {"pregnant"}  # needs an age of its own
_RELATED_STEADY = 5  # of the eight people in pairs; the others have a brief story
# ASAP DSP16: 01 private, 02 Medicaid, 03 Medicare, 04 commercial, 05 military, 06 worker's compensation,
# 07 Indian nations, 99 other.
_PAYMENTS = {"04": 21, "02": 11, "03": 10, "01": 3, "05": 1, "06": 2, "07": 1, "99": 1}

PEOPLE_A_BLOCK = sum(_PAYMENTS.values())


def plans(seed: int, block: int = 0) -> Iterator[Plan]:
    """The plan of each person, without end, from that block on. Nobody is related to anybody of another block."""
    while True:
        yield from _block(seed, block)
        block += 1


def _block(seed: int, block: int) -> list[Plan]:
    rng = generator(seed, "block", block)
    payments = shuffled(rng, _spread(_PAYMENTS))
    turns: dict[str, int] = {}

    def plan(
        story: str,
        trait: Trait = Trait.PLAIN,
        relation: Relation = Relation.NONE,
        leads: Relation = Relation.NONE,
    ) -> Plan:
        every = (_STEADY | _BRIEF | _APART)[story]
        turn = block * every + turns.setdefault(story, 0)
        turns[story] += 1
        return Plan(story, turn, payments.pop(), trait, relation, leads)

    steady, brief = shuffled(rng, _spread(_STEADY)), shuffled(rng, _spread(_BRIEF))
    related = [s for s in steady if s not in _NOT_RELATED][:_RELATED_STEADY]
    for story in related:
        steady.remove(story)
    pairs = 2 * len(_RELATIONS)
    related = shuffled(rng, related + brief[: pairs - len(related)])
    brief = brief[pairs - _RELATED_STEADY :]
    groups = [
        [plan(related.pop(), leads=relation), plan(related.pop(), _trait_of(relation), relation=relation)]
        for relation in _RELATIONS
    ]
    groups += [[plan(s, t)] for s, t in zip(steady, shuffled(rng, _spread(_TRAITS)), strict=True)]
    groups += [[plan(s, t)] for s, t in zip(brief, _BRIEF_TRAITS, strict=True)]
    groups += [[plan(s)] for s in _spread(_APART)]
    return [one for group in shuffled(rng, groups) for one in group]


def _trait_of(relation: Relation) -> Trait:
    """A junior is not always written down as one."""
    return Trait.SUFFIX if relation is Relation.JUNIOR else Trait.PLAIN


def _spread(counts: Mapping[T, int]) -> list[T]:
    return [what for what, count in counts.items() for _ in range(count)]
