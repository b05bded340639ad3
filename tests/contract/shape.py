"""The shape of a FHIR resource: which elements it has, and what of their values is fixed by profile or code.

A shape is a set of lines. Each names an element by its path from the resource that it stands in; a list is named by
what tells its members apart: the URL of an extension, the system of a coding, the type or system of an identifier,
the name of a parameter. Behind `=` stands a value where the value is the point: what a resource claims to be, its
kind of Bundle, status, severity, code. Names, dates and numbers are no part of a shape, nor are ids of resources.

    Parameters.parameter[outcome].resource=OperationOutcome
    OperationOutcome.issue.severity=warning
    MedicationDispense.medicationCodeableConcept.coding[http://hl7.org/fhir/sid/ndc].userSelected
    MedicationDispense.subject.reference=Patient
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_TOLD: Final = frozenset(
    {
        "Bundle.type",
        "OperationOutcome.issue.severity",
        "OperationOutcome.issue.code",
        "MedicationDispense.status",
        "MessageHeader.response.code",
        "MessageHeader.eventCoding.code",
        "Parameters.parameter.name",
    }
)
"""Elements whose value is part of the shape."""


def shape(resource: Mapping[str, Any]) -> set[str]:
    """All lines of a resource and of those inside it."""
    return set(_resource(resource, _kinds(resource)))


def _kinds(node: Any) -> dict[str, str]:
    """What each fullUrl, and each relative reference, leads to."""
    found: dict[str, str] = {}
    if isinstance(node, Mapping):
        inner = node.get("resource")
        if "fullUrl" in node and isinstance(inner, Mapping):
            found[node["fullUrl"]] = inner["resourceType"]
        for value in node.values():
            found |= _kinds(value)
    elif isinstance(node, list):
        for item in node:
            found |= _kinds(item)
    return found


def _resource(resource: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[str]:
    kind = resource["resourceType"]
    for name, value in resource.items():
        if name not in {"resourceType", "id"}:
            yield from _element(f"{kind}.{name}", value, kinds)


def _element(path: str, value: Any, kinds: Mapping[str, str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _element(path, item, kinds)
    elif not isinstance(value, Mapping):
        yield _leaf(path, value, kinds)
    elif "resourceType" in value:
        yield f"{path}={value['resourceType']}"
        yield from _resource(value, kinds)
    elif path.endswith(".text") and "div" in value:
        yield path  # a narrative
    else:
        named = f"{path}{_label(path, value)}"
        yield named
        for name, child in value.items():
            if not (path == "Bundle.entry" and name == "id"):
                yield from _element(f"{named}.{name}", child, kinds)


def _leaf(path: str, value: Any, kinds: Mapping[str, str]) -> str:
    if path.endswith("meta.profile"):
        return f"{path}={value.partition('|')[0]}"
    if path.endswith(".reference"):
        return f"{path}={kinds.get(value, '?')}"
    if path in _TOLD or (".details.coding[" in path and path.endswith((".code", ".display"))):
        return f"{path}={value}"
    if path.endswith("quantity.unit"):
        return f"{path}={value}"
    return path


def _label(path: str, value: Mapping[str, Any]) -> str:
    """What tells this member of a list from the others."""
    last = path.rpartition(".")[2]
    if last == "parameter":
        return f"[{value['name']}]"
    if last.startswith("extension"):
        return f"[{value['url']}]"
    if last == "identifier":
        codes = [coding["code"] for coding in value.get("type", {}).get("coding", ())]
        return f"[{codes[0] if codes else value.get('system')}]"
    if last in {"coding", "telecom"}:
        return f"[{value.get('system')}]"
    return ""
