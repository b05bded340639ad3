"""What became of a RxFill, said in SCRIPT: every verdict has its words, every error its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from adapters.ncpdp import ADAPTER
from gateway.checks import check
from gateway.errors import Conflict, ErrorCode, GatewayError, MessageError, Unavailable
from gateway.model import (
    Dispensation,
    Dispenser,
    Drug,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Person,
    Species,
)
from gateway.ports import Inbound, Outbound
from tests.factory import a_dispensation, a_dispenser, a_drug, a_prescriber
from tests.unit.ncpdp.helpers import VERSIONS, assert_valid, inbound, texts, tree
from tests.unit.ncpdp.rxfills import DISPENSED, NOT_DISPENSED, rxfill
from tests.unit.ncpdp.tellable import Fills

_NOT_TAKEN = {IntakeVerdict.REJECTED, IntakeVerdict.DEFERRED}


def reported(version: str, status: str = DISPENSED) -> Inbound:
    return inbound(rxfill(Fills(1, version).dispensation(), version, status))


def a_receipt(verdict: IntakeVerdict, *issues: IntakeIssue) -> IntakeReceipt:
    return IntakeReceipt(results=(IntakeResult(path="RxFill", verdict=verdict, issues=issues),))


def an_issue(code: IssueCode, message: str = "Something is wrong.", *, is_error: bool = True) -> IntakeIssue:
    return IntakeIssue(path="RxFill", code=code, message=message, is_error=is_error)


def description(outbound: Outbound) -> str:
    (found,) = texts(tree(outbound), "//Description")
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("verdict", [v for v in IntakeVerdict if v not in _NOT_TAKEN])
def test_every_verdict_is_said(version: str, verdict: IntakeVerdict) -> None:
    outbound = ADAPTER.write(a_receipt(verdict), reported(version))
    assert_valid(outbound, version)
    assert texts(tree(outbound), "//Status/Code") == ["010"]
    assert description(outbound).endswith(".")


@pytest.mark.parametrize("version", VERSIONS)
def test_warnings_are_said_as_far_as_they_fit(version: str) -> None:
    short = an_issue(IssueCode.CHECK_DIGIT, "The NPI fails its check digit.", is_error=False)
    long = an_issue(IssueCode.UNKNOWN_DRUG, "x" * 61, is_error=False)
    outbound = ADAPTER.write(a_receipt(IntakeVerdict.CREATED, long, short), reported(version))
    assert_valid(outbound, version)
    assert description(outbound) == "Recorded. The NPI fails its check digit."


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("code", "kind", "canonical"),
    [
        (IssueCode.MISSING, MessageError, ErrorCode.REQUIRED),
        (IssueCode.OUT_OF_RANGE, MessageError, ErrorCode.INVALID),
        (IssueCode.NOT_IDENTIFIED, MessageError, ErrorCode.REQUIRED),
        (IssueCode.DUPLICATE, Conflict, ErrorCode.CONFLICT),
        (IssueCode.CONFLICT, Conflict, ErrorCode.CONFLICT),
        (IssueCode.UNAVAILABLE, Unavailable, ErrorCode.UNAVAILABLE),
    ],
)
def test_what_is_not_taken_is_an_error(
    version: str, code: IssueCode, kind: type[GatewayError], canonical: ErrorCode
) -> None:
    odd = an_issue(IssueCode.CHECK_DIGIT, is_error=False)
    message = reported(version)
    with pytest.raises(kind) as caught:
        ADAPTER.write(a_receipt(IntakeVerdict.REJECTED, odd, an_issue(code)), message)
    assert caught.value.code is canonical
    assert_valid(ADAPTER.write_error(caught.value, message), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_only_what_was_not_dispensed_may_be_unknown(version: str) -> None:
    receipt = a_receipt(IntakeVerdict.REJECTED, an_issue(IssueCode.NO_ORIGINAL))
    assert description(ADAPTER.write(receipt, reported(version, NOT_DISPENSED))).startswith(
        "Nothing dispensed;"
    )
    with pytest.raises(MessageError):
        ADAPTER.write(receipt, reported(version))


_NOBODY = Dispenser(name="Larkspur Pharmacy")
_ANIMAL = Person(names=Fills(1, VERSIONS[1]).dispensation().person.names, species=Species.VETERINARY)
_WRONG: tuple[Dispensation, ...] = (
    a_dispensation(rx_number=""),
    a_dispensation(filled=date(2090, 1, 1)),
    a_dispensation(sold=date(2090, 1, 1)),
    a_dispensation(written=date(2026, 9, 9)),
    a_dispensation(fill_number=100),
    a_dispensation(partial_fill=100),
    a_dispensation(refills_authorised=100),
    a_dispensation(quantity=Decimal(0)),
    a_dispensation(days_supply=0),
    a_dispensation(drug=Drug()),
    a_dispensation(drug=a_drug(ndc11="1")),
    a_dispensation(dispenser=_NOBODY),
    a_dispensation(dispenser=a_dispenser(npi="1", dea="1")),
    a_dispensation(prescriber=a_prescriber(npi="1", dea="1")),
    a_dispensation(prescriber=replace(a_prescriber(), npi=None, dea=None, licence=None)),
    a_dispensation(person=Person()),
    a_dispensation(person=_ANIMAL),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_check_of_the_record_has_its_place_in_script(version: str) -> None:
    found = [issue for d in _WRONG for issue in check(d, path="RxFill", today=date(2026, 11, 20))]
    assert len({issue.field for issue in found}) >= len(_WRONG)
    for issue in found:
        with pytest.raises(MessageError) as caught:
            ADAPTER.write(a_receipt(IntakeVerdict.REJECTED, replace(issue, is_error=True)), reported(version))
        assert caught.value.path is not None
        assert caught.value.path.startswith(("RxFill/", "Message/Header/")), issue.field
