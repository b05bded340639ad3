"""Canonical -> wire: the answer of each operation, and every error.

    pdmp-history       Parameters; 403 OperationOutcome when disallowed
    process-message    Bundle of type message around the same Parameters
    create             the MedicationDispense as recorded: 201, or 200 when it was recorded before; 422 when rejected
    search             Bundle of type searchset
    read               the MedicationDispense; 404 when there is none to show
    any error          OperationOutcome

Answers are plain dicts, never fhir.resources: that costs forty times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Any

import orjson

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.history import history_parameters, response_message
from adapters.fhir.media import answer_type, preference
from adapters.fhir.outcomes import (
    information,
    outcome_of,
    outcome_of_error,
    outcome_of_issues,
    status_of_error,
)
from adapters.fhir.read import request_message_id
from adapters.fhir.read_search import self_link
from adapters.fhir.write_dispensation import DispensationWriter, with_display
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.model import Answer, Dispensation, IntakeReceipt, IntakeVerdict, Outcome
from gateway.ports import Answered, Inbound, Outbound
from gateway.terminology import field_map

FORMAT = "fhir"
_OPTIONS = orjson.OPT_UTC_Z


def write(answer: Answered, request: Inbound) -> Outbound:
    """The answer in FHIR.

    :raises NotFound: the dispensation that was to be read cannot be shown.
    :raises Unavailable: a search or a read that could not be done; it must not look like an empty one.
    """
    if isinstance(answer, IntakeReceipt):
        return _receipt(answer, request)
    if isinstance(answer, Outbound):
        raise TypeError("FHIR encloses no message of another protocol")
    if answer.outcome is Outcome.DISALLOWED:
        return _outbound(outcome_of(answer), request, status=403)
    match request.operation:
        case "search":
            return _searchset(_done(answer), request)
        case "read":
            return _one(_done(answer), request)
        case "process-message":
            resource = response_message(answer, request.base_url, request_id=request_message_id(request))
        case _:
            resource = history_parameters(answer, request.base_url)
    headers = (("Retry-After", str(answer.retry_after)),) if answer.retry_after is not None else ()
    return _outbound(resource, request, headers=headers, losses=_losses(answer))


def write_error(error: GatewayError, request: Inbound | None) -> Outbound:
    """The error as an OperationOutcome."""
    return _outbound(outcome_of_error(error), request, status=status_of_error(error))


def to_json(resource: Any) -> bytes:
    """The bytes of a resource; instants end in Z."""
    return orjson.dumps(resource, option=_OPTIONS)


# --- search and read ------------------------------------------------------------------------------------------


def _done(answer: Answer) -> Answer:
    """The answer itself, when it says what is held."""
    if answer.outcome in {Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL}:
        return answer
    text = answer.detail or "The record cannot be searched now."
    raise Unavailable(text, retry_after=answer.retry_after or 5)


def _searchset(answer: Answer, request: Inbound) -> Outbound:
    entries = [
        {
            "fullUrl": f"{request.base_url}/MedicationDispense/{d.id}",
            "resource": _standalone(d, request.base_url),
            "search": {"mode": "match"},
        }
        for d in answer.dispensations
    ]
    remarks = outcome_of(answer) if answer.outcome is Outcome.PARTIAL else None
    if remarks is None and answer.disclaimers:
        remarks = information(answer.disclaimers)
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
    return _outbound(bundle, request, losses=_losses(answer))


def _one(answer: Answer, request: Inbound) -> Outbound:
    if not answer.dispensations:
        if answer.outcome is Outcome.PARTIAL:
            raise Unavailable(answer.detail or "The record cannot be read now.")
        raise NotFound("There is no such MedicationDispense.")
    found = answer.dispensations[0]
    resource = _standalone(found, request.base_url)
    return _outbound(resource, request, headers=_version_headers(found), losses=_losses(answer))


class _Contained:
    """Puts resources into `contained`, under ids that are valid in their container only."""

    def __init__(self) -> None:
        self.resources: list[Element] = []

    def put(self, resource: Element) -> str:
        """Add the resource; returns its local reference."""
        id = f"r{len(self.resources) + 1}"
        self.resources.append({"id": id, **resource})
        return f"#{id}"


def _standalone(dispensation: Dispensation, base_url: str) -> Element:
    """A MedicationDispense by itself: what it refers to is contained, its patient is named by key."""
    person = dispensation.person
    subject = {
        "reference": f"Patient/{person.key}",
        "identifier": {"system": uris.PERSON, "value": person.key},
    }
    shelf = _Contained()
    writer = DispensationWriter(shelf, source=base_url, subject=with_display(subject, person))
    return writer.write(dispensation) | {"contained": shelf.resources}


# --- intake ---------------------------------------------------------------------------------------------------


def _receipt(receipt: IntakeReceipt, request: Inbound) -> Outbound:
    """What became of the one dispensation; `Prefer: return=` chooses what comes back when it was recorded."""
    result = receipt.results[0]
    recorded = result.dispensation
    if result.verdict is IntakeVerdict.REJECTED or recorded is None:
        return _outbound(outcome_of_issues(result.issues), request, status=422)
    status = 201 if result.verdict is IntakeVerdict.CREATED else 200
    location = ("Location", f"{request.base_url}/MedicationDispense/{recorded.id}")
    headers = (location, *_version_headers(recorded))
    match preference(request, "return"):
        case "minimal":
            return Outbound(body=b"", content_type=answer_type(request), status=status, headers=headers)
        case "operationoutcome":
            text = (
                "The dispensation is recorded." if status == 201 else "The dispensation was recorded before."
            )
            resource = outcome_of_issues(result.issues) if result.issues else information([text])
        case _:
            resource = _standalone(recorded, request.base_url)
    return _outbound(resource, request, status=status, headers=headers)


def _version_headers(dispensation: Dispensation) -> tuple[tuple[str, str], ...]:
    headers = [("ETag", f'W/"{dispensation.revision}"')]
    if dispensation.reported_at is not None:
        headers.append(("Last-Modified", format_datetime(dispensation.reported_at, usegmt=True)))
    return tuple(headers)


# --- out ------------------------------------------------------------------------------------------------------


def _losses(answer: Answer) -> tuple[str, ...]:
    return field_map().losses(answer, FORMAT)


def _outbound(
    resource: Any,
    request: Inbound | None,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
    losses: tuple[str, ...] = (),
) -> Outbound:
    return Outbound(
        body=to_json(resource),
        content_type=answer_type(request),
        status=status,
        headers=tuple(headers),
        losses=losses,
    )
