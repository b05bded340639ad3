"""How two values of one field agree: each function names the level, or None where nothing can be said.

The levels' weights are in `mappings/matching/weights.toml`; nothing here knows them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import Name, is_placeholder, same_generation
from gateway.matching.sounds import soundex
from gateway.matching.streets import Place
from gateway.model import Sex
from gateway.terminology import load_table

_similarity = load_table("matching/weights")["similarity"]
_CLOSE: float = _similarity["close"]
_SIMILAR: float = _similarity["similar"]
_STREET: float = _similarity["street"]
_CITY: float = _similarity["city"]

# Two birth dates further apart than this are never taken for one, however alike they are written: a parent and a
# child of one name may share day and month.
GENERATION = 13  # years
OLDEST_PARENT = 60
ANOTHER = 4  # digits at least in which a birth date differs that is not the same one written badly


def family_names(one: Name, other: Name) -> str | None:
    """exact, part, close, similar, different."""
    if one.family == other.family:
        return "exact" if one.family else None
    if not one.family or not other.family:
        return None
    if one.parts == other.parts or _is_same(one.family, one.other_family, other.family, other.other_family):
        return "exact"
    if one.parts < other.parts or other.parts < one.parts:
        return "part"
    alike = JaroWinkler.normalized_similarity(one.family, other.family)
    if alike >= _CLOSE:
        return "close"
    return "similar" if alike >= _SIMILAR or _is_nearly(one.family, other.family) else "different"


def given_names(one: Name, other: Name, names: GivenNames) -> str | None:
    """exact, nickname, spelling, middle, initial, slip (alike, and one of them nobody's name that is known), similar
    (alike, and two names), different; absent when neither side has one, unknown when one has none."""
    if not one.first and not other.first:
        return "absent"
    if _is_one_given_name(one, other):
        return "exact"
    if not one.first or not other.first or is_placeholder(one) or is_placeholder(other):
        return "unknown"
    if names.are_related(one.first, other.first):
        return "nickname"
    if names.sound_the_same(one.first, other.first) or _is_slip(one.first, other.first, names):
        return "spelling"
    if _is_middle(one.first, other) or _is_middle(other.first, one):
        return "middle"
    return _unlike(one.first, other.first, names)


def _is_one_given_name(one: Name, other: Name) -> bool:
    if is_placeholder(one) or is_placeholder(other):
        return one.given == other.given
    if one.first and (one.first in {other.first, other.given} or one.given in {other.first, other.given}):
        return True
    return _is_same(one.first, one.other_first, other.first, other.other_first)


def _is_middle(first: str, other: Name) -> bool:
    return len(first) > 1 and first in other.middle


def _unlike(one: str, other: str, names: GivenNames) -> str:
    """initial, slip, similar, different."""
    if len(one) == 1 or len(other) == 1:
        return "initial" if one[0] == other[0] else "different"
    alike = JaroWinkler.normalized_similarity(one, other)
    if alike < _SIMILAR and not _is_nearly(one, other):
        return "slip" if names.is_misspelt_form(one, other) else "different"
    return "similar" if names.is_known(one) and names.is_known(other) else "slip"


def _is_same(one: str, one_else: str, other: str, other_else: str) -> bool:
    """One of the spellings of the one is one of the other's."""
    return not {one, one_else or one}.isdisjoint((other, other_else or other))


def _is_nearly(one: str, other: str) -> bool:
    """True for words of three letters or more that a slip turns into each other, in the first letter too; of six
    letters or more two slips.

    Jaro-Winkler, which looks at beginnings first, calls Bell and Yell, or Wei and Wie, different.
    """
    short = min(len(one), len(other))
    most = 2 if short >= 6 else 1
    return short >= 3 and OSA.distance(one, other, score_cutoff=most) <= most


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
    """True when the one's family name is the other's given name and the reverse; a slip in one of the two, and one
    that is not known, are let pass."""
    crossed = _is_crossed(one, other), _is_crossed(other, one)
    return crossed in {(2, 2), (2, 1), (1, 2), (2, 0), (0, 2)}


def _is_crossed(one: Name, other: Name) -> int | None:
    """The one's family name against the other's given name: 2 the same, 1 nearly, 0 not known, None different."""
    if not one.family or not other.first:
        return 0
    if one.family in {other.first, other.given}:
        return 2
    return 1 if len(one.family) >= 4 and OSA.distance(one.family, other.first, score_cutoff=1) == 1 else None


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
    """exact, swapped, slip, generation (a slip, over too many years), half (year and month, or year and day), close
    (within some years, and month or day), year (the year alone), parent (years apart that parent and child may be),
    different."""
    if one is None or other is None:
        return None
    if one == other:
        return "exact"
    apart = abs(one.year - other.year)
    if apart == 0:
        return _in_one_year(one, other)
    if _is_birth_slip(one, other):
        return "generation" if apart >= GENERATION else "slip"
    if apart >= GENERATION:
        return "parent" if apart <= OLDEST_PARENT else "different"
    if (
        one.month == other.month
        or one.day == other.day
        or OSA.distance(_digits(one), _digits(other)) < ANOTHER
    ):
        return "close"
    return "different"


def _in_one_year(one: date, other: date) -> str:
    if (one.month, one.day) == (other.day, other.month):
        return "swapped"
    if _is_birth_slip(one, other):
        return "slip"
    return "half" if one.month == other.month or one.day == other.day else "year"


def _is_birth_slip(one: date, other: date) -> bool:
    """One digit, two neighbouring digits, the next day (a time zone) or the next year."""
    return (
        OSA.distance(_digits(one), _digits(other), score_cutoff=1) == 1
        or abs((one - other).days) == 1
        or (abs(one.year - other.year) == 1 and (one.month, one.day) == (other.month, other.day))
    )


@lru_cache(maxsize=20_000)
def _digits(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def sexes(one: Sex, other: Sex) -> str | None:
    """exact, different; what is neither female nor male says nothing."""
    told = {Sex.FEMALE, Sex.MALE}
    if one not in told or other not in told:
        return None
    return "exact" if one is other else "different"


# Best first; of several places the pair that agrees best counts.
STREETS = ("home", "street", "close", "road", "number", "different", "elsewhere")
TOWNS = ("exact", "zip", "city", "close", "namesake", "different")
Where = tuple[str | None, str | None]  # street and town
_RANK: dict[str | None, int] = {level: n for n, level in enumerate(STREETS)}
_TOWN_RANK: dict[str | None, int] = {level: n for n, level in enumerate(TOWNS)}


def places(ones: Sequence[Place], others: Sequence[Place]) -> Where:
    """The street (home, street, close, road, number, different, elsewhere) and the town (exact, zip, city, close,
    different) of the pair that agrees best. Elsewhere is another street in another town, and says both; the town is a
    namesake's when the street bears one name in two towns, as a Main Street does."""
    if not ones or not others:
        return None, None
    if len(ones) == len(others) == 1:
        return _place(ones[0], others[0])
    return min((_place(one, other) for one in ones for other in others), key=_place_rank)


def _place_rank(where: Where) -> tuple[float, float]:
    """A pair that says nothing stands between those that agree and those that contradict."""
    street, town = where
    return _RANK.get(street, 4.5), _TOWN_RANK.get(town, 3.5)


def _place(one: Place, other: Place) -> Where:
    town = _town(one, other)
    if not one.street or not other.street:
        return None, town
    street = _street(one, other)
    if town == "different":
        if street in {"road", "number", "different"}:
            return "elsewhere", None
        return ("street" if street == "home" else street), "namesake"
    return street, town


def _street(one: Place, other: Place) -> str:
    """home (number, street, and flat or further line), street (the first two), close (one with a slip, or without
    a number), road (street alone), number (number alone), different."""
    same_number = one.number == other.number
    if one.street == other.street:
        if not same_number:
            return "close" if not one.number or not other.number else _other_number(one, other)
        both = (one.unit and one.unit == other.unit) or (one.second and one.second == other.second)
        return "home" if both else "street"
    if _is_one_street(one, other):
        return "close" if same_number or not one.number or not other.number else "road"
    return "number" if same_number and one.number else "different"


def _other_number(one: Place, other: Place) -> str:
    """Two house numbers in one street: the next house but one is a neighbour's, and 42 for 24 a slip."""
    has_flat = one.unit and one.unit == other.unit
    is_swap = sorted(one.number) == sorted(other.number) and OSA.distance(one.number, other.number) == 1
    return "close" if is_swap or has_flat else "road"


def _is_one_street(one: Place, other: Place) -> bool:
    here, there = one.street.replace(" ", ""), other.street.replace(" ", "")
    if here in (there, other.second) or there == one.second:
        return True
    return JaroWinkler.similarity(here, there, score_cutoff=_STREET) >= _STREET


def _town(one: Place, other: Place) -> str | None:
    """exact (ZIP code and city), zip, city (the other one contradicts or is not known), close (a slip in one, and
    nothing better), different."""
    zips = None if not one.zip5 or not other.zip5 else OSA.distance(one.zip5, other.zip5, score_cutoff=1)
    if not one.city or not other.city:
        return None if zips is None else ("zip", "close", "different")[zips]
    if one.city == other.city:
        return "exact" if zips == 0 else "city"
    alike = JaroWinkler.similarity(one.city, other.city, score_cutoff=_CITY) >= _CITY or _is_slip_of_town(
        one, other
    )
    if zips == 0:
        return "exact" if alike else "zip"
    return "close" if alike or zips == 1 else "different"


def _is_slip_of_town(one: Place, other: Place) -> bool:
    """One letter, the first one too, which Jaro-Winkler looks at before all others; short names are often alike."""
    return (
        min(len(one.city), len(other.city)) >= 5 and OSA.distance(one.city, other.city, score_cutoff=1) <= 1
    )


def phones(ones: Set[str], others: Set[str]) -> str | None:
    """exact, slip (a digit, or two neighbouring ones), different."""
    if not ones or not others:
        return None
    if not ones.isdisjoint(others):
        return "exact"
    slip = any(OSA.distance(one, other, score_cutoff=1) == 1 for one in ones for other in others)
    return "slip" if slip else "different"


def emails(ones: Set[str], others: Set[str]) -> str | None:
    """exact, close (a slip or two), box (the same before the @), different."""
    if not ones or not others:
        return None
    if not ones.isdisjoint(others):
        return "exact"
    return min((_email(one, other) for one in ones for other in others), key=_EMAILS.index)


_EMAILS = ("close", "box", "different")


def _email(one: str, other: str) -> str:
    if OSA.distance(one, other, score_cutoff=3) <= min(3, len(one) // 5):
        return "close"
    return "box" if one.partition("@")[0] == other.partition("@")[0] else "different"
