"""Reads a history Bundle by the FHIRPaths of `mappings/fields.toml`, without the adapter's own reader.

followed(parameters)     every MedicationDispense with its references replaced by what they lead to
value(record, path)      what a path finds there
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

DEPTH = 3  # MedicationDispense -> MedicationRequest -> Practitioner, and the dispense itself


def followed(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The dispensations of an answer. A followed reference is the resource itself, so that `ofType()` and choice
    types work; nothing of the Reference stays, because its `identifier` would hide the resource's."""
    found = []
    for parameter in parameters["parameter"]:
        bundle = parameter.get("resource", {})
        if bundle.get("resourceType") != "Bundle":
            continue
        by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
        found += [
            _follow(entry["resource"], by_url, DEPTH)
            for entry in bundle["entry"]
            if entry["resource"]["resourceType"] == "MedicationDispense"
        ]
    return found


def _follow(node: Any, by_url: Mapping[str, Any], depth: int) -> Any:
    if isinstance(node, list):
        return [_follow(item, by_url, depth) for item in node]
    if not isinstance(node, dict):
        return node
    target = by_url.get(node.get("reference", "")) if depth else None
    if target is not None:
        return _follow(target, by_url, depth - 1)
    return {key: _follow(item, by_url, depth) for key, item in node.items()}


def value(record: Mapping[str, Any], path: str) -> str | None:
    """The first thing that the path finds, as text; None when there is nothing."""
    found = [item for item in _compiled(path)(record) if item not in (None, "")]
    return str(found[0]) if found else None


@cache
def _compiled(path: str) -> Any:
    return fhirpathpy.compile(path, model=models["r4"])
