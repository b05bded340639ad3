import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identifiers import npi
from gateway.model.identifiers.exceptions import (
    InvalidChecksum,
    InvalidComponent,
    InvalidFormat,
    InvalidLength,
)

nine_digits = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


@pytest.mark.parametrize("number", ["1234567893", "1023011178", "1700902491", "2000000002"])
def test_known_numbers_are_valid(number: str) -> None:
    assert npi.validate(number) == number


@given(nine_digits)
def test_a_made_number_is_valid_and_every_other_check_digit_is_not(body: str) -> None:
    check = npi.calc_check_digit(body)
    for digit in "0123456789":
        assert npi.is_valid(body + digit) is (digit == check)


@given(nine_digits, st.integers(min_value=1, max_value=8), st.integers(min_value=1, max_value=9))
def test_one_mistyped_digit_is_found(body: str, position: int, by: int) -> None:
    number = body + npi.calc_check_digit(body)
    wrong = number[:position] + str((int(number[position]) + by) % 10) + number[position + 1 :]
    with pytest.raises(InvalidChecksum):
        npi.validate(wrong)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("123456789", InvalidLength),
        ("12345678933", InvalidLength),
        ("808401234567893", InvalidLength),  # the card issuer form is another number
        ("123456789X", InvalidFormat),
        ("0234567890", InvalidComponent),
        ("3234567890", InvalidComponent),
    ],
)
def test_what_is_wrong_is_told_apart(number: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        npi.validate(number)
    assert type(caught.value) is error
    assert number not in str(caught.value)


def test_separators_are_dropped() -> None:
    assert npi.validate(" 1234-567 893\u00a0") == "1234567893"
    assert npi.format("1234 567 893") == "1234567893"
