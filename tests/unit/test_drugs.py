"""The drug table: its products, and what codes resolve to."""

from __future__ import annotations

import csv
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drugs.names import ingredient_rows, read_name
from gateway.model import Drug, DrugClass, Ingredient, QuantityUnit, Schedule
from gateway.model.identifiers import ndc
from gateway.terminology import load_table
from tests.unit.drug_table import NALOXONE, NALOXONE_NDC, PUBLIC_NDC, TABLE, UNITS, parts


@pytest.mark.parametrize("product", TABLE.products, ids=lambda p: p.drug.name)
def test_every_product_is_valid(product: Any) -> None:
    drug = product.drug
    assert ndc.validate(drug.ndc11) == drug.ndc11
    assert drug.ndc11.startswith("98999") or drug.ndc11 in PUBLIC_NDC | NALOXONE_NDC
    assert drug.name
    assert drug.name.endswith(drug.dose_form)
    assert drug.rxcui is None or drug.rxcui.isdigit()
    assert drug.schedule is not None
    assert drug.drug_class is not DrugClass.UNKNOWN
    assert isinstance(product.unit, QuantityUnit)
    assert 1 <= len(drug.ingredients) <= 4
    for ingredient in drug.ingredients:
        assert ingredient.name in ingredient_rows()
        assert (ingredient.strength is None) == (ingredient.unit is None)
        if ingredient.strength is not None:
            assert isinstance(ingredient.strength, Decimal)
            assert ingredient.strength > 0
            assert ingredient.unit in UNITS


@pytest.mark.parametrize("product", TABLE.products, ids=lambda p: p.drug.name)
def test_a_product_and_its_own_name_agree(product: Any) -> None:
    """Two sources, the table's facts and the rules over its name, must not contradict each other."""
    drug = product.drug
    read = TABLE.resolve(Drug(name=drug.name))
    assert read.ingredients == drug.ingredients
    assert read.drug_class is drug.drug_class
    assert read.schedule in {drug.schedule, None}


def test_codes_are_unique() -> None:
    for codes in (
        [p.drug.ndc11 for p in TABLE.products],
        [p.drug.rxcui for p in TABLE.products if p.drug.rxcui],
    ):
        assert len(codes) == len(set(codes))


def test_every_class_and_the_patches_solutions_and_gels_are_covered() -> None:
    assert {p.drug.drug_class for p in TABLE.products} == set(DrugClass) - {DrugClass.UNKNOWN}
    assert {p.unit for p in TABLE.products} == set(QuantityUnit)
    assert {p.drug.schedule for p in TABLE.products} == set(Schedule) - {Schedule.CI}


def test_rxcui_are_the_published_ones(shared: Path) -> None:
    published: dict[str, str] = {}
    with (shared / "data/drugs/rxcui_valuesets_opioid_cds_2022.csv").open(encoding="utf-8") as file:
        published.update((row["rxcui"], row["display"]) for row in csv.DictReader(file))
    with (shared / "data/drugs/rxcui_opioid_ingredients_2020-10-20.csv").open(encoding="utf-8") as file:
        published.update((row["drug_rxcui"], row["drug_name"]) for row in csv.DictReader(file))
    checked = [p.drug for p in TABLE.products if p.drug.rxcui in published]
    assert len(checked) > 70
    for drug in checked:
        assert (drug.name or "").casefold() == published[drug.rxcui or ""].casefold()


def test_ingredients_name_classes_and_schedules_of_the_model() -> None:
    table = load_table("drugs/ingredients")
    for name, row in table["ingredient"].items():
        assert set(row) <= {"class", "schedule", "combined", "also", "within"}, name
        assert row.get("within", name) in table["ingredient"]
        if "class" in row:
            assert DrugClass(row["class"]) is not DrugClass.UNKNOWN
        for rule in (row, *row.get("combined", ())):
            assert "schedule" not in rule or Schedule(rule["schedule"])
    for brand, names in table["brand"].items():
        assert names, brand
        assert set(names) <= set(table["ingredient"]), brand


def test_no_spelling_stands_for_two_things() -> None:
    table = load_table("drugs/ingredients")
    spellings = [s for name, row in table["ingredient"].items() for s in (name, *row.get("also", ()))]
    spellings += list(table["brand"])
    spellings += {word for words in table["words"].values() for word in words}
    assert len(spellings) == len(set(spellings)), sorted(s for s in spellings if spellings.count(s) > 1)
    assert all(s == s.casefold() and len(s.split()) <= 3 for s in spellings)


@pytest.mark.parametrize("code", ["98999010901", "98999-0109-01"])
def test_an_ndc_brings_the_facts_and_stays_as_sent(code: str) -> None:
    drug = TABLE.resolve(Drug(ndc11=code))
    assert drug.ndc11 == code
    assert drug.rxcui == "1049621"
    assert drug.name == "oxycodone hydrochloride 5 MG Oral Tablet"
    assert parts(drug) == [("oxycodone", "5", "mg")]
    assert (drug.dose_form, drug.route) == ("Oral Tablet", "oral")
    assert (drug.schedule, drug.drug_class) == (Schedule.CII, DrugClass.OPIOID)


