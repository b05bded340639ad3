"""The values of a medication that both versions write in the same way, for the placeholders of the blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from adapters.ncpdp.fit import Fit
from gateway.model import Address, Drug, PersonName
from gateway.terminology import CodeTable, codes

STATE_CODE = re.compile(r"[A-Z]{2}")
SOURCE_PHARMACY = "P2"
UNNAMED = "Drug name not reported"
UNPRINTABLE = "Drug name not printable in this version"

Values = Mapping[str, str | None]


class NameKeys(NamedTuple):
    """The placeholders of a name, then the fields that they stand for."""

    last: str
    first: str
    middle: str
    suffix: str
    prefix: str
    family_field: str
    given_field: str
    rest_field: str
    suffix_field: str
    prefix_field: str


class AddressKeys(NamedTuple):
    """The placeholders of an address, then the fields that they stand for."""

    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    line1_field: str
    line2_field: str
    city_field: str
    state_field: str
    postal_code_field: str
    country_field: str


@cache
def name_keys(field: str, prefix: str) -> NameKeys:
    """Placeholders that begin with `prefix`, for the name that the field map calls `field`."""
    keys = [f"{prefix}{key}" for key in ("last", "first", "middle", "suffix", "prefix")]
    fields = [f"{field}.{part}" for part in ("family", "given.0", "given.rest", "suffix", "prefix")]
    return NameKeys(*keys, *fields)


@cache
def address_keys(field: str, prefix: str) -> AddressKeys:
    """Placeholders that begin with `prefix`, for the address that the field map calls `field`."""
    keys = [f"{prefix}{key}" for key in ("line1", "line2", "city", "state", "postal_code", "country")]
    fields = [f"{field}.{part}" for part in ("lines.0", "lines.1", "city", "state", "postal_code", "country")]
    return AddressKeys(*keys, *fields)


def name_values(fit: Fit, name: PersonName | None, keys: NameKeys, *, needs_first: bool) -> Values:
    """The parts of a name; nothing at all when a part that the version requires is missing."""
    if name is None:
        return dict.fromkeys(keys[:5])
    given = name.given
    last = fit.text(name.family, 35, keys.family_field)
    first = fit.text(given[0], 35, keys.given_field) if given else None
    values = {
        keys.last: last,
        keys.first: first,
        keys.middle: fit.text(" ".join(given[1:]), 35, keys.rest_field) if len(given) > 1 else None,
        keys.suffix: fit.text(name.suffix, 10, keys.suffix_field),
        keys.prefix: fit.text(name.prefix, 10, keys.prefix_field),
    }
    if last and (first or not needs_first):
        if values[keys.middle] and not first:  # the next name is read as the first
            fit.drop({keys.given_field: True, keys.rest_field: True})
        return values
    fit.drop(dict(zip(keys[5:], values.values(), strict=True)))
    return dict.fromkeys(keys[:5])


def address_lines(
    fit: Fit, lines: Sequence[str], limit: int, keys: AddressKeys
) -> tuple[str | None, str | None]:
    """The first two lines; where the first is empty the second takes its place, and is not where it was."""
    first = fit.text(lines[0], limit, keys.line1_field) if lines else None
    second = fit.text(lines[1], limit, keys.line2_field) if len(lines) > 1 else None
    if second and not first:
        fit.drop({keys.line1_field: True, keys.line2_field: True})
        return second, None
    return first, second


def address_facts(address: Address | None, keys: AddressKeys) -> Mapping[str, object]:
    """What the fields of an address hold, for one that is left out whole."""
    if address is None:
        return {}
    lines = (*address.lines[:2], None, None)[:2]
    facts = (*lines, address.city, address.state, address.postal_code, address.country)
    return dict(zip(keys[6:], facts, strict=True))


@cache
def table(name: str) -> CodeTable:
    """A code table, whose column `script` serves both versions."""
    return codes(name)


def drug_description(fit: Fit, drug: Drug, ndc: str | None) -> str:
    """What stands in DrugDescription, which is required: the name, else the NDC as it is written, else that there
    is none."""
    unnamed = f"NDC {ndc}" if ndc else UNNAMED
    if not drug.name:
        return unnamed
    name = fit.text(drug.name, 105, "drug.name") or UNPRINTABLE
    if name in {unnamed, UNNAMED}:  # a name that reads as if there were none
        fit.drop({"drug.name": name})
    return name


def source_state(fit: Fit, state: str | None) -> str | None:
    """The state whose PMP holds the record, by its code of two letters."""
    if state is None or STATE_CODE.fullmatch(state):
        return state
    fit.drop({"source_state": state})
    return None


def strength(drug: Drug) -> tuple[str | None, str | None]:
    """The strengths of all ingredients, and their unit: `5-325` and `mg`; units that differ stand with the
    numbers. Both None when an ingredient has none, because the numbers would then not tell whose they are."""
    ingredients = drug.ingredients
    if not ingredients or any(i.strength is None for i in ingredients):
        return None, None
    if len({i.unit for i in ingredients}) == 1:
        return "-".join(f"{i.strength:f}" for i in ingredients), ingredients[0].unit
    return "-".join(f"{i.strength:f} {i.unit or ''}".strip() for i in ingredients), None
