"""The drug table under test, and how its ingredients are compared."""

from __future__ import annotations

from gateway.drugs import DrugTable
from gateway.model import Drug

TABLE = DrugTable.load()


PUBLIC_NDC = {"00093015001", "00093007401"}


NALOXONE_NDC = {"69547035302", "69547062702", "45802057887", "00093216568", "59467067901", "76329336901"}


NALOXONE = frozenset({"naloxone"})


UNITS = {"mg", "mcg", "mcg/h", "mg/mL"}


def parts(drug: Drug) -> list[tuple[str, str | None, str | None]]:
    return [(i.name, None if i.strength is None else str(i.strength), i.unit) for i in drug.ingredients]
