"""How often each level occurs in each kind of pair: expectation and maximisation over the pairs of the file.

Fellegi and Sunter's m comes from the pairs as far as each is likely to be one person, u from pairs at random. A kind
beside those two (relatives, twins, namesakes) has its shares from both, so that the file says only how many there
are. A value that both rows have in common counts by how common it is wherever it agrees by chance (Winkler, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from gateway.deduplication.aspects import ABSENT, ASPECTS, FIELD_OF, Shares, at, normalised, shipped
from gateway.deduplication.kinds import Kind, contradictions, kinds
from gateway.deduplication.pairs import Pairs

_ROUNDS = 30
_BEFORE = 10  # pairs that the shipped shares of one person count for
_BEFORE_AT_RANDOM = 2
_DUPLICATES = 0.2  # pairs of one person a row, to begin with
_TELLING = 0.05  # of the pairs of one person must tell a kind from it for its number to be counted
_SETTLED = 1e-4  # by which the numbers of pairs still change when no further round is needed
_SETTLING = 4  # rounds after which it is judged what kinds there are
_GIVEN = ASPECTS.index("given name")
_TOWNS = [n for n, aspect in enumerate(ASPECTS) if FIELD_OF[aspect] == "town"]
_MOST_FOR_A_TOWN = 3.0  # bits: a small town's name says little more than its ZIP code and street have said

_SWAPPED = at("given name", "swapped")  # counted with the family name; given that, it is always so


@dataclass(frozen=True)
class Estimate:
    """What the file says.

    one_person, by_chance: m and u, (aspects, levels). score: (pairs,), the log2 odds that a pair is one person.
    found: how many pairs of each kind there are. replaced: the share of one person's birth dates that are another's.
    """

    one_person: Shares
    by_chance: Shares
    score: NDArray[np.float64]
    found: dict[str, float]
    replaced: float


def estimate(pairs: Pairs) -> Estimate:
    """The shares by which the pairs of the file are likeliest."""
    return _Estimation(pairs).run()


class _Estimation:
    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._kinds = kinds()
        self._total = max(1.0, pairs.size * (pairs.size - 1) / 2)
        self._shipped = _without_swapped(shipped("m"))
        self._by_chance = _smoothed(pairs.by_chance + _BEFORE_AT_RANDOM * shipped("u"))
        self._by_value = self._values()
        self._limits = contradictions()
        told = pairs.patterns != ABSENT
        self._telling = [
            told[:, [FIELD_OF[aspect] in kind.told_by for aspect in ASPECTS]].any(1) for kind in self._kinds
        ]

    def run(self) -> Estimate:
        one_person, count = self._shipped, self._beginning()
        odds = np.zeros((len(self._pairs.rows), 1 + len(self._kinds)))
        replaced = 0.0
        for turn in range(_ROUNDS):
            odds = self._odds(one_person, count)
            share = np.exp2(odds - odds.max(1, keepdims=True, initial=-np.inf))
            share /= share.sum(1, keepdims=True)
            one_person = self._shares_of_one_person(share[:, 0])
            replaced = float(
                one_person[at("birth date", "different")] / self._by_chance[at("birth date", "different")]
            )
            one_person = self._limited(one_person, replaced, count)
            before = count
            count = self._counted(share, replaced, count, may_leave_out=turn > _SETTLING)
            if turn > _SETTLING and np.allclose(count, before, rtol=_SETTLED, atol=0.01):
                break
        return Estimate(
            one_person=one_person,
            by_chance=self._by_chance,
            score=odds[:, 0] - np.logaddexp2.reduce(odds[:, 1:], axis=1),
            found=dict(
                zip(["one person", *[kind.name for kind in self._kinds]], map(float, count), strict=True)
            ),
            replaced=replaced,
        )

    # --- how many of each kind ---------------------------------------------------------------------------------

    def _beginning(self) -> NDArray[np.float64]:
        rows = self._pairs.size
        beside = [kind.rows * rows for kind in self._kinds[1:]]
        counts: NDArray[np.float64] = np.maximum(np.array([_DUPLICATES * rows, self._total, *beside]), 1e-3)
        return counts

    def _counted(
        self, share: NDArray[np.float64], replaced: float, before: NDArray[np.float64], *, may_leave_out: bool
    ) -> NDArray[np.float64]:
        """The pairs of each kind. Strangers are all those, too, that share no key."""
        rows = self._pairs.size
        least = [1.0, 0.0, *[kind.at_least + kind.at_least_a_row * rows for kind in self._kinds[1:]]]
        count: NDArray[np.float64] = self._told(share) + np.array(least)
        if may_leave_out and self._is_without_relatives(replaced, before):
            for n, kind in enumerate(self._kinds, start=1):
                if "address" in kind.as_one:
                    count[n] = 1e-3
        count[1] = max(self._total - count[0] - count[2:].sum(), 1.0)
        return count

    def _told(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """The pairs of each kind, no more than those warrant that can tell it from one person; where none can, as to
        begin with."""
        count: NDArray[np.float64] = share.sum(0)
        one_person = self._by_pattern(share[:, 0])
        for n, telling in enumerate(self._telling[1:], start=2):
            told = one_person[telling].sum() / max(count[0], 1.0)
            found = self._by_pattern(share[:, n])[telling].sum()
            count[n] = min(count[n], found / told) if told > _TELLING else self._beginning()[n]
        return count

    def _by_pattern(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self._pairs.pattern, share, len(self._pairs.patterns)).astype(np.float64)

    def _is_without_relatives(self, replaced: float, count: NDArray[np.float64]) -> bool:
        relatives = next(n for n, kind in enumerate(self._kinds, start=1) if kind.name == "relatives")
        return replaced > self._limits["replaced"] and bool(
            count[relatives] <= self._limits["relatives"] * count[0]
        )

    # --- what the levels count ---------------------------------------------------------------------------------

    def _odds(self, one_person: Shares, count: NDArray[np.float64]) -> NDArray[np.float64]:
        """log2 of the likelihood of each pair in each kind: (pairs, kinds), one person first."""
        patterns = self._pairs.patterns
        likely = np.zeros((len(patterns), len(count)))
        spreads = [one_person, *[kind.spread(one_person, self._by_chance) for kind in self._kinds]]
        for n, spread in enumerate(spreads):
            logs = np.log2(np.maximum(spread, 1e-12))
            likely[:, n] = log2(count[n] / count.sum())
            for aspect in range(len(ASPECTS)):
                told = patterns[:, aspect] != ABSENT
                likely[told, n] += logs[aspect, patterns[told, aspect]]
        odds: NDArray[np.float64] = likely[self._pairs.pattern] + self._by_value
        return odds

    def _values(self) -> NDArray[np.float64]:
        """By how much the value that a pair has in common is rarer than the level: (pairs, kinds)."""
        pairs = self._pairs
        rarer = np.zeros(pairs.commonness.shape)
        levels = pairs.patterns[pairs.pattern]
        for aspect in range(len(ASPECTS)):
            has = ~np.isnan(pairs.commonness[:, aspect])
            of = ASPECTS.index("town") if aspect in _TOWNS else aspect
            rarer[has, aspect] = pairs.commonness[has, aspect] - np.log2(
                self._by_chance[of, levels[has, aspect]]
            )
        rarer[:, _TOWNS] = np.clip(rarer[:, _TOWNS], -_MOST_FOR_A_TOWN, _MOST_FOR_A_TOWN)
        return np.stack(
            [np.zeros(len(rarer)), *[rarer[:, _counting(kind)].sum(1) for kind in self._kinds]], axis=1
        )

    def _shares_of_one_person(self, share: NDArray[np.float64]) -> Shares:
        pairs = self._pairs
        weight = self._by_pattern(share)
        count = _BEFORE * self._shipped
        count[_SWAPPED] = 0
        for aspect in range(len(ASPECTS)):
            told = pairs.patterns[:, aspect] != ABSENT
            count[aspect] += np.bincount(pairs.patterns[told, aspect], weight[told], count.shape[1])
        # Whose birth date is another person's, it may be far away: so many years as chance has it, not as Sr and Jr.
        parent, different = at("birth date", "parent"), at("birth date", "different")
        count[parent] = count[different] * self._by_chance[parent] / self._by_chance[different]
        return _without_swapped(normalised(np.maximum(count, 1e-9)))

    def _limited(self, one_person: Shares, replaced: float, count: NDArray[np.float64]) -> Shares:
        """Contradictions that twins and namesakes have, kept down to what one person's records come to."""
        limits = self._limits
        most = {
            at(f, level): share for f, levels in limits["most"].items() for level, share in levels.items()
        }
        given = float(limits["given_name"])
        if self._is_without_relatives(replaced, count):
            given = 1.0
        elif replaced > limits["replaced"]:
            given = limits["given_name_a_replaced"] * replaced
        most[at("given name", "different")] = given
        limited = one_person.copy()
        for place, share in most.items():
            limited[place] = min(limited[place], share)
        limited[_SWAPPED] = 0
        return _without_swapped(normalised(limited))


def _counting(kind: Kind) -> NDArray[np.bool_]:
    return np.array([kind.counts_values(FIELD_OF[aspect]) for aspect in ASPECTS])


def _without_swapped(shares: Shares) -> Shares:
    """The given name's shares when names in each other's place are left to the family name."""
    shares = shares.copy()
    shares[_GIVEN] /= shares[_GIVEN].sum() - shares[_SWAPPED]
    shares[_SWAPPED] = 1.0
    return shares


def _smoothed(counts: Shares) -> Shares:
    shares: Shares = np.maximum(counts / counts.sum(1, keepdims=True), 1e-9)
    return shares
