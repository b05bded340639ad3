"""Makers of records for the contract of the record store."""

from __future__ import annotations

from typing import Any

from gateway.model import (
    Dispensation,
    Identifier,
    IdentifierKind,
    Period,
)
from gateway.ports import IntakeUnit
from gateway.store import Store
from tests.factory import a_dispensation, a_person

KEYS = ("name:quillfeather", "born:1971-04-09")


ALWAYS = Period()


SSN = Identifier(kind=IdentifierKind.SSN, value="987-65-4329")


LICENCE = Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="123456789", issuer="CT")


def reported(**over: Any) -> Dispensation:
    """A dispensation as a dispenser reports it, with nothing of the store's."""
    values: dict[str, Any] = {
        "id": None,
        "person": a_person(key=None, appearance=None),
        "source_state": None,
        "reported_at": None,
        "revision": 0,
    }
    return a_dispensation(**{**values, **over})


def record_one(store: Store, dispensation: Dispensation, keys: tuple[str, ...] = KEYS) -> Dispensation:
    """Record it for a new person."""
    with store.intake() as unit:
        key = unit.add_person(dispensation.person, keys)
        return unit.add_dispensation(key, dispensation, keys)


def fills(store: Store, key: str | None, period: Period = ALWAYS) -> tuple[Dispensation, ...]:
    assert key is not None
    history = store.history(key, period)
    assert history is not None
    return history.dispensations


def held(unit: IntakeUnit, dispensation: Dispensation) -> Dispensation | None:
    """What is recorded of this fill."""
    found = unit.same_fill(dispensation)
    return None if found is None else found.dispensation
