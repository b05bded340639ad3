"""What each level of agreement counts, and from which score on: `mappings/matching/first.toml`, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
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


@dataclass(frozen=True, slots=True)
class Level:
    """One level of one field."""

    weight: float
    ceiling: Ceiling


class Weights:
    """The weights of one kind of patient."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.accept: float = table["accept"]
        self.reject: float = table["reject"]
        self.margin: float = table["margin"]
        self.fields: dict[str, dict[str, Level]] = {
            field: {
                name: Level(row["weight"], _CEILINGS.get(row.get("at_most", ""), Ceiling.MATCH))
                for name, row in levels.items()
            }
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


@cache
def weights(species: Species) -> Weights:
    """The weights for patients of that species."""
    return Weights(load_table("matching/first")[species.value])
