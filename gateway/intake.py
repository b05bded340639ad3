"""The second use case: reported dispensations become part of the record.

    resolve the drug -> validate -> find the same fill -> link the person -> record (durable) -> acknowledge

Reads from top to bottom in :meth:`Intake._take_in`. Records are taken in some hundreds at a time, each time in
one transaction, and a result is handed over only after its transaction is on disk. Sending a message again changes
nothing and says so. A revision or a void finds its original by its fill, and is rejected where there is none. Two
people are never merged: when several fit, the dispensation goes to a person of its own. That a dispenser
has reported, dispensations or none at all, is recorded in the same transaction.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from hashlib import blake2b
from itertools import islice, product

import msgspec

from gateway.checks import MAX_FILL_NUMBER, check, check_zero_report
from gateway.drugs import DrugTable, drugs_of
from gateway.errors import Conflict, Contended, MessageError, Unavailable
from gateway.matching import Match, Matcher, are_equal, exact_key
from gateway.model import (
    Dispensation,
    DispensationStatus,
    Dispenser,
    Drug,
    IntakeAction,
    IntakeBatch,
    IntakeIssue,
    IntakeReceipt,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Person,
    Reported,
    ZeroReport,
)
from gateway.ports import Clock, IntakeUnit, Recorded, RecordStore

AT_ONCE = 1000  # records in one transaction: other writers wait no longer than these take
PARTS_TRIED = 9  # of a fill whose part was not told
ATTEMPTS = 6  # when another writer comes first
_ACCEPTED = frozenset(IntakeVerdict) - {IntakeVerdict.REJECTED, IntakeVerdict.DEFERRED}
_PAUSE = 0.02  # seconds before the second attempt; twice as long before each further one


class _Undo(Exception):
    """Leaves a transaction without recording anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """What holds for all records of a message."""

    name: str | None = None
    is_test: bool = False
    all_or_nothing: bool = False


