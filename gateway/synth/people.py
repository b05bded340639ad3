"""Who somebody truly is: demographics now, and what they were before.

One thing at most changes in a life here, a family name or an address, and the phone number stays when it does: a
person of whom everything changes at once cannot be followed by anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from gateway.model import Address, Person, PersonName, Sex, Species
from gateway.synth.blocks import Plan, Relation, Trait
from gateway.synth.names import book
from gateway.synth.places import dwelling, phone
from gateway.synth.typos import day_and_month_swapped, digit

_AGES = {"stimulant": (7, 60), "pregnant": (18, 40), "none": (1, 95), "hormone": (35, 80), "liquid": (12, 80)}
_ADULT = (18, 92)
_PARENT = (52, 85)
_MARRYING = (22, 60)
_GRADUATED = (30, 85)
_GENERATION = (25, 30)  # years between senior and junior


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A human's true demographics. `former_*` is what was true in the earlier part of the history."""

    family: str
    given: tuple[str, ...]
    born: date
    sex: Sex
    address: Address
    phone: str | None
    prefix: str | None = None
    suffix: str | None = None
    former_family: str | None = None
    former_address: Address | None = None

    @property
    def person(self) -> Person:
        """As he or she would be looked up today."""
        return Person(
            names=(PersonName(family=self.family, given=self.given, prefix=self.prefix, suffix=self.suffix),),
            birth_date=self.born,
            sex=self.sex,
            addresses=(self.address,),
            phones=(self.phone,) if self.phone else (),
        )


def truth(rng: Random, plan: Plan, until: date, before: Truth | None) -> Truth:
    """The person of that plan.

    :param before: the person before, to whom this one may be related.
    """
    if before is not None and plan.relation is not Relation.NONE:
        return _RELATED[plan.relation](rng, before)
    sex = Sex.FEMALE if _is_woman(plan) or (rng.randrange(2) and not _is_man(plan)) else Sex.MALE
    low, high = _ages(plan)
    one = Truth(
        family=rng.choice(book().family),
        given=_given(rng, sex),
        born=until - timedelta(days=rng.randint(low * 365, high * 365)),
        sex=sex,
        address=dwelling(rng),
        phone=phone(rng),
        suffix="Sr" if plan.leads is Relation.JUNIOR else None,
    )
    return _TRAITS.get(plan.trait, _as_is)(rng, one)


def animal(rng: Random, owner: Truth, until: date) -> Person:
    """A veterinary patient: it lives with its owner and has the owner's family name."""
    age = timedelta(days=rng.randint(200, 5000))
    return Person(
        names=(PersonName(family=owner.family, given=(rng.choice(book().animals),)),),
        birth_date=until - age if rng.randrange(3) else None,
        sex=rng.choice((Sex.FEMALE, Sex.MALE, Sex.UNKNOWN)),
        addresses=(owner.address,),
        phones=(owner.phone,) if owner.phone else (),
        species=Species.VETERINARY,
        owner=Person(names=owner.person.names, birth_date=owner.born),
    )


def _ages(plan: Plan) -> tuple[int, int]:
    if plan.leads is Relation.JUNIOR:
        return _PARENT
    if plan.trait in {Trait.MARRIED, Trait.MAIDEN} and plan.story != "pregnant":
        return _MARRYING
    if plan.trait is Trait.PREFIX and plan.story != "pregnant":
        return _GRADUATED
    return _AGES.get(plan.story, _ADULT)


def _is_woman(plan: Plan) -> bool:
    return plan.story == "pregnant" or plan.trait in {Trait.MARRIED, Trait.MAIDEN}


def _is_man(plan: Plan) -> bool:
    return plan.leads is Relation.JUNIOR or plan.trait is Trait.SUFFIX


def _given(rng: Random, sex: Sex, *, apart_from: str = "") -> tuple[str, ...]:
    names = book().female if sex is Sex.FEMALE else book().male
    first, middle = rng.choice(names), rng.choice(names)
    while first == apart_from:
        first = rng.choice(names)
    while middle == first:
        middle = rng.choice(names)
    style = rng.randrange(8)
    if style < 3:
        return (first, middle)
    if style < 6:
        return (first, middle[0])
    return (first,)


