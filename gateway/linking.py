"""The third use case: somebody who keeps the record splits and merges people.

    show the person and who may be the same -> propose -> carry out (durable) -> undo

Intake links by itself and never merges on ambiguity, so two errors are left to a person's judgement: one patient who
stands in the record as two, and two patients who stand there as one. Whatever is done here moves whole appearances
with their dispensations, is written into a journal, and can be undone as long as nothing else has moved them since.
What is shown and what is done is audited before it is acknowledged; the audit has person keys and never demographics.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.contention import repeated
from gateway.errors import Conflict, ErrorCode, GatewayError, MessageError, NotFound
from gateway.matching import Matcher, Near, are_equal, exact_key
from gateway.model import Link, LinkAction, Move, Person, PersonHeld
from gateway.model.audit import AuditAction, AuditEvent
from gateway.ports import AuditLog, Clock, LinkUnit, RecordStore

ATTEMPTS = 8  # when another writer comes first


@dataclass(frozen=True, slots=True)
class Merge:
    """All that `key` has goes to `into`: they are one person."""

    key: str
    into: str


@dataclass(frozen=True, slots=True)
class Split:
    """These appearances of `key` are another person."""

    key: str
    appearances: frozenset[int]


@dataclass(frozen=True, slots=True)
class Undo:
    """What this link has moved goes back."""

    link_id: str


Asked: TypeAlias = Merge | Split | Undo


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be moved, and between whom. `target` is None where the appearances become a new person."""

    asked: Asked
    move: Move
    source: PersonHeld = field(repr=False)
    target: PersonHeld | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    """A person in the record, and who else there may be the same one.

    `asked` is the key that was asked for: another one than the person's where that one was merged into this person.
    """

    asked: str
    person: PersonHeld = field(repr=False)
    possible_duplicates: tuple[Near, ...] = field(default=(), repr=False)


