"""A request against one appearance: the weights of all levels, their sum, and what it can come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.matching.agreement import Agreement, Comparison, contact
from gateway.matching.given_names import GivenNames
from gateway.matching.profile import Profile, identity, reach
from gateway.matching.weights import Ceiling, Level, Weights
from gateway.model import Person

Weighed = tuple[str, str, float]  # field, level, weight


class Score(NamedTuple):
    """How well one appearance fits."""

    person_key: str
    appearance: Person
    ceiling: Ceiling
    total: float
    accept: float  # it fits from there on
    margin: float  # who fits must be ahead of it by that
    levels: tuple[Weighed, ...]

    @property
    def fits(self) -> bool:
        """True when it is good enough for a match, if nobody else comes close."""
        return self.ceiling is Ceiling.MATCH and self.total >= self.accept


class Scorer:
    """Scores appearances by one table of weights."""

    def __init__(self, weights: Weights, names: GivenNames) -> None:
        self._weights = weights
        self._fields = weights.fields
        self._comparison = Comparison(names)
        self._contact_at_best = sum(weights.best[field] for field in ("address", "town", "phone"))

    def score(self, request: Profile, candidate: Person) -> Score | None:
        """How well that appearance fits; None when it is nowhere near. The species are the same."""
        table = self._weights
        weighed, total, asking = self._weigh(self._comparison.identity(request, identity(candidate)))
        if total + self._contact_at_best < table.reject:
            return None
        if any(level.ceiling is Ceiling.NOBODY for level in asking):
            return None
        further, more, asking_more = self._weigh(contact(request, reach(candidate)))
        total, asking = total + more, asking + asking_more
        if total < table.reject or any(total < level.reject for level in asking):
            return None
        return Score(
            person_key=candidate.key or "",
            appearance=candidate,
            ceiling=min([Ceiling.MATCH, *[level.ceiling for level in asking]]),
            total=total,
            accept=max([table.accept, *[level.accept for level in asking]]),
            margin=max([table.margin, *[level.margin for level in asking]]),
            levels=(*weighed, *further),
        )

    def _weigh(self, agreements: Iterable[Agreement]) -> tuple[list[Weighed], float, list[Level]]:
        """Each with its weight, their sum, and the levels that ask for more than their weight."""
        weighed: list[Weighed] = []
        total, asking = 0.0, []
        for field, name, term in agreements:
            level = self._fields[field][name]
            weight = level.weigh(term)
            weighed.append((field, name, weight))
            total += weight
            if level.asks:
                asking.append(level)
        return weighed, total, asking
