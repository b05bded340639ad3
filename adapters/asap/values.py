"""Texts of ASAP fields -> values: dates, numbers, codes. What cannot be one is a ValueError that names the form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from gateway.terminology import codes

COLUMN = "asap"
_DATE_LENGTH = 8  # CCYYMMDD
_MOST_DIGITS = 12
_MOST_SMALL = 4


@lru_cache(maxsize=40_000)
def day(text: str) -> date:
    """A date as CCYYMMDD.

    >>> day("20240304")
    datetime.date(2024, 3, 4)
    """
    if len(text) != _DATE_LENGTH or not (text.isascii() and text.isdigit()):
        raise ValueError("a date as CCYYMMDD")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError("a date that there is, as CCYYMMDD") from None


@lru_cache(maxsize=4_000)
def quantity(text: str) -> Decimal:
    """A number without sign or exponent.

    >>> quantity("30.000"), quantity(".5")
    (Decimal('30.000'), Decimal('0.5'))
    """
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
        raise ValueError("a number such as 30 or 2.5")
    return Decimal(text)


@lru_cache(maxsize=2_000)
def number(text: str) -> int:
    """A whole number of a few digits.

    >>> number("00"), number("30")
    (0, 30)
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_SMALL:
        raise ValueError("a whole number")
    return int(text)


@lru_cache(maxsize=2_000)
def code(table: str, text: str) -> str:
    """The canonical value of a code of `mappings/codes.toml`.

    >>> code("quantity-unit", "01")
    'each'
    """
    value = codes(table).decode(text, COLUMN)
    if value is None:
        raise ValueError("one of the standard's codes")
    return value
