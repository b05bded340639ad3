import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identifiers import ndc
from gateway.model.identifiers.exceptions import InvalidFormat, InvalidLength


@pytest.mark.parametrize(
    ("written", "eleven"),
    [
        ("0228-2983-11", "00228298311"),
        ("50580-451-05", "50580045105"),
        ("12345-6789-0", "12345678900"),
        ("00228-2983-11", "00228298311"),
        ("00228298311", "00228298311"),
        (" 0228\u20132983\u201311 ", "00228298311"),
        ("0000-0000-00", "00000000000"),
    ],
)
def test_every_layout_becomes_eleven_digits(written: str, eleven: str) -> None:
    assert ndc.validate(written) == eleven
    assert ndc.compact(written) == eleven
    assert ndc.is_valid(written)
    assert ndc.format(written) == f"{eleven[:5]}-{eleven[5:9]}-{eleven[9:]}"


@pytest.mark.parametrize("number", ["0228298311", "1234567890", "12345 67890"])
def test_ten_digits_without_hyphens_are_refused_as_ambiguous(number: str) -> None:
    with pytest.raises(InvalidFormat, match="ambiguous") as caught:
        ndc.validate(number)
    assert "hyphens" in str(caught.value)
    assert number not in str(caught.value)
    assert ndc.format(number) == number.replace(" ", "")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("228298311", InvalidLength),
        ("000228298311", InvalidLength),
        ("12345-678-901", InvalidFormat),  # eleven digits, and no layout
        ("123-4567-890", InvalidFormat),
        ("4-4-2", InvalidFormat),
        ("0228-298311", InvalidFormat),
        ("-00228298311", InvalidFormat),
        ("0022829831A", InvalidFormat),
    ],
)
def test_what_is_wrong_is_told_apart(number: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        ndc.validate(number)
    assert type(caught.value) is error


@pytest.mark.parametrize("number", ["12345-678-901", "0228-298311", "ABCDEFGHIJK"])
def test_what_fits_no_layout_never_turns_into_another_code(number: str) -> None:
    assert ndc.compact(number) == number
    assert ndc.format(number) == number


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_format_and_validate_are_inverse(number: str) -> None:
    assert ndc.validate(ndc.format(number)) == number


@given(st.sampled_from([(4, 4, 2), (5, 3, 2), (5, 4, 1)]), st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_padding_keeps_the_value_of_each_part(layout: tuple[int, int, int], digits: str) -> None:
    first, second, _ = layout
    parts = digits[:first], digits[first : first + second], digits[first + second :]
    padded = ndc.validate("-".join(parts))
    assert [int(part) for part in (padded[:5], padded[5:9], padded[9:])] == [int(part) for part in parts]


def test_every_code_of_a_real_directory_is_valid(shared: Path) -> None:
    directory = shared / "data" / "drugs" / "controlled_ndc11_cdc_2018.csv"
    with directory.open(newline="") as lines:
        codes = [row["ndc11"] for row in csv.DictReader(lines)]
    assert len(codes) > 1000
    assert [code for code in codes if not ndc.is_valid(code)] == []
