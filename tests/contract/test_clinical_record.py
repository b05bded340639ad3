"""One patient through every format comes back as one clinical record.

The same cases run over whatever is in the registry: every adapter with an outbound client, in each of its formats.
What the store holds is the truth; what a format cannot carry is what `mappings/fields.toml` says, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from gateway.errors import MessageError
from gateway.model import Dispensation, LookupRequest, Outcome, Period, Person, Species
from gateway.registry import load_registry
from gateway.synth import SynthPerson
from gateway.terminology import Field, field_map
from gateway.testing import LiveGateway
from tests.contract import wire
from tests.factory import a_person, a_requester

AT_LEAST = 50
FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]


@dataclass(frozen=True)
class Case:
    """A person of the record with what the store holds of her, the hidden drugs left out."""

    person: SynthPerson
    held: tuple[Dispensation, ...]

    @property
    def request(self) -> LookupRequest:
        return LookupRequest(person=self.person.person, requester=a_requester(), message_id="CONTRACT1")


def can_be_asked(person: Person, format: str) -> bool:
    """SCRIPT 10.6 has no request for an animal, and 2017071 none for one without a date of birth."""
    if format == "script-10.6" and person.species is Species.VETERINARY:
        return False
    return not format.startswith("script") or person.birth_date is not None


@pytest.fixture(scope="module")
def cases(live: LiveGateway) -> list[Case]:
    """Every person who is found beyond doubt and has a history that one SCRIPT message can hold."""
    found = []
    for person in live.people:
        answer = live.gateway.lookup(LookupRequest(person=person.person, requester=a_requester()))
        if answer.outcome is not Outcome.COMPLETE:
            continue
        key = answer.dispensations[0].person.key
        assert key is not None
        history = live.gateway.store.history(key, Period())
        assert history is not None
        held = tuple(d for d in history.dispensations if not naloxone_alone(d))
        if len(held) <= 300:
            found.append(Case(person, held))
    return found


def naloxone_alone(d: Dispensation) -> bool:
    return bool(d.drug.ingredients) and {i.name for i in d.drug.ingredients} == {"naloxone"}


def test_the_registry_has_the_three_protocols() -> None:
    assert {name for name, _ in FORMATS} >= {"fhir", "ncpdp", "soap"}
    assert {f for _, f in FORMATS} >= set(field_map().formats)


def test_there_are_enough_cases(cases: list[Case]) -> None:
    assert len(cases) >= AT_LEAST
    assert sum(len(c.held) for c in cases) >= 500
    assert any(len(c.held) >= 50 for c in cases)


def _fill(d: Dispensation) -> tuple[date, str, int, int]:
    return d.filled, d.rx_number, d.fill_number, d.partial_fill


def test_what_is_held_is_what_was_reported(cases: list[Case]) -> None:
    """The store's own side of the comparison: nothing lost or changed between intake and history."""
    for case in cases:
        reported = [d for d in case.person.dispensations if not naloxone_alone(d)]
        for held, told in zip(sorted(case.held, key=_fill), sorted(reported, key=_fill), strict=True):
            assert held.rx_number == told.rx_number
            assert (held.quantity, held.days_supply, held.written) == (
                told.quantity,
                told.days_supply,
                told.written,
            )
            assert held.person.names == told.person.names
            assert held.prescriber == told.prescriber
            assert held.dispenser == told.dispenser


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_the_wire_says_what_the_store_holds(
    live: LiveGateway, cases: list[Case], adapter: str, format: str
) -> None:
    """Every declared path of every answer, read without the adapter's own reader."""
    fields = [f for f in field_map().fields if not f.is_none(format)]
    assert len(fields) >= 30
    partner = live.partner(adapter, format)
    shown: set[str] = set()
    asked = [case for case in cases if can_be_asked(case.person.person, format)]
    assert len(asked) >= AT_LEAST
    for case in asked:
        partner.ask(case.request)
        declared = _declared(live)
        records = wire.records(format, live.responses[-1].content)
        assert len(records) == len(case.held)
        for record, held in zip(records, case.held, strict=True):
            for field in fields:
                told = wire.value(record, field, format)
                if agrees(field, told, field.value(held), format, declared) and told is not None:
                    shown.add(field.name)
    unproven = {f.name for f in fields} - shown
    assert len(unproven) <= len(fields) // 5, f"no synthetic patient shows {sorted(unproven)}"


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_the_client_reads_back_the_record(
    live: LiveGateway, cases: list[Case], adapter: str, format: str
) -> None:
    partner = live.partner(adapter, format)
    for case in cases:
        if not can_be_asked(case.person.person, format):
            continue
        answer = partner.ask(case.request)
        declared = _declared(live)
        assert answer.outcome is Outcome.COMPLETE
        assert len(answer.dispensations) == len(case.held)
        for told, held in zip(answer.dispensations, case.held, strict=True):
            for field in field_map().fields:
                if not field.is_none(format):
                    agrees(field, field.value(told), field.value(held), format, declared)


def agrees(field: Field, told: Any, held: Any, format: str, declared: set[str]) -> bool:
    """True when the answer says what the store holds; False when it says that it cannot, as the map foresees."""
    if held is not None and not field.carried(held, format):
        assert field.name in declared, f"{format}: {field.name} is lost, and the answer does not say so"
        return False
    if not field.same(told, held):
        assert field_map().may_declare(field, format), f"{format}: {field.name} at {field.paths[format]}"
        assert field.name in declared, f"{format}: {field.name} at {field.paths[format]}"
        return False
    return True


def _declared(live: LiveGateway) -> set[str]:
    """The losses that the last answer declared; they stand in its audit event."""
    *_, last = live.gateway.audit.events()
    return set(last.losses)


def test_what_a_format_cannot_ask_is_refused_and_not_answered_with_nothing(
    live: LiveGateway, cases: list[Case]
) -> None:
    animals = [case for case in cases if not can_be_asked(case.person.person, "script-10.6")]
    assert animals
    for case in animals:
        with pytest.raises(MessageError):
            live.partner("ncpdp", "script-10.6").ask(case.request)


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_hidden_drugs_and_identifiers_are_on_no_report(live: LiveGateway, adapter: str, format: str) -> None:
    """Naloxone alone is never on a patient report, and no social security number leaves."""
    carriers = [p for p in live.people if any(naloxone_alone(d) for d in p.dispensations)]
    assert carriers, "the synthetic population holds nobody with naloxone"
    partner = live.partner(adapter, format)
    for person in carriers:
        partner.ask(LookupRequest(person=person.person, requester=a_requester()))
        body = live.responses[-1].text
        assert not re.search(r"naloxone [\d.]+ MG/ML|Nasal Spray", body, re.IGNORECASE)
        for d in person.dispensations:
            if naloxone_alone(d):
                assert f">{d.drug.ndc11}<" not in body
                assert f'"{d.drug.ndc11}"' not in body


def test_every_format_answers_every_outcome_in_its_own_words(live: LiveGateway) -> None:
    """Nobody, and somebody unknown: an answer, not a failure, in every format."""
    stranger = LookupRequest(person=a_person(key=None, appearance=None), requester=a_requester())
    for adapter, format in FORMATS:
        assert live.partner(adapter, format).ask(stranger).outcome is Outcome.NO_DATA, format
