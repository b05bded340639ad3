"""Drugs and dispensations for the tests of the clinical part; every value is made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.clinical import Thresholds
from gateway.model import Dispensation, Drug, DrugClass, Ingredient, QuantityUnit
from tests.factory import a_dispensation

DAY = date(2026, 11, 20)
THRESHOLDS = Thresholds(
    mme_per_day=Decimal(90),
    overlap_days=3,
    overlap_within_days=90,
    prescribers=3,
    pharmacies=3,
    providers_within_days=180,
)


def drug(
    *ingredients: tuple[str, str, str],
    form: str | None = "Oral Tablet",
    route: str | None = None,
    kind: DrugClass = DrugClass.OPIOID,
) -> Drug:
    """A drug of these ingredients: name, strength (empty for none) and unit."""
    return Drug(
        ingredients=tuple(
            Ingredient(name=name, strength=Decimal(strength) if strength else None, unit=unit or None)
            for name, strength, unit in ingredients
        ),
        dose_form=form,
        route=route,
        drug_class=kind,
    )


def fill(of: Drug, quantity: str = "30", days: int = 10, **over: Any) -> Dispensation:
    """A fill; what is stated per mL is counted in mL."""
    is_liquid = any(i.unit == "mg/mL" for i in of.ingredients)
    unit = QuantityUnit.MILLILITRE if is_liquid else QuantityUnit.EACH
    values = {"unit": unit, "treatment_type": None, "filled": DAY, **over}
    return a_dispensation(drug=of, quantity=Decimal(quantity), days_supply=days, **values)
