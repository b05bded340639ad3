"""Rows of files as others write them."""

from __future__ import annotations

import doctest
from datetime import date
from pathlib import Path

import pytest

from gateway.deduplication import records
from gateway.deduplication.records import Record, read
from gateway.errors import MessageError
from gateway.model import Sex


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(records).failed == 0


def _rows(tmp_path: Path, content: str | bytes, truth: str | None = None) -> list[Record]:
    path = tmp_path / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, truth)


@pytest.mark.parametrize(
    "heading",
    [
        "first_name,last_name,dob,sex,street,city,zip,phone",
        "given_name,surname,date_of_birth,gender,address_1,suburb,postcode,phone",
        " First Name , Last Name ,DOB,Sex,Street,City,Zip,Phone",
    ],
)
def test_columns_by_their_usual_names(tmp_path: Path, heading: str) -> None:
    (record,) = _rows(tmp_path, f"{heading}\nAnn,Bell,1971-04-09,F,7 Oak Ln,Hartford,06103,(860) 555-0199\n")
    person = record.person
    assert (person.name.family, person.name.given) == ("Bell", ("Ann",))
    assert (person.birth_date, person.sex) == (date(1971, 4, 9), Sex.FEMALE)
    assert person.address is not None
    assert (person.address.city, person.address.postal_code) == ("Hartford", "06103")
    assert record.profile.phones == {"8605550199"}


@pytest.mark.parametrize(
    "written", ["1971-04-09", "19710409", "04/09/1971", "4/9/1971", "1971/04/09", "1971-04-09T00:00:00"]
)
def test_dates(tmp_path: Path, written: str) -> None:
    (record,) = _rows(tmp_path, f"first_name,last_name,dob\nAnn,Bell,{written}\n")
    assert record.person.birth_date == date(1971, 4, 9)


@pytest.mark.parametrize("written", ["", "1971-02-30", "n/a", "71"])
def test_a_bad_date_is_a_missing_one(tmp_path: Path, written: str) -> None:
    (record,) = _rows(tmp_path, f"first_name,last_name,dob\nAnn,Bell,{written}\n")
    assert record.person.birth_date is None


@pytest.mark.parametrize(
    "content",
    [
        b"first_name,last_name\r\nJos\xe9,Nu\xf1ez\r\n",
        "\ufefffirst_name,last_name\nJosé,Nuñez\n".encode(),
        "first_name\tlast_name\nJosé\tNuñez".encode(),
        'first_name;last_name\n"José";"Nuñez"\n'.encode(),
    ],
)
def test_encodings_and_separators(tmp_path: Path, content: bytes) -> None:
    (record,) = _rows(tmp_path, content)
    assert (record.person.name.given[0], record.person.name.family) == ("José", "Nuñez")


def test_truths(tmp_path: Path) -> None:
    febrl = _rows(tmp_path, "rec_id, surname\nrec-1-org, a\nrec-1-dup-0, b\nrec-11-org, c\n", "febrl")
    assert [record.truth for record in febrl] == ["rec-1", "rec-1", "rec-11"]
    clusters = _rows(tmp_path, "last_name,cluster\na,7\nb,7\nc,\nd,\n", "cluster")
    assert len({record.truth for record in clusters}) == 3
    with pytest.raises(MessageError, match="rec-N-org"):
        _rows(tmp_path, "rec_id,surname\nx,a\n", "febrl")


def test_short_rows_and_blank_lines(tmp_path: Path) -> None:
    rows = _rows(tmp_path, "first_name,last_name,dob\nAnn\n\n,,\nZoe,Quill,1971-04-09,more\n")
    assert [record.person.name.given for record in rows] == [("Ann",), ("Zoe",)]
