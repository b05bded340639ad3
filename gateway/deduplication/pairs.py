"""Which pairs of rows are looked at, and at which level each field of a pair agrees.

Rows that share a key are a pair. The keys are wider than those of the record (gateway.matching.blocking): a file is
small, may lack any column, and its birth dates may be missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import log2
from random import Random

import numpy as np
from numpy.typing import NDArray

from gateway.matching.agreement import Agreement, Comparison, contact
from gateway.matching.given_names import GivenNames
from gateway.matching.profile import Profile
from gateway.matching.sounds import soundex
from gateway.matching.weights import weights
from gateway.model import Species

LEVELS: dict[str, tuple[str, ...]] = {
    field: tuple(levels) for field, levels in weights(Species.HUMAN).fields.items()
}
"""The fields and their levels, in the order of the arrays."""

FIELDS = tuple(LEVELS)
WIDTH = max(map(len, LEVELS.values()))
ABSENT = -1

_LARGEST_BLOCK = (
    60  # rows that share more than that share something common, and another key as well if one person's
)
_STREET = 6  # letters of a street that survive most slips
_BEARERS = 3  # with different family names make a given name one that people have, and no slip
_SAMPLE = 60_000  # pairs taken at random
_OTHER_NAME = {"family name": "given name", "given name": "family name"}


class Pairs:
    """Pairs of rows.

    rows: (pairs, 2), the smaller row number first. patterns: (patterns, fields), the number of each field's level in
    LEVELS, ABSENT where a side leaves it out; pattern: (pairs,), which of them a pair has. commonness: (pairs,
    fields), log2 of the share of rows with the value that both have, nan where they have none in common. by_chance:
    (fields, levels), how many pairs of rows taken at random agree at that level. size: number of rows.
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.size = len(profiles)
        compare = _comparison(profiles)
        shares = _Shares(profiles)
        found = sorted(_candidates(profiles))
        levels = np.full((len(found), len(FIELDS)), ABSENT, np.int8)
        self.commonness = np.full(levels.shape, np.nan)
        number = {field: {level: n for n, level in enumerate(names)} for field, names in LEVELS.items()}
        column = {field: n for n, field in enumerate(FIELDS)}
        for row, (one, other) in enumerate(found):
            for field, level, term in compare(profiles[one], profiles[other]):
                levels[row, column[field]] = number[field][level]
                if term:
                    value_of = _OTHER_NAME[field] if level == "swapped" else field
                    self.commonness[row, column[field]] = shares.log(value_of, term)
        self.rows: NDArray[np.int64] = np.array(found, np.int64).reshape(-1, 2)
        self.patterns, self.pattern = _patterns(levels)
        self.by_chance = np.zeros((len(FIELDS), WIDTH))
        for here, there in _at_random(profiles):
            for field, level, _ in compare(here, there):
                self.by_chance[column[field], number[field][level]] += 1


def _patterns(levels: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    if not len(levels):
        return levels, np.zeros(0, np.int64)
    patterns, pattern = np.unique(levels, axis=0, return_inverse=True)
    return patterns, pattern.ravel()


def _comparison(profiles: Sequence[Profile]) -> Callable[[Profile, Profile], list[Agreement]]:
    families: defaultdict[str, set[str]] = defaultdict(set)
    for name in (name for one in profiles for name in one.names):
        families[name.first].add(name.family[:3])
    borne = {given for given, several in families.items() if len(given) > 1 and len(several) >= _BEARERS}
    comparison = Comparison(GivenNames(borne))
    return lambda one, other: comparison.identity(one, other) + contact(one, other)


def _at_random(profiles: Sequence[Profile]) -> Iterator[tuple[Profile, Profile]]:
    rng = Random(1)  # noqa: S311 - the same sample every time
    for _ in range(min(_SAMPLE, len(profiles) * (len(profiles) - 1) // 2)):
        yield tuple(rng.sample(profiles, 2))  # type: ignore[misc]


class _Shares:
    """How common each value is among the rows."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._counts: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
        for one in profiles:
            for field, term in _terms(one):
                if term:
                    self._counts[field][term] += 1
        self._rows = {field: max(1, count.total()) for field, count in self._counts.items()}

    def log(self, field: str, term: str) -> float:
        """log2 of the share of other rows that have that value; of one that nobody else has, of half a row."""
        return log2(max(self._counts[field][term] - 1, 0.5) / self._rows[field])


def _terms(one: Profile) -> Iterator[tuple[str, str]]:
    for name in one.names:
        yield "family name", name.family
        yield "given name", name.first
    yield "birth date", str(one.birth_date or "")
    for place in one.places:
        yield "address", place.number + place.street if place.street else ""
        yield "town", place.city
    for number in one.phones:
        yield "phone", number
    for address in one.emails:
        yield "email", address


def _candidates(profiles: Sequence[Profile]) -> set[tuple[int, int]]:
    blocks: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for row, one in enumerate(profiles):
        for key in set(_keys(one)):
            blocks[key].append(row)
    return {pair for rows in blocks.values() if len(rows) <= _LARGEST_BLOCK for pair in combinations(rows, 2)}


def _keys(one: Profile) -> Iterator[tuple[object, ...]]:
    born = one.birth_date
    if born:
        yield "born", born
    for address in one.emails:
        yield "email", address
        yield "box", address.partition("@")[0]
    for number in one.phones:
        yield "phone", number
    sounds = {soundex(part) for name in one.names for part in (name.family, name.first) if part}
    towns = {town for place in one.places for town in (place.zip5, place.city) if town}
    for name in one.names:
        if name.family and name.first:
            yield ("names", *sorted((name.family, name.first)))
            yield ("sounds", *sorted((soundex(name.family), soundex(name.first))))
    for sound in sounds:
        if born:
            yield "year", born.year, sound
            yield "day", born.month, born.day, sound
        yield from (("town", town, sound) for town in towns)
    for place in one.places:
        if place.street:
            yield "house", place.number, place.street
            yield from (("street", town, place.street[:_STREET]) for town in towns)
        if place.number and place.zip5:
            yield "number", place.number, place.zip5
