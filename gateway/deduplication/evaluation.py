"""How well one person's rows are found, by a truth that the search does not see."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.deduplication.estimation import estimate
from gateway.deduplication.joining import join, pairs_of
from gateway.deduplication.pairs import Pairs
from gateway.deduplication.records import Record
from gateway.errors import MessageError
from gateway.matching import FellegiSunter, Match

_MOST_TOGETHER = 2000  # rows under one key of the record; a key of more is of something common


@dataclass(frozen=True)
class Evaluation:
    """Figures over pairs of rows: `pairs` were found, `true_pairs` there are."""

    rows: int
    pairs: int
    true_pairs: int
    precision: float
    recall: float
    f1: float
    seconds: float


def evaluate(records: Sequence[Record]) -> Evaluation:
    """The rows joined by weights that are estimated from them."""
    start = time.monotonic()
    pairs = Pairs([record.profile for record in records])
    found = pairs_of(join(pairs.size, pairs.rows, estimate(pairs).score))
    return _figures(records, found, time.monotonic() - start)


def evaluate_shipped(records: Sequence[Record]) -> Evaluation:
    """The record's own rule: each row is looked up among all others, and a pair is found when the other one, alone,
    is a match. Rows without name or birth date find nothing."""
    start = time.monotonic()
    matcher, people = FellegiSunter(), [record.person for record in records]
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    keys: dict[int, frozenset[str]] = {}
    for row, person in enumerate(people):
        try:
            keys[row] = matcher.blocking_keys(person)
        except MessageError:
            continue
        for key in keys[row]:
            blocks[key].append(row)
    found = set()
    for row, own in keys.items():
        near = {n for key in own if len(blocks[key]) <= _MOST_TOGETHER for n in blocks[key]} - {row}
        for other in near:
            if isinstance(matcher.decide(people[row], [people[other]]), Match):
                found.add((min(row, other), max(row, other)))
    return _figures(records, found, time.monotonic() - start)


def _figures(records: Sequence[Record], found: set[tuple[int, int]], seconds: float) -> Evaluation:
    groups: defaultdict[str | None, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        groups[record.truth].append(row)
    truth = pairs_of(list(groups.values()))
    right = len(found & truth)
    precision = right / len(found) if found else 1.0
    recall = right / len(truth) if truth else 1.0
    f1 = 2 * right / (len(found) + len(truth)) if found or truth else 1.0
    return Evaluation(
        rows=len(records),
        pairs=len(found),
        true_pairs=len(truth),
        precision=round(precision, 6),
        recall=round(recall, 6),
        f1=round(f1, 6),
        seconds=round(seconds, 3),
    )
