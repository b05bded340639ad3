"""What a matcher decides: one person, several, or nobody; always with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gateway.model import MatchEvidence, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Exactly one person fits.

    `possible_duplicates` counts further people in the record who may be the same one: of her name and birth date
    at another address, or nearly so. Each is a namesake, or the rest of her history.
    """

    person_key: str
    evidence: MatchEvidence
    possible_duplicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Several persons fit, or one fits not well enough to say so. Nobody's history leaves, nobody is merged."""

    evidence: MatchEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMatch:
    """Nobody fits."""

    evidence: MatchEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Somebody in the record who may be this person, by the appearance that is most like; `fits` where it would be a
    match if nobody else came close."""

    appearance: Person
    fits: bool
    evidence: MatchEvidence


Decision: TypeAlias = Match | Ambiguous | NoMatch


class Matcher(Protocol):
    """Who is this? The one interface between a set of demographics and the record."""

    def blocking_keys(self, person: Person) -> frozenset[str]:
        """Keys under which this person, reported slightly differently, would still be found. Never empty for a
        person whom a reader lets through."""
        ...

    def decide(self, person: Person, candidates: Sequence[Person]) -> Decision:
        """Which of the candidates (appearances; several may belong to one `key`) is this person."""
        ...

    def near(self, person: Person, candidates: Sequence[Person]) -> Sequence[Near]:
        """All people among the candidates who may be this person, the likeliest first: for those who keep the record
        and may see them."""
        ...
