"""What is kept is valid FHIR R4 as a whole: held against fhir.resources, its faults named in words of our own.

The library takes longer than all other steps of intake together. The same few pharmacies, prescribers and products
come contained in dispensation after dispensation, so what was found valid of those is remembered, by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters.fhir.outcomes import Fault, InvalidResource
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode

_MAX_FAULTS: Final = 20
_REPEATED: Final = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Medication", "MedicationKnowledge"}
)
_MOST_REMEMBERED: Final = 50_000  # digests of 16 bytes
_valid: set[bytes] = set()


def validate(node: Node) -> None:
    """Hold a resource against FHIR R4.

    :raises InvalidResource: with the FHIRPath of each fault.
    """
    repeated = _repeated(node.value)
    if repeated and not repeated.keys().isdisjoint(_valid):
        known = {id(one) for digest, one in repeated.items() if digest in _valid}
        if _is_valid(node.kind, _without(node.value, known)):
            _remember(repeated)
            return
    _validate_whole(node)
    _remember(repeated)


def _repeated(value: Any) -> dict[bytes, Any]:
    """What is contained and may come again, by its digest; none of it is about a patient."""
    contained = value.get("contained") if isinstance(value, dict) else None
    if not isinstance(contained, list):
        return {}
    repeated = [one for one in contained if isinstance(one, dict) and _is_repeated(one)]
    try:
        return {_digest(one): one for one in repeated}
    except orjson.JSONEncodeError:
        return {}  # numbers, texts or depths that are not of this world; the library judges them


def _is_repeated(resource: dict[str, Any]) -> bool:
    kind = resource.get("resourceType")
    return isinstance(kind, str) and kind in _REPEATED


def _digest(resource: dict[str, Any]) -> bytes:
    return blake2b(orjson.dumps(resource, default=_exact), digest_size=16).digest()


def _exact(number: Any) -> orjson.Fragment:
    return orjson.Fragment(str(number))  # a number and a string of the same digits are not the same


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
    try:
        get_fhir_model_class(str(node.kind)).model_validate(node.value)
    except ValidationError as error:
        faults = [_fault(node, fault["loc"], fault["type"]) for fault in error.errors(include_input=False)]
        raise InvalidResource(list(dict.fromkeys(faults))[:_MAX_FAULTS]) from None
    except Exception:
        # The library meets a contained resource of an unknown type with a KeyError, other oddities with others.
        unknown = Fault(ErrorCode.INVALID, node.path, "The resource is not one that FHIR R4 defines.")
        raise InvalidResource([unknown]) from None


def _fault(node: Node, location: tuple[str | int, ...], kind: str) -> Fault:
    """A fault in words of our own: the library's own words may quote what was sent."""
    steps = [step for step in location if step not in {"root", "resource_type"}]
    is_unknown = kind == "extra_forbidden"
    path = node.path + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in (steps[:-1] if is_unknown else steps)
    )
    name = next((step for step in reversed(steps) if isinstance(step, str)), "The resource")
    if is_unknown:
        return Fault(ErrorCode.INVALID, path, "The element has a member that FHIR R4 does not know.")
    if kind.endswith("missing"):
        return Fault(ErrorCode.REQUIRED, path, f"{name} is missing.")
    return Fault(ErrorCode.INVALID, path, f"{name} is not what FHIR R4 allows there.")
