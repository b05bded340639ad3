"""Two profiles side by side: the level at which each field agrees. What the levels count is not known here.

A field that either side leaves out has no level. Of several names, places, numbers the pair that agrees best counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.matching import compare
from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import Name
from gateway.matching.profile import Profile, Reach
from gateway.model import Species


class Agreement(NamedTuple):
    """How one field agrees; `term` is the value, where both sides have the same, and serves to weigh it alone."""

    field: str
    level: str
    term: str = ""


# Best first, to choose between several names of one person.
_FAMILIES = {None: 4, "exact": 0, "part": 1, "swapped": 2, "close": 3, "similar": 4, "different": 7}
_GIVENS = {None: 4, "exact": 0, "nickname": 1, "spelling": 1, "swapped": 0, "absent": 2, "unknown": 4, "middle": 4,
           "initial": 5, "slip": 5, "similar": 6, "different": 10}  # fmt: skip
_ONE_NAME = frozenset(("exact", "nickname", "spelling"))


class Comparison:
    """Compares profiles with what is known of given names."""

    def __init__(self, names: GivenNames) -> None:
        self._names = names

    def identity(self, one: Profile, other: Profile) -> list[Agreement]:
        """Everything but contact: names, birth date, sex. The two are of one species."""
        return self._human(one, other) if one.species is Species.HUMAN else self._animal(one, other)

    def _human(self, one: Profile, other: Profile) -> list[Agreement]:
        found: list[Agreement] = []
        born = compare.birth_dates(one.birth_date, other.birth_date)
        if born is not None:
            found.append(Agreement("birth date", born, str(one.birth_date) if born == "exact" else ""))
        found += self._best_names(one.names, other.names, "family name", "given name", whole=True)
        sex = compare.sexes(one.sex, other.sex)
        if sex is not None:
            same_given = sex == "exact" or any(a.field == "given name" and a.level == "exact" for a in found)
            found.append(Agreement("sex", sex if same_given else "other-name"))
        return found

    def _animal(self, one: Profile, other: Profile) -> list[Agreement]:
        levels = (
            ("animal name", self._animal_name(one.animals, other.animals)),
            ("owner's birth date", compare.birth_dates(one.owner_birth_date, other.owner_birth_date)),
            ("birth date", compare.birth_dates(one.birth_date, other.birth_date)),
            ("sex", compare.sexes(one.sex, other.sex)),
        )
        owner = self._best_names(
            one.names, other.names, "owner's family name", "owner's given name", whole=False
        )
        return owner + [Agreement(field, level) for field, level in levels if level is not None]

    def _animal_name(self, ones: Iterable[Name], others: Iterable[Name]) -> str | None:
        """An animal has no nickname that a table knows, and no middle name."""
        found = {compare.given_names(one, other, self._names) for one in ones for other in others}
        if found & {"exact", "nickname"}:
            return "exact"
        if found & {"spelling", "similar", "slip"}:
            return "spelling" if "spelling" in found else "similar"
        return "different" if found & {"different", "initial", "middle"} else None

    def _best_names(
        self, ones: tuple[Name, ...], others: tuple[Name, ...], family: str, given: str, *, whole: bool
    ) -> list[Agreement]:
        """The levels of the pair of names that agrees best.

        :param whole: middle name and generation count too.
        """
        if len(ones) == len(others) == 1:
            families, givens = self._pair(ones[0], others[0])
            best = ones[0], others[0]
        else:
            pairs = [(self._pair(one, other), (one, other)) for one in ones for other in others]
            if not pairs:
                return []
            (families, givens), best = min(pairs, key=lambda p: _FAMILIES[p[0][0]] + _GIVENS[p[0][1]])
        one, other = best
        found = []
        if families is not None:
            found.append(Agreement(family, families, _family_term(families, one, other)))
        if givens is not None:
            same = (givens == "exact" and one.first == other.first) or givens == "swapped"
            found.append(Agreement(given, givens, one.first if same else ""))
        if whole:
            if givens in _ONE_NAME and (middle := compare.middle_names(one, other)) is not None:
                found.append(Agreement("middle name", middle))
            if (generation := compare.generations(one, other)) is not None:
                found.append(Agreement("suffix", generation))
        return found

    def _pair(self, one: Name, other: Name) -> tuple[str | None, str | None]:
        families = compare.family_names(one, other)
        givens = compare.given_names(one, other, self._names)
        if families != "exact" and givens != "exact" and compare.are_swapped(one, other):
            return "swapped", "swapped" if one.first and other.first else None
        return families, givens


def _family_term(level: str, one: Name, other: Name) -> str:
    if level in {"exact", "swapped"}:
        return one.family
    return min(one.parts & other.parts, default="") if level == "part" else ""


def contact(one: Profile | Reach, other: Profile | Reach) -> list[Agreement]:
    """Where and how they are reached.

    Either stays when the other changes: who moves keeps the number (address `moved`), and who changes the number
    stays (phone `changed`). When both contradict, the phone is `both`.
    """
    street, town = compare.places(one.places, other.places)
    number = compare.phones(one.phones, other.phones)
    if number == "exact" and street in {"different", "elsewhere"}:
        street = "moved"
    if number in {"different", "slip"}:
        if street in {"home", "street", "close"}:
            number = number if number == "slip" else "changed"
        elif street in {"different", "elsewhere"} or (street is None and town == "different"):
            number = "both"
    email = compare.emails(one.emails, other.emails)
    found = []
    if street is not None:
        found.append(
            Agreement("address", street, _street_term(one, other) if street in {"home", "street"} else "")
        )
    if town is not None:
        found.append(Agreement("town", town, _town_term(one, other) if town in {"exact", "city"} else ""))
    if number is not None:
        found.append(Agreement("phone", number, min(one.phones & other.phones) if number == "exact" else ""))
    if email is not None:
        found.append(Agreement("email", email, min(one.emails & other.emails) if email == "exact" else ""))
    return found


def _street_term(one: Profile | Reach, other: Profile | Reach) -> str:
    there = {place.number + place.street for place in other.places}
    return next((term for place in one.places if (term := place.number + place.street) in there), "")


def _town_term(one: Profile | Reach, other: Profile | Reach) -> str:
    there = {place.city for place in other.places}
    return next((place.city for place in one.places if place.city in there), "")