class Linking:
    """Shows people to those who keep the record, and mends how they are linked.

    Every call takes `by`, who it is, for the audit and the journal.
    """

    def __init__(self, *, store: RecordStore, matcher: Matcher, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._matcher = matcher
        self._audit = audit
        self._clock = clock

    # --- look -------------------------------------------------------------------------------------------------

    def show(self, person_key: str, *, by: str) -> PersonShown:
        """The person who has this key now, and who may be the same one, the likeliest first.

        :raises NotFound: nobody has this key.
        """
        trail = self._trail(AuditAction.PERSON_SHOWN, "show", by)
        held = self._store.person(person_key)
        if held is None:
            trail.note(ErrorCode.NOT_FOUND.value, [None], status=NotFound.status)
            raise _nobody()
        near = self._duplicates(held)
        trail.note("shown", [held.person_key, *(str(one.appearance.key) for one in near)])
        return PersonShown(asked=person_key, person=held, possible_duplicates=near)

    def find(self, person: Person, *, by: str, limit: int = 20) -> tuple[Near, ...]:
        """People in the record who may be this one, the likeliest first, at most `limit`.

        :raises MessageError: nobody can be found by so little.
        """
        candidates = self._store.candidates(self._matcher.blocking_keys(person))
        near = tuple(self._matcher.near(person, candidates)[:limit])
        trail = self._trail(AuditAction.PERSON_SEARCHED, "find", by)
        trail.note("found" if near else "nobody", [one.appearance.key for one in near] or [None])
        return near

    def links(self, *, by: str, limit: int, person_key: str | None = None) -> Sequence[Link]:
        """The journal, the newest first: of everybody, or of one person.

        :raises NotFound: nobody ever had this key.
        """
        trail = self._trail(AuditAction.PERSON_SHOWN, "links", by)
        if person_key is not None and self._store.person(person_key) is None:
            trail.note(ErrorCode.NOT_FOUND.value, [None], status=NotFound.status)
            raise _nobody()
        found = self._store.links(limit, person_key)
        trail.note("shown", [person_key], count=len(found))
        return found

    def _duplicates(self, held: PersonHeld) -> tuple[Near, ...]:
        own = [one.person for one in held.appearances]
        keys = frozenset().union(*map(self._matcher.blocking_keys, own))
        others = [one for one in self._store.candidates(keys) if one.key != held.person_key]
        best: dict[str, Near] = {}
        for one in (near for person in own for near in self._matcher.near(person, others)):
            key = str(one.appearance.key)
            if key not in best or _likelihood(one) > _likelihood(best[key]):
                best[key] = one
        return tuple(sorted(best.values(), key=_likelihood, reverse=True))

    # --- mend -------------------------------------------------------------------------------------------------

    def propose(self, asked: Asked, *, by: str, reason: str) -> Proposal:
        """What would be done; nothing is done yet.

        :raises NotFound: nobody has such a key, or there is no such link.
        :raises Conflict: it cannot be done, and why.
        :raises MessageError: a merge or a split without a reason.
        """
        if not reason.strip() and not isinstance(asked, Undo):
            raise MessageError("A merge or a split needs a reason.", code=ErrorCode.REQUIRED, path="reason")
        with self._store.linking() as unit:
            proposal = _planned(unit, asked, by, reason.strip())
        self._of(proposal.move).note("proposed", _concerned(proposal.move))
        return proposal

    def carry_out(self, proposal: Proposal) -> Link:
        """Do what was proposed; it is on disk when this returns.

        :raises Conflict: it cannot be done any more, or would no longer be the same; nothing was moved.
        :raises gateway.errors.Unavailable: the record or the audit cannot be written now. Unless the journal has it,
            nothing was moved.
        """
        trail = self._of(proposal.move)
        trail.note("begun", _concerned(proposal.move))
        try:
            link = self._move(proposal)
        except GatewayError as error:
            trail.note(error.code.value, _concerned(proposal.move), status=error.status)
            raise
        trail.note("done", [link.from_key, link.to_key], count=link.dispensations, link=link.id)
        return link

    def _move(self, proposal: Proposal) -> Link:
        return repeated(lambda: self._attempt(proposal), ATTEMPTS)

    def _attempt(self, proposal: Proposal) -> Link:
        move = proposal.move
        with self._store.linking() as unit:
            present = _planned(unit, proposal.asked, move.by, move.reason)
            if present.move != move:
                raise Conflict(
                    "The people concerned have changed since this was proposed.",
                    remedy="Look at them again, and decide anew.",
                )
            moved = [a.person for a in present.source.appearances if a.person.appearance in move.appearances]
            keys = (self._matcher.blocking_keys(one) | {exact_key(one)} for one in moved)
            return unit.move(move, frozenset().union(*keys))

    # --- audit ------------------------------------------------------------------------------------------------

    def _of(self, move: Move) -> _Trail:
        return self._trail(AuditAction.PERSON_LINKED, move.action.value, move.by)

    def _trail(self, action: AuditAction, operation: str, by: str) -> _Trail:
        return _Trail(self._audit, self._clock, action, operation, by)


class _Trail:
    """The audit events of one call: one for each person concerned, because a person's key is what is searched for."""

    def __init__(self, audit: AuditLog, clock: Clock, action: AuditAction, operation: str, by: str) -> None:
        self._audit = audit
        self._clock = clock
        self._action = action
        self._operation = operation
        self._by = by
        self._request_id = uuid.uuid4().hex

    def note(
        self,
        outcome: str,
        people: Iterable[str | None],
        *,
        status: int = 200,
        count: int = 0,
        link: str | None = None,
    ) -> None:
        """On disk when this returns."""
        for key in people:
            self._audit.record(
                AuditEvent(
                    action=self._action,
                    at=self._clock(),
                    request_id=self._request_id,
                    protocol="operator",
                    operation=self._operation,
                    status=status,
                    client_id=self._by,
                    outcome=outcome,
                    person_key=key,
                    report_id=link,
                    count=count,
                )
            )


# --- what may be moved --------------------------------------------------------------------------------------------


def _planned(unit: LinkUnit, asked: Asked, by: str, reason: str) -> Proposal:
    match asked:
        case Merge():
            return _merge(unit, asked, by, reason)
        case Split():
            return _split(unit, asked, by, reason)
        case Undo():
            return _undo(unit, asked, by, reason)


def _merge(unit: LinkUnit, asked: Merge, by: str, reason: str) -> Proposal:
    source, target = _present(unit, asked.key, "KEY"), _present(unit, asked.into, "INTO_KEY")
    if source.person_key == target.person_key:
        raise Conflict("A person cannot be merged into herself.", remedy="Name two different keys.")
    if _species(source) != _species(target):
        raise Conflict("A human and a veterinary patient cannot be one.")
    move = Move(
        action=LinkAction.MERGE,
        joins=True,
        from_key=source.person_key,
        to_key=target.person_key,
        appearances=dict.fromkeys(source.numbers),
        by=by,
        reason=reason,
    )
    return Proposal(asked=asked, move=move, source=source, target=target)


def _split(unit: LinkUnit, asked: Split, by: str, reason: str) -> Proposal:
    source = _present(unit, asked.key, "KEY")
    missing = sorted(asked.appearances - source.numbers)
    if missing or not asked.appearances:
        raise Conflict(
            f"The person {source.person_key} has no appearance {missing[0] if missing else 'of that number'}.",
            remedy=f"Choose among {_listed(source.numbers)}.",
        )
    if asked.appearances == source.numbers:
        raise Conflict(
            f"These are all appearances of {source.person_key}; nobody would be left.",
            remedy="Name those of one of the two people only.",
        )
    move = Move(
        action=LinkAction.SPLIT,
        joins=False,
        from_key=source.person_key,
        to_key=None,
        appearances=dict.fromkeys(asked.appearances),
        by=by,
        reason=reason,
    )
    return Proposal(asked=asked, move=move, source=source, target=None)


def _undo(unit: LinkUnit, asked: Undo, by: str, reason: str) -> Proposal:
    """Only what nothing has moved since goes back, and only so that nobody is left over or brought back in part."""
    link = unit.link(asked.link_id)
    if link is None:
        raise NotFound(
            "There is no such link.", path="LINK_ID", remedy="List the links of the person concerned."
        )
    if link.undone_by is not None:
        raise Conflict(
            f"The link {link.id} has been undone by {link.undone_by}.",
            remedy=f"Undo {link.undone_by} to have it again.",
        )
    source, target = unit.person(link.to_key), unit.person(link.from_key)
    if source is None or target is None:
        raise _nobody("LINK_ID")
    left, came = (frozenset(numbers) for numbers in zip(*link.appearances, strict=True))
    if not came <= source.numbers:
        raise _not_the_newest(_last_to_leave(unit, link.to_key, came - source.numbers))
    if not target.appearances:
        last = _last_to_leave(unit, link.from_key)
        if not link.joins or left.isdisjoint(number for number, _ in last.appearances):
            raise _not_the_newest(last)
    since = dict.fromkeys(_since(unit, link, source, came))
    if link.joins and came | since.keys() == source.numbers:  # the other one has gone meanwhile
        raise _not_the_newest(_last_to_leave(unit, link.to_key))
    move = Move(
        action=LinkAction.UNDO,
        joins=not link.joins,
        from_key=link.to_key,
        to_key=link.from_key,
        appearances={there: here for here, there in link.appearances} | since,
        by=by,
        reason=reason,
        undoes=link.id,
    )
    return Proposal(asked=asked, move=move, source=source, target=target)


def _since(unit: LinkUnit, link: Link, held: PersonHeld, came: frozenset[int]) -> Iterator[int]:
    """Appearances that were reported since, of demographics equal to one that the link has moved, and are another
    only by their identifiers: they are the same patient's."""
    moved_in = {
        number
        for one in unit.links(link.to_key)
        if one.to_key == link.to_key and one.action is not LinkAction.UNDO
        for _, number in one.appearances
    }
    moved = [one.person for one in held.appearances if one.person.appearance in came]
    for number in held.numbers - came - moved_in:
        (person,) = [one.person for one in held.appearances if one.person.appearance == number]
        if number > link.highest and any(are_equal(person, one) for one in moved):
            yield number


def _last_to_leave(unit: LinkUnit, key: str, numbers: frozenset[int] | None = None) -> Link:
    """The last link that has moved appearances (one of these numbers) away from that person, and is in force."""
    return next(
        one
        for one in unit.links(key)
        if one.from_key == key
        and one.undone_by is None
        and (numbers is None or not numbers.isdisjoint(number for number, _ in one.appearances))
    )


def _not_the_newest(later: Link) -> Conflict:
    return Conflict(
        f"The link {later.id} ({later.action.value}) has moved appearances of these people since.",
        remedy=f"Undo {later.id} first.",
    )


def _present(unit: LinkUnit, key: str, path: str) -> PersonHeld:
    """:raises Conflict: she has been merged into somebody else."""
    held = unit.person(key)
    if held is None:
        raise _nobody(path)
    if not held.appearances:
        link = _last_to_leave(unit, key)
        raise Conflict(
            f"The person {key} has been merged into {link.to_key} by the link {link.id}.",
            remedy=f"Name {link.to_key}, or undo {link.id} first.",
        )
    return held


def _nobody(path: str = "KEY") -> NotFound:
    return NotFound(
        "Nobody in the record has this person key.",
        path=path,
        remedy="Use the key of an earlier answer, or find the person by demographics.",
    )


def _species(held: PersonHeld) -> frozenset[str]:
    return frozenset(one.person.species.value for one in held.appearances)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _likelihood(near: Near) -> tuple[bool, float]:
    return near.fits, near.evidence.score


def _concerned(move: Move) -> list[str | None]:
    return [move.from_key] if move.to_key is None else [move.from_key, move.to_key]
