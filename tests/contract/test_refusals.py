"""What cannot be answered is refused natively: the right status, what to correct, nothing stored, nothing told.

The same attacks run against every adapter that has an outbound client: its own request to this gateway is caught and
then spoilt, one way at a time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import structlog
from lxml import etree

from adapters.fhir.xml_write import to_xml
from gateway.model import Address, LookupRequest, Person, PersonName, Sex
from gateway.registry import load_registry
from gateway.security.access_tokens import AccessTokens
from gateway.security.clients import ClientRegistry
from gateway.security.signing_keys import SigningKeys
from gateway.testing import LiveGateway
from tests.factory import a_requester

PATIENT = Person(
    names=(PersonName(family="Zzyzxworth", given=("Peregrine",)),),
    birth_date=date(1961, 7, 23),
    sex=Sex.MALE,
    addresses=(Address(lines=("88 Quuxley Terrace",), city="Norwich", state="CT", postal_code="06360"),),
    phones=("8605550177",),
)
PATIENT_WORDS = ("Zzyzxworth", "Peregrine", "1961-07-23", "19610723", "Quuxley", "8605550177", "1961-02-30")
FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]
IN_XML = "fhir in XML"
"""The FHIR adapter's client speaks JSON, its server reads XML as well: the same request, put into XML."""
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@dataclass(frozen=True)
class Sent:
    """A request of an adapter's own client, as it went over the wire."""

    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        return "json" in self.headers["Content-Type"]

    @property
    def is_fhir(self) -> bool:
        return "fhir" in self.headers["Content-Type"]

    def in_xml(self) -> Sent:
        """The same request in FHIR's XML, to be answered in it."""
        headers = {**self.headers, "Content-Type": "application/fhir+xml", "Accept": "application/fhir+xml"}
        return Sent(self.url, headers, to_xml(json.loads(self.body, parse_float=Decimal)))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("target")) as gateway:
        gateway.seed(patients=3)
        yield gateway


@pytest.fixture(params=[*FORMATS, ("fhir", IN_XML)], ids=[*(f for _, f in FORMATS), IN_XML])
def sent(request: pytest.FixtureRequest, target: LiveGateway) -> Sent:
    adapter, format = request.param
    if format == IN_XML:
        return _caught(target, adapter, "fhir").in_xml()
    return _caught(target, adapter, format)


def _caught(target: LiveGateway, adapter: str, format: str) -> Sent:
    target.partner(adapter, format).ask(LookupRequest(person=PATIENT, requester=a_requester()))
    prepared = target.responses[-1].request
    assert prepared.url is not None
    body = prepared.body if isinstance(prepared.body, bytes) else str(prepared.body).encode()
    headers = {k: v for k, v in prepared.headers.items() if k not in {"Content-Length", "Authorization"}}
    return Sent(prepared.url, headers, body)


# --- the attacks: each gives (status, url, headers, body) -------------------------------------------------------


def _authorised(target: LiveGateway, sent: Sent) -> dict[str, str]:
    return {**sent.headers, "Authorization": f"Bearer {target.token()}"}


