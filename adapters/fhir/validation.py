"""What is kept is valid FHIR R4 as a whole: held against fhir.resources, its faults named in words of our own."""

from __future__ import annotations

from typing import Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters.fhir.outcomes import Fault, InvalidResource
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode

_MAX_FAULTS: Final = 20


def validate(node: Node) -> None:
    """Hold a resource against FHIR R4.

    :raises InvalidResource: with the FHIRPath of each fault.
    """
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
