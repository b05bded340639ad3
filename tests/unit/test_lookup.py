"""The rules of a look-up, on a real store behind the real matcher."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway, build
from gateway.errors import ErrorCode, MessageError, NotFound
from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    DispensationStatus,
    Drug,
    Identifier,
    IdentifierKind,
    IntakeBatch,
    IntakeRecord,
    IntakeVerdict,
    Outcome,
    Period,
    PersonName,
    Practitioner,
    QuantityUnit,
)
from gateway.settings import load_settings
from tests.factory import NOW, a_dispensation, a_lookup, a_person, a_requester


@pytest.fixture
def gateway(tmp_path: Path) -> Any:
    built = build(load_settings(environ={}, overrides={"data_dir": str(tmp_path)}), clock=lambda: NOW)
    yield built
    built.close()


def _reported(**over: Any) -> Dispensation:
    return a_dispensation(id=None, source_state=None, reported_at=None, revision=0, **over)


def _record(gateway: Gateway, *dispensations: Dispensation) -> list[IntakeVerdict]:
    records = tuple(IntakeRecord(dispensation=d, path=str(n)) for n, d in enumerate(dispensations))
    return [r.verdict for r in gateway.intake(IntakeBatch(records=records)).results]


def test_nobody_is_no_data(gateway: Gateway) -> None:
    answer = gateway.lookup(a_lookup())
    assert (answer.outcome, answer.dispensations, answer.persons) == (Outcome.NO_DATA, (), ())
    assert [(s.state, s.outcome) for s in answer.states] == [("CT", Outcome.NO_DATA)]


def test_a_history_newest_first(gateway: Gateway) -> None:
    fills = [_reported(rx_number=str(n), filled=date(2026, 9, n), sold=None) for n in (4, 9, 2)]
    assert _record(gateway, *fills) == [IntakeVerdict.CREATED] * 3
    answer = gateway.lookup(a_lookup())
    assert answer.outcome is Outcome.COMPLETE
    assert [d.rx_number for d in answer.dispensations] == ["9", "4", "2"]
    assert all(d.source_state == "CT" for d in answer.dispensations)
    assert answer.disclaimers


def test_the_period_counts_both_ends_and_is_never_open(gateway: Gateway) -> None:
    _record(gateway, *(_reported(rx_number=str(n), filled=date(2026, 9, n), sold=None) for n in (1, 2, 3, 4)))
    asked = gateway.lookup(a_lookup(period=Period(start=date(2026, 9, 2), end=date(2026, 9, 3))))
    assert [d.rx_number for d in asked.dispensations] == ["3", "2"]
    everything = gateway.lookup(a_lookup(period=Period()))
    assert len(everything.dispensations) == 4
    assert everything.period == Period(start=date(2008, 7, 1), end=NOW.date())


def test_a_period_that_ends_before_it_starts_is_refused(gateway: Gateway) -> None:
    with pytest.raises(MessageError) as caught:
        gateway.lookup(a_lookup(period=Period(start=date(2026, 9, 2), end=date(2026, 9, 1))))
    assert caught.value.code is ErrorCode.DATE_RANGE


def test_a_request_without_consent_or_patient_is_refused(gateway: Gateway) -> None:
    with pytest.raises(MessageError) as caught:
        gateway.lookup(a_lookup(consent=False))
    assert caught.value.code is ErrorCode.CONSENT
    with pytest.raises(MessageError):
        gateway.lookup(a_lookup(person=None))


def test_a_state_without_a_route_makes_the_answer_partial(gateway: Gateway) -> None:
    nobody = gateway.lookup(a_lookup(states=("CT", "NY")))
    assert nobody.outcome is Outcome.PARTIAL
    assert [(s.state, s.outcome) for s in nobody.states] == [("CT", Outcome.NO_DATA), ("NY", Outcome.ERROR)]
    assert "NY" in (nobody.detail or "")
    _record(gateway, _reported())
    somebody = gateway.lookup(a_lookup(states=("CT", "NY")))
    assert (somebody.outcome, len(somebody.dispensations)) == (Outcome.PARTIAL, 1)


def test_when_no_asked_state_can_be_asked_it_is_an_error_and_not_no_data(gateway: Gateway) -> None:
    _record(gateway, _reported())
    answer = gateway.lookup(a_lookup(states=("NY", "MA")))
    assert (answer.outcome, answer.dispensations) == (Outcome.ERROR, ())


def test_naloxone_alone_is_hidden_and_buprenorphine_with_naloxone_is_shown(gateway: Gateway) -> None:
    names = (
        "naloxone hydrochloride 40 MG/ML Nasal Spray",
        "buprenorphine 8 MG / naloxone 2 MG Sublingual Film",
    )
    _record(gateway, *(_reported(rx_number=str(n), drug=Drug(name=name)) for n, name in enumerate(names)))
    assert [d.rx_number for d in gateway.lookup(a_lookup()).dispensations] == ["1"]


def test_only_hidden_drugs_is_no_data(gateway: Gateway) -> None:
    _record(gateway, _reported(drug=Drug(name="Narcan 4 MG Nasal Spray")))
    answer = gateway.lookup(a_lookup())
    assert (answer.outcome, answer.persons) == (Outcome.NO_DATA, ())


def test_identifiers_stay_in_the_record(gateway: Gateway) -> None:
    known = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value="987654320"),))
    _record(gateway, _reported(person=known))
    answer = gateway.lookup(a_lookup(person=replace(known, key=None, appearance=None)))
    assert [p.identifiers for p in answer.persons] == [()]


def test_twins_are_never_mixed(gateway: Gateway) -> None:
    """Same family, birth date, address; told apart by the given name, and by nothing when it is the initial alone."""
    ann = a_person(names=(replace(a_person().name, given=("Ann",)),))
    amy = a_person(names=(replace(a_person().name, given=("Amy",)),))
    _record(gateway, _reported(person=ann, rx_number="1"), _reported(person=amy, rx_number="2"))
    for person, number in ((ann, "1"), (amy, "2")):
        answer = gateway.lookup(a_lookup(person=replace(person, key=None, appearance=None)))
        assert [d.rx_number for d in answer.dispensations] == [number]


def test_namesakes_are_ambiguous_until_something_tells_them_apart(gateway: Gateway) -> None:
    here = a_person(phones=())
    there = a_person(
        phones=(), addresses=(Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850"),)
    )
    _record(gateway, _reported(person=here, rx_number="1"))
    _record(gateway, _reported(person=there, rx_number="2"))
    people = gateway.store.people()
    bare = gateway.lookup(a_lookup(person=a_person(key=None, appearance=None, addresses=(), phones=())))
    if people == 2:
        assert (bare.outcome, bare.dispensations, bare.persons) == (Outcome.AMBIGUOUS, (), ())
        assert bare.match is not None
        assert bare.match.deciding
    else:  # one person who moved: then nothing is ambiguous, and both fills are hers
        assert {d.rx_number for d in bare.dispensations} == {"1", "2"}


COMMON = (PersonName(family="Johnson", given=("Mary",)),)
ELSEWHERE = Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850")


def test_who_moved_keeps_one_history_by_the_phone(gateway: Gateway) -> None:
    moved = a_person(addresses=(ELSEWHERE,))
    _record(gateway, _reported(rx_number="1"), _reported(person=moved, rx_number="2"))
    for person in (a_person(), moved):
        answer = gateway.lookup(a_lookup(person=replace(person, key=None, appearance=None)))
        assert {d.rx_number for d in answer.dispensations} == {"1", "2"}
        assert answer.detail is None


@pytest.mark.parametrize("phones", [(), ("2035550199",)])
def test_a_history_beside_which_there_may_be_more_of_hers_says_so(
    gateway: Gateway, phones: tuple[str, ...]
) -> None:
    """Moved, or a namesake: nobody is merged, and the reader is told, at either address."""
    here, there = a_person(names=COMMON), a_person(names=COMMON, phones=phones, addresses=(ELSEWHERE,))
    _record(gateway, _reported(person=here, rx_number="1"), _reported(person=there, rx_number="2"))
    assert gateway.store.people() == 2
    for person, number in ((here, "1"), (there, "2")):
        answer = gateway.lookup(a_lookup(person=replace(person, key=None, appearance=None)))
        assert answer.outcome is Outcome.COMPLETE
        assert [d.rx_number for d in answer.dispensations] == [number]
        assert "may be this patient's too" in (answer.detail or "")


def test_a_rare_name_and_its_birth_date_are_one_person_who_moved(gateway: Gateway) -> None:
    there = a_person(phones=(), addresses=(ELSEWHERE,))
    _record(gateway, _reported(rx_number="1"), _reported(person=there, rx_number="2"))
    assert gateway.store.people() == 1


def test_no_records_is_not_said_while_another_record_may_be_hers(gateway: Gateway) -> None:
    here, there = a_person(names=COMMON), a_person(names=COMMON, phones=(), addresses=(ELSEWHERE,))
    long_ago = _reported(person=here, filled=date(2020, 1, 2), written=None, sold=None)
    _record(gateway, long_ago, _reported(person=there))
    answer = gateway.lookup(a_lookup(person=replace(here, key=None, appearance=None)))
    assert (answer.outcome, answer.dispensations, answer.persons) == (Outcome.AMBIGUOUS, (), ())
    assert "another record may be this patient's" in (answer.detail or "")


def test_twins_do_not_make_each_others_histories_doubtful(gateway: Gateway) -> None:
    twin = a_person(names=(replace(a_person().name, given=("Josephine",)),))
    _record(gateway, _reported(rx_number="1"), _reported(person=twin, rx_number="2"))
    answer = gateway.lookup(a_lookup())
    assert [d.rx_number for d in answer.dispensations] == ["1"]
    assert answer.detail is None


def test_a_compound_is_shown_unless_each_part_is_hidden(gateway: Gateway) -> None:
    naloxone, oxycodone = "69547035302", "00228298311"
    for number, parts in (("1", (naloxone, oxycodone)), ("2", (naloxone,)), ("3", (naloxone, None))):
        compound = tuple(
            CompoundPart(sequence=n, ndc11=part, quantity=Decimal(1), unit=QuantityUnit.GRAM)
            for n, part in enumerate(parts, 1)
        )
        _record(gateway, _reported(rx_number=number, drug=Drug(name="naloxone"), compound=compound))
    assert {d.rx_number for d in gateway.lookup(a_lookup()).dispensations} == {"1", "3"}


def test_an_id_leads_to_its_own_dispensation_and_to_nothing_else(gateway: Gateway) -> None:
    twin = a_person(names=(replace(a_person().name, given=("Josephine",)),))
    _record(gateway, _reported(rx_number="1"), _reported(person=twin, rx_number="2"))
    (first,) = gateway.lookup(a_lookup()).dispensations
    assert first.id
    key = first.person.key
    for other in (f"{key}-2", f"{key}-0", f"{key}", f"{first.id}-1", f" {first.id}", first.id.lower(), ""):
        if other != first.id:
            answer = gateway.lookup(a_lookup(person=None, dispensation_id=other))
            assert (answer.outcome, answer.dispensations) == (Outcome.NO_DATA, ())


def test_what_was_withdrawn_is_in_no_history_and_void_to_who_names_it(gateway: Gateway) -> None:
    _record(gateway, _reported())
    (first,) = gateway.lookup(a_lookup()).dispensations
    assert first.person.key
    with gateway.store.intake() as unit:
        unit.add_dispensation(first.person.key, replace(first, status=DispensationStatus.VOID), ())
    for asked in (a_lookup(), a_lookup(person=None, person_key=first.person.key)):
        answer = gateway.lookup(asked)
        assert (answer.outcome, answer.dispensations) == (Outcome.NO_DATA, ())
    (named,) = gateway.lookup(a_lookup(person=None, dispensation_id=first.id)).dispensations
    assert (named.id, named.status) == (first.id, DispensationStatus.VOID)


def test_a_requester_that_the_state_does_not_admit_sees_nothing(gateway: Gateway) -> None:
    _record(gateway, _reported())
    asks = a_requester(practitioner=Practitioner(npi="1023011178", role="Journalist"))
    answer = gateway.lookup(a_lookup(requester=asks))
    assert (answer.outcome, answer.dispensations, answer.persons) == (Outcome.DISALLOWED, (), ())
    assert answer.detail


def test_by_key_and_by_id(gateway: Gateway) -> None:
    _record(gateway, _reported())
    (first,) = gateway.lookup(a_lookup()).dispensations
    by_key = gateway.lookup(a_lookup(person=None, person_key=first.person.key))
    by_id = gateway.lookup(a_lookup(person=None, dispensation_id=first.id))
    assert by_key.dispensations == by_id.dispensations == (first,)
    with pytest.raises(NotFound):
        gateway.lookup(a_lookup(person=None, person_key="0000000000000"))
