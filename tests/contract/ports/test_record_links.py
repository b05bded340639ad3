"""What a record store does when an operator moves appearances from one person to another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.errors import Conflict
from gateway.model import (
    DispensationStatus,
)
from gateway.store import Store
from tests.contract.ports.links import (
    HERS,
    MARRIED,
    MARRIEDS,
    SHE,
    TWIN,
    TWINS,
    merge,
    numbers,
    split,
    twins,
    two,
    undo,
)
from tests.contract.ports.records import ALWAYS, SSN, fills, held, record_one, reported

# --- merged ---------------------------------------------------------------------------------------------------


def test_a_merged_history_is_one_and_both_keys_lead_to_it(record: Store) -> None:
    one, other = two(record)
    link = merge(record, one.person.key, other.person.key)
    assert (link.from_key, link.to_key) == (one.person.key, other.person.key)
    assert (link.appearances, link.dispensations) == (((1, 2),), 1)
    for key in (one.person.key, other.person.key):
        history = record.history(str(key), ALWAYS)
        assert history is not None
        assert history.person_key == other.person.key
        assert history.appearances == {1, 2}
        assert sorted((d.rx_number, d.person.appearance) for d in history.dispensations) == [
            ("1", 2),
            ("2", 1),
        ]
        assert {d.person.key for d in history.dispensations} == {other.person.key}
        person = record.person(str(key))
        assert person is not None
        assert (person.person_key, person.numbers) == (other.person.key, {1, 2})
    assert (record.people(), record.dispensations()) == (1, 2)
    assert list(record.person_keys()) == [other.person.key]


def test_what_was_reported_is_unchanged_but_for_where_it_is(record: Store) -> None:
    one, other = two(record)
    merge(record, one.person.key, other.person.key)
    (moved,) = [d for d in fills(record, other.person.key) if d.rx_number == "1"]
    assert moved == replace(
        one,
        id=f"{other.person.key}-2",
        revision=2,
        person=replace(one.person, key=other.person.key, appearance=2),
    )


def test_who_was_merged_is_found_as_the_other_only(record: Store) -> None:
    one, other = two(record)
    merge(record, one.person.key, other.person.key, keys=HERS)
    for keys in (HERS, MARRIEDS, ("both",)):
        found = record.candidates(keys)
        assert {(p.key, p.appearance) for p in found} == {(other.person.key, 1), (other.person.key, 2)}
        assert [p.names for p in found] == [MARRIED.names, SHE.names]
        with record.intake() as unit:
            assert list(unit.candidates(keys)) == list(found)


def test_ids_given_out_before_lead_to_where_it_is(record: Store) -> None:
    one, other = two(record)
    merge(record, one.person.key, other.person.key)
    (moved,) = [d for d in fills(record, other.person.key) if d.rx_number == "1"]
    assert record.dispensation(str(one.id)) == record.dispensation(str(moved.id)) == moved
    with record.intake() as unit:
        for found in (unit.recorded(str(one.id)), unit.same_fill(one)):
            assert found is not None
            assert found.dispensation == moved
            assert found.unchanged_since == 1, "it was only moved"


def test_a_moved_fill_is_recorded_once_and_its_reports_are_known(record: Store) -> None:
    report = b"0123456789abcdef"
    with record.intake() as unit:
        key = unit.add_person(SHE, HERS)
        first = unit.add_dispensation(key, reported(person=SHE), HERS, report=report)
        earlier = date(2026, 9, 1)
        moved_date = replace(reported(person=SHE), id=first.id, filled=earlier)
        unit.add_dispensation(key, moved_date, (), report=b"fedcba9876543210")
    other = record_one(record, reported(rx_number="2", person=MARRIED), MARRIEDS)
    merge(record, key, other.person.key)
    with record.intake() as unit:
        for filled in (earlier, first.filled):
            found = unit.same_fill(reported(filled=filled))
            assert found is not None
            assert found.dispensation.id == f"{other.person.key}-2"
            assert found.dispensation.revision == 3
            assert found.reports == {report, b"fedcba9876543210"}
            assert found.unchanged_since == 2
            with pytest.raises(Conflict):
                unit.add_dispensation(str(other.person.key), reported(filled=filled), ())


def test_a_moved_dispensation_is_revised_and_voided_where_it_is(record: Store) -> None:
    one, other = two(record)
    merge(record, one.person.key, other.person.key)
    with record.intake() as unit:
        found = unit.recorded(str(one.id))
        assert found is not None
        held_now = found.dispensation
        with pytest.raises(Conflict):
            unit.add_dispensation(str(one.person.key), replace(held_now, id=one.id), ())
        revised = unit.add_dispensation(str(other.person.key), replace(held_now, days_supply=9), ())
        found = unit.recorded(str(one.id))
        assert found is not None
        assert (found.dispensation, found.unchanged_since) == (revised, 3), "also what is not written yet"
    assert (revised.revision, revised.days_supply) == (3, 9)
    assert record.dispensation(str(one.id)) == revised
    with record.intake() as unit:
        void = replace(revised, status=DispensationStatus.VOID)
        unit.add_dispensation(str(other.person.key), void, ())
    assert numbers(record, other.person.key) == ["2"]


def test_void_dispensations_go_along_and_stay_void(record: Store) -> None:
    one, other = two(record)
    with record.intake() as unit:
        void = replace(one, status=DispensationStatus.VOID)
        unit.add_dispensation(str(one.person.key), void, ())
    link = merge(record, one.person.key, other.person.key)
    assert link.dispensations == 1
    assert numbers(record, one.person.key) == ["2"]
    moved = record.dispensation(str(one.id))
    assert moved is not None
    assert (moved.status, moved.revision) == (DispensationStatus.VOID, 3)
    person = record.person(str(other.person.key))
    assert person is not None
    assert [(a.active, a.void) for a in person.appearances] == [(1, 0), (0, 1)]


def test_nobody_is_added_to_who_was_merged(record: Store) -> None:
    one, other = two(record)
    merge(record, one.person.key, other.person.key)
    with record.intake() as unit, pytest.raises(Conflict):
        unit.add_dispensation(str(one.person.key), reported(rx_number="3"), ())
    with record.linking() as unit:
        gone = unit.person(str(one.person.key))
        assert gone is not None
        assert gone.appearances == ()


def test_merged_and_merged_again_every_key_and_id_leads_to_the_end(record: Store) -> None:
    firsts = [
        record_one(record, reported(rx_number=str(n), person=replace(SHE, phones=(str(n),))), (str(n),))
        for n in range(4)
    ]
    keys = [str(one.person.key) for one in firsts]
    for source, target in ((0, 1), (1, 2), (2, 3)):
        merge(record, keys[source], keys[target])
    for key, first in zip(keys, firsts, strict=True):
        assert numbers(record, key) == ["0", "1", "2", "3"]
        last = record.dispensation(str(first.id))
        assert last is not None
        assert (last.person.key, last.rx_number) == (keys[3], first.rx_number)
    assert (record.people(), record.dispensations()) == (1, 4)


# --- split ----------------------------------------------------------------------------------------------------


def test_a_split_makes_two(record: Store) -> None:
    hers, twin = twins(record)
    link = split(record, hers.person.key, 2, keys=TWINS)
    assert link.to_key not in {None, hers.person.key}
    assert (numbers(record, hers.person.key), numbers(record, link.to_key)) == (["1"], ["2"])
    assert (link.appearances, link.dispensations) == (((2, 1),), 1)
    assert record.dispensation(str(twin.id)) == fills(record, link.to_key)[0]
    found = {(p.key, p.names) for p in record.candidates(["both"])}
    assert found == {(hers.person.key, SHE.names), (link.to_key, TWIN.names)}
    assert {p.key for p in record.candidates(["twin"]) if p.names == TWIN.names} == {link.to_key}
    assert (record.people(), record.dispensations()) == (2, 2)
    history = record.history(str(hers.person.key), ALWAYS)
    assert history is not None
    assert history.appearances == {1}


def test_numbers_of_what_has_gone_are_not_used_again(record: Store) -> None:
    hers, twin = twins(record)
    link = split(record, hers.person.key, 2)
    with record.intake() as unit:
        phone = replace(SHE, phones=("8605550199",))
        new = unit.add_dispensation(str(hers.person.key), reported(rx_number="3", person=phone), ())
        again = unit.add_dispensation(str(hers.person.key), reported(rx_number="4", person=TWIN), ())
    assert (new.id, new.person.appearance) == (f"{hers.person.key}-3", 3)
    assert again.person.appearance == 4, "she who was split off is no appearance of this person"
    moved = record.dispensation(str(twin.id))
    assert moved is not None
    assert moved.person.key == link.to_key


def test_a_dispensation_goes_with_the_appearance_of_its_last_revision(record: Store) -> None:
    """It was reported of the one twin and corrected to be the other's."""
    hers, _ = twins(record)
    report = b"0123456789abcdef"
    with record.intake() as unit:
        key = str(hers.person.key)
        wrong = unit.add_dispensation(key, reported(rx_number="3", person=SHE), (), report=report)
        unit.add_dispensation(key, replace(reported(rx_number="3", person=TWIN), id=wrong.id), ())
    link = split(record, key, 2)
    assert (numbers(record, key), numbers(record, link.to_key)) == (["1"], ["2", "3"])
    with record.intake() as unit:
        found = unit.same_fill(wrong)
        assert found is not None
        assert found.reports == {report}
    person = record.person(link.to_key)
    assert person is not None
    assert [a.person.names for a in person.appearances] == [TWIN.names], (
        "what it said first is nobody of hers"
    )
    assert {p.key for p in record.candidates(["hers", "both"]) if p.names == SHE.names} == {key}
    undo(record, link)
    assert numbers(record, key) == ["1", "2", "3"]
    assert record.dispensation(str(wrong.id)) == next(d for d in fills(record, key) if d.rx_number == "3")


