"""The rows of `profile-rules.csv` as something that can be held against resources.

    rows(shared)                  every row of the table
    found(row, instance)          for each place where the element may stand: what stands there
    KEEPS[rule]                   whether what stands there keeps a rule (only, from, obeys)

An instance is a resource with the Bundle or the Parameters around it, so that references can be followed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.fhir import uris

Found = list[Any]


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    profile: str
    element: str
    cardinality: str
    must_support: bool
    rule: str

    @property
    def least(self) -> int:
        return int(self.cardinality.partition("..")[0] or 0)

    @property
    def most(self) -> float:
        upper = self.cardinality.partition("..")[2]
        return float("inf") if upper in {"", "*"} else int(upper)


@dataclass(frozen=True)
class Instance:
    """A resource, and what its references lead to."""

    resource: Mapping[str, Any]
    around: Mapping[str, Any] = field(default_factory=dict)


def rows(shared: Path) -> list[Row]:
    """Every row."""
    with (shared / "standards/fhir-pdmp/profile-rules.csv").open(newline="") as file:
        return [
            Row(row["profile"], row["element"], row["cardinality"], row["mustSupport"] == "MS", row["rule"])
            for row in csv.DictReader(file)
        ]


# --- where an element stands --------------------------------------------------------------------------------------

_HISTORY: Final[dict[str, Callable[[Any], bool]]] = {
    name: lambda resource, kind=kind: resource["resourceType"] == kind
    for name, kind in {
        "patient": "Patient",
        "medicationdispense": "MedicationDispense",
        "medicationadministration": "MedicationAdministration",
        "pharmacy": "Organization",
        "medication": "Medication",
        "medicationrequest": "MedicationRequest",
        "practitioner": "Practitioner",
        "practitionerrole": "PractitionerRole",
        "alert": "DetectedIssue",
        "messageheader": "MessageHeader",
        "parameters": "Parameters",
        "response-parameters": "Parameters",
    }.items()
}
_IDENTIFIERS: Final = {
    "NCPDP": lambda one: one.get("system") == uris.NCPDP_ID,
    "DEA": lambda one: one.get("system") == uris.DEA,
    "medicalRecordNumber": lambda one: _typed(one, "MR"),
    "driversLicense": lambda one: _typed(one, "DL"),
    "socialSecurity": lambda one: _typed(one, "SS") or one.get("system") == uris.SSN,
}


def _typed(identifier: Mapping[str, Any], code: str) -> bool:
    return any(coding.get("code") == code for coding in identifier.get("type", {}).get("coding", ()))


def found(row: Row, resource: Mapping[str, Any]) -> list[Found]:
    """For each element that may have it, what it has."""
    extension, is_extension, _ = row.element.partition(" named ")
    if is_extension:
        wanted = extension.removeprefix("$").removesuffix("-extension")
        return [[e for e in resource.get("extension", ()) if e["url"].endswith((extension, wanted))]]
    if row.element in _IDENTIFIERS:
        chosen = _IDENTIFIERS[row.element]
        return [[one for one in resource.get("identifier", ()) if chosen(one)]]
    if resource["resourceType"] == "Bundle" and row.element in _HISTORY:
        return [_entries(resource, row.element)]
    if resource["resourceType"] == "Parameters" and row.element != "parameter" and "." not in row.element:
        return [_parameters(resource, row.element)]
    places: list[Any] = [resource]
    *parents, last = row.element.split(".")
    for step in parents:
        places = [value for place in places for value in _step(place, step)]
    return [_step(place, last) for place in places]


def _step(place: Any, name: str) -> Found:
    name, _, slice_name = name.partition("[")
    slice_name = slice_name.removesuffix("]")
    if slice_name == "x":
        held = [key for key in place if re.fullmatch(rf"{name}[A-Z]\w*", key)]
        return [place[key] for key in held]
    if slice_name and name == "entry":
        return _entries(place, slice_name)
    if slice_name:
        return _parameters(place, slice_name)
    value = place.get(name, place.get(f"_{name}"))
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _entries(bundle: Mapping[str, Any], name: str) -> Found:
    return [entry for entry in bundle.get("entry", ()) if _HISTORY[name](entry["resource"])]


def _parameters(resource: Mapping[str, Any], name: str) -> Found:
    return [one for one in resource.get("parameter", ()) if one["name"] == name]


# --- rules --------------------------------------------------------------------------------------------------------


def resources(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every resource in a document, the document too."""
    if isinstance(node, dict):
        if "resourceType" in node:
            yield node
        for value in node.values():
            yield from resources(value)
    elif isinstance(node, list):
        for item in node:
            yield from resources(item)


