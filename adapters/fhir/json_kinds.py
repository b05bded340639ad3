"""What each element may be in FHIR's JSON: an array or not, an object, a string, a number, a boolean; never empty.

The models of fhir.resources read "yes" as true, "10.5" as a number and `[]` as nothing, and do not look at codes:
held against them alone, two readers of one resource could see two things. Source: FHIR R4 "json", "datatypes", and
the required bindings of each resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from adapters.fhir.outcomes import Fault
from adapters.fhir.places import Place
from adapters.fhir.tree import Node
from adapters.fhir.xml_types import PRIMITIVE, Child, Kind, Shape, resource_shape, shape_in
from gateway.errors import ErrorCode

_KIND: Final = "resourceType"
_TYPES: Final[dict[Kind, tuple[type, ...]]] = {
    Kind.TEXT: (str,),
    Kind.XHTML: (str,),
    Kind.BOOLEAN: (bool,),
    Kind.INTEGER: (int,),
    Kind.DECIMAL: (int, Decimal, float),
    Kind.COMPLEX: (dict,),
    Kind.RESOURCE: (dict,),
}
_SAID: Final = {
    Kind.TEXT: "a string",
    Kind.XHTML: "a string",
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number",
    Kind.DECIMAL: "a number",
    Kind.COMPLEX: "an object",
    Kind.RESOURCE: "an object",
}


def kind_faults(node: Node) -> tuple[Fault, ...]:
    """What is not of the kind that R4 has there, each with its place; what R4 does not know is left alone."""
    shape = resource_shape(node.kind or "")
    try:
        if shape is None or _is_in_order(node.value, shape):
            return ()
        return tuple(_faults(node.place, shape))
    except RecursionError:
        deep = "The resource is nested too deeply."
        return (Fault(ErrorCode.HOSTILE, node.path, deep, "Send the resource as FHIR R4 defines it."),)


def _is_in_order(value: dict[str, Any], shape: Shape) -> bool:
    """Whether there is nothing to be found: told without places, since it is asked of every resource."""
    if not value:
        return False
    for name, held in value.items():
        child = shape.children.get(name)
        if child is None:
            if name[:1] != "_" or (child := shape.children.get(name[1:])) is None:
                continue
            if not _fits_beside(held, child):
                return False
        elif child.repeats:
            if type(held) is not list or not held:
                return False
            for item in held:
                if not _fits(item, child) and not (item is None and child.is_primitive):
                    return False
        elif not _fits(held, child):
            return False
    return True


def _fits(value: Any, child: Child) -> bool:
    if type(value) not in _TYPES[child.kind]:
        return False
    if child.kind is Kind.COMPLEX:
        return _is_in_order(value, shape_in(child))
    if child.kind is Kind.RESOURCE:
        shape = _shape_of(value)
        return shape is not None and _is_in_order(value, shape)
    return bool(value != "") and (child.codes is None or value in child.codes)


def _fits_beside(value: Any, child: Child) -> bool:
    items = value if child.repeats and type(value) is list and value else (value,)
    return all(
        (type(item) is dict and _is_in_order(item, PRIMITIVE)) or (item is None and child.repeats)
        for item in items
    )


def _shape_of(value: dict[str, Any]) -> Shape | None:
    kind = value.get(_KIND)
    return resource_shape(kind) if isinstance(kind, str) else None


# --- with places --------------------------------------------------------------------------------------------------


def _faults(place: Place, shape: Shape) -> Iterator[Fault]:
    if not place.value:
        yield _fault(place, "empty", "Leave out what is empty.")
    for name, held in place.value.items():
        child = shape.children.get(name)
        is_beside = child is None and name.startswith("_")
        child = shape.children.get(name[1:]) if is_beside else child
        if child is not None:
            yield from _of_child(place.child(name, held), child, is_beside=is_beside)


def _of_child(place: Place, child: Child, *, is_beside: bool) -> Iterator[Fault]:
    if not child.repeats:
        yield from _of_one(place, child, is_beside=is_beside)
    elif not isinstance(place.value, list):
        yield _fault(place, "not an array", "Send an array.")
    elif not place.value:
        yield _fault(place, "empty", "Leave out what is empty.")
    else:
        for item in place.children():
            if item.value is not None or not child.is_primitive:
                yield from _of_one(item, child, is_beside=is_beside)


def _of_one(place: Place, child: Child, *, is_beside: bool) -> Iterator[Fault]:
    kind = Kind.COMPLEX if is_beside else child.kind
    if type(place.value) not in _TYPES[kind]:
        yield _fault(place, f"not {_SAID[kind]}", f"Send {_SAID[kind]}, or leave it out.")
    elif place.value == "":
        yield _fault(place, "empty", "Leave out what is empty.")
    elif not is_beside and child.codes is not None and place.value not in child.codes:
        codes = ", ".join(sorted(child.codes))
        yield _fault(place, "none of the codes that R4 has there", f"Send one of {codes}.")
    elif kind is Kind.RESOURCE and place.shape is None:
        path = f"{place.path}.{_KIND}"
        yield Fault(
            ErrorCode.INVALID, path, f"{_KIND} is none that FHIR R4 defines.", "Send a resource of FHIR R4."
        )
    elif isinstance(place.value, dict) and place.shape is not None:
        yield from _faults(place, place.shape)


def _fault(place: Place, what: str, remedy: str) -> Fault:
    name = place.path.rpartition(".")[2].partition("[")[0]
    return Fault(ErrorCode.INVALID, place.path, f"{name} is {what}.", remedy)