class Intake:
    """Records what dispensers report."""

    def __init__(self, *, store: RecordStore, matcher: Matcher, drugs: DrugTable, clock: Clock) -> None:
        self._store = store
        self._matcher = matcher
        self._drugs = drugs
        self._clock = clock

    def __call__(self, batch: IntakeBatch) -> IntakeReceipt:
        """One result a record, in the batch's order.

        When the record cannot be written any more after some results are on disk, the rest is DEFERRED.

        :raises Unavailable: the record cannot be written now; then nothing of the batch is recorded.
        """
        message = _Message(name=batch.message, is_test=batch.is_test, all_or_nothing=batch.all_or_nothing)
        results: list[IntakeResult] = []
        try:
            if batch.all_or_nothing:
                results += self._transaction(batch.records, message)
            else:
                results.extend(self._in_order(batch.records, message))
        except Unavailable as error:
            if not results:
                raise
            results += [_deferred(record.path, error) for record in batch.records[len(results) :]]
        return IntakeReceipt(results=tuple(results), is_test=batch.is_test, issues=batch.issues)

    def stream(
        self, records: Iterable[Reported], *, message: str | None, is_test: bool = False
    ) -> Iterator[IntakeResult]:
        """As the call, for reports of any length: results come as soon as they are on disk.

        :raises Unavailable: the record cannot be written now; the results that came before it stand.
        """
        return self._in_order(records, _Message(name=message, is_test=is_test))

    def _in_order(self, records: Iterable[Reported], message: _Message) -> Iterator[IntakeResult]:
        rest = iter(records)
        while some := list(islice(rest, AT_ONCE)):
            yield from self._transaction(some, message)

    # --- one transaction --------------------------------------------------------------------------------------

    def _transaction(self, records: Sequence[Reported], message: _Message) -> list[IntakeResult]:
        for attempt in range(1, ATTEMPTS):
            with suppress(Contended):
                return self._attempt(records, message)
            # of two that met, each waits another time
            time.sleep(_PAUSE * 2**attempt * random.random())  # noqa: S311 - nothing is secret about it
        return self._attempt(records, message)

    def _attempt(self, records: Sequence[Reported], message: _Message) -> list[IntakeResult]:
        results: list[IntakeResult] = []
        self._drugs.prepare(drug for d in _reported(records) for drug in drugs_of(d))
        with suppress(_Undo), self._store.intake() as unit:
            resolve = cache(self._drugs.resolve)  # a few hundred products among a thousand records
            read = [self._read(record, message, resolve) for record in records]
            self._prepare(unit, [one for one in read if isinstance(one, _One)])
            taken = [self._take_in(unit, one) if isinstance(one, _One) else one for one in read]
            _report(unit, read, taken)
            results = [_zero_report(unit, one) if isinstance(one, ZeroReport) else one for one in taken]
            if message.is_test:
                results = [replace(result, dispensation=None) for result in results]
                raise _Undo
            if message.all_or_nothing and any(r.verdict is IntakeVerdict.REJECTED for r in results):
                results = [_withheld(result) for result in results]
                raise _Undo
        return results

    def _read(
        self, record: Reported, message: _Message, resolve: Callable[[Drug], Drug]
    ) -> _One | ZeroReport | IntakeResult:
        """The record ready to be taken in, or why it cannot be."""
        today = self._clock().date()
        if isinstance(record, ZeroReport):
            is_readable = not any(issue.is_error for issue in record.issues)
            found = check_zero_report(record, today=today) if is_readable else ()
            return record if is_readable and not found else _rejected(record.path, *record.issues, *found)
        if record.dispensation is None or any(issue.is_error for issue in record.issues):
            return _rejected(record.path, *record.issues)
        sent = record.dispensation
        drug = resolve(sent.drug)
        reported = sent if drug == sent.drug else replace(sent, drug=drug)
        found = check(reported, path=record.path, today=today, action=record.action)
        if _keeps_person(record):
            found = tuple(issue for issue in found if not (issue.field or "").startswith("person."))
        if record.action is not IntakeAction.VOID:
            found += self._unknown_products(sent, record.path)
        if any(issue.is_error for issue in found):
            return _rejected(record.path, *record.issues, *found)
        return _One(
            record=record,
            reported=reported,
            issues=(*record.issues, *found),
            report=_fingerprint(message.name, record),
            exact=exact_key(reported.person),
            fills=_fills(record, reported),
        )

    def _unknown_products(self, sent: Dispensation, path: str) -> tuple[IntakeIssue, ...]:
        """A warning where the drug, or a part of a compounded one, is not in the drug table."""
        field = self._drugs.unknown(sent.drug)
        fields = [f"drug.{field}"] if field else []
        if any(self._drugs.unknown(part) for part in drugs_of(sent)[1:]):
            fields.append("compound")
        return tuple(
            IntakeIssue(
                path=path,
                field=field,
                code=IssueCode.UNKNOWN_DRUG,
                message="The product is not in the drug table; it is kept as it was sent.",
                is_error=False,
            )
            for field in fields
        )

    def _prepare(self, unit: IntakeUnit, ones: Sequence[_One]) -> None:
        """Read what the record holds for all of them at once: fills, people by their exact demographics, and for
        those who are not found so, people who are near."""
        unit.prepare([fill for one in ones for fill in one.fills], {one.exact for one in ones})
        unknown = {one.exact: one for one in ones if not unit.candidates([one.exact])}
        for one in unknown.values():
            with suppress(MessageError):  # who cannot be linked is rejected when it is his turn
                one.keys = self._matcher.blocking_keys(one.reported.person)
        unit.prepare((), frozenset().union(*(one.keys for one in unknown.values() if one.keys)))

    def _take_in(self, unit: IntakeUnit, one: _One) -> IntakeResult:
        try:
            return self._record(unit, one)
        except Conflict as error:
            return one.rejected(IssueCode.DUPLICATE, str(error))
        except MessageError as error:
            return one.rejected(IssueCode.NOT_IDENTIFIED, str(error))

    def _record(self, unit: IntakeUnit, one: _One) -> IntakeResult:
        before = self._before(unit, one)
        if before is not None and _keeps_person(one.record):
            held = before.dispensation.person
            if held.key != one.reported.person.key:
                return one.rejected(IssueCode.NOT_IDENTIFIED, _ANOTHER_PERSON)
            one.reported = replace(one.reported, person=held)
        if before is not None and one.report in before.reports:
            return self._again(one, before)
        match one.record.action:
            case IntakeAction.NEW:
                return self._new(unit, one, before)
            case IntakeAction.REVISE:
                return self._revise(unit, one, before)
            case IntakeAction.VOID:
                return _void(unit, one, before)

    def _before(self, unit: IntakeUnit, one: _One) -> Recorded | None:
        """What is recorded of this fill. When its number was not told, it has that of what is recorded from here on.

        :raises MessageError: it cannot be told which of several it is, or whether it is this person's.
        """
        record = one.record
        if record.original is not None:
            return _named(unit, one, record.original)
        held = [found for found in map(unit.same_fill, one.fills) if found is not None]
        if record.is_fill_told or not held:
            return held[0] if held else None
        again = next((found for found in held if one.report in found.reports), None)
        active = [found for found in held if not _is_void(found)]
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

    def _again(self, one: _One, before: Recorded) -> IntakeResult:
        """The very report that was received before."""
        if _is_void(before) is (one.record.action is IntakeAction.VOID) and (
            _is_void(before) or self._is_same(one.reported, before)
        ):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        issue = one.issue(
            IssueCode.SUPERSEDED,
            "This report was received before, and the record has been revised or voided since; it was left as it is.",
            is_error=False,
        )
        return replace(one, issues=(issue, *one.issues)).result(IntakeVerdict.UNCHANGED, before.dispensation)

    def _new(self, unit: IntakeUnit, one: _One, before: Recorded | None) -> IntakeResult:
        if before is None or _is_void(before):
            person_key, keys = self._link(unit, one)
            recorded = unit.add_dispensation(person_key, one.reported, keys, report=one.report)
            return one.result(IntakeVerdict.CREATED, recorded)
        if self._is_same(one.reported, before):
            return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
        return one.rejected(
            IssueCode.DUPLICATE,
            "This fill (dispenser, prescription number, fill number, fill date) is recorded already with other "
            "content; the record was left as it is. Send a revision to change it.",
        )

    def _revise(self, unit: IntakeUnit, one: _One, before: Recorded | None) -> IntakeResult:
        if before is None:
            return one.no_original()
        if _is_void(before) and one.record.original is None:
            return one.rejected(
                IssueCode.NO_ORIGINAL,
                "The dispensation to be revised is void. Report it as new if it was dispensed.",
            )
        if one.has_changed(before):
            return one.changed_meanwhile()
        if _is_void(before) and one.record.expected_revision is None:
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
            person_key, keys = self._link(unit, one)
        if person_key == held.person.key:
            revision = replace(one.reported, id=held.id)
            recorded = unit.add_dispensation(person_key, revision, keys, report=one.report)
        else:
            # It was reported of another person: there it becomes void, and it is recorded with whose it is.
            unit.add_dispensation(
                str(held.person.key),
                replace(held, status=DispensationStatus.VOID),
                frozenset(),
                report=one.report,
            )
            recorded = unit.add_dispensation(person_key, one.reported, keys, report=one.report)
        return one.result(IntakeVerdict.REVISED, recorded)

    # --- linking ----------------------------------------------------------------------------------------------

    def _link(self, unit: IntakeUnit, one: _One) -> tuple[str, frozenset[str]]:
        """The person key this dispensation belongs to (a new one unless exactly one person fits), and the blocking
        keys by which the person is to be found as well from now on.

        Demographics that are equal in every field cannot be told apart by anybody, so they are linked even when
        others are near.
        """
        person = one.reported.person
        same = {c.key: c for c in unit.candidates([one.exact]) if c.key and are_equal(c, person)}
        if len(same) == 1:
            ((key, appearance),) = same.items()
            if not person.identifiers and person.owner is None:
                one.reported = replace(one.reported, person=appearance)
            return key, frozenset()  # the person is known by all keys of these demographics
        if same and (holder := unit.holder(person, same)) is not None:
            return holder, frozenset()  # an operator has told these people apart
        keys = one.keys or self._matcher.blocking_keys(person)
        decision = self._matcher.decide(person, unit.candidates(keys))
        keys |= {one.exact}
        if isinstance(decision, Match):
            return decision.person_key, keys
        return unit.add_person(person, keys), keys

    def _is_same(self, reported: Dispensation, before: Recorded) -> bool:
        # The drug table may know more, or less, than it did then; that is no change of what was reported.
        held = before.dispensation
        return are_equal(held.person, reported.person) and (
            _content(replace(held, drug=self._drugs.resolve(held.drug))) == _content(reported)
        )


