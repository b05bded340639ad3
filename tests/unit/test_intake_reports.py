"""What intake says of who has reported: every way in counts, and only what is on disk."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway
from gateway.model import (
    Dispensation,
    Dispenser,
    IntakeAction,
    IntakeBatch,
    IntakeIssue,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Reported,
    ZeroReport,
)
from tests.factory import NOW, a_dispensation, a_dispenser, a_person

TODAY = NOW.date()
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 7)


def _new(action: IntakeAction = IntakeAction.NEW, **over: Any) -> IntakeRecord:
    sent: Dispensation = a_dispensation(id=None, source_state=None, reported_at=None, revision=0, **over)
    return IntakeRecord(dispensation=sent, path="r", action=action)


def _zero(first: date | None = FIRST, last: date | None = LAST, **over: Any) -> ZeroReport:
    return ZeroReport(**{"path": "z", "dispenser": a_dispenser(), "first": first, "last": last, **over})


def _send(gateway: Gateway, *records: Reported, **over: Any) -> list[IntakeResult]:
    return list(gateway.intake(IntakeBatch(records=records, **over)).results)


def _covered(gateway: Gateway) -> list[tuple[date, date, bool]]:
    later = NOW + timedelta(days=1)
    keys = [one.key for one in gateway.store.reporters(later)]
    found = gateway.store.covered(keys, date(2000, 1, 1), later)
    return sorted((c.first, c.last, c.is_zero) for days in found.values() for c in days)


def test_a_zero_report_is_recorded_once(gateway: Gateway) -> None:
    assert [r.verdict for r in _send(gateway, _zero(), _zero())] == [
        IntakeVerdict.CREATED,
        IntakeVerdict.UNCHANGED,
    ]
    (again,) = _send(gateway, _zero())
    assert (again.verdict, again.dispensation, again.issues) == (IntakeVerdict.UNCHANGED, None, ())
    assert _covered(gateway) == [(FIRST, LAST, True)]


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"first": None}, IssueCode.MISSING),
        ({"last": None}, IssueCode.MISSING),
        ({"first": LAST, "last": FIRST}, IssueCode.INCONSISTENT),
        ({"last": TODAY + timedelta(days=2)}, IssueCode.OUT_OF_RANGE),
        ({"dispenser": Dispenser(name="Larkspur Pharmacy")}, IssueCode.NOT_IDENTIFIED),
    ],
)
def test_a_zero_report_that_says_nothing_is_rejected_by_name(
    gateway: Gateway, over: dict[str, Any], code: IssueCode
) -> None:
    (result,) = _send(gateway, _zero(**over))
    assert result.verdict is IntakeVerdict.REJECTED
    assert [issue.code for issue in result.issues] == [code]
    assert _covered(gateway) == []


def test_what_the_reader_found_wrong_is_said_and_not_said_twice(gateway: Gateway) -> None:
    issue = IntakeIssue(path="z", code=IssueCode.MALFORMED, message="No day.", is_error=True)
    odd = IntakeIssue(path="z", code=IssueCode.INCONSISTENT, message="Odd.", is_error=False)
    broken, inverted, fine = _send(
        gateway,
        _zero(first=None, issues=(issue,)),
        _zero(LAST, FIRST, issues=(odd,)),
        _zero(issues=(odd,)),
    )
    assert (broken.verdict, broken.issues) == (IntakeVerdict.REJECTED, (issue,))
    assert (inverted.verdict, inverted.issues[0], len(inverted.issues)) == (IntakeVerdict.REJECTED, odd, 2)
    assert (fine.verdict, fine.issues) == (IntakeVerdict.CREATED, (odd,))


def test_today_is_over_somewhere(gateway: Gateway) -> None:
    (result,) = _send(gateway, _zero(TODAY, TODAY + timedelta(days=1)))
    assert result.verdict is IntakeVerdict.CREATED


@pytest.mark.parametrize("is_together", [False, True])
def test_a_zero_report_beside_dispensations_stands_with_a_warning(
    gateway: Gateway, is_together: bool
) -> None:
    zero, sent = _zero(date(2026, 9, 1), date(2026, 9, 5)), _new()
    results = _send(gateway, zero, sent) if is_together else [*_send(gateway, sent), *_send(gateway, zero)]
    (result,) = [r for r in results if r.path == "z"]
    assert result.verdict is IntakeVerdict.CREATED
    assert [(i.code, i.is_error) for i in result.issues] == [(IssueCode.INCONSISTENT, False)]
    assert len(_covered(gateway)) == 2


def test_a_test_is_checked_and_not_recorded(gateway: Gateway) -> None:
    results = _send(gateway, _zero(), _zero(first=None), _new(), is_test=True)
    assert [r.verdict.value for r in results] == ["created", "rejected", "created"]
    assert gateway.store.reporters(NOW) == []


def test_a_message_of_which_nothing_is_recorded_is_no_report(gateway: Gateway) -> None:
    results = _send(gateway, _zero(), _new(), _new(rx_number=""), all_or_nothing=True)
    assert {r.verdict for r in results} == {IntakeVerdict.REJECTED}
    assert gateway.store.reporters(NOW) == []


def test_the_day_sold_is_covered_else_the_fill_date(gateway: Gateway) -> None:
    _send(gateway, _new(), _new(rx_number="2", sold=None, filled=date(2026, 9, 10)))
    assert _covered(gateway) == [
        (date(2026, 9, 3), date(2026, 9, 3), False),
        (date(2026, 9, 10), date(2026, 9, 10), False),
    ]


def test_what_is_rejected_is_no_report_and_what_is_unchanged_is_one(gateway: Gateway) -> None:
    _send(gateway, _new(dispenser=a_dispenser(ncpdp_id=None)))
    (changed,) = _send(
        gateway, _new(dispenser=a_dispenser(ncpdp_id=None), quantity=Decimal(99), sold=date(2026, 9, 9))
    )
    assert changed.verdict is IntakeVerdict.REJECTED
    assert len(_covered(gateway)) == 1
    (again,) = _send(gateway, _new(dispenser=a_dispenser(ncpdp_id=None)))
    assert again.verdict is IntakeVerdict.UNCHANGED
    assert len(gateway.store.reporters(NOW)) == 1


@pytest.mark.parametrize("action", [IntakeAction.REVISE, IntakeAction.VOID])
def test_corrections_are_contact_and_cover_no_day(
    gateway: Gateway, action: IntakeAction, tmp_path: Path
) -> None:
    _send(gateway, _new())
    before = _covered(gateway)
    (result,) = _send(gateway, _new(action, sold=date(2026, 9, 20), quantity=Decimal(20)))
    assert result.verdict in {IntakeVerdict.REVISED, IntakeVerdict.VOIDED}
    assert _covered(gateway) == before


def test_one_message_of_many_dispensers_is_a_report_of_each(gateway: Gateway) -> None:
    shops = [a_dispenser(ncpdp_id=f"{n:07}") for n in range(30)]
    records = [
        _new(dispenser=shop, rx_number=str(n), person=a_person(key=None, appearance=None))
        for shop in shops
        for n in range(3)
    ]
    _send(gateway, *records)
    reporters = gateway.store.reporters(NOW)
    assert {one.dispenser.ncpdp_id for one in reporters} == {shop.ncpdp_id for shop in shops}
    assert len(_covered(gateway)) == 30


def _file(period: str, kind: str = "P") -> bytes:
    lines = [
        f"TH*4.2B*C1*01**20261120*0215*{kind}**~",
        f"IS*1234567893*HARBOR*{period}~",
        "PHA*1234567893*1234567*BC6486054*HARBOR PHARMACY*12 ELM ST**HARTFORD*CT*06103*8605550100~",
        "PAT*******REPORT*ZERO************~",
        "DSP*****20260902~",
        "PRE*~",
        "TP*5~",
        "TT*C1*8~",
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "says", "covered"),
    [
        (_file("#20261101#-#20261107#"), "segment 3  zero report accepted\n", 1),
        (_file("#20261101#-#20261107#", "T"), "segment 3  zero report accepted\n", 0),
        (_file(""), "segment 3 IS03 [missing]: The zero report has no period;", 0),
        (_file("#20261107#-#20261101#"), "segment 3 IS03 [inconsistent]: ", 0),
        (_file("#20261101#-#20270101#"), "segment 3 IS03 [out-of-range]: ", 0),
        (_file("#20261131#-#20270101#"), "segment 3 IS03 [malformed]: ", 0),
    ],
)
def test_zero_reports_of_a_file(gateway: Gateway, content: bytes, says: str, covered: int) -> None:
    out, again = io.BytesIO(), io.BytesIO()
    gateway.submissions.take(io.BytesIO(content), submitter="x", reports=[(out, "text/plain")])
    assert says in out.getvalue().decode()
    assert "1 records (1 of them zero reports)" in out.getvalue().decode()
    assert len(_covered(gateway)) == covered
    if covered:
        gateway.submissions.take(io.BytesIO(content), submitter="x", reports=[(again, "application/json")])
        assert b'"kind":"zero report","status":"accepted","verdict":"unchanged"' in again.getvalue()
        assert len(_covered(gateway)) == covered
