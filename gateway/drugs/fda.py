"""The FDA's NDC directory: product.txt and package.txt, joined by PRODUCTID.

Source of the columns: "NDC Product File Definitions" and "NDC Package File Definitions" on the FDA's pages of the
National Drug Code Directory. Substances, strengths and units are lists in step, separated by `; `.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import msgspec

from gateway.drugs.listed import Remark, Stated, Substance, product_of, read_schedule
from gateway.drugs.report import LoadReport
from gateway.drugs.rows import tabbed
from gateway.drugs.strengths import UNCLEAR, read_strength
from gateway.model import Drug, ProductCode, Schedule
from gateway.model.identifiers import ndc
from gateway.model.identifiers.exceptions import ValidationError

PRODUCT_COLUMNS = (
    *("PRODUCTID", "PRODUCTNDC", "PROPRIETARYNAME", "NONPROPRIETARYNAME", "DOSAGEFORMNAME", "ROUTENAME"),
    *("SUBSTANCENAME", "ACTIVE_NUMERATOR_STRENGTH", "ACTIVE_INGRED_UNIT", "DEASCHEDULE"),
)
PACKAGE_COLUMNS = ("PRODUCTID", "NDCPACKAGECODE")

_Known = tuple[bytes, bool, int]  # the product encoded, whether it was read whole, and its line
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Drug).decode


def read_directory(
    products: Iterable[bytes], packages: Iterable[bytes], names: tuple[str, str], report: LoadReport
) -> Iterator[tuple[ProductCode, Drug]]:
    """Every package with its product.

    All products are held at once, encoded, about 500 bytes each; packages pass by.

    :param names: of the two files, for the report.
    :raises gateway.drugs.report.ListError: a file has not the columns of the directory.
    """
    known, seen = _products(products, names[0], report), set[str]()
    without_package = {product_id: line for product_id, (_, _, line) in known.items()}
    skip = partial(report.skip, names[1])
    for line, row in tabbed(packages, names[1], needs=PACKAGE_COLUMNS, skip=skip):
        product = known.get(row["PRODUCTID"])
        try:
            code = ndc.validate(row["NDCPACKAGECODE"])
        except ValidationError as error:
            skip(line, f"NDCPACKAGECODE: {error}")
            continue
        if product is None:
            skip(line, f"no product of {names[0]} has its PRODUCTID")
        elif code in seen:
            skip(line, "its NDC stands in an earlier line; that one counts")
        else:
            seen.add(code)
            without_package.pop(row["PRODUCTID"], None)
            report.accept(is_whole=product[1])
            yield ProductCode("ndc", code), replace(_decode(product[0]), ndc11=code)
    for line in without_package.values():
        report.skip(names[0], line, f"no package of {names[1]} has its PRODUCTID")


def _products(lines: Iterable[bytes], name: str, report: LoadReport) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for line, row in tabbed(lines, name, needs=PRODUCT_COLUMNS, skip=partial(report.skip, name)):
        if row["PRODUCTID"] in known:
            report.skip(name, line, "its PRODUCTID stands in an earlier line; that one counts")
            continue
        drug, remarks = _product(row)
        for remark in remarks:
            report.remark(name, line, remark)
        known[row["PRODUCTID"]] = (_encode(drug), not remarks, line)
    return known


def _product(row: Mapping[str, str]) -> tuple[Drug, tuple[Remark, ...]]:
    remarks = []
    names = _listed(row["SUBSTANCENAME"]) or _listed(row["NONPROPRIETARYNAME"].replace(",", ";"))
    strengths, units = _listed(row["ACTIVE_NUMERATOR_STRENGTH"]), _listed(row["ACTIVE_INGRED_UNIT"])
    substances = [Substance(n) for n in names]
    if len(strengths) == len(units) == len(names) and row["SUBSTANCENAME"]:
        is_kit = row["DOSAGEFORMNAME"].upper() == "KIT"  # several products, whose strengths are not one's
        substances = [
            Substance(name, UNCLEAR if is_kit else read_strength(strength, unit))
            for name, strength, unit in zip(names, strengths, units, strict=True)
        ]
    elif row["SUBSTANCENAME"]:
        remarks.append(Remark.NOT_IN_STEP)
    schedule = read_schedule(row["DEASCHEDULE"]) if row["DEASCHEDULE"] else Schedule.NONE
    if schedule is None:
        remarks.append(Remark.UNREADABLE_SCHEDULE)
    drug, more = product_of(
        Stated(
            substances=tuple(substances),
            name=f"{row['PROPRIETARYNAME']} {row.get('PROPRIETARYNAMESUFFIX', '')}".strip(),
            dose_form=row["DOSAGEFORMNAME"].title() or None,
            route=row["ROUTENAME"].lower() or None,
            schedule=schedule,
        )
    )
    return drug, (*remarks, *more)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";")] if text else []
