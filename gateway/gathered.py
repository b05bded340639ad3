"""What was gathered earlier, held against today: whose it is, and both answers as one. Pure functions.

is_same_patient    whether who fetches names the patient of the staging
is_one_person      whether the home record has found the same person both times
joined             the home record's answer of now, with what others had answered then
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.matching import Match, Matcher
from gateway.model import Answer, Outcome, Person

ANSWERED: Final = frozenset({Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL})
"""The outcomes that say what is held, or that nothing is."""


def is_same_patient(matcher: Matcher, person: Person | None, staged: Person | None) -> bool:
    """True when the matcher finds the one in the other, as if she were the only one in the record, and no identifier
    contradicts it. Two requests that name nobody by demographics name the same, as far as this can tell."""
    if person is None or staged is None or person == staged:
        return person == staged
    known = {(one.kind, one.issuer): one.value for one in staged.identifiers}
    if any(known.get((one.kind, one.issuer), one.value) != one.value for one in person.identifiers):
        return False
    alone = replace(staged, key="staged", appearance=0)
    return isinstance(matcher.decide(person, [alone]), Match)


def is_one_person(home: Answer, gathered: Answer, state: str) -> bool:
    """Whether the home record found the same person both times, as far as it found one. After a merge or a split it
    has not, and with more facts sent it may not have: then what others had said may be somebody else's.

    :param home: its answer of now.
    :param state: the home state's code.
    """
    now = {d.person.key for d in home.dispensations}
    then = {d.person.key for d in gathered.dispensations if d.source_state == state}
    return not now or not then or now == then


def joined(home: Answer, gathered: Answer, *, elsewhere: frozenset[str]) -> Answer:
    """The home record's answer of now, with what the states in `elsewhere` had answered when it was gathered.

    It is as old as its oldest part. An answer of the home record that says neither what is held nor that nothing is
    stays alone: who the patient is has become doubtful. The figures are not joined: they are to be reckoned anew.
    """
    if not elsewhere or home.outcome not in ANSWERED:
        return home
    theirs = tuple(d for d in gathered.dispensations if d.source_state in elsewhere)
    states = (*home.states, *(s for s in gathered.states if s.state in elsewhere))
    dispensations = sorted((*home.dispensations, *theirs), key=lambda d: d.filled, reverse=True)
    has_all = all(s.outcome in {Outcome.COMPLETE, Outcome.NO_DATA} for s in states)
    held = Outcome.COMPLETE if dispensations else Outcome.NO_DATA
    details = (home.detail, *(s.detail for s in states if s.state in elsewhere))
    return replace(
        home,
        outcome=held if has_all else Outcome.PARTIAL,
        generated_at=min(home.generated_at, gathered.generated_at),
        dispensations=tuple(dispensations),
        persons=tuple(dict.fromkeys(d.person for d in dispensations)),
        states=states,
        detail=" ".join(filter(None, details)) or None,
        analysis=None,
    )
