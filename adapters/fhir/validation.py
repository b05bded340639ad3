"""What is kept is valid FHIR R4 as a whole: held against fhir.resources, its faults named in words of our own.

The library takes longer than all other steps of intake together. The same few pharmacies, prescribers and products
come contained in dispensation after dispensation, so what was found valid of those is remembered, by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters.fhir.json_kinds import kind_faults
from adapters.fhir.outcomes import Fault, InvalidResource
from adapters.fhir.places import Place, follow
from adapters.fhir.quick_validation import is_surely_valid
from adapters.fhir.tree import Contents, Node
from adapters.fhir.xml_types import Child
from gateway.errors import ErrorCode

_MAX_FAULTS: Final = 20
_REPEATED: Final = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Medication", "MedicationKnowledge"}
)
_MOST_REMEMBERED: Final = 50_000  # digests of 16 bytes
_valid: set[bytes] = set()


def validate(node: Node, contents: Contents | None = None) -> None:
    """Hold a resource against FHIR R4.

    :param contents: what the elements of the message say, where that is asked elsewhere too.
    :raises MessageError: with the FHIRPath of each fault.
    """
    repeated = _repeated(node.value, contents or Contents())
    known = {id(one) for digest, one in repeated.items() if digest in _valid}
    rest = _without(node.value, known) if known else node.value
    if not is_surely_valid(node.kind, rest):
        _require_kinds(node)
        if not (known and _is_valid(node.kind, rest)):
            _validate_whole(node)
    if len(known) < len(repeated):
        _remember(repeated)
    _require_contained(node)


def _require_kinds(node: Node) -> None:
    """:raises InvalidResource: an element is of another kind than R4 has there; with what else is wrong."""
    wrong = kind_faults(node)
    if wrong:
        raise InvalidResource(_with_others(wrong, _faults(node)))


def _with_others(wrong: Sequence[Fault], others: Iterable[Fault]) -> list[Fault]:
    """The faults, and those of the others that are about other places: what is wrong is said once."""
    more = [
        other
        for other in others
        if not any(one.path.startswith(other.path) or other.path.startswith(one.path) for one in wrong)
    ]
    return [*wrong, *more][:_MAX_FAULTS]


def _repeated(value: Any, contents: Contents) -> dict[bytes, Any]:
    """What is contained and may come again, by its digest; none of it is about a patient."""
    contained = value.get("contained") if isinstance(value, dict) else None
    if not isinstance(contained, list):
        return {}
    repeated = [one for one in contained if isinstance(one, dict) and _is_repeated(one)]
    said = [(contents.of(one), one) for one in repeated]
    return {_digest(content): one for content, one in said if content is not None}


def _is_repeated(resource: dict[str, Any]) -> bool:
    kind = resource.get("resourceType")
    return isinstance(kind, str) and kind in _REPEATED


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _without(value: dict[str, Any], known: set[int]) -> dict[str, Any]:
    left = [one for one in value["contained"] if id(one) not in known]
    rest = {name: one for name, one in value.items() if name != "contained"}
    return rest | {"contained": left} if left else rest


def _is_valid(kind: str | None, value: Any) -> bool:
    try:
        get_fhir_model_class(str(kind)).model_validate(value)
    except Exception:
        return False  # the whole is looked at again, so that its faults have their places
    return True


def _remember(valid: Iterable[bytes]) -> None:
    if len(_valid) >= _MOST_REMEMBERED:
        _valid.clear()
    _valid.update(valid)


def _validate_whole(node: Node) -> None:
    faults = _faults(node)
    if faults:
        raise InvalidResource(faults)


def _faults(node: Node) -> list[Fault]:
    """What the library finds, one fault of each place."""
    try:
        get_fhir_model_class(str(node.kind)).model_validate(node.value)
    except ValidationError as error:
        found = [_fault(node, fault["loc"], fault["type"]) for fault in error.errors(include_input=False)]
        return [*{fault.path: fault for fault in reversed(found)}.values()][::-1][:_MAX_FAULTS]
    except Exception:
        # The library meets some oddities with errors that are not its own.
        return [
            Fault(
                ErrorCode.INVALID,
                node.path,
                "The resource is not one that FHIR R4 defines.",
                "Send a resource of FHIR R4, with its resourceType.",
            )
        ]
    return []


def _require_contained(node: Node) -> None:
    """:raises MessageError: a contained resource contains others (R4, dom-2), or two have one id."""
    seen: set[Any] = set()
    for item in node.items("contained"):
        if item.get("contained") is not None:
            raise item.need("contained").invalid(
                "allowed in what is contained itself", "Send it in contained of the outer resource."
            )
        id = item.get_value("id")
        if id is not None and id in seen:
            raise item.need("id").invalid(
                "the only one in the resource", "Give each contained resource an id of its own."
            )
        seen.add(id)


def _fault(node: Node, location: tuple[str | int, ...], kind: str) -> Fault:
    """A fault in words of our own: the library's own words may quote what was sent."""
    steps = [step for step in location if step not in {"root", "resource_type"}]
    is_unknown = kind == "extra_forbidden"
    place = follow(node.place, steps[:-1] if is_unknown else steps)
    if is_unknown:
        return Fault(
            ErrorCode.INVALID,
            place.path,
            "The element has a member that FHIR R4 does not know.",
            "Leave it out, or send it in an extension.",
        )
    if (wrong := _wrong_choice(place)) is not None:
        return wrong
    name = place.path.rpartition(".")[2].partition("[")[0]
    if kind.endswith("missing"):
        return Fault(ErrorCode.REQUIRED, place.path, f"{name} is missing.", f"Send {place.path}.")
    remedy = next(
        (told for start, told in _EXPECTED if kind.startswith(start)), "Send what R4 defines there."
    )
    return Fault(ErrorCode.INVALID, place.path, f"{name} is not what FHIR R4 allows there.", remedy)


def _wrong_choice(place: Place) -> Fault | None:
    """The fault of an element that has none or two of a choice of types (`medication[x]`)."""
    if place.shape is None or not isinstance(place.value, dict):
        return None
    choices: dict[str, list[Child]] = {}
    for child in place.shape.children.values():
        if child.choice is not None:
            choices.setdefault(child.choice, []).append(child)
    for choice, children in choices.items():
        sent = [one.name for one in children if {one.name, f"_{one.name}"} & place.value.keys()]
        if len(sent) > 1:
            path = f"{place.path}.{sent[-1]}"
            return Fault(
                ErrorCode.INVALID, path, f"{sent[-1]} is one {choice} too many.", f"Send one {choice}."
            )
        if not sent and any(one.is_mandatory for one in children):
            path = f"{place.path}.{children[0].name}"
            return Fault(ErrorCode.REQUIRED, path, f"{choice} is missing.", f"Send {path}.")
    return None


_EXPECTED: Final = (
    ("date_", "Send a date that exists: YYYY, YYYY-MM or YYYY-MM-DD."),
    ("datetime", "Send a date that exists: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ."),
    ("bool", "Send true or false."),
    ("int", "Send a whole number."),
    ("decimal", "Send a number."),
    ("greater_than", "Send a greater number."),
    ("less_than", "Send a smaller number."),
    ("string", "Send a string as FHIR R4 defines it."),
    ("list", "Send an array."),
    ("model", "Send an object."),
    ("dict", "Send an object."),
)
"""The beginnings of the library's names for faults, and what to do."""
