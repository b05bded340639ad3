"""What every number needs before it can be looked at: no separators, plain hyphens, plain digits."""

from __future__ import annotations

# What word processors make of a hyphen and a space; numbers are pasted from letters and labels.
_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-") | {"\u00a0": " "}
)


def clean(number: str, separators: str = "") -> str:
    """The number without surrounding white space and without the given separators.

    >>> clean(" 0002\u20131433\u201380 ")
    '0002-1433-80'
    >>> clean("0002-1433-80", " -")
    '0002143380'
    """
    number = number.translate(_TYPOGRAPHIC)
    for separator in separators:
        number = number.replace(separator, "")
    return number.strip()


def isdigits(number: str) -> bool:
    """True when there is at least one character and all are 0 to 9 (`str.isdigit` also takes other scripts).

    >>> isdigits("123"), isdigits("12³"), isdigits("")
    (True, False, False)
    """
    return number.isascii() and number.isdigit()
