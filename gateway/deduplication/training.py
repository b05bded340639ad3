"""The table of weights for patients (mappings/matching/weights.toml) with m and u out of a file of people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from gateway.deduplication.aspects import by_table
from gateway.deduplication.estimation import estimate
from gateway.deduplication.pairs import Pairs
from gateway.deduplication.records import Record

_section = re.compile(r'\[(\w+)(?:\."?([^"\]]+)"?)?\]')
_level = re.compile(r"([\w-]+) = \{ m = [^,]+, u = [^,}]+?(?=,| \})")


def trained(records: Sequence[Record]) -> str:
    """The shipped table with the shares of this file; everything else in it, the remarks too, is kept.

    A level that the file hardly shows keeps about the share that it is shipped with.
    """
    told = estimate(Pairs([record.profile for record in records]))
    one_person, by_chance = by_table(told.one_person), by_table(told.by_chance)
    shares = {
        place: (one_person[place], by_chance[place])
        for place in one_person
        if place != ("given name", "swapped")  # always so when the family name is
    }
    lines, species, field = [], "", ""
    for line in (files("mappings") / "matching/weights.toml").read_text(encoding="utf-8").splitlines():
        if section := _section.match(line):
            species, field = section[1], section[2] or ""
        level = _level.match(line)
        if level and species == "human" and (field, level[1]) in shares:
            m, u = shares[field, level[1]]
            lines.append(f"{level[1]} = {{ m = {m:.3g}, u = {u:.3g}{line[level.end() :]}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
