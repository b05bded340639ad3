"""Reading drug names, of our own making and of others."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.drugs.names import read_name
from gateway.model import Drug, DrugClass, Ingredient, Schedule
from tests.unit.drug_table import TABLE, parts

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
