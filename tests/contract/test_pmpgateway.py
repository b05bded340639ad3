"""The PMP Gateway's two steps over HTTP: a patient, then a link to the report, which opens once.

What other adapters are held to by cases that run over every format is held here in this one's own words, since its
messages have no dispensations to compare.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import requests
import structlog
from lxml import etree, html

from adapters.pmpgateway.client import DigestAuth
from adapters.pmpgateway.names import Version
from gateway.bootstrap import register_client
from gateway.errors import MessageError
from gateway.model import (
    Address,
    AlertCategory,
    Identifier,
    IdentifierKind,
    LookupRequest,
    Organisation,
    Outcome,
    Practitioner,
    Requester,
    Wanted,
)
from gateway.model.audit import AuditAction
from gateway.ports import PartnerSettings
from gateway.security.client import TokenSource
from gateway.testing import LiveGateway
from tests.contract.test_match_evidence import ASKED, HERE, KNOWN_ELSEWHERE, THERE
from tests.contract.test_refusals import DOCTYPE, expired
from tests.factory import a_dispensation, a_person, a_requester
from tests.unit.pmpgateway.helpers import (
    LOCATION,
    PATIENT_XML,
    PROVIDER,
    patient_request,
    report_request,
    texts,
)

HELD = replace(a_person(), key=None, appearance=None)
WORDS = ("Quillfeather", "Marigold", "1971-04-09", "Larkspur", "06103", "8605550142")
VERSIONS = pytest.mark.parametrize("version", list(Version))
NEW = {"id": None, "source_state": None, "reported_at": None, "revision": 0}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """Marigold Quillfeather has two fills; Nobody Atall has none."""
    with LiveGateway(tmp_path_factory.mktemp("pmpgateway")) as live:
        live.record([
            a_dispensation(**NEW, person=HELD, rx_number="7001234"),
            a_dispensation(**NEW, person=HELD, rx_number="7001235", filled=date(2026, 10, 2)),
        ])  # fmt: skip
        yield live


NOBODY = PATIENT_XML.replace("Quillfeather", "Atall").replace("Marigold", "Nobody").replace("1971", "1972")


def post(live: LiveGateway, url: str, body: bytes | str, token: str | None = "", **headers: str) -> Any:
    """A POST with a token: of all scopes, unless another or none is told."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token or live.token()}"
    url = url if url.startswith("http") else f"{live.url}/pmpgateway{url}"
    data = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": "application/xml", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return requests.post(url, data=data, headers=headers, timeout=30)


def asked(live: LiveGateway, version: Version = Version.V5_1, patient: str = PATIENT_XML) -> Any:
    """The answer to a PatientRequest, with its status seen to."""
    body = patient_request(patient, namespace=version.namespace)
    response = post(live, f"/{version}/patient", body)
    assert response.status_code == 200, response.text
    return response


def report_url(live: LiveGateway, version: Version = Version.V5_1) -> str:
    (url,) = texts(asked(live, version).content)["ViewableReport"]
    return url


def another_client(live: LiveGateway, client_id: str = "another-ehr") -> str:
    secret = register_client(
        live.gateway.settings, client_id, scopes=("pdmp/history",), organisation="Another", role="Physician"
    )
    return TokenSource(f"{live.url}/oauth/token", client_id=client_id, secret=secret)()


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
    assert root.find("{*}Response/{*}Error/{*}Source").text == "PMP"  # type: ignore[union-attr]
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
    assert etree.fromstring(response.content).find("{*}Disallowed/{*}Source").text == "PMP"  # type: ignore[union-attr]
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


# --- refused ------------------------------------------------------------------------------------------------------

Attack = tuple[int, str | None, dict[str, str], bytes]
"""The status of what is answered, the token (the empty one: a good one), further headers, the body."""
NEVER = "/v5/report/5b2f9c1e-6f0e-4f9c-8f51-0a3b2a3a9d10"


def bad_tokens(live: LiveGateway, body: bytes) -> Iterator[Attack]:
    yield 401, None, {}, body
    yield 401, "not.a.token", {}, body
    yield 401, expired(live), {}, body
    yield 403, live.token("system/MedicationDispense.c"), {}, body


