"""Who is this? Fellegi and Sunter's model: the weights of all fields add up, and two thresholds make three outcomes.

Each person is as good as her best appearance. One person who fits, and whom nobody else comes close to, is a match.
Several who fit alike, or one who fits not quite, are ambiguous: nobody's history leaves and nobody is merged. Only
when nobody is near at all there is no match.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.matching.blocking import keys
from gateway.matching.deciding import deciding
from gateway.matching.decision import Ambiguous, Decision, Match, Near, NoMatch
from gateway.matching.given_names import GivenNames
from gateway.matching.profile import profile
from gateway.matching.score import Score, Scorer
from gateway.matching.weights import Ceiling, Tables, weights
from gateway.model import FieldEvidence, MatchEvidence, Person, Species

MOST_ALIKE = 5  # contenders that are looked at to say what would decide; more are not told apart more easily


class FellegiSunter:
    """Implements :class:`gateway.matching.decision.Matcher`."""

    def __init__(self, tables: Tables | None = None) -> None:
        """:param tables: the weights for each species; None for the shipped ones."""
        self._names = GivenNames()
        self._tables = tables or {species: weights(species) for species in Species}
        self._scorers = {species: Scorer(table, self._names) for species, table in self._tables.items()}

    def blocking_keys(self, person: Person) -> frozenset[str]:
        """See :meth:`gateway.matching.decision.Matcher.blocking_keys`.

        :raises gateway.errors.MessageError: a human without birth date, or a patient without name.
        """
        return keys(person, self._names)

    def decide(self, person: Person, candidates: Sequence[Person]) -> Decision:
        """See :meth:`gateway.matching.decision.Matcher.decide`. The order of the candidates does not matter."""
        table = self._tables[person.species]
        considered = len({c.key for c in candidates})
        ranked = self._ranked(person, candidates)
        if not ranked:
            return NoMatch(evidence=MatchEvidence(score=0.0, candidates=considered))
        best = ranked[0]
        rivals = [one for one in ranked[1:] if best.total - one.total < one.margin]
        if best.fits and not rivals:
            return Match(
                person_key=best.person_key,
                evidence=_evidence(best, considered),
                possible_duplicates=sum(one.ceiling >= Ceiling.NEAR for one in ranked[1:]),
            )
        contenders = [best, *rivals] if best.fits else ranked
        return Ambiguous(
            evidence=_evidence(best, considered, deciding=deciding(person, contenders[:MOST_ALIKE], table))
        )

    def near(self, person: Person, candidates: Sequence[Person]) -> Sequence[Near]:
        """See :meth:`gateway.matching.decision.Matcher.near`."""
        considered = len({c.key for c in candidates})
        return [
            Near(appearance=one.appearance, fits=one.fits, evidence=_evidence(one, considered))
            for one in self._ranked(person, candidates)
        ]

    def _ranked(self, person: Person, candidates: Sequence[Person]) -> list[Score]:
        """Everybody who is near, each by the best appearance, the best first."""
        request = profile(person)
        scorer = self._scorers[person.species]
        best: dict[str, Score] = {}
        for candidate in candidates:
            if candidate.species is not person.species:
                continue
            one = scorer.score(request, candidate)
            if one is None:
                continue
            known = best.get(one.person_key)
            if known is None or _rank(one) > _rank(known):
                best[one.person_key] = one
        return sorted(best.values(), key=lambda one: (_rank(one), one.person_key), reverse=True)


def _rank(one: Score) -> tuple[bool, float]:
    return one.fits, one.total


def _evidence(one: Score, considered: int, *, deciding: tuple[str, ...] = ()) -> MatchEvidence:
    return MatchEvidence(
        score=one.total,
        fields=tuple(
            [FieldEvidence(field=field, level=level, weight=weight) for field, level, weight in one.levels]
        ),
        candidates=considered,
        deciding=deciding,
    )
