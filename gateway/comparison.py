"""Whether two answers tell the same clinical record, held against the field map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.model import Answer, Dispensation
from gateway.terminology import Field, field_map


def differences(first: Answer, first_format: str, second: Answer, second_format: str) -> list[str]:
    """Names of what differs between two answers to the same lookup, read from two formats; empty when nothing does.

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
    is_told = one is not None and other is not None
    may_lack = field_map().may_declare(field, one_format) or field_map().may_declare(field, other_format)
    return not field.same(one, other) and (is_told or not may_lack)


def _reaches(field: Field, value: Any, format: str) -> bool:
    return value is None or field.carried(value, format)


def _ordered(dispensations: Sequence[Dispensation]) -> list[Dispensation]:
    return sorted(
        dispensations, key=lambda d: (d.filled, d.rx_number, d.fill_number, d.partial_fill, d.quantity)
    )
