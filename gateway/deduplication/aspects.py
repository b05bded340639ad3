"""The fields of the table as independent ones, which an estimate needs.

The matcher's levels of town and phone depend on the address: `moved` says that the street is another one and the
phone number the same, `elsewhere` that street and town are others, `both` that address and phone contradict. Added up
as if each were by chance, they count one fact twice. Here each fact is one aspect, and an aspect has a level only
where the address leaves it open:

    address                   as in the table; `moved` is `different` or `elsewhere`
    town                      where a side has no street
    town of the same street   where the streets agree; strangers in a Main Street are mostly in different towns, which
                              the table calls `namesake`
    town of another street    exact to close; a different town is `elsewhere`
    phone                     exact, slip, different (`changed` is different)
    phone after a move        where the address is another: exact, different (`both`)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.matching.weights import weights
from gateway.model import Species

Levels = NDArray[np.int8]
"""(pairs, fields or aspects): the number of the level, ABSENT where a side leaves it out."""
Shares = NDArray[np.float64]
"""(aspects, levels): the share of pairs that agree at that level. Levels that an aspect has not are `NEVER`."""

ABSENT = -1
NEVER = 1e-12

FIELDS: dict[str, tuple[str, ...]] = {
    field: tuple(levels) for field, levels in weights(Species.HUMAN).fields.items()
}
"""The fields of the table and their levels."""

SAME_STREET, OTHER_STREET, MOVED = "town of the same street", "town of another street", "phone after a move"
_TOWNS = ("exact", "zip", "city", "close", "different")
LEVELS: dict[str, tuple[str, ...]] = {
    **FIELDS,
    "given name": tuple(level for level in FIELDS["given name"] if level != "unknown"),
    "address": ("home", "street", "close", "road", "number", "different", "elsewhere"),
    "town": _TOWNS,
    SAME_STREET: _TOWNS,
    OTHER_STREET: _TOWNS[:-1],
    "phone": ("exact", "slip", "different"),
    MOVED: ("exact", "different"),
}
"""The aspects and their levels, in the order of the arrays."""

ASPECTS = tuple(LEVELS)
WIDTH = max(map(len, LEVELS.values()))
FIELD_OF = {
    **{aspect: aspect for aspect in ASPECTS},
    SAME_STREET: "town",
    OTHER_STREET: "town",
    MOVED: "phone",
}

_INSTEAD: dict[str, dict[str, str | None]] = {
    "given name": {"unknown": None},
    "address": {"moved": "different"},
    "town": {"namesake": "different"},
    "phone": {"changed": "different", "both": "different"},
}
_field = {field: n for n, field in enumerate(FIELDS)}
_aspect = {aspect: n for n, aspect in enumerate(ASPECTS)}
_AGREEING = ("home", "street", "close")
_CONTRADICTING = ("different", "elsewhere")


def at(aspect: str, level: str) -> tuple[int, int]:
    """The place of a level in arrays of shares."""
    return _aspect[aspect], LEVELS[aspect].index(level)


def aspects(table: Levels) -> Levels:
    """Levels of the table's fields -> levels of the aspects."""
    found = np.full((len(table), len(ASPECTS)), ABSENT, np.int8)
    for field, n in _field.items():
        found[:, _aspect[field]] = _translated(field, table[:, n], _INSTEAD.get(field, {}))
    address, phone = (table[:, _field[field]] for field in ("address", "phone"))
    town, number, street = (found[:, _aspect[field]].copy() for field in ("town", "phone", "address"))
    street[(address == _number("address", "moved")) & (town == ABSENT)] = LEVELS["address"].index("elsewhere")
    agrees = np.isin(street, [LEVELS["address"].index(level) for level in _AGREEING])
    moved = np.isin(street, [LEVELS["address"].index(level) for level in _CONTRADICTING])
    moved |= phone == _number("phone", "both")
    has_street = street != ABSENT
    found[:, _aspect["address"]] = street
    found[:, _aspect["town"]] = np.where(has_street, ABSENT, town)
    found[:, _aspect[SAME_STREET]] = np.where(agrees, town, ABSENT)
    found[:, _aspect[OTHER_STREET]] = np.where(has_street & ~agrees, town, ABSENT)
    found[:, _aspect["phone"]] = np.where(moved, ABSENT, number)
    found[:, _aspect[MOVED]] = np.where(moved & (number > 0), 1, np.where(moved, number, ABSENT))
    return found


