"""What each dispenser has written down of a person.

The usual dispenser has it right. The second and every other that is not the usual one shows the person's trait: a
nickname, a slip, a field left out. Whoever filled before the change of name or address has the former one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from random import Random

from gateway.model import Address, NameUse, Person, PersonName
from gateway.synth import typos
from gateway.synth.blocks import Trait
from gateway.synth.names import book
from gateway.synth.people import Truth
from gateway.synth.places import atlas


class Appearances:
    """The appearances of one person: four at most, made once."""

    def __init__(self, rng: Random, true: Truth, trait: Trait, changed: date | None) -> None:
        """:param changed: the first fill date with the present name and address; None when nothing changed."""
        self._changed = changed
        current = true.person
        former = _former(true, current)
        if trait is Trait.MAIDEN and true.former_family:
            maiden = replace(current.name, family=true.former_family, suffix=None, use=NameUse.MAIDEN)
            current = replace(current, names=(current.name, maiden))
        vary = _VARIANTS.get(trait)
        self._current = (current, vary(rng, current) if vary else current)
        self._former = (former, vary(rng, former) if vary else former)

    def at(self, day: date, *, usual: bool) -> Person:
        """As reported for a fill on that day by the usual or another dispenser."""
        pair = self._former if self._changed is not None and day < self._changed else self._current
        return pair[0] if usual else pair[1]


def _former(true: Truth, current: Person) -> Person:
    if true.former_family:
        return replace(current, names=(replace(current.name, family=true.former_family),))
    if true.former_address:
        return replace(current, addresses=(true.former_address,))
    return current


# --- variants -------------------------------------------------------------------------------------------------

Variant = Callable[[Random, Person], Person]


def _named(person: Person, name: PersonName) -> Person:
    return replace(person, names=(name, *person.names[1:]))


def _family(change: Callable[[Random, str], str]) -> Variant:
    return lambda rng, person: _named(person, replace(person.name, family=change(rng, person.name.family)))


def _nickname(rng: Random, person: Person) -> Person:
    first, *others = person.name.given
    return _named(person, replace(person.name, given=(rng.choice(book().nicknames[first]), *others)))


def _initial(rng: Random, person: Person) -> Person:
    first, *others = person.name.given
    return _named(person, replace(person.name, given=(first, *(middle[0] for middle in others))))


def _birth_swapped(rng: Random, person: Person) -> Person:
    born = person.birth_date and typos.day_and_month_swapped(person.birth_date)
    return replace(person, birth_date=born or person.birth_date)


def _birth_digit(rng: Random, person: Person) -> Person:
    return replace(person, birth_date=person.birth_date and typos.digit(rng, person.birth_date))


def _without_phone(rng: Random, person: Person) -> Person:
    return replace(person, phones=())


def _abbreviated(rng: Random, person: Person) -> Person:
    return replace(person, addresses=tuple(_short(address) for address in person.addresses))


def _short(address: Address) -> Address:
    """The kind of street as USPS abbreviates it, the flat in the same line, in capitals."""
    number, *words = " ".join(address.lines).split(" ")
    short = dict(atlas().short)
    line = " ".join([number, *(short.get(word, word) for word in words)])
    return replace(address, lines=(line.upper(),), city=(address.city or "").upper())


def _capitals(rng: Random, person: Person) -> Person:
    name = person.name
    return _named(
        person, replace(name, family=name.family.upper(), given=tuple(given.upper() for given in name.given))
    )


def _half(rng: Random, family: str) -> str:
    """A double name without its hyphen, or one of its parts."""
    return rng.choice((typos.plain(family), *family.split("-")))


def _unsuffixed(rng: Random, person: Person) -> Person:
    return _named(person, replace(person.name, suffix=None, prefix=None))


_VARIANTS: Mapping[Trait, Variant] = {
    Trait.NICKNAME: _nickname,
    Trait.LETTER: _family(typos.letter),
    Trait.TRANSPOSED: _family(typos.transposed),
    Trait.BIRTH_SWAPPED: _birth_swapped,
    Trait.BIRTH_DIGIT: _birth_digit,
    Trait.PHONE_MISSING: _without_phone,
    Trait.INITIAL: _initial,
    Trait.ABBREVIATED: _abbreviated,
    Trait.CAPITALS: _capitals,
    Trait.ACCENTED: _family(lambda _, family: typos.plain(family)),
    Trait.APOSTROPHE: _family(lambda _, family: typos.plain(family)),
    Trait.HYPHENATED: _family(_half),
    Trait.SUFFIX: _unsuffixed,
    Trait.PREFIX: _unsuffixed,
}
