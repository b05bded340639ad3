"""The kinds of pairs in a file, typed out of `mappings/matching/kinds.toml`: how each spreads over the levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.deduplication.aspects import ASPECTS, FIELD_OF, FIELDS, LEVELS, NEVER, WIDTH, Shares
from gateway.terminology import load_table

_UNLISTED = 1e-6


@dataclass(frozen=True)
class Kind:
    """One kind of pair, beside two records of one person."""

    name: str
    rows: float
    at_least: float
    at_least_a_row: float
    told_by: frozenset[str]
    as_one: frozenset[str]
    partly: Mapping[str, float]
    levels: Mapping[str, Mapping[str, float]]

    def counts_values(self, field: str) -> bool:
        """True when two of this kind that have a value in common have it by chance, at least as a rule."""
        by_chance = field not in self.as_one and field not in self.levels
        return by_chance or "by_chance" in self.levels.get(field, {})

    def spread(self, one_person: Shares, by_chance: Shares) -> Shares:
        """The shares of this kind, from those of one person and of two people at random."""
        spread = by_chance.copy()
        for n, field in enumerate(FIELD_OF[aspect] for aspect in ASPECTS):
            if field in self.as_one:
                spread[n] = one_person[n]
            elif field in self.partly:
                share = self.partly[field]
                spread[n] = share * one_person[n] + (1 - share) * by_chance[n]
            elif field in self.levels:
                own = dict(self.levels[field])
                rest = own.pop("by_chance", 0.0)
                spread[n] = rest * by_chance[n] + row(field, own, 0.0 if rest else _UNLISTED)
        return spread


def row(field: str, levels: Mapping[str, float], unlisted: float = NEVER) -> NDArray[np.float64]:
    """One field's shares."""
    found = np.full(WIDTH, unlisted)
    for level, share in levels.items():
        found[LEVELS[field].index(level)] = share
    return found


def kinds() -> tuple[Kind, ...]:
    """All of them; strangers, who agree in everything by chance, come first."""
    strangers = Kind("strangers", 0.0, 0.0, 0.0, frozenset(FIELDS), frozenset(), {}, {})
    return (strangers, *[_kind(name, told) for name, told in _table().items() if name != "contradictions"])


def contradictions() -> Mapping[str, Any]:
    """What one person's records may contradict each other in: the section of that name."""
    told: Mapping[str, Any] = _table()["contradictions"]
    return told


def _table() -> Mapping[str, Any]:
    return load_table("matching/kinds")


def _kind(name: str, told: Mapping[str, Any]) -> Kind:
    return Kind(
        name=name,
        rows=told["rows"],
        at_least=told.get("at_least", 0.0),
        at_least_a_row=told.get("at_least_a_row", 0.0),
        told_by=frozenset(told["told_by"]),
        as_one=frozenset(told["as_one"]),
        partly=told.get("partly", {}),
        levels=told.get("levels", {}),
    )
