"""Street addresses written the same, after the abbreviations of USPS Publication 28."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

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
_NOWHERE = frozenset(_streets["nowhere"])
# Boxes that are an address: at a post office; on a rural or a highway contract route; of the armed forces.
_po_box = re.compile(r"(?:P ?O ?BOX|POST OFFICE BOX|POB(?= ?\d)|PO(?= \d)) ?(?:NO |NUMBER )?(\w+)")
_box_on = re.compile(
    r"(RR|R R|RURAL ROUTE|RURAL RTE|RURAL RT|RFD|R F D|RD|RT|RTE|HC|HCR|HIGHWAY CONTRACT|HWY CONTRACT|STAR ROUTE"
    r"|PSC|CMR|OMC|UNIT)"
    r" ?(?:NO |NUMBER )?(\w+) BOX (?:NO |NUMBER )?(\d\w*)"
)
_ROUTES = {"PSC": "PSC", "CMR": "CMR", "OMC": "OMC", "UNIT": "MILITARY UNIT", "HC": "HC", "HCR": "HC",
           "HIGHWAY CONTRACT": "HC", "HWY CONTRACT": "HC", "STAR ROUTE": "HC"}  # fmt: skip


class Place(NamedTuple):
    """An address ready to compare; "" where a part is not known. `second` is a further line, without blanks."""

    number: str
    street: str
    unit: str
    city: str
    zip5: str
    second: str = ""


@lru_cache(maxsize=20_000)
def place(address: Address) -> Place:
    """The address ready to compare.

    >>> place(Address(lines=("14 North Larkspur Lane", "Apt. #2"), city="Hartford", postal_code="06103"))
    Place(number='14', street='N LARKSPUR LN', unit='2', city='HARTFORD', zip5='06103', second='')
    >>> place(Address(lines=("c/o Smith", "P.O. Box 77"), city="Fishers Island", postal_code="6390"))
    Place(number='77', street='PO BOX', unit='', city='FISHERSIS', zip5='06390', second='COSMITH')
    """
    number = street = unit = second = ""
    for line in address.lines:
        if route := _route_box(line):
            second = second or street.replace(" ", "")
            number, street = route
            continue
        words = fold(line.replace("#", " UNIT ")).split()
        if not _UNITS.isdisjoint(words[:-1]):
            words, found = _without_unit(words)
            unit = unit or found
        text = " ".join(words)
        if not words or text in _NOWHERE:
            continue
        if street and number:
            second = second or _street(words).replace(" ", "")
            continue
        box = _po_box.match(text) if words[0][0] == "P" else None
        if box:
            second = second or street.replace(" ", "")
            number, street = box[1], "PO BOX"
        elif words[0][0] in "0123456789" and len(words) > 1:
            second = second or street.replace(" ", "")  # a building's name stood above the street
            number, street = words[0], _street(words[1:])
        elif not street:
            street = _street(words)
        else:
            second = second or _street(words).replace(" ", "")
    code = zip5(address.postal_code) if address.postal_code else ""
    return Place(number, street, unit, city(address), code, second)


def _route_box(line: str) -> tuple[str, str] | None:
    """The box and the route, or None for another address."""
    if "ox" not in line and "OX" not in line:
        return None
    found = _box_on.match(" ".join(fold(line.replace("#", " ")).split()))
    return (found[3], f"{_ROUTES.get(found[1], 'RR')} {found[2]} BOX") if found else None


def _street(words: list[str]) -> str:
    return " ".join([_WORDS.get(word, word) for word in words])


def city(address: Address) -> str:
    """The city without blanks, "" when it is not known: West Hartford and W. Hartford are one."""
    return "".join([_WORDS.get(word, word) for word in fold(address.city).split()]) if address.city else ""


def _without_unit(words: list[str]) -> tuple[list[str], str]:
    """The words around a unit designator, and what follows it (without further designators)."""
    at = next(at for at, word in enumerate(words) if word in _UNITS)
    if at == 0 and len(words) > 3:  # the flat before the house
        return words[2:], words[1]
    return words[:at], "".join(word for word in words[at + 1 :] if word not in _UNITS)
