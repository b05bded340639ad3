"""What a message reports -> an entry ready to be taken in, or why it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product

from gateway.checks import MAX_FILL_NUMBER, check, check_zero_report
from gateway.drugs import DrugTable, drugs_of
from gateway.intake.entry import Entry, fingerprint, keeps_person, rejected
from gateway.matching import exact_key
from gateway.model import (
    Dispensation,
    Drug,
    IntakeAction,
    IntakeIssue,
    IntakeRecord,
    IntakeResult,
    IssueCode,
    Reported,
    ZeroReport,
)
from gateway.ports import Clock

PARTS_TRIED = 9  # of a fill whose part was not told


class Reading:
    """Resolves the drug and validates."""

    def __init__(self, *, drugs: DrugTable, clock: Clock) -> None:
        self._drugs = drugs
        self._clock = clock

    def __call__(
        self, record: Reported, message: str | None, resolve: Callable[[Drug], Drug]
    ) -> Entry | ZeroReport | IntakeResult:
        """The record ready to be taken in, or why it cannot be."""
        today = self._clock().date()
        if isinstance(record, ZeroReport):
            is_readable = not any(issue.is_error for issue in record.issues)
            found = check_zero_report(record, today=today) if is_readable else ()
            return record if is_readable and not found else rejected(record.path, *record.issues, *found)
        if record.dispensation is None or any(issue.is_error for issue in record.issues):
            return rejected(record.path, *record.issues)
        sent = record.dispensation
        drug = resolve(sent.drug)
        reported = sent if drug == sent.drug else replace(sent, drug=drug)
        found = check(reported, path=record.path, today=today, action=record.action)
        if keeps_person(record):
            found = tuple(issue for issue in found if not (issue.field or "").startswith("person."))
        if record.action is not IntakeAction.VOID:
            found += self._unknown_products(sent, record.path)
        if any(issue.is_error for issue in found):
            return rejected(record.path, *record.issues, *found)
        return Entry(
            record=record,
            reported=reported,
            issues=(*record.issues, *found),
            report=fingerprint(message, record),
            exact=exact_key(reported.person),
            fills=fills_of(record, reported),
            others=_others_of(record, reported),
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


def fills_of(record: IntakeRecord, reported: Dispensation) -> tuple[Dispensation, ...]:
    """The fills under which the original is looked for."""
    if record.original is not None:
        return ()
    if record.is_fill_told:
        return (reported,)
    whole = record.action is IntakeAction.VOID or not reported.partial_fill
    part = record.action is IntakeAction.VOID or reported.partial_fill
    parts = (*((0,) if whole else ()), *(range(1, PARTS_TRIED + 1) if part else ()))
    return _under(reported, range(MAX_FILL_NUMBER + 1), parts)


def _others_of(record: IntakeRecord, reported: Dispensation) -> tuple[Dispensation, ...]:
    """The fills of the same prescription and day among which a condition is judged: each that can be, whole or in
    parts."""
    if record.unless is None:
        return ()
    told = record.unless.fill_number
    numbers = range(MAX_FILL_NUMBER + 1) if told is None else (told,)
    return _under(reported, numbers, range(PARTS_TRIED + 1))


def _under(reported: Dispensation, numbers: Iterable[int], parts: Iterable[int]) -> tuple[Dispensation, ...]:
    return tuple(replace(reported, fill_number=n, partial_fill=p) for n, p in product(numbers, parts))