def _fills(record: IntakeRecord, reported: Dispensation) -> tuple[Dispensation, ...]:
    """The fills under which the original is looked for."""
    if record.original is not None:
        return ()
    if record.is_fill_told:
        return (reported,)
    whole = record.action is IntakeAction.VOID or not reported.partial_fill
    part = record.action is IntakeAction.VOID or reported.partial_fill
    parts = (*((0,) if whole else ()), *(range(1, PARTS_TRIED + 1) if part else ()))
    numbers = range(MAX_FILL_NUMBER + 1)
    return tuple(replace(reported, fill_number=n, partial_fill=p) for n, p in product(numbers, parts))


def _report(
    unit: IntakeUnit,
    read: Sequence[_One | ZeroReport | IntakeResult],
    taken: Sequence[IntakeResult | ZeroReport],
) -> None:
    """Of whatever is accepted its dispenser has reported; only a new dispensation covers the day it was dispensed."""
    reported: dict[int, tuple[Dispenser, set[date]]] = {}
    for one, result in zip(read, taken, strict=True):
        if isinstance(one, _One) and isinstance(result, IntakeResult) and result.verdict in _ACCEPTED:
            dispenser = one.reported.dispenser
            _, days = reported.setdefault(id(dispenser), (dispenser, set()))
            if one.record.action is IntakeAction.NEW:
                days.add(one.reported.sold or one.reported.filled)
    for dispenser, days in reported.values():
        unit.add_report(dispenser, days)


