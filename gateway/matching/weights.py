"""What each level of agreement counts, and from which score on: `mappings/matching/weights.toml`, typed.

The weight of a level is log2(m / u): m is its share among pairs of records of one person, u among pairs of two people
taken at random (Fellegi and Sunter, 1969). Where a level says that two values are the same and the table
`mappings/matching/frequencies.toml` knows how common that value is, its frequency takes the place of u.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from gateway.model import Species
from gateway.terminology import load_table


class Ceiling(IntEnum):
    """The best that a candidate can come to at a level."""

    NOBODY = 0
    OTHER = 1  # near, and another person all the same
    NEAR = 2
    MATCH = 3


_CEILINGS = {"nobody": Ceiling.NOBODY, "other": Ceiling.OTHER, "near": Ceiling.NEAR}
NOWHERE = float("-inf")


@dataclass(frozen=True, slots=True)
class Level:
    """One level of one field.

    `accept`, `reject` and `margin` are what the level asks for beyond the table's own thresholds; `by_term` holds the
    weights of single values where the level says that two are the same.
    """

    m: float
    u: float
    weight: float
    ceiling: Ceiling = Ceiling.MATCH
    accept: float = NOWHERE
    reject: float = NOWHERE
    margin: float = 0.0
    by_term: Mapping[str, float] = field(default_factory=dict)
    asks: bool = False  # any of ceiling, accept, reject, margin is set

    def weigh(self, term: str) -> float:
        """The weight, of a value that is the same on both sides by how common it is."""
        return self.by_term.get(term, self.weight)


class Weights:
    """The weights of one kind of patient."""

    def __init__(self, table: Mapping[str, Any], frequencies: Mapping[str, Mapping[str, float]]) -> None:
        self.accept: float = table["accept"]
        self.reject: float = table["reject"]
        self.margin: float = table["margin"]
        self.fields: dict[str, dict[str, Level]] = {
            field: {name: _level(row, frequencies) for name, row in levels.items()}
            for field, levels in table.items()
            if isinstance(levels, dict)
        }
        self.best = {
            field: max(one.weight for one in levels.values()) for field, levels in self.fields.items()
        }

    def level(self, field: str, name: str) -> Level:
        """:raises KeyError: the table has no such level."""
        return self.fields[field][name]

    def could_decide(self, field: str) -> bool:
        """True when agreement against disagreement in this field outweighs the margin."""
        worst = min(one.weight for one in self.fields[field].values())
        return self.best[field] - worst >= self.margin or any(
            one.ceiling is not Ceiling.MATCH for one in self.fields[field].values()
        )


def _level(row: Mapping[str, Any], frequencies: Mapping[str, Mapping[str, float]]) -> Level:
    m, u = row["m"], row["u"]
    terms = frequencies[row["frequency"]] if "frequency" in row else {}
    return Level(
        m=m,
        u=u,
        weight=log2(m / u),
        ceiling=_CEILINGS.get(row.get("at_most", ""), Ceiling.MATCH),
        accept=row.get("accept", NOWHERE),
        reject=row.get("reject", NOWHERE),
        margin=row.get("margin", 0.0),
        by_term={term: log2(m * 100_000 / share) for term, share in terms.items()},
        asks=not row.keys().isdisjoint({"at_most", "accept", "reject", "margin"}),
    )


Tables = Mapping[Species, Weights]


@cache
def weights(species: Species) -> Weights:
    """The shipped weights for patients of that species."""
    return _tables(load_table("matching/weights"))[species]


def read_tables(path: Path | None, *, accept: float = 0.0, reject: float = 0.0) -> Tables:
    """The weights in a file such as `pmpbridge matching train` writes; without one, the shipped weights.

    :param accept: from which score on a human patient fits, in place of the table's; 0 leaves the table's. `reject`
        likewise.
    :raises ValueError: the file is not such a table, or the thresholds are in the wrong order.
    :raises OSError: it cannot be read.
    """
    try:
        table = load_table("matching/weights") if path is None else _parsed(path)
        human = table[Species.HUMAN.value]
        human["accept"], human["reject"] = accept or human["accept"], reject or human["reject"]
        if not human["reject"] < human["accept"]:
            raise ValueError("matching.reject is not below matching.accept.")
        tables = _tables(table)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"{path}: it is no table of weights ({error!r}).") from None
    for species, one in tables.items():
        if _levels(one) != _levels(weights(species)):
            raise ValueError(f"{path}: the levels under {species.value} are not those of the shipped table.")
    return tables


def _parsed(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _levels(one: Weights) -> dict[str, set[str]]:
    return {field: set(levels) for field, levels in one.fields.items()}


def _tables(table: Mapping[str, Any]) -> Tables:
    frequencies = load_table("matching/frequencies")
    return {species: Weights(table[species.value], frequencies) for species in Species}
