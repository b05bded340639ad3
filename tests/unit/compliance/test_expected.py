"""The operator's list: what it may say, and every line that cannot be used named at once."""

from __future__ import annotations

import io
from datetime import date

import pytest

from gateway.compliance import ExpectedFile, read_expected
from gateway.model import Dispenser, ExpectedDispenser, PartyKind, ReportingSchedule

HEADER = "ncpdp_id,npi,dea,name,kind,schedule,from,exempt,closed\n"


def _read(text: str, header: str = HEADER) -> ExpectedFile:
    return read_expected(io.StringIO(header + text))


def test_a_list() -> None:
    read = _read(
        '1234563,1234567893,bc6486054,"Larkspur, Pharmacy",,,2026-03-01,,\n'
        "\n"
        ",,FX1234563,Dr Hartwell,Veterinary,,2026-03-01,no,2026-12-31\n"
        ",1003000126,,,practitioner,Weekly,2026-03-01,Yes,\n"
    )
    assert (read.problems, read.warnings) == ((), ())
    assert read.dispensers == (
        ExpectedDispenser(
            dispenser=Dispenser(
                ncpdp_id="1234563", npi="1234567893", dea="BC6486054", name="Larkspur, Pharmacy"
            ),
            since=date(2026, 3, 1),
        ),
        ExpectedDispenser(
            dispenser=Dispenser(dea="FX1234563", name="Dr Hartwell", kind=PartyKind.VETERINARY),
            since=date(2026, 3, 1),
            closed=date(2026, 12, 31),
        ),
        ExpectedDispenser(
            dispenser=Dispenser(npi="1003000126", kind=PartyKind.PRACTITIONER),
            since=date(2026, 3, 1),
            schedule=ReportingSchedule.WEEKLY,
            exempt=True,
        ),
    )


def test_columns_may_be_left_out_and_stand_in_any_order() -> None:
    read = _read("2026-03-01,1234567893\n", header="from,NPI\n")
    assert [one.dispenser.npi for one in read.dispensers] == ["1234567893"]


def test_zeros_that_a_spreadsheet_has_eaten_are_put_back() -> None:
    (one,) = _read("12345,,,,,,2026-03-01,,\n").dispensers
    assert one.dispenser.ncpdp_id == "0012345"


def test_an_identifier_that_fails_its_check_digit_is_a_warning() -> None:
    read = _read("1234567,1234567890,BC6486055,,,,2026-03-01,,\n")
    assert len(read.dispensers) == 1
    assert [line.partition(":")[0] for line in read.warnings] == [
        "line 2, ncpdp_id",
        "line 2, npi",
        "line 2, dea",
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",,,Somebody,,,2026-03-01,,", "line 2: an NCPDP id, an NPI or a DEA number is needed."),
        ("1234563,,,,shop,,2026-03-01,,", "line 2, kind: expected one of pharmacy"),
        ("1234563,,,,,monthly,2026-03-01,,", "line 2, schedule: expected daily or weekly"),
        ("1234563,,,,,,,,", "line 2, from: the first day it must report of is missing."),
        ("1234563,,,,,,03/01/2026,,", "line 2, from: expected a day as 2026-03-01."),
        ("1234563,,,,,,0001-01-01,,", "line 2, from: expected a day as 2026-03-01."),
        ("1234563,,,,,,2026-03-01,maybe,", "line 2, exempt: expected yes or no."),
        ("1234563,,,,,,2026-03-01,,2026-02-01", "line 2, closed: lies before from."),
        ("1234563,,,,,,2026-03-01,,,more", "line 2: more cells than the header has columns."),
        (
            "1234563,,,A,,,2026-03-01,,\n 1234563 ,,,B,,,2026-03-01,,",
            "line 3: the same dispenser as on line 2.",
        ),
        (
            "1234563,,BC6486054,A,,,2026-03-01,,\n,,BC6486054,B,,,2026-03-01,,",
            "line 3: the same dispenser as on line 2.",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(row: str, says: str) -> None:
    (problem,) = _read(f"{row}\n").problems
    assert problem.startswith(says)


def test_shops_of_a_chain_may_share_an_npi() -> None:
    read = _read("1234563,1234567893,,,,,2026-03-01,,\n7654329,1234567893,,,,,2026-03-01,,\n")
    assert (len(read.dispensers), read.problems) == (2, ())


@pytest.mark.parametrize(
    "header", ["", "npi,name\n", "npi,from,npi\n", "npi,from,telephone\n", '"npi,from\n']
)
def test_a_header_that_is_none(header: str) -> None:
    read = _read("1234567893,2026-03-01\n", header=header)
    assert read.dispensers == ()
    assert read.problems[0].startswith(("line 1: expected a header", "The file is not CSV"))
