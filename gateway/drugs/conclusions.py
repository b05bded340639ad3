"""What follows from a drug's ingredients: its class, and the federal schedule where the rules decide it.

The rules are those of `mappings/drugs/ingredients.toml`. Pure functions over a table that is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gateway.drugs.names import ingredient_rows
from gateway.model import DrugClass, Ingredient, Schedule

# The class of a combination is the first of these that one of its ingredients has.
_PRECEDENCE = (
    DrugClass.OPIOID,
    DrugClass.BENZODIAZEPINE,
    DrugClass.STIMULANT,
    DrugClass.SEDATIVE,
    DrugClass.MUSCLE_RELAXANT,
    DrugClass.GABAPENTINOID,
    DrugClass.OTHER,
    DrugClass.OPIOID_ANTAGONIST,
)
_STRICTEST_FIRST = (Schedule.CI, Schedule.CII, Schedule.CIII, Schedule.CIV, Schedule.CV, Schedule.NONE)


def class_of(ingredients: Iterable[Ingredient], *, whole: bool) -> DrugClass:
    """The class of the combination. An opioid decides it whatever else is in it; others only when all is known."""
    rows = ingredient_rows()
    classes = {rows[i.name]["class"] for i in ingredients if "class" in rows.get(i.name, {})}
    if not whole:
        return DrugClass.OPIOID if DrugClass.OPIOID in classes else DrugClass.UNKNOWN
    return next((c for c in _PRECEDENCE if c in classes), DrugClass.UNKNOWN)


def schedule_of(ingredients: tuple[Ingredient, ...]) -> Schedule | None:
    """The strictest schedule of the ingredients; None where one is not decided or none is listed at all."""
    rows = ingredient_rows()
    listed = [(i, rows[i.name]) for i in ingredients if "class" in rows[i.name]]
    found = [_schedule_of(i, row, alone=len(ingredients) == 1) for i, row in listed]
    if not found or None in found:
        return None
    return next(s for s in _STRICTEST_FIRST if s in found)


def _schedule_of(ingredient: Ingredient, row: Mapping[str, Any], *, alone: bool) -> Schedule | None:
    if alone or "combined" not in row:
        return Schedule(row["schedule"]) if "schedule" in row else None
    if ingredient.strength is None:
        return None
    for rule in row["combined"]:
        if rule["unit"] == ingredient.unit and ingredient.strength <= Decimal(rule["most"]):
            return Schedule(rule["schedule"])
    return None
