"""Strengths in the units of the model: per dose unit (mg, mcg), per mL (mg/mL), and a patch's rate (mcg/h).

What a source states otherwise (a share of a gel, international units, a spray's actuation) is no strength per dose
unit: it is unclear, never converted by assumption.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_IN_MG = {
    "mg": Decimal(1),
    "g": Decimal(1000),
    "gm": Decimal(1000),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
}
_HOURS = {"h", "hr", "hour", "hours"}
_STATED_UNIT = re.compile(
    r"(?P<unit>[a-z]+)(?:\s*/\s*(?P<per>[0-9]{1,5}(?:\.[0-9]{0,4})?|\.[0-9]{1,4})?\s*(?P<of>[a-z]*))?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:[0-9]{1,7}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:e-?[0-9])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Strength:
    """A strength as stated; both None when it is none that the model expresses."""

    value: Decimal | None
    unit: str | None


UNCLEAR = Strength(None, None)


def read_strength(value: str, unit: str) -> Strength:
    """The strength that two columns of a list state: `10` and `mg/1`, `325` and `MG`, `4` and `mg/.1mL`.

    >>> read_strength("10", "mg/5mL")
    Strength(value=Decimal('2'), unit='mg/mL')
    >>> read_strength("25", "ug/h")
    Strength(value=Decimal('25'), unit='mcg/h')
    >>> read_strength("100", "[iU]/mL")
    Strength(value=None, unit=None)
    """
    stated, amount = _STATED_UNIT.fullmatch(unit.strip()), value.strip().replace(",", "")
    if stated is None or not _NUMBER.fullmatch(amount) or stated["unit"].casefold() not in _IN_MG:
        return UNCLEAR
    number, per = Decimal(amount), Decimal(stated["per"] or 1)
    of = (stated["of"] or "").casefold()
    if of in _HOURS and per:
        number, per = number / per, Decimal(1)
    if not of and per != 1:
        return UNCLEAR
    return strength_of(number, stated["unit"].casefold(), per, of or None)


def strength_of(value: Decimal, unit: str, per: Decimal, of: str | None) -> Strength:
    """So much mass (`unit`) in `per` of what `of` names; None for a dose unit."""
    if value <= 0 or not per:
        return UNCLEAR
    if of is None:
        if unit in {"mcg", "ug"}:
            return _strength(value, "mcg")
        return _strength(value if unit == "mg" else value * 1000, "mg")
    milligrams = value * _IN_MG[unit]
    if of == "ml":
        return _strength(milligrams / per, "mg/mL")
    if of in _HOURS and per == 1:
        return _strength(milligrams * 1000, "mcg/h")
    return UNCLEAR


def added(one: Strength, other: Strength) -> Strength:
    """Two salts of one base: their strengths add up."""
    if one.value is None or other.value is None or one.unit != other.unit:
        return UNCLEAR
    return _strength(one.value + other.value, one.unit)


def _strength(value: Decimal, unit: str | None) -> Strength:
    """The number without exponent or trailing zeros, at most six decimals; unclear when nothing is left of it."""
    plain = Decimal(f"{round(value, 6).normalize():f}")
    return Strength(plain, unit) if plain else UNCLEAR
