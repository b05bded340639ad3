"""Factors to morphine equivalents: the table is well made, and says what the CDC published."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.clinical import factors
from gateway.clinical.factors import VERSIONS
from gateway.drugs.names import ingredient_rows

_COLUMNS = {
    "cdc-2022": "cdc_2022_clinical",
    "cdc-2016": "cdc_2016_clinical",
    "cdc-2017-file": "cdc_2016_17_research_file",
    "cdc-2018-file": "cdc_2018_research_file",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_factor_is_an_opioids_and_positive(version: str) -> None:
    assert factors(version)
    for factor in factors(version):
        assert ingredient_rows()[factor.ingredient]["class"] == "opioid"
        assert factor.unit in {"mg", "mcg", "mcg/h"}
        assert all(band.factor > 0 for band in factor.bands)
        most = [band.most for band in factor.bands]
        assert most[-1] is None
        assert most[:-1] == sorted(m for m in most if m is not None)
    keys = [(f.ingredient, f.form) for f in factors(version)]
    assert len(keys) == len(set(keys))


def test_the_factors_of_the_guideline_of_2022() -> None:
    """CDC 2022, by ingredient. Buprenorphine has none, which is not zero."""
    found = {f.ingredient: [str(b.factor) for b in f.bands] for f in factors("cdc-2022")}
    assert found == {
        "codeine": ["0.15"],
        "fentanyl": ["2.4"],
        "hydrocodone": ["1"],
        "hydromorphone": ["5"],
        "methadone": ["4.7"],
        "morphine": ["1"],
        "oxycodone": ["1.5"],
        "oxymorphone": ["3"],
        "tapentadol": ["0.4"],
        "tramadol": ["0.2"],
    }


def test_no_version_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        factors("cdc-1999")


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_the_published_ones(shared: Path, version: str) -> None:
    with (shared / "data/mme/mme_factors_by_version.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row[_COLUMNS[version]]]
    ours = {(f.ingredient, f.form, f.unit): f for f in factors(version)}
    assert len(ours) == len(rows)
    for row in rows:
        factor = ours[row["ingredient"], row["form_scope"], row["unit"]]
        published = [Decimal(part.rpartition(":")[2]) for part in row[_COLUMNS[version]].split("|")]
        assert [band.factor for band in factor.bands] == published
