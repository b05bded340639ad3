"""What a scope covers.

Scopes are those of SMART App Launch 2.2 ("Scopes for requesting FHIR Resources") for system access,
`system/<type>.<interactions>` with the interactions c, r, u, d, s in this order, and some plain words of this
gateway. The first version's spelling is understood: `.read` is `.rs`, `.write` is `.cud`, `.*` is `.cruds`.
Scopes narrowed by search parameters (`?category=...`) are not granted: nothing here would enforce them.

>>> covers("system/*.cruds", "system/MedicationDispense.rs")
True
>>> granted("system/MedicationDispense.cruds pdmp/report", ("system/MedicationDispense.rs", "pdmp/history"))
('system/MedicationDispense.rs',)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MEDICATION_DISPENSE_CREATE = "system/MedicationDispense.c"
MEDICATION_DISPENSE_READ = "system/MedicationDispense.rs"
PATIENT_READ = "system/Patient.rs"
AUDIT_EVENT_READ = "system/AuditEvent.rs"
PLAIN = ("pdmp/history", "pdmp/report", "audit/read", "admin")

SUPPORTED = (MEDICATION_DISPENSE_CREATE, MEDICATION_DISPENSE_READ, PATIENT_READ, AUDIT_EVENT_READ, *PLAIN)
"""All scopes that some route asks for, the least that each of them needs."""

_INTERACTIONS = "cruds"
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}
_SYSTEM = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|(?=[cruds])c?r?u?d?s?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _SystemScope:
    """`system/<type>.<interactions>`; the type `*` is every type."""

    type: str
    interactions: frozenset[str]

    def covers(self, other: _SystemScope) -> bool:
        return self.type in ("*", other.type) and self.interactions >= other.interactions

    def common(self, other: _SystemScope) -> _SystemScope | None:
        if self.type != other.type and "*" not in (self.type, other.type):
            return None
        interactions = self.interactions & other.interactions
        narrower = other.type if self.type == "*" else self.type
        return _SystemScope(narrower, interactions) if interactions else None

    def __str__(self) -> str:
        return f"system/{self.type}.{''.join(i for i in _INTERACTIONS if i in self.interactions)}"


@lru_cache(maxsize=1024)
def _system(scope: str) -> _SystemScope | None:
    match = _SYSTEM.fullmatch(scope)
    if match is None:
        return None
    interactions = _FIRST_VERSION.get(match[2], match[2])
    return _SystemScope(match[1], frozenset(interactions))


def is_known(scope: str) -> bool:
    """True for a scope that a client can be registered with."""
    return scope in PLAIN or _system(scope) is not None


def covers(held: str, wanted: str) -> bool:
    """True when whoever holds the scope `held` may do what needs the scope `wanted`."""
    if held == wanted:
        return True
    mine, theirs = _system(held), _system(wanted)
    return mine is not None and theirs is not None and mine.covers(theirs)


def granted(requested: str | None, allowed: Iterable[str]) -> tuple[str, ...]:
    """What is granted of the requested scopes to a client that is allowed `allowed`, in the order requested.

    A scope that is allowed in part is granted in that part (RFC 6749 section 3.3); one that is allowed as a whole
    keeps the spelling it was asked for in. Nothing requested means everything allowed.
    """
    allowed = tuple(allowed)
    if not requested or not requested.strip():
        return allowed
    result: dict[str, None] = {}
    for wanted in requested.split():
        if any(covers(held, wanted) for held in allowed):
            result[wanted] = None
        elif (asked := _system(wanted)) is not None:
            parts = (mine.common(asked) for held in allowed if (mine := _system(held)) is not None)
            result.update((str(part), None) for part in parts if part is not None)
    return tuple(result)
