"""What the PMP Gateway's routes refuse, and in which words; password digests over HTTP."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import requests
import structlog
from lxml import etree

from adapters.pmpgateway.client import DigestAuth
from adapters.pmpgateway.names import Version
from gateway.bootstrap import register_client
from gateway.errors import MessageError
from gateway.model import (
    Address,
    LookupRequest,
    Organisation,
    Practitioner,
    Requester,
    Wanted,
)
from gateway.ports import PartnerSettings
from gateway.testing import LiveGateway
from tests.contract.pmpgateway_calls import (
    HELD,
    WORDS,
    post,
    with_two_fills,
)
from tests.contract.test_refusals import DOCTYPE, expired
from tests.factory import a_requester
from tests.unit.pmpgateway.helpers import (
    LOCATION,
    PATIENT_XML,
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
        assert etree.fromstring(response.content).findtext("{*}Error/{*}Source") == "GATEWAY"
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