def bad_bodies(live: LiveGateway, body: bytes) -> Iterator[Attack]:
    yield 400, "", {}, body[: len(body) * 2 // 3]
    yield 400, "", {}, b""
    yield 400, "", {}, DOCTYPE + body
    yield 400, "", {}, b"<?xml-stylesheet href='x'?>" + body
    yield 400, "", {}, b"<a>" * 500 + b"</a>" * 500
    yield 400, "", {}, b'{"resourceType": "Patient"}'
    yield 400, "", {}, body.replace(b"Request xmlns", b"Requests xmlns").replace(b"Request>", b"Requests>")
    yield 400, "", {}, body.replace(b"/v5_1", b"/v4")
    yield 400, "", {}, body.replace(b"Physician", b"physician")
    yield 400, "", {}, body.replace(b"NPINumber", b"Number").replace(b"DEANumber", b"Number")
    yield 413, "", {}, body + b" " * 50_000_000
    yield 413, "", {}, body + b" " * 300_000
    yield 415, "", {"Content_Type": "application/json"}, body
    yield 415, "", {"Content_Type": "application/xml; charset=utf-7"}, body


def bad_patients(live: LiveGateway, body: bytes) -> Iterator[Attack]:
    yield 400, "", {}, body.replace(b"1971-04-09", b"1971-02-30")
    yield 400, "", {}, body.replace(b"<Last>Quillfeather</Last>", b"")
    yield 400, "", {}, body.replace(b"Quillfeather", b"...")
    yield 400, "", {}, body.replace(b"</Patient>", b"</Patient>" + PATIENT_XML.encode())


REPORT_REQUEST = report_request().encode()
CASES = [
    ("/v5/patient", bad_tokens, patient_request().encode()),
    ("/v5/patient", bad_bodies, patient_request().encode()),
    ("/v5/patient", bad_patients, patient_request().encode()),
    (NEVER, bad_tokens, REPORT_REQUEST),
    (NEVER, bad_bodies, REPORT_REQUEST),
]


@pytest.mark.parametrize(("path", "attacks", "body"), CASES)
def test_refused_natively(
    gateway: LiveGateway,
    caplog: pytest.LogCaptureFixture,
    path: str,
    attacks: Callable[[LiveGateway, bytes], Iterator[Attack]],
    body: bytes,
) -> None:
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        for number, (status, token, headers, spoilt) in enumerate(attacks(gateway, body)):
            response = post(gateway, path, spoilt, token, **headers)
            assert response.status_code == status, (number, response.text)
            root = etree.fromstring(response.content)
            assert root.tag.endswith("ReportResponse" if path == NEVER else "PatientResponse")
            told = texts(response.content)
            assert told["Message"][0]
            assert told["Details"][0]
            assert told["Source"] == ["GATEWAY"]
            assert not any(word in response.text for word in (*WORDS, "1971-02-30"))
            *_, event = gateway.gateway.audit.events()
            assert (event.protocol, event.count) == ("pmpgateway", 0)
    written = json.dumps(logs, default=str) + caplog.text
    assert not any(word in written for word in WORDS)


def test_no_such_route_and_no_such_method(gateway: LiveGateway) -> None:
    for path, status in (("/v4/patient", 404), ("/v5_1/dispensations", 404)):
        response = post(gateway, path, patient_request())
        assert response.status_code == status
        assert etree.fromstring(response.content).find("{*}Error/{*}Source").text == "GATEWAY"  # type: ignore[union-attr]
    response = requests.get(f"{gateway.url}/pmpgateway/v5/patient", timeout=30)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert etree.fromstring(response.content).tag == f"{{{Version.V5.namespace}}}PatientResponse"


def test_a_delegate_asks_for_somebody(gateway: LiveGateway) -> None:
    delegate = PROVIDER.replace("Physician", "Prescriber Delegate - Licensed").replace("Provider", "Delegate")
    allowed = post(gateway, "/v5_1/patient", patient_request(requester=PROVIDER + delegate + LOCATION))
    assert "ViewableReport" in texts(allowed.content)
    alone = PROVIDER.replace("Physician", "Prescriber Delegate - Licensed")
    refused = post(gateway, "/v5_1/patient", patient_request(requester=alone + LOCATION))
    assert refused.status_code == 200
    assert "ViewableReport" not in texts(refused.content)
    assert "name that practitioner" in texts(refused.content)["Message"][0]


def test_what_the_requester_of_a_partner_lacks_is_told_here(gateway: LiveGateway) -> None:
    bare = Requester(
        practitioner=Practitioner(role="Astrologer", npi="1023011178"),
        organisation=Organisation(name="X", address=Address(state="CT")),
    )
    with pytest.raises(MessageError, match="PMP Gateway requires"):
        gateway.partner("pmpgateway").ask(LookupRequest(person=HELD, requester=bare))


# --- digests ------------------------------------------------------------------------------------------------------


def digest_client(live: LiveGateway) -> str:
    password: str = register_client(
        live.gateway.settings,
        "digest-ehr",
        scopes=("pdmp/history",),
        organisation="Digest Hospital",
        role="Physician",
        digest_password=True,
    )
    return password


def digest_headers(password: str, *, nonce: str | None = None, at: int | None = None) -> dict[str, str]:
    nonce, timestamp = nonce or str(uuid.uuid4()), str(at or int(time.time()))
    made = hashlib.sha256(f"{password}:{nonce}:{timestamp}".encode()).hexdigest()
    return {
        "X_Auth_Username": "digest-ehr",
        "X_Auth_Nonce": nonce,
        "X_Auth_Timestamp": timestamp,
        "X_Auth_PasswordDigest": made,
    }


def test_both_steps_with_a_digest(gateway: LiveGateway) -> None:
    password = digest_client(gateway)
    first = post(gateway, "/v5_1/patient", patient_request(), None, **digest_headers(password))
    assert first.status_code == 200, first.text
    (url,) = texts(first.content)["ViewableReport"]
    second = post(gateway, url, report_request(), None, **digest_headers(password))
    (link,) = texts(second.content)["ReportLink"]
    assert "7001234" in requests.post(link, timeout=30).text
    assert post(gateway, url, report_request()).status_code == 404, "another client's"
    events = list(gateway.gateway.audit.events())
    assert "digest-ehr" in {event.client_id for event in events[-3:]}


def test_a_digest_that_was_used_or_does_not_hold(gateway: LiveGateway) -> None:
    password = digest_client(gateway)
    used = digest_headers(password)
    assert post(gateway, "/v5_1/patient", patient_request(), None, **used).status_code == 200
    upper = digest_headers(password)
    upper["X_Auth_PasswordDigest"] = upper["X_Auth_PasswordDigest"].upper()
    assert post(gateway, "/v5_1/patient", patient_request(), None, **upper).status_code == 200
    late = int(time.time()) - 3600
    for refused in (
        used,
        {**digest_headers(password), "X_Auth_Nonce": used["X_Auth_Nonce"]},
        digest_headers("another"),
        digest_headers(password, at=late),
        digest_headers(password, nonce="a:b"),
        {**digest_headers(password), "X_Auth_Username": "nobody"},
        {k: v for k, v in digest_headers(password).items() if k != "X_Auth_PasswordDigest"},
    ):
        for path, body in (("/v5_1/patient", patient_request()), (NEVER, report_request())):
            response = post(gateway, path, body, None, **refused)
            assert response.status_code == 401
            told = texts(response.content)
            assert told["Source"] == ["GATEWAY"]
            assert "X-Auth-PasswordDigest" in told["Details"][0]
            assert password not in response.text


def test_the_client_with_a_digest(gateway: LiveGateway) -> None:
    with requests.Session() as session:
        session.auth = DigestAuth("digest-ehr", digest_client(gateway))
        settings = PartnerSettings(
            url=f"{gateway.url}/pmpgateway", token=lambda: "", session=session, timeout=30
        )
        partner = gateway.gateway.registry["pmpgateway"].partner(settings)
        assert partner is not None
        asked = LookupRequest(person=HELD, requester=a_requester(), wants=frozenset({Wanted.LINK}))
        link = partner.ask(asked).link
    assert link is not None
    assert "7001234" in requests.post(link, timeout=30).text
