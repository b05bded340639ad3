"""Plain dicts, as the writers build them for JSON -> FHIR XML.

Elements come out in the order of R4, values with exactly the digits and the dates that JSON has. Characters that XML
1.0 has no place for are left out. Source: FHIR R4 "xml".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, Final

import orjson

from adapters._wire.escaping import escape_attribute
from adapters._wire.xml import parse
from adapters.fhir.xhtml import checked
from adapters.fhir.xml_read import FHIR
from adapters.fhir.xml_types import PRIMITIVE, Child, Kind, Shape, resource_shape, shape_in

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'


def to_xml(resource: Mapping[str, Any], *, pretty: bool = False) -> bytes:
    """The document.

    :param pretty: a line for each element.
    :raises ValueError: the resource has something that FHIR R4 does not know.
    :raises MessageError: a narrative in it is none.
    """
    writer = _Writer(pretty=pretty)
    writer.resource(resource, 0, f' xmlns="{FHIR}"')
    return (_HEAD + "".join(writer.pieces)).encode()


def plain(value: Any) -> Any:
    """A value that is ready-made JSON, as the dict that it stands for; any other as it is."""
    if isinstance(value, orjson.Fragment):
        return json.loads(orjson.dumps(value), parse_float=Decimal)
    return value


class _Writer:
    def __init__(self, *, pretty: bool) -> None:
        self.pieces: list[str] = []
        self._breaks = [f"\n{'  ' * depth}" for depth in range(65)] if pretty else []

    def resource(self, resource: Any, depth: int, declaration: str = "") -> None:
        resource = plain(resource)
        kind = resource["resourceType"]
        shape = resource_shape(kind)
        if shape is None:
            raise ValueError(f"FHIR R4 has no resource {kind}")
        members = {name: value for name, value in resource.items() if name != "resourceType"}
        self._element(kind, declaration, members, shape, depth)

    def _element(
        self, name: str, attributes: str, members: Mapping[str, Any], shape: Shape, depth: int
    ) -> None:
        """A complex element or a resource."""
        self._open(depth)
        for attribute in ("id", "url"):
            child = shape.children.get(attribute)
            if child is not None and child.is_attribute and members.get(attribute) is not None:
                attributes += f' {attribute}="{escape_attribute(_text(members[attribute]))}"'
        self.pieces.append(f"<{name}{attributes}")
        at = len(self.pieces)
        self.pieces.append(">")
        for child in _in_order(members, shape):
            self._child(child, members.get(child.name), members.get(f"_{child.name}"), depth + 1)
        if len(self.pieces) == at + 1:
            self.pieces[at] = "/>"
            return
        self._open(depth)
        self.pieces.append(f"</{name}>")

    def _child(self, child: Child, value: Any, beside: Any, depth: int) -> None:
        if not child.repeats:
            self._one(child, value, beside, depth)
            return
        values, besides = value or (), beside or ()
        for index in range(max(len(values), len(besides))):
            self._one(child, _item(values, index), _item(besides, index), depth)

    def _one(self, child: Child, value: Any, beside: Any, depth: int) -> None:
        if child.is_primitive:
            if value is not None or beside is not None:
                self._primitive(child.name, value, beside, depth)
        elif value is None:
            return
        elif child.kind is Kind.XHTML:
            self._open(depth)
            self.pieces.append(checked(parse(value.encode()), child.name))
        elif child.kind is Kind.RESOURCE:
            self._open(depth)
            self.pieces.append(f"<{child.name}>")
            self.resource(value, depth + 1)
            self._open(depth)
            self.pieces.append(f"</{child.name}>")
        else:
            self._element(child.name, "", plain(value), shape_in(child), depth)

    def _primitive(self, name: str, value: Any, beside: Any, depth: int) -> None:
        attributes = "" if value is None else f' value="{escape_attribute(_text(value))}"'
        if beside is None:
            self._open(depth)
            self.pieces.append(f"<{name}{attributes}/>")
        else:
            self._element(name, attributes, beside, PRIMITIVE, depth)

    def _open(self, depth: int) -> None:
        if self._breaks:
            self.pieces.append(self._breaks[min(depth, len(self._breaks) - 1)])


def _in_order(members: Mapping[str, Any], shape: Shape) -> list[Child]:
    """The children that are there. :raises ValueError: one of them is not known."""
    names = {name.removeprefix("_") for name in members}
    if not names <= shape.children.keys():
        raise ValueError("an element that FHIR R4 does not know")
    found = sorted((shape.children[name] for name in names), key=_position)
    return [child for child in found if not child.is_attribute]


_position: Final = attrgetter("position")


def _item(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _text(value: Any) -> str:
    """A primitive value as JSON has it, without its quotes."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time | orjson.Fragment):
        return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode().strip('"')
    return str(value)