def _zero_report(unit: IntakeUnit, report: ZeroReport) -> IntakeResult:
    if report.first is None or report.last is None:
        raise ValueError("a zero report without its period is rejected when it is read")
    issues = report.issues
    if unit.has_dispensed(report.dispenser, report.first, report.last):
        message = "Dispensations of days in this period have been reported as well; both stand."
        issue = IntakeIssue(
            path=report.path, field="period", code=IssueCode.INCONSISTENT, message=message, is_error=False
        )
        issues = (*issues, issue)
    is_new = unit.add_zero_report(report.dispenser, report.first, report.last)
    verdict = IntakeVerdict.CREATED if is_new else IntakeVerdict.UNCHANGED
    return IntakeResult(path=report.path, verdict=verdict, issues=issues)


def _named(unit: IntakeUnit, one: _One, original: str) -> Recorded | None:
    """What is recorded under the id that the sender names."""
    named = unit.recorded(original)
    if named is not None and _is_void(named):
        moved = unit.same_fill(one.reported)  # this very revision may have moved it to another patient
        if moved is not None and one.report in moved.reports:
            return moved
    return named


def _void(unit: IntakeUnit, one: _One, before: Recorded | None) -> IntakeResult:
    if before is None:
        return one.no_original()
    if _is_void(before):
        return one.result(IntakeVerdict.UNCHANGED, before.dispensation)
    if one.has_changed(before):
        return one.changed_meanwhile()
    held = before.dispensation
    void = replace(held, status=DispensationStatus.VOID)
    recorded = unit.add_dispensation(str(held.person.key), void, frozenset(), report=one.report)
    return one.result(IntakeVerdict.VOIDED, recorded)


