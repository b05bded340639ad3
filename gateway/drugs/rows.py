"""Lines of a list in bytes, as rows of text by heading."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gateway.drugs.report import ListError

_LONGEST_LINE = 1_000_000  # bytes; the FDA's longest, allergens, stay below 30,000
_DELIMITERS = "\t,;|"
_NOT_NAME = re.compile(r"[^a-z0-9]+")

Skip = Callable[[int, str], None]  # line, reason


def decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    """Text of UTF-8, or where a line is none, of Windows-1252; the FDA's files have been both. No database takes NUL.

    :raises ListError: a line is too long to be one.
    """
    for number, raw in enumerate(lines):
        if len(raw) > _LONGEST_LINE:
            raise ListError(f"{name}: line {number + 1} is too long; a text file is expected.")
        line = raw.replace(b"\0", b"")
        try:
            yield line.decode("utf-8-sig" if not number else "utf-8")
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace")


def heading_of(lines: Iterable[bytes], name: str) -> list[str]:
    """The columns of the first line where they are separated by tabs, in upper case."""
    return _columns(next(decoded(lines, name), ""))


def tabbed(
    lines: Iterable[bytes], name: str, *, needs: Sequence[str], skip: Skip
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and fields of a file of the FDA: tabs, a heading, quotation marks that mean nothing.

    Trailing fields that are empty may have been cut, but none of those in `needs`.

    :raises ListError: a column of `needs` is missing.
    """
    texts = decoded(lines, name)
    heading = _columns(next(texts, ""))
    missing = [column for column in needs if column not in heading]
    if missing:
        raise ListError(f"{name}: the heading has no column {', '.join(missing)}.")
    least = 1 + max(heading.index(column) for column in needs)
    for number, text in enumerate(texts, start=2):
        if not text.strip():
            continue
        fields = text.rstrip("\r\n").split("\t")
        if not least <= len(fields) <= len(heading):
            skip(number, "it has not as many fields as the heading")
            continue
        fields += [""] * (len(heading) - len(fields))
        yield number, {column: field.strip() for column, field in zip(heading, fields, strict=True)}


def separated(
    lines: Iterable[bytes], name: str, *, headings: Mapping[str, Sequence[str]], skip: Skip
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and fields of a CSV file, under the names of `headings`: of each the first spelling that is there.

    The separator is the one of comma, tab, semicolon and bar that the heading has most of.
    """
    texts = decoded(lines, name)
    first = next(texts, "")
    delimiter = max(_DELIMITERS, key=first.count)
    heading = [_plain(field) for field in next(csv.reader([first], delimiter=delimiter), [])]
    columns = {}
    for column, spellings in headings.items():
        found = next((heading.index(spelling) for spelling in spellings if spelling in heading), None)
        if found is not None:
            columns[column] = found
    rows = csv.reader(texts, delimiter=delimiter)
    last = 1
    try:
        for fields in rows:
            number, last = last + 1, rows.line_num + 1
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(heading):
                skip(number, "it has not as many fields as the heading")
                continue
            yield number, {column: fields[at].strip() for column, at in columns.items()}
    except csv.Error as error:
        raise ListError(f"{name}: line {rows.line_num + 1} is no CSV: {error}.") from None


def _columns(heading: str) -> list[str]:
    return [field.strip().upper() for field in heading.rstrip("\r\n").split("\t")]


def _plain(heading: str) -> str:
    return _NOT_NAME.sub("_", heading.casefold()).strip("_")
