"""Lists of products as CSV, columns by their headings."""

from __future__ import annotations

import csv
import doctest
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drugs import listed
from gateway.drugs.lists import read_list
from gateway.drugs.names import ingredient_rows
from gateway.drugs.report import ListError, LoadReport
from gateway.model import Drug, DrugClass, ProductCode, Schedule
from tests.unit.drug_table import parts

OPIOID, CII = DrugClass.OPIOID, Schedule.CII


def _read(*lines: str, encoding: str = "utf-8") -> tuple[dict[ProductCode, Drug], LoadReport]:
    report = LoadReport()
    return dict(read_list([f"{line}\r\n".encode(encoding) for line in lines], "list.csv", report)), report


def _only(*lines: str) -> Drug:
    read, _ = _read(*lines)
    (drug,) = read.values()
    return drug


def _said(report: LoadReport) -> dict[str, list[int]]:
    return {one.reason: list(one.numbers) for one in report}


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(listed).failed == 0


def test_a_list_with_the_strength_of_one_ingredient() -> None:
    drug = _only(
        "ndc11,product_name,generic_name,form,class,drug,dea_schedule,strength_per_unit,uom",
        "98999700101,LARKSPURCET,Acetaminophen/oxycodone Hydrochloride,Tablet,Opioid,Oxycodone SA,CII,10,MG",
    )
    assert parts(drug) == [("acetaminophen", None, None), ("oxycodone", "10", "mg")]
    assert (drug.schedule, drug.drug_class, drug.dose_form) == (CII, OPIOID, "Tablet")
    assert drug.name == "acetaminophen / oxycodone hydrochloride 10 MG Tablet [LARKSPURCET]"


@pytest.mark.parametrize(
    "lines",
    [
        ("NDC;Name;Ingredients;Strength;Schedule", "98999-7001-01;X;oxycodone;5 mg;2"),
        ("ndc\tname\tingredients\tstrengths\tunits\tDEA", "98999700101\tX\toxycodone\t5\tmg\tC-II"),
        (
            "NDC Code|Brand name|Active Ingredient|Strength|UOM|dea_schedule",
            "98999700101|X|OXYCODONE HCL|5|MG|II",
        ),
        (
            "NDC,PRODNME,GENNME,Strength_Per_Unit,UOM,Drug,DEAClassCode",
            '98999700101,X,"Oxycodone HCl",5,MG,Oxycodone,2N',
        ),
    ],
)
def test_columns_and_separators_by_their_usual_names(lines: tuple[str, ...]) -> None:
    read, report = _read(*lines)
    drug = read[ProductCode("ndc", "98999700101")]
    assert parts(drug) == [("oxycodone", "5", "mg")]
    assert (drug.schedule, drug.drug_class) == (CII, OPIOID)
    assert (report.accepted, report.whole) == (1, 1)


def test_lists_in_step_in_one_line() -> None:
    drug = _only("ndc,ingredients,strength,unit", "98999700101,HYDROCODONE; ACETAMINOPHEN,10; 325,mg; mg")
    assert parts(drug) == [("hydrocodone", "10", "mg"), ("acetaminophen", "325", "mg")]
    drug = _only("ndc,ingredients,strength", "98999700101,HYDROCODONE; ACETAMINOPHEN,10 mg; 325 mg")
    assert parts(drug) == [("hydrocodone", "10", "mg"), ("acetaminophen", "325", "mg")]


def test_a_name_alone_is_read_like_any_name() -> None:
    read, _ = _read("rxcui,display", "1,oxycodone hydrochloride 5 MG Oral Tablet", "2,Wonderfulol 5 MG")
    assert parts(read[ProductCode("rxcui", "1")]) == [("oxycodone", "5", "mg")]
    assert read[ProductCode("rxcui", "1")].schedule is CII
    assert read[ProductCode("rxcui", "2")] == Drug(name="Wonderfulol 5 MG", rxcui="2")


def test_a_product_with_both_codes_is_found_by_each_and_a_concept_once() -> None:
    read, report = _read(
        "ndc,rxcui,name", "98999700101,77,Oxycodone 5 mg", "98999700102,77,Oxycodone 5 mg tablet"
    )
    assert [(c.system, c.value) for c in read] == [
        ("ndc", "98999700101"),
        ("rxcui", "77"),
        ("ndc", "98999700102"),
    ]
    assert report.accepted == 2


@pytest.mark.parametrize(
    "generic", ["Amphetamine Salt Combination", "Amphetamine/dextroamphetamine", "Amphetamine"]
)
def test_the_total_of_a_mixture_is_no_ingredients_own(generic: str) -> None:
    read, report = _read(
        "ndc11,product_name,generic_name,drug,strength,unit",
        f"98999700101,MIXED AMPHETAMINE SALTS,{generic},Amphetamine,20,MG",
    )
    (drug,) = read.values()
    assert {(n, s) for n, s, _ in parts(drug)} == {("amphetamine", None), ("dextroamphetamine", None)}
    assert "the strength is the total of a mixture, and no ingredient's own" in _said(report)


