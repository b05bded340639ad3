import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identifiers import dea, ncpdp_id
from gateway.model.identifiers.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

six_digits = st.from_regex(r"[0-9]{6}", fullmatch=True)


@given(six_digits)
def test_a_made_number_is_valid_and_every_other_check_digit_is_not(body: str) -> None:
    check = ncpdp_id.calc_check_digit(body)
    for digit in "0123456789":
        assert ncpdp_id.is_valid(body + digit) is (digit == check)


@given(six_digits)
def test_the_arithmetic_is_that_of_the_dea_number(body: str) -> None:
    assert ncpdp_id.calc_check_digit(body) == dea.calc_check_digit(f"AA{body}")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("1234567", InvalidChecksum),  # seen in public examples
        ("712340", InvalidLength),
        ("07123400", InvalidLength),
        ("07123A0", InvalidFormat),
    ],
)
def test_what_is_wrong_is_told_apart(number: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        ncpdp_id.validate(number)
    assert type(caught.value) is error
    assert number not in str(caught.value)


def test_leading_zeros_and_separators() -> None:
    assert ncpdp_id.validate("07-12 340") == "0712340"
    assert ncpdp_id.format("07-12 340") == "0712340"
