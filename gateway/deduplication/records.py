"""Rows of a file as people: a CSV with the columns that such files usually have, by the names they usually have.

    first_name | given_name, middle_name, last_name | surname | family_name, suffix, dob | date_of_birth | birth_date,
    sex | gender, street_number, street | address | address_1, address_2, city | suburb | town, state,
    zip | postcode | zip_code | postal_code, phone, email

Letter case and surrounding blanks count nowhere; a column that is not there, an empty field and a birth date that is
no date are unknown. Nothing else of a row is read, social security numbers least of all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

from gateway.errors import ErrorCode, MessageError
from gateway.matching.profile import Profile, profile
from gateway.model import Address, Person, PersonName, Sex

_COLUMNS = {
    "given": ("first_name", "given_name", "given_names", "forename", "firstname"),
    "middle": ("middle_name", "middle_initial", "middlename"),
    "family": ("last_name", "surname", "family_name", "lastname"),
    "suffix": ("suffix", "name_suffix"),
    "born": ("dob", "date_of_birth", "birth_date", "birthdate"),
    "sex": ("sex", "gender"),
    "number": ("street_number", "house_number"),
    "street": (
        "street",
        "address_1",
        "address",
        "address1",
        "street_address",
        "address_line_1",
        "street_name",
    ),
    "second": ("address_2", "address2", "address_line_2"),
    "city": ("city", "suburb", "town"),
    "state": ("state",),
    "zip": ("zip", "postcode", "zip_code", "zipcode", "postal_code"),
    "phone": ("phone", "phone_number", "telephone"),
    "email": ("email", "email_address", "e_mail"),
}
_UNKNOWN = frozenset(("n/a", "none", "null", "unknown", "-"))
_UNKNOWN_NO_NAME = frozenset(("na", "nan"))  # somebody is called Na, and somebody Nan
_NAMES = frozenset(("given", "middle", "family"))
_SEXES = {"f": Sex.FEMALE, "female": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE}
_rec_id = re.compile(r"(rec-.+)-(?:org|dup-\d+)")
_year_first = re.compile(r"(\d{4})(?:(\d\d)(\d\d)|[-/.](\d{1,2})[-/.](\d{1,2}))(?:[T ].*)?")
_year_last = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class Record:
    """One row; `truth` says which rows are one person, None when nobody asked."""

    person: Person
    profile: Profile
    truth: str | None = None


def read(path: Path, truth: str | None = None) -> list[Record]:
    """The file's rows in their order.

    :param truth: `febrl` (`rec-N-org` and `rec-N-dup-M` of column rec_id are one person), `cluster` (rows of one
        value in column cluster are), or None.
    :raises MessageError: no rows, no column that is known, or not the column of the truth.
    """
    try:
        records = _read(path, truth, "utf-8-sig")
    except UnicodeDecodeError:
        records = _read(path, truth, "cp1252")
    if not records:
        raise MessageError("The file has no rows.", code=ErrorCode.REQUIRED, path="line 2")
    return records


def _read(path: Path, truth: str | None, encoding: str) -> list[Record]:
    with path.open(
        encoding=encoding, newline="", errors="replace" if encoding == "cp1252" else None
    ) as lines:
        return list(_rows(lines, truth))


def _rows(lines: TextIO, truth: str | None) -> Iterator[Record]:
    first = lines.readline()
    lines.seek(0)
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(lines, skipinitialspace=True, delimiter=delimiter)
    try:
        heading = [name.strip().strip("\ufeff").lower().replace(" ", "_") for name in next(reader, [])]
        at = _places(heading)
        who = _truth(heading, truth)
        for number, row in enumerate(reader, start=2):
            if any(cell.strip() for cell in row):
                yield _record(row, at, who(row, number) if who else None)
    except csv.Error as error:
        raise MessageError(f"The file is no CSV: {error}.", path=f"line {reader.line_num}") from None


def _places(heading: list[str]) -> dict[str, int]:
    """The column of each fact; the first of several names that is there."""
    found = {
        fact: heading.index(name)
        for fact, names in _COLUMNS.items()
        for name in names[::-1]
        if name in heading
    }
    if not found:
        raise MessageError(
            "The file has no column that is known.",
            code=ErrorCode.REQUIRED,
            path="line 1",
            remedy="Name the columns first_name, last_name, date_of_birth, street, city, zip, phone and so on.",
        )
    return found


def _truth(heading: list[str], truth: str | None) -> Callable[[list[str], int], str] | None:
    if truth is None:
        return None
    column = "cluster" if truth == "cluster" else "rec_id"
    if column not in heading:
        raise MessageError(
            f"The truth is to be read from column {column}, and there is none.",
            code=ErrorCode.REQUIRED,
            path="line 1",
        )
    at = heading.index(column)

    def who(row: list[str], number: int) -> str:
        told = row[at].strip() if at < len(row) else ""
        if truth == "cluster":
            return told or f"line {number}"  # nobody says whose it is: a person of its own
        found = _rec_id.fullmatch(told)
        if found is None:
            raise MessageError("rec_id is not of the form rec-N-org or rec-N-dup-M.", path=f"line {number}")
        return found[1]

    return who


def _record(row: list[str], at: Mapping[str, int], truth: str | None) -> Record:
    told = {fact: text for fact, n in at.items() if n < len(row) and (text := _known(fact, row[n]))}
    name = PersonName(
        family=told.get("family", ""),
        given=tuple(told[part] for part in ("given", "middle") if part in told),
        suffix=told.get("suffix"),
    )
    street = " ".join(told[part] for part in ("number", "street") if part in told)
    address = Address(
        lines=tuple(line for line in (street, told.get("second")) if line),
        city=told.get("city"),
        state=told.get("state"),
        postal_code=told.get("zip"),
    )
    person = Person(
        names=(name,),
        birth_date=day(told.get("born", "")),
        sex=_SEXES.get(told.get("sex", "").lower(), Sex.UNKNOWN),
        addresses=(address,),
        phones=(told["phone"],) if "phone" in told else (),
    )
    return Record(person, profile(person, (told["email"],) if "email" in told else ()), truth)


def _known(fact: str, cell: str) -> str:
    text = cell.strip()
    folded = text.lower()
    return "" if folded in _UNKNOWN or (folded in _UNKNOWN_NO_NAME and fact not in _NAMES) else text


def day(text: str) -> date | None:
    """The date that was written, None for what is none. Of two ways to read 03/04/2001 the American one.

    >>> day("2001-02-03") == day("20010203") == day("02/03/2001") == day("2001-02-03T00:00:00") == date(2001, 2, 3)
    True
    >>> day("13/02/2001"), day("2001-02-30"), day("3.2.01")
    (datetime.date(2001, 2, 13), None, None)
    """
    if found := _year_first.fullmatch(text):
        year, month, of_month = int(found[1]), int(found[2] or found[4]), int(found[3] or found[5])
    elif found := _year_last.fullmatch(text):
        year, month, of_month = int(found[3]), int(found[1]), int(found[2])
        if month > 12 >= of_month:
            month, of_month = of_month, month
    else:
        return None
    try:
        return date(year, month, of_month)
    except ValueError:
        return None
