"""An operator's moves in the journal, what is refused or fails, and what is held of a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.errors import Conflict
from gateway.model import (
    DispensationStatus,
    LinkAction,
    Move,
    Person,
    PersonName,
    Species,
)
from gateway.store import Store
from tests.contract.ports.links import (
    HERS,
    MARRIED,
    SHE,
    merge,
    numbers,
    two,
    undo,
)
from tests.contract.ports.records import KEYS, fills, reported
from tests.factory import a_dispenser

# --- the journal ----------------------------------------------------------------------------------------------


def test_the_journal_says_what_was_done_and_undone(record: Store) -> None:
    one, other = two(record)
    first = merge(record, one.person.key, other.person.key)
    second = undo(record, first)
    third = undo(record, second)
    expected = [third, replace(second, undone_by=third.id), first]
    for key in (one.person.key, other.person.key, None):
        assert list(record.links(10, key)) == expected
    assert list(record.links(1)) == [third]
    assert list(record.links(2, other.person.key)) == expected[:2]
    assert first.id == f"{one.person.key}-L1"
    assert (first.by, first.reason, first.action) == ("operator:hazel", "moved and married", LinkAction.MERGE)
    assert (second.undoes, third.undoes) == (first.id, second.id)
    with record.linking() as unit:
        assert unit.link(first.id) == first
        assert list(unit.links(str(one.person.key))) == expected
        for nothing in ("", "nonsense", f"{one.person.key}-L9", str(one.id), f"{other.person.key}-L1"):
            assert unit.link(nothing) is None
    assert list(record.links(10, "7ZZZZZZZZZZZZ")) == []
    assert list(record.links(10, "nonsense")) == []


def test_an_undone_link_says_by_which(record: Store) -> None:
    one, other = two(record)
    first = merge(record, one.person.key, other.person.key)
    second = undo(record, first)
    assert [link.undone_by for link in record.links(10)] == [None, second.id]


# --- what is refused, and what fails --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "over",
    [
        {"appearances": {2: None}},
        {"appearances": {1: None, 3: None}},
        {"appearances": {1: 1}},
        {"appearances": {1: 7}},
        {"to_key": "7ZZZZZZZZZZZZ"},
        {"to_key": "nonsense"},
        {"from_key": "nonsense"},
        {"from_key": "7ZZZZZZZZZZZZ"},
    ],
)
def test_a_move_that_cannot_be_is_refused_whole(record: Store, over: dict[str, Any]) -> None:
    one, other = two(record)
    before = [fills(record, each.person.key) for each in (one, other)]
    with pytest.raises(Conflict):
        merge(record, one.person.key, other.person.key, keys=("new",), **over)
    assert [fills(record, each.person.key) for each in (one, other)] == before
    assert list(record.links(10)) == []
    assert list(record.candidates(["new"])) == []


def test_nobody_is_merged_into_herself(record: Store) -> None:
    one, _ = two(record)
    with pytest.raises(Conflict):
        merge(record, one.person.key, one.person.key)


def test_a_unit_that_fails_has_moved_nothing(record: Store) -> None:
    one, other = two(record)

    def fail_halfway() -> None:
        with record.linking() as unit:
            move = Move(
                action=LinkAction.MERGE,
                joins=True,
                from_key=str(one.person.key),
                to_key=other.person.key,
                appearances={1: None},
                by="operator:hazel",
                reason="halfway",
            )
            unit.move(move, HERS)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    assert (numbers(record, one.person.key), numbers(record, other.person.key)) == (["1"], ["2"])
    assert (record.people(), list(record.links(10))) == (2, [])


def test_what_is_moved_is_seen_by_other_processes(open_store: Callable[[], Store]) -> None:
    writer, reader = open_store(), open_store()
    one, other = two(writer)
    with writer.linking() as unit:
        appearances: dict[int, int | None] = {1: None}
        move = Move(
            action=LinkAction.MERGE,
            joins=True,
            from_key=str(one.person.key),
            to_key=other.person.key,
            appearances=appearances,
            by="operator:hazel",
            reason="",
        )
        unit.move(move, ())
        assert numbers(reader, other.person.key) == ["2"], "not before it is committed"
    assert numbers(reader, one.person.key) == ["1", "2"]


# --- what is held ---------------------------------------------------------------------------------------------


def test_what_is_held_of_a_person(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(SHE, HERS)
        days = [date(2026, 3, 1), date(2026, 1, 1), date(2026, 2, 1)]
        for number, day in enumerate(days):
            last = unit.add_dispensation(key, reported(rx_number=str(number), filled=day), ())
        unit.add_dispensation(key, replace(last, status=DispensationStatus.VOID), ())
        shop = a_dispenser(ncpdp_id="7654321")
        unit.add_dispensation(key, reported(rx_number="9", person=MARRIED, dispenser=shop), ())
        unit.add_dispensation(key, reported(rx_number="8", person=replace(SHE, phones=())), ())
    person = record.person(key)
    assert person is not None
    assert [(a.person.appearance, a.active, a.void) for a in person.appearances] == [
        (1, 2, 1),
        (2, 1, 0),
        (3, 1, 0),
    ]
    assert (person.appearances[0].first_filled, person.appearances[0].last_filled) == (days[1], days[0])
    assert [a.person.names for a in person.appearances] == [SHE.names, MARRIED.names, SHE.names]
    for nobody in ("7ZZZZZZZZZZZZ", "nonsense", ""):
        assert record.person(nobody) is None


def test_an_appearance_without_dispensations_is_held_too(record: Store) -> None:
    animal = Person(names=(PersonName(family="Biscuit"),), species=Species.VETERINARY, owner=SHE)
    with record.intake() as unit:
        key = unit.add_person(animal, KEYS)
    person = record.person(key)
    assert person is not None
    (only,) = person.appearances
    assert (only.active, only.void, only.first_filled, only.last_filled) == (0, 0, None, None)
    assert only.person.owner == SHE
