"""Splits and merges through the whole gateway: what intake and look-ups make of them, and what may be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.bootstrap import Gateway
from gateway.errors import Conflict, MessageError, NotFound
from gateway.linking import Merge, Split, Undo
from gateway.model import (
    DispensationStatus,
    Identifier,
    IdentifierKind,
    IntakeAction,
    IntakeVerdict,
    IssueCode,
    LinkAction,
    Outcome,
    Person,
    PersonName,
    Species,
)
from tests.factory import a_lookup
from tests.unit.linking.records import (
    BY,
    MARRIED,
    NORWALK,
    SHE,
    again,
    key_of,
    mend,
    numbers,
    report,
    reported,
    somebody,
)

PHONE = "8605550142"
TWIN = somebody("Quillfeather", "Marigold", phones=(PHONE,))
"""To the matcher she is SHE, with a telephone."""


def two(gateway: Gateway) -> tuple[str, str]:
    """One patient who stands as two."""
    keys = key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    assert keys[0] != keys[1]
    return keys


def one(gateway: Gateway) -> str:
    """Two patients who stand as one."""
    keys = {key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", TWIN))}
    assert len(keys) == 1, "or this test shows nothing"
    return keys.pop()


# --- merged ---------------------------------------------------------------------------------------------------


def test_both_demographics_lead_to_the_one_person(gateway: Gateway) -> None:
    key, into = two(gateway)
    mend(gateway, Merge(key, into))
    for person in (SHE, MARRIED):
        answer = gateway.lookup(a_lookup(person=person))
        assert answer.outcome is Outcome.COMPLETE
        assert {d.rx_number for d in answer.dispensations} == {"1", "2"}
        assert {p.key for p in answer.persons} == {into}
    assert key_of(report(gateway, "3", SHE)) == into
    assert key_of(report(gateway, "4", MARRIED)) == into
    assert key_of(report(gateway, "5", replace(SHE, phones=(PHONE,)))) == into, "nearly so, too"
    assert gateway.store.people() == 1


def test_a_key_given_out_before_answers_with_the_whole_history(gateway: Gateway) -> None:
    key, into = two(gateway)
    mend(gateway, Merge(key, into))
    answer = gateway.lookup(a_lookup(person=None, person_key=key))
    assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 2)
    with pytest.raises(NotFound):
        gateway.lookup(a_lookup(person=None, person_key="7ZZZZZZZZZZZZ"))


def test_a_revision_that_leaves_the_patient_as_recorded_may_name_the_key_of_before(gateway: Gateway) -> None:
    key, into = two(gateway)
    before = report(gateway, "3", SHE).dispensation
    assert before is not None
    mend(gateway, Merge(key, into))
    for told, verdict in (
        (into, IntakeVerdict.REVISED),
        (key, IntakeVerdict.REVISED),
        ("7ZZZZZZZZZZZZ", IntakeVerdict.REJECTED),
    ):
        sent = reported("3", Person(key=told), days_supply=7 + len(told) + (told == key))
        assert again(gateway, IntakeAction.REVISE, sent, original=before.id).verdict is verdict, told
    assert numbers(gateway, into) == ["1", "2", "3"]


def test_what_was_reported_before_is_revised_and_voided_after(gateway: Gateway) -> None:
    key, into = two(gateway)
    before = report(gateway, "3", SHE).dispensation
    assert before is not None
    mend(gateway, Merge(key, into))
    by_id = {"original": before.id, "expected_revision": before.revision}
    revised = again(gateway, IntakeAction.REVISE, reported("3", SHE, days_supply=9), **by_id)
    assert revised.verdict is IntakeVerdict.REVISED
    assert revised.dispensation is not None
    assert (revised.dispensation.person.key, revised.dispensation.days_supply) == (into, 9)
    stale = again(gateway, IntakeAction.REVISE, reported("3", SHE, days_supply=8), **by_id)
    assert [issue.code for issue in stale.issues] == [IssueCode.CONFLICT], "that one has been revised"
    void = again(gateway, IntakeAction.VOID, reported("3", SHE))
    assert void.verdict is IntakeVerdict.VOIDED
    assert numbers(gateway, key) == ["1", "2"]
    assert report(gateway, "1", SHE).verdict is IntakeVerdict.UNCHANGED


# --- split ----------------------------------------------------------------------------------------------------


def test_equal_demographics_go_to_the_one_who_has_them(gateway: Gateway) -> None:
    key = one(gateway)
    new = mend(gateway, Split(key, frozenset({2}))).to_key
    assert (numbers(gateway, key), numbers(gateway, new)) == (["1"], ["2"])
    assert key_of(report(gateway, "3", TWIN)) == new
    assert key_of(report(gateway, "4", SHE)) == key
    assert (numbers(gateway, key), numbers(gateway, new)) == (["1", "4"], ["2", "3"])


def test_a_split_is_never_taken_back_by_intake(gateway: Gateway) -> None:
    key = one(gateway)
    new = mend(gateway, Split(key, frozenset({2}))).to_key
    moved = somebody("Quillfeather", "Marigold", addresses=(NORWALK,))
    third = key_of(report(gateway, "3", moved))
    assert third not in {key, new}, "she may be either, so she is a person of her own"
    assert key_of(report(gateway, "4", moved)) == third
    assert (numbers(gateway, key), numbers(gateway, new)) == (["1"], ["2"])
    answer = gateway.lookup(a_lookup(person=moved, period=a_lookup().period))
    assert {d.rx_number for d in answer.dispensations} <= {"3", "4"}


def test_a_corrected_report_of_the_split_off_stays_hers(gateway: Gateway) -> None:
    key = one(gateway)
    new = mend(gateway, Split(key, frozenset({2}))).to_key
    revised = again(gateway, IntakeAction.REVISE, reported("2", TWIN, days_supply=9))
    assert key_of(revised) == new
    moved_over = again(gateway, IntakeAction.REVISE, reported("2", SHE, days_supply=9))
    assert key_of(moved_over) == key, "a dispenser may say whose it is"
    assert (numbers(gateway, key), numbers(gateway, new)) == (["1", "2"], [])


def test_identifiers_decide_between_people_of_equal_demographics(gateway: Gateway) -> None:
    ids = [Identifier(kind=IdentifierKind.SSN, value=f"987-65-432{n}") for n in (1, 2)]
    sisters = [replace(SHE, identifiers=(one,)) for one in ids]
    (key,) = {key_of(report(gateway, str(n), one)) for n, one in enumerate(sisters)}
    new = mend(gateway, Split(key, frozenset({2}))).to_key
    assert [key_of(report(gateway, f"again {n}", one)) for n, one in enumerate(sisters)] == [key, new]
    strangers = {key_of(report(gateway, f"unknown {n}", SHE)) for n in range(3)}
    assert len(strangers) == 1, "without a number nobody can tell, and she is one person of her own"
    assert strangers.isdisjoint({key, new})


def test_after_an_undo_it_is_as_it_was(gateway: Gateway) -> None:
    key = one(gateway)
    link = mend(gateway, Split(key, frozenset({2})))
    report(gateway, "3", TWIN)
    back = mend(gateway, Undo(link.id), reason="")
    assert (back.action, back.undoes, back.dispensations) == (LinkAction.UNDO, link.id, 2)
    assert numbers(gateway, key) == numbers(gateway, link.to_key) == ["1", "2", "3"]
    assert key_of(report(gateway, "4", TWIN)) == key
    assert gateway.lookup(a_lookup(person=TWIN)).outcome is Outcome.COMPLETE


def test_what_was_reported_since_with_another_identifier_goes_back_too(gateway: Gateway) -> None:
    """Every provider has a record number of its own: the same demographics, and another appearance."""
    key, into = two(gateway)
    numbered = [
        replace(who, identifiers=(Identifier(kind=IdentifierKind.MEDICAL_RECORD_NUMBER, value=str(n)),))
        for n, who in enumerate((SHE, MARRIED))
    ]
    first = mend(gateway, Merge(key, into))
    report(gateway, "3", numbered[0])
    report(gateway, "4", numbered[1])
    assert len(gateway.linking.show(into, by=BY).person.appearances) == 4
    second = mend(gateway, Undo(first.id))
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1", "3"], ["2", "4"])
    mend(gateway, Undo(second.id))
    assert numbers(gateway, into) == ["1", "2", "3", "4"]
    mend(gateway, Undo(first.id))
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1", "3"], ["2", "4"])
    assert key_of(report(gateway, "5", SHE)) == key


def test_the_other_of_equal_demographics_does_not_go_back(gateway: Gateway) -> None:
    ids = [Identifier(kind=IdentifierKind.SSN, value=f"987-65-432{n}") for n in (1, 2)]
    (key,) = {key_of(report(gateway, str(n), replace(SHE, identifiers=(one,)))) for n, one in enumerate(ids)}
    first = mend(gateway, Split(key, frozenset({1})))
    second = mend(gateway, Undo(first.id))
    mend(gateway, Undo(second.id))
    assert (numbers(gateway, key), numbers(gateway, first.to_key)) == (["1"], ["0"])


# --- in what order --------------------------------------------------------------------------------------------


def refused(gateway: Gateway, asked: Merge | Split | Undo) -> str:
    before = gateway.linking.links(by=BY, limit=1000)
    with pytest.raises(Conflict) as caught:
        mend(gateway, asked)
    assert gateway.linking.links(by=BY, limit=1000) == before
    return str(caught.value)


def test_only_the_newest_is_undone(gateway: Gateway) -> None:
    key, into = two(gateway)
    first = mend(gateway, Merge(key, into))
    second = mend(gateway, Split(into, frozenset({2})))
    assert f"Undo {second.id} first" in refused(gateway, Undo(first.id))
    third = mend(gateway, Undo(second.id))
    assert f"undone by {third.id}" in refused(gateway, Undo(second.id))
    mend(gateway, Undo(first.id))
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1"], ["2"])
    assert f"undone by {third.id}" in refused(gateway, Undo(second.id))
    refused(gateway, Undo(third.id))


def test_an_undo_is_undone(gateway: Gateway) -> None:
    key, into = two(gateway)
    first = mend(gateway, Merge(key, into))
    second = mend(gateway, Undo(first.id))
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1"], ["2"])
    third = mend(gateway, Undo(second.id))
    assert numbers(gateway, key) == numbers(gateway, into) == ["1", "2"]
    states = {link.id: link.undone_by for link in gateway.linking.links(by=BY, limit=9)}
    assert states == {first.id: None, second.id: third.id, third.id: None}
    mend(gateway, Undo(first.id))
    assert (numbers(gateway, key), numbers(gateway, into)) == (["1"], ["2"])


def test_merges_on_top_of_merges_are_undone_from_the_top(gateway: Gateway) -> None:
    key, into = two(gateway)
    far = key_of(report(gateway, "3", somebody("Zimmer", "Otto")))
    first = mend(gateway, Merge(key, into))
    second = mend(gateway, Merge(into, far))
    assert numbers(gateway, key) == ["1", "2", "3"]
    assert second.id in refused(gateway, Undo(first.id))
    mend(gateway, Undo(second.id))
    assert (numbers(gateway, key), numbers(gateway, far)) == (["1", "2"], ["3"])
    mend(gateway, Undo(first.id))
    assert [numbers(gateway, each) for each in (key, into, far)] == [["1"], ["2"], ["3"]]


def test_a_merge_is_not_undone_while_the_other_one_is_elsewhere(gateway: Gateway) -> None:
    """What was merged in would be all that is left, and would have to go: nobody would be left."""
    key, into = two(gateway)
    first = mend(gateway, Merge(key, into))
    second = mend(gateway, Split(into, frozenset({1})))
    assert second.id in refused(gateway, Undo(first.id))


def test_a_split_is_not_undone_into_somebody_who_was_merged(gateway: Gateway) -> None:
    key = one(gateway)
    far = key_of(report(gateway, "3", somebody("Zimmer", "Otto")))
    first = mend(gateway, Split(key, frozenset({2})))
    second = mend(gateway, Merge(key, far))
    assert second.id in refused(gateway, Undo(first.id))
    mend(gateway, Undo(second.id))
    mend(gateway, Undo(first.id))
    assert numbers(gateway, key) == ["1", "2"]


def test_a_split_is_not_done_again_for_half_of_a_person(gateway: Gateway) -> None:
    """She has got a further appearance, which was merged into somebody else after the split was undone."""
    key = one(gateway)
    far = key_of(report(gateway, "3", somebody("Zimmer", "Otto")))
    first = mend(gateway, Split(key, frozenset({2})))
    with gateway.store.intake() as unit:
        more = somebody("Quillfeather", "Rosemary")
        unit.add_dispensation(first.to_key, reported("4", more), ["more"])
    undone = mend(gateway, Undo(first.id))
    assert numbers(gateway, first.to_key) == ["4"]
    merged = mend(gateway, Merge(first.to_key, far))
    assert merged.id in refused(gateway, Undo(undone.id))


def test_what_cannot_be_moved_is_refused_by_name(gateway: Gateway) -> None:
    key, into = two(gateway)
    animal = Person(
        names=(PersonName(family="Quillfeather", given=("Biscuit",)),), species=Species.VETERINARY, owner=SHE
    )
    cat = key_of(report(gateway, "9", animal))
    assert "herself" in refused(gateway, Merge(key, key))
    assert "veterinary" in refused(gateway, Merge(cat, key))
    assert "no appearance 7" in refused(gateway, Split(key, frozenset({1, 7})))
    assert "nobody would be left" in refused(gateway, Split(key, frozenset({1})))
    refused(gateway, Split(key, frozenset()))
    link = mend(gateway, Merge(key, into))
    for asked in (Merge(key, into), Merge(into, key), Split(key, frozenset({1}))):
        assert link.id in refused(gateway, asked)
        assert into in refused(gateway, asked)


def test_nobody_and_no_link_are_said_without_repeating_what_was_typed(gateway: Gateway) -> None:
    key, _ = two(gateway)
    for asked in (
        Merge("Quillfeather", key),
        Merge(key, "Quillfeather"),
        Split("Quillfeather", frozenset({1})),
        Undo("Quillfeather"),
    ):
        with pytest.raises(NotFound) as caught:
            mend(gateway, asked)
        assert "Quillfeather" not in str(caught.value)
        assert caught.value.path


def test_a_merge_and_a_split_need_a_reason(gateway: Gateway) -> None:
    key, into = two(gateway)
    for asked in (Merge(key, into), Split(key, frozenset({1}))):
        with pytest.raises(MessageError) as caught:
            mend(gateway, asked, reason=" \t")
        assert caught.value.path == "reason"


def test_what_has_changed_since_it_was_proposed_is_not_carried_out(gateway: Gateway) -> None:
    key, into = two(gateway)
    proposal = gateway.linking.propose(Merge(key, into), by=BY, reason="moved")
    report(gateway, "3", SHE)
    later = gateway.linking.propose(Merge(key, into), by=BY, reason="moved")
    assert later.move == proposal.move, "another dispensation changes nothing"
    report(gateway, "4", replace(SHE, phones=(PHONE,)))
    with pytest.raises(Conflict, match="changed since"):
        gateway.linking.carry_out(proposal)
    assert gateway.linking.links(by=BY, limit=9) == []
    assert numbers(gateway, into) == ["2"]


# --- look -----------------------------------------------------------------------------------------------------


def test_a_person_is_shown_with_who_may_be_the_same(gateway: Gateway) -> None:
    mary = somebody("Smith", "Mary")
    key = key_of(report(gateway, "1", mary))
    voided = reported("2", mary, filled=date(2026, 9, 9), sold=None)
    again(gateway, IntakeAction.NEW, voided)
    again(gateway, IntakeAction.VOID, voided)
    moved = key_of(report(gateway, "3", somebody("Smith", "Mary", addresses=(NORWALK,))))
    report(gateway, "4", somebody("Zimmer", "Otto"))
    assert moved != key, "or this test shows nothing"
    shown = gateway.linking.show(key, by=BY)
    assert (shown.asked, shown.person.person_key) == (key, key)
    (only,) = shown.person.appearances
    assert (only.active, only.void, only.person.names) == (1, 1, mary.names)
    (near,) = shown.possible_duplicates
    assert (near.appearance.key, near.appearance.addresses) == (moved, (NORWALK,))
    assert near.evidence.score
    assert {f.field for f in near.evidence.fields} >= {"family name", "birth date"}
    mend(gateway, Merge(moved, key))
    for asked in (moved, key):
        shown = gateway.linking.show(asked, by=BY)
        assert (shown.asked, shown.person.person_key) == (asked, key)
        assert shown.possible_duplicates == ()


def test_people_are_found_by_demographics(gateway: Gateway) -> None:
    key = key_of(report(gateway, "1", SHE))
    report(gateway, "2", somebody("Zimmer", "Otto"))
    for wanted in (
        somebody("Quillfeather", "Marigold", addresses=(), sex=SHE.sex),
        somebody("Quilfeather", "Marigold", addresses=()),
        somebody("", "Marigold", addresses=()),
        somebody("Quillfeather", "", addresses=()),
    ):
        assert [near.appearance.key for near in gateway.linking.find(wanted, by=BY)] == [key]
    assert gateway.linking.find(somebody("Nobody", "Atall"), by=BY) == ()


def test_a_void_dispensation_stays_void_wherever_it_goes(gateway: Gateway) -> None:
    key, into = two(gateway)
    again(gateway, IntakeAction.VOID, reported("1", SHE))
    link = mend(gateway, Merge(key, into))
    assert numbers(gateway, into) == ["2"]
    new = report(gateway, "1", SHE, days_supply=3)
    assert (new.verdict, key_of(new)) == (IntakeVerdict.CREATED, into)
    mend(gateway, Undo(link.id))
    assert numbers(gateway, key) == ["1"]
    assert new.dispensation is not None
    moved = gateway.store.dispensation(str(new.dispensation.id))
    assert moved is not None
    assert (moved.person.key, moved.status) == (key, DispensationStatus.ACTIVE)
