"""The drug table: products by NDC and RxNorm concept, and what can be told of a product that is not in it.

Products come from lists that an operator has loaded (:class:`gateway.ports.ProductDirectory`), and from the shipped
table where no list has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from gateway.drugs.conclusions import class_of, schedule_of
from gateway.drugs.names import ingredient_rows, read_name
from gateway.model import (
    Dispensation,
    Drug,
    DrugClass,
    Ingredient,
    ListedProduct,
    ProductCode,
    QuantityUnit,
    Schedule,
)
from gateway.model.identifiers import ndc
from gateway.model.kept import Kept
from gateway.ports import ProductDirectory
from gateway.terminology import load_table

_KEPT = 20_000  # drugs of which something is remembered
SHIPPED = "shipped"  # the source of what is in `mappings/drugs/products.toml`


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of the table; `unit` is what its dispensed quantity counts."""

    drug: Drug
    unit: QuantityUnit


class DrugTable:
    """The products of `mappings/drugs/products.toml`, behind those of a directory.

    Where a directory is asked, every method raises :class:`gateway.errors.Unavailable` when it cannot answer.
    """

    def __init__(self, products: Iterable[Product], directory: ProductDirectory | None = None) -> None:
        self.products: tuple[Product, ...] = tuple(products)
        self._directory = directory
        shipped = [ListedProduct(source=SHIPPED, drug=p.drug) for p in self.products]
        self._shipped = {ProductCode("ndc", s.drug.ndc11): s for s in shipped if s.drug.ndc11}
        self._shipped |= {ProductCode("rxcui", s.drug.rxcui): s for s in shipped if s.drug.rxcui}
        self._codes: Kept[Drug, tuple[ProductCode, ...]] = Kept(_codes, _KEPT)
        self._judged: dict[tuple[int, int, frozenset[str]], tuple[Drug, Drug | None, bool]] = {}

    @classmethod
    def load(cls, directory: ProductDirectory | None = None) -> DrugTable:
        """The table as shipped, read once; behind that directory where one is given."""
        return _shipped() if directory is None else cls(_shipped().products, directory)

    def prepare(self, drugs: Iterable[Drug]) -> None:
        """These will be asked for: what the directory says of them is read at once."""
        if self._directory is not None:
            self._directory.find({code for drug in drugs for code in self._codes.of(drug)})

    def entries(self, code: ProductCode) -> Sequence[ListedProduct]:
        """What each list, and the shipped table, says of a product, the one that decides first."""
        listed = self._directory.find([code])[code] if self._directory is not None else ()
        shipped = self._shipped.get(code)
        return (*listed, shipped) if shipped is not None else listed

    def find(self, drug: Drug) -> Drug | None:
        """The table's product: by its NDC, else by its RxNorm concept; None when neither is in the table.

        What the first list says of it; one that knows its ingredients goes before one that does not.
        """
        for code in self._codes.of(drug):
            if entries := self.entries(code):
                return next((e.drug for e in entries if e.drug.ingredients), entries[0].drug)
        return None

    def unknown(self, drug: Drug) -> str | None:
        """The field with the code that is not in the table: of `ndc11` and `rxcui` the first that was sent. None when
        it is there, when no code was sent, or when it is not of the form of an NDC."""
        codes = self._codes.of(drug)
        if not codes or self.entries(codes[0]) or (drug.ndc11 and codes[0].system != "ndc"):
            return None
        return "ndc11" if codes[0].system == "ndc" else "rxcui"

    def resolve(self, drug: Drug) -> Drug:
        """The drug with everything that the table, or else its own name, says of it.

        Codes and name stay as they were sent. Of a product in the table, ingredients, strengths, form, route,
        schedule and class are the table's. Of any other product, and where the table says nothing, what was sent
        stays and only gaps are filled, from a name that is understood in every word; class UNKNOWN is what remains
        where that fails. Resolving twice is resolving once.
        """
        known = self.find(drug)
        if known is None:
            return _read(drug)
        full = _laid_over(known, drug)
        is_open = not full.ingredients or full.schedule is None or full.drug_class is DrugClass.UNKNOWN
        return _read(full) if is_open else full

    def is_hidden(self, drug: Drug, hidden_ingredients: frozenset[str]) -> bool:
        """True when the drug consists of hidden ingredients alone.

        All that is known of it must agree: the table, the ingredients sent and the name. In doubt it is shown:
        without a recognisable ingredient, and when the name has a word that could be another one, whatever the table
        says of the code ("BUPREN/NALOX 8-2" under an NDC of naloxone). Only ingredients that were sent stand beside
        a name that names none, and the table's own name says no more than the table.
        """
        known = self.find(drug)
        # by identity: the record and the table give the same objects for the same drug
        key = (id(drug), id(known), hidden_ingredients)
        judged = self._judged.get(key)
        if judged is None:
            if len(self._judged) >= _KEPT:
                self._judged = {}
            judged = self._judged[key] = (drug, known, _is_hidden(drug, known, hidden_ingredients))
        return judged[-1]


def _is_hidden(drug: Drug, known: Drug | None, hidden_ingredients: frozenset[str]) -> bool:
    ingredients = (*drug.ingredients, *(known.ingredients if known else ()))
    names = {name for i in ingredients for name in _base_names(i.name)}
    if drug.name and (known is None or not known.ingredients or drug.name != known.name):
        reading = read_name(drug.name)
        names_none = known is None and drug.ingredients and not reading.ingredients
        if not reading.whole and not names_none:
            return False
        names.update(i.name for i in reading.ingredients)
    return bool(names) and names <= _bases(hidden_ingredients)


def drugs_of(dispensation: Dispensation) -> tuple[Drug, ...]:
    """What was dispensed, and of a compounded drug each part as well."""
    return (dispensation.drug, *(Drug(ndc11=part.ndc11) for part in dispensation.compound))


@lru_cache(maxsize=20_000)
def _ndc11(text: str) -> str | None:
    return ndc.compact(text) if ndc.is_valid(text) else None


def _codes(drug: Drug) -> tuple[ProductCode, ...]:
    """Under which the table may have it, the one that decides first."""
    codes = []
    if drug.ndc11 and (number := _ndc11(drug.ndc11)):
        codes.append(ProductCode("ndc", number))
    if drug.rxcui:
        codes.append(ProductCode("rxcui", drug.rxcui))
    return tuple(codes)


def _laid_over(known: Drug, sent: Drug) -> Drug:
    """What the table says, and what was sent where that is nothing."""
    is_classed = known.drug_class is not DrugClass.UNKNOWN
    return Drug(
        name=sent.name or known.name,
        ndc11=sent.ndc11,
        rxcui=sent.rxcui or known.rxcui,
        ingredients=known.ingredients or sent.ingredients,
        dose_form=known.dose_form or sent.dose_form,
        route=known.route or sent.route,
        schedule=known.schedule if known.schedule is not None else sent.schedule,
        drug_class=known.drug_class if is_classed else sent.drug_class,
    )


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
        drug_class = class_of(named, whole=whole)
    if schedule is None and whole:
        schedule = schedule_of(named)
    return replace(drug, ingredients=ingredients, drug_class=drug_class, schedule=schedule)


def _union(sent: tuple[Ingredient, ...], read: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
    """Sent ingredients by their base names, and those that only the name states."""
    based = tuple(replace(i, name=base) for i in sent for base in _base_names(i.name))
    names = {i.name for i in based}
    return based + tuple(i for i in read if i.name not in names)


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
