"""From the states that were asked for to the states that can be asked.

A state that was asked for and has no route is named in the plan, never dropped: the answer must say that it is
silent, or an empty history would look like "no records" there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model import Outcome, StateOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whether the home record is asked, and the states that cannot be."""

    home: bool
    unreachable: tuple[StateOutcome, ...] = ()


def plan(asked: Sequence[str], *, home: str) -> Plan:
    """The plan for the states that were asked for; nothing asked means the home state.

    >>> plan((), home="CT")
    Plan(home=True, unreachable=())
    >>> [s.state for s in plan(("NY", "CT", "NY"), home="CT").unreachable]
    ['NY']
    """
    wanted = dict.fromkeys(code.upper() for code in asked) or {home: None}
    return Plan(
        home=home in wanted,
        unreachable=tuple(
            StateOutcome(
                state=code,
                outcome=Outcome.ERROR,
                detail=f"{code} was not asked: this gateway has no connection to that state's PMP.",
            )
            for code in wanted
            if code != home
        ),
    )
