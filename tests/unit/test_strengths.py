"""Strengths as lists state them, in the model's units or not at all."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drugs import strengths
from gateway.drugs.strengths import UNCLEAR, added, read_strength


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(strengths).failed == 0


@pytest.mark.parametrize(
    ("value", "unit", "strength", "of"),
    [
        ("10", "mg/1", "10", "mg"),
        ("325", "MG", "325", "mg"),
        (".5", "mg/1", "0.5", "mg"),
        ("5.0", "mg/1", "5", "mg"),
        ("1,000", "mg/1", "1000", "mg"),
        ("2.5", "g/1", "2500", "mg"),
        ("75", "ug/1", "75", "mcg"),
        ("100", "MCG", "100", "mcg"),
        ("1E-1", "mg/1", "0.1", "mg"),
        ("10", "mg/mL", "10", "mg/mL"),
        ("10", "mg/5mL", "2", "mg/mL"),
        ("10", "mg/5 mL", "2", "mg/mL"),
        ("5", "mg/.5mL", "10", "mg/mL"),
        ("4", "mg/.1mL", "40", "mg/mL"),
        ("7.5", "mg/15mL", "0.5", "mg/mL"),
        ("50", "ug/mL", "0.05", "mg/mL"),
        ("1", "g/100mL", "10", "mg/mL"),
        ("0.6666666666666666", "MG/ML", "0.666667", "mg/mL"),
        ("25", "ug/h", "25", "mcg/h"),
        ("1.1", "mg/h", "1100", "mcg/h"),
        ("25", "MCG/HR", "25", "mcg/h"),
        ("4.8", "mg/24h", "200", "mcg/h"),
    ],
)
def test_what_the_model_expresses(value: str, unit: str, strength: str, of: str) -> None:
    read = read_strength(value, unit)
    assert (str(read.value), read.unit) == (strength, of)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("100", "[iU]/mL"),  # international units
        ("10", "mg/g"),  # a share of a gel
        ("400", "MCG/SPRAY"),  # in each actuation, of which a container has many
        ("3", "[hp_X]/1"),
        ("20", "meq/1"),
        ("1", "mL/mL"),
        ("5", "mg/2"),
        ("5", "mg/0mL"),
        ("5", ""),
        ("", "mg/1"),
        ("5-325", "mg/1"),
        ("NaN", "mg/1"),
        ("1E+9999", "mg/1"),
        ("0", "mg/1"),
        ("-5", "mg/1"),
        ("0.0000001", "mg/1"),  # nothing of it is left at six decimals
        ("\u0665", "mg/1"),  # a digit of another script
    ],
)
def test_what_it_does_not_is_unclear_and_never_converted(value: str, unit: str) -> None:
    assert read_strength(value, unit) == UNCLEAR


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_is_too_odd(value: str, unit: str) -> None:
    read = read_strength(value, unit)
    assert (read.value is None) == (read.unit is None)


def test_salts_of_one_base_add_up_in_one_unit_only() -> None:
    five, two, rate = read_strength("5", "mg"), read_strength("2.5", "mg/1"), read_strength("2.5", "mg/mL")
    assert str(added(five, two).value) == "7.5"
    assert added(five, rate) == added(five, UNCLEAR) == UNCLEAR