def targets(document: Any) -> dict[str, Mapping[str, Any]]:
    """What fullUrls and relative references of a document lead to."""
    leads: dict[str, Mapping[str, Any]] = {}
    for resource in resources(document):
        if "id" in resource:
            leads[f"{resource['resourceType']}/{resource['id']}"] = resource
        for entry in resource.get("entry", ()):
            leads[entry["fullUrl"]] = entry["resource"]
    return leads


Check = Callable[[Any, Instance], bool]


def _text(value: Any, _: Instance) -> bool:
    return isinstance(value, str) and value == value.strip() != ""


def _refers(*kinds: str) -> Check:
    def keeps(reference: Any, instance: Instance) -> bool:
        target = instance.around.get(reference.get("reference", ""))
        return target is not None and target["resourceType"] in kinds

    return keeps


def _is(profile: str) -> Check:
    def keeps(resource: Any, _: Instance) -> bool:
        return profile in resource.get("meta", {}).get("profile", ())

    return keeps


def _one_of(*codes: str) -> Check:
    return lambda value, _: value in codes


def _drug(concept: Any, _: Instance) -> bool:
    """RxNorm where there is a code of it, another code or words where there is none: an extensible binding."""
    systems = [coding.get("system") for coding in concept.get("coding", ())]
    return uris.RXNORM in systems or bool(systems or concept.get("text") or concept.get("extension"))


KEEPS: Final[dict[str, Check]] = {
    "only code": _text,
    "only uri": lambda value, _: isinstance(value, str) and re.fullmatch(r"(https?|urn):\S+", value) is not None,
    "only url": lambda value, _: isinstance(value, str) and value.startswith(("http://", "https://")),
    "only string": _text,
    "only boolean": lambda value, _: isinstance(value, bool),
    "only $pdmp-patient": _is(uris.PROFILE_PATIENT),
    "only $pdmp-medicationdispense": _is(uris.PROFILE_DISPENSE),
    "only $pdmp-pharmacy": _is(uris.PROFILE_PHARMACY),
    "only $us-core-medication": _is(uris.PROFILE_MEDICATION),
    "only $us-core-medicationrequest": _is(uris.PROFILE_MEDICATION_REQUEST),
    "only $us-core-practitioner": _is(uris.PROFILE_PRACTITIONER),
    "only $detectedissue": lambda resource, _: resource["resourceType"] == "DetectedIssue",
    "only $pdmp-messageheader-response": _is(uris.PROFILE_RESPONSE_HEADER),
    "only $pdmp-parameters-response": _is(uris.PROFILE_RESPONSE),
    "only Reference($us-core-patient)": _refers("Patient"),
    "only Reference($us-core-practitioner or $pdmp-pharmacy)": _refers("Practitioner", "Organization"),
    "only Reference(Parameters)": _refers("Parameters"),
    "only CodeableConcept or Reference($us-core-medication)": lambda value, _: isinstance(value, dict),
    "from $us-core-medication-clinical-drug (extensible)": _drug,
    "from $medicationdispense-status (required)": _one_of(
        "preparation", "in-progress", "cancelled", "on-hold", "completed", "entered-in-error", "stopped",
        "declined", "unknown",
    ),
    "obeys pdmp-full-birthdate": lambda value, _: (
        isinstance(value, dict) or re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    ),
    "obeys pdmp-dispense-performer": lambda actor, _: (
        "reference" in actor or ("identifier" in actor and "display" in actor)
    ),
}  # fmt: skip
"""Of each rule, whether a value keeps it. A rule that is not here is a rule that nobody has looked at."""


def seen(row: Row, instances: Sequence[Instance]) -> bool:
    """Whether some instance has the element."""
    return any(values for instance in instances for values in found(row, instance.resource))
