"""What the client reads back is what was given, save what is declared as lost; and all of it is valid SCRIPT."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import etree

from gateway.errors import Failure
from gateway.model import Dispensation, Ingredient, NameUse, Outcome, PersonName
from gateway.terminology import field_map
from tests.factory import a_dispensation, a_drug, a_person, an_answer
from tests.unit.ncpdp.generator import Wild
from tests.unit.ncpdp.helpers import (
    SHARED,
    V10_6,
    V2017071,
    VERSIONS,
    assert_valid,
    read_back,
    schema,
    stripped,
    undeclared,
    written,
)

SEEDS = 300


def _comparable(d: Dispensation, wire: etree._Element) -> bool:
    """False for a fill whose Patient could not be written: the client then reads who was asked for."""
    return wire.find("Patient") is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_lost_unsaid(version: str) -> None:
    """300 answers, two thirds of them as no record should be: valid, complete in number, and honest."""
    lost: set[str] = set()
    for seed in range(SEEDS):
        given = Wild(seed).answer()
        outbound = written(given, version)
        assert_valid(outbound, version)
        told = read_back(outbound)
        assert told.outcome is given.outcome
        fills = stripped(etree.fromstring(outbound.body)).findall(".//MedicationDispensed")
        assert len(fills) == len(given.dispensations) == len(told.dispensations)
        changed = undeclared(given, told, outbound.losses, version)
        if not all(_comparable(d, fill) for d, fill in zip(given.dispensations, fills, strict=True)):
            changed = [name for name in changed if not name.startswith("person.")]
        assert not changed, f"seed {seed}: {changed}"
        lost.update(outbound.losses)
    carried = {f.name for f in field_map().fields if not f.is_none(version)}
    # the generator is wild enough for most of the carried fields to get lost somewhere
    assert len(carried & lost) > len(carried) * 2 // 3


@pytest.mark.parametrize("version", VERSIONS)
def test_ordinary_answers_lose_only_what_the_map_says(version: str) -> None:
    answer = an_answer(dispensations=(a_dispensation(), a_dispensation(rx_number="7001235", fill_number=1)))
    outbound = written(answer, version)
    assert set(outbound.losses) == set(field_map().losses(answer, version))
    assert undeclared(answer, read_back(outbound), outbound.losses, version) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_losses_are_in_the_order_of_the_map(version: str) -> None:
    losses = written(Wild(1).answer(), version).losses
    names = [f.name for f in field_map().fields]
    assert list(losses) == sorted(losses, key=names.index)


def test_a_former_name_comes_back_and_a_nickname_does_not() -> None:
    former = PersonName(family="Thistlewood", given=("Marigold",), use=NameUse.MAIDEN)
    for use, carried in ((NameUse.MAIDEN, True), (NameUse.OLD, True), (NameUse.NICKNAME, False)):
        person = a_person(names=(*a_person().names, replace(former, use=use)))
        outbound = written(an_answer(dispensations=(a_dispensation(person=person),)), V2017071)
        (told,) = read_back(outbound).dispensations
        assert (len(told.person.names) == 2) is carried
        assert ("person.names.1.family" in outbound.losses) is not carried


def test_each_appearance_comes_back_with_its_own_fills() -> None:
    first, second = (
        a_person(),
        a_person(appearance=2, names=(PersonName(family="Thistlewood", given=("Marigold",)),)),
    )
    dispensations = tuple(
        a_dispensation(rx_number=str(n), person=person) for n, person in enumerate((first, second, first))
    )
    told = read_back(written(an_answer(dispensations=dispensations), V2017071))
    assert [d.person.name.family for d in told.dispensations] == [
        "Quillfeather",
        "Thistlewood",
        "Quillfeather",
    ]
    assert len(told.persons) == 2


@pytest.mark.parametrize(
    ("quantity", "wire"),
    [
        ("30", "30"),
        ("30.00", "30.00"),
        ("0.5", "0.5"),
        ("1E+2", "100"),
        ("12345678901", "12345678901"),
        ("0.33333333333333", "0.333333333"),
        ("99999999.99999", "100000000"),
        ("-0", "0"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_quantities_are_written_without_exponent_and_rounded_to_eleven_characters(
    version: str, quantity: str, wire: str
) -> None:
    outbound = written(an_answer(dispensations=(a_dispensation(quantity=Decimal(quantity)),)), version)
    (value,) = stripped(etree.fromstring(outbound.body)).xpath("//Quantity/Value/text()")
    assert value == wire
    assert ("quantity" in outbound.losses) is (Decimal(quantity) != Decimal(wire))


@pytest.mark.parametrize("quantity", ["-1", "123456789012", "NaN", "Infinity"])
def test_an_impossible_quantity_is_never_replaced_by_another(quantity: str) -> None:
    answer = an_answer(dispensations=(a_dispensation(quantity=Decimal(quantity)),))
    outbound = written(answer, V10_6)
    assert b"<Quantity>" not in outbound.body
    assert "quantity" in outbound.losses
    with pytest.raises(Failure, match="quantity"):  # 2017071 requires one
        written(answer, V2017071)


def test_strengths_are_written_for_people() -> None:
    two = (
        Ingredient(name="oxycodone", strength=Decimal("5"), unit="mg"),
        Ingredient(name="acetaminophen", strength=Decimal("325"), unit="mg"),
    )
    patch = (Ingredient(name="fentanyl", strength=Decimal("25"), unit="mcg/h"),)
    mixed = (two[0], replace(two[1], unit="mg/mL"))
    unknown = (two[0], replace(two[1], strength=None))
    for ingredients, in_10_6, in_2017071, code in (
        (two, ["5-325 mg"], ["5-325"], ["C28253"]),
        (patch, ["25 mcg/h"], ["25 mcg/h"], []),
        (mixed, ["5 mg-325 mg/mL"], ["5 mg-325 mg/mL"], []),
        (unknown, [], [], []),
        ((), [], [], []),
    ):
        answer = an_answer(dispensations=(a_dispensation(drug=a_drug(ingredients=ingredients)),))
        old, new, newest = (stripped(etree.fromstring(written(answer, version).body)) for version in VERSIONS)
        assert etree.tostring(newest.find("Body")) == etree.tostring(new.find("Body"))
        assert old.xpath("//Strength/text()") == in_10_6
        assert new.xpath("//StrengthValue/text()") == in_2017071
        assert new.xpath("//StrengthUnitOfMeasure/Code/text()") == code


@pytest.mark.parametrize("version", VERSIONS)
def test_a_drug_without_a_name_has_none_when_read_back(version: str) -> None:
    for drug, described in (
        (a_drug(name=None), "NDC 00228298311"),
        (a_drug(name=None, ndc11=None), "Drug name not reported"),
    ):
        outbound = written(an_answer(dispensations=(a_dispensation(drug=drug),)), version)
        assert stripped(etree.fromstring(outbound.body)).xpath("//DrugDescription/text()") == [described]
        (told,) = read_back(outbound).dispensations
        assert told.drug.name is None
        assert "drug.name" not in outbound.losses


@pytest.mark.parametrize("version", VERSIONS)
def test_outcomes_come_back(version: str) -> None:
    for outcome in Outcome:
        answer = an_answer(outcome=outcome)
        outbound = written(answer, version)
        assert_valid(outbound, version)
        assert read_back(outbound).outcome is outcome


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_are_at_hand(version: str) -> None:
    """Skips by name where the answers above could not be held against a schema."""
    if schema(version) is None:
        pytest.skip(
            f"{SHARED} is not there: the SCRIPT schemas belong to NCPDP and are not part of the project"
        )
