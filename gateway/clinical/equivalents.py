"""MME and LME per day of one dispensation.

    MME/day = strength per unit x quantity / days supply x factor, over all opioid ingredients
    LME/day = strength per unit x quantity / days supply / the dose that counts as 1 mg of lorazepam

A patch counts by the days on which it is worn: strength in mcg/h x patches x days worn / days supply x 2.4 (CDC
2022); a liquid by mg/mL x mL. A figure is rounded once, at the end: half up to two decimals, and never down to zero.
Where one ingredient of a combination cannot be counted, the whole is not: a part of a sum would look like less than
was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

from gateway.clinical.factors import Band, factors, sedative_doses
from gateway.clinical.forms import ORAL, forms_of
from gateway.model import (
    Dispensation,
    Drug,
    DrugClass,
    Ingredient,
    NotCountedReason,
    PartyKind,
    QuantityUnit,
    Species,
)
from gateway.terminology import load_table

CENT: Final = Decimal("0.01")
_PER_MG: Final = {"mg": Decimal(1), "mcg": Decimal("0.001"), "mg/mL": Decimal(1)}
_ONE: Final = (Band(most=None, factor=Decimal(1)),)
_SEDATIVES: Final = {DrugClass.BENZODIAZEPINE, DrugClass.SEDATIVE}
_OPIOIDS: Final = {DrugClass.OPIOID}
_DEPENDENCE: Final = "02"  # ASAP DSP24: used for opioid dependency treatment

Figure = Decimal | NotCountedReason | None
"""Milligrams a day; why there are none; None where the measure is not about the drug."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One ingredient of one unit: its strength in the factor's unit, and the factor by that much a day."""

    strength: Decimal
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """How one dispensed unit of a drug counts. `per_unit` has it in one number, where the dose does not matter."""

    counted: QuantityUnit
    parts: tuple[_Part, ...]
    per_unit: Decimal | None
    has_methadone: bool = False


Rates = tuple[Rate | NotCountedReason | None, Rate | NotCountedReason | None]
"""In MME and in LME; why there is none; None where the measure is not about the drug."""


class Equivalents:
    """Reckons by one version of the factors; what is found of a drug is kept.

    :param version: of :data:`gateway.clinical.factors.VERSIONS`.
    :raises KeyError: no such version.
    """

    _MOST_DRUGS = 20_000

    def __init__(self, version: str) -> None:
        self._factors = {(f.ingredient, f.form): f for f in factors(version)}
        # by identity first, which takes no hash: a history has the same few objects, and so has the next one of them
        self._seen: dict[int, tuple[Drug, Rates]] = {}
        self._known: dict[Drug, Rates] = {}

    def rates(self, drug: Drug) -> Rates:
        """How one unit counts, in MME and in LME."""
        seen = self._seen.get(id(drug))
        if seen is not None:
            return seen[1]
        if len(self._seen) >= self._MOST_DRUGS:
            self._seen, self._known = {}, {}
        found = self._known.get(drug)
        if found is None:
            found = self._known[drug] = (self._mme_rate(drug), _lme_rate(drug))
        self._seen[id(drug)] = (drug, found)
        return found

    def _mme_rate(self, drug: Drug) -> Rate | NotCountedReason | None:
        opioids = _of_class(drug, _OPIOIDS)
        if isinstance(opioids, NotCountedReason):
            return opioids
        forms = forms_of(drug)
        return _rate(opioids, [self._opioid(i, forms) for i in opioids])

    def _opioid(self, ingredient: Ingredient, forms: tuple[str, ...]) -> _Part | NotCountedReason:
        if self._is_left_out(ingredient):
            return NotCountedReason.PARTIAL_AGONIST
        if ingredient.strength is None:
            return NotCountedReason.UNKNOWN_STRENGTH
        if not forms:
            return NotCountedReason.UNKNOWN_FORM
        factor = next((f for form in forms if (f := self._factors.get((ingredient.name, form)))), None)
        if factor is None:
            return NotCountedReason.NO_FACTOR
        strength = _in_unit(ingredient, factor.unit)
        if strength is None:
            return NotCountedReason.UNKNOWN_STRENGTH
        return _Part(strength * factor.days_worn, factor.bands)

    def _is_left_out(self, ingredient: Ingredient) -> bool:
        return ingredient.name == "buprenorphine" and not any(n == "buprenorphine" for n, _ in self._factors)

    def of(self, d: Dispensation) -> tuple[Figure, Figure]:
        """MME and LME a day of a dispensation."""
        if d.compound:
            return NotCountedReason.COMPOUND, NotCountedReason.COMPOUND
        morphine, lorazepam = self.rates(d.drug)
        if morphine is None and lorazepam is None:
            return None, None
        if isinstance(morphine, Rate) and morphine.has_methadone and _is_for_dependence(d):
            morphine = NotCountedReason.DEPENDENCE_TREATMENT
        return _per_day(morphine, d), _per_day(lorazepam, d)


