"""A made-up American population with truth, as rows of a CSV: households, twins, Sr and Jr, namesakes, people who
marry, move and are written badly. Nothing of it is in the matcher's tables but the given names themselves."""

from __future__ import annotations

import csv
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from gateway.synth.names import book
from gateway.synth.places import atlas

COLUMNS = (
    "first_name", "middle_name", "last_name", "suffix", "dob", "sex", "street", "address_2", "city", "state", "zip",
    "phone", "email", "cluster",
)  # fmt: skip
_ENDINGS = ("s", "ez", "sky", "man", "er")
_MAIL = ("example.com", "example.org", "example.net", "mail.example")


@dataclass(frozen=True)
class Shape:
    """What the population is like: shares of people who have each of these."""

    twins: float = 0.02
    juniors: float = 0.02
    households: float = 0.2
    namesakes: float = 0.005
    married: float = 0.04
    moved: float = 0.1
    noise: float = 0.25  # of each of four chances that a row is written badly
    missing: float = 0.06  # of each field that may be missing


@dataclass(frozen=True)
class _Home:
    street: str
    second: str
    city: str
    zip: str


@dataclass
class _Human:
    first: str
    middle: str
    last: str
    born: date
    sex: str
    home: _Home
    phone: str
    email: str
    suffix: str = ""
    maiden: str | None = None
    before: tuple[_Home, str] | None = None


