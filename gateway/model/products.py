"""Lists of drug products that an operator has loaded, and what they say of a product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.model.dispensation import Drug


class ProductCode(NamedTuple):
    """A product's code: eleven digits of an NDC in `ndc`, or an RxNorm concept in `rxcui`."""

    system: str  # ndc, rxcui
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """What one list says of a product."""

    source: str
    drug: Drug


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductList:
    """A list of products that is in force. Where several list a product, the one with the smallest `rank` decides,
    and of equal ones the one loaded last."""

    source: str
    rank: int
    files: tuple[str, ...]  # their names, without folders
    products: int  # codes under which one is found
    loaded_at: datetime
