"""Demographics written the same: what two people who type the same fact differently would both have meant.

Pure functions over strings; the facts they rest on are in `mappings/matching/normalise.toml`. The results serve
comparison only and are never shown or kept.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from gateway.model import PersonName
from gateway.terminology import load_table

_names = load_table("matching/normalise")["names"]
_GENERATIONS: dict[str, str] = _names["generations"]
# A single letter at the end is an initial and no generation.
_AFTER_NAMES = frozenset(word for word in (*_GENERATIONS, *_names["titles"]) if len(word) > 1)
_PARTICLES = frozenset(_names["particles"])
_PLACEHOLDERS = frozenset(_names["placeholders"])
_COMPATIBLE = frozenset(frozenset(pair) for pair in _names["compatible"])

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS", "Ħ": "H"}
)
# Letters that are written out where a keyboard lacks them, instead of being cut down to the letter they look like.
_WRITTEN_OUT = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "Ø": "OE", "Å": "AA"})
_MAC = re.compile(r"MAC(?=\w{4})")
_NUMBERED = re.compile(r"([^\W\d]{2,})\d+")
_other = re.compile("[^0-9]+")
_extension = re.compile("ext|x", re.IGNORECASE)
_APOSTROPHES = "'`´’‘ʼʻ."  # noqa: RUF001 - what keyboards and word processors put into O'Brien
_ASCII = {
    code: None if chr(code) in _APOSTROPHES else (ord(chr(code).upper()) if chr(code).isalnum() else 32)
    for code in range(128)
}


def fold(text: str) -> str:
    """Upper case, without accents, apostrophes and points; other punctuation becomes a space.

    >>> fold(" Peña-Ruíz"), fold("O'Brien"), fold("Straße"), fold("St. John")
    (' PENA RUIZ', 'OBRIEN', 'STRASSE', 'ST JOHN')
    """
    if text.isascii():
        return text.translate(_ASCII)
    decomposed = unicodedata.normalize("NFKD", text.upper().translate(_LETTERS))
    kept = (c for c in decomposed if c not in _APOSTROPHES and not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in kept)


class Name(NamedTuple):
    """A name ready to compare. `family` and `given` are without spaces; `first` and `middle` are words."""

    family: str
    parts: frozenset[str]  # of the family name, particles left out
    first: str
    middle: tuple[str, ...]
    given: str
    generation: str  # JR, SR, 2, 3 ...; "" when the name has none
    other_family: str = ""  # another way to write the same: MUELLER for Müller, MCKENZIE for MacKenzie
    other_first: str = ""


@lru_cache(maxsize=20_000)
def name(of: PersonName) -> Name:
    """The name ready to compare; a generation that stands at the end of a name instead of in `suffix` is found.

    >>> name(PersonName(family="Cruz Jr.", given=("Mary Ann",)))
    Name(family='CRUZ', parts=frozenset({'CRUZ'}), first='MARY', middle=('ANN',), given='MARYANN', generation='JR', \
other_family='', other_first='')
    >>> name(PersonName(family="Müller")).other_family, name(PersonName(family="MacKenzie")).other_family
    ('MUELLER', 'MCKENZIE')
    """
    family = [_unnumbered(word) for word in fold(of.family).split()]
    given = [_unnumbered(word) for word in fold(" ".join(of.given)).split()]
    generation = ""
    for word in fold(of.suffix).split() if of.suffix else ():
        generation = _GENERATIONS.get(word, generation)
    for words in (family, given):
        while len(words) > 1 and words[-1] in _AFTER_NAMES:
            generation = generation or _GENERATIONS.get(words.pop(), "")
    if len(family) == 1:
        parts = frozenset(family)
    else:
        parts = frozenset(word for word in family if word not in _PARTICLES) or frozenset(family)
    written_out = _written_out(of.given[0]) if of.given else ""
    return Name(
        family="".join(family),
        parts=parts,
        first=given[0] if given else "",
        middle=tuple(given[1:]),
        given="".join(given),
        generation=generation,
        other_family=_written_out(of.family) or _mc("".join(family)),
        other_first=written_out,
    )


def _mc(family: str) -> str:
    return f"MC{family[3:]}" if _MAC.match(family) else ""


def _unnumbered(word: str) -> str:
    """A name without the number that a test system has put behind it; an ordinal, such as 3RD, is none."""
    if word.isalpha():
        return word
    return found[1] if (found := _NUMBERED.fullmatch(word)) else word


def _written_out(text: str) -> str:
    """The folded text with its umlauts written out, "" when it has none."""
    if text.isascii():
        return ""
    upper = unicodedata.normalize("NFC", text.upper())
    told = upper.translate(_WRITTEN_OUT)
    return "" if told == upper else "".join(fold(told).split())


def is_placeholder(one: Name) -> bool:
    """True when the given name stands for one that nobody knows, or that has not been given yet.

    >>> [is_placeholder(name(PersonName(family="Bell", given=(given,)))) for given in ("Baby Boy", "FNU", "Barbara")]
    [True, True, False]
    """
    return one.first in _PLACEHOLDERS


def same_generation(one: str, other: str) -> bool:
    """True unless the two contradict each other."""
    return one == other or frozenset((one, other)) in _COMPATIBLE


def phone(number: str) -> str | None:
    """The ten digits of a North American number, or None for what is no number or stands for none.

    >>> phone("+1 (860) 555-0142 ext. 7"), phone("000-000-0000"), phone("555-0142")
    ('8605550142', None, None)
    """
    digits = number if _is_digits(number) else _other.sub("", _extension.split(number, maxsplit=1)[0])
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return digits if len(digits) == 10 and digits[3:] != digits[3] * 7 else None


def email(address: str) -> str | None:
    """The address in lower case, or None for what is none.

    >>> email(" Marigold@Example.org "), email("none"), email("n/a")
    ('marigold@example.org', None, None)
    """
    folded = address.strip().lower()
    return folded if "@" in folded[1:] else None


def zip5(code: str) -> str:
    """The first five digits of a ZIP code; leading zeros that a spreadsheet has eaten are put back.

    >>> zip5("06103-1234"), zip5("6103"), zip5("61031234"), zip5("")
    ('06103', '06103', '06103', '')
    """
    digits = code if _is_digits(code) else _other.sub("", code)
    if len(digits) in {4, 8}:
        digits = f"0{digits}"
    return digits[:5]


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
