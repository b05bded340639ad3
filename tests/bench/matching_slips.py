"""The matcher on requests with a slip: how many are a match, ambiguous, nobody, or somebody else's. Run by hand:

    python -m tests.bench.matching_slips [SEED ...]

Everybody of a synthetic population of 300 who has fills is looked up with each slip, by name and birth date alone
(`bare`) and with address, sex and phone number as well (`all`). The slips are made here, at random, and are none of
`gateway.synth`'s.
"""

from __future__ import annotations

import string
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from gateway.matching import Ambiguous, Match
from gateway.model import Person, Sex, Species
from gateway.synth import generate
from gateway.synth.names import book
from tests.unit.matching.people import Memory

Slip = Callable[[Random, Person], Person | None]  # None where it cannot be made


def _letter(rng: Random, word: str) -> str | None:
    places = [at for at in range(1, len(word)) if word[at].isalpha()]
    if len(word) < 3 or not places:
        return None
    at = rng.choice(places)
    return word[:at] + rng.choice(string.ascii_lowercase.replace(word[at].lower(), "")) + word[at + 1 :]


def _first_letter(rng: Random, word: str) -> str | None:
    return rng.choice(string.ascii_uppercase.replace(word[0], "")) + word[1:] if len(word) >= 3 else None


def _left_out(rng: Random, word: str) -> str | None:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :] if len(word) >= 4 else None


def _added(rng: Random, word: str) -> str:
    at = rng.randrange(1, len(word) + 1)
    return word[:at] + rng.choice(string.ascii_lowercase) + word[at:]


def _neighbours(rng: Random, word: str) -> str | None:
    places = [at for at in range(1, len(word) - 1) if word[at] != word[at + 1]]
    if not places:
        return None
    at = rng.choice(places)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _nickname(rng: Random, word: str) -> str | None:
    return rng.choice(names) if (names := book().nicknames.get(word)) else None


def _family(change: Callable[[Random, str], str | None]) -> Slip:
    def slip(rng: Random, person: Person) -> Person | None:
        family = change(rng, person.name.family)
        return replace(person, names=(replace(person.name, family=family),)) if family else None

    return slip


def _given(change: Callable[[Random, str], str | None]) -> Slip:
    def slip(rng: Random, person: Person) -> Person | None:
        first, *others = person.name.given
        given = change(rng, first)
        return replace(person, names=(replace(person.name, given=(given, *others)),)) if given else None

    return slip


def _born(change: Callable[[Random, date], date]) -> Slip:
    def slip(rng: Random, person: Person) -> Person | None:
        assert person.birth_date
        try:
            return replace(person, birth_date=change(rng, person.birth_date))
        except ValueError:  # no such day
            return None

    return slip


def _digits(change: Callable[[Random, str], str | None]) -> Slip:
    return _born(lambda rng, day: date.fromisoformat(change(rng, f"{day:%Y%m%d}") or ""))


def _digit(rng: Random, digits: str) -> str:
    at = rng.randrange(2, 8)
    return digits[:at] + rng.choice(string.digits.replace(digits[at], "")) + digits[at + 1 :]


def _both(one: Slip, other: Slip) -> Slip:
    def slip(rng: Random, person: Person) -> Person | None:
        slipped = one(rng, person)
        return other(rng, slipped) if slipped else None

    return slip


# One slip, after which nobody who is in the record may be taken for unknown.
SINGLE: dict[str, Slip] = {
    "none": lambda _, person: person,
    "middle names left out": lambda _, p: replace(p, names=(replace(p.name, given=p.name.given[:1]),)),
    "nickname": _given(_nickname),
    "initial for given name": _given(lambda _, given: given[0]),
    **{
        f"{of}: {what}": made(how)
        for of, made in (("family name", _family), ("given name", _given))
        for what, how in (("letter", _letter), ("first letter", _first_letter), ("letter left out", _left_out),
                          ("letter added", _added), ("letters swapped", _neighbours))
    },
    "names swapped": lambda _, p: replace(
        p, names=(replace(p.name, family=p.name.given[0], given=(p.name.family,)),)
    ),
    "birth date: day and month swapped": _born(lambda _, d: date(d.year, d.day, d.month)),
    "birth date: digit": _digits(_digit),
    "birth date: next year": _born(lambda rng, d: d.replace(year=d.year + rng.choice((-1, 1)))),
}  # fmt: skip
# What only an address or a phone number can bring to light.
WITH_CONTACT: dict[str, Slip] = {
    "family name: another": _family(lambda rng, _: rng.choice(book().family)),
    "birth date: next day": _born(lambda rng, d: d + timedelta(days=rng.choice((-1, 1)))),
    "birth date: digits swapped": _digits(_neighbours),
    "birth date: first of January": _born(lambda _, d: date(d.year, 1, 1)),
    "family and given name: letter": _both(_family(_letter), _given(_letter)),
    "family name: letter; birth date: digit": _both(_family(_letter), _digits(_digit)),
}
# Two digits or more of the birth date: out of reach.
BEYOND: dict[str, Slip] = {"birth date: ten years": _born(lambda _, d: d.replace(year=d.year - 10))}


def tally(seed: int, slips: dict[str, Slip]) -> dict[tuple[str, str], Counter[str]]:
    """By slip and `bare` or `all`: how many requests ended as match, ambiguous, nobody or wrong."""
    people = list(generate(patients=300, years=2, seed=seed, until=date(2026, 11, 1)))
    record, keys_of = Memory(), defaultdict[int, set[str]](set)
    fills = sorted((d.filled, who, n) for who, p in enumerate(people) for n, d in enumerate(p.dispensations))
    for _, who, n in fills:
        keys_of[who].add(record.link(people[who].dispensations[n].person))
    rng, found = Random(seed), defaultdict[tuple[str, str], Counter[str]](Counter)
    for who, one in enumerate(people):
        if one.person.species is Species.VETERINARY or not one.dispensations:
            continue
        for name, slip in slips.items():
            asked = slip(rng, one.person)
            if asked is None:
                continue
            bare = replace(asked, addresses=(), phones=(), sex=Sex.UNKNOWN)
            for how, request in (("bare", bare), ("all", asked)):
                found[name, how][_ended(record, request, keys_of[who])] += 1
    return found


def _ended(record: Memory, request: Person, right: set[str]) -> str:
    decision = record.look_up(request)
    if isinstance(decision, Match):
        return "match" if decision.person_key in right else "wrong"
    return "ambiguous" if isinstance(decision, Ambiguous) else "nobody"


def main() -> None:
    """Print the table."""
    total = defaultdict[tuple[str, str], Counter[str]](Counter)
    for seed in map(int, sys.argv[1:] or ("1", "2", "7")):
        for row, ended in tally(seed, SINGLE | WITH_CONTACT | BEYOND).items():
            total[row] += ended
    for (name, how), ended in total.items():
        shares = (f"{what} {ended[what] / ended.total():.3f}" for what in ("match", "ambiguous", "nobody"))
        row = " ".join((f"{name:40} {how:5} {ended.total():5}", *shares, f"wrong {ended['wrong']}"))
        sys.stdout.write(row + "\n")


if __name__ == "__main__":
    main()
