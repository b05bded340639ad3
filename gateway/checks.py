"""What a reported dispensation must satisfy to be recorded, whatever format it came in.

An error rejects the record; a warning is recorded with it and told to the sender. Identifiers that fail their check
digit are warnings: public examples and real senders carry them, and a wrong digit must not lose a dispensation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from gateway.model import Dispensation, IntakeIssue, Person, Species
from gateway.model.identifiers import dea, ndc, npi

MAX_DAYS_SUPPLY = 999
MAX_FILL_NUMBER = 99
MAX_REFILLS = 99
MAX_PARTS = 99


def check(dispensation: Dispensation, *, path: str, today: date) -> tuple[IntakeIssue, ...]:
    """Everything wrong or odd with the record, errors first.

    :param path: where the record stands in its message; the issues name the canonical field below it.
    :param today: the gateway's day (UTC); a fill date or a date sold may be one day ahead of it.
    """
    errors = [
        IntakeIssue(path=f"{path}.{field}", message=message, is_error=True)
        for field, message in _errors(dispensation, today)
    ]
    warnings = [
        IntakeIssue(path=f"{path}.{field}", message=message, is_error=False)
        for field, message in _warnings(dispensation)
    ]
    return (*errors, *warnings)


def _errors(d: Dispensation, today: date) -> Iterator[tuple[str, str]]:
    if not d.rx_number:
        yield "rx_number", "The prescription number is missing."
    if d.filled > today + timedelta(days=1):
        yield "filled", "The fill date lies in the future."
    if d.sold is not None and d.sold > today + timedelta(days=1):
        yield "sold", "The date sold lies in the future."
    if d.written is not None and d.written > d.filled:
        yield "written", "The prescription was written after it was filled."
    if not d.quantity.is_finite() or d.quantity <= 0:
        yield "quantity", "The quantity must be more than zero."
    if not 1 <= d.days_supply <= MAX_DAYS_SUPPLY:
        yield "days_supply", f"The days supply must be a whole number from 1 to {MAX_DAYS_SUPPLY}."
    if not 0 <= d.fill_number <= MAX_FILL_NUMBER:
        yield "fill_number", f"The fill number must be from 0 (first fill) to {MAX_FILL_NUMBER}."
    if d.refills_authorised is not None and not 0 <= d.refills_authorised <= MAX_REFILLS:
        yield "refills_authorised", f"The refills authorised must be from 0 to {MAX_REFILLS}."
    if not 0 <= d.partial_fill <= MAX_PARTS:
        yield "partial_fill", f"The part of a fill must be from 0 (not partial) to {MAX_PARTS}."
    if not (d.drug.ndc11 or d.drug.rxcui or d.drug.name or d.compound):
        yield "drug", "The drug needs an NDC, an RxNorm code or a name."
    if not (d.dispenser.ncpdp_id or d.dispenser.npi or d.dispenser.dea):
        yield "dispenser", "The dispenser needs an NCPDP id, an NPI or a DEA number."
    yield from _person_errors(d.person, today)


def _person_errors(person: Person, today: date) -> Iterator[tuple[str, str]]:
    if not person.names or not person.names[0].family:
        yield "person.names", "The patient's name is missing."
    if person.species is Species.VETERINARY:
        if person.owner is None or not person.owner.names:
            yield "person.owner", "A veterinary patient needs its owner's name."
        return
    if person.birth_date is None:
        yield "person.birth_date", "The patient's date of birth is missing."
    elif person.birth_date > today:
        yield "person.birth_date", "The patient's date of birth lies in the future."


def _warnings(d: Dispensation) -> Iterator[tuple[str, str]]:
    if d.sold is not None and d.sold < d.filled:
        yield "sold", "The date sold lies before the fill date."
    if d.drug.ndc11 is not None and not ndc.is_valid(d.drug.ndc11):
        yield "drug.ndc11", "The NDC is not an 11-digit NDC."
    for party, npi_value, dea_value in (
        ("prescriber", d.prescriber.npi, d.prescriber.dea),
        ("dispenser", d.dispenser.npi, d.dispenser.dea),
    ):
        if npi_value is not None and not npi.is_valid(npi_value):
            yield f"{party}.npi", "The NPI fails its check digit."
        if dea_value is not None and not dea.is_valid(dea_value):
            yield f"{party}.dea", "The DEA number fails its check digit."
    if not (d.prescriber.npi or d.prescriber.dea or d.prescriber.licence):
        yield "prescriber", "The prescriber has no NPI, DEA number or state licence."
