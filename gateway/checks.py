"""What a reported dispensation must satisfy to be recorded, whatever format it came in.

An error rejects the record; a warning is recorded with it and told to the sender. Identifiers that fail their check
digit are warnings: public examples and real senders carry them, and a wrong digit must not lose a dispensation.

Of a void only what names the fill is looked at: the rest is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from gateway.model import (
    Dispensation,
    Dispenser,
    IntakeAction,
    IntakeIssue,
    IssueCode,
    Person,
    Species,
    ZeroReport,
)
from gateway.model.identifiers import dea, ndc, npi

# the same few parties and products come again and again
_is_npi, _is_dea, _is_ndc = (lru_cache(maxsize=20_000)(kind.is_valid) for kind in (npi, dea, ndc))

MAX_DAYS_SUPPLY = 999
MAX_FILL_NUMBER = 99
MAX_REFILLS = 99
MAX_PARTS = 99

_Finding = tuple[str, IssueCode, str]  # field, code, sentence


def check(
    dispensation: Dispensation, *, path: str, today: date, action: IntakeAction = IntakeAction.NEW
) -> tuple[IntakeIssue, ...]:
    """Everything wrong or odd with the record, errors first.

    :param path: where the record stands in its message; the issues name the canonical field below it.
    :param today: the gateway's day (UTC); a fill date or a date sold may be one day ahead of it.
    """
    found = [(True, one) for one in _fill_errors(dispensation, today)]
    if action is not IntakeAction.VOID:
        found += [(True, one) for one in _errors(dispensation, today)]
        found += [(False, one) for one in _warnings(dispensation)]
    return tuple(
        IntakeIssue(path=path, field=field, code=code, message=message, is_error=is_error)
        for is_error, (field, code, message) in found
    )


def check_zero_report(report: ZeroReport, *, today: date) -> tuple[IntakeIssue, ...]:
    """Everything wrong with a zero report; its period may end one day ahead of `today`, the gateway's day (UTC)."""
    return tuple(
        IntakeIssue(path=report.path, field=field, code=code, message=message, is_error=True)
        for field, code, message in _zero_report_errors(report, today)
    )


def _zero_report_errors(report: ZeroReport, today: date) -> Iterator[_Finding]:
    yield from _dispenser_errors(report.dispenser)
    if report.first is None or report.last is None:
        yield "period", IssueCode.MISSING, "The first or the last day of the zero report's period is missing."
    elif report.last < report.first:
        yield "period", IssueCode.INCONSISTENT, "The zero report's period ends before it begins."
    elif report.last > today + timedelta(days=1):
        yield "period", IssueCode.OUT_OF_RANGE, "The zero report's period ends in the future."


def _fill_errors(d: Dispensation, today: date) -> Iterator[_Finding]:
    """What the fill cannot be told by."""
    if not d.rx_number:
        yield "rx_number", IssueCode.MISSING, "The prescription number is missing."
    if d.filled > today + timedelta(days=1):
        yield "filled", IssueCode.OUT_OF_RANGE, "The fill date lies in the future."
    if not 0 <= d.fill_number <= MAX_FILL_NUMBER:
        message = f"The fill number must be from 0 (first fill) to {MAX_FILL_NUMBER}."
        yield "fill_number", IssueCode.OUT_OF_RANGE, message
    if not 0 <= d.partial_fill <= MAX_PARTS:
        message = f"The part of a fill must be from 0 (not partial) to {MAX_PARTS}."
        yield "partial_fill", IssueCode.OUT_OF_RANGE, message
    yield from _dispenser_errors(d.dispenser)


def _dispenser_errors(dispenser: Dispenser) -> Iterator[_Finding]:
    if not (dispenser.ncpdp_id or dispenser.npi or dispenser.dea):
        message = "The dispenser needs an NCPDP id, an NPI or a DEA number."
        yield "dispenser", IssueCode.NOT_IDENTIFIED, message


def _errors(d: Dispensation, today: date) -> Iterator[_Finding]:
    if d.sold is not None and d.sold > today + timedelta(days=1):
        yield "sold", IssueCode.OUT_OF_RANGE, "The date sold lies in the future."
    if d.written is not None and d.written > d.filled:
        yield "written", IssueCode.INCONSISTENT, "The prescription was written after it was filled."
    if not d.quantity.is_finite() or d.quantity <= 0:
        yield "quantity", IssueCode.OUT_OF_RANGE, "The quantity must be more than zero."
    if not 1 <= d.days_supply <= MAX_DAYS_SUPPLY:
        message = f"The days supply must be a whole number from 1 to {MAX_DAYS_SUPPLY}."
        yield "days_supply", IssueCode.OUT_OF_RANGE, message
    if d.refills_authorised is not None and not 0 <= d.refills_authorised <= MAX_REFILLS:
        message = f"The refills authorised must be from 0 to {MAX_REFILLS}."
        yield "refills_authorised", IssueCode.OUT_OF_RANGE, message
    if not (d.drug.ndc11 or d.drug.rxcui or d.drug.name or d.compound):
        yield "drug", IssueCode.MISSING, "The drug needs an NDC, an RxNorm code or a name."
    yield from _person_errors(d.person, today)


def _person_errors(person: Person, today: date) -> Iterator[_Finding]:
    if not person.names or not person.names[0].family:
        yield "person.names", IssueCode.MISSING, "The patient's name is missing."
    if person.species is Species.VETERINARY:
        if person.owner is None or not person.owner.names:
            yield "person.owner", IssueCode.MISSING, "A veterinary patient needs its owner's name."
        return
    if person.birth_date is None:
        yield "person.birth_date", IssueCode.MISSING, "The patient's date of birth is missing."
    elif person.birth_date > today:
        yield "person.birth_date", IssueCode.OUT_OF_RANGE, "The patient's date of birth lies in the future."


def _warnings(d: Dispensation) -> Iterator[_Finding]:
    if d.sold is not None and d.sold < d.filled:
        yield "sold", IssueCode.INCONSISTENT, "The date sold lies before the fill date."
    if d.drug.ndc11 is not None and not _is_ndc(d.drug.ndc11):
        yield "drug.ndc11", IssueCode.MALFORMED, "The NDC is not an 11-digit NDC."
    for party, npi_value, dea_value in (
        ("prescriber", d.prescriber.npi, d.prescriber.dea),
        ("dispenser", d.dispenser.npi, d.dispenser.dea),
    ):
        if npi_value is not None and not _is_npi(npi_value):
            yield f"{party}.npi", IssueCode.CHECK_DIGIT, "The NPI fails its check digit."
        if dea_value is not None and not _is_dea(dea_value):
            yield f"{party}.dea", IssueCode.CHECK_DIGIT, "The DEA number fails its check digit."
    if not (d.prescriber.npi or d.prescriber.dea or d.prescriber.licence):
        message = "The prescriber has no NPI, DEA number or state licence."
        yield "prescriber", IssueCode.NOT_IDENTIFIED, message
