"""How two values of one field agree: each function names the level, or None where nothing can be said.

The levels' weights are in `mappings/matching/first.toml`; nothing here knows them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

from rapidfuzz.distance import OSA, JaroWinkler

from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import Name, same_generation
from gateway.matching.sounds import soundex
from gateway.matching.streets import Place, is_elsewhere, place
from gateway.model import Address, Sex
from gateway.terminology import load_table

_similarity = load_table("matching/first")["similarity"]
_CLOSE: float = _similarity["close"]
_SIMILAR: float = _similarity["similar"]
_STREET: float = _similarity["street"]

# Two birth dates further apart than this are never taken for one, however alike they are written: a parent and a
# child of one name may share day and month.
GENERATION = 13  # years


def family_names(one: Name, other: Name) -> str | None:
    """exact, part, close, similar, different."""
    if one.family == other.family:
        return "exact" if one.family else None
    if not one.family or not other.family:
        return None
    if one.parts == other.parts:
        return "exact"
    if one.parts < other.parts or other.parts < one.parts:
        return "part"
    alike = JaroWinkler.normalized_similarity(one.family, other.family)
    if alike >= _CLOSE:
        return "close"
    return "similar" if alike >= _SIMILAR or _is_one_edit(one.family, other.family) else "different"


def given_names(one: Name, other: Name, names: GivenNames) -> str | None:
    """exact, nickname, spelling, middle, initial, similar, different; absent when neither side has one."""
    if not one.first or not other.first:
        return None if one.first or other.first else "absent"
    if one.first in {other.first, other.given} or one.given in {other.first, other.given}:
        return "exact"
    if names.are_related(one.first, other.first):
        return "nickname"
    if names.sound_the_same(one.first, other.first) or _is_slip(one.first, other.first, names):
        return "spelling"
    if len(one.first) == 1 or len(other.first) == 1:
        return "initial" if one.first[0] == other.first[0] else "different"
    if one.first in other.middle or other.first in one.middle:
        return "middle"
    alike = JaroWinkler.normalized_similarity(one.first, other.first)
    return "similar" if alike >= _SIMILAR or _is_one_edit(one.first, other.first) else "different"


def _is_one_edit(one: str, other: str) -> bool:
    """True for words of three letters or more that a single slip turns into each other, in the first letter too.

    Jaro-Winkler, which looks at beginnings first, calls Bell and Yell, or Wei and Wie, different.
    """
    return min(len(one), len(other)) >= 3 and OSA.distance(one, other, score_cutoff=1) == 1


def _is_slip(one: str, other: str, names: GivenNames) -> bool:
    """True for two spellings of which one must be a slip: one letter, or two neighbouring letters swapped.

    Twins' names are often one letter apart (Daniel, Danielle; Leo, Lea; Marie, Maria), so: the first letter is the
    same, they are not short, at least one of them is nobody's name, and a single letter differs only inside the word
    and so that both sound the same.
    """
    if min(len(one), len(other)) < 4 or one[0] != other[0] or (names.is_known(one) and names.is_known(other)):
        return False
    if OSA.distance(one, other, score_cutoff=1) != 1:
        return False
    has_swap = sorted(one) == sorted(other)
    return has_swap or (one[-1] == other[-1] and soundex(one) == soundex(other))


def are_swapped(one: Name, other: Name) -> bool:
    """True when the one's family name is the other's given name and the reverse."""
    return (
        bool(one.first)
        and one.family in {other.first, other.given}
        and other.family in {one.first, one.given}
    )


def middle_names(one: Name, other: Name) -> str | None:
    """exact, initial, different."""
    if not one.middle or not other.middle:
        return None
    if not set(one.middle).isdisjoint(other.middle):
        return "exact" if any(len(word) > 1 for word in set(one.middle) & set(other.middle)) else "initial"
    initials = {word[0] for word in one.middle} & {word[0] for word in other.middle}
    either_is_short = any(len(word) == 1 for word in (*one.middle, *other.middle))
    return "initial" if initials and either_is_short else "different"


def generations(one: Name, other: Name) -> str | None:
    """exact, different."""
    if not one.generation or not other.generation:
        return None
    return "exact" if same_generation(one.generation, other.generation) else "different"


def birth_dates(one: date | None, other: date | None) -> str | None:
    """exact, swapped, slip, generation (a slip, over too many years), year (nothing else agrees), different."""
    if one is None or other is None:
        return None
    if one == other:
        return "exact"
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return "swapped"
    if _is_birth_slip(one, other):
        return "generation" if abs(one.year - other.year) >= GENERATION else "slip"
    return "year" if one.year == other.year else "different"


def _is_birth_slip(one: date, other: date) -> bool:
    """One digit, two neighbouring digits, the next day (a time zone) or the next year."""
    return (
        OSA.distance(_digits(one), _digits(other), score_cutoff=1) == 1
        or abs((one - other).days) == 1
        or (abs(one.year - other.year) == 1 and (one.month, one.day) == (other.month, other.day))
    )


def _digits(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def sexes(one: Sex, other: Sex) -> str | None:
    """exact, different; what is neither female nor male says nothing."""
    told = {Sex.FEMALE, Sex.MALE}
    if one not in told or other not in told:
        return None
    return "exact" if one is other else "different"


# Best first; the best pair of two people's places counts. A pair that may be one place, and says no more than that
# (the same city), stands between those that agree and those that contradict.
PLACES = ("home", "street", "close", "zip", "other-zip", "different")
_BEST_FIRST = (*PLACES[:4], None, *PLACES[4:])


def places(ones: Sequence[Place], others: Sequence[Address]) -> str | None:
    """home, street, close, zip, other-zip, different: of the pair that agrees best."""
    if len(ones) == len(others) == 1:
        return _place(ones[0], others[0])
    told = [one for one in ones if any(one)]
    found = {_place(one, other) for one in told for other in others if any(place(other))}
    return next((level for level in _BEST_FIRST if level in found), None)


def _place(one: Place, address: Address) -> str | None:
    if is_elsewhere(one, address):  # most are, and it is quickly seen
        return "different" if one.street and address.lines else "other-zip"
    other = place(address)
    if not one.street or not other.street:
        return "zip" if one.zip5 and one.zip5 == other.zip5 else None
    if one.number and other.number and one.number != other.number:
        return "different"
    if one.street == other.street and one.number == other.number:
        if one.zip5 and other.zip5 and one.zip5 != other.zip5 and one.city != other.city:
            return "close"
        return "home" if one.unit and one.unit == other.unit else "street"
    alike = JaroWinkler.normalized_similarity(one.street, other.street)
    return "close" if alike >= _STREET else "different"


def phones(ones: Set[str], others: Set[str]) -> str | None:
    """exact, different."""
    if not ones or not others:
        return None
    return "different" if ones.isdisjoint(others) else "exact"
