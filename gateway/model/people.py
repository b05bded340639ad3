"""Asking who somebody is in the record, and the answer: people, never what was dispensed to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from gateway.model.codes import Sex
from gateway.model.lookup import MatchEvidence
from gateway.model.parties import Requester
from gateway.model.person import Person


class TextTest(StrEnum):
    """How a text is compared (FHIR R4 "search", string)."""

    STARTS = "starts"  # without regard to case, accents and punctuation
    CONTAINS = "contains"  # likewise, anywhere
    EXACT = "exact"  # the whole of it, letter by letter


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFact:
    """A text of somebody: any one of `any_of` will do. `name` is any part of a name, prefix and suffix included."""

    of: Literal["name", "family", "given", "postal_code"]
    how: TextTest = TextTest.STARTS
    any_of: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """Plain facts, all of which are to be met, each by any of somebody's appearances.

    `keys` are person keys, any one of which will do; None: whichever. `phones` has for each fact the numbers of which
    any one will do.
    """

    keys: tuple[str, ...] | None = None
    birth_date: date | None = field(default=None, repr=False)
    texts: tuple[TextFact, ...] = field(default=(), repr=False)
    sexes: frozenset[Sex] | None = field(default=None, repr=False)
    phones: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonQuery:
    """People asked for by somebody: by `person` (demographics to be matched), by `key` (a person key) or by `facts`.

    `only_certain` and `most` are for `person`: nobody but the one who matches; at most that many, the best first.
    """

    requester: Requester = field(default_factory=Requester)
    person: Person | None = field(default=None, repr=False)
    key: str | None = None
    facts: PersonFacts | None = None
    only_certain: bool = False
    most: int | None = None


class MatchGrade(StrEnum):
    """How sure it is that somebody is the one (FHIR R4 match-grade)."""

    CERTAIN = "certain"  # this one fits, and nobody else comes close
    PROBABLE = "probable"  # this one fits, and so does somebody else
    POSSIBLE = "possible"  # this one is near


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFound:
    """Somebody in the record, as every dispenser has reported them, the last reported first; without identifiers.

    `earlier_key` is the key that was asked for, where that person was merged into this one. With a match come its
    grade and its evidence.
    """

    key: str
    appearances: tuple[Person, ...] = field(repr=False)
    earlier_key: str | None = None
    grade: MatchGrade | None = None
    evidence: MatchEvidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFound:
    """The answer to a :class:`PersonQuery`.

    `detail` is a sentence for the reader, without patient data; `evidence` is
    why nobody could be told apart or found, for a match. `state` is the code of the state whose record this is.
    """

    people: tuple[PersonFound, ...] = ()
    state: str
    detail: str | None = None
    evidence: MatchEvidence | None = None
