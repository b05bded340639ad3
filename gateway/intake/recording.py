"""One entry into a transaction: which fill it is, whose it is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from gateway.drugs import DrugTable
from gateway.errors import Conflict, MessageError
from gateway.intake.entry import Entry, is_void, keeps_person
from gateway.matching import Match, Matcher, are_equal
from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeAction,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Person,
)
from gateway.ports import IntakeUnit, Recorded


class Recording:
    """The entries of one transaction, one after the other. Reads from top to bottom in :meth:`_record`."""

    def __init__(self, unit: IntakeUnit, *, matcher: Matcher, drugs: DrugTable) -> None:
        self._unit = unit
        self._matcher = matcher
        self._drugs = drugs

    def prepare(self, ones: Sequence[Entry]) -> None:
        """Read what the record holds for all of them at once: fills, people by their exact demographics, and for
        those who are not found so, people who are near."""
        self._unit.prepare(
            [fill for one in ones for fill in (*one.fills, *one.others)], {one.exact for one in ones}
        )
        unknown = {one.exact: one for one in ones if not self._unit.candidates([one.exact])}
        for one in unknown.values():
            with suppress(MessageError):  # who cannot be linked is rejected when it is his turn
                one.keys = self._matcher.blocking_keys(one.reported.person)
        self._unit.prepare((), frozenset().union(*(one.keys for one in unknown.values() if one.keys)))

    def take_in(self, one: Entry) -> IntakeResult:
        """What becomes of it. Nothing is on disk before the transaction ends."""
        try:
            return self._record(one)
        except Conflict as error:
            return one.rejected(IssueCode.DUPLICATE, str(error))
        except MessageError as error:
            return one.rejected(IssueCode.NOT_IDENTIFIED, str(error))

    def _record(self, one: Entry) -> IntakeResult:
        before = self._before(one)
        if before is not None and keeps_person(one.record):
            if not _is_of_its_person(one, before.dispensation):
                return one.rejected(IssueCode.NOT_IDENTIFIED, _ANOTHER_PERSON)
            one.reported = replace(one.reported, person=before.dispensation.person)
        if before is not None and one.report in before.reports:
            return self._again(one, before)
        if one.record.unless is not None and (found := self._on_condition(one, before)) is not None:
            return found
        match one.record.action:
            case IntakeAction.NEW:
                return self._new(one, before)
            case IntakeAction.REVISE:
                return self._revise(one, before)
            case IntakeAction.VOID:
                return self._void(one, before)

    def _before(self, one: Entry) -> Recorded | None:
        """What is recorded of this fill. When its number was not told, it has that of what is recorded from here on.

        :raises MessageError: it cannot be told which of several it is, or whether it is this person's.
        """
        record = one.record
        if record.original is not None:
            return _named(self._unit, one, record.original)
        held = [found for found in map(self._unit.same_fill, one.fills) if found is not None]
        if record.is_fill_told or not held:
            return held[0] if held else None
        again = next((found for found in held if one.report in found.reports), None)
        active = [found for found in held if not is_void(found)]
        if again is None and len(active) > 1:
            raise MessageError("Several fills of that date are recorded; which is meant is not told.")
        before = again or (active or held)[0]
        fill = before.dispensation
        if again is None and record.action is IntakeAction.VOID:
            self._check_void(one.reported.person, fill)
        one.reported = replace(one.reported, fill_number=fill.fill_number, partial_fill=fill.partial_fill)
        return before

    def _check_void(self, person: Person, held: Dispensation) -> None:
        """What names less than the whole fill takes away only what it must mean."""
        if not are_equal(person, held.person) and not isinstance(
            self._matcher.decide(person, [held.person]), Match
        ):
            raise MessageError("The recorded fill is another patient's; it was left as it is.")
        if held.sold is not None and held.status is not DispensationStatus.VOID:
            raise MessageError("The recorded fill was sold to the patient; it was left as it is.")

    def _again(self, one: Entry, before: Recorded) -> IntakeResult:
        """The very report that was received before."""
        if is_void(before) is (one.record.action is IntakeAction.VOID) and (
            is_void(before) or self._is_same(one.reported, before)
        ):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        issue = one.issue(
            IssueCode.SUPERSEDED,
            "This report was received before, and the record has been revised or voided since; it was left as it is.",
            is_error=False,
        )
        return replace(one, issues=(issue, *one.issues)).result(IntakeVerdict.UNCHANGED, before.dispensation)

    def _on_condition(self, one: Entry, before: Recorded | None) -> IntakeResult | None:
        """The result where the condition finds something; None where it is met, and the dispensation is new."""
        found = [
            held for held in map(self._unit.same_fill, one.others) if held is not None and not is_void(held)
        ]
        key = one.record.unless.person_key if one.record.unless is not None else None
        found = [held for held in found if key is None or held.dispensation.person.key == key]
        if not found:
            return None
        if len(found) > 1 or before is None or found[0].dispensation.id != before.dispensation.id:
            return one.rejected(IssueCode.PRECONDITION, _OTHERS_FOUND)
        if self._is_same(one.reported, before):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        issue = one.issue(IssueCode.PRESENT, _PRESENT, is_error=False)
        return replace(one, issues=(issue, *one.issues)).result(IntakeVerdict.UNCHANGED, before.dispensation)

    def _new(self, one: Entry, before: Recorded | None) -> IntakeResult:
        if before is None or is_void(before):
            person_key, keys = self._link(one)
            recorded = self._unit.add_dispensation(person_key, one.reported, keys, report=one.report)
            return one.result(IntakeVerdict.CREATED, recorded)
        if self._is_same(one.reported, before):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        return one.rejected(
            IssueCode.DUPLICATE,
            "This fill (dispenser, prescription number, fill number, fill date) is recorded already with other "
            "content; the record was left as it is. Send a revision to change it.",
        )

    def _revise(self, one: Entry, before: Recorded | None) -> IntakeResult:
        if before is None:
            return one.no_original()
        if is_void(before) and one.record.original is None:
            return one.rejected(
                IssueCode.NO_ORIGINAL,
                "The dispensation to be revised is void. Report it as new if it was dispensed.",
            )
        if one.has_changed(before):
            return one.changed_meanwhile()
        if is_void(before) and one.record.expected_revision is None:
            return one.rejected(
                IssueCode.CONFLICT,
                "The dispensation is void. Only a sender who has seen that, and says so by sending its present "
                "revision along, records it again.",
            )
        if self._is_same(one.reported, before):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        held = before.dispensation
        if are_equal(held.person, one.reported.person):
            person_key, keys = str(held.person.key), frozenset[str]()
        else:
            person_key, keys = self._link(one)
        if person_key == held.person.key:
            revision = replace(one.reported, id=held.id)
            recorded = self._unit.add_dispensation(person_key, revision, keys, report=one.report)
        else:
            # It was reported of another person: there it becomes void, and it is recorded with whose it is.
            self._unit.add_dispensation(
                str(held.person.key),
                replace(held, status=DispensationStatus.VOID),
                frozenset(),
                report=one.report,
            )
            recorded = self._unit.add_dispensation(person_key, one.reported, keys, report=one.report)
        return one.result(IntakeVerdict.REVISED, recorded)

    def _void(self, one: Entry, before: Recorded | None) -> IntakeResult:
        if before is None:
            return one.no_original()
        if is_void(before):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        if one.has_changed(before):
            return one.changed_meanwhile()
        held = before.dispensation
        void = replace(held, status=DispensationStatus.VOID)
        recorded = self._unit.add_dispensation(str(held.person.key), void, frozenset(), report=one.report)
        return one.result(IntakeVerdict.VOIDED, recorded)

    # --- linking ----------------------------------------------------------------------------------------------

    def _link(self, one: Entry) -> tuple[str, frozenset[str]]:
        """The person key this dispensation belongs to (a new one unless exactly one person fits), and the blocking
        keys by which the person is to be found as well from now on.

        Demographics that are equal in every field cannot be told apart by anybody, so they are linked even when
        others are near.
        """
        person = one.reported.person
        same = {c.key: c for c in self._unit.candidates([one.exact]) if c.key and are_equal(c, person)}
        if len(same) == 1:
            ((key, appearance),) = same.items()
            if not person.identifiers and person.owner is None:
                one.reported = replace(one.reported, person=appearance)
            return key, frozenset()  # the person is known by all keys of these demographics
        if same and (holder := self._unit.holder(person, same)) is not None:
            return holder, frozenset()  # an operator has told these people apart
        keys = one.keys or self._matcher.blocking_keys(person)
        decision = self._matcher.decide(person, self._unit.candidates(keys))
        keys |= {one.exact}
        if isinstance(decision, Match):
            return decision.person_key, keys
        return self._unit.add_person(person, keys), keys

    def _is_same(self, reported: Dispensation, before: Recorded) -> bool:
        # The drug table may know more, or less, than it did then; that is no change of what was reported.
        held = before.dispensation
        return are_equal(held.person, reported.person) and (
            _content(replace(held, drug=self._drugs.resolve(held.drug))) == _content(reported)
        )


def _named(unit: IntakeUnit, one: Entry, original: str) -> Recorded | None:
    """What is recorded under the id that the sender names."""
    named = unit.recorded(original)
    if named is not None and is_void(named):
        moved = unit.same_fill(one.reported)  # this very revision may have moved it to another patient
        if moved is not None and one.report in moved.reports:
            return moved
    return named


def _is_of_its_person(one: Entry, held: Dispensation) -> bool:
    """True when the key that is said to be the patient's is; or was, when the id was given out, which begins with
    it, and an operator has moved the dispensation since."""
    told, original = one.reported.person.key, one.record.original or ""
    return told == held.person.key or (held.id != original and original.startswith(f"{told}-"))


def _content(dispensation: Dispensation) -> Dispensation:
    """What the dispenser said, without the person and what the gateway added."""
    return replace(dispensation, id=None, person=_NOBODY, source_state=None, reported_at=None, revision=0)


_NOBODY = Person()
_OTHERS_FOUND = (
    "The condition finds another fill of this prescription and day than the one that was sent, or several; nothing "
    "was recorded. Name the fill number in the condition, or send the dispensation without one."
)
_PRESENT = (
    "This fill (dispenser, prescription number, fill number, fill date) is recorded already with other content, and "
    "was left as it is, as the condition asks. Send a revision to change it."
)
_ANOTHER_PERSON = (
    "The dispensation is recorded of another patient than the one it is said to be of. Send the patient's "
    "demographics to change whose it is."
)
