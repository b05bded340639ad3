"""What FHIR R4 says of each type, as reading and writing XML and leaving elements out need it.

The order of its elements, which of them repeat, which are primitive and of what kind, which are mandatory and which
belong to a summary: all of it asked of fhir.resources' models (R4B) when a type is met for the first time.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from functools import cache
from importlib import import_module
from typing import Any, Final

from fhir.resources.R4B import fhirtypes, get_fhir_model_class
from fhir.resources.R4B.resource import Resource
from fhir_core.types import Xhtml

_ABSTRACT: Final = frozenset({"Resource", "DomainResource"})


class Kind(Enum):
    """How the value of an element is written."""

    TEXT = auto()
    BOOLEAN = auto()
    INTEGER = auto()
    DECIMAL = auto()
    XHTML = auto()
    COMPLEX = auto()
    RESOURCE = auto()


@dataclass(frozen=True, slots=True)
class Child:
    """One element of a type; a choice by its full name (`valueString`) and, as `choice`, without its type.

    `codes` are those of a required binding.
    """

    name: str
    kind: Kind
    repeats: bool
    is_attribute: bool
    is_mandatory: bool
    is_summary: bool
    position: int
    choice: str | None = None
    model: Any = None
    codes: frozenset[str] | None = None

    @property
    def is_primitive(self) -> bool:
        """Whether it has its value in the attribute `value`."""
        return self.kind not in {Kind.COMPLEX, Kind.RESOURCE, Kind.XHTML}


@dataclass(frozen=True, slots=True)
class Shape:
    """The elements of a type in the order in which XML has them."""

    children: Mapping[str, Child]


def resource_shape(name: str) -> Shape | None:
    """The shape of a resource by its type's name; None when FHIR R4 has no such resource."""
    if name in _ABSTRACT or not hasattr(fhirtypes, f"{name}Type"):
        return None
    try:
        model = get_fhir_model_class(name)
    except (ValueError, AttributeError):
        return None  # a primitive type: it has a name there and no model
    return shape_of(model) if issubclass(model, Resource) else None


@cache
def shape_of(model: Any) -> Shape:
    """The shape of a model of fhir.resources."""
    is_resource = issubclass(model, Resource)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    is_extension = model.get_resource_type() == "Extension"
    attributes = set() if is_resource else {"id", "url"} if is_extension else {"id"}
    names = [name for name in model.elements_sequence() if name in fields]
    return Shape({n: _child(n, fields[n], i, n in attributes) for i, n in enumerate(names)})


def shape_in(child: Child) -> Shape:
    """The shape of what stands in a complex element."""
    return shape_of(_loaded(child.model))


@cache
def _loaded(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _child(name: str, field: Any, position: int, is_attribute: bool) -> Child:
    base, marks, repeats = _unwrapped(field.annotation)
    says = field.json_schema_extra or {}
    model = getattr(base, "_model_klass", None)
    return Child(
        name=name,
        kind=_kind(base, marks, model),
        repeats=repeats,
        is_attribute=is_attribute,
        is_mandatory=bool(
            field.is_required() or says.get("element_required") or says.get("one_of_many_required")
        ),
        is_summary=bool(says.get("summary_element_property")),
        position=position,
        choice=says.get("one_of_many"),
        model=model,
        codes=codes_of(says),
    )


def codes_of(says: Mapping[str, Any]) -> frozenset[str] | None:
    """The codes of an element that may have no others; the library lists some open sets too, and ends them so."""
    codes = says.get("enum_values") or ()
    return frozenset(codes) if codes and "etc." not in codes else None


def _kind(base: Any, marks: tuple[Any, ...], model: str | None) -> Kind:
    if model is not None:
        return Kind.RESOURCE if model.endswith(".Resource") else Kind.COMPLEX
    if any(isinstance(mark, Xhtml) for mark in marks):
        return Kind.XHTML
    return {bool: Kind.BOOLEAN, int: Kind.INTEGER, Decimal: Kind.DECIMAL}.get(base, Kind.TEXT)


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """The type inside of `Optional`, `List` and `Annotated`, what it is annotated with, and whether it is listed."""
    marks: tuple[Any, ...] = ()
    repeats = False
    while arguments := typing.get_args(annotation):
        origin = typing.get_origin(annotation)
        repeats = repeats or origin is list
        if origin is typing.Annotated:
            marks += arguments[1:]
        annotation = next(argument for argument in arguments if argument is not type(None))
    return annotation, marks, repeats


def _primitive() -> Shape:
    extension = shape_of(get_fhir_model_class("Patient")).children["extension"]
    return Shape({"id": shape_in(extension).children["id"], "extension": extension})


PRIMITIVE: Final = _primitive()
"""What a primitive element has beside its value."""
