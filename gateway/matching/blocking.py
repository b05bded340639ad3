"""Keys under which a person is found again when reported slightly differently.

A key joins facts that survive a slip in another one. Each is narrow enough that a common name in a state of four
million people brings a handful of candidates: no key is a birth date, a name or a phone number alone.

    D  birth date, sound of any name           new family name; nickname; family and given name swapped
    Y  birth year, sounds of both names        slip in month or day
    M  birth month and day, sounds of both     slip in the year
    P  phone, sound of the given name          slip in the birth date and in the family name
    H  ZIP code, house number, given name's    the same
    Z  birth date, ZIP code                    slips in both names
    V  sounds of owner's family name and of the animal's name
    W  owner's birth date, sound of the animal's name
    Q  phone, sound of the animal's name

In D day and month stand in ascending order where both could be a month, so that a swapped date has the same key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gateway.errors import ErrorCode, MessageError
from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import Name, name
from gateway.matching.profile import human_names, phones
from gateway.matching.sounds import soundex
from gateway.matching.streets import place
from gateway.model import Person, Species


def keys(person: Person, names: GivenNames) -> frozenset[str]:
    """The person's keys.

    :raises MessageError: a human without birth date or name, who could never be found again.
    """
    if person.species is Species.VETERINARY:
        return _required(frozenset(_animal(person)), "person.names")
    if person.birth_date is None:
        raise MessageError(
            "A human patient needs a date of birth.", code=ErrorCode.REQUIRED, path="person.birth_date"
        )
    return _required(frozenset(_human(person, person.birth_date, names)), "person.names")


def _required(found: frozenset[str], path: str) -> frozenset[str]:
    if not found:
        raise MessageError("The patient needs a name.", code=ErrorCode.REQUIRED, path=path)
    return found


def _human(person: Person, born: date, names: GivenNames) -> Iterator[str]:
    day = f"{born.year:04}{_ascending(born.month, born.day)}"
    month_day = f"{born.month:02}{born.day:02}"
    numbers = phones(person)
    places = [one for one in map(place, person.addresses) if one.zip5]
    yield from (f"Z{day}{one.zip5}" for one in places)
    for one in map(name, person.names):
        families = _family_sounds(one)
        givens = _given_sounds(one, names)
        for sound in families | givens | {soundex(word) for word in one.middle if len(word) > 1}:
            yield f"D{day}{sound}"
        for given in givens:
            for family in families:
                yield f"Y{born.year:04}{family}{given}"
                yield f"M{month_day}{family}{given}"
            for number in numbers:
                yield f"P{number}{given}"
            for home in places:
                if home.number:
                    yield f"H{home.zip5}{home.number}/{given}"


def _animal(person: Person) -> Iterator[str]:
    animals = {soundex(one.given or one.family) for one in map(name, person.names)} - {""}
    families = {sound for one in map(name, human_names(person)) for sound in _family_sounds(one)}
    born = person.owner.birth_date if person.owner else None
    for animal in animals:
        for family in families:
            yield f"V{family}{animal}"
        if born is not None:
            yield f"W{born.year:04}{_ascending(born.month, born.day)}{animal}"
        for number in phones(person):
            yield f"Q{number}{animal}"


def _ascending(month: int, day: int) -> str:
    low, high = sorted((month, day)) if day <= 12 else (month, day)
    return f"{low:02}{high:02}"


def _family_sounds(one: Name) -> frozenset[str]:
    return frozenset(soundex(part) for part in (one.family, *one.parts) if part)


def _given_sounds(one: Name, names: GivenNames) -> frozenset[str]:
    if not one.first:
        return frozenset()
    return frozenset(soundex(known) for known in (*names.index(one.first), one.given))
