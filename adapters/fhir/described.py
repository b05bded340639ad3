"""What the routes say of themselves. A route of one more resource is a few lines:

    SEARCH_AUDIT = route("Audit events", scope="audit/read", query=("date",), answers={200: ("Bundle",)})

`answers` names the resources that come with each status; the errors that every exchange can end in (401, 403, 413 and
so on, each with an OperationOutcome) are added here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from adapters.fhir.later import LOSSES, RETURN, STATES
from adapters.fhir.media import FHIR_JSON, FHIR_XML, JSON, NDJSON
from adapters.fhir.read_audit import AUDIT_EVENT
from adapters.fhir.read_people import PATIENT
from adapters.fhir.read_search import DISPENSES, PROVENANCES
from adapters.fhir.searching import PAGE, Searched
from gateway.ports import Content, Parameter, RouteDescription

READ: Final = "system/MedicationDispense.rs"
AUDIT: Final = "audit/read"
PEOPLE: Final = "system/Patient.rs"
REPORT: Final = "system/MedicationDispense.c"
HISTORY: Final = "pdmp/history"

_FORM: Final = "application/x-www-form-urlencoded"
_BOTH: Final = (FHIR_JSON, JSON)
_EVERY_EXCHANGE: Final = (400, 401, 403, 406, 413, 415, 500, 503)
_EVERY_DOCUMENT: Final = (400, 406, 500, 503)
_OBJECTS: Final = {"type": "array", "items": {"type": "object"}}
_MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Parameters": {"parameter": _OBJECTS},
    "Bundle": {"type": {"type": "string"}, "entry": _OBJECTS},
    "OperationOutcome": {"issue": {**_OBJECTS, "minItems": 1}},
    "MedicationDispense": {
        "status": {"type": "string"},
        "subject": {"type": "object"},
        "contained": _OBJECTS,
        "identifier": _OBJECTS,
        "medicationCodeableConcept": {"type": "object"},
        "quantity": {"type": "object"},
        "daysSupply": {"type": "object"},
        "whenHandedOver": {"type": "string"},
        "whenPrepared": {"type": "string"},
    },
}
"""Of each resource the members that are read or written here, in the rough; profiles say it exactly."""
_REQUIRED: Final = {"Bundle": ["type"], "OperationOutcome": ["issue"], "MedicationDispense": ["status"]}


def resource(kind: str) -> dict[str, Any]:
    """The JSON Schema of a resource of that type."""
    return {
        "type": "object",
        "required": ["resourceType", *_REQUIRED.get(kind, ())],
        "properties": {"resourceType": {"const": kind}, **_MEMBERS.get(kind, {})},
    }


def _answers(kinds: Sequence[str]) -> tuple[Content, ...]:
    if not kinds:
        return ()
    schemas = [resource(kind) for kind in kinds]
    return (
        Content(media=_BOTH, schema=schemas[0] if len(schemas) == 1 else {"anyOf": schemas}),
        Content(media=(FHIR_XML,), example=f'<{kinds[0]} xmlns="http://hl7.org/fhir"/>'),
    )


def route(
    summary: str,
    *,
    answers: Mapping[int, Sequence[str]],
    scope: str | None = None,
    takes: Sequence[str] = (),
    query: Sequence[Parameter] = (),
    headers: Sequence[Parameter] = (),
    path: Sequence[Parameter] = (),
) -> RouteDescription:
    """A route that takes and answers resources of the named types, in JSON and in XML.

    :param scope: None for a route that anybody may ask.
    """
    usual = _EVERY_EXCHANGE if scope is not None else _EVERY_DOCUMENT
    return RouteDescription(
        summary=summary,
        scopes=() if scope is None else (scope,),
        takes=_answers(takes),
        parameters=(*path, *query, _FORMAT, *headers),
        answers={
            **{status: _answers(("OperationOutcome",)) for status in usual},
            **{status: _answers(kinds) for status, kinds in answers.items()},
        },
    )


_FORMAT: Final = Parameter(name="_format", where="query", about="The media type of the answer, before Accept")
_PREFER: Final = Parameter(
    name="Prefer", where="header", about="return=minimal, return=representation or return=OperationOutcome"
)
_IF_MATCH: Final = Parameter(name="If-Match", where="header", about='W/"n": only while that is the revision')
_IF_NONE_EXIST: Final = Parameter(
    name="If-None-Exist",
    where="header",
    about="identifier=NUMBER&whenprepared=DAY: only if there is none such",
)
ID: Final = Parameter(name="id", where="path", about="The resource's id", schema={"type": "string"})
REVISION: Final = Parameter(
    name="revision", where="path", about="Of the resource, as its ETag has it", schema={"type": "string"}
)
_KNOWN: Final = tuple(
    Parameter(name=name, where="header", about="304 where nothing has changed since")
    for name in ("If-None-Match", "If-Modified-Since")
)

_OUTCOME: Final = ("OperationOutcome",)
_RECORDED: Final = ("MedicationDispense", "OperationOutcome")

_HOW: Final = (
    Parameter(
        name=RETURN,
        where="header",
        about="In what form the history comes back",
        schema={"enum": ["data", "link", "data, link"]},
    ),
    Parameter(
        name=STATES,
        where="header",
        about="The states whose records are asked for; the home state without it",
        schema={"type": "string", "pattern": "^[A-Z]{2}(, [A-Z]{2})*$"},
    ),
    Parameter(
        name=LOSSES,
        where="header",
        about="issues: the facts that FHIR has no place for are told in the outcome",
        schema={"enum": ["issues"]},
    ),
)
PDMP_HISTORY: Final = route(
    "One patient's history",
    scope=HISTORY,
    takes=("Parameters",),
    headers=_HOW,
    answers={200: ("Parameters",)},
)
PROCESS_MESSAGE: Final = route(
    "One patient's history, asked by a message",
    scope=HISTORY,
    takes=("Bundle", "Parameters"),
    headers=_HOW,
    answers={200: ("Bundle",)},
)
CREATE: Final = route(
    "Report a dispensation",
    scope=REPORT,
    takes=("MedicationDispense",),
    headers=(_IF_NONE_EXIST, _PREFER),
    answers={200: _RECORDED, 201: _RECORDED, 409: _OUTCOME, 412: _OUTCOME, 422: _OUTCOME},
)
UPDATE: Final = route(
    "Correct or withdraw a dispensation",
    scope=REPORT,
    takes=("MedicationDispense",),
    path=(ID,),
    headers=(_IF_MATCH, _PREFER),
    answers={200: _RECORDED, 404: _OUTCOME, 405: _OUTCOME, 409: _OUTCOME, 412: _OUTCOME, 422: _OUTCOME},
)


def _search(summary: str, searched: Searched, scope: str = READ) -> tuple[RouteDescription, RouteDescription]:
    """By URL, and by a form."""
    controls = ("_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", PAGE)
    query = (
        *(Parameter(name=one.name, where="query", about=one.documentation) for one in searched.parameters),
        *(Parameter(name=name, where="query", about="As FHIR R4 has it") for name in controls),
    )
    by_url = route(summary, scope=scope, query=query, answers={200: ("Bundle",), 404: _OUTCOME})
    form = Content(
        media=(_FORM,),
        schema={"type": "object", "properties": {p.name: {"type": "string"} for p in query}},
    )
    return by_url, replace(by_url, takes=(form,))


SEARCH, SEARCH_BY_FORM = _search("The dispensations of one patient, or one by its id", DISPENSES)
SEARCH_PROVENANCE, SEARCH_PROVENANCE_BY_FORM = _search("Who reported dispensations", PROVENANCES)
PROVENANCE: Final = route(
    "Who reported one dispensation", scope=READ, path=(ID,), answers={200: ("Provenance",), 404: _OUTCOME}
)
READ_REVISION: Final = route(
    "One dispensation, as the revision that stands",
    scope=READ,
    path=(ID, REVISION),
    headers=_KNOWN,
    answers={200: ("MedicationDispense",), 304: (), 404: _OUTCOME},
)
READ_ONE: Final = route(
    "One dispensation",
    scope=READ,
    path=(ID,),
    headers=_KNOWN,
    answers={200: ("MedicationDispense",), 304: (), 404: _OUTCOME},
)
BUNDLE: Final = route(
    "Report many dispensations, all or none (transaction) or each by itself (batch)",
    scope=REPORT,
    takes=("Bundle",),
    headers=(_PREFER,),
    answers={200: ("Bundle",), 409: _OUTCOME, 412: _OUTCOME, 422: _OUTCOME},
)
_IMPORTED: Final = route(
    "Report many dispensations, one a line", scope=REPORT, answers={200: ("Bundle",), 422: _OUTCOME}
)
IMPORT: Final = RouteDescription(
    summary=_IMPORTED.summary,
    scopes=_IMPORTED.scopes,
    takes=(
        Content(
            media=(NDJSON, "application/ndjson", "application/x-ndjson"),
            example='{"resourceType": "MedicationDispense", "status": "completed"}\n',
        ),
    ),
    parameters=_IMPORTED.parameters,
    answers={**_IMPORTED.answers, 200: (Content(media=(NDJSON,)), *_IMPORTED.answers[200])},
)
SEARCH_PEOPLE, SEARCH_PEOPLE_BY_FORM = _search("People by key, or by birth date and name", PATIENT, PEOPLE)
SEARCH_AUDIT, SEARCH_AUDIT_BY_FORM = _search("Audit events, the newest first", AUDIT_EVENT, AUDIT)
READ_AUDIT: Final = route(
    "One audit event", scope=AUDIT, path=(ID,), answers={200: ("AuditEvent",), 404: _OUTCOME}
)
MATCH: Final = route(
    "People who may be this patient", scope=PEOPLE, takes=("Parameters",), answers={200: ("Bundle",)}
)
READ_PERSON: Final = route("One person", scope=PEOPLE, path=(ID,), answers={200: ("Patient",), 404: _OUTCOME})
METADATA: Final = route(
    "The CapabilityStatement, or with mode=terminology the TerminologyCapabilities",
    query=(
        Parameter(
            name="mode",
            where="query",
            about="What is to be said",
            schema={"enum": ["full", "normative", "terminology"]},
        ),
    ),
    headers=(Parameter(name="If-None-Match", where="header", about="The ETag of an earlier answer"),),
    answers={200: ("CapabilityStatement", "TerminologyCapabilities"), 304: ()},
)
OPERATION_DEFINITION: Final = route(
    "The definition of an operation of this server",
    path=(ID,),
    answers={200: ("OperationDefinition",), 404: _OUTCOME},
)
SMART: Final = RouteDescription(
    summary="The SMART configuration",
    answers={
        200: (
            Content(media=(JSON,), schema={"type": "object", "required": ["token_endpoint", "capabilities"]}),
        ),
        **{status: _answers(_OUTCOME) for status in (500, 503)},
    },
)
