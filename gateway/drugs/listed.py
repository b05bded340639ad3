"""A product as a list states it, put into the model's terms: base names, strengths per dose unit, class and schedule.

The list is believed in what it states (substances, schedule); class comes from the ingredient table. Nothing is
guessed: what cannot be put into the model's terms is left out, and said in a remark. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gateway.drugs.conclusions import class_of, schedule_of
from gateway.drugs.names import ingredient_rows, names_nothing, read_name
from gateway.drugs.strengths import UNCLEAR, Strength, added
from gateway.model import Drug, DrugClass, Ingredient, Schedule

_UNIT_WORDS = {"mg": "MG", "mcg": "MCG", "mg/mL": "MG/ML", "mcg/h": "MCG/HR"}
_WORD = re.compile(r"[^\W_]+")
_SCHEDULE = re.compile(r"(?:schedule|c)?[\s-]*(?:([1-5])|(v|iv|i{1,3}))n?", re.IGNORECASE)
_SCHEDULES = (Schedule.CI, Schedule.CII, Schedule.CIII, Schedule.CIV, Schedule.CV)
_ROMAN = ("i", "ii", "iii", "iv", "v")
_NOT_SCHEDULED = {"none", "no", "rx", "otc", "0", "6", "code 6", "not scheduled", "unscheduled"}


class Remark(StrEnum):
    """What is not known of a product that was accepted all the same."""

    NO_SUBSTANCE = "its ingredients are not stated"
    NOT_IN_STEP = "as many strengths or units are not stated as ingredients"
    NO_STRENGTH = "an ingredient has no strength per dose unit, mL or hour"
    TOTAL = "the strength is the total of a mixture, and no ingredient's own"
    UNKNOWN_SUBSTANCE = "it is scheduled, and no ingredient of it is in the ingredient table"
    UNREADABLE_SCHEDULE = "its schedule cannot be read"
    OTHER_SCHEDULE = "its schedule is not the one that follows from its ingredients; the list's was taken"
    NO_SCHEDULE = "it stands without a schedule, and one follows from its ingredients, which was taken"
    OTHER_CLASS = "its class is not the one of its ingredients, which was taken"


@dataclass(frozen=True, slots=True)
class Substance:
    """An active ingredient as a list names it, salt and all."""

    name: str
    strength: Strength = UNCLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a list states of one product. `schedule` is None where it leaves that open, NONE where it says so."""

    substances: tuple[Substance, ...] = ()
    name: str | None = None
    dose_form: str | None = None
    route: str | None = None
    schedule: Schedule | None = None
    drug_class: DrugClass | None = None


@lru_cache(maxsize=10_000)  # one after the other, many makers' lines are alike
def product_of(stated: Stated) -> tuple[Drug, tuple[Remark, ...]]:
    """The product without codes, and what is not known of it."""
    ingredients, remarks = _ingredients(stated)
    bases = tuple(i for i in ingredients if i.name in ingredient_rows())
    drug_class = class_of(ingredients, whole=True)
    if drug_class is DrugClass.UNKNOWN and ingredients:
        drug_class = stated.drug_class or DrugClass.OTHER
    elif drug_class is DrugClass.UNKNOWN:
        drug_class = stated.drug_class or drug_class
    elif stated.drug_class not in {None, drug_class}:
        remarks.append(Remark.OTHER_CLASS)
    follows = schedule_of(ingredients) if bases and len(bases) == len(ingredients) else None
    schedule = stated.schedule
    if schedule in {None, Schedule.NONE}:
        if schedule is not None and follows not in {None, Schedule.NONE}:
            remarks.append(Remark.NO_SCHEDULE)
        schedule = follows or schedule
    elif follows not in {None, schedule}:
        remarks.append(Remark.OTHER_SCHEDULE)
    if schedule not in {None, Schedule.NONE} and ingredients and not _is_any_classed(ingredients):
        remarks.append(Remark.UNKNOWN_SUBSTANCE)
    drug = Drug(
        name=_name(stated),
        ingredients=ingredients,
        dose_form=stated.dose_form,
        route=stated.route,
        schedule=schedule,
        drug_class=drug_class,
    )
    return drug, tuple(remarks)


@lru_cache(maxsize=20_000)
def base_names(name: str) -> tuple[str, ...]:
    """What a substance is in the ingredient table's names; its own in lower case when it is not understood whole.

    >>> base_names("HYDROCODONE BITARTRATE"), base_names("METFORMIN HYDROCHLORIDE")
    (('hydrocodone',), ('metformin hydrochloride',))
    """
    reading = read_name(name)
    return (
        tuple(i.name for i in reading.ingredients) if reading.whole else (" ".join(name.split()).casefold(),)
    )


def read_schedule(text: str) -> Schedule | None:
    """A DEA schedule as lists write it; None when it is none.

    >>> read_schedule("CII"), read_schedule("C-IV"), read_schedule("Schedule 3"), read_schedule("2N")
    (<Schedule.CII: 'CII'>, <Schedule.CIV: 'CIV'>, <Schedule.CIII: 'CIII'>, <Schedule.CII: 'CII'>)
    """
    if text.strip().casefold() in _NOT_SCHEDULED:
        return Schedule.NONE
    found = _SCHEDULE.fullmatch(text.strip())
    if found is None:
        return None
    return _SCHEDULES[int(found[1]) - 1 if found[1] else _ROMAN.index(found[2].casefold())]


def _ingredients(stated: Stated) -> tuple[tuple[Ingredient, ...], list[Remark]]:
    parts: dict[str, Strength] = {}
    for substance in stated.substances:
        bases = base_names(substance.name)
        strength = substance.strength if len(bases) == 1 else UNCLEAR  # a total is no ingredient's own
        if _is_patch(stated) and strength.unit != "mcg/h":
            strength = UNCLEAR  # a patch's content is no rate
        for base in bases:
            parts[base] = added(parts[base], strength) if base in parts else strength
    remarks = [] if parts else [Remark.NO_SUBSTANCE]
    if any(s.value is None for s in parts.values()):
        remarks.append(Remark.NO_STRENGTH)
    return tuple(Ingredient(name=n, strength=s.value, unit=s.unit) for n, s in parts.items()), remarks


def _is_patch(stated: Stated) -> bool:
    words = f"{stated.dose_form or ''} {stated.route or ''}".casefold()
    return "patch" in words or "transdermal" in words


def _is_any_classed(ingredients: Iterable[Ingredient]) -> bool:
    return any("class" in ingredient_rows().get(i.name, {}) for i in ingredients)


def _name(stated: Stated) -> str | None:
    """In RxNorm's manner: substances with their strengths, the form, and in brackets the name that is its own."""
    stated_name = " ".join((stated.name or "").replace("[", " ").replace("]", " ").split())
    if not stated.substances:
        return stated_name or None
    texts = [" ".join(s.name.split()).lower() for s in stated.substances]
    strengths = [_strength_words(s.strength) for s in stated.substances]
    said = " / ".join(f"{name} {strength}".strip() for name, strength in zip(texts, strengths, strict=True))
    name = f"{said} {stated.dose_form or ''}".strip()
    words = set(_WORD.findall(" ".join(texts)))
    own = [
        word
        for word in _WORD.findall(stated_name.casefold())
        if word not in words and not word.isdigit() and not names_nothing(word)
    ]
    return f"{name} [{stated_name}]" if own else name


def _strength_words(strength: Strength) -> str:
    if strength.value is None or strength.unit is None:
        return ""
    return f"{strength.value} {_UNIT_WORDS[strength.unit]}"
