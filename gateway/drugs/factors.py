"""Factors to oral morphine milligram equivalents, as `mappings/drugs/factors.toml` has them, version by version."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from gateway.terminology import load_table

VERSIONS = ("cdc-2022", "cdc-2016", "cdc-2017-file", "cdc-2018-file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A factor up to so many units of strength a day; `most` None: from the band before on."""

    most: Decimal | None
    factor: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """How one ingredient in some forms counts, per `unit` of strength; one band where the dose does not matter."""

    ingredient: str
    form: str
    unit: str
    bands: tuple[Band, ...]


@cache
def factors(version: str) -> tuple[Factor, ...]:
    """All factors of a version. :raises KeyError: no such version."""
    if version not in VERSIONS:
        raise KeyError(version)
    return tuple(
        Factor(ingredient=row["ingredient"], form=row["form"], unit=row["unit"], bands=_bands(row[version]))
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
