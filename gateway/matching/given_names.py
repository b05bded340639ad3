"""Which given names are one name: nicknames, and spellings that sound the same.

The nickname table is genealogists' and relates names that are also borne side by side (emily, emma). Two names that
people are registered under in their own right (`own_right` in `mappings/matching/normalise.toml`) are therefore two
names, whatever it says.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

from rapidfuzz.distance import OSA

from gateway.matching.normalise import fold
from gateway.terminology import load_table


class GivenNames:
    """What is known of given names, in the form of :func:`gateway.matching.normalise.fold` without spaces."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """:param known: further names that are no misspelling, such as those that many in a file bear."""
        names = load_table("matching/normalise")["names"]
        self._sound = {name: sound for sound, group in enumerate(names["same_sound"]) for name in group}
        spellings = {name: group for group in names["same_sound"] for name in group}
        own_right = {spelling for name in names["own_right"] for spelling in spellings.get(name, (name,))}
        self._own_right = frozenset(own_right)
        self._related: defaultdict[str, set[str]] = defaultdict(set)
        self._index: defaultdict[str, set[str]] = defaultdict(set)
        for formal, nickname in (*_rows(), *_short_forms(names["short_forms"])):
            if formal in own_right and nickname in own_right:
                continue
            for spelling in spellings.get(formal, (formal,)):
                self._related[spelling].add(nickname)
                self._related[nickname].add(spelling)
            # One of the two stands for both: the one that people are registered under.
            short, long = (formal, nickname) if nickname in own_right else (nickname, formal)
            self._index[short].update(spellings.get(long, (long,)))
        self._known = own_right | self._related.keys() | self._sound.keys() | set(known)

    def are_related(self, one: str, other: str) -> bool:
        """True when one is a nickname of the other or of a spelling of it, or the other cut short.

        >>> names = GivenNames()
        >>> [names.are_related("WILLIAM", other) for other in ("BILL", "WILLI", "WALTER")]
        [True, False, False]
        >>> names.are_related("KATE", "CATHERINE"), names.are_related("BARB", "BARBARA")
        (True, True)
        >>> names.are_related("EMMA", "EMILY"), names.are_related("CAROL", "CAROLINE")
        (False, False)
        """
        return other in self._related.get(one, ()) or self._is_cut(one, other) or self._is_cut(other, one)

    def _is_cut(self, short: str, long: str) -> bool:
        """True for the beginning of a name, by at least three letters shorter: a shorter ending makes a woman's name
        of a man's (Karl, Karla)."""
        return len(long) - 3 >= len(short) >= 3 and long.startswith(short) and short not in self._own_right

    def sound_the_same(self, one: str, other: str) -> bool:
        """True when they are spellings of one name.

        >>> GivenNames().sound_the_same("STEVEN", "STEPHEN"), GivenNames().sound_the_same("STEVEN", "STEVE")
        (True, False)
        """
        sound = self._sound.get(one)
        return sound is not None and sound == self._sound.get(other)

    def is_known(self, name: str) -> bool:
        """True for a name of the tables; a misspelling is not one."""
        return name in self._known

    def is_misspelt_form(self, one: str, other: str) -> bool:
        """True when one of the two is nobody's name, and a slip of a form of the other.

        >>> names = GivenNames()
        >>> [names.is_misspelt_form("JAMES", other) for other in ("JIMMKY", "JIMMY", "JOHNNY")]
        [True, False, False]
        """
        return self._is_slip_of_form(one, other) or self._is_slip_of_form(other, one)

    def _is_slip_of_form(self, name: str, of: str) -> bool:
        if len(name) < 4 or name in self._known:
            return False
        return any(
            OSA.distance(name, form, score_cutoff=1) <= 1
            for form in self._related.get(of, ())
            if len(form) > 3
        )

    def index(self, name: str) -> frozenset[str]:
        """Names to look it up by, itself included: a name and its nickname have one of these in common.

        >>> sorted(GivenNames().index("PEGGY")), sorted(GivenNames().index("JOHN"))
        (['MARGARET', 'MARGARETTA', 'MARGUERITE', 'PEGGY'], ['JOHN'])
        """
        return frozenset((name, *self._index.get(name, ())))


def _short_forms(table: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """The project's own, beside the nickname table."""
    return ((formal, short) for formal, forms in table.items() for short in forms)


def _rows() -> list[tuple[str, str]]:
    with files("mappings").joinpath("matching/nicknames.csv").open(encoding="utf-8") as table:
        return [
            (fold(row["name1"]).replace(" ", ""), fold(row["name2"]).replace(" ", ""))
            for row in csv.DictReader(table)
        ]
