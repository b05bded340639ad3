"""The FDA's directory: product.txt and package.txt with the oddities of the real ones, all rows made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.drugs.fda import read_directory
from gateway.drugs.names import read_name
from gateway.drugs.report import ListError, LoadReport
from gateway.model import Drug, DrugClass, Schedule
from tests.unit.drug_table import NALOXONE, TABLE, parts
from tests.unit.fda_files import PACKAGE_HEADING, PRODUCT_HEADING, a_package, a_product, text


def _read(
    products: list[dict[str, str]], packages: list[dict[str, str]]
) -> tuple[dict[str, Drug], LoadReport]:
    return _read_text(text(PRODUCT_HEADING, products), text(PACKAGE_HEADING, packages))


def _read_text(products: str, packages: str, encoding: str = "utf-8") -> tuple[dict[str, Drug], LoadReport]:
    report = LoadReport()
    files = [content.encode(encoding).splitlines(keepends=True) for content in (products, packages)]
    read = read_directory(*files, ("product.txt", "package.txt"), report)
    return {code.value: drug for code, drug in read}, report


def _only(**columns: str) -> tuple[Drug, LoadReport]:
    product = a_product("98999-7001", **columns)
    found, report = _read([product], [a_package(product, "98999-7001-1")])
    return found["98999700101"], report


def _said(report: LoadReport) -> dict[str, list[int]]:
    return {f"{one.file}: {one.reason}": list(one.numbers) for one in report}


def test_a_tablet_of_two_ingredients() -> None:
    drug, report = _only(
        PROPRIETARYNAME="Larkspurocet",
        PROPRIETARYNAMESUFFIX="Forte",
        NONPROPRIETARYNAME="Hydrocodone Bitartrate and Acetaminophen",
        SUBSTANCENAME="HYDROCODONE BITARTRATE; ACETAMINOPHEN",
        ACTIVE_NUMERATOR_STRENGTH="10; 325",
        ACTIVE_INGRED_UNIT="mg/1; mg/1",
    )
    assert drug == Drug(
        name="hydrocodone bitartrate 10 MG / acetaminophen 325 MG Tablet [Larkspurocet Forte]",
        ndc11="98999700101",
        ingredients=drug.ingredients,
        dose_form="Tablet",
        route="oral",
        schedule=Schedule.CII,
        drug_class=DrugClass.OPIOID,
    )
    assert parts(drug) == [("hydrocodone", "10", "mg"), ("acetaminophen", "325", "mg")]
    assert (report.accepted, report.whole, report.skipped, _said(report)) == (1, 1, 0, {})


@pytest.mark.parametrize(
    ("columns", "ingredients"),
    [
        (
            {"SUBSTANCENAME": "FENTANYL", "ACTIVE_NUMERATOR_STRENGTH": "25", "ACTIVE_INGRED_UNIT": "ug/h"}
            | {"DOSAGEFORMNAME": "PATCH", "ROUTENAME": "TRANSDERMAL"},
            [("fentanyl", "25", "mcg/h")],
        ),
        (
            {"SUBSTANCENAME": "FENTANYL", "ACTIVE_NUMERATOR_STRENGTH": "2.55", "ACTIVE_INGRED_UNIT": "mg/1"}
            | {"DOSAGEFORMNAME": "FILM, EXTENDED RELEASE", "ROUTENAME": "TRANSDERMAL"},
            [("fentanyl", None, None)],  # what is in a patch is no rate
        ),
        (
            {
                "SUBSTANCENAME": "MORPHINE SULFATE",
                "ACTIVE_NUMERATOR_STRENGTH": "10",
                "ACTIVE_INGRED_UNIT": "mg/5mL",
            },
            [("morphine", "2", "mg/mL")],
        ),
        (
            {
                "SUBSTANCENAME": "TESTOSTERONE",
                "ACTIVE_NUMERATOR_STRENGTH": "10",
                "ACTIVE_INGRED_UNIT": "mg/g",
                "DEASCHEDULE": "CIII",
            },
            [("testosterone", None, None)],
        ),
        (
            {
                "SUBSTANCENAME": "DEXTROAMPHETAMINE SACCHARATE; AMPHETAMINE ASPARTATE MONOHYDRATE; "
                "DEXTROAMPHETAMINE SULFATE; AMPHETAMINE SULFATE",
                "ACTIVE_NUMERATOR_STRENGTH": "5; 5; 5; 5",
                "ACTIVE_INGRED_UNIT": "mg/1; mg/1; mg/1; mg/1",
            },
            [("dextroamphetamine", "10", "mg"), ("amphetamine", "10", "mg")],
        ),
        (
            {
                "SUBSTANCENAME": "OXYCODONE HYDROCHLORIDE; OXYCODONE TEREPHTHALATE; ASPIRIN",
                "ACTIVE_NUMERATOR_STRENGTH": "4.5; .38; 325",
                "ACTIVE_INGRED_UNIT": "mg/1; mg/1; mg/1",
            },
            [("oxycodone", "4.88", "mg"), ("aspirin", "325", "mg")],
        ),
    ],
)
def test_substances_are_their_bases_and_strengths_are_per_dose_unit(
    columns: Mapping[str, str], ingredients: Any
) -> None:
    drug, _ = _only(**columns)
    assert parts(drug) == ingredients


def test_what_is_not_controlled_is_known_too() -> None:
    drug, report = _only(
        SUBSTANCENAME="METFORMIN HYDROCHLORIDE",
        ACTIVE_NUMERATOR_STRENGTH="500",
        DEASCHEDULE="",
        PROPRIETARYNAME="Metformin Hydrochloride",
        NONPROPRIETARYNAME="Metformin Hydrochloride",
    )
    assert parts(drug) == [("metformin hydrochloride", "500", "mg")]
    assert (drug.schedule, drug.drug_class) == (Schedule.NONE, DrugClass.OTHER)
    assert drug.name == "metformin hydrochloride 500 MG Tablet"
    assert _said(report) == {}


@pytest.mark.parametrize(
    ("substance", "drug_class"),
    [
        ("INSULIN GLARGINE", DrugClass.OTHER),
        ("GABAPENTIN", DrugClass.GABAPENTINOID),
        ("NALOXONE HYDROCHLORIDE", DrugClass.OPIOID_ANTAGONIST),
    ],
)
def test_what_a_state_collects_without_a_schedule(substance: str, drug_class: DrugClass) -> None:
    drug, _ = _only(SUBSTANCENAME=substance, NONPROPRIETARYNAME=substance, DEASCHEDULE="")
    assert (drug.schedule, drug.drug_class) == (Schedule.NONE, drug_class)


@pytest.mark.parametrize(
    ("columns", "schedule", "remark"),
    [
        (
            {"DEASCHEDULE": ""},
            Schedule.CII,
            "it stands without a schedule, and one follows from its ingredients",
        ),
        ({"DEASCHEDULE": "CIV"}, Schedule.CIV, "its schedule is not the one that follows"),
        ({"DEASCHEDULE": "CX"}, Schedule.CII, "its schedule cannot be read"),
        (
            {"DEASCHEDULE": "CII", "SUBSTANCENAME": "WONDERFULOL"},
            Schedule.CII,
            "it is scheduled, and no ingredient",
        ),
        ({"ACTIVE_NUMERATOR_STRENGTH": "5; 10"}, Schedule.CII, "as many strengths or units are not stated"),
        ({"ACTIVE_INGRED_UNIT": ""}, Schedule.CII, "as many strengths or units are not stated"),
        ({"ACTIVE_INGRED_UNIT": "[iU]/1"}, Schedule.CII, "an ingredient has no strength per dose unit"),
        ({"DOSAGEFORMNAME": "KIT"}, Schedule.CII, "an ingredient has no strength per dose unit"),
        ({"SUBSTANCENAME": "", "NONPROPRIETARYNAME": ""}, Schedule.CII, "its ingredients are not stated"),
    ],
)
def test_what_is_not_known_of_an_accepted_product_is_named_by_its_line(
    columns: dict[str, str], schedule: Schedule, remark: str
) -> None:
    drug, report = _only(**columns)
    assert drug.schedule is schedule
    assert (report.accepted, report.whole, report.skipped) == (1, 0, 0)
    assert any(said.startswith(f"product.txt: {remark}") for said in _said(report)), _said(report)
    assert all(lines == [2] for lines in _said(report).values())


def test_without_substances_the_nonproprietary_name_says_them() -> None:
    drug, report = _only(
        SUBSTANCENAME="", NONPROPRIETARYNAME="Oxycodone and Acetaminophen", PROPRIETARYNAME="X"
    )
    assert {name for name, _, _ in parts(drug)} == {"oxycodone", "acetaminophen"}
    assert report.whole == 0


@pytest.mark.parametrize(
    ("code", "ndc11"),
    [("0989-7001-11", "00989700111"), ("98999-701-11", "98999070111"), ("98999-7001-1", "98999700101")],
)
def test_the_three_layouts_are_padded_to_eleven_digits(code: str, ndc11: str) -> None:
    product = a_product(code.rpartition("-")[0])
    found, _ = _read([product], [a_package(product, code)])
    assert list(found) == [ndc11]
    assert found[ndc11].ndc11 == ndc11


def test_lines_that_cannot_be_used_are_skipped_by_name() -> None:
    product, other, lonely = a_product("98999-7001"), a_product("98999-7002"), a_product("98999-7003")
    found, report = _read(
        [product, other, lonely, {**product, "PROPRIETARYNAME": "Again"}],
        [
            a_package(product, "98999-7001-1"),
            a_package(product, "9899970012"),
            a_package(product, "98999-7001-123"),
            a_package(product, ""),
            a_package(other, "98999-7002-1", PRODUCTID="98999-7002_of-another-day"),
            a_package(other, "98999-7001-1"),
            a_package(other, "98999-7002-2", SAMPLE_PACKAGE="Y", NDC_EXCLUDE_FLAG="E"),
        ],
    )
    assert list(found) == ["98999700101", "98999700202"]
    assert "Again" not in (found["98999700101"].name or "")
    assert (report.accepted, report.skipped) == (2, 7)
    said = _said(report)
    (ambiguous,) = (
        lines for reason, lines in said.items() if "Ten digits without hyphens are ambiguous" in reason
    )
    assert ambiguous == [3]
    assert said["package.txt: no product of product.txt has its PRODUCTID"] == [6]
    assert said["package.txt: its NDC stands in an earlier line; that one counts"] == [7]
    assert said["product.txt: its PRODUCTID stands in an earlier line; that one counts"] == [5]
    assert said["product.txt: no package of package.txt has its PRODUCTID"] == [4]


def test_fields_that_were_cut_and_fields_too_many_are_skipped_and_trailing_empty_ones_may_be_missing() -> (
    None
):
    products = [a_product(f"98999-700{n}") for n in (1, 2, 3)]
    heading, *lines = text(PRODUCT_HEADING, products).splitlines()
    schedule = PRODUCT_HEADING.index("DEASCHEDULE")
    lines[0] = "\t".join(lines[0].split("\t")[: schedule + 1])
    lines[1] = "\t".join(lines[1].split("\t")[:schedule])  # a schedule that was cut off is not "none"
    lines[2] += "\tmore"
    packages = text(PACKAGE_HEADING, [a_package(p, f"{p['PRODUCTNDC']}-1") for p in products])
    found, report = _read_text("\n".join([heading, *lines, ""]), packages)
    assert list(found) == ["98999700101"]
    assert _said(report)["product.txt: it has not as many fields as the heading"] == [3, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_both_encodings_and_quotation_marks_that_mean_nothing(encoding: str) -> None:
    product = a_product("98999-7001", PROPRIETARYNAME='Lärks\0pur® "Plus', LABELERNAME='"Larkspur, Inc.')
    products, packages = (
        text(PRODUCT_HEADING, [product]),
        text(PACKAGE_HEADING, [a_package(product, "98999-7001-1")]),
    )
    found, _ = _read_text(products, packages, encoding)
    assert found["98999700101"].name == 'oxycodone hydrochloride 5 MG Tablet [Lärkspur® "Plus]'


def test_columns_may_come_in_any_order_and_with_others_between() -> None:
    product = a_product("98999-7001")
    heading = ("NEW_COLUMN", *reversed(PRODUCT_HEADING))
    found, _ = _read_text(
        text(heading, [product]), text(PACKAGE_HEADING[::-1], [a_package(product, "98999-7001-1")])
    )
    assert parts(found["98999700101"]) == [("oxycodone", "5", "mg")]


@pytest.mark.parametrize("column", ["SUBSTANCENAME", "DEASCHEDULE", "PRODUCTID"])
def test_a_missing_column_is_named(column: str) -> None:
    heading = [one for one in PRODUCT_HEADING if one != column]
    with pytest.raises(ListError, match=rf"product\.txt: the heading has no column {column}"):
        _read_text(text(heading, [a_product("98999-7001")]), text(PACKAGE_HEADING, []))


@pytest.mark.parametrize(
    ("brand", "substances", "is_hidden"),
    [
        ("Wonderspray", "NALOXONE HYDROCHLORIDE", True),
        ("Naloxone HCl, Larkspur", "NALOXONE HYDROCHLORIDE DIHYDRATE", True),
        ("Wonderfilm", "BUPRENORPHINE HYDROCHLORIDE; NALOXONE HYDROCHLORIDE", False),
        ("Narcan", "NALOXONE HYDROCHLORIDE; WONDERFULOL", False),
    ],
)
def test_naloxone_is_hidden_by_what_it_is_made_of_whatever_its_brand(
    brand: str, substances: str, is_hidden: bool
) -> None:
    drug, _ = _only(PROPRIETARYNAME=brand, SUBSTANCENAME=substances, DEASCHEDULE="")
    assert TABLE.is_hidden(drug, NALOXONE) is is_hidden, "as it is recorded, when the directory is gone"


def test_a_name_says_what_the_ingredients_are() -> None:
    """The name is read again where a record is shown; it must not say anything else than the directory."""
    for form in (
        "TABLET, FILM COATED, EXTENDED RELEASE",
        "INJECTION, POWDER, LYOPHILIZED, FOR SOLUTION",
        "SPRAY, METERED",
    ):
        drug, _ = _only(DOSAGEFORMNAME=form, PROPRIETARYNAME="Wonderbrand")
        reading = read_name(drug.name or "")
        assert reading.whole, drug.name
        assert reading.ingredients == drug.ingredients
