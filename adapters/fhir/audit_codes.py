"""What the codes of an AuditEvent stand for, both directions: the events of this gateway in FHIR's words.

Source: FHIR R4 AuditEvent (value sets audit-event-type, audit-event-action, audit-event-outcome, object-role).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from gateway.model.audit import AuditAction

_TOKENS: Final = frozenset({AuditAction.TOKEN_GRANTED, AuditAction.TOKEN_DENIED})
_REST: Final[Element] = {"system": uris.AUDIT_TYPE, "code": "rest", "display": "RESTful Operation"}
_LOGIN: Final[Element] = {"system": uris.DICOM, "code": "110114", "display": "User Authentication"}
_CREATES: Final = frozenset({AuditAction.DISPENSATION_REPORTED})
_UPDATES: Final = frozenset({AuditAction.PERSON_LINKED})
_READS: Final = frozenset(
    {
        AuditAction.PERSON_SHOWN,
        AuditAction.REPORT_OPENED,
        AuditAction.COMPLIANCE_READ,
        AuditAction.AUDIT_READ,
    }
)

OUTCOMES: Final[Mapping[str, tuple[int, int]]] = {"0": (100, 399), "4": (400, 499), "8": (500, 599)}
"""Success, minor failure (the caller's), serious failure (ours): the statuses of HTTP that each stands for."""

AGENT_SYSTEMS: Final[Mapping[str, str]] = {uris.CLIENT: "client", uris.NPI: "npi", uris.DEA: "dea"}
"""System of an agent's identifier: how the audit log begins it."""


def type_of(action: AuditAction) -> Element:
    """The Coding of `AuditEvent.type`."""
    return _LOGIN if action in _TOKENS else _REST


def subtype_of(action: AuditAction) -> Element:
    """The Coding of `AuditEvent.subtype`: the event as the gateway calls it."""
    return {"system": uris.AUDIT_SUBTYPE, "code": action.value}


def action_code(action: AuditAction) -> str:
    """`AuditEvent.action`: C, R, U, or E for whatever is looked up, refused or done otherwise."""
    if action in _CREATES:
        return "C"
    if action in _UPDATES:
        return "U"
    return "R" if action in _READS else "E"


def outcome_code(status: int) -> str:
    """`AuditEvent.outcome`."""
    return next(code for code, (_, last) in OUTCOMES.items() if status <= last or code == "8")
