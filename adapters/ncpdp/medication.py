"""The facts of a MedicationDispensed or MedicationPrescribed of either version, one by one.

What is absent is None; what is not of its element's form is a ValueError that names the element. What a message has
to have is for its reader to say.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from adapters.ncpdp.parts import date_in
from adapters.ncpdp.tree import Tree, sub, subs, text
from adapters.ncpdp.values import UNNAMED, UNPRINTABLE
from gateway.model import CompoundPart, Drug, QuantityUnit, Schedule
from gateway.terminology import codes

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_WHOLE = re.compile(r"[0-9]{1,9}")
_NDC = frozenset({"ND"})
_RXNORM = frozenset({"SCD", "SBD", "GPK", "BPK"})  # the term types that a code of RxNorm is sent with


def date_of(medication: Tree, name: str) -> date | None:
    """The date in the element of that name."""
    try:
        return date_in(medication, name)
    except ValueError:
        raise ValueError(f"{name} is not a date") from None


def product(medication: Tree) -> Tree:
    """What holds DrugCoded: the medication itself, of 2023011 its Product (docs/wire/script.md)."""
    return sub(medication, "Product") or medication


def name_of(medication: Tree) -> str | None:
    """The DrugDescription, wherever a version has it."""
    return text(medication, "DrugDescription") or text(product(medication), "DrugDescription")


def date_sold(medication: Tree) -> date | None:
    """10.6 has an element for it, 2017071 a qualifier."""
    for other in subs(medication, "OtherMedicationDate"):
        if text(other, "OtherMedicationDateQualifier") == "SoldDate":
            return date_of(medication, "SoldDate") or date_of(other, "OtherMedicationDate")
    return date_of(medication, "SoldDate")


def refills_authorised(medication: Tree) -> int | None:
    """2017071 has a number of its own; of 10.6's only the qualifier R counts what was authorised."""
    refills = sub(medication, "Refills")
    if "NumberOfRefills" in medication:
        return _whole(text(medication, "NumberOfRefills"), "NumberOfRefills")
    return _whole(text(refills, "Value"), "Refills/Value") if text(refills, "Qualifier") == "R" else None


def fill_number(medication: Tree) -> int | None:
    """The number of the fill, 0 for the first."""
    return _whole(text(medication, "HistorySource", "FillNumber"), "FillNumber")


def days_supply(medication: Tree) -> Decimal | None:
    """The days supply; some senders write fractions of a day."""
    return _number(text(medication, "DaysSupply"), "DaysSupply")


def quantity(medication: Tree) -> Decimal | None:
    """The quantity, in the unit of :func:`unit`."""
    return _number(text(medication, "Quantity", "Value"), "Quantity/Value")


def unit_code(medication: Tree) -> str | None:
    """The code of the unit, as it is written."""
    found = sub(medication, "Quantity")
    return text(found, "QuantityUnitOfMeasure", "Code") or text(found, "PotencyUnitCode")


def unit(medication: Tree) -> QuantityUnit | None:
    """The unit; None also when it is not one that is known as counting, millilitres or grams."""
    code = unit_code(medication)
    known = codes("quantity-unit").decode(code, "script") if code else None
    return QuantityUnit(known) if known else None


def compound(medication: Tree) -> tuple[CompoundPart, ...]:
    """The ingredients of a compound, which 2017071 can name; a unit that is not known counts."""
    listed = subs(sub(medication, "CompoundInformation"), "CompoundIngredientsLotNotUsed")
    return tuple(
        CompoundPart(
            sequence=position,
            ndc11=_qualified(sub(part, "CompoundIngredient"), "ItemNumber", _NDC),
            quantity=quantity(part) or Decimal(0),
            unit=unit(part) or QuantityUnit.EACH,
        )
        for position, part in enumerate(listed, 1)
    )


def drug(coded: Tree, name: str | None) -> Drug:
    """The drug of a DrugCoded and a DrugDescription. Its strength is in the words of the description: there is no
    ingredient that it could belong to."""
    ndc = _qualified(coded, "ProductCode", _NDC)
    if name in {f"NDC {ndc}", UNNAMED, UNPRINTABLE}:
        name = None  # it says nothing beyond the code
    schedule = text(coded, "DEASchedule", "Code") or text(coded, "DEASchedule")
    known = codes("schedule").decode(schedule, "script") if schedule else None
    return Drug(
        name=name,
        ndc11=ndc,
        rxcui=_qualified(coded, "DrugDBCode", _RXNORM),
        schedule=Schedule(known) if known else None,
    )


def diagnosis(medication: Tree) -> str | None:
    """The primary diagnosis, when it is an ICD-10-CM code."""
    primary = sub(medication, "Diagnosis", "Primary")
    if text(primary, "Qualifier") not in {"ABF", "ICD10"}:
        return None
    return text(primary, "Code") or text(primary, "Value")


def _qualified(coded: Tree, name: str, qualifiers: frozenset[str]) -> str | None:
    """A code with one of these qualifiers: 10.6 has both side by side, 2017071 in one element."""
    code = text(coded, name, "Code") or text(coded, name)
    qualifier = text(coded, name, "Qualifier") or text(coded, f"{name}Qualifier")
    return code if qualifier in qualifiers else None


def _whole(written: str | None, name: str) -> int | None:
    if written is None:
        return None
    if not _WHOLE.fullmatch(written):
        raise ValueError(f"{name} is not a whole number")
    return int(written)


def _number(written: str | None, name: str) -> Decimal | None:
    if written is None:
        return None
    if not _NUMBER.fullmatch(written):
        raise ValueError(f"{name} is not a number")
    return Decimal(written)