def no_token(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 401, sent.url, sent.headers, sent.body


def garbage_token(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 401, sent.url, {**sent.headers, "Authorization": "Bearer not.a.token"}, sent.body


def expired_token(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    token = expired(target)
    return 401, sent.url, {**sent.headers, "Authorization": f"Bearer {token}"}, sent.body


def wrong_scope(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    token = target.token("system/MedicationDispense.c")
    return 403, sent.url, {**sent.headers, "Authorization": f"Bearer {token}"}, sent.body


def malformed(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 400, sent.url, _authorised(target, sent), sent.body[: len(sent.body) * 2 // 3]


def empty_body(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 400, sent.url, _authorised(target, sent), b""


def doctype(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    if sent.is_json:  # the FHIR adapter's client speaks JSON, its server reads XML as well
        headers = {**_authorised(target, sent), "Content-Type": "application/fhir+xml"}
        return 400, sent.url, headers, DOCTYPE + b"<x>&e;</x>"
    start = sent.body.index(b"?>") + 2 if sent.body.startswith(b"<?xml") else 0
    return 400, sent.url, _authorised(target, sent), DOCTYPE + sent.body[start:]


def fifty_megabytes(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 413, sent.url, _authorised(target, sent), sent.body + b" " * 50_000_000


def unknown_operation(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    if sent.is_fhir:
        return 404, sent.url.rsplit("/", 1)[0] + "/$make-it-up", _authorised(target, sent), sent.body
    renamed = sent.body
    for name in (b"RxHistoryRequest", b"PMPRequest"):
        renamed = renamed.replace(name, b"MakeItUpRequest")
    assert renamed != sent.body
    return 400, sent.url, _authorised(target, sent), renamed


def unknown_route(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 404, sent.url + "/nowhere/at/all", _authorised(target, sent), sent.body


def impossible_date(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    spoilt = sent.body.replace(b"1961-07-23", b"1961-02-30")
    assert spoilt != sent.body
    return 400, sent.url, _authorised(target, sent), spoilt


def wrong_content_type(target: LiveGateway, sent: Sent) -> tuple[int, str, dict[str, str], bytes]:
    return 415, sent.url, {**_authorised(target, sent), "Content-Type": "text/csv"}, sent.body


ATTACKS = (
    no_token, garbage_token, expired_token, wrong_scope, malformed, empty_body, doctype, fifty_megabytes,
    unknown_operation, unknown_route, impossible_date, wrong_content_type,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_refused_natively(
    target: LiveGateway, sent: Sent, attack: Any, caplog: pytest.LogCaptureFixture
) -> None:
    status, url, headers, body = attack(target, sent)
    before, audited = _stored(target), _audited(target)
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        response = requests.post(url, data=body, headers=headers, timeout=60)
    assert response.status_code == status, response.text
    texts = native_texts(sent, response)
    assert texts
    assert all(len(t) >= 15 for t in texts), texts
    told = json.dumps(logs, default=str) + caplog.text
    for word in PATIENT_WORDS:
        assert word not in response.text
        assert word not in told
    assert _stored(target) == before
    assert _audited(target) == audited + 1
    if status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    if status == 403:
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_get_is_refused_where_only_post_is_offered(target: LiveGateway, sent: Sent) -> None:
    response = requests.get(sent.url, headers=_authorised(target, sent), timeout=10)
    if sent.url.endswith("/soap/pmix"):  # GET is for ?wsdl and ?xsd there, and this is neither
        assert response.status_code == 404
    else:
        assert response.status_code == 405
        assert "POST" in response.headers["Allow"]
    native_texts(sent, response)


def native_texts(sent: Sent, response: requests.Response) -> list[str]:
    """The sentences of an error in the caller's format; an assertion fails when it is in no such format."""
    if sent.is_json:
        assert response.headers["Content-Type"].startswith("application/fhir+json")
        outcome = response.json()
        assert outcome["resourceType"] == "OperationOutcome"
        assert all(i["severity"] in {"error", "fatal"} for i in outcome["issue"])
        return [i["diagnostics"] for i in outcome["issue"]]
    assert "xml" in response.headers["Content-Type"]
    root = etree.fromstring(response.content)
    kind = etree.QName(root).localname
    if sent.is_fhir:
        assert response.headers["Content-Type"].startswith("application/fhir+xml")
        assert kind == "OperationOutcome"
        fhir = {"f": "http://hl7.org/fhir"}
        assert set(root.xpath("f:issue/f:severity/@value", namespaces=fhir)) <= {"error", "fatal"}
        return [str(told) for told in root.xpath("f:issue/f:diagnostics/@value", namespaces=fhir)]
    if kind == "Message":
        (description,) = root.xpath("//*[local-name()='Error']/*[local-name()='Description']/text()")
        (code,) = root.xpath("//*[local-name()='Error']/*[local-name()='Code']/text()")
        assert code in {"600", "601", "602", "900"}
        return [description]
    assert kind == "Envelope"
    fault = root.find(".//{http://schemas.xmlsoap.org/soap/envelope/}Fault")
    assert fault is not None
    assert fault.findtext("faultcode", "").split(":")[-1] in {
        "Client",
        "Server",
        "MustUnderstand",
        "VersionMismatch",
    }
    return [fault.findtext("faultstring", "")]


def expired(target: LiveGateway) -> str:
    """A token of this very server whose time is over."""
    settings = target.gateway.settings
    keys = SigningKeys(settings.data_path(settings.security.signing_keys_file))
    client = ClientRegistry(settings.data_path(settings.security.clients_file)).find("test-client")
    assert client is not None
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    tokens = AccessTokens(base_url=target.url, keys=keys, clock=lambda: an_hour_ago)
    return tokens.issue(client=client, grant_type="client_credentials", user=None, scope="pdmp/history")


def _stored(target: LiveGateway) -> tuple[int, int]:
    return target.gateway.store.people(), target.gateway.store.dispensations()


def _audited(target: LiveGateway) -> int:
    return sum(1 for _ in target.gateway.audit.events())
