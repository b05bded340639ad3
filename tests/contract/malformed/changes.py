"""One thing spoilt in a valid resource, as data: where, what stands there instead, where the answer is to point."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
_ROOTS: Final = ("Parameters", "Bundle", "MedicationDispense", "Resource")


@dataclass(frozen=True, slots=True)
class Put:
    """`value` at `place`, a path below the resource.

    The fault is there, or at `at`; what follows from it, in other entries, at `also`.
    """

    place: str
    value: Any
    at: str | None = None
    status: int = 400
    also: tuple[str, ...] = ()

    def spoilt(self, resource: Any) -> Any:
        spoilt = deepcopy(resource)
        here, last = _within(spoilt, self.place)
        if isinstance(here, list) and last == len(here):
            here.append(self.value)
        else:
            here[last] = self.value
        return spoilt


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing at `place`."""

    place: str
    at: str | None = None
    status: int = 400
    also: tuple[str, ...] = ()

    def spoilt(self, resource: Any) -> Any:
        spoilt = deepcopy(resource)
        here, last = _within(spoilt, self.place)
        del here[last]
        return spoilt


@dataclass(frozen=True, slots=True)
class Swap:
    """`new` in place of the text `old`, wherever it stands in what is sent."""

    old: str
    new: str
    at: str
    status: int = 400
    also: tuple[str, ...] = ()

    def spoilt_text(self, text: str) -> str:
        assert self.old in text
        return text.replace(self.old, self.new)


Change = Put | Drop | Swap


def in_json(change: Change, resource: Any) -> bytes:
    """The spoilt resource as it is sent."""
    if isinstance(change, Swap):
        return change.spoilt_text(json.dumps(resource, separators=(",", ":"))).encode()
    return json.dumps(change.spoilt(resource), separators=(",", ":")).encode()


def expressions_of(change: Change, root: str) -> list[str]:
    """The FHIRPaths at which the answer is to point, the fault's first."""
    return [expression_of(change, root), *(f"{root}.{place}" for place in change.also)]


def expression_of(change: Change, root: str) -> str:
    """The FHIRPath of the fault."""
    place = change.at if change.at is not None else getattr(change, "place", "")
    if place.partition(".")[0].partition("[")[0] in _ROOTS:
        return place
    return f"{root}.{place}" if place else root


def _within(resource: Any, place: str) -> tuple[Any, Any]:
    """What holds that place, and the place's own name or number in it."""
    *way, last = _steps(place)
    for step in way:
        resource = resource[step]
    return resource, last


def _steps(place: str) -> list[str | int]:
    return [int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(place)]
