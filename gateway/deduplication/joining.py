"""Pairs -> persons: rows are joined from the likeliest pair on, and two groups only when they agree on the whole.

A chain of good pairs may end in two people (Sr, a record without birth date, Jr); so of all pairs between two groups
the mean must speak for one person, not the best alone.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

ACCEPT = 3.0
"""log2 odds from which a pair is one person by itself: eight to one, after all that the file holds was weighed.

2.5 finds a little more (docs/decisions/0009) and joins namesakes with one birth date where no phone tells them apart.
"""

_MOST = 10.0  # bits that one pair speaks for or against


def join(
    size: int, rows: NDArray[np.int64], score: NDArray[np.float64], accept: float = ACCEPT
) -> list[list[int]]:
    """The groups of rows that are one person each; rows that are alone included.

    :param size: number of rows.
    :param rows: (pairs, 2).
    :param score: (pairs,), log2 odds that the pair is one person; a pair that is not in `rows` says nothing.
    """
    joined = np.zeros(
        size, np.bool_
    )  # rows that may be joined at all; a pair with another row decides nothing
    joined[rows[score >= accept]] = True
    counting = joined[rows].all(1)
    rows, score = rows[counting], score[counting]
    odds: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for (one, other), value in zip(rows.tolist(), np.clip(score, -_MOST, _MOST).tolist(), strict=True):
        odds[one][other] = odds[other][one] = value
    group = [[row] for row in range(size)]
    for pair in np.argsort(-score, kind="stable").tolist():
        if score[pair] < accept:
            break
        one, other = (group[row] for row in rows[pair].tolist())
        if one is other or sum(odds[a].get(b, 0.0) for a in one for b in other) < 0:
            continue
        large, small = (one, other) if len(one) >= len(other) else (other, one)
        large += small
        for row in small:
            group[row] = large
    return list({id(rows): rows for rows in group}.values())


def pairs_of(groups: list[list[int]]) -> set[tuple[int, int]]:
    """All pairs inside the groups, the smaller row first."""
    return {pair for rows in groups for pair in combinations(sorted(rows), 2)}
