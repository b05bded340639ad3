"""What can be prescribed: the products of the drug table by what is in them, grouped into treatments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

from gateway.drugs import DrugTable
from gateway.model import CompoundPart, Drug, Ingredient, QuantityUnit, Schedule
from gateway.terminology import load_table

_COMPOUNDED = "compounded"


@dataclass(frozen=True, slots=True)
class Item:
    """A drug and what its quantity counts. `shares` are the parts of a compounded drug to one unit of it."""

    drug: Drug
    unit: QuantityUnit
    shares: tuple[tuple[str | None, Decimal, QuantityUnit], ...] = ()

    def parts(self, quantity: Decimal) -> tuple[CompoundPart, ...]:
        """The ingredients of that much of a compounded drug."""
        return tuple(
            CompoundPart(sequence=n, ndc11=ndc11, quantity=quantity * share, unit=unit)
            for n, (ndc11, share, unit) in enumerate(self.shares, start=1)
        )


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a course is made of; `items` are in order of strength, the weakest first."""

    items: tuple[Item, ...]
    per_day: tuple[Fraction, ...]  # units
    days: tuple[int, ...]
    refills: tuple[int, ...]
    diagnoses: tuple[str, ...]

    def dose(self, rng: Random) -> Dose:
        """How much a day, for how many days, with how many refills."""
        return Dose(rng.choice(self.per_day), rng.choice(self.days), rng.choice(self.refills))


@dataclass(frozen=True, slots=True)
class Dose:
    """One prescription's sig."""

    per_day: Fraction
    days: int
    refills: int

    def quantity(self, days: int) -> Decimal:
        """The units for so many days; a started unit is a whole one where units cannot be halved evenly."""
        amount = self.per_day * days
        if amount.denominator not in {1, 2}:
            amount = Fraction(-(-amount.numerator // amount.denominator))
        return Decimal(amount.numerator) / Decimal(amount.denominator)


class Shelf:
    """The groups of `mappings/synth/treatments.toml`, made of the drug table's products."""

    def __init__(self, table: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._products = DrugTable.load().products
        self._groups = {
            group: tuple(self._treatment(group, row) for row in rows) for group, rows in table.items()
        }

    def group(self, name: str) -> tuple[Treatment, ...]:
        """The treatments of that group."""
        return self._groups[name]

    def one_of(self, rng: Random, name: str) -> Treatment:
        """One treatment of that group."""
        return rng.choice(self._groups[name])

    def _treatment(self, group: str, row: Mapping[str, Any]) -> Treatment:
        items = (self._compounded(row),) if group == _COMPOUNDED else self._items(row)[: row.get("strengths")]
        return Treatment(
            items=items,
            per_day=tuple(Fraction(amount) for amount in row["per_day"]),
            days=tuple(row["days"]),
            refills=tuple(row["refills"]),
            diagnoses=tuple(row["diagnoses"]),
        )

    def _items(self, row: Mapping[str, Any]) -> tuple[Item, ...]:
        """The products with exactly those ingredients in that form, by strength.

        :raises LookupError: the drug table has none.
        """
        wanted = sorted(row["ingredients"])
        found = [
            Item(p.drug, p.unit)
            for p in self._products
            if sorted(i.name for i in p.drug.ingredients) == wanted and p.drug.dose_form == row["form"]
        ]
        if not found:
            raise LookupError(f"The drug table has no {' / '.join(wanted)} as {row['form']}.")
        return tuple(sorted(found, key=lambda item: (_strengths(item.drug), item.drug.ndc11 or "")))

    def _compounded(self, row: Mapping[str, Any]) -> Item:
        """A drug without a code: what is known of it is what the drug table reads in its name and ingredients."""
        made_of = [(self._items(part)[0], Decimal(part["share"])) for part in row["parts"]]
        names = [i.name for item, _ in made_of for i in item.drug.ingredients]
        drug = Drug(
            name=row["name"],
            ingredients=tuple(Ingredient(name=name) for name in names),
            dose_form=row["form"],
            route=row["route"],
            schedule=_strictest(item.drug.schedule for item, _ in made_of),
        )
        shares = tuple((item.drug.ndc11, share, item.unit) for item, share in made_of)
        return Item(DrugTable.load().resolve(drug), QuantityUnit(row["unit"]), shares)


@cache
def shelf() -> Shelf:
    """The shelf."""
    return Shelf(load_table("synth/treatments"))


def _strengths(drug: Drug) -> tuple[Decimal, ...]:
    """By the active opioid or the like: the ingredient whose strength tells the products apart may be any."""
    return tuple(i.strength or Decimal(0) for i in drug.ingredients)


def _strictest(schedules: Any) -> Schedule | None:
    known = [s for s in Schedule if s in set(schedules)]
    return known[0] if known else None
