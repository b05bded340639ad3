"""The URL of a search for MedicationDispense or Provenance -> LookupRequest: one person, or one dispensation.

What a search costs is bounded by one patient, whom it names, or by one dispensation. The fill dates go to the store;
everything else is chosen among what it holds of that patient (searched_dispensations.py).

Sources: FHIR R4 "search", MedicationDispense and Provenance; US Core 6.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from adapters.fhir import uris
from adapters.fhir.search_values import ID, Moment, Target, Token, Value
from adapters.fhir.searching import Criterion, Parameter, Query, Searched, read_query
from adapters.fhir.searchset import position_of
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Period, Requester
from gateway.ports import Inbound

WITHDRAWN: Final = "entered-in-error"

_OF_A_PATIENT: Final = ("patient", "subject", "patient.identifier", "subject.identifier")
_WHOSE: Final = (
    "The key of an earlier answer (Patient.identifier), as KEY or Patient/KEY; required unless _id is there."
)
_PATIENTS: Final = tuple(
    Parameter(
        name=name,
        type="reference",
        documentation=_WHOSE,
        modifiers=("identifier", "Patient"),
        targets=("Patient",),
    )
    for name in ("patient", "subject")
)
_CHAINS: Final = tuple(
    Parameter(name=name, type="token", documentation=_WHOSE, chained=True)
    for name in ("patient.identifier", "subject.identifier")
)
DISPENSES: Final = Searched(
    kind="MedicationDispense",
    parameters=(
        Parameter(
            name="_id", type="token", documentation="The id of one dispensation, or of several with patient."
        ),
        Parameter(
            name="_lastUpdated",
            type="date",
            documentation="When the present revision was recorded: a new dispensation, a correction, or a move to "
            "another patient by an operator. A withdrawal cannot be found by it: what is withdrawn is in no search.",
        ),
        *_PATIENTS,
        *_CHAINS,
        Parameter(
            name="status",
            type="token",
            documentation="completed is what a patient's search finds; entered-in-error is found by _id.",
            modifiers=("not",),
        ),
        Parameter(
            name="type", type="token", documentation="v3-ActCode FFC, FFP, RFC, RFP.", modifiers=("not",)
        ),
        Parameter(
            name="identifier", type="token", documentation="The prescription number, without a system."
        ),
        Parameter(
            name="code", type="token", documentation="NDC (10 or 11 digits) or RxNorm.", modifiers=("not",)
        ),
        Parameter(
            name="fill-number", type="number", documentation="This gateway's own: 0 is the first fill."
        ),
        Parameter(name="whenprepared", type="date", documentation="The fill date."),
        Parameter(name="whenhandedover", type="date", documentation="The day on which it was sold."),
        Parameter(
            name="prescription",
            type="reference",
            documentation="By identifier only (prescription:identifier): the prescription number.",
            modifiers=("identifier",),
        ),
        Parameter(
            name="performer",
            type="reference",
            documentation="By identifier only (performer:identifier): NCPDP id, NPI, DEA number or licence.",
            modifiers=("identifier",),
        ),
    ),
    sorts=("whenprepared", "whenhandedover", "_lastUpdated"),
    includes=tuple(
        f"MedicationDispense:{name}"
        for name in ("patient", "subject", "performer", "medication", "prescription")
    ),
    revincludes=("Provenance:target",),
)
PROVENANCES: Final = Searched(
    kind="Provenance",
    parameters=(
        Parameter(name="_id", type="token", documentation="The id, which is the dispensation's."),
        Parameter(
            name="target",
            type="reference",
            documentation="MedicationDispense/ID.",
            modifiers=("MedicationDispense",),
            targets=("MedicationDispense",),
        ),
        Parameter(
            name="patient",
            type="reference",
            documentation="The Provenance of all dispensations of this patient, by key.",
            modifiers=("identifier", "Patient"),
            targets=("Patient",),
        ),
        Parameter(name="patient.identifier", type="token", documentation=_WHOSE, chained=True),
    ),
)
_BY_OPERATION: Final = {"search": DISPENSES, "provenance-search": PROVENANCES}


def query_for(message: Inbound) -> Query:
    """The search as it was understood. :raises MessageError: as :func:`read_query`."""
    query = read_query(message, _BY_OPERATION[message.operation])
    for criterion in query.named("prescription", "performer"):
        if criterion.modifier is None:
            raise MessageError(
                f"{criterion.name} is not searched for by an id: it has none here.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path=criterion.name,
                remedy=f"Search by {criterion.name}:identifier.",
            )
    return query


def read_search(message: Inbound) -> LookupRequest:
    """The person key and the fill dates, or the dispensation asked for.

    :raises MessageError: `path` is the parameter's name.
    """
    query = query_for(message)
    position_of(query)  # before anything is looked up
    key = patient_of(query)
    if key is None:
        return LookupRequest(person=None, dispensation_id=_one_id(query), requester=Requester())
    _require_current(query)
    return LookupRequest(
        person=None, person_key=key, requester=Requester(), period=_period(query.named("whenprepared"))
    )


def patient_of(query: Query) -> str | None:
    """The key of the patient that the search names; None where it names none.

    :raises MessageError: it is not one key.
    """
    criteria = query.named(*_OF_A_PATIENT)
    keys = {tuple(_key(value) for value in one.values) for one in criteria}
    if not keys:
        return None
    (first, *_), where = next(iter(keys)), criteria[0].name
    if len(keys) > 1 or len(next(iter(keys))) > 1 or first is None:
        raise MessageError(
            f"{where} is not the key of one patient.",
            path=where,
            remedy="Send patient=Patient/KEY once, with the key of an earlier answer (Patient.identifier).",
        )
    return first


def _key(value: Value) -> str | None:
    match value:
        case Target(id=id):
            return id
        case Token(system=uris.PERSON | None, code=str(code)) if ID.fullmatch(code):
            return code
        case _:
            return None


def _one_id(query: Query) -> str:
    """The one dispensation that a search without a patient names."""
    named = query.named("_id", "target")
    ids = {value.code if isinstance(value, Token) else value.id for one in named for value in one.values
           if isinstance(value, Token | Target)}  # fmt: skip
    if not named:
        raise MessageError(
            "patient is missing.",
            code=ErrorCode.REQUIRED,
            path="patient",
            remedy="Send patient=Patient/KEY, with the key of an earlier answer (Patient.identifier), or the id of a "
            "dispensation.",
        )
    id = ids.pop()
    if ids or id is None:
        raise MessageError(
            f"{named[0].name} is not one dispensation.",
            path=named[0].name,
            remedy="Send one id, or the patient as well.",
        )
    return id


def _require_current(query: Query) -> None:
    """:raises MessageError: what is withdrawn is asked for, and would seem not to be there."""
    for criterion in query.named("status"):
        if criterion.modifier is None and any(
            isinstance(value, Token) and value.code == WITHDRAWN for value in criterion.values
        ):
            raise MessageError(
                "Withdrawn dispensations cannot be searched for.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path="status",
                remedy=f"Leave {WITHDRAWN} out, or name one dispensation by _id.",
            )


def _period(criteria: Iterable[Criterion]) -> Period:
    """The fill dates that may satisfy every `whenprepared`."""
    bounds = [_around(one.values) for one in criteria]
    starts = [start for start, _ in bounds if start is not None]
    ends = [end for _, end in bounds if end is not None]
    start, end = max(starts, default=None), min(ends, default=None)
    return Period(start=start, end=end)


def _around(values: Iterable[Value]) -> tuple[date | None, date | None]:
    """The first and the last day that satisfy any of the values; None where it is open."""
    bounds = [value.bounds for value in values if isinstance(value, Moment)]
    starts, ends = zip(*bounds, strict=True)
    return (
        None if None in starts else min(starts),
        None if None in ends else max(ends),
    )