def test_identifiers_go_along(record: Store) -> None:
    """The same demographics without the number are another appearance; with it, the one that has moved."""
    known = replace(TWIN, identifiers=(SSN,))
    with record.intake() as unit:
        key = unit.add_person(SHE, HERS)
        unit.add_dispensation(key, reported(rx_number="2", person=known), TWINS)
    link = split(record, key, 2)
    with record.intake() as unit:
        assert unit.holder(known, [key, link.to_key]) == link.to_key
        assert unit.holder(TWIN, [key, link.to_key]) is None
        again = unit.add_dispensation(link.to_key, reported(rx_number="3", person=known), ())
    assert again.person.appearance == 1


# --- undone ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_what_returns_has_its_ids_again(record: Store, times: int) -> None:
    """Undone, and that undone, and so on: to and fro between the same two places."""
    one, other = two(record)
    link = merge(record, one.person.key, other.person.key)
    for _ in range(times):
        link = undo(record, link)
    is_merged = times % 2 == 0
    expected = other.person.key if is_merged else one.person.key
    moved = record.dispensation(str(one.id))
    assert moved is not None
    assert moved.person.key == expected
    assert moved.revision == 2 + times
    assert moved.id == (f"{other.person.key}-2" if is_merged else one.id)
    assert numbers(record, one.person.key) == (["1", "2"] if is_merged else ["1"])
    assert numbers(record, other.person.key) == (["1", "2"] if is_merged else ["2"])
    assert (record.people(), record.dispensations()) == (1 if is_merged else 2, 2)
    with record.intake() as unit:
        assert held(unit, one) == moved