@dataclass
class Population:
    """Makes people, then rows."""

    rng: Random
    shape: Shape = field(default_factory=Shape)
    people: list[_Human] = field(default_factory=list)

    def rows(self, count: int) -> list[dict[str, str]]:
        """The rows of that many people, in no order."""
        while len(self.people) < count:
            self._somebody()
        rows = []
        for cluster, human in enumerate(self.people):
            for _ in range(1 if self.rng.random() < 0.5 else self.rng.randrange(2, 5)):
                rows.append({**self._row(human), "cluster": str(cluster)})
        self.rng.shuffle(rows)
        return rows

    def _common(self, options: Sequence[str]) -> str:
        """The first ones are the commonest."""
        return options[int(len(options) * self.rng.random() ** 2)]

    def _given(self, sex: str) -> str:
        return self._common(book().female if sex == "F" else book().male)

    def _home(self) -> _Home:
        town, rng = self.rng.choice(atlas().home), self.rng
        street = f"{rng.randrange(1, 900)} {rng.choice(atlas().streets)} {rng.choice(atlas().kinds)}"
        return _Home(
            street, f"Apt {rng.randrange(1, 40)}" if rng.random() < 0.25 else "", town.name, town.postal_code
        )

    def _number(self) -> str:
        rng = self.rng
        return f"{rng.choice(('203', '860', '475'))}{rng.randrange(200, 999)}{rng.randrange(10_000):04}"

    def _human(self, like: _Human | None = None, sex: str | None = None, first: str | None = None) -> _Human:
        rng = self.rng
        sex = sex or rng.choice("MF")
        families = [
            *book().family,
            *book().hyphenated,
            *(f[:-1] + end for f in book().family[:120] for end in _ENDINGS),
        ]
        first, last = first or self._given(sex), like.last if like else self._common(families)
        who = first.lower() if rng.random() < 0.5 else first[0].lower()
        human = _Human(
            first=first,
            middle=self._given(sex),
            last=last,
            born=like.born if like else date(1930, 1, 1) + timedelta(days=rng.randrange(33_000)),
            sex=sex,
            home=like.home if like else self._home(),
            phone=like.phone if like else self._number(),
            email=f"{who}.{last.lower().replace(' ', '')}{rng.randrange(100)}@{rng.choice(_MAIL)}",
            maiden=self._common(families) if sex == "F" and rng.random() < self.shape.married else None,
        )
        if rng.random() < self.shape.moved:
            human.before = self._home(), human.phone if rng.random() < 0.6 else self._number()
        self.people.append(human)
        return human

    def _somebody(self) -> None:
        rng, shape = self.rng, self.shape
        one, chance = self._human(), rng.random()
        if chance < shape.twins:
            sex = rng.choice("MF") if rng.random() < 0.4 else one.sex
            other = self._human(one, sex)
            while other.first == one.first:
                other.first = self._given(sex)
        elif chance < shape.twins + shape.juniors:
            one.suffix = "Sr"
            junior = self._human(one, one.sex, one.first)
            junior.born, junior.suffix = one.born + timedelta(days=rng.randrange(7300, 14_600)), "Jr"
            if rng.random() < 0.5:
                junior.middle = one.middle
        elif chance < shape.twins + shape.juniors + shape.households:
            for _ in range(rng.randrange(1, 4)):
                other = self._human(one)
                other.born = one.born + timedelta(days=rng.randrange(-4000, 12_000))
                other.phone = one.phone if rng.random() < 0.6 else self._number()
        elif chance < shape.twins + shape.juniors + shape.households + shape.namesakes:
            namesake = self._human(None, one.sex, one.first)
            namesake.last, namesake.born = one.last, one.born

    def _row(self, human: _Human) -> dict[str, str]:
        rng, shape = self.rng, self.shape
        home, phone = human.home, human.phone
        if human.before and rng.random() < 0.4:
            home, phone = human.before
        middle = human.middle if rng.random() < 0.5 else human.middle[0] if rng.random() < 0.5 else ""
        row = {
            "first_name": human.first,
            "middle_name": middle,
            "last_name": human.maiden if human.maiden and rng.random() < 0.4 else human.last,
            "suffix": human.suffix if rng.random() < 0.6 else "",
            "dob": human.born.isoformat(),
            "sex": human.sex,
            "street": home.street,
            "address_2": home.second,
            "city": home.city,
            "state": "CT",
            "zip": home.zip,
            "phone": phone,
            "email": human.email,
        }
        nicknames = book().nicknames.get(human.first)
        if nicknames and rng.random() < 0.2:
            row["first_name"] = rng.choice(nicknames)
        for _ in range(4):
            if rng.random() < shape.noise:
                self._spoil(row, human)
        for column in ("middle_name", "suffix", "sex", "phone", "email", "zip", "street"):
            if rng.random() < shape.missing:
                row[column] = ""
        if rng.random() < shape.missing / 4:
            row["dob"] = ""
        return row

    def _spoil(self, row: dict[str, str], human: _Human) -> None:
        rng = self.rng
        what = rng.choice(
            ("first_name", "last_name", "street", "email", "phone", "zip", "dob", "day", "case", "swap")
        )
        if what in {"first_name", "last_name", "street", "email"}:
            row[what] = _slip(rng, row[what])
        elif what in {"phone", "zip"}:
            row[what] = _digit(rng, row[what], range(len(row[what])))
        elif what == "dob":
            row["dob"] = _digit(rng, row["dob"], (2, 3, 6, 9))
        elif what == "day":
            born = human.born
            is_swap = born.day <= 12 and rng.random() < 0.5
            told = (
                date(born.year, born.day, born.month)
                if is_swap
                else born + timedelta(days=rng.choice((-1, 1)))
            )
            row["dob"] = told.strftime("%m/%d/%Y")
        elif what == "case":
            row.update({key: value.upper() for key, value in row.items()})
        elif rng.random() < 0.2:
            row["first_name"], row["last_name"] = row["last_name"], row["first_name"]


def _slip(rng: Random, word: str) -> str:
    if len(word) < 3:
        return word
    at, letter = rng.randrange(1, len(word) - 1), rng.choice(string.ascii_lowercase)
    return rng.choice(
        (
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _digit(rng: Random, text: str, places: Iterable[int]) -> str:
    digits = list(text)
    if digits:
        digits[rng.choice(list(places))] = rng.choice(string.digits)
    return "".join(digits)


def write(path: Path, rows: Iterable[dict[str, str]], leave_out: Iterable[str] = ()) -> Path:
    """The rows as a file, without some columns."""
    columns = [column for column in COLUMNS if column not in set(leave_out)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


SHAPES: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "households": (Shape(), ()),
    "many twins": (Shape(twins=0.1, juniors=0.06), ()),
    "no phone": (Shape(twins=0.04, juniors=0.04), ("phone", "email")),
    "badly written": (replace(Shape(), twins=0.05, juniors=0.05, noise=0.5, missing=0.15), ()),
    "no relatives": (Shape(twins=0, juniors=0, households=0, namesakes=0, married=0, moved=0), ()),
}
"""Populations to measure by, with the columns that their files lack."""