def _lme_rate(drug: Drug) -> Rate | NotCountedReason | None:
    sedatives = _of_class(drug, _SEDATIVES)
    if isinstance(sedatives, NotCountedReason):
        return sedatives
    forms = forms_of(drug)
    return _rate(sedatives, [_sedative(i, forms) for i in sedatives])


def _sedative(ingredient: Ingredient, forms: tuple[str, ...]) -> _Part | NotCountedReason:
    dose = sedative_doses().get(ingredient.name)
    if dose is None:
        return NotCountedReason.NO_FACTOR
    if ingredient.strength is None or ingredient.unit not in _PER_MG:
        return NotCountedReason.UNKNOWN_STRENGTH
    if not forms:
        return NotCountedReason.UNKNOWN_FORM
    if not _is_by_mouth(forms):
        return NotCountedReason.NO_FACTOR
    return _Part(ingredient.strength * _PER_MG[ingredient.unit] / dose, _ONE)


def _is_by_mouth(forms: tuple[str, ...]) -> bool:
    """Swallowed or taken up in the mouth: sublingual zolpidem and lorazepam are dosed as those that are swallowed."""
    return ORAL in forms or "SL tablet or film" in forms


def _of_class(drug: Drug, wanted: set[DrugClass]) -> tuple[Ingredient, ...] | NotCountedReason:
    """The ingredients that a measure is about; none when it is not about the drug."""
    found = tuple(i for i in drug.ingredients if _classes().get(i.name) in wanted)
    if found:
        return found
    if drug.drug_class in wanted:
        return NotCountedReason.UNKNOWN_INGREDIENT
    is_unknown = drug.drug_class is DrugClass.UNKNOWN
    if is_unknown and not (drug.ingredients and all(i.name in _classes() for i in drug.ingredients)):
        return NotCountedReason.UNKNOWN_DRUG
    return ()


@cache
def _classes() -> dict[str, DrugClass | None]:
    """Ingredient -> its class; None for a known one that has none."""
    rows = load_table("drugs/ingredients")["ingredient"]
    return {name: DrugClass(row["class"]) if "class" in row else None for name, row in rows.items()}


def _in_unit(ingredient: Ingredient, unit: str) -> Decimal | None:
    """The strength in the factor's unit; None when the one says nothing of the other."""
    if ingredient.strength is None:
        return None
    if "mcg/h" in (unit, ingredient.unit):
        return ingredient.strength if ingredient.unit == unit else None
    factor = _PER_MG.get(ingredient.unit or "")
    if factor is None:
        return None
    return ingredient.strength * factor / _PER_MG[unit]


def _rate(
    ingredients: Sequence[Ingredient], found: Sequence[_Part | NotCountedReason]
) -> Rate | NotCountedReason | None:
    """Of all ingredients together; why there is none where one of them does not count; None without ingredients."""
    if not ingredients:
        return None
    parts = []
    for part in found:
        if isinstance(part, NotCountedReason):
            return part
        parts.append(part)
    units = {QuantityUnit.MILLILITRE if i.unit == "mg/mL" else QuantityUnit.EACH for i in ingredients}
    if len(units) > 1:
        return NotCountedReason.UNKNOWN_STRENGTH
    is_flat = all(len(part.bands) == 1 for part in parts)
    total = sum((p.strength * p.bands[0].factor for p in parts), Decimal(0)) if is_flat else None
    return Rate(units.pop(), tuple(parts), total, any(i.name == "methadone" for i in ingredients))


def _per_day(rate: Rate | NotCountedReason | None, d: Dispensation) -> Figure:
    if not isinstance(rate, Rate):
        return rate
    if d.person.species is Species.VETERINARY:
        return NotCountedReason.VETERINARY
    if d.unit is not rate.counted:
        return NotCountedReason.UNIT_MISMATCH
    if d.days_supply <= 0:
        return NotCountedReason.NO_DAYS_SUPPLY
    if d.quantity <= 0:
        return NotCountedReason.NO_QUANTITY
    if rate.per_unit is not None:
        figure = rate.per_unit * d.quantity / d.days_supply
    else:
        figure = sum(
            (_banded(part, part.strength * d.quantity / d.days_supply) for part in rate.parts), Decimal(0)
        )
    return max(figure.quantize(CENT, ROUND_HALF_UP), CENT)


def _banded(part: _Part, dose: Decimal) -> Decimal:
    """A dose a day by the factor of its band. Bands are published in whole milligrams: what lies between two of them
    belongs to the upper one."""
    return next(dose * band.factor for band in part.bands if band.most is None or dose <= band.most)


def _is_for_dependence(d: Dispensation) -> bool:
    return d.treatment_type == _DEPENDENCE or d.dispenser.kind is PartyKind.OPIOID_TREATMENT_PROGRAMME