# --- traits ---------------------------------------------------------------------------------------------------


def _as_is(rng: Random, one: Truth) -> Truth:
    return one


def _married(rng: Random, one: Truth) -> Truth:
    former = rng.choice([name for name in book().family if name != one.family])
    return replace(one, former_family=former)


def _moved(rng: Random, one: Truth) -> Truth:
    return replace(one, former_address=dwelling(rng))


def _nicknamed(rng: Random, one: Truth) -> Truth:
    names = book().female if one.sex is Sex.FEMALE else book().male
    formal = rng.choice([name for name in names if name in book().nicknames])
    return replace(one, given=(formal, *(middle for middle in one.given[1:] if middle != formal)))


def _with_middle_name(rng: Random, one: Truth) -> Truth:
    names = book().female if one.sex is Sex.FEMALE else book().male
    return replace(one, given=(one.given[0], rng.choice([name for name in names if name != one.given[0]])))


def _swappable_birth(rng: Random, one: Truth) -> Truth:
    """Born on a day that is also a month."""
    born = one.born.replace(day=one.born.month % 12 + 1)
    if day_and_month_swapped(born) is None:
        raise AssertionError("a day from 1 to 12 that is not the month's number can be swapped")
    return replace(one, born=born)


def _family_from(names: Callable[[], tuple[str, ...]]) -> Callable[[Random, Truth], Truth]:
    return lambda rng, one: replace(one, family=rng.choice(names()))


_TRAITS: Mapping[Trait, Callable[[Random, Truth], Truth]] = {
    Trait.MARRIED: _married,
    Trait.MAIDEN: _married,
    Trait.MOVED: _moved,
    Trait.NICKNAME: _nicknamed,
    Trait.INITIAL: _with_middle_name,
    Trait.LETTER: _family_from(lambda: tuple(n for n in book().family if len(n) > 4)),
    Trait.TRANSPOSED: _family_from(lambda: tuple(n for n in book().family if len(n) > 4)),
    Trait.BIRTH_SWAPPED: _swappable_birth,
    Trait.ACCENTED: _family_from(lambda: book().accented),
    Trait.APOSTROPHE: _family_from(lambda: book().apostrophe),
    Trait.HYPHENATED: _family_from(lambda: book().hyphenated),
    Trait.LONG: _family_from(lambda: book().long),
    Trait.SUFFIX: lambda rng, one: replace(one, suffix=rng.choice(("Jr", "III"))),
    Trait.PREFIX: lambda rng, one: replace(one, prefix="Dr"),
    Trait.NO_PHONE: lambda rng, one: replace(one, phone=None),
}


# --- relations ------------------------------------------------------------------------------------------------


def _twin(rng: Random, before: Truth) -> Truth:
    sex = rng.choice((before.sex, Sex.FEMALE, Sex.MALE))
    return replace(before, given=_given(rng, sex, apart_from=before.given[0]), sex=sex)


def _namesake(rng: Random, before: Truth) -> Truth:
    """The same names and birth date; somebody else, who lives elsewhere."""
    return replace(before, address=dwelling(rng), phone=_another_phone(rng, before))


def _near_namesake(rng: Random, before: Truth) -> Truth:
    return replace(_namesake(rng, before), born=digit(rng, before.born))


def _junior(rng: Random, before: Truth) -> Truth:
    """A son of the same name in the same house, with a telephone of his own."""
    years = timedelta(days=rng.randint(_GENERATION[0] * 365, _GENERATION[1] * 365))
    return replace(before, suffix="Jr", born=before.born + years, phone=_another_phone(rng, before))


def _another_phone(rng: Random, before: Truth) -> str:
    return phone(rng, apart_from=(before.phone,) if before.phone else ())


_RELATED: Mapping[Relation, Callable[[Random, Truth], Truth]] = {
    Relation.TWIN: _twin,
    Relation.NAMESAKE: _namesake,
    Relation.NEAR_NAMESAKE: _near_namesake,
    Relation.JUNIOR: _junior,
}
