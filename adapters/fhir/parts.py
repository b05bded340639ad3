"""`_summary` and `_elements`: a part of the resource that was asked for, marked as no more than that.

They work on finished resources of any type: one that is read, and those that a search found. What a part refers to
among `contained` stays with it, and so does every mandatory element, every modifier, and what a search has to say of
itself. An operation's report is whole or not at all. Source: FHIR R4 "search" (summary, elements) and "http".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.fhir.datatypes import Element
from adapters.fhir.searching import parameters
from adapters.fhir.xml_types import Child, resource_shape
from adapters.fhir.xml_write import plain
from gateway.errors import ErrorCode, MessageError
from gateway.ports import Inbound

SUBSETTED: Final[Element] = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}

_SUMMARIES: Final = ("true", "text", "data", "count", "false")
_ALWAYS: Final = frozenset({"id", "meta", "implicitRules", "modifierExtension"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_KIND: Final = "resourceType"
"""A name that some clients ask for among the elements: no element, and never left out."""
_FORM: Final = "application/x-www-form-urlencoded"
_WHOLE: Final = frozenset({"OperationOutcome", "Parameters"})


def require_known_parts(message: Inbound) -> None:
    """:raises MessageError: `_summary` or `_elements` is not what R4 defines, or has no meaning for what is asked."""
    given = _given(message)
    summary, elements = _summary(given), _elements(given)
    if summary is not None and summary not in _SUMMARIES:
        raise _refused("_summary", "is not one that FHIR R4 defines", f"Use {', '.join(_SUMMARIES)}.")
    if summary in {None, "false"} and not elements:
        return
    name = "_summary" if summary not in {None, "false"} else "_elements"
    if not _reads(message):
        raise _refused(name, "has no meaning here", "Ask for parts where resources are read or searched for.")
    if summary == "count" and "search" not in message.operation:
        raise _refused(name, "counts what a search finds", "Use count with a search.")
    if elements and summary not in {None, "false"}:
        raise _refused("_elements", "cannot be combined with _summary", "Send one of the two.")
    kind = next((k for k in reversed(message.path.split("/")) if resource_shape(k) is not None), None)
    if any(not _NAME.fullmatch(e) or (kind and not _children(kind, e)) for e in elements):
        raise _refused("_elements", "names an element that is not known", "Name elements of the resource.")


def part_of(resource: Element, request: Inbound | None) -> Element:
    """The part of the resource that the request wants; the resource itself when it wants all."""
    if request is None or not _reads(request) or resource.get("resourceType") in _WHOLE:
        return resource
    given = _given(request)
    summary, elements = _summary(given), _elements(given)
    if summary in {None, "false"} and not elements:
        return resource
    if resource.get("type") != "searchset":
        return _subset(resource, summary, elements)
    entries = [_entry(entry, summary, elements) for entry in resource.get("entry", ())]
    if summary == "count":
        entries = [entry for entry in entries if _is_remark(entry)]
    whole = {name: value for name, value in resource.items() if name != "entry"}
    return whole | {"entry": entries} if entries else whole


def _reads(message: Inbound) -> bool:
    return message.method in {"GET", "HEAD"} or message.content_type == _FORM


def _given(message: Inbound) -> Mapping[str, tuple[str, ...]]:
    return parameters(message) if message.content_type == _FORM else message.query


def _summary(given: Mapping[str, tuple[str, ...]]) -> str | None:
    values = given.get("_summary", ())
    return values[-1] if values else None


def _elements(given: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    values = (name.strip() for value in given.get("_elements", ()) for name in value.split(","))
    return frozenset(name for name in values if name and name != _KIND)


def _entry(entry: Element, summary: str | None, elements: frozenset[str]) -> Element:
    if "resource" not in entry or _is_remark(entry):
        return entry
    return entry | {"resource": _subset(plain(entry["resource"]), summary, elements)}


def _is_remark(entry: Element) -> bool:
    return bool(entry.get("search", {}).get("mode") == "outcome")


def _subset(resource: Element, summary: str | None, elements: frozenset[str]) -> Element:
    shape = resource_shape(resource["resourceType"])
    if shape is None:
        return resource
    kept = {"resourceType"}
    kept |= {n for n, child in shape.children.items() if _is_kept(child, summary, elements)}
    part = {name: value for name, value in resource.items() if name.removeprefix("_") in kept}
    if "contained" in resource and "contained" not in part and (held := _contained(resource, part)):
        part["contained"] = held
    meta = part.get("meta", {})
    return part | {"meta": meta | {"tag": [*meta.get("tag", ()), SUBSETTED]}}


def _is_kept(child: Child, summary: str | None, elements: frozenset[str]) -> bool:
    if child.name in _ALWAYS or child.is_mandatory:
        return True
    match summary:
        case "true":
            return child.is_summary
        case "text":
            return child.name == "text"
        case "data":
            return child.name != "text"
        case _:
            return any(_is_named(child, name) for name in elements)


def _is_named(child: Child, name: str) -> bool:
    """A choice is named without its type: `medication`."""
    rest = child.name.removeprefix(name)
    return child.name == name or (rest != child.name and child.choice == name)


def _children(kind: str, name: str) -> bool:
    shape = resource_shape(kind)
    return shape is not None and any(_is_named(child, name) for child in shape.children.values())


def _contained(resource: Element, part: Element) -> list[Element]:
    """What the part refers to among the contained resources, and what those refer to in turn."""
    held = {f"#{one['id']}": one for one in resource["contained"] if "id" in one}
    wanted: set[str] = set()
    waiting: list[Any] = [part]
    while waiting:
        for reference in _references(waiting.pop()):
            if reference in held and reference not in wanted:
                wanted.add(reference)
                waiting.append(held[reference])
    return [one for reference, one in held.items() if reference in wanted]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("reference"), str):
            yield reference
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _references(child)


def _refused(name: str, what: str, remedy: str) -> MessageError:
    return MessageError(f"{name} {what}.", code=ErrorCode.UNKNOWN_OPERATION, path=name, remedy=remedy)
