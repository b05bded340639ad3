"""The values of a medication that both versions write in the same way, for the placeholders of the blocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from adapters.ncpdp.fit import Fit
from gateway.model import Dispensation, Drug, PersonName, Species
from gateway.terminology import CodeTable, codes

SOURCE_PHARMACY = "P2"
NOTE_LIMIT = 210  # characters, of MedicationDispensed/Note
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
        return values
    fit.drop(dict(zip(keys[5:], values.values(), strict=True)))
    return dict.fromkeys(keys[:5])


@cache
def table(name: str) -> CodeTable:
    """A code table, whose column `script` serves both versions."""
    return codes(name)


def drug_description(drug: Drug) -> str:
    """What stands in DrugDescription, which is required: the name, else the NDC, else that there is none."""
    return drug.name or (f"NDC {drug.ndc11}" if drug.ndc11 else UNNAMED)


def strength(drug: Drug) -> tuple[str | None, str | None]:
    """The strengths of all ingredients, and their unit: `5-325` and `mg`; units that differ stand with the
    numbers. Both None when an ingredient has none, because the numbers would then not tell whose they are."""
    ingredients = drug.ingredients
    if not ingredients or any(i.strength is None for i in ingredients):
        return None, None
    if len({i.unit for i in ingredients}) == 1:
        return "-".join(f"{i.strength:f}" for i in ingredients), ingredients[0].unit
    return "-".join(f"{i.strength:f} {i.unit or ''}".strip() for i in ingredients), None


def medication_note(d: Dispensation, *, payment: bool) -> str | None:
    """What has no element of its own and a reader of the report needs to see.

    It is for people: nothing here is read back, and the losses say so.

    :param payment: True for the version that has no element for the method of payment either.
    """
    said = []
    if d.person.species is Species.VETERINARY:
        said.append("Veterinary patient.")
    if d.partial_fill:
        said.append(f"Partial fill {d.partial_fill}.")
    if d.compound:
        said.append(f"Compound of {len(d.compound)} ingredients.")
    if payment and d.payment:
        said.append(f"Payment: {table('payment').display(d.payment)}.")
    if d.treatment_type:
        said.append(f"Treatment: {table('treatment-type').display(d.treatment_type)}.")
    return " ".join(said) or None
