"""The names that people are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gateway.terminology import load_table


@dataclass(frozen=True, slots=True)
class NameBook:
    """The lists of `mappings/synth/names.toml`; `nicknames` by given name."""

    family: tuple[str, ...]
    accented: tuple[str, ...]
    apostrophe: tuple[str, ...]
    hyphenated: tuple[str, ...]
    long: tuple[str, ...]
    female: tuple[str, ...]
    male: tuple[str, ...]
    animals: tuple[str, ...]
    nicknames: Mapping[str, tuple[str, ...]]


@cache
def book() -> NameBook:
    """The lists."""
    table = load_table("synth/names")
    nicknames = {name: tuple(short) for name, short in table.pop("nicknames").items()}
    return NameBook(**{part: tuple(names) for part, names in table.items()}, nicknames=nicknames)
