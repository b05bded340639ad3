"""Canonical -> wire: audit events as AuditEvent resources.

    audit-read      the AuditEvent
    audit-search    Bundle of type searchset, the newest first

An event names who asked and whose data was shown, by keys and identifiers; the log knows nothing else of a patient.
Source: FHIR R4 AuditEvent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters.fhir import uris
from adapters.fhir.audit_codes import AGENT_SYSTEMS, action_code, outcome_code, subtype_of, type_of
from adapters.fhir.datatypes import Element
from adapters.fhir.out import outbound
from adapters.fhir.read_audit import read_audit_query
from adapters.fhir.searchset import Page, page_token, searchset
from gateway.model.audit import AuditEvent
from gateway.model.auditing import EventsFound, RecordedEvent
from gateway.ports import Inbound, Outbound

_SYSTEMS: Final = {prefix: system for system, prefix in AGENT_SYSTEMS.items()}


def write_audit(found: EventsFound, request: Inbound) -> Outbound:
    """The answer to either operation."""
    if request.operation == "audit-read":
        return outbound(audit_event(found.events[0]), request)
    query = read_audit_query(request)
    token = None
    if found.next is not None:
        token = page_token(query, [found.next.at.isoformat(), found.next.stream, found.next.seq])
    total = len(found.events) if token is None and query.page is None else None
    page = Page([audit_event(one) for one in found.events], total=total, next=token)
    return outbound(searchset(query, page, request.base_url, at=request.received_at), request)


def audit_event(recorded: RecordedEvent) -> Element:
    """The resource."""
    event = recorded.event
    written: Element = {
        "resourceType": "AuditEvent",
        "id": f"{recorded.place.stream}.{recorded.place.seq}",
        "type": type_of(event.action),
        "subtype": [subtype_of(event.action)],
        "action": action_code(event.action),
        "recorded": event.at,
        "outcome": outcome_code(event.status),
    }
    if event.outcome is not None:
        written["outcomeDesc"] = event.outcome
    return written | {
        "agent": _agents(event),
        "source": {"observer": {"display": "PMP Bridge"}},
        "entity": list(_entities(event)),
    }


def _agents(event: AuditEvent) -> list[Element]:
    """Whoever asked, the one for whom, where they work, and the client that sent it; one of them is the requestor."""
    told = (
        (event.delegate, "delegate"),
        (event.practitioner, "practitioner"),
        (f"client:{event.client_id}" if event.client_id else None, "client"),
        (event.organisation, "organisation"),
    )
    named = [(_identifier(id), role) for id, role in told if id]
    if not named:
        return [{"who": {"display": "unknown"}, "requestor": True}]
    agents = [
        {"role": [{"text": role}], "who": {"identifier": identifier}, "requestor": position == 0}
        for position, (identifier, role) in enumerate(named)
    ]
    if event.purpose is not None:
        coding = {"system": uris.ACT_REASON, "code": event.purpose}
        agents[0]["purposeOfUse"] = [{"coding": [coding]}]
    return agents


def _identifier(id: str) -> Element:
    prefix, _, value = id.partition(":")
    return {"system": _SYSTEMS[prefix], "value": value}


def _entities(event: AuditEvent) -> Iterator[Element]:
    """The person whose data was shown, the request, and the report or the move that it was about."""
    if event.person_key is not None:
        yield {
            "what": {"reference": f"Patient/{event.person_key}"},
            "type": {"system": uris.AUDIT_ENTITY_TYPE, "code": "1", "display": "Person"},
            "role": {"system": uris.OBJECT_ROLE, "code": "1", "display": "Patient"},
        }
    if event.report_id is not None:
        yield {
            "what": {"identifier": {"system": uris.REPORT, "value": event.report_id}},
            "type": {"system": uris.AUDIT_ENTITY_TYPE, "code": "2", "display": "System Object"},
            "role": {"system": uris.OBJECT_ROLE, "code": "3", "display": "Report"},
        }
    details = {
        "protocol": event.protocol,
        "operation": event.operation,
        "status": str(event.status),
        "count": str(event.count),
        "states": ",".join(event.states),
        "losses": ",".join(event.losses),
        "staging": event.staging or "",
    }
    yield {
        "what": {"identifier": {"system": uris.REQUEST, "value": event.request_id}},
        "type": {"system": uris.AUDIT_ENTITY_TYPE, "code": "2", "display": "System Object"},
        "role": {"system": uris.OBJECT_ROLE, "code": "24", "display": "Query"},
        "detail": [{"type": name, "valueString": value} for name, value in details.items() if value],
    }
