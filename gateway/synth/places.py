"""Towns, streets and phones. Every address is in a real town with that town's ZIP code; its house is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from gateway.model import Address
from gateway.terminology import load_table

COUNTRY = "US"


@dataclass(frozen=True, slots=True)
class Town:
    """A town with one of its ZIP codes."""

    name: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Atlas:
    """What addresses and phones are made of. `short` has the USPS abbreviation of each kind of street."""

    home: tuple[Town, ...]
    neighbours: tuple[Town, ...]
    streets: tuple[str, ...]
    kinds: tuple[str, ...]
    short: tuple[tuple[str, str], ...]
    area_codes: tuple[str, ...]
    exchanges: range
    lines: int


@cache
def atlas() -> Atlas:
    """The tables of `mappings/synth/towns.toml`."""
    table = load_table("synth/towns")
    home, neighbours = (tuple(Town(*place) for place in region["places"]) for region in table["town"])
    streets, phones = table["streets"], table["phones"]
    return Atlas(
        home=home,
        neighbours=neighbours,
        streets=tuple(streets["names"]),
        kinds=tuple(streets["kinds"]),
        short=tuple(streets["short"].items()),
        area_codes=tuple(phones["area_codes"]),
        exchanges=range(phones["exchange_from"], phones["exchange_from"] + phones["exchanges"]),
        lines=phones["lines"],
    )


def phone(rng: Random, *, apart_from: Sequence[str] = ()) -> str:
    """Ten digits that no telephone has, and none of those given."""
    book = atlas()
    while True:
        line = rng.randrange(book.lines)
        number = f"{rng.choice(book.area_codes)}{rng.choice(book.exchanges)}{line:04}"
        if number not in apart_from:
            return number


def dwelling(rng: Random) -> Address:
    """Where somebody lives: a third have a flat, a tenth a nine-digit ZIP code."""
    lines = [street(rng)]
    if rng.randrange(3) == 0:
        lines.append(
            f"{rng.choice(('Apt', 'Unit', 'Apt'))} {rng.randrange(1, 40)}{rng.choice(('', '', 'A', 'B'))}"
        )
    town = rng.choice(atlas().home)
    return _address(town, lines, postal_code=_nine(rng, town) if rng.randrange(10) == 0 else town.postal_code)


def premises(rng: Random, towns: Sequence[Town]) -> Address:
    """Where a practice or a pharmacy is: a third have a suite."""
    lines = [street(rng)]
    if rng.randrange(3) == 0:
        lines.append(f"Suite {rng.randrange(100, 420)}")
    town = rng.choice(towns)
    return _address(town, lines, postal_code=_nine(rng, town) if rng.randrange(6) == 0 else town.postal_code)


def street(rng: Random) -> str:
    """House number and street."""
    book = atlas()
    return f"{rng.randrange(2, 990)} {rng.choice(book.streets)} {rng.choice(book.kinds)}"


def _nine(rng: Random, town: Town) -> str:
    return f"{town.postal_code}-{rng.randrange(1001, 9999):04}"


def _address(town: Town, lines: Sequence[str], *, postal_code: str) -> Address:
    return Address(
        lines=tuple(lines), city=town.name, state=town.state, postal_code=postal_code, country=COUNTRY
    )
