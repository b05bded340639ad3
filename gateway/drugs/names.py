"""Reads the active ingredients out of a drug's name, as RxNorm writes it or as pharmacies print it.

Nothing is guessed. A name is read *whole* when every word in it is known (`mappings/drugs/ingredients.toml`); an
unknown word may be another ingredient, so what was found beside it is not the composition. A strength is given to an
ingredient only where the name leaves no choice. Pure functions over tables that are loaded once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from gateway.drugs.strengths import UNCLEAR, Strength, added, strength_of
from gateway.model import Ingredient
from gateway.terminology import load_table

_LONGEST = 400  # characters; RxNorm's longest names of controlled drugs stay below
_LONGEST_PHRASE = 3  # words
_PER_PATCH = {"patch", "patches", "ptch", "transdermal", "transderm", "td"}

_NUMBER = r"(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+)"
_MASS = r"(?:mcg|ug|mg|gm|g)(?![^\W\d_])"
_TOKEN = re.compile(
    rf"""
      (?P<strengths>{_NUMBER}\s*(?:{_MASS})?(?:\s*[-/]\s*{_NUMBER}\s*(?:{_MASS})?)*(?<=[a-z])
        (?:\s*/\s*(?P<per>{_NUMBER})?\s*
           (?P<of>ml|hours|hour|hr|h|actuation|actuat|spray|mg|gm|g|day|dose)(?![^\W\d_]))?)
    | (?P<skipped>{_NUMBER}\s*-?\s*(?:hours|hour|hr|h|actuat|ct|ea|pk|bead)(?![^\W\d_]) | \bnda[0-9]+)
    | (?P<volume>{_NUMBER}\s*ml(?![^\W\d_]))
    | (?P<other>{_NUMBER}\s*(?:%|units|unit|unt|meq|iu)(?![^\W\d_]))
    | (?P<word>[^\W\d_]+\d*)
    | (?P<numbers>\d+(?:\s*[-/]\s*\d+)*)
    """,
    re.VERBOSE,
)
_ONE_STRENGTH = re.compile(rf"({_NUMBER})\s*({_MASS})?")
_BRACKETS = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name says: its ingredients in their order, and whether every word of it is known."""

    ingredients: tuple[Ingredient, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Named:
    """Ingredients that one word or phrase names; a brand may name several."""

    names: tuple[str, ...]
    brand: bool


@cache
def ingredient_rows() -> Mapping[str, Mapping[str, Any]]:
    """The ingredients of `mappings/drugs/ingredients.toml` by name."""
    rows: Mapping[str, Mapping[str, Any]] = load_table("drugs/ingredients")["ingredient"]
    return rows


@cache
def _vocabulary() -> Mapping[str, _Named | None]:
    """Every known word or phrase; None for those that name no active ingredient."""
    table = load_table("drugs/ingredients")
    known: dict[str, _Named | None] = {word: None for words in table["words"].values() for word in words}
    for name, row in table["ingredient"].items():
        known.update((spelling, _Named((name,), brand=False)) for spelling in (name, *row.get("also", ())))
    known.update((brand, _Named(tuple(names), brand=True)) for brand, names in table["brand"].items())
    return known


@lru_cache(maxsize=8192)
def read_name(text: str) -> Reading:
    """The reading of a drug's name.

    >>> read_name("HYDROCODONE-ACETAMIN 5-325 MG").ingredients[0]
    Ingredient(name='hydrocodone', strength=Decimal('5'), unit='mg')
    >>> read_name("Oxycodone with something else").whole
    False
    """
    if len(text) > _LONGEST:
        return Reading((), whole=False)
    plain = text.casefold()
    name = _Scan(_BRACKETS.sub(" ", plain))
    brands = _Scan(" ".join(_BRACKETS.findall(plain)))  # RxNorm puts the brand in brackets
    found = _without_repeated_brands([*name.items, *_added_by_brand(brands.items, name.items)])
    ingredients = _compose(found, clear=name.clear and "{" not in plain, patch=name.patch)
    # An unknown brand adds nothing to a name that already states its ingredients.
    whole = (
        not name.unknown and (not brands.unknown or bool(name.items)) and not _too_many_numbers(found, name)
    )
    return Reading(ingredients, whole=whole and bool(ingredients))


def names_nothing(word: str) -> bool:
    """True when the word, in lower case, is known and names no active ingredient: a salt, a form, a packing."""
    known = _vocabulary()
    return word in known and known[word] is None


class _Scan:
    """One pass over a name: its ingredients and strengths in order, and what stands in the way of certainty."""

    def __init__(self, text: str) -> None:
        self.items: list[_Named | Strength] = []
        self.unknown = False
        self.patch = False
        self.clear = True  # False when a number is of unknown meaning
        self.numbers = 0  # the longest run of such numbers
        volume, words = False, list[str]()
        for token in _TOKEN.finditer(text):
            if token.lastgroup == "word":
                words.append(token["word"])
                continue
            self._take(words)
            words = []
            if token["strengths"]:
                self.items += _strengths(token)
            elif token["other"]:
                self.items.append(UNCLEAR)
            volume = volume or bool(token["volume"])
            if token["numbers"]:  # "5-325" without a unit
                self.clear = False
                self.numbers = max(self.numbers, len(re.findall(r"\d+", token["numbers"])))
        self._take(words)
        if volume and any(isinstance(i, Strength) and i.unit != "mg/mL" for i in self.items):
            self.clear = False  # "10 mg 1 ml": the amount in the container, or in each mL

    def _take(self, words: list[str]) -> None:
        """Look up a run of words, longest phrase first."""
        known = _vocabulary()
        at = 0
        while at < len(words):
            for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + length])
                if phrase in known:
                    named = known[phrase]
                    if named is not None:
                        self.items.append(named)
                    break
            else:
                self.unknown, length = True, 1
            self.patch = self.patch or words[at] in _PER_PATCH
            at += length


