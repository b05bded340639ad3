"""The client: what it asks of a partner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import requests
from lxml import etree

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.client import ScriptPartner
from gateway.errors import ErrorCode, MessageError
from gateway.model import (
    Licence,
    Organisation,
    Outcome,
    Period,
    Person,
    PersonName,
    Practitioner,
    Requester,
    Sex,
    Species,
)
from gateway.ports import PartnerSettings
from tests.factory import a_lookup, a_person, a_requester, an_answer
from tests.unit.ncpdp.helpers import (
    V10_6,
    V2017071,
    VERSIONS,
    inbound,
    schema,
    stripped,
    texts,
)
from tests.unit.ncpdp.partners import PHARMACY, ROWAN, Partner, response


@pytest.mark.parametrize("version", VERSIONS)
def test_the_request_is_valid_and_says_what_is_asked(partner: Partner, version: str) -> None:
    partner.reply = lambda body: (200, {}, ADAPTER.write(an_answer(), inbound(body)).body)
    answer = partner.ask(version=version)
    assert answer.outcome is Outcome.COMPLETE
    ((path, headers, body),) = partner.received
    assert path == "/ncpdp/script"
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["content-type"].startswith("application/xml")
    xsd = schema(version)
    if xsd is not None:
        xsd.assertValid(etree.fromstring(body))
    asked = ADAPTER.read(inbound(body))
    expected = a_lookup()
    assert asked.person is not None
    assert expected.person is not None
    assert asked.person.names == expected.person.names
    assert (asked.person.birth_date, asked.person.sex) == (date(1971, 4, 9), Sex.FEMALE)
    assert asked.person.address is not None
    assert (asked.person.address.lines, asked.person.address.postal_code) == (
        ("14 Larkspur Ln", "Apt 2"),
        "06103",
    )
    assert asked.person.phones == ("8605550142",)
    assert asked.period == expected.period
    assert asked.requester.practitioner is not None
    assert (asked.requester.practitioner.npi, asked.requester.state) == ("1023011178", "CT")
    assert asked.requester.organisation is not None
    assert asked.requester.organisation.name == "Charter Oak Hospital"
    assert (asked.requester.practitioner.role == "Physician") is (version != V10_6)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "requester",
    [
        Requester(),
        a_requester(organisation=None, state=None),
        a_requester(practitioner=Practitioner(role="Pharmacist")),
        a_requester(practitioner=Practitioner(name=PersonName(family="Mononym"), npi="1023011178")),
        a_requester(practitioner=Practitioner(name=ROWAN, licence=Licence(number="L1"))),
        a_requester(organisation=PHARMACY),
        a_requester(organisation=Organisation(name="Ünïversity Clinic " * 6), state="Connecticut"),
        a_requester(delegate=Practitioner(name=ROWAN, role="Licensed Delegate")),
    ],
)  # fmt: skip
def test_requests_of_all_kinds_of_askers_are_valid(
    partner: Partner, version: str, requester: Requester
) -> None:
    partner.says(response("<Approved/>"))
    people = (
        a_person(addresses=(), phones=(), sex=Sex.OTHER),
        a_person(names=(PersonName(family="Łuczyński", given=("Adán", "李")), PersonName(family="Old"))),
    )
    for person in people:
        for period in (Period(), Period(start=date(2026, 1, 1)), Period(end=date(2026, 1, 1))):
            partner.ask(a_lookup(person=person, requester=requester, period=period, states=("CT",)), version)
            xsd = schema(version)
            if xsd is not None:
                xsd.assertValid(etree.fromstring(partner.received[-1][2]))


def test_each_request_has_an_id_of_its_own_and_nobodys_number(partner: Partner) -> None:
    partner.says(response("<Approved/>"))
    for _ in range(2):
        partner.ask()
    first, second = (stripped(etree.fromstring(body)) for _, _, body in partner.received)
    assert texts(first, "Header/MessageID") != texts(second, "Header/MessageID")
    assert b"Identification><Social" not in partner.received[0][2]


def test_an_animal_is_asked_for_as_one_or_not_at_all(partner: Partner) -> None:
    partner.says(response("<Approved/>"))
    request = a_lookup(person=a_person(species=Species.VETERINARY, owner=a_person()))
    partner.ask(request)
    ((_, _, body),) = partner.received
    assert b"<NonHumanPatient>" in body
    xsd = schema(V2017071)
    if xsd is not None:
        xsd.assertValid(etree.fromstring(body))
    with pytest.raises(MessageError, match="veterinary"):  # as a human it would have no records
        partner.ask(request, V10_6)
    assert len(partner.received) == 1


@pytest.mark.parametrize(
    ("person", "place"),
    [
        (None, None),
        (Person(), "person.name.family"),
        (a_person(names=(PersonName(family="Mononym"),)), "person.name.given"),
        (a_person(birth_date=None), "person.birth_date"),
    ],
)
def test_what_cannot_be_asked(partner: Partner, person: Person | None, place: str | None) -> None:
    with pytest.raises(MessageError) as caught:
        partner.ask(a_lookup(person=person, person_key="7KQ4M2XT9R0AB"))
    assert (caught.value.code, caught.value.path) == (ErrorCode.REQUIRED, place)
    assert partner.received == []


def test_formats() -> None:
    settings = PartnerSettings(url="http://127.0.0.1:1", token=str)
    assert isinstance(ADAPTER.partner(settings), ScriptPartner)
    assert ADAPTER.formats == VERSIONS
    with pytest.raises(ValueError, match="pmix-2"):
        ADAPTER.partner(replace(settings, format="pmix-2"))


def test_a_session_that_was_brought_along_is_used_and_left_open(partner: Partner) -> None:
    partner.says(response("<Approved/>"))
    seen: list[requests.Response] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda r, *_, **__: seen.append(r))
        client = ScriptPartner(PartnerSettings(url=f"{partner.url}/ncpdp", token=str, session=session))
        client.ask(a_lookup())
        client.close()
        client.ask(a_lookup())
    assert len(seen) == 2
    assert seen[0].content.startswith(b"<Message")