def test_what_was_reported_since_goes_with_its_appearance(record: Store) -> None:
    one, other = two(record)
    link = merge(record, one.person.key, other.person.key)
    into = str(other.person.key)
    with record.intake() as unit:
        new = unit.add_dispensation(into, reported(rx_number="3", person=SHE), ())
        unit.add_dispensation(into, reported(rx_number="4", person=MARRIED), ())
        found = unit.recorded(str(one.id))
        assert found is not None
        revised = unit.add_dispensation(into, replace(found.dispensation, days_supply=9), ())
    assert new.person.appearance == 2
    assert undo(record, link).dispensations == 2
    assert numbers(record, one.person.key) == ["1", "3"]
    assert numbers(record, into) == ["2", "4"]
    back = record.dispensation(str(revised.id))
    assert back is not None
    assert (back.id, back.days_supply, back.revision) == (one.id, 9, 4)
    followed = record.dispensation(str(new.id))
    assert followed is not None
    assert followed.id == f"{one.person.key}-2"


def test_what_was_corrected_to_be_the_others_stays_there(record: Store) -> None:
    one, other = two(record)
    link = merge(record, one.person.key, other.person.key)
    into = str(other.person.key)
    with record.intake() as unit:
        found = unit.recorded(str(one.id))
        assert found is not None
        unit.add_dispensation(into, replace(found.dispensation, person=other.person), ())
    assert undo(record, link).dispensations == 0
    assert (numbers(record, one.person.key), numbers(record, into)) == ([], ["1", "2"])
    assert merge(record, one.person.key, into).dispensations == 0
    assert numbers(record, one.person.key) == numbers(record, into) == ["1", "2"]


def test_a_dispensation_that_comes_back_by_another_way_has_its_id_again(record: Store) -> None:
    hers, twin = twins(record)
    link = split(record, hers.person.key, 2)
    merge(record, link.to_key, hers.person.key)
    back = record.dispensation(str(twin.id))
    assert back is not None
    assert (back.id, back.person.appearance) == (twin.id, 3)
    assert numbers(record, hers.person.key) == numbers(record, link.to_key) == ["1", "2"]
