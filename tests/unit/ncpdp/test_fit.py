"""The rules by which a value is made to fit: held for any value."""

from __future__ import annotations

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ncpdp import fit, notes
from adapters.ncpdp.fit import Fit, ascii_spelling, shortened

TEXTS = st.text(max_size=60) | st.sampled_from(
    ["", " ", "\x00", "\ud800", "a  b", " a", "a\n", "Ünï", "x" * 60]
)


def test_examples_in_the_docstrings() -> None:
    for module in (fit, notes):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed


@given(TEXTS, st.integers(1, 50), st.booleans())
def test_a_text_fits_or_is_lost(value: str, limit: int, ascii_only: bool) -> None:
    fitting = Fit(ascii_only=ascii_only)
    written = fitting.text(value, limit, "field")
    if written is not None:
        assert 0 < len(written) <= limit
        assert written.isprintable()
        assert written.strip() == written
        assert written.isascii() or not ascii_only
        assert Fit(ascii_only=ascii_only).text(written, limit) == written
    assert (fitting.lost == {"field"}) is (value != (written or ""))


@given(st.decimals(allow_nan=True, allow_infinity=True), st.integers(1, 12))
def test_a_number_fits_or_is_lost(value: Decimal, limit: int) -> None:
    fitting = Fit(ascii_only=True)
    written = fitting.decimal(value, limit, "field")
    if written is None:
        assert fitting.lost == {"field"}
        return
    assert 0 < len(written) <= limit
    assert written.replace(".", "", 1).isdigit()
    assert written[0] != "."
    assert written[-1] != "."
    assert abs(Decimal(written) - value) <= Decimal("0.5")
    assert (fitting.lost == {"field"}) is (Decimal(written) != value)


@given(st.integers(-(10**6), 10**6), st.integers(1, 4))
def test_a_whole_number_is_never_cut(value: int, limit: int) -> None:
    fitting = Fit(ascii_only=True)
    written = fitting.whole(value, limit, "field")
    assert written == (str(value) if 0 <= value < 10**limit else None)
    assert bool(fitting.lost) is (written is None)


@pytest.mark.parametrize(
    ("value", "written", "lost"),
    [
        ("8605550142", "8605550142", False),
        ("(860) 555-0142", "8605550142", True),
        ("1-860-555-0142", "8605550142", True),
        ("18605550142", "8605550142", True),
        ("28605550142", None, True),
        ("5550142", None, True),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660", None, True),
        (None, None, False),
    ],
)
def test_telephones(value: str | None, written: str | None, lost: bool) -> None:
    fitting = Fit(ascii_only=False)
    assert fitting.telephone(value, "field") == written
    assert bool(fitting.lost) is lost


def test_letters_are_spelt_in_ascii() -> None:
    assert ascii_spelling("Þórsdóttir, Łuczyński, Nguyễn, Großmann, O\u2019Brien \u2013 Jr") == (
        "Thorsdottir, Luczynski, Nguyen, Grossmann, O'Brien - Jr"
    )


@given(st.text(alphabet="ab cd", max_size=80), st.integers(4, 60))
def test_a_sentence_is_cut_between_words(value: str, limit: int) -> None:
    cut = shortened(value, limit)
    assert len(cut) <= limit
    assert cut == value or cut.endswith("...")
