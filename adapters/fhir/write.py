"""Canonical -> wire: the answer of each operation, and every error.

    pdmp-history       Parameters; 403 OperationOutcome when disallowed
    process-message    Bundle of type message around the same Parameters
    create, update     the MedicationDispense as recorded (write_receipt.py)
    bundle, import     what became of each entry, of each line (write_receipt.py)
    search             Bundle of type searchset
    read               the MedicationDispense; 404 when there is none to show
    any error          OperationOutcome

Answers are plain dicts, never fhir.resources: that costs forty times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.fhir.datatypes import Element
from adapters.fhir.history import history_parameters, response_message
from adapters.fhir.later import wants_losses, with_losses
from adapters.fhir.out import outbound
from adapters.fhir.outcomes import information, outcome_of, outcome_of_error, status_of_error
from adapters.fhir.read import request_message_id
from adapters.fhir.read_search import self_link
from adapters.fhir.standalone import standalone, version_headers
from adapters.fhir.write_receipt import write_receipt
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.model import Answer, IntakeReceipt, Outcome
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
    entries = [
        {
            "fullUrl": f"{request.base_url}/MedicationDispense/{d.id}",
            "resource": standalone(d, request.base_url),
            "search": {"mode": "match"},
        }
        for d in answer.dispensations
    ]
    remarks = outcome_of(answer) if answer.outcome is Outcome.PARTIAL else None
    if remarks is None and answer.disclaimers:
        remarks = information(answer.disclaimers)
    remarks = with_losses(remarks, _told(answer, request), answer.report_id)
    bundle: Element = {
        "resourceType": "Bundle",
        "id": answer.report_id,
        "type": "searchset",
        "timestamp": answer.generated_at,
        "total": len(entries),
        "link": [{"relation": "self", "url": self_link(request)}],
    }
    if remarks is not None:
        entries.append({"resource": remarks, "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return outbound(bundle, request, losses=_losses(answer))


def _one(answer: Answer, request: Inbound) -> Outbound:
    answer = _done(answer)
    if not answer.dispensations:
        if answer.outcome is Outcome.PARTIAL:
            raise Unavailable(answer.detail or "The record cannot be read now.")
        raise NotFound("There is no such MedicationDispense.")
    found = answer.dispensations[0]
    resource = standalone(found, request.base_url)
    return outbound(resource, request, headers=version_headers(found), losses=_losses(answer))


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
}
"""The writer of the answer to each operation that looks something up."""
