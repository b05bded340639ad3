"""A list of products as CSV: one product a line, columns by their usual names.

A line needs an NDC or an RxNorm concept, and something that says what the product is. A list that states the strength
of one ingredient alone (the CDC's of 2018) leaves the others without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final

from gateway.drugs.listed import Remark, Stated, Substance, base_names, product_of, read_schedule
from gateway.drugs.names import ingredient_rows, names_nothing, read_name
from gateway.drugs.report import ListError, LoadReport
from gateway.drugs.rows import separated
from gateway.drugs.strengths import UNCLEAR, Strength, read_strength
from gateway.model import Drug, DrugClass, ProductCode
from gateway.model.identifiers import ndc
from gateway.model.identifiers.exceptions import ValidationError

# column -> headings, in lower case with one underscore for anything between letters and digits
HEADINGS: Final[Mapping[str, Sequence[str]]] = {
    "ndc": ("ndc11", "ndc_11", "ndc", "ndc_code", "ndc_number", "ndcpackagecode", "package_ndc"),
    "rxcui": ("rxcui", "drug_rxcui", "rxnorm", "rxnorm_code"),
    "name": (
        *("product_name", "proprietaryname", "brand_name", "prodnme", "drug_name", "label_name"),
        *("display", "name", "description"),
    ),
    "generic": ("generic_name", "nonproprietaryname", "gennme", "generic"),
    "ingredient": (
        *("ingredients", "ingredient", "substancename", "active_ingredients", "active_ingredient"),
        *("substance", "drug"),
    ),
    "strength": ("strength_per_unit", "strength_value", "active_numerator_strength", "strength", "strengths"),
    "unit": ("uom", "strength_unit", "active_ingred_unit", "unit_of_measure", "unit", "units"),
    "form": ("dose_form", "dosage_form", "dosageformname", "master_form", "form"),
    "route": ("route", "routename", "route_of_administration"),
    "schedule": ("dea_schedule", "deaschedule", "deaclasscode", "dea_class", "schedule", "dea"),
    "class": ("drug_class", "class"),
}
FACTS: Final = tuple(column for column in HEADINGS if column not in {"ndc", "rxcui"})
_CLASSES = {
    "benzo": DrugClass.BENZODIAZEPINE,
    "benzodiazepines": DrugClass.BENZODIAZEPINE,
    "opioids": DrugClass.OPIOID,
    "stimulants": DrugClass.STIMULANT,
    "muscle relaxant": DrugClass.MUSCLE_RELAXANT,
    "muscle relaxants": DrugClass.MUSCLE_RELAXANT,
} | {one.value: one for one in DrugClass if one is not DrugClass.UNKNOWN}
_BETWEEN = re.compile(r"\s*[/;]\s*|\s+(?:and|with)\s+", re.IGNORECASE)
_AMOUNT = re.compile(r"\s*([0-9.,]+)\s*(.*)")

Row = Mapping[str, str]


def read_list(lines: Iterable[bytes], name: str, report: LoadReport) -> Iterator[tuple[ProductCode, Drug]]:
    """Every line under its NDC, or where it has none under its RxNorm concept; a concept also finds the first
    product with an NDC that has it.

    :param name: of the file, for the report.
    :raises gateway.drugs.report.ListError: it has no column of codes, or none that says what a product is.
    """
    seen: set[ProductCode] = set()
    skip = partial(report.skip, name)
    is_checked = False
    for line, row in separated(lines, name, headings=HEADINGS, skip=skip):
        if not is_checked:
            _check(row, name)
            is_checked = True
        try:
            codes = _codes(row)
        except ValidationError as error:
            skip(line, str(error))
            continue
        new = [code for code in codes if code not in seen]
        if not codes:
            skip(line, "it has neither an NDC nor an RxNorm concept")
        elif codes[0] not in new:
            skip(line, "its code stands in an earlier line; that one counts")
        elif not (row.get("name") or row.get("generic") or row.get("ingredient")):
            skip(line, "it does not say what the product is")
        else:
            seen.update(new)
            drug, remarks = _product(tuple(row.get(column, "") for column in FACTS))
            for remark in remarks:
                report.remark(name, line, remark)
            report.accept(is_whole=not remarks)
            yield from ((code, _with_codes(drug, codes)) for code in new)


def _check(row: Row, name: str) -> None:
    if not {"ndc", "rxcui"} & row.keys():
        raise ListError(f"{name}: the heading has no column of codes (ndc11, ndc, rxcui).")
    if not {"name", "generic", "ingredient"} & row.keys():
        raise ListError(
            f"{name}: no column says what a product is (product_name, generic_name, ingredients)."
        )


def _codes(row: Row) -> list[ProductCode]:
    """:raises ValidationError: there is an NDC, and it is none."""
    codes = []
    if row.get("ndc"):
        codes.append(ProductCode("ndc", ndc.validate(row["ndc"])))
    if row.get("rxcui", "").isdigit():
        codes.append(ProductCode("rxcui", row["rxcui"]))
    return codes


def _with_codes(drug: Drug, codes: Sequence[ProductCode]) -> Drug:
    by_system = {code.system: code.value for code in codes}
    return Drug(
        name=drug.name,
        ndc11=by_system.get("ndc"),
        rxcui=by_system.get("rxcui"),
        ingredients=drug.ingredients,
        dose_form=drug.dose_form,
        route=drug.route,
        schedule=drug.schedule,
        drug_class=drug.drug_class,
    )


@lru_cache(maxsize=10_000)  # many makers' lines differ in their codes alone
def _product(facts: tuple[str, ...]) -> tuple[Drug, tuple[Remark, ...]]:
    row = dict(zip(FACTS, facts, strict=True))
    substances, remarks = _substances(row)
    schedule = read_schedule(row["schedule"]) if row["schedule"] else None
    if schedule is None and row["schedule"]:
        remarks.append(Remark.UNREADABLE_SCHEDULE)
    drug, more = product_of(
        Stated(
            substances=tuple(substances),
            name=row["name"] or row["generic"],
            dose_form=row["form"] or None,
            route=row["route"].lower() or None,
            schedule=schedule,
            drug_class=_CLASSES.get(row["class"].casefold()),
        )
    )
    return drug, (*remarks, *more)


def _substances(row: Row) -> tuple[list[Substance], list[Remark]]:
    """What the generic name, the ingredients with their strengths, and the product's own name say together."""
    strengths, remarks = _strengths(row)
    substances = {base_names(name): name for name in _parts(row["generic"])}
    for bases, (name, _) in strengths.items():
        if not any(set(bases) <= set(known) for known in substances):
            substances[bases] = name
    own = read_name(row["name"])
    named = {base for bases in substances for base in bases}
    if own.whole:
        substances |= {(i.name,): i.name for i in own.ingredients if i.name not in named}
        strengths |= {
            (i.name,): (i.name, Strength(i.strength, i.unit))
            for i in own.ingredients
            if i.strength is not None and (i.name,) not in strengths
        }
    named = {base for bases in substances for base in bases}
    totals = {whole for base in named if (whole := ingredient_rows().get(base, {}).get("within")) in named}
    if any(strength.value is not None and totals & set(b) for b, (_, strength) in strengths.items()):
        remarks.append(Remark.TOTAL)
    return [
        Substance(name, UNCLEAR if totals & set(bases) else strengths.get(bases, (name, UNCLEAR))[1])
        for bases, name in substances.items()
    ], remarks


def _strengths(row: Row) -> tuple[dict[tuple[str, ...], tuple[str, Strength]], list[Remark]]:
    """The ingredients of their own column, with the strengths beside them."""
    names, units = _parts(row["ingredient"]), _listed(row["unit"])
    amounts = _listed(row["strength"])
    if not units:  # "10 mg" in one column
        split = [found.groups() for amount in amounts if (found := _AMOUNT.fullmatch(amount))]
        amounts, units = [amount for amount, _ in split], [unit for _, unit in split]
    if len(units) == 1 and len(amounts) > 1:
        units *= len(amounts)
    if len(names) == len(amounts) == len(units):
        read = [read_strength(amount, unit) for amount, unit in zip(amounts, units, strict=True)]
        return {base_names(name): (name, one) for name, one in zip(names, read, strict=True)}, []
    is_odd = bool(names and amounts)
    return {base_names(n): (n, UNCLEAR) for n in names}, [Remark.NOT_IN_STEP] if is_odd else []


def _parts(text: str) -> list[str]:
    """The substances of a name; what is none of itself (`lubricant`) is left out."""
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    return [part for part in parts if not all(names_nothing(word) for word in part.casefold().split())]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
