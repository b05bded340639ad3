"""Factors to oral morphine milligram equivalents (`mappings/drugs/factors.toml`, version by version), and doses that
count as 1 mg of lorazepam (`mappings/drugs/sedatives.toml`). Typed tables, loaded once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from gateway.model import FactorSet, Measure
from gateway.terminology import load_table

VERSIONS = ("cdc-2022", "cdc-2016", "cdc-2017-file", "cdc-2018-file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A factor up to so many units of strength a day; `most` None: from the band before on."""

    most: Decimal | None
    factor: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """How one ingredient in some forms counts, per `unit` of strength; one band where the dose does not matter.

    `days_worn` is how long a patch counts: the factor is then per day on which it is worn. 1 for all else.
    """

    ingredient: str
    form: str
    unit: str
    bands: tuple[Band, ...]
    days_worn: int = 1


@cache
def factors(version: str) -> tuple[Factor, ...]:
    """All factors of a version. :raises KeyError: no such version."""
    if version not in VERSIONS:
        raise KeyError(version)
    return tuple(
        Factor(
            ingredient=row["ingredient"],
            form=row["form"],
            unit=row["unit"],
            bands=_bands(row[version]),
            days_worn=row.get("days-worn", {}).get(version, 1),
        )
        for row in load_table("drugs/factors")["factor"]
        if version in row
    )


def _bands(stated: str | list[dict[str, str]]) -> tuple[Band, ...]:
    if isinstance(stated, str):
        return (Band(most=None, factor=Decimal(stated)),)
    return tuple(
        Band(most=Decimal(band["most"]) if "most" in band else None, factor=Decimal(band["factor"]))
        for band in stated
    )


@cache
def sedative_doses() -> dict[str, Decimal]:
    """Ingredient -> milligrams by mouth that count as 1 mg of lorazepam."""
    return {name: Decimal(dose) for name, dose in load_table("drugs/sedatives")["dose"].items()}


@cache
def factor_sets(version: str) -> tuple[FactorSet, FactorSet]:
    """The names and sources of the tables in use, of MME and of LME. :raises KeyError: no such version."""
    morphine, lorazepam = load_table("drugs/factors")["source"], load_table("drugs/sedatives")
    return (
        FactorSet(measure=Measure.MME, name=version, source=morphine[version]),
        FactorSet(measure=Measure.LME, name=lorazepam["name"], source=lorazepam["source"]),
    )
