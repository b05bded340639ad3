"""The histories of 500 synthetic patients over HTTP: valid FHIR, the same in JSON and in XML, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from fhir.resources.R4B.parameters import Parameters

from adapters.fhir import ADAPTER
from adapters.fhir.xml_read import decode_xml
from gateway.model import Answer, Dispensation, LookupRequest, Outcome, Period
from gateway.ports import Inbound
from gateway.synth import SynthPerson
from gateway.terminology import field_map
from gateway.testing import LiveGateway
from tests.contract.test_clinical_record import agrees, naloxone_alone
from tests.factory import a_requester
from tests.unit.fhir.test_xml import one_spelling

PATIENTS = 500
FORMAT = "fhir"
XML = "application/fhir+xml"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """What one patient's history was in each format, and what our own client made of it."""

    person: SynthPerson
    in_json: bytes
    in_xml: bytes
    of_json: Answer
    of_xml: Answer


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("crowd")) as gateway:
        gateway.seed(patients=PATIENTS, years=1)
        yield gateway


@pytest.fixture(scope="module")
def told(crowd: LiveGateway) -> list[Told]:
    partner = crowd.partner("fhir")
    found = []
    for person in crowd.people:
        request = asked(person)
        crowd.session.auth = None
        of_json, in_json = partner.ask(request), crowd.responses[-1]
        crowd.session.auth = _in_xml
        of_xml, in_xml = partner.ask(request), crowd.responses[-1]
        assert in_xml.headers["Content-Type"].startswith(XML)
        found.append(Told(person, in_json.content, in_xml.content, of_json, of_xml))
    return found


def _in_xml(request: requests.PreparedRequest) -> requests.PreparedRequest:
    request.headers["Accept"] = XML
    return request


def asked(person: SynthPerson) -> LookupRequest:
    return LookupRequest(person=person.person, requester=a_requester(), message_id="MANY1")


def test_there_are_enough(told: list[Told]) -> None:
    assert len(told) >= PATIENTS
    complete = [one for one in told if one.of_json.outcome is Outcome.COMPLETE]
    assert len(complete) >= PATIENTS * 3 // 4
    assert sum(len(one.of_json.dispensations) for one in complete) >= PATIENTS


def test_every_answer_is_valid(told: list[Told]) -> None:
    for one in told:
        Parameters.model_validate_json(one.in_json)
        Parameters.model_validate(decode_xml(one.in_xml).value)


def test_one_answer_is_the_same_in_both_formats(crowd: LiveGateway) -> None:
    """The very same answer, element by element and digit by digit; narratives as XML sees them."""
    for person in crowd.people:
        answer = crowd.gateway.lookup(asked(person))
        assert isinstance(answer, Answer)
        in_json, in_xml = (ADAPTER.write(answer, _accepting(kind)).body for kind in ("application/json", XML))
        read = json.loads(in_json, parse_float=Decimal)
        assert one_spelling(decode_xml(in_xml).value) == one_spelling(read)


def _accepting(kind: str) -> Inbound:
    return Inbound(
        operation="pdmp-history",
        method="POST",
        path="/fhir/$pdmp-history",
        request_id="many",
        received_at=NOW,
        base_url="https://pmp.example/fhir",
        headers={"accept": kind},
    )


def test_the_client_reads_the_same_from_both(told: list[Told]) -> None:
    for one in told:
        assert _of_no_time(one.of_xml) == _of_no_time(one.of_json)


def _of_no_time(answer: Answer) -> Answer:
    """Without what is another at each asking."""
    return replace(answer, report_id="", generated_at=NOW)


def test_nothing_is_lost_on_the_way_through_our_own_client(crowd: LiveGateway, told: list[Told]) -> None:
    for one in told:
        if one.of_json.outcome is not Outcome.COMPLETE:
            continue
        key = one.of_json.dispensations[0].person.key
        assert key is not None
        history = crowd.gateway.store.history(key, Period())
        assert history is not None
        held = [d for d in history.dispensations if not naloxone_alone(d)]
        declared = set(field_map().losses(replace(one.of_json, dispensations=tuple(held)), FORMAT))
        for answer in (one.of_json, one.of_xml):
            _require_same(answer.dispensations, held, declared)


def _require_same(told: tuple[Dispensation, ...], held: list[Dispensation], declared: set[str]) -> None:
    for said, kept in zip(told, held, strict=True):
        for field in field_map().fields:
            if not field.is_none(FORMAT):
                agrees(field, field.value(said), field.value(kept), FORMAT, declared)
