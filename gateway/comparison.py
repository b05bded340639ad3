"""Whether two answers tell the same clinical record, held against the field map."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.model import Answer, Dispensation
from gateway.terminology import Field, field_map


def differences(first: Answer, first_format: str, second: Answer, second_format: str) -> list[str]:
    """Names of what differs between two answers to the same look-up, read from two formats; empty when nothing does.

    Compared are the outcome, the number of dispensations, and of each dispensation every field that both formats
    carry. The names hold no value of anybody.
    """
    if first.outcome is not second.outcome:
        return ["outcome"]
    if len(first.dispensations) != len(second.dispensations):
        return ["number of dispensations"]
    return sorted(set(_fields_that_differ(first, first_format, second, second_format)))


def _fields_that_differ(
    first: Answer, first_format: str, second: Answer, second_format: str
) -> Iterator[str]:
    for one, other in zip(_ordered(first.dispensations), _ordered(second.dispensations), strict=True):
        for field in field_map().fields:
            if _differs(field, field.value(one), first_format, field.value(other), second_format):
                yield field.name


def _differs(field: Field, one: Any, one_format: str, other: Any, other_format: str) -> bool:
    if field.is_none(one_format) or field.is_none(other_format):
        return False
    if not _reaches(field, one, other_format) or not _reaches(field, other, one_format):
        return False
    if field.same(one, other):
        return False
    may_lose = field_map().may_declare(field, one_format) or field_map().may_declare(field, other_format)
    return not (may_lose and _is_remainder(one, other))


def _is_remainder(one: Any, other: Any) -> bool:
    """True when the one is what a format's limits can leave of the other: nothing, or the text without its accents
    and marks, or its beginning."""
    if one is None or other is None:
        return True
    short, long = sorted((_plain(str(one)), _plain(str(other))), key=len)
    return bool(short) and long.startswith(short)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum() and c.isascii())


def _reaches(field: Field, value: Any, format: str) -> bool:
    return value is None or field.carried(value, format)


def _ordered(dispensations: Sequence[Dispensation]) -> list[Dispensation]:
    return sorted(
        dispensations, key=lambda d: (d.filled, d.rx_number, d.fill_number, d.partial_fill, d.quantity)
    )
