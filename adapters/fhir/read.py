"""Wire -> canonical: what is asked of each operation.

pdmp-history       Parameters                      -> LookupRequest by demographics
process-message    Bundle of type message          -> LookupRequest by demographics
create, update     MedicationDispense              -> IntakeBatch of one record
bundle             Bundle, transaction or batch    -> IntakeBatch of its MedicationDispense entries
import             NDJSON of MedicationDispense    -> IntakeBatch of its lines
audit-*           the URL                        -> AuditQuery (read_audit.py)
patient-*, match   the URL, Parameters             -> PersonQuery (read_people.py)
search, read       the URL                         -> LookupRequest by person key, by dispensation id
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from typing import Final

from adapters.fhir.body import body_of
from adapters.fhir.later import require_understood, states, wanted
from adapters.fhir.media import require_spoken_answer
from adapters.fhir.parts import require_known_parts
from adapters.fhir.read_audit import read_audit_event, read_audit_search
from adapters.fhir.read_bundle import read_bundle
from adapters.fhir.read_condition import read_condition
from adapters.fhir.read_import import read_import
from adapters.fhir.read_people import read_match, read_patient_by_key, read_patient_search
from adapters.fhir.read_report import Reports, require_report, revision_of
from adapters.fhir.read_request import read_message, read_parameters
from adapters.fhir.read_search import read_search
from adapters.fhir.search_values import ID
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError, NotFound
from gateway.model import IntakeBatch, LookupRequest, Requester
from gateway.ports import Asked, Inbound


def read(message: Inbound) -> Asked:
    """What the message asks.

    :raises MessageError: with the FHIRPath, the header or the parameter of what is wrong.
    """
    if message.operation != "import":  # which is answered in NDJSON
        require_spoken_answer(message)
    require_known_parts(message)
    # The writer asks again: what is not understood is refused before anything is done.
    require_understood(message)
    return _READERS[message.operation](message)


def request_message_id(message: Inbound) -> str:
    """`MessageHeader.id` of a request message that has been read before."""
    return read_message(_message_bundle(body_of(message))).id


def _read_history(message: Inbound) -> LookupRequest:
    asked = read_parameters(body_of(message), today=_day_of(message))
    return replace(asked, wants=wanted(message), states=states(message))


def _read_message(message: Inbound) -> LookupRequest:
    if message.query.get("async", ("false",))[-1] != "false":
        raise MessageError(
            "A message is answered at once, not later.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path="async",
            remedy="Send the message without async.",
        )
    id, parameters, entries, header = read_message(_message_bundle(body_of(message)))
    asked = read_parameters(parameters, today=_day_of(message), entries=entries, header=header, message_id=id)
    return replace(asked, wants=wanted(message), states=states(message))


def _day_of(message: Inbound) -> date:
    return message.received_at.astimezone(UTC).date()


def _message_bundle(node: Node) -> Node:
    """The Bundle, sent as the body or as the parameter `content` of a Parameters (FHIR R4, $process-message)."""
    if node.kind != "Parameters":
        return node
    content = next((p for p in node.items("parameter") if p.text("name") == "content"), None)
    if content is None:
        raise MessageError(
            "The body is no message.",
            path="Parameters.parameter",
            remedy="Send the Bundle itself, or as the resource of a parameter named content.",
        )
    return content.need("resource")


def _read_one(message: Inbound) -> LookupRequest:
    return LookupRequest(person=None, dispensation_id=_id(message), requester=Requester())


def _id(message: Inbound) -> str:
    id = message.arguments["id"]
    if not ID.fullmatch(id):
        raise NotFound("There is no such resource.")
    return id


# --- intake ---------------------------------------------------------------------------------------------------


def _read_created(message: Inbound) -> IntakeBatch:
    node = require_report(body_of(message))
    condition = message.headers.get("if-none-exist")
    unless = None
    if condition is not None:
        unless = partial(read_condition, condition, path="If-None-Exist", base_url=message.base_url)
    return IntakeBatch(records=(Reports().created(node, unless=unless),))


def _read_updated(message: Inbound) -> IntakeBatch:
    id = _id(message)
    if "if-none-match" in message.headers:
        raise MessageError(
            "An update on the condition that there is nothing is not offered.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path="If-None-Match",
            remedy="Create the dispensation instead, or update it with If-Match.",
        )
    seen = revision_of(message.headers.get("if-match"), "If-Match")
    node = require_report(body_of(message))
    return IntakeBatch(records=(Reports().updated(node, id, seen),))


def _read_bundle(message: Inbound) -> Asked:
    return read_bundle(message, read)


_READERS: Final[Mapping[str, Callable[[Inbound], Asked]]] = {
    "pdmp-history": _read_history,
    "process-message": _read_message,
    "create": _read_created,
    "update": _read_updated,
    "bundle": _read_bundle,
    "import": read_import,
    "search": read_search,
    "read": _read_one,
    "vread": _read_one,
    "provenance": _read_one,
    "provenance-search": read_search,
    "patient-read": read_patient_by_key,
    "patient-search": read_patient_search,
    "match": read_match,
    "audit-read": read_audit_event,
    "audit-search": read_audit_search,
}
"""The reader of each operation that a route names."""