def _strengths(token: re.Match[str]) -> Iterator[Strength]:
    """The strengths of `5 mg`, `5-325 mg`, `10 mg/5 mL`, `7.5-325 mg/15 mL`, `25 mcg/h`: the last unit serves all."""
    end = token.start("of") if token["of"] else token.end()
    if token["per"]:
        end = token.start("per")
    stated = _ONE_STRENGTH.findall(token.string[token.start() : end])
    last = stated[-1][1]
    per = Decimal((token["per"] or "1").replace(",", ""))
    for number, unit in stated:
        yield strength_of(Decimal(number.replace(",", "")), unit or last, per, token["of"])


def _added_by_brand(
    brands: list[_Named | Strength], stated: list[_Named | Strength]
) -> list[_Named | Strength]:
    """What the brackets say beyond the name: nothing for `[Tylenol with Codeine]` after its two ingredients."""
    if not stated:
        return brands
    names = {name for item in stated if isinstance(item, _Named) for name in item.names}
    return [item for item in brands if isinstance(item, _Named) and not names.issuperset(item.names)]


def _without_repeated_brands(items: list[_Named | Strength]) -> list[_Named | Strength]:
    """Leave out brands that only repeat what the name states by ingredient: `Clonazepam [Klonopin]`."""
    stated = {name for item in items if isinstance(item, _Named) and not item.brand for name in item.names}
    return [
        item
        for item in items
        if not (isinstance(item, _Named) and item.brand and stated.issuperset(item.names))
    ]


def _too_many_numbers(found: list[_Named | Strength], name: _Scan) -> bool:
    """True for `Oxycodone 5-325 mg`: a second strength speaks of an ingredient that is not named."""
    strengths = sum(isinstance(item, Strength) for item in found)
    return max(strengths, name.numbers) > sum(len(item.names) for item in found if isinstance(item, _Named))


def _compose(items: list[_Named | Strength], *, clear: bool, patch: bool) -> tuple[Ingredient, ...]:
    names = [name for item in items if isinstance(item, _Named) for name in item.names]
    strengths = [item for item in items if isinstance(item, Strength)]
    pairs: Iterable[tuple[str, Strength]] = ((name, UNCLEAR) for name in names)
    if clear and len(names) == len(strengths) and _in_step(items):
        pairs = zip(names, strengths, strict=True)
    parts: dict[str, Strength] = {}
    for name, stated in pairs:
        strength = UNCLEAR if patch and stated.unit != "mcg/h" else stated  # a patch's content is no rate
        parts[name] = added(parts[name], strength) if name in parts else strength
    return tuple(Ingredient(name=name, strength=s.value, unit=s.unit) for name, s in parts.items())


def _in_step(items: list[_Named | Strength]) -> bool:
    """True for name-strength pairs, strength-name pairs, and all names followed by all strengths."""
    pattern = "".join("S" if isinstance(i, Strength) else "I" * len(i.names) for i in items)
    return bool(re.fullmatch(r"(?:IS)+|(?:SI)+|I+S+", pattern))