def test_an_ingredient_that_is_not_in_the_table_stays_and_what_is_none_goes() -> None:
    drug = _only("ndc,generic_name", "98999700101,Diazepam;lubricant")
    assert [n for n, _, _ in parts(drug)] == ["diazepam"]
    drug = _only("ndc,generic_name", "98999700101,Diazepam/Wonderfulol Sodium")
    assert [n for n, _, _ in parts(drug)] == ["diazepam", "wonderfulol sodium"]
    assert drug.schedule is None, "not concluded where an ingredient is unknown"


def test_lines_that_cannot_be_used_are_skipped_by_name() -> None:
    read, report = _read(
        "ndc,rxcui,name",
        "0228298311,,Oxycodone 5 mg",
        "2035102,,Oxycodone 5 mg",
        ",,Oxycodone 5 mg",
        "98999700101,,",
        "98999700101,,Oxycodone 5 mg,more",
        "",
        "98999700101,,Oxycodone 5 mg",
        "98999-7001-01,,Oxycodone 10 mg",
    )
    assert [code.value for code in read] == ["98999700101"]
    (drug,) = read.values()
    assert drug.name == "oxycodone 5 MG"
    assert (report.accepted, report.skipped) == (1, 6)
    reasons = _said(report)
    assert [lines for reason, lines in reasons.items() if reason.startswith("Ten digits")] == [[2]]
    assert [lines for reason, lines in reasons.items() if reason.startswith("An NDC has eleven")] == [[3]]
    assert reasons["it has neither an NDC nor an RxNorm concept"] == [4]
    assert reasons["it does not say what the product is"] == [5]
    assert reasons["it has not as many fields as the heading"] == [6]
    assert reasons["its code stands in an earlier line; that one counts"] == [9]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("name,strength", "Oxycodone,5"), "no column of codes"),
        (("ndc,strength", "98999700101,5"), "no column says what a product is"),
    ],
)
def test_a_file_without_the_columns_is_refused(lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(ListError, match=rf"list\.csv: .*{says}"):
        _read(*lines)


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(ListError, match="line 2 is too long"):
        list(read_list([b"ndc,name\n", b"x" * 2_000_000], "list.csv", LoadReport()))


_FIELDS = st.text(
    alphabet=st.characters(exclude_characters='\r\n,"', exclude_categories=("Cs",)), max_size=20
)


@given(st.lists(st.tuples(*[_FIELDS] * 8), max_size=4))
def test_no_line_is_too_odd(rows: list[tuple[str, ...]]) -> None:
    read, report = _read("ndc,name,generic,ingredients,strength,unit,form,schedule", *map(",".join, rows))
    assert len(read) == report.accepted
    for drug in read.values():
        assert all((i.strength is None) == (i.unit is None) for i in drug.ingredients)


# --- the CDC's list of 2018, which is not part of the project ------------------------------------------------------

_CLASSES = {
    "Opioid": OPIOID,
    "Benzo": DrugClass.BENZODIAZEPINE,
    "Stimulant": DrugClass.STIMULANT,
    "Muscle Relaxant": DrugClass.MUSCLE_RELAXANT,
    "Misc": DrugClass.SEDATIVE,  # zolpidem
}
# What the list states otherwise than per dose unit, mL or hour, and what it leaves out.
_NO_STRENGTH = {"MCG/SPRAY": "in each spray", "": "not stated"}


def test_the_cdcs_list_is_read_whole(shared: Path) -> None:
    path = shared / "data/drugs/controlled_ndc11_cdc_2018.csv"
    report = LoadReport()
    with path.open("rb") as file:
        read = {code.value: drug for code, drug in read_list(file, path.name, report)}
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (report.accepted, report.skipped, len(read)) == (len(rows), 0, len(rows)) == (24750, 0, 24750)
    without: Counter[str] = Counter()
    for row in rows:
        drug = read[row["ndc11"]]
        assert drug.drug_class is _CLASSES[row["class"]], row
        assert drug.schedule == row["dea_schedule"], row
        strength = {i.name: i for i in drug.ingredients}[_base(row["drug"])].strength
        if strength is None:
            is_mixture = any(i.name == "dextroamphetamine" for i in drug.ingredients)
            without["a mixture's total" if is_mixture else _NO_STRENGTH[row["uom"]]] += 1
        else:
            unit = 1000 if row["uom"] == "MG/HR" else 1
            assert float(strength) == pytest.approx(float(row["strength_per_unit"]) * unit, abs=1e-3), row
    assert without == {"a mixture's total": 283, "in each spray": 19, "not stated": 5}


def test_no_ingredient_of_the_cdcs_list_is_missing_in_ours(shared: Path) -> None:
    with (shared / "data/drugs/ingredient_class_schedule_cdc_2018.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        drug = _only("ndc,ingredient", f"98999700101,{row['ingredient']}")
        assert drug.drug_class is _CLASSES[row["class"]], row
        assert _base(row["ingredient"]) == drug.ingredients[0].name
        stated = {one.split(":")[0].strip() for one in row["schedule_counts"].split(";")}
        ours = ingredient_rows()[_base(row["ingredient"])]
        possible = {rule["schedule"] for rule in (ours, *ours.get("combined", ())) if "schedule" in rule}
        if possible:  # of opium the product decides
            assert {"none" if one == "code 6" else one for one in stated} <= possible, row


def _base(name: str) -> str:
    return name.removesuffix(" SA").removesuffix(" LA").casefold()
