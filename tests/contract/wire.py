"""Reads an answer off the wire by the paths that `mappings/fields.toml` declares, and by nothing else.

This is deliberately not the adapters' own client code: it knows the field map, XPath and FHIRPath, and so notices
when writer and reader of an adapter agree on the wrong place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.models import models
from lxml import etree

from gateway.terminology import Field, codes, load_table

_RECORD = {
    "fhir": "MedicationDispense",
    "script-10.6": "MedicationDispensed",
    "script-2017071": "MedicationDispensed",
    "script-2023011": "MedicationDispensed",
    "pmix-2": "Prescription",
}


def records(format: str, body: bytes) -> list[Any]:
    """The dispensations of an answer, each as the thing that paths are relative to."""
    return list(_fhir_records(body) if format == "fhir" else _xml_records(body, _RECORD[format]))


def value(record: Any, field: Field, format: str) -> Any:
    """The field's value as this record tells it, in the canonical type; None when it is not there."""
    path = field.paths[format]
    found = _fhir(path)(record) if format == "fhir" else [_text(n) for n in record.xpath(path)]
    found = [f for f in found if f not in (None, "")]
    if not found:
        return absent(field)
    return canonical(field, str(found[0]), format)


def canonical(field: Field, text: str, format: str) -> Any:
    """The wire's text in the canonical type of the field."""
    match field.kind:
        case "date":
            return date.fromisoformat(text[:10])
        case "instant":
            return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
        case "decimal":
            return Decimal(text)
        case "integer":
            return int(text)
        case "code":
            assert field.table is not None
            return codes(field.table).decode(text, field.column.get(format, format))
        case _:
            return text


@cache
def _absences() -> dict[str, Any]:
    return {row["field"]: row["absent"] for row in load_table("fields")["dispensation"] if "absent" in row}


def absent(field: Field) -> Any:
    """What it means when the field is not there: None, or the value that the map names."""
    return _absences().get(field.name)


def _xml_records(body: bytes, name: str) -> Iterator[Any]:
    root = etree.fromstring(body)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    yield from root.iter(name)


def _text(node: Any) -> str:
    return str(node).strip() if isinstance(node, str) else "".join(node.itertext()).strip()


def _fhir_records(body: bytes) -> Iterator[dict[str, Any]]:
    parameters = json.loads(body, parse_float=Decimal)
    for parameter in parameters.get("parameter", []):
        bundle = parameter.get("resource", {})
        if bundle.get("resourceType") != "Bundle":
            continue
        by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
        for entry in bundle["entry"]:
            if entry["resource"]["resourceType"] == "MedicationDispense":
                yield _followed(entry["resource"], by_url, depth=3)


def _followed(node: Any, by_url: dict[str, Any], depth: int) -> Any:
    """The resource with every reference replaced by what it refers to."""
    if isinstance(node, list):
        return [_followed(item, by_url, depth) for item in node]
    if not isinstance(node, dict):
        return node
    here = {key: _followed(item, by_url, depth) for key, item in node.items()}
    target = by_url.get(str(node.get("reference"))) if depth else None
    if target is not None:
        here = {**here, **_followed(target, by_url, depth - 1)}
    return here


@cache
def _fhir(path: str) -> Callable[[Any], list[Any]]:
    return fhirpathpy.compile(path, models["r4"])  # type: ignore[no-any-return]  # fhirpathpy has no types
