"""Whether a resource is surely one that is accepted: said without building the library's models, or not said at all.

Rules are taken from the library's own models of R4B when a type is first met: members, cardinality, types, required
values and choices. Only what is ordinary is judged; whatever could be otherwise (null, empty, deeper or rarer things)
is left to the library, which alone finds faults. So a report is never refused here, and what is accepted here the
library accepts, and :mod:`adapters.fhir.json_kinds` finds nothing in: the tests hold the one against the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from fhir_core import types as fhir
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic.fields import FieldInfo

from adapters.fhir.xml_types import codes_of

Check = Callable[[Any, int], bool]
"""True when the value is surely one of that type. The number says how deep it lies."""

_DEEPEST: Final = 16
_INTEGER: Final = 10**18
_VISIBLE: Final = re.compile("[!-~]")
_CODE: Final = re.compile("[!-~]+( [!-~]+)*")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART: Final = re.compile(r"[0-9]{4}(-[0-9]{2})?")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def is_surely_valid(kind: str | None, value: Any) -> bool:
    """True when fhir.resources accepts that resource, and its codes are those of the required bindings; False says
    nothing."""
    shape = _shape_of_kind(kind) if kind is not None else None
    return shape is not None and shape.holds(value, 0)


# --- elements and resources -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Shape:
    """What the model of an element or a resource takes.

    `required` are members that must be there, each with the sibling whose extensions may stand for it. `choices` are
    members of which there may be one, or must be. Nothing holds before `members` are there, which come last.
    """

    members: Mapping[str, Check] = field(default_factory=dict)
    required: tuple[tuple[str, str | None], ...] = ()
    choices: tuple[tuple[frozenset[str], bool], ...] = ()

    def holds(self, value: Any, depth: int) -> bool:
        """True when the value is surely one of this shape."""
        if type(value) is not dict or not value or depth > _DEEPEST:
            return False
        members, deeper = self.members, depth + 1
        for name, held in value.items():
            check = members.get(name)
            if check is None or not check(held, deeper):
                return False
        for name, sibling in self.required:
            if name not in value and "extension" not in value.get(sibling, ()):
                return False
        for names, is_required in self.choices:
            there = len(value.keys() & names)
            if there > 1 or (is_required and not there):
                return False
        return True


_shapes: Final[dict[type[FHIRAbstractModel], _Shape]] = {}
_kinds: Final[dict[str, _Shape]] = {}


def _shape_of_kind(kind: str) -> _Shape | None:
    """Of a type of resource; None for any other text, of which nothing is kept."""
    shape = _kinds.get(kind)
    if shape is None:
        try:
            model = get_fhir_model_class(kind)
        except ValueError:
            return None
        if not model.has_resource_base() or model.get_resource_type() != kind:
            return None
        shape = _kinds[kind] = _shape_of(model)
    return shape


def _shape_of(model: type[FHIRAbstractModel]) -> _Shape:
    shape = _shapes.get(model)
    if shape is None:
        shape = _shapes.setdefault(model, _Shape())
        _fill(shape, model)
    return shape


def _fill(shape: _Shape, model: type[FHIRAbstractModel]) -> None:
    names = {name: info.alias or name for name, info in model.model_fields.items()}
    # The two methods give constants, and need no instance.
    stated = [
        (name, names.get(sibling) if sibling else None)
        for name, sibling in model.get_required_fields(None)  # type: ignore[arg-type] # asks nothing of its instance
    ]
    needed = [(names[name], None) for name, info in model.model_fields.items() if info.is_required()]
    shape.required = (*stated, *needed)
    shape.choices = tuple(
        (frozenset(names[name] for name in fields), _is_required(model, fields[0]))
        for fields in model.get_one_of_many_fields(None).values()  # type: ignore[arg-type] # nor this
    )
    members = {
        names[name]: check
        for name, info in model.model_fields.items()
        if name != "fhir_comments" and (check := _check(info.annotation, _codes(info))) is not None
    }
    if model.has_resource_base():
        members["resourceType"] = partial(_is_kind, model.get_resource_type())
    shape.members = members


def _codes(info: FieldInfo) -> frozenset[str] | None:
    return codes_of(info.json_schema_extra) if isinstance(info.json_schema_extra, dict) else None


def _is_required(model: type[FHIRAbstractModel], name: str) -> bool:
    extra = model.model_fields[name].json_schema_extra
    return not isinstance(extra, dict) or extra.get("one_of_many_required") is not False


def _is_kind(kind: str, value: Any, _depth: int) -> bool:
    return type(value) is str and value == kind


def _is_resource(value: Any, depth: int) -> bool:
    kind = value.get("resourceType") if type(value) is dict else None
    shape = _shape_of_kind(kind) if type(kind) is str else None
    return shape is not None and shape.holds(value, depth)


# --- types ----------------------------------------------------------------------------------------------------


def _check(annotation: Any, codes: frozenset[str] | None) -> Check | None:
    """What holds a value against a field's type; None for a type that is left to the library.

    :param codes: those of a required binding.
    """
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        checks = [_check(one, codes) for one in get_args(annotation) if one is not NoneType]
        return checks[0] if len(checks) == 1 else None
    if origin is list:
        (item,) = get_args(annotation)
        check = _check(item, codes)
        return partial(_is_list, check) if check is not None else None
    if origin is Annotated:
        _, *constraints = get_args(annotation)
        check = _primitive(constraints[0]) if len(constraints) == 1 else None
        return partial(_is_among, codes, check) if check is not None and codes is not None else check
    if codes is not None:
        return None
    if annotation is bool:
        return _is_boolean
    if isinstance(annotation, type) and issubclass(annotation, fhir.FhirElementOrResourceBase):
        return _is_resource if annotation.__name__ == "ResourceType" else None
    if isinstance(annotation, type) and issubclass(annotation, fhir.FhirBase):
        return _shape_of(annotation.get_model_klass()).holds
    return None


def _primitive(constraint: Any) -> Check | None:
    match constraint:
        case fhir.Integer():
            return partial(_is_integer, constraint.min_length, constraint.max_length)
        case fhir.Instant():
            return partial(_is_instant, constraint.pattern)
        case fhir.DateTime():
            return partial(_is_moment, constraint.pattern)
        case fhir.Date():
            return partial(_is_date, constraint.pattern)
    return _PRIMITIVES.get(type(constraint))


def _is_list(check: Check, value: Any, depth: int) -> bool:
    if type(value) is not list:
        return False
    for one in value:
        if not check(one, depth):
            return False
    return bool(value)


def _is_text(value: Any, _depth: int) -> bool:
    """Text with something to see in it, of which UTF-8 can be made."""
    if type(value) is not str:
        return False
    if value.isascii():
        return (value != "" and value.isprintable()) or _VISIBLE.search(value) is not None
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return _VISIBLE.search(value) is not None


def _is_code(value: Any, _depth: int) -> bool:
    return type(value) is str and _CODE.fullmatch(value) is not None


def _is_among(codes: frozenset[str], check: Check, value: Any, depth: int) -> bool:
    return check(value, depth) and value in codes


def _is_id(value: Any, _depth: int) -> bool:
    return type(value) is str and _ID.fullmatch(value) is not None


def _is_boolean(value: Any, _depth: int) -> bool:
    return type(value) is bool


def _is_integer(least: int, most: int, value: Any, _depth: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_decimal(value: Any, _depth: int) -> bool:
    if type(value) is int:
        return -_INTEGER < value < _INTEGER
    return type(value) is Decimal and fhir.Decimal.pattern.fullmatch(str(value)) is not None


def _is_instant(pattern: re.Pattern[str], value: Any, _depth: int) -> bool:
    return (
        type(value) is str
        and _INSTANT.fullmatch(value) is not None
        and pattern.fullmatch(value) is not None
        and _is_day(value[:10])
    )


def _is_date(pattern: re.Pattern[str], value: Any, _depth: int) -> bool:
    if type(value) is not str or pattern.fullmatch(value) is None:
        return False
    return _PART.fullmatch(value) is not None or (_DAY.fullmatch(value) is not None and _is_day(value))


def _is_moment(pattern: re.Pattern[str], value: Any, depth: int) -> bool:
    return _is_date(pattern, value, depth) or _is_instant(pattern, value, depth)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_PRIMITIVES: Final[Mapping[type, Check]] = {
    fhir.String: _is_text,
    fhir.Markdown: _is_text,
    fhir.Uri: _is_text,
    fhir.Canonical: _is_text,
    fhir.Xhtml: _is_text,
    fhir.Code: _is_code,
    fhir.Id: _is_id,
    fhir.Decimal: _is_decimal,
}
