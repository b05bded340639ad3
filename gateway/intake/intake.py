"""Messages and files of reports, some hundreds of records at a time, each time in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from gateway.contention import repeated
from gateway.drugs import DrugTable, drugs_of
from gateway.errors import Unavailable
from gateway.intake.entry import Entry, deferred, withheld
from gateway.intake.reading import Reading
from gateway.intake.recording import Recording
from gateway.intake.reporting import add_reports, add_zero_report
from gateway.matching import Matcher
from gateway.model import (
    Dispensation,
    IntakeBatch,
    IntakeReceipt,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    Reported,
    ZeroReport,
)
from gateway.ports import Clock, RecordStore

AT_ONCE = 1000  # records in one transaction: other writers wait no longer than these take
ATTEMPTS = 6  # when another writer comes first


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
        self._reading = Reading(drugs=drugs, clock=clock)

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
            results += [deferred(record.path, error) for record in batch.records[len(results) :]]
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
        return repeated(lambda: self._attempt(records, message), ATTEMPTS)

    def _attempt(self, records: Sequence[Reported], message: _Message) -> list[IntakeResult]:
        results: list[IntakeResult] = []
        self._drugs.prepare(drug for d in _reported(records) for drug in drugs_of(d))
        resolve = cache(self._drugs.resolve)  # a few hundred products among a thousand records
        read = [self._reading(record, message.name, resolve) for record in records]
        with suppress(_Undo), self._store.intake(len(records)) as unit:
            recording = Recording(unit, matcher=self._matcher, drugs=self._drugs)
            recording.prepare([one for one in read if isinstance(one, Entry)])
            taken = [recording.take_in(one) if isinstance(one, Entry) else one for one in read]
            add_reports(unit, read, taken)
            results = [add_zero_report(unit, one) if isinstance(one, ZeroReport) else one for one in taken]
            if message.is_test:
                results = [replace(result, dispensation=None) for result in results]
                raise _Undo
            if message.all_or_nothing and any(r.verdict is IntakeVerdict.REJECTED for r in results):
                results = [withheld(result) for result in results]
                raise _Undo
        return results


def _reported(records: Iterable[Reported]) -> Iterator[Dispensation]:
    return (r.dispensation for r in records if isinstance(r, IntakeRecord) and r.dispensation is not None)