@dataclass(slots=True, kw_only=True)
class _One:
    """One record on its way: what was sent, with its drug resolved, and what was found.

    `exact` is the key of the person's demographics, `keys` are the matcher's blocking keys once they have been made.
    `fills` are the fills that it can be: itself, or under every number where its own was not told.
    """

    record: IntakeRecord
    reported: Dispensation
    issues: tuple[IntakeIssue, ...]
    report: bytes
    exact: str
    fills: tuple[Dispensation, ...]
    keys: frozenset[str] | None = None

    def result(self, verdict: IntakeVerdict, dispensation: Dispensation) -> IntakeResult:
        return IntakeResult(
            path=self.record.path, verdict=verdict, dispensation=dispensation, issues=self.issues
        )

    def rejected(self, code: IssueCode, message: str) -> IntakeResult:
        return _rejected(self.record.path, self.issue(code, message), *self.issues)

    def issue(self, code: IssueCode, message: str, *, is_error: bool = True) -> IntakeIssue:
        return IntakeIssue(path=self.record.path, code=code, message=message, is_error=is_error)

    def no_original(self) -> IntakeResult:
        if self.record.original is not None:
            return self.rejected(IssueCode.NO_ORIGINAL, "No dispensation is recorded under this id.")
        return self.rejected(
            IssueCode.NO_ORIGINAL,
            "No dispensation of this dispenser, prescription number, fill number and fill date is recorded, so there "
            "is nothing to revise or void. Report it as new, or correct what names the fill.",
        )

    def has_changed(self, before: Recorded) -> bool:
        """True when the sender has seen another revision than the present one; being moved to another person
        changes nothing of what was sent."""
        seen = self.record.expected_revision
        return seen is not None and not before.unchanged_since <= seen <= before.dispensation.revision

    def changed_meanwhile(self) -> IntakeResult:
        return self.rejected(
            IssueCode.CONFLICT,
            "The dispensation has been revised since the sender read it. Read it again and send the revision anew.",
        )


def _reported(records: Iterable[Reported]) -> Iterator[Dispensation]:
    return (r.dispensation for r in records if isinstance(r, IntakeRecord) and r.dispensation is not None)


def _rejected(path: str, *issues: IntakeIssue) -> IntakeResult:
    return IntakeResult(path=path, verdict=IntakeVerdict.REJECTED, issues=issues)


def _withheld(result: IntakeResult) -> IntakeResult:
    if result.verdict is IntakeVerdict.REJECTED:
        return result
    issue = IntakeIssue(
        path=result.path,
        code=IssueCode.WITHHELD,
        message="Not recorded, because another record of the same transaction was rejected.",
        is_error=True,
    )
    return _rejected(result.path, issue, *result.issues)


def _deferred(path: str, error: Unavailable) -> IntakeResult:
    issue = IntakeIssue(path=path, code=IssueCode.UNAVAILABLE, message=str(error), is_error=True)
    return IntakeResult(path=path, verdict=IntakeVerdict.DEFERRED, issues=(issue,))


def _is_void(before: Recorded) -> bool:
    return before.dispensation.status is DispensationStatus.VOID


def _fingerprint(message: str | None, record: IntakeRecord) -> bytes:
    """What makes it the same report: its place in a message that can be told, else everything it says."""
    said: object = record.path if message is not None else (record.original, record.dispensation)
    if record.expected_revision is not None:  # the same content, but of another revision: said anew
        said = (said, record.expected_revision)
    return blake2b(msgspec.msgpack.encode((message, record.action, said)), digest_size=16).digest()


def _content(dispensation: Dispensation) -> Dispensation:
    """What the dispenser said, without the person and what the gateway added."""
    return replace(dispensation, id=None, person=_NOBODY, source_state=None, reported_at=None, revision=0)


def _keeps_person(record: IntakeRecord) -> bool:
    """True for a revision by id whose person is a key and nothing else: whose it is stays as it is recorded."""
    told = record.dispensation
    return (
        record.action is IntakeAction.REVISE
        and record.original is not None
        and told is not None
        and told.person == Person(key=told.person.key)
    )


_NOBODY = Person()
_ANOTHER_PERSON = (
    "The dispensation is recorded of another patient than the one it is said to be of. Send the patient's "
    "demographics to change whose it is."
)
