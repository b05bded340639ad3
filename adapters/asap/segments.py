"""A file -> its segments, without reading what they say.

The separator is the character after the `TH` at the beginning; the terminator is told by TH09, so that the TH segment
ends with it twice. A line end ends a segment as well, because senders break lines between segments and some leave a
terminator out there. A file in which TH09 is not told has a segment a line.

The file is read in pieces, so that its size does not matter; a segment longer than `LONGEST` is cut, and reads as one
that cannot be understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from adapters.asap.layout import LENGTHS

LONGEST = 8192  # bytes; the longest segment of the standard stays below 1,500
_NO_FIELDS = [""] * (max(LENGTHS.values()) + 1)
_PIECE = 1 << 18
_HEAD = 4096
_TERMINATOR_FIELD = 9
_BLANK = b" \t\x00\x0b\x0c"
_BOM = b"\xef\xbb\xbf"


class Segment(NamedTuple):
    """One segment. `number` counts from 1 (TH); `name` is in upper case.

    `fields` are the texts without blanks around them, empty where there is none up to the longest segment's length;
    `fields[1]` is the first.
    """

    number: int
    name: str
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Marks:
    """What parts the fields and ends the segments of a file."""

    separator: bytes
    terminator: bytes  # b"\n" when a line end is all there is
    start: int  # where the first segment begins


def find_marks(file: BinaryIO) -> Marks | None:
    """The marks of a file at its beginning; None when it is not an ASAP file."""
    file.seek(0)
    head = file.read(_HEAD)
    begins = head.removeprefix(_BOM).lstrip(_BLANK + b"\r\n")
    separator = begins[2:3]
    if begins[:2].upper() != b"TH" or not _is_mark(separator):
        return None
    fields = begins.split(separator, _TERMINATOR_FIELD)
    told = fields[_TERMINATOR_FIELD][:1] if len(fields) > _TERMINATOR_FIELD else b""
    line = any(end in field for field in fields[:_TERMINATOR_FIELD] for end in (b"\n", b"\r"))
    has_terminator = _is_mark(told) and told != separator and not line
    return Marks(separator, told if has_terminator else b"\n", len(head) - len(begins))


def _is_mark(character: bytes) -> bool:
    return bool(character) and character < b"\x7f" and not character.isalnum() and character[0] > ord(" ")


def split(file: BinaryIO, marks: Marks) -> Iterator[bytes]:
    """The segments as they stand, blank ones left out."""
    file.seek(marks.start)
    end, rest = marks.terminator, b""
    while piece := file.read(_PIECE):
        # a line end is a terminator too; the empty segments between the two are none
        text = (rest + piece).replace(b"\r", end).replace(b"\n", end)
        *whole, rest = text.split(end)
        rest = rest[:LONGEST]
        for one in whole:
            if segment := one.strip(_BLANK):
                yield segment[:LONGEST]
    if segment := rest.strip(_BLANK):
        yield segment


def segments(file: BinaryIO, marks: Marks) -> Iterator[Segment]:
    """The segments with their fields as text: UTF-8, or else Windows-1252, in which older systems write."""
    separator = marks.separator.decode("ascii")
    for number, raw in enumerate(split(file, marks), 1):
        yield segment(number, decoded(raw).split(separator))


def segment(number: int, parts: list[str]) -> Segment:
    """The segment of these texts, its name the first."""
    fields = [part.strip() for part in parts]
    return Segment(number, fields[0].upper(), fields + _NO_FIELDS[len(fields) :])


def decoded(raw: bytes) -> str:
    """The text; a byte that is nothing in either encoding becomes U+FFFD."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")
