"""Demographics that are equal in every field, as they mostly are when somebody comes again.

Identifiers are left out, because what the record shows of a person has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from gateway.model import Person

_encode = msgspec.msgpack.Encoder().encode


def exact_key(person: Person) -> str:
    """A blocking key that people have in common whose demographics are equal.

    >>> exact_key(Person(phones=("1",))) == exact_key(Person(key="A", phones=("1",)))
    True
    """
    return "=" + blake2b(_encode(tuple(_demographics(person))), digest_size=16).hexdigest()


def are_equal(one: Person, other: Person) -> bool:
    """True when the demographics are equal in every field."""
    return one.birth_date == other.birth_date and tuple(_demographics(one)) == tuple(_demographics(other))


def _demographics(person: Person) -> Iterator[object]:
    yield person.birth_date
    yield person.names
    yield person.addresses
    yield person.phones
    yield person.sex
    yield person.species
    yield person.deceased
    if person.owner is None:
        yield None
    else:
        yield from _demographics(person.owner)