def independent(table: Levels) -> Levels:
    """Levels of pairs of strangers as if the address did not matter: for how often each aspect agrees by chance."""
    found = aspects(table)
    town, phone, moved = (found[:, _aspect[aspect]] for aspect in ("town", "phone", MOVED))
    street = found[:, _aspect["address"]]
    for aspect in (SAME_STREET, OTHER_STREET):
        np.copyto(town, found[:, _aspect[aspect]], where=found[:, _aspect[aspect]] != ABSENT)
    town[street == LEVELS["address"].index("elsewhere")] = _TOWNS.index("different")
    np.copyto(phone, moved * 2, where=moved != ABSENT)
    return found


def counted(levels: Levels) -> Shares:
    """How many pairs agree at each level of each aspect."""
    counts = np.zeros((len(ASPECTS), WIDTH))
    for n in range(len(ASPECTS)):
        told = levels[:, n][levels[:, n] != ABSENT]
        counts[n] = np.bincount(told, minlength=WIDTH)
    return counts


def normalised(shares: Shares) -> Shares:
    """The shares of each aspect made to add up to one."""
    result = np.full(shares.shape, NEVER)
    for n, aspect in enumerate(ASPECTS):
        width = len(LEVELS[aspect])
        result[n, :width] = np.maximum(shares[n, :width], NEVER)
        result[n] /= result[n].sum()
    return result


def shipped(share: str) -> Shares:
    """The m or u of the shipped table, by aspect.

    :param share: `m` or `u`.
    """
    told = {
        field: {name: float(getattr(level, share)) for name, level in levels.items()}
        for field, levels in weights(Species.HUMAN).fields.items()
    }
    address, phone = told["address"], told["phone"]
    contradicts = address["different"] + address["elsewhere"]
    if share == "m":
        told[MOVED] = {"exact": address["moved"], "different": contradicts}
        address["different"] *= 1 + address["moved"] / contradicts
        address["elsewhere"] *= 1 + address["moved"] / contradicts
    else:
        told[MOVED] = {"exact": phone["exact"], "different": 1.0}
        phone["different"] = 1.0
    told[OTHER_STREET] = told["town"]
    told[SAME_STREET] = {**told["town"], "different": told["town"]["namesake"]}
    shares = np.zeros((len(ASPECTS), WIDTH))
    for aspect, levels in LEVELS.items():
        shares[_aspect[aspect], : len(levels)] = [told[aspect][level] for level in levels]
    return normalised(shares)


def by_table(shares: Shares) -> dict[tuple[str, str], float]:
    """Shares of the aspects -> of the table's levels, each given what the address says; m and u made alike."""
    found = {
        (field, level): float(shares[at(field, level)])
        for field, levels in FIELDS.items()
        for level in levels
        if level in LEVELS[field]
    }
    moved = found["address", "different"] + found["address", "elsewhere"]
    found["address", "moved"] = moved * float(shares[at(MOVED, "exact")] / shares[at("phone", "exact")])
    found["town", "namesake"] = float(shares[at(SAME_STREET, "different")])
    found["phone", "changed"] = found["phone", "different"]
    found["phone", "both"] = float(shares[at(MOVED, "different")])
    return found


def _number(field: str, level: str) -> int:
    return FIELDS[field].index(level)


def _translated(field: str, levels: Levels, instead: dict[str, str | None]) -> Levels:
    """Numbers of the table's levels -> of the aspect's of the same name; None for a level that says nothing here."""
    others = [instead.get(level, level) for level in FIELDS[field]]
    numbers = [ABSENT if other is None else LEVELS[field].index(other) for other in others]
    translated: NDArray[np.int8] = np.array([*numbers, ABSENT], np.int8)[levels]
    return translated
