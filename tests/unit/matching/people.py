"""Makers of people and a record in memory for the matcher's tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from gateway.matching import Decision, FellegiSunter, Match
from gateway.model import Address, Person, PersonName, Sex, Species

MATCHER = FellegiSunter()

HARTFORD = Address(lines=("14 Larkspur Ln",), city="Hartford", state="CT", postal_code="06103")
NORWALK = Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850")
PHONE = "8605550142"
BORN = date(1971, 4, 19)


def somebody(
    family: str = "Quillfeather", *given: str, suffix: str | None = None, key: str | None = None, **over: Any
) -> Person:
    """Somebody born on BORN; further fields as given."""
    values: dict[str, Any] = {
        "key": key,
        "names": (PersonName(family=family, given=given or ("Marigold",), suffix=suffix),),
        "birth_date": BORN,
    }
    return Person(**{**values, **over})


def at_home(person: Person, address: Address = HARTFORD, *phones: str) -> Person:
    """The same person with an address and phone numbers."""
    return replace(person, addresses=(address,), phones=phones)


def animal(
    given: str = "Biscuit", family: str = "Quillfeather", key: str | None = None, **over: Any
) -> Person:
    """An animal of Marigold Quillfeather's, in Hartford."""
    values: dict[str, Any] = {
        "key": key,
        "names": (PersonName(family=family, given=(given,)),),
        "species": Species.VETERINARY,
        "owner": somebody(family),
        "addresses": (HARTFORD,),
    }
    return Person(**{**values, **over})


class Memory:
    """A record of appearances by blocking key, as the store keeps it; intake links as the gateway's does."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._by_key: defaultdict[str, list[Person]] = defaultdict(list)
        self._keys: defaultdict[str, set[str]] = defaultdict(set)
        self._appearances: defaultdict[str, list[Person]] = defaultdict(list)
        for person in people:
            assert person.key
            self.keep(person.key, person)

    def keep(self, key: str, person: Person) -> None:
        """Another appearance of that person."""
        if any(replace(known, key=None) == replace(person, key=None) for known in self._appearances[key]):
            return
        self._appearances[key].append(replace(person, key=key))
        for blocking in MATCHER.blocking_keys(person):
            self._keys[blocking].add(key)

    def candidates(self, person: Person) -> list[Person]:
        """Every appearance of everybody who shares a blocking key."""
        keys = {key for blocking in MATCHER.blocking_keys(person) for key in self._keys[blocking]}
        return [appearance for key in sorted(keys) for appearance in self._appearances[key]]

    def look_up(self, person: Person) -> Decision:
        """What the matcher decides."""
        return MATCHER.decide(person, self.candidates(person))

    def link(self, person: Person) -> str:
        """Intake: the person of equal demographics or the one who matches, else a new one."""
        candidates = self.candidates(person)
        same = {c.key for c in candidates if replace(c, key=None) == replace(person, key=None)}
        decision = MATCHER.decide(person, candidates)
        if len(same) == 1:
            key = same.pop()
        elif isinstance(decision, Match):
            key = decision.person_key
        else:
            key = f"P{len(self._appearances)}"
        assert key
        self.keep(key, person)
        return key


def sexed(person: Person, sex: Sex) -> Person:
    """The same person with that sex."""
    return replace(person, sex=sex)
