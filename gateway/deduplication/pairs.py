"""Which pairs of rows are looked at, and at which level each field of a pair agrees.

Rows that share a rare key, or several, are a pair. The keys are wider than those of the record
(gateway.matching.blocking): a file is small, may lack any column, and its birth dates may be missing.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import log2
from random import Random

import numpy as np
from numpy.typing import NDArray

from gateway.deduplication.aspects import (
    ABSENT,
    ASPECTS,
    FIELD_OF,
    FIELDS,
    LEVELS,
    MOVED,
    OTHER_STREET,
    SAME_STREET,
    Levels,
    Shares,
    aspects,
    at,
    counted,
    independent,
)
from gateway.matching import compare
from gateway.matching.agreement import Agreement, Comparison, contact
from gateway.matching.given_names import GivenNames
from gateway.matching.profile import Profile
from gateway.matching.sounds import soundex

_LARGEST_BLOCK = (
    60  # rows that share more than that share something common, and another key as well if one person's
)
_RARE = 12  # rows that share no more than that make a pair by one key; others need several, or are alike by chance
_SHARED = 3
_STREET = 6  # letters of a street that survive most slips
_BEARERS = 3  # with different family names make a given name one that people have, and no slip
_SAMPLE = 60_000  # pairs taken at random
_STREETS_SAMPLE = 10_000
_STREETS_ALIKE = 5  # pairs that count as if streets of one name were in towns at random
_OTHER_NAME = {"family name": "given name", "given name": "family name"}
_COLUMN = {field: n for n, field in enumerate(FIELDS)}
_NUMBER = {field: {level: n for n, level in enumerate(names)} for field, names in FIELDS.items()}
_Compare = Callable[[Profile, Profile], list[Agreement]]


class Pairs:
    """Pairs of rows.

    rows: (pairs, 2), the smaller row number first. patterns: (patterns, aspects), the number of each aspect's level
    in LEVELS, ABSENT where it has none; pattern: (pairs,), which of them a pair has. commonness: (pairs, aspects),
    log2 of the share of rows with the value that both have, nan where they have none in common. by_chance:
    (aspects, levels), how many pairs of rows taken at random agree at that level. size: number of rows.
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.size = len(profiles)
        of = _comparison(profiles)
        shares = _Shares(profiles)
        self.rows = _candidates(profiles)
        levels = np.full((len(self.rows), len(FIELDS)), ABSENT, np.int8)
        common = np.full((len(self.rows), len(FIELDS)), np.nan, np.float32)
        for row, (one, other) in enumerate(self.rows.tolist()):
            for field, level, term in of(profiles[one], profiles[other]):
                at_field = _COLUMN[field]
                levels[row, at_field] = _NUMBER[field][level]
                if term:
                    value_of = _OTHER_NAME[field] if level == "swapped" else field
                    common[row, at_field] = shares.log(value_of, term)
        told = aspects(levels)
        self.commonness = common[:, [_COLUMN[FIELD_OF[aspect]] for aspect in ASPECTS]]
        self.commonness[told == ABSENT] = np.nan
        self.patterns, self.pattern = _patterns(told)
        self.by_chance = _by_chance(profiles, of)


def _by_chance(profiles: Sequence[Profile], of: _Compare) -> Shares:
    sample = list(_at_random(profiles))
    levels = np.full((len(sample), len(FIELDS)), ABSENT, np.int8)
    for row, (here, there) in enumerate(sample):
        for field, level, _ in of(here, there):
            levels[row, _COLUMN[field]] = _NUMBER[field][level]
    counts = counted(independent(levels))
    town, same, other = (counts[at(aspect, "exact")[0]] for aspect in ("town", SAME_STREET, OTHER_STREET))
    other[:] = town
    other[len(LEVELS[OTHER_STREET]) :] = 0
    same[:] = _STREETS_ALIKE * town / max(1.0, town.sum())
    same[0] += 1
    for level in _towns_of_one_street(profiles):
        same[LEVELS[SAME_STREET].index(level)] += 1
    moved, phone = at(MOVED, "exact")[0], counts[at("phone", "exact")[0]]
    counts[moved] = 0
    counts[moved, :2] = phone[0], phone[1:].sum()
    return counts


def _towns_of_one_street(profiles: Sequence[Profile]) -> Iterator[str]:
    """How the towns of strangers agree who live in streets of one name: in houses with different numbers, and with
    nothing else in common."""
    streets: defaultdict[str, list[Profile]] = defaultdict(list)
    for one in profiles:
        if one.places and one.places[0].street:
            streets[one.places[0].street].append(one)
    several = [one for neighbours in streets.values() if len(neighbours) > 1 for one in neighbours]
    rng = Random(1)  # noqa: S311 - the same sample every time
    for _ in range(min(_STREETS_SAMPLE, len(several) ** 2)):
        one = rng.choice(several)
        other = rng.choice(streets[one.places[0].street])
        if _have_nothing_in_common(one, other):
            street, town = compare.places(one.places[:1], other.places[:1])
            if street == "elsewhere" or town == "namesake":
                yield "different"
            elif town is not None:
                yield town


def _have_nothing_in_common(one: Profile, other: Profile) -> bool:
    """But the street."""
    return (
        one.places[0].number != other.places[0].number
        and one.birth_date != other.birth_date
        and one.phones.isdisjoint(other.phones)
        and {name.family for name in one.names}.isdisjoint(name.family for name in other.names)
        and {name.first for name in one.names}.isdisjoint(name.first for name in other.names)
    )


def _patterns(levels: Levels) -> tuple[Levels, NDArray[np.int64]]:
    if not len(levels):
        return levels, np.zeros(0, np.int64)
    patterns, pattern = np.unique(levels, axis=0, return_inverse=True)
    return patterns, pattern.ravel()


def _comparison(profiles: Sequence[Profile]) -> _Compare:
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


def _candidates(profiles: Sequence[Profile]) -> NDArray[np.int64]:
    """The pairs of rows that share a rare key or several, (pairs, 2), in order.

    Keys are kept as their hashes: a file of fifty thousand rows has more than a million of them.
    """
    size, keys, rows = len(profiles), array("q"), array("q")
    for row, one in enumerate(profiles):
        for key in set(_keys(one)):
            keys.append(hash(key))
            rows.append(row)
    hashes, of = (
        np.frombuffer(keys or array("q", [0]), np.int64),
        np.frombuffer(rows or array("q", [0]), np.int64),
    )
    order = np.argsort(hashes, kind="stable")  # rows stay in order under each key
    hashes, of = hashes[order], of[order]
    starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1]))
    sizes = np.diff(np.append(starts, len(hashes)))
    codes: dict[int, NDArray[np.int64]] = {0: np.zeros(0, np.int64)}
    for together in range(2, _LARGEST_BLOCK + 1):
        blocks = of[starts[sizes == together][:, None] + np.arange(together)]
        here, there = np.triu_indices(together, 1)
        codes[together] = (blocks[:, here] * size + blocks[:, there]).ravel()
    rare = np.unique(np.concatenate([several for together, several in codes.items() if together <= _RARE]))
    pairs, keys_shared = np.unique(np.concatenate(list(codes.values())), return_counts=True)
    pairs = np.union1d(rare, pairs[keys_shared >= _SHARED])
    return np.stack([pairs // max(size, 1), pairs % max(size, 1)], axis=1)


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
