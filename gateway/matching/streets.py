"""Street addresses written the same, after the abbreviations of USPS Publication 28."""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz.distance import OSA

from gateway.matching.normalise import fold, zip5
from gateway.model import Address
from gateway.terminology import load_table

_streets = load_table("matching/normalise")["streets"]
_WORDS: dict[str, str] = {
    **_streets["directionals"],
    **_streets["ordinals"],
    **_streets["words"],
    **{spelling: short for short, spellings in _streets["suffixes"].items() for spelling in spellings},
}
_UNITS = frozenset(_streets["units"])
_po_box = re.compile(r"P ?O ?BOX (\w+)")


class Place(NamedTuple):
    """An address ready to compare; "" where a part is not known."""

    number: str
    street: str
    unit: str
    city: str
    zip5: str


def place(address: Address) -> Place:
    """The address ready to compare.

    >>> place(Address(lines=("14 North Larkspur Lane", "Apt. #2"), city="Hartford", postal_code="06103"))
    Place(number='14', street='N LARKSPUR LN', unit='2', city='HARTFORD', zip5='06103')
    >>> place(Address(lines=("c/o Smith", "P.O. Box 77"), city="Fishers Island", postal_code="6390"))
    Place(number='77', street='PO BOX', unit='', city='FISHERS ISLAND', zip5='06390')
    """
    number = street = unit = ""
    for line in address.lines:
        words = fold(line.replace("#", " UNIT ")).split()
        if not _UNITS.isdisjoint(words[:-1]):
            words, found = _without_unit(words)
            unit = unit or found
        if not words or (street and number):
            continue
        box = _po_box.match(" ".join(words)) if words[0][0] == "P" else None
        if box:
            number, street = box[1], "PO BOX"
        elif words[0][0] in "0123456789" and len(words) > 1:
            number, street = words[0], " ".join([_WORDS.get(word, word) for word in words[1:]])
        elif not street:
            street = " ".join([_WORDS.get(word, word) for word in words])
    return Place(
        number, street, unit, city(address), zip5(address.postal_code) if address.postal_code else ""
    )


def city(address: Address) -> str:
    """The city, "" when it is not known."""
    return fold(address.city).strip() if address.city else ""


def is_elsewhere(one: Place, address: Address) -> bool:
    """True when ZIP code (by more than a slip) and city both say so.

    A large town has several ZIP codes, and one ZIP code serves several towns.
    """
    if one.zip5 and address.postal_code:
        if OSA.distance(one.zip5, zip5(address.postal_code), score_cutoff=1) <= 1:
            return False
        return not one.city or one.city != city(address)
    return bool(one.city and address.city) and one.city != city(address)


def _without_unit(words: list[str]) -> tuple[list[str], str]:
    """The words before a unit designator, and what follows it (without further designators)."""
    at = next(at for at, word in enumerate(words) if word in _UNITS)
    return words[:at], "".join(word for word in words[at + 1 :] if word not in _UNITS)
