"""The drug table: products by NDC and RxNorm concept, and what can be told of a product that is not in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

from gateway.drugs.names import ingredient_rows, read_name
from gateway.model import Drug, DrugClass, Ingredient, QuantityUnit, Schedule
from gateway.model.identifiers import ndc
from gateway.terminology import load_table

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of the table; `unit` is what its dispensed quantity counts."""

    drug: Drug
    unit: QuantityUnit


class DrugTable:
    """The products of `mappings/drugs/products.toml`."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.products: tuple[Product, ...] = tuple(products)
        self._by_ndc = {p.drug.ndc11: p.drug for p in self.products if p.drug.ndc11}
        self._by_rxcui = {p.drug.rxcui: p.drug for p in self.products if p.drug.rxcui}

    @classmethod
    def load(cls) -> DrugTable:
        """The table as shipped; read once."""
        return _shipped()

    def find(self, drug: Drug) -> Drug | None:
        """The table's product: by its NDC, else by its RxNorm concept; None when neither is in the table."""
        if drug.ndc11:
            found = self._by_ndc.get(drug.ndc11)
            if found is None and ndc.is_valid(drug.ndc11):
                found = self._by_ndc.get(ndc.compact(drug.ndc11))
            if found is not None:
                return found
        return self._by_rxcui.get(drug.rxcui) if drug.rxcui else None

    def resolve(self, drug: Drug) -> Drug:
        """The drug with everything that the table, or else its own name, says of it.

        Codes and name stay as they were sent. Of a product in the table, ingredients, strengths, form, route,
        schedule and class are the table's. Of any other product, what was sent stays and only gaps are filled,
        from a name that is understood in every word; class UNKNOWN is what remains where that fails.
        Resolving twice is resolving once.
        """
        known = self.find(drug)
        if known is not None:
            return replace(
                known, name=drug.name or known.name, ndc11=drug.ndc11, rxcui=drug.rxcui or known.rxcui
            )
        return _read(drug)


def is_hidden(drug: Drug, hidden_ingredients: frozenset[str]) -> bool:
    """True when the drug consists of hidden ingredients alone.

    All that is known of it must agree: the table, the ingredients sent and the name. In doubt it is shown: without
    a recognisable ingredient, and when the name has a word that could be another one, whatever the table says of
    the code ("BUPREN/NALOX 8-2" under an NDC of naloxone). Only ingredients that were sent stand beside a name that
    names none.
    """
    known = DrugTable.load().find(drug)
    ingredients = (*drug.ingredients, *(known.ingredients if known else ()))
    names = {name for i in ingredients for name in _base_names(i.name)}
    if drug.name:
        reading = read_name(drug.name)
        names_none = known is None and drug.ingredients and not reading.ingredients
        if not reading.whole and not names_none:
            return False
        names.update(i.name for i in reading.ingredients)
    return bool(names) and names <= _bases(hidden_ingredients)


@cache
def _bases(names: frozenset[str]) -> frozenset[str]:
    return frozenset(base for name in names for base in _base_names(name))


def _base_names(name: str) -> tuple[str, ...]:
    """The ingredients that an ingredient's name stands for; the name itself when it is not understood whole."""
    reading = read_name(name)
    found = tuple(i.name for i in reading.ingredients)
    return found if reading.whole else (*found, name.casefold().strip())


def _read(drug: Drug) -> Drug:
    """Fill the gaps of a drug that is not in the table, from its ingredients and its name."""
    reading = read_name(drug.name) if drug.name else None
    ingredients = drug.ingredients
    if not ingredients and reading is not None and reading.whole:
        ingredients = reading.ingredients
    named = _union(ingredients, reading.ingredients if reading else ())
    whole = bool(ingredients) and all(i.name in ingredient_rows() for i in named)
    drug_class, schedule = drug.drug_class, drug.schedule
    if drug_class is DrugClass.UNKNOWN:
        drug_class = _class(named, whole=whole)
    if schedule is None and whole:
        schedule = _schedule(named)
    return replace(drug, ingredients=ingredients, drug_class=drug_class, schedule=schedule)


def _union(sent: tuple[Ingredient, ...], read: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
    """Sent ingredients by their base names, and those that only the name states."""
    based = tuple(replace(i, name=base) for i in sent for base in _base_names(i.name))
    names = {i.name for i in based}
    return based + tuple(i for i in read if i.name not in names)


def _class(ingredients: Iterable[Ingredient], *, whole: bool) -> DrugClass:
    """The class of the combination. An opioid decides it whatever else is in it; others only when all is known."""
    rows = ingredient_rows()
    classes = {rows[i.name]["class"] for i in ingredients if "class" in rows.get(i.name, {})}
    if not whole:
        return DrugClass.OPIOID if DrugClass.OPIOID in classes else DrugClass.UNKNOWN
    return next((c for c in _PRECEDENCE if c in classes), DrugClass.UNKNOWN)


def _schedule(ingredients: tuple[Ingredient, ...]) -> Schedule | None:
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


@cache
def _shipped() -> DrugTable:
    return DrugTable(_product(row) for row in load_table("drugs/products")["product"])


def _product(row: Mapping[str, Any]) -> Product:
    ingredients = tuple(
        Ingredient(
            name=i["name"],
            strength=Decimal(i["strength"]) if "strength" in i else None,
            unit=i.get("unit"),
        )
        for i in row["ingredients"]
    )
    drug = Drug(
        name=row["name"],
        ndc11=row["ndc11"],
        rxcui=row.get("rxcui"),
        ingredients=ingredients,
        dose_form=row["dose_form"],
        route=row["route"],
        schedule=Schedule(row["schedule"]),
        drug_class=DrugClass(row["class"]),
    )
    return Product(drug=drug, unit=QuantityUnit(row["unit"]))
