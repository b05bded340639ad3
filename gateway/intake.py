"""The second use case: reported dispensations become part of the record.

    resolve the drug -> validate -> find the same fill -> link the person -> record (durable) -> acknowledge

Reads from top to bottom in :meth:`Intake.__call__`. A batch is one transaction: what is acknowledged is on disk.
Sending a record again changes nothing and says so. Two people are never merged: when several fit, the dispensation
goes to a person of its own.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.checks import check
from gateway.drugs import DrugTable
from gateway.errors import Conflict, MessageError
from gateway.matching import Match, Matcher
from gateway.model import (
    Dispensation,
    IntakeBatch,
    IntakeIssue,
    IntakeReceipt,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    Person,
)
from gateway.ports import Clock, IntakeUnit, RecordStore


class Intake:
    """Records what dispensers report."""

    def __init__(self, *, store: RecordStore, matcher: Matcher, drugs: DrugTable, clock: Clock) -> None:
        self._store = store
        self._matcher = matcher
        self._drugs = drugs
        self._clock = clock

    def __call__(self, batch: IntakeBatch) -> IntakeReceipt:
        """One result a record, in the batch's order.

        :raises Unavailable: the record cannot be written now; then nothing of the batch is recorded.
        """
        with self._store.intake() as unit:
            return IntakeReceipt(results=tuple(self._take_in(unit, record) for record in batch.records))

    def _take_in(self, unit: IntakeUnit, record: IntakeRecord) -> IntakeResult:
        reported = replace(record.dispensation, drug=self._drugs.resolve(record.dispensation.drug))
        issues = check(reported, path=record.path, today=self._clock().date())
        if any(issue.is_error for issue in issues):
            return IntakeResult(path=record.path, verdict=IntakeVerdict.REJECTED, issues=issues)
        before = unit.same_fill(reported)
        if before is not None:
            # The drug table may know more, or less, than it did then; that is no change of what was reported.
            before_now = replace(before, drug=self._drugs.resolve(before.drug))
            is_same = _content(before_now) == _content(reported)
            return _again(record.path, before, issues, is_same=is_same)
        try:
            keys = self._matcher.blocking_keys(reported.person)
            person_key = self._link(unit, reported.person, keys)
            recorded = unit.add_dispensation(person_key, reported, keys)
        except (Conflict, MessageError) as error:
            issue = IntakeIssue(path=record.path, message=str(error), is_error=True)
            return IntakeResult(path=record.path, verdict=IntakeVerdict.REJECTED, issues=(issue, *issues))
        return IntakeResult(
            path=record.path, verdict=IntakeVerdict.CREATED, dispensation=recorded, issues=issues
        )

    def _link(self, unit: IntakeUnit, person: Person, keys: frozenset[str]) -> str:
        """The person key this dispensation belongs to; a new one unless exactly one person fits.

        Demographics that are equal in every field cannot be told apart by anybody, so they are linked even when
        others are near.
        """
        candidates = unit.candidates(keys)
        same = {c.key for c in candidates if c.key and _demographics(c) == _demographics(person)}
        if len(same) == 1:
            return same.pop()
        decision = self._matcher.decide(person, candidates)
        if isinstance(decision, Match):
            return decision.person_key
        return unit.add_person(person, keys)


def _again(
    path: str, before: Dispensation, issues: tuple[IntakeIssue, ...], *, is_same: bool
) -> IntakeResult:
    """The same fill is recorded already: unchanged when it says the same, rejected when it says something else."""
    if is_same:
        return IntakeResult(path=path, verdict=IntakeVerdict.UNCHANGED, dispensation=before, issues=issues)
    differs = IntakeIssue(
        path=path,
        message=(
            "This fill (dispenser, prescription number, fill number, fill date) is recorded already with other "
            "content; the record was left as it is."
        ),
        is_error=True,
    )
    return IntakeResult(path=path, verdict=IntakeVerdict.REJECTED, issues=(differs, *issues))


def _demographics(person: Person) -> Person:
    """The person without the store's keys and without identifiers, which a candidate does not show."""
    owner = _demographics(person.owner) if person.owner else None
    return replace(person, key=None, appearance=None, identifiers=(), owner=owner)


def _content(dispensation: Dispensation) -> Dispensation:
    """What the dispenser said, without what the gateway added."""
    return replace(
        dispensation,
        id=None,
        person=_demographics(dispensation.person),
        source_state=None,
        reported_at=None,
        revision=0,
    )
