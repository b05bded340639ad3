import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identifiers import dea
from gateway.model.identifiers.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

bodies = st.from_regex(r"[A-Z][A-Z9][0-9]{6}", fullmatch=True)
suffixes = st.from_regex(r"[A-Z0-9]{1,7}", fullmatch=True)


@pytest.mark.parametrize("number", ["AD1111119", "BC6486054", "GD0006406", "F91234563", "MP1234563"])
def test_known_numbers_are_valid(number: str) -> None:
    assert dea.validate(number) == number


@pytest.mark.parametrize("letter", string.ascii_uppercase)
def test_no_first_letter_is_a_reason_to_reject(letter: str) -> None:
    assert dea.is_valid(f"{letter}C6486054")


@given(bodies)
def test_a_made_number_is_valid_and_every_other_check_digit_is_not(body: str) -> None:
    check = dea.calc_check_digit(body)
    for digit in string.digits:
        assert dea.is_valid(body + digit) is (digit == check)


@given(bodies, suffixes)
def test_the_suffix_is_kept_with_and_without_a_hyphen(body: str, suffix: str) -> None:
    number = body + dea.calc_check_digit(body)
    for written in (f"{number}-{suffix}", f"{number}{suffix}", f"{number} - {suffix.lower()}"):
        assert dea.validate(written) == number + suffix
        assert dea.split(written) == (number, suffix)
        assert dea.format(written) == f"{number}-{suffix}"
    assert dea.split(number) == (number, None)
    assert dea.format(number) == number


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("BC6486055", InvalidChecksum),
        ("BC6486055-A12", InvalidChecksum),
        ("BC648605", InvalidLength),
        ("BC6486054-ABCDEFGH", InvalidLength),
        ("6486054", InvalidLength),
        ("B86486054", InvalidFormat),
        ("9C6486054", InvalidFormat),
        ("BC64860S4", InvalidFormat),
        ("BC6486054-A.1", InvalidFormat),
    ],
)
def test_what_is_wrong_is_told_apart(number: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        dea.validate(number)
    assert type(caught.value) is error
    assert number not in str(caught.value)


def test_lower_case_and_separators_are_accepted() -> None:
    assert dea.validate(" bc 648-6054 ") == "BC6486054"
