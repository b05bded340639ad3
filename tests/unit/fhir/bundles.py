"""Makers of Bundles and of NDJSON for the tests of reports; every value is made up."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.fhir.cases import reported

KIND = "MedicationDispense"
_STEM = "urn:uuid:6f0c1d52-8f1b-4b6e-9d3a-"


def url(number: int) -> str:
    """The fullUrl of entry `number`."""
    return f"{_STEM}{number:012x}"


def entry(
    resource: dict[str, Any], number: int, method: str = "POST", to: str | None = None, **request: str
) -> Any:
    """An entry that posts the resource to its kind, or does something else to another place."""
    return {
        "fullUrl": url(number),
        "resource": resource,
        "request": {"method": method, "url": to or resource["resourceType"], **request},
    }


def bundle(*entries: Any, type: str = "transaction") -> dict[str, Any]:
    """A Bundle."""
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def apart(resource: dict[str, Any], first: int = 0) -> list[Any]:
    """What the dispensation contains as entries of their own, as many systems send it, and it as the last one."""
    contained = resource.pop("contained")
    places = {f"#{one['id']}": url(first + n) for n, one in enumerate(contained)}
    text = json.dumps([*contained, resource])
    for before, after in places.items():
        text = text.replace(f'"{before}"', f'"{after}"')
    return [
        entry({name: value for name, value in one.items() if name != "id"}, first + n)
        for n, one in enumerate(json.loads(text))
    ]


def fill(rx_number: str = "7001234", **over: Any) -> dict[str, Any]:
    """A MedicationDispense of that prescription."""
    made = reported()
    made["authorizingPrescription"][0]["identifier"]["value"] = rx_number
    return {**made, **over}


def withdrawn(rx_number: str = "7001234", **over: Any) -> dict[str, Any]:
    """The same, withdrawn."""
    return fill(rx_number, status="entered-in-error", **over)


def ndjson(*resources: Any) -> bytes:
    """A line each; bytes are a line as they are."""
    lines = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in resources)
    return b"".join(line + b"\n" for line in lines)
