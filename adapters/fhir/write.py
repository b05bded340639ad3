"""Canonical -> wire: the answer of each operation, and every error.

    pdmp-history       Parameters; 403 OperationOutcome when disallowed
    process-message    Bundle of type message around the same Parameters
    create, update     the MedicationDispense as recorded (write_receipt.py)
    bundle, import     what became of each entry, of each line (write_receipt.py)
    search             Bundle of type searchset (write_search.py), of Provenance too
    read, vread        the MedicationDispense; 404 when there is none to show; 304 when it is known
    provenance         its Provenance
    audit-*            AuditEvent; Bundle of type searchset (write_audit.py)
    patient-*, match   Patient; Bundle of type searchset (write_people.py)
    any error          OperationOutcome

Answers are plain dicts, never fhir.resources: that costs forty times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from adapters.fhir.datatypes import Element
from adapters.fhir.history import history_parameters, response_message
from adapters.fhir.later import wants_losses
from adapters.fhir.media import answer_type
from adapters.fhir.out import outbound
from adapters.fhir.outcomes import outcome_of, outcome_of_error, status_of_error
from adapters.fhir.provenance import provenance
from adapters.fhir.read import request_message_id
from adapters.fhir.standalone import is_known, standalone, version_headers
from adapters.fhir.write_audit import write_audit
from adapters.fhir.write_people import write_people
from adapters.fhir.write_receipt import write_receipt
from adapters.fhir.write_search import write_search
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.model import Answer, Dispensation, IntakeReceipt, Outcome
from gateway.model.auditing import EventsFound
from gateway.model.people import PeopleFound
from gateway.ports import Answered, Inbound, Outbound
from gateway.terminology import field_map

FORMAT = "fhir"


def write(answer: Answered, request: Inbound) -> Outbound:
    """The answer in FHIR.

    :raises NotFound: the dispensation that was to be read cannot be shown.
    :raises Unavailable: a search or a read that could not be done; it must not look like an empty one.
    """
    if isinstance(answer, IntakeReceipt):
        return write_receipt(answer, request)
    if isinstance(answer, PeopleFound):
        return write_people(answer, request)
    if isinstance(answer, EventsFound):
        return write_audit(answer, request)
    if isinstance(answer, Outbound):
        raise TypeError("FHIR encloses no message of another protocol")
    if answer.outcome is Outcome.DISALLOWED:
        return outbound(outcome_of(answer), request, status=403)
    return _WRITERS[request.operation](answer, request)


def write_error(error: GatewayError, request: Inbound | None) -> Outbound:
    """The error as an OperationOutcome."""
    return outbound(outcome_of_error(error), request, status=status_of_error(error))


# --- a history ------------------------------------------------------------------------------------------------


def _history(answer: Answer, request: Inbound) -> Outbound:
    return _reported(history_parameters(answer, request.base_url, _told(answer, request)), answer, request)


def _message(answer: Answer, request: Inbound) -> Outbound:
    resource = response_message(
        answer, request.base_url, request_id=request_message_id(request), losses=_told(answer, request)
    )
    return _reported(resource, answer, request)


def _reported(resource: Element, answer: Answer, request: Inbound) -> Outbound:
    headers = (("Retry-After", str(answer.retry_after)),) if answer.retry_after is not None else ()
    return outbound(resource, request, headers=headers, losses=_losses(answer))


# --- search and read ------------------------------------------------------------------------------------------


def _done(answer: Answer) -> Answer:
    """The answer itself, when it says what is held."""
    if answer.outcome in {Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL}:
        return answer
    text = answer.detail or "The record cannot be searched now."
    raise Unavailable(text, retry_after=answer.retry_after or 5)


def _searchset(answer: Answer, request: Inbound) -> Outbound:
    answer = _done(answer)
    found = write_search(answer, request, _told(answer, request))
    return replace(outbound(found.bundle, request, losses=_losses(answer)), shown=found.shown)


def _one(answer: Answer, request: Inbound) -> Outbound:
    found = _only(answer, "MedicationDispense")
    headers = version_headers(found)
    if is_known(found, request):
        return Outbound(body=b"", content_type=answer_type(request), status=304, headers=headers, shown=0)
    resource = standalone(found, request.base_url)
    return outbound(resource, request, headers=headers, losses=_losses(answer))


def _revision(answer: Answer, request: Inbound) -> Outbound:
    """The revision that stands; what stood before it is kept, and not read here."""
    if request.arguments["revision"] != str(_only(answer, "MedicationDispense").revision):
        raise NotFound("There is no such revision to be read: only the present one is.")
    return _one(answer, request)


def _provenance(answer: Answer, request: Inbound) -> Outbound:
    return outbound(provenance(_only(answer, "Provenance"), request.base_url), request)


def _only(answer: Answer, kind: str) -> Dispensation:
    """:raises NotFound, Unavailable: there is none, or it cannot be told."""
    answer = _done(answer)
    if not answer.dispensations:
        if answer.outcome is Outcome.PARTIAL:
            raise Unavailable(answer.detail or "The record cannot be read now.")
        raise NotFound(f"There is no such {kind}.")
    return answer.dispensations[0]


# --- out ------------------------------------------------------------------------------------------------------


def _losses(answer: Answer) -> tuple[str, ...]:
    return field_map().losses(answer, FORMAT)


def _told(answer: Answer, request: Inbound) -> tuple[str, ...]:
    """The losses that the caller has asked to be told of."""
    return _losses(answer) if wants_losses(request) else ()


_WRITERS: Final[Mapping[str, Callable[[Answer, Inbound], Outbound]]] = {
    "pdmp-history": _history,
    "process-message": _message,
    "search": _searchset,
    "read": _one,
    "vread": _revision,
    "provenance": _provenance,
    "provenance-search": _searchset,
}
"""The writer of the answer to each operation that looks something up."""
