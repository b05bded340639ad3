"""The PMP Gateway's two steps over HTTP: a patient, then a link to the report, which opens once.

What other adapters are held to by cases that run over every format is held here in this one's own words, since its
messages have no dispensations to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import requests
from lxml import etree, html

from adapters.pmpgateway.names import Version
from gateway.model import (
    AlertCategory,
    Identifier,
    IdentifierKind,
    LookupRequest,
    Outcome,
    Wanted,
)
from gateway.model.audit import AuditAction
from gateway.testing import LiveGateway
from tests.contract.pmpgateway_calls import (
    HELD,
    NEW,
    NOBODY,
    VERSIONS,
    WORDS,
    another_client,
    asked,
    post,
    report_url,
    with_two_fills,
)
from tests.contract.test_match_evidence import ASKED, HERE, KNOWN_ELSEWHERE, THERE
from tests.factory import a_dispensation, a_requester
from tests.unit.pmpgateway.helpers import (
    LOCATION,
    PROVIDER,
    patient_request,
    report_request,
    texts,
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """Marigold Quillfeather has two fills; Nobody Atall has none."""
    with LiveGateway(tmp_path_factory.mktemp("pmpgateway")) as live:
        with_two_fills(live)
        yield live


# --- the two steps ------------------------------------------------------------------------------------------------


@VERSIONS
def test_from_a_patient_to_the_report(gateway: LiveGateway, version: Version) -> None:
    response = asked(gateway, version)
    told = texts(response.content)
    assert etree.fromstring(response.content).tag == f"{{{version.namespace}}}PatientResponse"
    assert told["Pmp"] == ["CT"]
    assert told["Message"][-1].startswith("Prescriptions are on record.")
    assert re.fullmatch(r"\d{1,9}", told["RequestId"][0])
    (url,) = told["ViewableReport"]
    assert url.startswith(f"{gateway.url}/pmpgateway/{version}/report/")

    linked = post(gateway, url, report_request(namespace=version.namespace))
    assert linked.status_code == 200, linked.text
    assert etree.fromstring(linked.content).tag == f"{{{version.namespace}}}ReportResponse"
    (link,) = texts(linked.content)["ReportLink"]
    assert len(link) <= 100, "a client keeps no more of it"
    page = requests.post(link, timeout=30)
    shown = " ".join(html.fromstring(page.content).text_content().split())
    assert page.status_code == 200
    assert "7001234" in shown
    assert "7001235" in shown
    assert requests.post(link, timeout=30).status_code == 410


def test_every_link_opens_once_and_the_url_gives_another(gateway: LiveGateway) -> None:
    url = report_url(gateway)
    links = [texts(post(gateway, url, report_request()).content)["ReportLink"][0] for _ in range(2)]
    assert links[0] != links[1]
    for link in links:
        assert requests.post(link, timeout=30).status_code == 200
        assert requests.post(link, timeout=30).status_code == 410


def test_that_nothing_is_recorded_is_a_report_too(gateway: LiveGateway) -> None:
    told = texts(asked(gateway, patient=NOBODY).content)
    assert told["Message"][0].startswith("No prescriptions are on record from 2008-07-01 to ")
    (link,) = texts(post(gateway, told["ViewableReport"][0], report_request()).content)["ReportLink"]
    page = requests.post(link, timeout=30)
    assert (page.status_code, "No data" in page.text) == (200, True)
    assert "7001234" not in page.text


def test_the_report_is_of_the_record_as_it_is_when_the_link_is_asked_for(empty: LiveGateway) -> None:
    empty.record([a_dispensation(**NEW, person=HELD, rx_number="1")])
    url = report_url(empty)
    empty.record([a_dispensation(**NEW, person=HELD, rx_number="7009999", filled=date(2026, 11, 1))])
    (link,) = texts(post(empty, url, report_request()).content)["ReportLink"]
    assert "7009999" in requests.post(link, timeout=30).text


def test_a_state_that_is_not_reached_is_an_error_of_its_own(gateway: LiveGateway) -> None:
    states = "<RequestDestinations><Pmp>CT</Pmp><Pmp>NY</Pmp></RequestDestinations>"
    response = post(gateway, "/v5_1/patient", patient_request(requester=states + PROVIDER + LOCATION))
    root = etree.fromstring(response.content)
    assert [e.text for e in root.findall("{*}Report/{*}ResponseDestinations/{*}Pmp")] == ["CT"]
    assert [e.text for e in root.findall("{*}Response/{*}ResponseDestinations/{*}Pmp")] == ["NY"]
    assert root.findtext("{*}Response/{*}Error/{*}Source") == "PMP"
    assert "no answer from NY" in root.findtext("{*}Report/{*}Message", "")

    only = states.replace("<Pmp>CT</Pmp>", "")
    response = post(gateway, "/v5_1/patient", patient_request(requester=only + PROVIDER + LOCATION))
    root = etree.fromstring(response.content)
    assert root.find("{*}Report") is None, "no answer must not look like no records"
    assert root.find("{*}Response/{*}Error") is not None


def test_an_ambiguous_patient_is_disallowed_with_what_would_decide(empty: LiveGateway) -> None:
    empty.record([
        a_dispensation(**NEW, sold=None, person=HERE, rx_number="1", filled=date(2026, 9, 2)),
        a_dispensation(**NEW, sold=None, person=THERE, rx_number="2", filled=date(2026, 10, 2)),
    ])  # fmt: skip
    assert ASKED.birth_date is not None
    answer = empty.partner("pmpgateway").ask(LookupRequest(person=ASKED, requester=a_requester()))
    assert answer.outcome is Outcome.AMBIGUOUS
    *_, event = empty.gateway.audit.events()
    assert event.evidence is not None
    assert any(field in (answer.detail or "") for field in event.evidence.deciding)
    assert not any(word in empty.responses[-1].text for word in KNOWN_ELSEWHERE)
    assert "ViewableReport" not in empty.responses[-1].text


def test_alerts_of_our_own_analysis_are_named_as_ours(empty: LiveGateway) -> None:
    opioid = a_dispensation(**NEW, person=HELD, rx_number="1", filled=empty.gateway.clock().date(), sold=None)
    empty.record([replace(opioid, quantity=opioid.quantity * 20)])
    history = empty.gateway.lookup(
        LookupRequest(person=HELD, requester=a_requester(), wants=frozenset({Wanted.DATA}))
    )
    assert history.analysis is not None
    categories = [alert.category for alert in history.analysis.alerts]
    assert categories == [AlertCategory.MME], "else this shows nothing"
    told = texts(asked(empty).content)
    assert told["MessageText"][0].startswith(history.analysis.alerts[0].detail)
    assert told["MessageType"][0].startswith("PMP Bridge: ")
    assert "ScoreValue" not in told


# --- whose report it is -------------------------------------------------------------------------------------------


def test_another_client_gets_nothing_by_the_url(gateway: LiveGateway) -> None:
    url = report_url(gateway)
    theirs = post(gateway, url, report_request(), another_client(gateway))
    never = post(gateway, "/v5_1/report/5b2f9c1e-6f0e-4f9c-8f51-0a3b2a3a9d10", report_request())
    assert theirs.status_code == never.status_code == 404
    assert texts(theirs.content)["Message"] == texts(never.content)["Message"]
    assert post(gateway, url, report_request(), None).status_code == 401
    by_browser = requests.get(url, timeout=30)
    assert (by_browser.status_code, by_browser.headers["Allow"]) == (405, "POST")
    assert etree.fromstring(by_browser.content).tag.endswith("ReportResponse")
    assert "ReportLink" in texts(post(gateway, url, report_request()).content), "it is not used up"


def test_the_url_says_nothing_of_the_patient(gateway: LiveGateway) -> None:
    url = report_url(gateway)
    assert not any(word.lower() in url.lower() for word in WORDS)


def test_whoever_reads_it_is_judged_then(gateway: LiveGateway) -> None:
    url = report_url(gateway)
    other = PROVIDER.replace("Physician", "Other Prescriber")
    response = post(gateway, url, report_request(other + LOCATION))
    assert response.status_code == 200
    assert etree.fromstring(response.content).findtext("{*}Disallowed/{*}Source") == "PMP"
    assert "ReportLink" not in texts(response.content)
    *_, event = gateway.gateway.audit.events()
    assert (event.action, event.operation, event.count) == (AuditAction.ACCESS_DENIED, "report", 0)


def test_each_step_is_audited_with_who_asked(gateway: LiveGateway) -> None:
    before = len(list(gateway.gateway.audit.events()))
    url = report_url(gateway)
    reader = PROVIDER.replace("1023011178", "1234567893")
    (link,) = texts(post(gateway, url, report_request(reader + LOCATION)).content)["ReportLink"]
    requests.post(link, timeout=30)
    events = list(gateway.gateway.audit.events())[before:]
    assert [(e.action, e.practitioner, e.count) for e in events] == [
        (AuditAction.HISTORY_LOOKED_UP, "npi:1023011178", 0),
        (AuditAction.REPORT_LINKED, "npi:1234567893", 0),
        (AuditAction.REPORT_OPENED, "npi:1234567893", 2),
    ]
    assert all(e.client_id == "test-client" for e in events)


# --- what senders do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "accept"),
    [
        ("application/xml; charset=utf-8", "application/xml"),
        ("text/xml", "*/*"),
        ("application/x-www-form-urlencoded; charset=utf-8", "application/xml"),
        ("", "application/xml, text/xml, */*"),
    ],
)
def test_every_content_type_that_senders_have(gateway: LiveGateway, content_type: str, accept: str) -> None:
    body = patient_request()
    response = post(gateway, "/v5_1/patient", body, Content_Type=content_type, Accept=accept)
    assert response.status_code == 200
    url = texts(response.content)["ViewableReport"][0]
    linked = post(gateway, url, report_request(), Content_Type=content_type, Accept=accept)
    assert "ReportLink" in texts(linked.content)


def test_a_client_and_its_secret_by_http_basic(gateway: LiveGateway) -> None:
    response = requests.post(
        f"{gateway.url}/pmpgateway/v5/patient",
        data=patient_request(namespace=Version.V5.namespace),
        auth=("test-client", gateway.secret),
        timeout=30,
    )
    assert response.status_code == 200, response.text
    wrong = requests.post(
        f"{gateway.url}/pmpgateway/v5/patient", data=patient_request(), auth=("test-client", "no"), timeout=30
    )
    assert wrong.status_code == 401
    assert etree.fromstring(wrong.content).find("{*}Error") is not None


def test_a_page_for_whoever_asks_for_one(gateway: LiveGateway) -> None:
    url = report_url(gateway)
    page = post(gateway, url, report_request(), Accept="text/html,application/xml;q=0.9")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    (link,) = html.fromstring(page.content).xpath("//a/@href")
    assert html.fromstring(page.content).xpath("//meta/@content") == [f"0; url={link}"]
    assert "7001234" in requests.post(link, timeout=30).text
    by_name = post(gateway, url, report_request("<ReportLink/>" + PROVIDER + LOCATION), Accept="text/html")
    assert texts(by_name.content)["ReportLink"][0].startswith(gateway.url)


def test_the_client_that_asks_as_an_ehr(gateway: LiveGateway) -> None:
    partner = gateway.partner("pmpgateway")
    request = LookupRequest(person=HELD, requester=a_requester(), wants=frozenset({Wanted.LINK}))
    answer = partner.ask(request)
    assert (answer.outcome, answer.dispensations) == (Outcome.PARTIAL, ())
    assert [(s.state, s.outcome) for s in answer.states] == [("CT", Outcome.DEFERRED)]
    assert answer.link is not None
    assert "7001234" in requests.post(answer.link, timeout=30).text
    without = partner.ask(replace(request, wants=frozenset({Wanted.DATA})))
    assert (without.outcome, without.link) == (Outcome.PARTIAL, None)


def test_synthetic_people_are_found_as_by_the_record(live: LiveGateway) -> None:
    """Eighty people, each asked for by the client and looked up beside it."""
    partner = live.partner("pmpgateway", "v5")
    outcomes = set()
    for one in live.people:
        person = one.person
        owner = person.owner
        if (owner or person).birth_date is None or not (person.phones or person.addresses):
            continue
        here = live.gateway.lookup(LookupRequest(person=person, requester=a_requester())).outcome
        there = partner.ask(LookupRequest(person=person, requester=a_requester())).outcome
        has_report = here in {Outcome.COMPLETE, Outcome.NO_DATA}
        assert there is (Outcome.PARTIAL if has_report else here)
        message = texts(live.responses[-1].content)["Message"][-1]
        assert message.startswith("Prescriptions are on record.") is (here is Outcome.COMPLETE)
        outcomes.add(here)
    assert Outcome.COMPLETE in outcomes


def test_what_serves_matching_only_is_not_told(gateway: LiveGateway) -> None:
    person = replace(
        HELD,
        identifiers=(
            Identifier(kind=IdentifierKind.SSN, value="123456789"),
            Identifier(kind=IdentifierKind.MEDICAL_RECORD_NUMBER, value="MRN0001"),
        ),
    )
    gateway.partner("pmpgateway").ask(LookupRequest(person=person, requester=a_requester()))
    sent, answered = gateway.responses[-1].request.body, gateway.responses[-1].content
    assert isinstance(sent, bytes)
    assert b"123456789" in sent
    assert b"123456789" not in answered
    assert b"MRN0001" not in answered