def test_the_name_that_was_sent_stays_and_the_facts_are_the_tables() -> None:
    sent = Drug(
        name="Oxy 5",
        ndc11="98999010901",
        schedule=Schedule.CIV,
        drug_class=DrugClass.OTHER,
        ingredients=(Ingredient(name="oxycodone", strength=Decimal(50), unit="mg"),),
    )
    drug = TABLE.resolve(sent)
    assert drug.name == "Oxy 5"
    assert parts(drug) == [("oxycodone", "5", "mg")]
    assert (drug.schedule, drug.drug_class) == (Schedule.CII, DrugClass.OPIOID)


def test_the_ndc_decides_and_a_contradicting_rxcui_stays_as_sent() -> None:
    drug = TABLE.resolve(Drug(ndc11="98999010901", rxcui="993781"))
    assert drug.rxcui == "993781"
    assert parts(drug) == [("oxycodone", "5", "mg")]


def test_an_rxcui_serves_where_the_ndc_is_unknown_and_brings_no_ndc() -> None:
    for sent in (None, "11111111111", "not an ndc"):
        drug = TABLE.resolve(Drug(ndc11=sent, rxcui="993781"))
        assert drug.ndc11 == sent
        assert parts(drug) == [("acetaminophen", "300", "mg"), ("codeine", "30", "mg")]
        assert drug.schedule is Schedule.CIII


def test_ten_digits_without_hyphens_are_never_completed() -> None:
    assert TABLE.resolve(Drug(ndc11="0228298311")) == Drug(ndc11="0228298311")


def test_nothing_known_is_kept_as_sent() -> None:
    sent = Drug(
        name="Wonderfulol 3 mg",
        ndc11="11111111111",
        rxcui="999999999",
        schedule=Schedule.CIV,
        ingredients=(Ingredient(name="wonderfulol", strength=Decimal(3), unit="mg"),),
    )
    assert TABLE.resolve(sent) == sent
    assert TABLE.resolve(Drug()) == Drug()


_VOCABULARY = tomllib.loads(
    (Path(__file__).parents[2] / "mappings/drugs/ingredients.toml").read_text(encoding="utf-8")
)
_WORDS = st.sampled_from(
    [
        *_VOCABULARY["ingredient"],
        *_VOCABULARY["brand"],
        *_VOCABULARY["words"]["forms"],
        *("5 mg", "5-325 MG", "10 mg/5 ml", "0.025 MG/HR", "1 ML", "12 HR", "#3"),
        *("[Percocet]", "wonderfulol", "/", "{"),
    ]
)
_NAMES = st.one_of(st.none(), st.text(max_size=60), st.lists(_WORDS, max_size=8).map(" ".join))
_STRENGTHS = st.one_of(st.none(), st.decimals(min_value=0, max_value=2000, places=2))
_INGREDIENTS = st.lists(
    st.builds(
        Ingredient,
        name=st.one_of(st.text(max_size=20), _WORDS),
        strength=_STRENGTHS,
        unit=st.sampled_from([None, *sorted(UNITS)]),
    ),
    max_size=4,
).map(tuple)
_DRUGS = st.builds(
    Drug,
    name=_NAMES,
    ndc11=st.one_of(st.none(), st.text(max_size=14), st.sampled_from([p.drug.ndc11 for p in TABLE.products])),
    rxcui=st.one_of(st.none(), st.text(max_size=7), st.sampled_from([p.drug.rxcui for p in TABLE.products])),
    ingredients=_INGREDIENTS,
    dose_form=st.sampled_from([None, "Oral Tablet"]),
    schedule=st.sampled_from([None, *Schedule]),
    drug_class=st.sampled_from(list(DrugClass)),
)


@given(_DRUGS)
def test_resolving_twice_is_resolving_once_and_keeps_codes_and_name(drug: Drug) -> None:
    once = TABLE.resolve(drug)
    assert TABLE.resolve(once) == once
    assert once.ndc11 == drug.ndc11
    assert once.name == (drug.name or once.name)
    assert once.rxcui == (drug.rxcui or once.rxcui)


@given(_DRUGS)
def test_a_drug_is_hidden_as_reported_and_as_resolved(drug: Drug) -> None:
    """What intake fills in never uncovers naloxone."""
    if TABLE.is_hidden(drug, NALOXONE):
        assert TABLE.is_hidden(TABLE.resolve(drug), NALOXONE)


@given(st.lists(_WORDS, max_size=10).map(" ".join))
def test_no_named_ingredient_is_ever_dropped(name: str) -> None:
    names = set()
    for word in name.split(" "):
        if word in ingredient_rows():
            names.add(word)
    assert names <= {i.name for i in read_name(name).ingredients} | _swallowed(name)


def _swallowed(name: str) -> set[str]:
    """Ingredients whose word is part of a longer phrase that the vocabulary knows as something else."""
    phrases = [
        *_VOCABULARY["brand"],
        *_VOCABULARY["ingredient"],
        *(s for row in _VOCABULARY["ingredient"].values() for s in row.get("also", ())),
    ]
    longer = [phrase for phrase in phrases if " " in phrase and phrase in name]
    return {word for phrase in longer for word in phrase.split()}
