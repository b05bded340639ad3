"""Slips of the pen: one to a call, never in the first letter, and never the word as it was."""

from __future__ import annotations

import unicodedata
from datetime import date
from random import Random

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 4  # a slip in a shorter word makes another name of it


def letter(rng: Random, word: str) -> str:
    """One letter other, doubled or left out; words of fewer than four letters stay as they are."""
    places = [i for i in range(1, len(word)) if word[i].isalpha()]
    if len(word) < _SHORTEST or not places:
        return word
    at = rng.choice(places)
    how = rng.randrange(3)
    if how == 0:
        other = rng.choice([c for c in _LETTERS if c != word[at].lower()])
        return word[:at] + other + word[at + 1 :]
    return word[:at] + word[at].lower() * 2 + word[at + 1 :] if how == 1 else word[:at] + word[at + 1 :]


def transposed(rng: Random, word: str) -> str:
    """Two neighbouring letters in each other's place; the word itself when no two differ."""
    places = [
        i
        for i in range(1, len(word) - 1)
        if word[i].isalpha() and word[i + 1].isalpha() and word[i] != word[i + 1]
    ]
    if len(word) < _SHORTEST or not places:
        return word
    at = rng.choice(places)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def plain(word: str) -> str:
    """Without accents, apostrophes and hyphens, as systems write that know none of them."""
    letters = unicodedata.normalize("NFD", word)
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return kept.replace("'", "").replace("-", " ")


def day_and_month_swapped(day: date) -> date | None:
    """The date with day and month in each other's place; None where that is no date or the same."""
    if day.day > 12 or day.day == day.month:
        return None
    return day.replace(month=day.day, day=day.month)


def digit(rng: Random, day: date) -> date:
    """The date with one digit of its day other, in the same month."""
    tens, units = divmod(day.day, 10)
    options = [t * 10 + units for t in range(4) if t != tens] + [
        tens * 10 + u for u in range(10) if u != units
    ]
    return day.replace(day=rng.choice([d for d in options if 1 <= d <= 28]))
