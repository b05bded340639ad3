"""The record's keys: what callers see of them, and the hashes under which things are found.

A person key is 63 random bits, written as 13 characters of Crockford's base 32 (no I, L, O, U): it says nothing about
the person. A dispensation id is the person key and the dispensation's number, so that it can be read on one shard;
the id of a link is the key of the person whom appearances left, and its number in that person's journal. Each is
written in exactly one way; any other text is nobody's.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import date
from hashlib import blake2b
from typing import Protocol

import msgspec

from gateway.model import Dispensation, Dispenser

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_PAIR_SHIFTS = range(60, -1, -10)  # seven pairs, of which the first character is always 0
_PERSON_KEY_LENGTH = 13
_PERSON_KEY_BITS = 63
_LINK = "L"  # none of the alphabet, so that no id is both a link's and a dispensation's
_MAX_NO = 2**31 - 1  # what an INTEGER column holds everywhere


def new_person_key() -> int:
    """A key that nobody has, but for a chance of 2**-63 for each person recorded; the primary key catches that."""
    return secrets.randbits(_PERSON_KEY_BITS)


def new_person_keys(count: int, part: int, parts: int) -> list[int]:
    """So many keys in ascending order, all in one of `parts` equal stretches of the keys."""
    low, high = ((1 << _PERSON_KEY_BITS) * n // parts for n in (part, part + 1))
    found: set[int] = set()
    while len(found) < count:
        found.add(low + secrets.randbelow(high - low))
    return sorted(found)


def write_person_key(key: int) -> str:
    """The key as callers see it."""
    return "".join([_PAIRS[key >> shift & 1023] for shift in _PAIR_SHIFTS])[1:]


def read_person_key(text: str) -> int | None:
    """The key, or None when this is not a key of ours."""
    if len(text) != _PERSON_KEY_LENGTH:
        return None
    key = _read(text)
    return key if key is not None and key < 1 << _PERSON_KEY_BITS else None


def write_dispensation_id(person_key: str, no: int) -> str:
    """The id as callers see it."""
    return f"{person_key}-{_write(no)}"


def read_dispensation_id(text: str) -> tuple[int, int] | None:
    """Person key and number, or None when this is not an id of ours."""
    person, _, number = text.partition("-")
    return _place(person, number)


def write_link_id(person_key: str, no: int) -> str:
    """The id as callers see it."""
    return f"{person_key}-{_LINK}{_write(no)}"


def read_link_id(text: str) -> tuple[int, int] | None:
    """Person key and number, or None when this is not an id of ours."""
    person, _, number = text.partition(f"-{_LINK}")
    return _place(person, number)


def _place(person: str, number: str) -> tuple[int, int] | None:
    key, no = read_person_key(person), _read(number)
    if key is None or no is None or number.startswith("0") or no > _MAX_NO:
        return None
    return key, no


def _write(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return digits or "0"


def _read(text: str) -> int | None:
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 32 + value
    return number if text else None


def block_key(key: str) -> int:
    """The 8-byte hash under which a blocking key is kept. A collision only adds a candidate to be judged."""
    return int.from_bytes(blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest(), signed=True)


class Fill(Protocol):
    """What there is of a fill in a dispensation, and in its row."""

    @property
    def rx_number(self) -> str: ...
    @property
    def fill_number(self) -> int: ...
    @property
    def partial_fill(self) -> int: ...
    @property
    def filled(self) -> date: ...


def fill_key(dispensation: Dispensation) -> bytes:
    """What makes it this fill: the dispenser, prescription number, fill number, part and fill date."""
    return fill_key_at(dispensation.dispenser, dispensation)


def fill_key_at(dispenser: Dispenser, fill: Fill) -> bytes:
    """The same, of a fill whose dispenser has been read by itself."""
    parts = (
        *dispenser.identity,
        fill.rx_number.strip().casefold(),
        fill.fill_number,
        fill.partial_fill,
        fill.filled,
    )
    return _hash(parts)


def dispenser_key(dispenser: Dispenser) -> bytes:
    """Under which it is kept that this dispenser has reported: the dispenser as :func:`fill_key` names it."""
    return _hash(dispenser.identity)


def digest(columns: Mapping[str, object], beside: Collection[object] = ()) -> bytes:
    """The name of some content, equal for equal content: of a row's columns, and of what is kept beside the row."""
    return _hash((*columns.values(), *beside))


def _hash(parts: object) -> bytes:
    return blake2b(msgspec.msgpack.encode(parts), digest_size=16).digest()
