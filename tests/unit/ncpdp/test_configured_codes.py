"""Codes whose meaning is not public stand in tables: what is added there is sent where a version has it, and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.ncpdp import ADAPTER
from gateway.model import Outcome, PersonName, Species, StateOutcome
from gateway.ports import Outbound
from gateway.terminology import CodeTable, codes
from tests.factory import a_lookup, a_person, an_answer
from tests.unit.ncpdp.helpers import V10_6, VERSIONS, assert_valid, inbound, read_back, texts, tree, written
from tests.unit.ncpdp.partners import Partner, response
from tests.unit.ncpdp.writing import DENIAL_CODE


@pytest.mark.parametrize("version", VERSIONS)
def test_reason_codes_of_a_denial_are_configured_and_kept_to_the_versions_list(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"ambiguous": {"script": "AA"}, "disallowed": {"script": "GV"}}
    monkeypatch.setattr("adapters.ncpdp.layout.codes", lambda _: CodeTable("script-denial", rows))
    outbound = written(an_answer(outcome=Outcome.DISALLOWED), version)
    assert_valid(outbound, version)
    assert texts(tree(outbound), DENIAL_CODE[version]) == ([] if version == V10_6 else ["GV"])
    assert read_back(outbound).outcome is Outcome.DISALLOWED


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_each_state_says_its_outcome_by_the_code_that_is_configured_for_it(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {
        "answered": {"script": "DJ"},
        "error": {"script": "DK"},
        "deferred": {"script": "DL"},
        "disallowed": {"script": "DM"},
    }

    def configured(name: str) -> CodeTable:
        return CodeTable(name, rows) if name == "script-pdmp-state" else codes(name)

    monkeypatch.setattr("adapters.ncpdp.layout_2017071.table", configured)
    monkeypatch.setattr("adapters.ncpdp.answer.codes", configured)
    outcomes = {
        "CT": Outcome.COMPLETE,
        "NY": Outcome.ERROR,
        "NJ": Outcome.DEFERRED,
        "MA": Outcome.DISALLOWED,
        "RI": Outcome.AMBIGUOUS,  # no code: it is not named, and counts as silent
    }
    states = tuple(StateOutcome(state=state, outcome=outcome) for state, outcome in outcomes.items())
    outbound = written(an_answer(outcome=Outcome.PARTIAL, states=states), version)
    assert_valid(outbound, version)
    root = tree(outbound)
    named = zip(
        texts(root, "//PDMPStates/StateProvince"), texts(root, "//PDMPStates/ReasonCode"), strict=True
    )
    assert dict(named) == {"CT": "DJ", "NY": "DK", "NJ": "DL", "MA": "DM"}
    told = read_back(outbound, a_lookup(states=tuple(outcomes)))
    assert told.outcome is Outcome.PARTIAL
    assert {s.state for s in told.states} == set(outcomes)
    assert next(s for s in told.states if s.state == "CT").outcome is Outcome.COMPLETE
    assert all(s.outcome is not Outcome.COMPLETE for s in told.states if s.state != "CT")


OWNER = a_person(addresses=a_person().addresses, phones=("8605550142",))
ANIMAL = a_person(
    species=Species.VETERINARY,
    names=(PersonName(family="Quillfeather", given=("Biscuit",)),),
    birth_date=date(2019, 6, 1),
    owner=OWNER,
)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_an_owner_is_sent_once_the_code_for_one_is_known(
    version: str, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner.says(response("<Approved/>"))
    partner.ask(a_lookup(person=ANIMAL), version)
    rows = {"owner": {"script": "21"}}
    monkeypatch.setattr(
        "adapters.ncpdp.people_2017071.table",
        lambda name: CodeTable(name, rows) if name == "script-contact" else codes(name),
    )
    partner.ask(a_lookup(person=ANIMAL), version)
    for lacking in (replace(OWNER, phones=()), replace(OWNER, addresses=()), replace(OWNER, names=())):
        partner.ask(a_lookup(person=replace(ANIMAL, owner=lacking)), version)
    sent = [ADAPTER.read(inbound(body)) for _, _, body in partner.received]
    for _, _, body in partner.received:
        assert_valid(Outbound(body=body, content_type=""), version)
    owners = [one.person.owner for one in sent]  # type: ignore[union-attr]
    assert [owner is not None for owner in owners] == [False, True, False, False, False]
    assert owners[1] is not None
    assert (owners[1].names[0].family, owners[1].phones) == (OWNER.names[0].family, OWNER.phones)
