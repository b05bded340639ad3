"""People in pairs, and an operator's moves between them, for the contract of the record store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.model import (
    Dispensation,
    Link,
    LinkAction,
    Move,
    PersonName,
)
from gateway.store import Store
from tests.contract.ports.records import fills, record_one, reported
from tests.factory import a_person

SHE = a_person(key=None, appearance=None)
MARRIED = replace(SHE, names=(PersonName(family="Hawthorne", given=("Marigold", "Ann")),))
TWIN = replace(SHE, names=(PersonName(family="Quillfeather", given=("Rosemary",)),))
HERS, MARRIEDS, TWINS = ("hers", "both"), ("married", "both"), ("twin", "both")


def merge(record: Store, key: Any, into: Any, *, keys: tuple[str, ...] = (), **over: Any) -> Link:
    with record.linking() as unit:
        there = unit.person(key)
        assert there is not None
        values = {
            "action": LinkAction.MERGE,
            "joins": True,
            "from_key": key,
            "to_key": into,
            "appearances": dict.fromkeys(there.numbers),
            "by": "operator:hazel",
            "reason": "moved and married",
        }
        return unit.move(Move(**{**values, **over}), keys)


def split(record: Store, key: Any, *numbers: int, keys: tuple[str, ...] = (), **over: Any) -> Link:
    more = {
        "action": LinkAction.SPLIT,
        "joins": False,
        "appearances": dict.fromkeys(numbers),
        "reason": "twins",
    }
    return merge(record, key, None, keys=keys, **{**more, **over})


def undo(record: Store, link: Link) -> Link:
    back = {there: here for here, there in link.appearances}
    return merge(
        record,
        link.to_key,
        link.from_key,
        action=LinkAction.UNDO,
        joins=not link.joins,
        appearances=back,
        undoes=link.id,
    )


def two(record: Store) -> tuple[Dispensation, Dispensation]:
    """One dispensation of hers, and one of hers under another name."""
    return (
        record_one(record, reported(rx_number="1", person=SHE), HERS),
        record_one(record, reported(rx_number="2", person=MARRIED), MARRIEDS),
    )


def twins(record: Store) -> tuple[Dispensation, Dispensation]:
    """One dispensation of each twin, who stand as one person."""
    with record.intake() as unit:
        key = unit.add_person(SHE, HERS)
        return (
            unit.add_dispensation(key, reported(rx_number="1", person=SHE), HERS),
            unit.add_dispensation(key, reported(rx_number="2", person=TWIN), TWINS),
        )


def numbers(record: Store, key: str | None) -> list[str]:
    return sorted(one.rx_number for one in fills(record, key))
