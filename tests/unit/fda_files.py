"""The FDA's NDC directory, made up: its columns and its oddities, none of its products."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

PRODUCT_HEADING = (
    *("PRODUCTID", "PRODUCTNDC", "PRODUCTTYPENAME", "PROPRIETARYNAME", "PROPRIETARYNAMESUFFIX"),
    *("NONPROPRIETARYNAME", "DOSAGEFORMNAME", "ROUTENAME", "STARTMARKETINGDATE", "ENDMARKETINGDATE"),
    *("MARKETINGCATEGORYNAME", "APPLICATIONNUMBER", "LABELERNAME", "SUBSTANCENAME"),
    *("ACTIVE_NUMERATOR_STRENGTH", "ACTIVE_INGRED_UNIT", "PHARM_CLASSES", "DEASCHEDULE"),
    *("NDC_EXCLUDE_FLAG", "LISTING_RECORD_CERTIFIED_THROUGH"),
)
PACKAGE_HEADING = (
    *("PRODUCTID", "PRODUCTNDC", "NDCPACKAGECODE", "PACKAGEDESCRIPTION", "STARTMARKETINGDATE"),
    *("ENDMARKETINGDATE", "NDC_EXCLUDE_FLAG", "SAMPLE_PACKAGE"),
)


def a_product(number: str, **columns: str) -> dict[str, str]:
    """One line of product.txt; `number` is PRODUCTNDC."""
    return {
        "PRODUCTID": f"{number}_0a1b2c3d-0000-4000-8000-{number.replace('-', ''):0>12}",
        "PRODUCTNDC": number,
        "PRODUCTTYPENAME": "HUMAN PRESCRIPTION DRUG",
        "PROPRIETARYNAME": "Larkspurin",
        "NONPROPRIETARYNAME": "Oxycodone Hydrochloride",
        "DOSAGEFORMNAME": "TABLET",
        "ROUTENAME": "ORAL",
        "STARTMARKETINGDATE": "20200101",
        "MARKETINGCATEGORYNAME": "ANDA",
        "LABELERNAME": "Larkspur Laboratories",
        "SUBSTANCENAME": "OXYCODONE HYDROCHLORIDE",
        "ACTIVE_NUMERATOR_STRENGTH": "5",
        "ACTIVE_INGRED_UNIT": "mg/1",
        "DEASCHEDULE": "CII",
        "NDC_EXCLUDE_FLAG": "N",
        "LISTING_RECORD_CERTIFIED_THROUGH": "20271231",
        **columns,
    }


def a_package(product: dict[str, str], code: str, **columns: str) -> dict[str, str]:
    """One line of package.txt."""
    return {
        "PRODUCTID": product["PRODUCTID"],
        "PRODUCTNDC": product["PRODUCTNDC"],
        "NDCPACKAGECODE": code,
        "PACKAGEDESCRIPTION": f"100 TABLET in 1 BOTTLE ({code})",
        "STARTMARKETINGDATE": "20200101",
        "NDC_EXCLUDE_FLAG": "N",
        "SAMPLE_PACKAGE": "N",
        **columns,
    }


def text(heading: Iterable[str], rows: Iterable[dict[str, str]]) -> str:
    """Lines with tabs between the fields, as the FDA writes them."""
    lines = ["\t".join(heading), *("\t".join(row.get(c, "") for c in heading) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def write(
    folder: Path,
    products: Iterable[dict[str, str]],
    packages: Iterable[dict[str, str]],
    *,
    encoding: str = "utf-8",
) -> tuple[Path, Path]:
    """product.txt and package.txt in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "product.txt", folder / "package.txt"
    paths[0].write_bytes(text(PRODUCT_HEADING, products).encode(encoding))
    paths[1].write_bytes(text(PACKAGE_HEADING, packages).encode(encoding))
    return paths


def zipped(paths: Iterable[Path], target: Path) -> Path:
    """The two files as ndctext.zip has them."""
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.name)
    return target
