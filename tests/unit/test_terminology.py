from __future__ import annotations

import doctest
from decimal import Decimal
from pathlib import Path

import pytest

import gateway.terminology
from gateway.mapping_page import mapping_page
from gateway.model import Dispensation, Ingredient, PersonName, Schedule, Sex
from gateway.terminology import codes, field_map, load_table
from tests.factory import a_dispensation, a_drug, a_person, an_answer

ROOT = Path(__file__).resolve().parents[2]


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(gateway.terminology).failed == 0


@pytest.mark.parametrize("name", sorted(load_table("codes")))
def test_every_code_means_one_thing(name: str) -> None:
    """A code that is sent is read back as the value it was sent for."""
    table = codes(name)
    rows = load_table("codes")[name]
    for value, row in rows.items():
        for column in set(row) - {"display", "read"}:
            assert table.carries(value, column), f"{name}.{value}.{column}"


def test_letter_case_and_spaces_do_not_matter_coming_in() -> None:
    assert codes("quantity-unit").decode(" ML ", "fhir") == "mL"
    assert codes("sex").decode("f", "script") == "female"


def test_every_field_of_the_map_is_a_field_of_the_model() -> None:
    full = a_dispensation()
    for field in field_map().fields:
        field.value(full)  # raises AttributeError for a name that the model does not have
        assert field.kind in {"text", "postal-code", "date", "instant", "decimal", "integer", "code"}
        assert (field.table is not None) == (field.kind == "code")


def test_no_path_is_left_open() -> None:
    for field in field_map().fields:
        assert all(path and path != "?" for path in field.paths.values()), field.name


def _lost(dispensation: Dispensation, format: str) -> set[str]:
    return set(field_map().losses(an_answer(dispensations=(dispensation,)), format))


def test_losses_are_facts_that_are_there_and_not_carried() -> None:
    assert "rx_origin" in _lost(a_dispensation(rx_origin="05"), "script-10.6")
    assert "rx_origin" not in _lost(a_dispensation(rx_origin=None), "script-10.6")
    assert "rx_origin" not in _lost(a_dispensation(rx_origin="05"), "pmix-2")


def test_a_number_beyond_what_a_format_brings_over_is_a_loss() -> None:
    assert "partial_fill" not in _lost(a_dispensation(partial_fill=0), "pmix-2")
    assert "partial_fill" not in _lost(a_dispensation(partial_fill=1), "pmix-2")
    assert "partial_fill" in _lost(a_dispensation(partial_fill=2), "pmix-2")


def test_a_value_without_a_code_is_a_loss() -> None:
    other = a_dispensation(person=a_person(sex=Sex.OTHER))
    assert "person.sex" in _lost(other, "script-2017071")
    assert "person.sex" not in _lost(other, "fhir")
    assert "person.sex" not in _lost(a_dispensation(), "script-2017071")
    unscheduled = a_dispensation(drug=a_drug(schedule=Schedule.NONE))
    assert "drug.schedule" in _lost(unscheduled, "script-10.6")


def test_steps_of_a_path() -> None:
    value = {f.name: f.value for f in field_map().fields}
    three = a_dispensation(person=a_person(names=(PersonName(family="A", given=("B", "C", "D")),)))
    assert value["person.names.0.given.0"](three) == "B"
    assert value["person.names.0.given.rest"](three) == "C D"
    assert value["person.names.1.family"](three) is None
    mixed = a_drug(ingredients=(Ingredient(name="a", strength=Decimal(1), unit="mg"), Ingredient(name="b")))
    assert value["drug.ingredients.1.name"](a_dispensation(drug=mixed)) == "b"
    assert value["drug.ingredients.1.strength"](a_dispensation(drug=mixed)) is None


def test_the_mapping_page_is_what_the_table_says() -> None:
    assert (ROOT / "docs/mapping.md").read_text(encoding="utf-8") == mapping_page(field_map()), (
        "run: pmpbridge mapping > docs/mapping.md"
    )
