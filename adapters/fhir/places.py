"""Where something stands in a resource, as a FHIRPath of the names that R4 knows.

Names of members are sent by the caller and may be anything, a patient's name too. So a place is followed by R4's own
definitions, and ends at the element whose member they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from adapters.fhir.xml_types import PRIMITIVE, Child, Kind, Shape, resource_shape, shape_in

_KIND: Final = "resourceType"


class Place(NamedTuple):
    """A value, the FHIRPath of it or of the element around it, and what R4 knows to be inside."""

    value: Any
    path: str
    shape: Shape | None

    def children(self) -> Iterator[Place]:
        """The places of the members of an object and the items of an array."""
        for name, value in _members(self.value):
            yield self.child(name, value)

    def child(self, name: str | int, value: Any) -> Place:
        """The place of one member or item."""
        if isinstance(name, int):
            return Place(value, f"{self.path}[{name}]", _of_resource(value) or self.shape)
        if name == _KIND and self.shape is not None:
            return Place(value, f"{self.path}.{name}", None)
        plain = name.removeprefix("_")
        child = self.shape.children.get(plain) if self.shape is not None else None
        if child is None:
            return Place(value, self.path, None)
        return Place(value, f"{self.path}.{plain}", _inside(child, value))


def of_resource(value: Any, path: str) -> Place:
    """The place of a resource that has this path."""
    return Place(value, path, _of_resource(value))


def follow(place: Place, steps: Sequence[str | int]) -> Place:
    """The place to which names and indexes lead, as far as there is anything."""
    for step in steps:
        value = place.value
        if isinstance(step, int):
            known = isinstance(value, list) and step < len(value)
            place = place.child(step, value[step] if known else None)
        else:
            place = place.child(step, value.get(step) if isinstance(value, dict) else None)
    return place


def _of_resource(value: Any) -> Shape | None:
    kind = next((value for name, value in _members(value) if name == _KIND), None)
    return resource_shape(kind) if isinstance(kind, str) else None


def _inside(child: Child, value: Any) -> Shape | None:
    if child.kind is Kind.RESOURCE:
        return _of_resource(value)
    if child.kind is Kind.COMPLEX:
        return shape_in(child)
    return PRIMITIVE if child.is_primitive else None


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, _Pairs):
        yield from value.pairs
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


# --- what JSON says twice, or not at all ------------------------------------------------------------------------


class _Pairs:
    """An object with its names in the order sent, each as often as it was."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def unreadable_in(text: str, roots: frozenset[str], otherwise: str) -> str:
    """The FHIRPath of the first name that is in one object twice, or of the first number that is none.

    :param text: JSON in which there is one; what comes behind it may be anything, and then the path is `otherwise`.
    :param roots: the resources by whose kind a path may begin.
    :param otherwise: the beginning of the path of any other.
    """
    try:
        root = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return otherwise
    kind = next((value for name, value in _members(root) if name == _KIND), None)
    path = kind if isinstance(kind, str) and kind in roots else otherwise
    waiting = [of_resource(root, path)]
    while waiting:
        place = waiting.pop()
        if place.value is _NO_NUMBER:
            return place.path
        seen: set[str | int] = set()
        for name, value in _members(place.value):
            if name in seen:
                return place.child(name, value).path
            seen.add(name)
        waiting += reversed([*place.children()])
    return path


_NO_NUMBER: Final = object()


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except (ValueError, ArithmeticError):
        return _NO_NUMBER


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_float=_number, parse_int=_number, parse_constant=lambda _: _NO_NUMBER
)
