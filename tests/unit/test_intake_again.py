"""Revisions, voids, and what comes a second time: whatever is sent again changes nothing and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.bootstrap import Gateway
from gateway.drugs import DrugTable
from gateway.errors import Contended, Unavailable
from gateway.intake import AT_ONCE, Intake
from gateway.matching import FellegiSunter
from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeAction,
    IntakeBatch,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Period,
    Person,
    PersonName,
)
from gateway.ports import IntakeUnit
from tests.factory import a_dispensation, a_drug, a_person

NEW, REVISE, VOID = IntakeAction.NEW, IntakeAction.REVISE, IntakeAction.VOID


def _reported(**over: Any) -> Dispensation:
    values = {"drug": a_drug(ndc11="98999010901"), **over}  # a product of the drug table
    return a_dispensation(id=None, source_state=None, reported_at=None, revision=0, **values)


def _send(
    gateway: Gateway, *records: tuple[IntakeAction, Dispensation], message: str | None = None, **over: Any
) -> list[IntakeResult]:
    batch = IntakeBatch(
        records=tuple(
            IntakeRecord(dispensation=d, path=f"r{n}", action=action) for n, (action, d) in enumerate(records)
        ),
        message=message,
        **over,
    )
    return list(gateway.intake(batch).results)


def _verdicts(results: list[IntakeResult]) -> list[IntakeVerdict]:
    return [r.verdict for r in results]


def _history(gateway: Gateway, result: IntakeResult) -> list[Dispensation]:
    assert result.dispensation is not None
    history = gateway.store.history(str(result.dispensation.person.key), Period())
    assert history is not None
    return list(history.dispensations)


def test_a_revision_replaces_what_it_finds_by_its_fill(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()))
    (revised,) = _send(gateway, (REVISE, _reported(quantity=Decimal(90))))
    assert revised.verdict is IntakeVerdict.REVISED
    assert first.dispensation is not None
    assert revised.dispensation is not None
    assert (revised.dispensation.id, revised.dispensation.revision) == (first.dispensation.id, 2)
    assert [d.quantity for d in _history(gateway, revised)] == [Decimal(90)]
    assert _verdicts(_send(gateway, (REVISE, _reported(quantity=Decimal(90))))) == [IntakeVerdict.UNCHANGED]


@pytest.mark.parametrize("action", [REVISE, VOID])
@pytest.mark.parametrize(
    "over", [{"rx_number": "9"}, {"fill_number": 3}, {"filled": date(2026, 1, 2), "written": None}]
)
def test_without_an_original_it_is_rejected_by_name(
    gateway: Gateway, action: IntakeAction, over: dict[str, Any]
) -> None:
    _send(gateway, (NEW, _reported()))
    (result,) = _send(gateway, (action, _reported(**over)))
    assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NO_ORIGINAL)
    assert gateway.store.dispensations() == 1


def test_a_void_hides_and_a_void_fill_can_be_reported_anew(gateway: Gateway) -> None:
    _send(gateway, (NEW, _reported()))
    (void,) = _send(gateway, (VOID, _reported(quantity=Decimal(0), days_supply=0)))
    assert void.verdict is IntakeVerdict.VOIDED
    assert void.dispensation is not None
    assert (void.dispensation.status, void.dispensation.quantity) == (
        DispensationStatus.VOID,
        _reported().quantity,
    )
    assert _history(gateway, void) == []
    assert _verdicts(_send(gateway, (VOID, _reported()))) == [IntakeVerdict.UNCHANGED]
    (result,) = _send(gateway, (REVISE, _reported(quantity=Decimal(9))))
    assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NO_ORIGINAL)
    (anew,) = _send(gateway, (NEW, _reported()), message="another file")
    assert anew.verdict is IntakeVerdict.CREATED
    assert len(_history(gateway, anew)) == 1


@pytest.mark.parametrize("name", ["a file", None])
def test_an_old_message_sent_again_undoes_nothing(gateway: Gateway, name: str | None) -> None:
    old = (NEW, _reported())
    _send(gateway, old, message=name)
    _send(gateway, (REVISE, _reported(quantity=Decimal(90))), message=name and "correction")
    (again,) = _send(gateway, old, message=name)
    assert again.verdict is IntakeVerdict.UNCHANGED
    assert [i.code for i in again.issues] == [IssueCode.SUPERSEDED]
    assert [d.quantity for d in _history(gateway, again)] == [Decimal(90)]
    _send(gateway, (VOID, _reported()), message=name and "withdrawal")
    for one in (old, (REVISE, _reported(quantity=Decimal(90)))):
        (again,) = _send(gateway, one, message=name if one is old else name and "correction")
        assert (again.verdict, [i.code for i in again.issues]) == (
            IntakeVerdict.UNCHANGED,
            [IssueCode.SUPERSEDED],
        )
    assert _history(gateway, again) == []


def test_a_correction_that_was_wrong_is_corrected_back(gateway: Gateway) -> None:
    _send(gateway, (NEW, _reported()), message="1")
    _send(gateway, (REVISE, _reported(quantity=Decimal(90))), message="2")
    (back,) = _send(gateway, (REVISE, _reported()), message="3")
    assert back.verdict is IntakeVerdict.REVISED
    assert [d.quantity for d in _history(gateway, back)] == [_reported().quantity]


def test_everything_in_one_message_and_the_message_again(gateway: Gateway) -> None:
    records = ((NEW, _reported()), (REVISE, _reported(quantity=Decimal(9))), (VOID, _reported()))
    assert _verdicts(_send(gateway, *records, message="m")) == [
        IntakeVerdict.CREATED,
        IntakeVerdict.REVISED,
        IntakeVerdict.VOIDED,
    ]
    again = _send(gateway, *records, message="m")
    assert set(_verdicts(again)) == {IntakeVerdict.UNCHANGED}
    assert gateway.store.dispensations() == 1
    assert _history(gateway, again[0]) == []


def test_a_revision_to_another_patient_moves_the_fill(gateway: Gateway) -> None:
    other = a_person(
        names=(PersonName(family="Marsh", given=("Ivo",)),), birth_date=date(1950, 1, 2), phones=()
    )
    (first,) = _send(gateway, (NEW, _reported()))
    (revised,) = _send(gateway, (REVISE, _reported(person=other)))
    assert revised.verdict is IntakeVerdict.REVISED
    assert _history(gateway, first) == []
    assert [d.person.name.family for d in _history(gateway, revised)] == ["Marsh"]
    assert _verdicts(_send(gateway, (REVISE, _reported(person=other)))) == [IntakeVerdict.UNCHANGED]


def test_a_misspelt_name_is_corrected_in_its_place(gateway: Gateway) -> None:
    wrong = a_person(names=(PersonName(family="Quilfeather", given=("Odessa",)),))
    (first,) = _send(gateway, (NEW, _reported(person=wrong)))
    right = replace(wrong, names=(PersonName(family="Quillfeather", given=("Odessa",)),))
    (revised,) = _send(gateway, (REVISE, _reported(person=right)))
    assert revised.dispensation is not None
    assert first.dispensation is not None
    assert (revised.dispensation.id, revised.dispensation.revision) == (first.dispensation.id, 2)
    assert revised.dispensation.person.name.family == "Quillfeather"


def test_a_revision_by_its_id_and_the_revision_that_was_seen(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()))
    assert first.dispensation is not None
    id_ = first.dispensation.id

    def revise(seen: int | None, **over: Any) -> IntakeResult:
        record = IntakeRecord(
            dispensation=_reported(**over), path="r", action=REVISE, original=id_, expected_revision=seen
        )
        (result,) = gateway.intake(IntakeBatch(records=(record,))).results
        return result

    assert revise(1, filled=date(2026, 10, 3)).verdict is IntakeVerdict.REVISED
    late = revise(1, days_supply=3)
    assert (late.verdict, late.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.CONFLICT)
    assert revise(2, days_supply=3).verdict is IntakeVerdict.REVISED
    assert len(_history(gateway, first)) == 1


def _by_id(
    gateway: Gateway, action: IntakeAction, id_: str | None, reported: Dispensation, seen: int | None = None
) -> IntakeResult:
    record = IntakeRecord(
        dispensation=reported, path="r", action=action, original=id_, expected_revision=seen
    )
    (result,) = gateway.intake(IntakeBatch(records=(record,))).results
    return result


def test_a_void_by_its_id_needs_nothing_of_the_patient(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()))
    assert first.dispensation is not None
    nobody = _reported(person=Person())
    assert _by_id(gateway, VOID, first.dispensation.id, nobody, 1).verdict is IntakeVerdict.VOIDED
    assert _by_id(gateway, VOID, first.dispensation.id, nobody, 1).verdict is IntakeVerdict.UNCHANGED
    unknown = _by_id(gateway, VOID, "nobody-1", nobody)
    assert (unknown.verdict, unknown.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NO_ORIGINAL)


def test_a_revision_by_id_may_leave_the_patient_as_recorded(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()))
    assert first.dispensation is not None
    held = first.dispensation
    same = _reported(person=Person(key=held.person.key), days_supply=3)
    revised = _by_id(gateway, REVISE, held.id, same)
    assert revised.verdict is IntakeVerdict.REVISED
    assert revised.dispensation is not None
    assert (revised.dispensation.person, revised.dispensation.days_supply) == (held.person, 3)
    again = _by_id(gateway, REVISE, held.id, same)
    assert (again.verdict, again.issues) == (IntakeVerdict.UNCHANGED, revised.issues)
    other = _by_id(gateway, REVISE, held.id, _reported(person=Person(key="0000000000000"), days_supply=4))
    assert (other.verdict, other.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NOT_IDENTIFIED)


def test_a_void_record_is_revised_only_by_who_has_seen_that_it_is_void(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()), (VOID, _reported()))[1:]
    assert first.dispensation is not None
    id_ = first.dispensation.id
    for seen in (None, 1):
        late = _by_id(gateway, REVISE, id_, _reported(), seen)
        assert (late.verdict, late.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.CONFLICT)
    back = _by_id(gateway, REVISE, id_, _reported(), 2)
    assert back.verdict is IntakeVerdict.REVISED
    assert [(d.id, d.revision) for d in _history(gateway, back)] == [(id_, 3)]
    assert _by_id(gateway, REVISE, id_, _reported(), 2).verdict is IntakeVerdict.UNCHANGED


def test_the_same_content_of_another_revision_is_another_report(gateway: Gateway) -> None:
    (first,) = _send(gateway, (NEW, _reported()))
    assert first.dispensation is not None
    id_ = first.dispensation.id
    for seen, days in ((1, 3), (2, 4), (3, 3)):
        result = _by_id(gateway, REVISE, id_, _reported(days_supply=days), seen)
        assert result.verdict is IntakeVerdict.REVISED
    assert [d.days_supply for d in _history(gateway, first)] == [3]


def test_a_revision_by_id_that_moved_the_fill_is_known_again(gateway: Gateway) -> None:
    other = a_person(
        names=(PersonName(family="Marsh", given=("Ivo",)),), birth_date=date(1950, 1, 2), phones=()
    )
    (first,) = _send(gateway, (NEW, _reported()))
    assert first.dispensation is not None
    moved = _by_id(gateway, REVISE, first.dispensation.id, _reported(person=other), 1)
    again = _by_id(gateway, REVISE, first.dispensation.id, _reported(person=other), 1)
    assert (moved.verdict, again.verdict) == (IntakeVerdict.REVISED, IntakeVerdict.UNCHANGED)
    assert (again.dispensation, again.issues) == (moved.dispensation, moved.issues)


def test_a_test_is_judged_and_not_recorded(gateway: Gateway) -> None:
    _send(gateway, (NEW, _reported(rx_number="1")))
    results = _send(
        gateway,
        (NEW, _reported(rx_number="2")),
        (VOID, _reported(rx_number="1")),
        (VOID, _reported(rx_number="3")),
        is_test=True,
    )
    assert _verdicts(results) == [IntakeVerdict.CREATED, IntakeVerdict.VOIDED, IntakeVerdict.REJECTED]
    assert [r.dispensation for r in results] == [None] * 3
    assert gateway.store.dispensations() == 1
    assert _verdicts(_send(gateway, (VOID, _reported(rx_number="1")))) == [IntakeVerdict.VOIDED]


def test_all_or_nothing(gateway: Gateway) -> None:
    good, bad = (NEW, _reported()), (NEW, _reported(rx_number="2", quantity=Decimal(0)))
    results = _send(gateway, good, bad, all_or_nothing=True)
    assert _verdicts(results) == [IntakeVerdict.REJECTED] * 2
    assert [r.issues[0].code for r in results] == [IssueCode.WITHHELD, IssueCode.OUT_OF_RANGE]
    assert (gateway.store.dispensations(), gateway.store.people()) == (0, 0)
    assert _verdicts(_send(gateway, good, all_or_nothing=True)) == [IntakeVerdict.CREATED]


class _Failing:
    """The store, of which some transactions fail when they are to be committed."""

    def __init__(self, gateway: Gateway, errors: dict[int, Exception]) -> None:
        self._store = gateway.store
        self._errors = errors
        self.entered = 0

    @contextmanager
    def intake(self, records: int = 1) -> Iterator[IntakeUnit]:
        self.entered += 1
        with self._store.intake(records) as unit:
            yield unit
            if self.entered in self._errors:
                raise self._errors[self.entered]


def _over(store: Any, gateway: Gateway) -> Intake:
    return Intake(store=store, matcher=FellegiSunter(), drugs=DrugTable.load(), clock=gateway.clock)


def _many(number: int) -> IntakeBatch:
    return IntakeBatch(
        records=tuple(
            IntakeRecord(dispensation=_reported(rx_number=str(n)), path=f"r{n}") for n in range(number)
        )
    )


def test_another_writer_is_waited_for(gateway: Gateway) -> None:
    store = _Failing(gateway, {1: Contended("busy"), 2: Contended("busy")})
    receipt = _over(store, gateway)(_many(3))
    assert {r.verdict for r in receipt.results} == {IntakeVerdict.CREATED}
    assert (store.entered, gateway.store.dispensations()) == (3, 3)


def test_what_comes_after_a_failure_is_deferred_by_name(gateway: Gateway) -> None:
    store = _Failing(gateway, {2: Unavailable("The record store cannot answer now.")})
    receipt = _over(store, gateway)(_many(AT_ONCE + 2))
    verdicts = [r.verdict for r in receipt.results]
    assert verdicts == [IntakeVerdict.CREATED] * AT_ONCE + [IntakeVerdict.DEFERRED] * 2
    assert receipt.results[-1].issues[0].code is IssueCode.UNAVAILABLE
    assert gateway.store.dispensations() == AT_ONCE


def test_a_failure_at_once_is_an_error_and_records_nothing(gateway: Gateway) -> None:
    store = _Failing(gateway, {1: Unavailable("The record store cannot answer now.")})
    with pytest.raises(Unavailable):
        _over(store, gateway)(_many(2))
    assert gateway.store.dispensations() == 0
