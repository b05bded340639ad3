"""MME and LME a day, reckoned by hand: strength x quantity / days x factor.

Factors: CDC guideline of 2022 (MMWR Recomm Rep 2022;71(RR-3)) and of 2016 (65(RR-1)), CDC conversion files of 2017
and 2018; doses of sedatives: Ashton Manual, 2011.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.clinical.equivalents import Equivalents
from gateway.model import CompoundPart, Drug, DrugClass, NotCountedReason, PartyKind, QuantityUnit, Species
from tests.factory import a_dispenser, a_person
from tests.unit.clinical.cases import drug, fill

CDC_2022, CDC_2016 = Equivalents("cdc-2022"), Equivalents("cdc-2016")
FILE_2017, FILE_2018 = Equivalents("cdc-2017-file"), Equivalents("cdc-2018-file")
PATCH = "Transdermal System"
SYRUP = "Oral Solution"
SEDATIVE, BENZODIAZEPINE = DrugClass.SEDATIVE, DrugClass.BENZODIAZEPINE
R = NotCountedReason


@pytest.mark.parametrize(
    ("ingredient", "strength", "unit", "form", "quantity", "days", "mme"),
    [
        ("codeine", "30", "mg", "Oral Tablet", "30", 10, "13.50"),  # 30 x 3 x 0.15
        ("codeine", "15", "mg", "Oral Tablet", "15", 5, "6.75"),  # 15 x 3 x 0.15
        ("codeine", "60", "mg", "Oral Tablet", "12", 3, "36.00"),  # 60 x 4 x 0.15
        ("codeine", "2", "mg/mL", SYRUP, "240", 12, "6.00"),  # 2 x 20 x 0.15
        ("codeine", "2.4", "mg/mL", SYRUP, "120", 7, "6.17"),  # 2.4 x 17.142857 x 0.15 = 6.171
        ("hydrocodone", "5", "mg", "Oral Tablet", "20", 5, "20.00"),
        ("hydrocodone", "7.5", "mg", "Oral Tablet", "30", 7, "32.14"),  # 7.5 x 4.285714
        ("hydrocodone", "10", "mg", "Oral Tablet", "120", 30, "40.00"),
        ("hydrocodone", "40", "mg", "Extended Release Oral Capsule", "60", 30, "80.00"),
        ("hydrocodone", "0.5", "mg/mL", SYRUP, "473", 10, "23.65"),  # 0.5 x 47.3
        ("hydromorphone", "2", "mg", "Oral Tablet", "30", 10, "30.00"),  # 2 x 3 x 5
        ("hydromorphone", "4", "mg", "Oral Tablet", "28", 7, "80.00"),
        ("hydromorphone", "1", "mg/mL", "Oral Solution", "60", 6, "50.00"),
        ("methadone", "5", "mg", "Oral Tablet", "60", 30, "47.00"),  # 10 x 4.7
        ("methadone", "10", "mg", "Oral Tablet", "90", 30, "141.00"),  # 30 x 4.7
        ("methadone", "1", "mg/mL", "Oral Solution", "150", 30, "23.50"),
        ("morphine", "15", "mg", "Oral Tablet", "30", 10, "45.00"),
        ("morphine", "60", "mg", "Extended Release Oral Tablet", "60", 30, "120.00"),
        ("morphine", "20", "mg/mL", "Oral Solution", "30", 15, "40.00"),
        ("oxycodone", "5", "mg", "Oral Tablet", "10", 2, "37.50"),  # 5 x 5 x 1.5
        ("oxycodone", "10", "mg", "Oral Tablet", "90", 30, "45.00"),
        ("oxycodone", "15", "mg", "Oral Tablet", "120", 30, "90.00"),
        ("oxycodone", "80", "mg", "Extended Release Oral Tablet", "60", 30, "240.00"),
        ("oxycodone", "7.5", "mg", "Oral Tablet", "20", 3, "75.00"),
        ("oxycodone", "5", "mg", "Oral Tablet", "7.5", 7, "8.04"),  # 5 x 1.0714286 x 1.5 = 8.036
        ("oxycodone", "1", "mg/mL", "Oral Solution", "100", 10, "15.00"),
        ("oxymorphone", "10", "mg", "Oral Tablet", "60", 30, "60.00"),
        ("oxymorphone", "5", "mg", "Oral Tablet", "12", 4, "45.00"),
        ("tapentadol", "50", "mg", "Oral Tablet", "60", 15, "80.00"),
        ("tapentadol", "100", "mg", "Oral Tablet", "60", 30, "80.00"),
        ("tramadol", "50", "mg", "Oral Tablet", "56", 14, "40.00"),  # 50 x 4 x 0.2
        ("tramadol", "100", "mg", "Extended Release Oral Tablet", "30", 30, "20.00"),
        ("tramadol", "37.5", "mg", "Oral Tablet", "20", 5, "30.00"),
        ("fentanyl", "25", "mcg/h", PATCH, "10", 30, "60.00"),  # one patch worn: 25 x 2.4
        ("fentanyl", "12", "mcg/h", PATCH, "10", 30, "28.80"),
        ("fentanyl", "50", "mcg/h", PATCH, "5", 15, "120.00"),
        ("fentanyl", "75", "mcg/h", PATCH, "20", 30, "360.00"),  # two worn at a time: 150 x 2.4
        ("fentanyl", "100", "mcg/h", PATCH, "5", 30, "120.00"),  # worn on 15 of 30 days
        ("codeine", "30000", "mcg", "Oral Tablet", "30", 10, "13.50"),  # 30 mg
        ("morphine", "0.001", "mg", "Oral Tablet", "1", 30, "0.01"),  # never down to zero
        ("morphine", "0.005", "mg", "Oral Tablet", "3", 1, "0.02"),  # 0.015: half up
    ],
)
def test_by_the_guideline_of_2022(
    ingredient: str, strength: str, unit: str, form: str, quantity: str, days: int, mme: str
) -> None:
    dispensed = fill(drug((ingredient, strength, unit), form=form), quantity, days)
    assert CDC_2022.of(dispensed) == (Decimal(mme), None)
    assert str(CDC_2022.of(dispensed)[0]) == mme


@pytest.mark.parametrize(
    ("by", "of", "quantity", "days", "mme"),
    [
        (CDC_2016, drug(("hydromorphone", "2", "mg")), "30", 10, "24.00"),  # 6 x 4
        (CDC_2016, drug(("methadone", "5", "mg")), "40", 10, "80.00"),  # 20 mg: x 4
        (CDC_2016, drug(("methadone", "5", "mg")), "45", 10, "180.00"),  # 22.5 mg: x 8
        (CDC_2016, drug(("methadone", "10", "mg")), "40", 10, "320.00"),  # 40 mg: x 8
        (CDC_2016, drug(("methadone", "10", "mg")), "60", 10, "600.00"),  # 60 mg: x 10
        (CDC_2016, drug(("methadone", "10", "mg")), "70", 10, "840.00"),  # 70 mg: x 12
        (CDC_2016, drug(("fentanyl", "25", "mcg/h"), form=PATCH), "10", 30, "60.00"),
        (FILE_2017, drug(("fentanyl", "25", "mcg/h"), form=PATCH), "10", 30, "60.00"),  # 25 x 1/3 x 7.2
        (FILE_2018, drug(("tramadol", "50", "mg")), "40", 10, "20.00"),  # x 0.1
        (FILE_2018, drug(("levorphanol", "2", "mg")), "30", 10, "66.00"),  # 6 x 11
        (FILE_2017, drug(("buprenorphine", "8", "mg"), form="Sublingual Tablet"), "20", 10, "480.00"),
        (FILE_2017, drug(("buprenorphine", "5", "mcg/h"), form=PATCH), "4", 28, "9.00"),  # 5 / 7 x 12.6
        (FILE_2018, drug(("butorphanol", "10", "mg/mL"), form="Nasal Spray"), "2.5", 10, "17.50"),
        (FILE_2018, drug(("fentanyl", "100", "mcg"), form="Buccal Tablet"), "20", 10, "26.00"),
        (FILE_2018, drug(("fentanyl", "0.2", "mg"), form="Oral Lozenge", route="buccal"), "10", 10, "26.00"),
    ],
)
def test_by_other_versions(by: Equivalents, of: Drug, quantity: str, days: int, mme: str) -> None:
    assert by.of(fill(of, quantity, days))[0] == Decimal(mme)


def test_a_combination_is_the_sum_of_its_opioids() -> None:
    both = drug(("codeine", "30", "mg"), ("morphine", "10", "mg"), ("acetaminophen", "300", "mg"))
    assert CDC_2022.of(fill(both))[0] == Decimal("43.50")  # 3 x (4.5 + 10)


def test_a_drug_may_count_by_both_measures() -> None:
    both = drug(("codeine", "30", "mg"), ("diazepam", "10", "mg"))
    assert CDC_2022.of(fill(both)) == (Decimal("13.50"), Decimal("3.00"))


@pytest.mark.parametrize(
    ("ingredient", "strength", "kind", "quantity", "days", "lme"),
    [
        ("alprazolam", "1", BENZODIAZEPINE, "60", 30, "4.00"),  # the example of the US PDMP guide
        ("clonazepam", "0.5", BENZODIAZEPINE, "60", 30, "2.00"),
        ("lorazepam", "1", BENZODIAZEPINE, "90", 30, "3.00"),
        ("diazepam", "5", BENZODIAZEPINE, "60", 30, "1.00"),
        ("temazepam", "15", BENZODIAZEPINE, "30", 30, "0.75"),
        ("chlordiazepoxide", "10", BENZODIAZEPINE, "30", 10, "1.20"),  # 30 / 25
        ("clorazepate", "7.5", BENZODIAZEPINE, "20", 10, "1.00"),
        ("zolpidem", "12.5", SEDATIVE, "30", 30, "0.63"),  # 0.625: half up
        ("eszopiclone", "2", SEDATIVE, "30", 30, "0.67"),
    ],
)
def test_lorazepam_equivalents(
    ingredient: str, strength: str, kind: DrugClass, quantity: str, days: int, lme: str
) -> None:
    dispensed = fill(drug((ingredient, strength, "mg"), kind=kind), quantity, days)
    assert CDC_2022.of(dispensed) == (None, Decimal(lme))


OXYCODONE = drug(("oxycodone", "5", "mg"))
METHADONE = drug(("methadone", "10", "mg"))


@pytest.mark.parametrize(
    ("dispensed", "reason"),
    [
        (fill(drug(("buprenorphine", "8", "mg"), form="Sublingual Film")), R.PARTIAL_AGONIST),
        (fill(drug(("buprenorphine", "8", "mg"), ("naloxone", "2", "mg"))), R.PARTIAL_AGONIST),
        (fill(drug(("fentanyl", "100", "mcg"), form="Buccal Tablet")), R.NO_FACTOR),
        (fill(drug(("morphine", "10", "mg/mL"), form="Injectable Solution")), R.NO_FACTOR),
        (fill(drug(("morphine", "10", "mg"), form="Rectal Suppository")), R.NO_FACTOR),
        (fill(drug(("meperidine", "50", "mg"))), R.NO_FACTOR),
        (fill(drug(("codeine", "30", "mg"), ("pentazocine", "50", "mg"))), R.NO_FACTOR),
        (fill(drug(("oxycodone", "", ""))), R.UNKNOWN_STRENGTH),
        (fill(drug(("oxycodone", "5", "%"))), R.UNKNOWN_STRENGTH),
        (fill(drug(("oxycodone", "5", "mg"), form=None)), R.UNKNOWN_FORM),
        (fill(drug(("oxycodone", "1", "mg/mL"), form="Solution")), R.UNKNOWN_FORM),
        (fill(drug(kind=DrugClass.OPIOID)), R.UNKNOWN_INGREDIENT),
        (fill(OXYCODONE, days=0), R.NO_DAYS_SUPPLY),
        (fill(OXYCODONE, quantity="0"), R.NO_QUANTITY),
        (fill(OXYCODONE, unit=QuantityUnit.MILLILITRE), R.UNIT_MISMATCH),
        (fill(drug(("oxycodone", "1", "mg/mL"), form=SYRUP), unit=QuantityUnit.EACH), R.UNIT_MISMATCH),
        (fill(OXYCODONE, person=a_person(species=Species.VETERINARY)), R.VETERINARY),
        (fill(METHADONE, treatment_type="02"), R.DEPENDENCE_TREATMENT),
        (
            fill(METHADONE, dispenser=a_dispenser(kind=PartyKind.OPIOID_TREATMENT_PROGRAMME)),
            R.DEPENDENCE_TREATMENT,
        ),
    ],
)
def test_what_cannot_be_counted_says_why_and_is_not_zero(dispensed: object, reason: R) -> None:
    assert CDC_2022.of(dispensed)[0] is reason


def test_what_nobody_knows_is_counted_by_neither_measure() -> None:
    assert CDC_2022.of(fill(Drug(name="???"))) == (R.UNKNOWN_DRUG, R.UNKNOWN_DRUG)
    part = CompoundPart(sequence=1, ndc11="98999010901", quantity=Decimal(1), unit=QuantityUnit.EACH)
    assert CDC_2022.of(fill(OXYCODONE, compound=(part,))) == (R.COMPOUND, R.COMPOUND)


def test_a_sedative_without_a_dose_is_not_counted() -> None:
    assert CDC_2022.of(fill(drug(("phenobarbital", "30", "mg"), kind=SEDATIVE))) == (None, R.NO_FACTOR)


@pytest.mark.parametrize("name", ["methylphenidate", "gabapentin", "naloxone"])
def test_other_drugs_are_no_matter_of_either(name: str) -> None:
    assert CDC_2022.of(fill(drug((name, "10", "mg"), kind=DrugClass.OTHER))) == (None, None)


@pytest.mark.parametrize(
    ("form", "route"),
    [
        ("TABLET, FILM COATED", "ORAL"),
        ("CAPSULE", None),
        ("SYRUP", "ORAL"),
        ("Extended Release Oral Tablet", "oral"),
    ],
)
def test_forms_as_lists_name_them(form: str, route: str | None) -> None:
    assert CDC_2022.of(fill(drug(("oxycodone", "10", "mg"), form=form, route=route)))[0] == Decimal("45.00")
