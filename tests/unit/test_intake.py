"""The rules of intake, on a real store behind the real matcher."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway, build
from gateway.drugs import DrugTable
from gateway.intake import Intake
from gateway.matching import FellegiSunter
from gateway.model import (
    Dispensation,
    Drug,
    DrugClass,
    Identifier,
    IdentifierKind,
    IntakeBatch,
    IntakeReceipt,
    IntakeRecord,
    IntakeVerdict,
    Schedule,
)
from gateway.settings import load_settings
from tests.factory import NOW, a_dispensation, a_dispenser, a_drug, a_person


@pytest.fixture
def gateway(tmp_path: Path) -> Any:
    built = build(load_settings(environ={}, overrides={"data_dir": str(tmp_path)}), clock=lambda: NOW)
    yield built
    built.close()


def _reported(**over: Any) -> Dispensation:
    values = {"drug": a_drug(ndc11="98999010901"), **over}  # a product of the drug table
    return a_dispensation(id=None, source_state=None, reported_at=None, revision=0, **values)


def _take_in(gateway: Gateway, *dispensations: Dispensation) -> IntakeReceipt:
    return gateway.intake(
        IntakeBatch(
            records=tuple(IntakeRecord(dispensation=d, path=f"r{n}") for n, d in enumerate(dispensations))
        )
    )


def test_a_new_record_gets_what_the_store_adds(gateway: Gateway) -> None:
    (result,) = _take_in(gateway, _reported()).results
    assert result.verdict is IntakeVerdict.CREATED
    recorded = result.dispensation
    assert recorded is not None
    assert recorded.id
    assert (recorded.source_state, recorded.revision, recorded.reported_at) == ("CT", 1, NOW)
    assert recorded.person.key
    assert gateway.store.dispensation(recorded.id) == replace(
        recorded, person=replace(recorded.person, identifiers=())
    )


def test_the_same_again_changes_nothing_and_says_so(gateway: Gateway) -> None:
    person = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value="987654320"),))
    first, again = (_take_in(gateway, _reported(person=person)).results[0] for _ in range(2))
    assert (first.verdict, again.verdict) == (IntakeVerdict.CREATED, IntakeVerdict.UNCHANGED)
    assert first.dispensation is not None
    assert again.dispensation is not None
    assert first.dispensation.id == again.dispensation.id
    assert (gateway.store.people(), gateway.store.dispensations()) == (1, 1)


def test_twice_in_one_batch_is_recorded_once(gateway: Gateway) -> None:
    verdicts = [r.verdict for r in _take_in(gateway, _reported(), _reported()).results]
    assert verdicts == [IntakeVerdict.CREATED, IntakeVerdict.UNCHANGED]
    assert gateway.store.dispensations() == 1


def test_the_same_fill_with_other_content_is_rejected_by_name(gateway: Gateway) -> None:
    _take_in(gateway, _reported())
    (result,) = _take_in(gateway, _reported(quantity=Decimal(90))).results
    assert result.verdict is IntakeVerdict.REJECTED
    assert "recorded already" in result.issues[0].message
    assert gateway.store.dispensations() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"rx_number": "7009999"},
        {"fill_number": 1},
        {"partial_fill": 1},
        {"dispenser": a_dispenser(ncpdp_id="7654321")},
    ],
)
def test_another_fill_is_another_record(gateway: Gateway, other: dict[str, Any]) -> None:
    verdicts = [r.verdict for r in _take_in(gateway, _reported(), _reported(**other)).results]
    assert verdicts == [IntakeVerdict.CREATED, IntakeVerdict.CREATED]
    assert gateway.store.people() == 1


def test_a_drug_table_that_has_learnt_a_product_makes_no_other_content_of_it(gateway: Gateway) -> None:
    """A release with a larger table, and then the pharmacy sends the same once more."""
    sent = _reported(drug=Drug(ndc11="00093007401", name="ZOLPIDEM 10 MG"))
    before = Intake(store=gateway.store, matcher=FellegiSunter(), drugs=DrugTable(()), clock=lambda: NOW)
    before(IntakeBatch(records=(IntakeRecord(dispensation=sent, path="r"),)))
    (again,) = _take_in(gateway, sent).results
    assert (again.verdict, gateway.store.dispensations()) == (IntakeVerdict.UNCHANGED, 1)
    other = replace(sent, drug=Drug(ndc11="00228298311", name="ZOLPIDEM 10 MG"))
    assert _take_in(gateway, other).results[0].verdict is IntakeVerdict.REJECTED


def _at_once(gateway: Gateway, *reported: Dispensation) -> Counter[IntakeVerdict]:
    with ThreadPoolExecutor(len(reported)) as threads:
        receipts = threads.map(lambda one: _take_in(gateway, one), reported)
        return Counter(result.verdict for receipt in receipts for result in receipt.results)


def test_one_fill_reported_eight_times_at_once_is_one_record(gateway: Gateway) -> None:
    verdicts = _at_once(gateway, *[_reported()] * 8)
    assert verdicts == {IntakeVerdict.CREATED: 1, IntakeVerdict.UNCHANGED: 7}
    assert (gateway.store.people(), gateway.store.dispensations()) == (1, 1)


def test_the_first_fills_of_somebody_reported_at_once_make_one_person(gateway: Gateway) -> None:
    verdicts = _at_once(gateway, *(_reported(rx_number=str(n)) for n in range(8)))
    assert verdicts == {IntakeVerdict.CREATED: 8}
    assert (gateway.store.people(), gateway.store.dispensations()) == (1, 8)


def test_a_bad_record_does_not_take_the_good_ones_with_it(gateway: Gateway) -> None:
    receipt = _take_in(
        gateway, _reported(rx_number="1"), _reported(quantity=Decimal(0)), _reported(rx_number="3")
    )
    assert [r.verdict for r in receipt.results] == [
        IntakeVerdict.CREATED,
        IntakeVerdict.REJECTED,
        IntakeVerdict.CREATED,
    ]
    assert [(i.path, i.field) for i in receipt.results[1].issues] == [("r1", "quantity")]


def test_an_identifier_that_says_nothing_rejects_its_own_record_alone(gateway: Gateway) -> None:
    odd = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value="---"),))
    receipt = _take_in(gateway, _reported(person=odd, rx_number="1"), _reported(rx_number="2"))
    assert [r.verdict for r in receipt.results] == [IntakeVerdict.REJECTED, IntakeVerdict.CREATED]
    assert (gateway.store.people(), gateway.store.dispensations()) == (1, 1)


def test_the_drug_table_fills_what_the_report_leaves_out(gateway: Gateway) -> None:
    (result,) = _take_in(gateway, _reported(drug=Drug(ndc11="00093007401"))).results
    assert result.dispensation is not None
    drug = result.dispensation.drug
    assert (drug.schedule, drug.drug_class) == (Schedule.CIV, DrugClass.SEDATIVE)
    assert "zolpidem" in (drug.name or "").lower()


def test_an_unknown_product_is_kept_as_sent_and_marked(gateway: Gateway) -> None:
    sent = Drug(ndc11="55555555555", name="Something new 10 MG Oral Tablet")
    (result,) = _take_in(gateway, _reported(drug=sent)).results
    assert result.dispensation is not None
    drug = result.dispensation.drug
    assert (drug.ndc11, drug.name, drug.drug_class) == (sent.ndc11, sent.name, DrugClass.UNKNOWN)


def test_identifiers_are_not_on_disk_in_clear(gateway: Gateway, tmp_path: Path) -> None:
    person = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value="987-65-4320"),))
    _take_in(gateway, _reported(person=person))
    on_disk = b"".join(p.read_bytes() for p in tmp_path.glob("*.sqlite*"))
    assert b"Quillfeather" in on_disk
    assert b"987-65-4320" not in on_disk
    assert b"987654320" not in on_disk
