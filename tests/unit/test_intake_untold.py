"""Reports in formats that cannot say the fill number: they are the fill that is recorded, whatever its number."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.bootstrap import Gateway
from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeAction,
    IntakeBatch,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    PersonName,
)
from tests.factory import a_dispensation, a_person

NEW, VOID = IntakeAction.NEW, IntakeAction.VOID


def _send(
    gateway: Gateway,
    action: IntakeAction = NEW,
    *,
    told: bool = False,
    message: str | None = None,
    **over: Any,
) -> IntakeResult:
    values = {"sold": None, "id": None, "source_state": None, "reported_at": None, "revision": 0, **over}
    dispensation = a_dispensation(**values)
    record = IntakeRecord(path="r", dispensation=dispensation, action=action, is_fill_told=told)
    (result,) = gateway.intake(IntakeBatch(records=(record,), message=message)).results
    return result


def _recorded(result: IntakeResult) -> Dispensation:
    assert result.dispensation is not None
    return result.dispensation


def test_it_is_the_fill_that_is_recorded_under_another_number(gateway: Gateway) -> None:
    first = _send(gateway, told=True, fill_number=3)
    again = _send(gateway)
    assert (again.verdict, _recorded(again).id) == (IntakeVerdict.UNCHANGED, _recorded(first).id)
    assert _recorded(again).fill_number == 3
    other = _send(gateway, quantity=Decimal(7))
    assert (other.verdict, other.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.DUPLICATE)
    assert gateway.store.dispensations() == 1


def test_a_fill_of_another_day_is_another_fill(gateway: Gateway) -> None:
    _send(gateway, told=True, fill_number=1)
    assert _send(gateway, filled=date(2026, 9, 20)).verdict is IntakeVerdict.CREATED


def test_a_part_is_no_whole_fill_and_is_found_whichever_part_it_is(gateway: Gateway) -> None:
    _send(gateway, told=True, partial_fill=4, fill_number=2)
    assert _send(gateway, partial_fill=1).verdict is IntakeVerdict.UNCHANGED
    assert _send(gateway).verdict is IntakeVerdict.CREATED


@pytest.mark.parametrize(("number", "part"), [(0, 0), (7, 0), (99, 0), (1, 5)])
def test_a_void_finds_the_fill_whichever_it_is(gateway: Gateway, number: int, part: int) -> None:
    first = _send(gateway, told=True, fill_number=number, partial_fill=part)
    void = _send(gateway, VOID)
    assert (void.verdict, _recorded(void).id) == (IntakeVerdict.VOIDED, _recorded(first).id)
    assert _recorded(void).status is DispensationStatus.VOID
    assert _recorded(void).fill_number == number
    assert _send(gateway, VOID).verdict is IntakeVerdict.UNCHANGED


def test_a_void_of_what_is_not_recorded_is_rejected(gateway: Gateway) -> None:
    result = _send(gateway, VOID)
    assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NO_ORIGINAL)


def test_a_void_takes_no_fill_of_another_patient(gateway: Gateway) -> None:
    _send(gateway, told=True)
    other = a_person(
        names=(PersonName(family="Thistlewood", given=("Ambrose",)),), birth_date=date(1950, 1, 2)
    )
    result = _send(gateway, VOID, person=other)
    assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NOT_IDENTIFIED)
    assert _send(gateway, told=True).verdict is IntakeVerdict.UNCHANGED


def test_a_void_takes_no_fill_that_was_sold(gateway: Gateway) -> None:
    _send(gateway, told=True, sold=date(2026, 9, 3))
    result = _send(gateway, VOID)
    assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NOT_IDENTIFIED)
    assert _send(gateway, VOID, told=True).verdict is IntakeVerdict.VOIDED
    assert _send(gateway, VOID).verdict is IntakeVerdict.UNCHANGED


def test_a_void_takes_the_fill_of_a_patient_who_has_moved(gateway: Gateway) -> None:
    _send(gateway, told=True)
    assert _send(gateway, VOID, person=a_person(phones=())).verdict is IntakeVerdict.VOIDED


def test_of_two_fills_on_one_day_neither_is_guessed(gateway: Gateway) -> None:
    _send(gateway, told=True, fill_number=1)
    _send(gateway, told=True, fill_number=2)
    for action in (NEW, VOID):
        result = _send(gateway, action)
        assert (result.verdict, result.issues[0].code) == (IntakeVerdict.REJECTED, IssueCode.NOT_IDENTIFIED)
    _send(gateway, VOID, told=True, fill_number=1)
    assert _recorded(_send(gateway, VOID)).fill_number == 2


def test_a_message_that_is_sent_again_after_the_void_brings_nothing_back(gateway: Gateway) -> None:
    _send(gateway, message="M1")
    _send(gateway, VOID, message="M2")
    again = _send(gateway, message="M1")
    assert (again.verdict, again.issues[0].code) == (IntakeVerdict.UNCHANGED, IssueCode.SUPERSEDED)
    assert _recorded(again).status is DispensationStatus.VOID
    assert _send(gateway, message="M3").verdict is IntakeVerdict.CREATED
