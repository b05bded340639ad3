"""Who is one person: what the record holds of somebody, and how an operator splits and merges.

An operator moves appearances, each with its dispensations, from one person to another. A *merge* moves all that one
person has to another one; a *split* moves some to a new person; an *undo* moves back what one of these has moved.
Every such move is a link of the journal, and undoing one writes another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.model.person import Person


class LinkAction(StrEnum):
    """What the operator did."""

    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Appearances that are to go from one person to another.

    `to_key` is None for a new person. `appearances` are the numbers they have, each with the number it gets back
    when it returns to where it has been, and None for a new one. `joins` is True where what was two becomes one (a
    merge, the undo of a split), False where what was one becomes two. `reason` is the operator's own text: it stays
    in the record and never enters a log.
    """

    action: LinkAction
    joins: bool
    from_key: str
    to_key: str | None
    appearances: Mapping[int, int | None]
    by: str
    reason: str = field(repr=False)
    undoes: str | None = None  # the id of the link that it undoes


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A move that was made.

    `appearances` are pairs: the number with the person they left, the number with the person they came to.
    `dispensations` counts those that went along, void ones included. `highest` is the highest number that an
    appearance of the person moved to had then: one with a higher number has come since. `undone_by` is the id of the
    link that has undone it, and None where it is in force.
    """

    id: str
    action: LinkAction
    joins: bool
    from_key: str
    to_key: str
    appearances: tuple[tuple[int, int], ...]
    dispensations: int
    highest: int
    at: datetime
    by: str
    reason: str = field(repr=False)
    undoes: str | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceHeld:
    """An appearance with what is recorded under it: how many dispensations, and the first and last day of filling of
    those that are active."""

    person: Person
    active: int = 0
    void: int = 0
    first_filled: date | None = None
    last_filled: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHeld:
    """A person as the record has her now. Without appearances: they have all been moved to somebody else."""

    person_key: str
    appearances: tuple[AppearanceHeld, ...]

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of her appearances."""
        return frozenset(one.person.appearance or 0 for one in self.appearances)
