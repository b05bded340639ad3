"""A request against one appearance: the weights of all levels, their sum, and what it can come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.matching.agreement import Agreement, Comparison, contact
from gateway.matching.given_names import GivenNames
from gateway.matching.profile import Profile, identity, profile
from gateway.matching.weights import Ceiling, Weights
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
        agreements = self._comparison.identity(request, identity(candidate))
        weighed = self._weigh(agreements)
        total, fields, table = sum([one[2] for one in weighed]), self._fields, self._weights
        if total + self._contact_at_best < table.reject:
            return None
        if any(fields[a.field][a.level].ceiling is Ceiling.NOBODY for a in agreements):
            return None
        further = contact(request, profile(candidate))
        weighed += self._weigh(further)
        total = sum([one[2] for one in weighed])
        asking = [level for a in agreements + further if (level := fields[a.field][a.level]).asks]
        if total < max([table.reject, *[level.reject for level in asking]]):
            return None
        return Score(
            person_key=candidate.key or "",
            appearance=candidate,
            ceiling=min([Ceiling.MATCH, *[level.ceiling for level in asking]]),
            total=total,
            accept=max([table.accept, *[level.accept for level in asking]]),
            margin=max([table.margin, *[level.margin for level in asking]]),
            levels=tuple(weighed),
        )

    def _weigh(self, agreements: Iterable[Agreement]) -> list[Weighed]:
        fields = self._fields
        return [(field, level, fields[field][level].weigh(term)) for field, level, term in agreements]
