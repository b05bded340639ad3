"""The drug table, the reading of drug names, and which drugs no patient report shows."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drugs import DrugTable, is_hidden
from gateway.drugs.names import ingredient_rows, read_name
from gateway.model import Drug, DrugClass, Ingredient, QuantityUnit, Schedule
from gateway.model.identifiers import ndc
from gateway.terminology import load_table

TABLE = DrugTable.load()
PUBLIC_NDC = {"00093015001", "00093007401"}
NALOXONE_NDC = {"69547035302", "69547062702", "45802057887", "00093216568", "59467067901", "76329336901"}
NALOXONE = frozenset({"naloxone"})
UNITS = {"mg", "mcg", "mcg/h", "mg/mL"}


def parts(drug: Drug) -> list[tuple[str, str | None, str | None]]:
    return [(i.name, None if i.strength is None else str(i.strength), i.unit) for i in drug.ingredients]


# --- the table ------------------------------------------------------------------------------------------------


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
        assert set(row) <= {"class", "schedule", "combined", "also"}, name
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


# --- resolve: codes -------------------------------------------------------------------------------------------


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


# --- resolve: names -------------------------------------------------------------------------------------------

OPIOID, BENZO, STIMULANT = DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.STIMULANT
CII, CIII, CIV, CV = Schedule.CII, Schedule.CIII, Schedule.CIV, Schedule.CV
APAP = "acetaminophen"

NAMES = [
    (
        "Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet",
        [(APAP, "325", "mg"), ("oxycodone", "5", "mg")],
        OPIOID,
        CII,
    ),
    (
        "Abuse-Deterrent 12 HR Oxycodone Hydrochloride 15 MG Extended Release Oral Tablet [Oxycontin]",
        [("oxycodone", "15", "mg")],
        OPIOID,
        CII,
    ),
    ("1 ML Morphine Sulfate 5 MG/ML Injection", [("morphine", "5", "mg/mL")], OPIOID, CII),
    ("72 HR Fentanyl 0.025 MG/HR Transdermal System", [("fentanyl", "25", "mcg/h")], OPIOID, CII),
    ("FENTANYL 12 MCG/HR PATCH", [("fentanyl", "12", "mcg/h")], OPIOID, CII),
    ("Clonazepam [Klonopin]", [("clonazepam", None, None)], BENZO, CIV),
    (
        "Acetaminophen 300 MG / HYDROcodone Bitartrate 5 MG [Vicodin]",
        [(APAP, "300", "mg"), ("hydrocodone", "5", "mg")],
        OPIOID,
        CII,
    ),
    (
        "acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet [Tylenol with Codeine]",
        [(APAP, "300", "mg"), ("codeine", "30", "mg")],
        OPIOID,
        CIII,
    ),
    ("Oxycodone HCl 5 mg tablet", [("oxycodone", "5", "mg")], OPIOID, CII),
    ("HYDROCODONE-ACETAMIN 5-325 MG", [("hydrocodone", "5", "mg"), (APAP, "325", "mg")], OPIOID, CII),
    (
        "HYDROCODONE-ACETAMIN 7.5-325 MG/15 ML SOLN",
        [("hydrocodone", "0.5", "mg/mL"), (APAP, "21.666667", "mg/mL")],
        OPIOID,
        CII,
    ),
    ("Percocet 5-325 mg tab", [("oxycodone", "5", "mg"), (APAP, "325", "mg")], OPIOID, CII),
    (
        "Norco (hydrocodone/acetaminophen) 10-325 mg",
        [("hydrocodone", "10", "mg"), (APAP, "325", "mg")],
        OPIOID,
        CII,
    ),
    ("5 mg oxycodone / 325 mg acetaminophen", [("oxycodone", "5", "mg"), (APAP, "325", "mg")], OPIOID, CII),
    # Codeine: alone, in a tablet, in a cough syrup; strength unknown or between the limits: not concluded.
    ("Codeine Sulfate 30 MG Oral Tablet", [("codeine", "30", "mg")], OPIOID, CII),
    (
        "guaifenesin-codeine 100-10 mg/5 mL syrup",
        [("guaifenesin", "20", "mg/mL"), ("codeine", "2", "mg/mL")],
        OPIOID,
        CV,
    ),
    ("ACETAMINOPHEN-COD #3 TABLET", [(APAP, None, None), ("codeine", None, None)], OPIOID, None),
    (
        "acetaminophen 24 MG/ML / codeine phosphate 2.4 MG/ML Oral Solution",
        [(APAP, "24", "mg/mL"), ("codeine", "2.4", "mg/mL")],
        OPIOID,
        None,
    ),
    # Salts of one base add up.
    (
        (
            "amphetamine aspartate 5 MG / amphetamine sulfate 5 MG / dextroamphetamine saccharate 5 MG / "
            "dextroamphetamine sulfate 5 MG Oral Tablet"
        ),
        [("amphetamine", "10", "mg"), ("dextroamphetamine", "10", "mg")],
        STIMULANT,
        CII,
    ),
    # The total of both: no ingredient's own.
    (
        "DEXTROAMP-AMPHETAMIN 20 MG TAB",
        [("dextroamphetamine", None, None), ("amphetamine", None, None)],
        STIMULANT,
        CII,
    ),
    # Strengths that could be read in two ways.
    ("fentanyl 2.5 mg patch", [("fentanyl", None, None)], OPIOID, CII),
    ("morphine 10 mg 1 ml vial", [("morphine", None, None)], OPIOID, CII),
    ("testosterone 0.01 MG/MG Topical Gel", [("testosterone", None, None)], DrugClass.OTHER, CIII),
    ("Lorazepam 1", [("lorazepam", None, None)], BENZO, CIV),
    ("diazepam 5 mg/0 ml", [("diazepam", None, None)], BENZO, CIV),
    # Exempted product by product.
    (
        "Butalbital-APAP-Caffeine 50-325-40 mg",
        [("butalbital", "50", "mg"), (APAP, "325", "mg"), ("caffeine", "40", "mg")],
        DrugClass.SEDATIVE,
        None,
    ),
    ("Pentobarbital 100 mg capsule", [("pentobarbital", "100", "mg")], DrugClass.SEDATIVE, None),
    ("gabapentin 300 mg cap", [("gabapentin", "300", "mg")], DrugClass.GABAPENTINOID, Schedule.NONE),
    ("Ibuprofen 200 MG Oral Tablet", [("ibuprofen", "200", "mg")], DrugClass.UNKNOWN, None),
]


@pytest.mark.parametrize(("name", "ingredients", "drug_class", "schedule"), NAMES, ids=[n[0] for n in NAMES])
def test_names_are_read(
    name: str, ingredients: list[Any], drug_class: DrugClass, schedule: Schedule | None
) -> None:
    drug = TABLE.resolve(Drug(name=name))
    assert drug.name == name
    assert parts(drug) == ingredients
    assert (drug.drug_class, drug.schedule) == (drug_class, schedule)


@pytest.mark.parametrize(
    "name",
    [
        "alprazolam 1 mg / wonderfulol 5 mg",
        "Clonazepam with wonderfulol",
        "Carisoprodol compound forte",
        "Zolpidem 5-325 mg",  # a second strength speaks of a second ingredient
        "Zolpidem 5/325",
        "клоназепам 1 mg",
        "clonazepam клоназепам",
        "",
        "5 mg",
        "x" * 1000,
    ],
)
def test_a_name_that_is_not_understood_whole_gives_nothing(name: str) -> None:
    drug = TABLE.resolve(Drug(name=name))
    assert drug == Drug(name=name)


def test_an_opioid_decides_the_class_whatever_else_is_in_it() -> None:
    drug = TABLE.resolve(Drug(name="OXYCODONE HCL 5 MG TABLET SOMEMAKER"))
    assert drug.drug_class is OPIOID
    assert drug.ingredients == ()
    assert drug.schedule is None


def test_cod_liver_oil_is_no_codeine() -> None:
    assert TABLE.resolve(Drug(name="COD LIVER OIL CAPSULE")).drug_class is DrugClass.UNKNOWN


def test_ingredients_as_sent_decide_and_stay() -> None:
    sent = (
        Ingredient(name="Acetaminophen", strength=Decimal(325), unit="mg"),
        Ingredient(name="Oxycodone Hydrochloride", strength=Decimal(5), unit="mg"),
    )
    drug = TABLE.resolve(Drug(name="Trade name", ingredients=sent))
    assert drug.ingredients == sent
    assert (drug.drug_class, drug.schedule) == (OPIOID, CII)


def test_what_the_report_says_of_an_unlisted_product_is_not_overwritten() -> None:
    drug = TABLE.resolve(Drug(name="Alprazolam 1 mg", schedule=CII, drug_class=DrugClass.OTHER))
    assert (drug.schedule, drug.drug_class) == (CII, DrugClass.OTHER)


# --- resolve: data of others ----------------------------------------------------------------------------------

# Synthea's controlled drugs, by a word of their names.
CONTROLLED = {
    "oxycodone": OPIOID,
    "hydrocodone": OPIOID,
    "morphine": OPIOID,
    "meperidine": OPIOID,
    "remifentanil": OPIOID,
    "fentanyl": OPIOID,
    "methylphenidate": STIMULANT,
    "clonazepam": BENZO,
    "diazepam": BENZO,
    "midazolam": BENZO,
}


def _rxnorm_names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if str(node.get("system", "")).endswith("rxnorm") and node.get("display"):
            yield node["display"]
        for value in node.values():
            yield from _rxnorm_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _rxnorm_names(value)


def test_every_controlled_medication_of_synthea_gets_its_class(shared: Path) -> None:
    texts = [path.read_text("utf-8") for path in sorted((shared / "data/synthea").glob("*.json"))]
    names = {name for text in texts for name in _rxnorm_names(json.loads(text))}
    assert len(names) > 30
    seen = set()
    for name in sorted(names):
        expected = next((c for word, c in CONTROLLED.items() if word in name.casefold()), DrugClass.UNKNOWN)
        drug = TABLE.resolve(Drug(name=name))
        assert drug.drug_class is expected, name
        if expected is not DrugClass.UNKNOWN:
            assert drug.schedule is not None, name
            assert drug.ingredients, name
            seen.add(expected)
    assert seen == {OPIOID, STIMULANT, BENZO}


def test_rxnorm_opioids_are_recognised(shared: Path) -> None:
    with (shared / "data/drugs/rxcui_opioid_ingredients_2020-10-20.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    recognised, strengths = 0, 0
    for row in rows:
        reading = read_name(row["drug_name"])
        found = {i.name: i for i in reading.ingredients}.get(row["ingredient"].casefold())
        recognised += reading.whole and found is not None
        if (
            found is None or found.strength is None or "terephthalate" in row["drug_name"]
        ):  # two salts of one base
            continue
        stated = Decimal(row["strength_value"])
        assert found.strength == (stated * 1000 if row["strength_unit"] == "MG/HR" else stated), row[
            "drug_name"
        ]
        strengths += 1
    print(f"whole names: {recognised / len(rows):.2%}; strengths: {strengths / len(rows):.2%} of {len(rows)}")  # noqa: T201 - a figure for whoever runs it with -s
    assert recognised >= 0.98 * len(rows)
    assert strengths >= 0.9 * len(rows)


def test_no_class_or_schedule_contradicts_the_list_of_the_cdc(shared: Path) -> None:
    classes = {"Opioid": OPIOID, "Benzo": BENZO, "Stimulant": STIMULANT}
    checked = 0
    with (shared / "data/drugs/controlled_ndc11_cdc_2018.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for column in ("generic_name", "product_name"):
                drug = TABLE.resolve(Drug(name=row[column]))
                if drug.drug_class is not DrugClass.UNKNOWN and row["class"] in classes:
                    assert drug.drug_class is classes[row["class"]], row[column]
                    checked += 1
                if drug.schedule not in {None, Schedule.NONE}:
                    assert drug.schedule == row["dea_schedule"], row[column]
    assert checked > 30_000


# --- is_hidden ------------------------------------------------------------------------------------------------

SPRAY = next(p.drug for p in TABLE.products if p.drug.drug_class is DrugClass.OPIOID_ANTAGONIST)


def _ingredients(*names: str) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(name=name) for name in names)


@pytest.mark.parametrize(
    "name", ["BUPREN/NALOX 8-2", "Buprenorfin film 8-2", "bup/nalox", "NALOXONE 4 MG SPRAY SOMETHING"]
)
@pytest.mark.parametrize("code", [{"ndc11": SPRAY.ndc11}, {"rxcui": SPRAY.rxcui}, {"ndc11": "55555555555"}])
def test_a_word_that_may_be_another_ingredient_shows_the_drug_whatever_its_code(
    name: str, code: dict[str, str]
) -> None:
    sent = Drug(name=name, **code)
    assert not is_hidden(sent, NALOXONE)
    assert not is_hidden(DrugTable.load().resolve(sent), NALOXONE)


def test_a_labeller_in_the_name_does_not_show_naloxone() -> None:
    assert is_hidden(Drug(name="NALOXONE HCL 4 MG NASAL SPRAY TEVA"), NALOXONE)


@pytest.mark.parametrize(
    "drug",
    [
        SPRAY,
        Drug(ndc11=SPRAY.ndc11),
        Drug(rxcui=SPRAY.rxcui),
        Drug(name="Narcan 4 mg nasal spray"),
        Drug(name="NALOXONE HCL 4 MG/ACTUATION SPRAY"),
        Drug(name="Kloxxado"),
        Drug(name="Zimhi 5 mg/0.5 mL prefilled syringe"),
        Drug(name="1 ML naloxone hydrochloride 0.4 MG/ML Prefilled Syringe"),
        Drug(ingredients=_ingredients("Naloxone Hydrochloride")),
        Drug(name="Take-home rescue kit", ingredients=_ingredients("naloxone")),
    ],
)
def test_naloxone_alone_is_hidden(drug: Drug) -> None:
    assert is_hidden(drug, NALOXONE)
    assert is_hidden(TABLE.resolve(drug), NALOXONE)
    assert not is_hidden(drug, frozenset())


@pytest.mark.parametrize(
    "drug",
    [
        *(p.drug for p in TABLE.products if {i.name for i in p.drug.ingredients} != NALOXONE),
        Drug(),
        Drug(name="Wonderfulol"),
        Drug(name="Suboxone 8-2 mg film"),
        Drug(name="buprenorphine 8 MG / naloxone 2 MG Sublingual Film"),
        Drug(name="naloxone 0.5 MG / pentazocine 50 MG Oral Tablet"),
        Drug(name="naloxone / wonderfulol"),  # a part that is not known is not hidden with it
        Drug(name="naloxone 8-2 mg"),
        Drug(ingredients=_ingredients("naloxone", "wonderfulol")),
        Drug(name="Suboxone film", ingredients=_ingredients("naloxone")),
        Drug(name="Suboxone film", ndc11=SPRAY.ndc11),
        Drug(ndc11="98999010901", ingredients=_ingredients("naloxone")),
    ],
)
def test_everything_else_is_shown(drug: Drug) -> None:
    assert not is_hidden(drug, NALOXONE)
    assert not is_hidden(TABLE.resolve(drug), NALOXONE)


@pytest.mark.parametrize("code", sorted(NALOXONE_NDC))
def test_naloxone_reported_by_its_ndc_alone_is_hidden(code: str) -> None:
    assert is_hidden(Drug(ndc11=code), NALOXONE)
    assert is_hidden(TABLE.resolve(Drug(ndc11=code)), NALOXONE)


def test_hidden_ingredients_may_be_written_in_any_case() -> None:
    assert is_hidden(SPRAY, frozenset({"Naloxone"}))


# --- resolving twice is resolving once ------------------------------------------------------------------------

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
    if is_hidden(drug, NALOXONE):
        assert is_hidden(TABLE.resolve(drug), NALOXONE)


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
