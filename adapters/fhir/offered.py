"""What is offered: the table from which the CapabilityStatement is written. Tests hold it against the routes.

A resource is one row of `RESOURCES`, an operation one of `OPERATIONS`. What may be searched for says the module
that reads the search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.media import NDJSON
from adapters.fhir.read_audit import AUDIT_EVENT
from adapters.fhir.read_people import PATIENT
from adapters.fhir.read_search import DISPENSES, PROVENANCES


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A type of resource with what can be done to it; `more` are further members of its row in the statement."""

    type: str
    interactions: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation, offered at the root (`is_system`) and on the types of `types`.

    `canonical` is where it is defined, None for one of this gateway's own; `definition` are the members by which our
    OperationDefinition says more than that.
    """

    name: str
    code: str
    documentation: str
    canonical: str | None = None
    is_system: bool = True
    types: tuple[str, ...] = ()
    affects_state: bool = False
    definition: Mapping[str, Any] = field(default_factory=dict)


INTERACTIONS: Final = ("transaction", "batch")
"""Of the server as a whole."""

RESOURCES: Final = (
    Resource(
        type="MedicationDispense",
        interactions=("create", "read", "vread", "update", "search-type"),
        profiles=(uris.PROFILE_DISPENSE,),
        more={
            "documentation": "All revisions of a dispensation are kept; vread reads the present one only.",
            "versioning": "versioned",
            "readHistory": False,
            "updateCreate": False,
            "conditionalCreate": True,
            "conditionalRead": "full-support",
            "conditionalUpdate": False,
            "conditionalDelete": "not-supported",
            **DISPENSES.statement(),
        },
    ),
    Resource(
        type="Provenance",
        interactions=("read", "search-type"),
        profiles=(uris.PROFILE_PROVENANCE,),
        more={
            "documentation": "Who reported a dispensation, and when; it has the dispensation's id.",
            **PROVENANCES.statement(),
        },
    ),
    Resource(type="OperationDefinition", interactions=("read",)),
    Resource(
        type="AuditEvent",
        interactions=("read", "search-type"),
        more=AUDIT_EVENT.statement(),
    ),
    Resource(
        type="Patient",
        interactions=("read", "search-type"),
        profiles=(uris.PROFILE_PATIENT,),
        more=PATIENT.statement(),
    ),
)

OPERATIONS: Final = (
    Operation(
        name="pdmp-history",
        code="pdmp-history",
        canonical=uris.OPERATION_HISTORY,
        documentation="One patient's history, at once, staged (pre-stage-only) or as a link (X-PMP-Return).",
        types=("Patient",),
    ),
    Operation(
        name="process-message",
        code="process-message",
        canonical=uris.OPERATION_PROCESS_MESSAGE,
        documentation=f"The event {uris.OPERATION_HISTORY}, answered at once.",
    ),
    Operation(
        name="match",
        code="match",
        canonical=uris.OPERATION_MATCH,
        documentation="People who may be this Patient, each with score and grade, the likeliest first.",
        is_system=False,
        types=("Patient",),
    ),
    Operation(
        name="import",
        code="import",
        documentation=f"{NDJSON} in the body, one MedicationDispense a line; files at URLs are not fetched.",
        affects_state=True,
        definition={
            "parameter": [
                {
                    "name": "content",
                    "use": "in",
                    "min": 1,
                    "max": "1",
                    "type": "Binary",
                    "documentation": f"The body itself, as {NDJSON}.",
                },
                {
                    "name": "return",
                    "use": "out",
                    "min": 1,
                    "max": "1",
                    "type": "Bundle",
                    "documentation": "What became of each line: batch-response, or NDJSON of OperationOutcomes.",
                },
            ]
        },
    ),
)
