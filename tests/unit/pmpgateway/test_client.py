"""Another gateway of the kind: how it is asked, and that nothing it says is taken for "no records"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import requests
from flask import Flask, Response, request
from lxml import etree

from adapters._wire import parse
from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.answer import read_patient_response
from adapters.pmpgateway.client import DigestAuth, PmpGatewayPartner
from adapters.pmpgateway.names import REPORT, Version
from gateway.errors import Failure, GatewayError, MessageError, Unavailable
from gateway.model import (
    Address,
    Answer,
    LookupRequest,
    Organisation,
    Outcome,
    Period,
    Practitioner,
    ReportQuery,
    Requester,
    Wanted,
)
from gateway.ports import PartnerSettings
from tests.factory import NOW, a_lookup, a_person
from tests.unit.mutations import mutated
from tests.unit.pmpgateway.helpers import ANSWERS, LINK, READ_BACK, REPORTS, SAMPLES, inbound
from tests.unit.soap.helpers import served

NS = Version.V5_1.namespace
ASKED = a_lookup(wants=frozenset({Wanted.DATA}))
LINKED = replace(ASKED, wants=frozenset({Wanted.LINK}))


@dataclass
class Other:
    """A server that says what it is told to, by the last part of the path, and remembers what it was sent."""

    url: str = ""
    replies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def ask(self, asked: LookupRequest = ASKED, version: str | None = None, **over: object) -> Answer:
        settings = PartnerSettings(
            **{"url": f"{self.url}/", "token": lambda: "t0ken", "format": version, "timeout": 5, **over}  # type: ignore[arg-type]
        )
        client = PmpGatewayPartner(settings, clock=lambda: NOW)
        try:
            return client.ask(asked)
        finally:
            client.close()

    def says(self, inner: str, status: int = 200) -> None:
        self.replies["patient"] = (
            status,
            f'<PatientResponse xmlns="{NS}">{inner}</PatientResponse>'.encode(),
        )


@pytest.fixture
def other() -> Iterator[Other]:
    app, there = Flask("other"), Other()

    @app.post("/<version>/<path:rest>")
    def view(version: str, rest: str) -> Response:
        there.received.append((request.path, dict(request.headers), request.get_data()))
        status, body = there.replies[rest.partition("/")[0]]
        return Response(body, status, content_type="application/xml")

    with served(app) as url:
        there.url = url
        yield there


def sent(other: Other, position: int = 0) -> LookupRequest | ReportQuery:
    path, _, body = other.received[position]
    asked = ADAPTER.read(inbound(body, operation=REPORT if "/report/" in path else "patient"))
    assert isinstance(asked, LookupRequest | ReportQuery)
    return asked


# --- what is sent -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", list(Version))
def test_what_is_asked_is_what_our_own_reader_reads(other: Other, version: Version) -> None:
    other.says("<Report/>")
    asked = replace(ASKED, states=("CT", "NY"), message_id="ID-1", person=a_person(key=None, appearance=None))
    other.ask(asked, version)
    read = sent(other)
    assert isinstance(read, LookupRequest)
    assert asked.person is not None
    home = replace(asked.person.addresses[0], country=None)
    assert read.person == replace(asked.person, addresses=(home,))
    assert (read.period, read.states, read.message_id) == (asked.period, asked.states, "ID-1")
    assert read.requester.practitioner == asked.requester.practitioner
    assert read.requester.state == "CT"
    path, headers, body = other.received[0]
    assert path == f"/{version}/patient"
    assert headers["Authorization"] == "Bearer t0ken"
    assert etree.fromstring(body).tag == f"{{{version.namespace}}}PatientRequest"


def test_the_order_is_that_of_the_public_template(other: Other, shared: object) -> None:
    other.says("<Report/>")
    other.ask(replace(ASKED, states=("CT",), message_id="1", period=Period(start=NOW.date(), end=NOW.date())))
    template = parse((shared / "standards/pmpgateway/PatientRequest_v5_1_full.xml").read_bytes())  # type: ignore[operator]
    written = etree.fromstring(other.received[0][2])
    for path in (".", "{*}Requester", "{*}Requester/{*}Location", "{*}PrescriptionRequest/{*}Patient"):
        there = [e.tag for e in template.findall(f"{path}/*")]
        here = [e.tag for e in written.findall(f"{path}/*")]
        assert [tag for tag in here if tag in there] == [tag for tag in there if tag in here]


def test_a_digest_in_place_of_the_token(other: Other) -> None:
    other.says("<Report/>")
    with requests.Session() as session:
        session.auth = DigestAuth("us", "p:w", clock=lambda: 1795700000.9)
        for _ in range(2):
            other.ask(session=session)
    headers = [headers for _, headers, _ in other.received]
    assert all("Authorization" not in h for h in headers)
    assert headers[0]["X-Auth-Nonce"] != headers[1]["X-Auth-Nonce"]
    for h in headers:
        assert (h["X-Auth-Username"], h["X-Auth-Timestamp"]) == ("us", "1795700000")
        made = hashlib.sha256(f"p:w:{h['X-Auth-Nonce']}:1795700000".encode()).hexdigest()
        assert h["X-Auth-Passworddigest"] == made


@pytest.mark.parametrize(
    "lacks",
    [
        {"person": None},
        {"person": a_person(birth_date=None)},
        {"person": a_person(addresses=(), phones=())},
        {"requester": Requester()},
        {"requester": replace(ASKED.requester, organisation=None)},
        {"requester": replace(ASKED.requester, practitioner=Practitioner(role="Physician"))},
        {
            "requester": Requester(
                practitioner=replace(ASKED.requester.practitioner, role="Seer"),  # type: ignore[type-var]
                organisation=Organisation(address=Address(state="CT")),
            )
        },
    ],
)
def test_what_is_required_is_asked_for_here(other: Other, lacks: dict[str, object]) -> None:
    with pytest.raises(MessageError, match="PMP Gateway requires") as caught:
        other.ask(replace(ASKED, **lacks))  # type: ignore[arg-type]
    assert caught.value.path
    assert not other.received


# --- what is answered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("version", list(Version))
def test_our_own_answers_read_back(other: Other, name: str, version: Version) -> None:
    other.replies["patient"] = (200, (SAMPLES / version / f"{name}.answer.xml").read_bytes())
    answer = other.ask(version=version)
    assert answer.outcome is READ_BACK[name]
    assert answer.dispensations == ()
    assert answer.disclaimers == ("Data may be inaccurate or incomplete.",)
    held = {s.state: s.outcome for s in ANSWERS[name].states}
    for state in answer.states:
        behind = held[state.state] in {Outcome.COMPLETE, Outcome.NO_DATA}
        assert state.outcome is (Outcome.DEFERRED if behind else held[state.state])
    assert Outcome.NO_DATA not in {answer.outcome, *(s.outcome for s in answer.states)}


def test_a_link_where_one_is_wanted(other: Other) -> None:
    other.says(f"<Report><ReportRequestURLs><ViewableReport A='1'>{other.url}/v5_1/report/7</ViewableReport>"
               "</ReportRequestURLs></Report>")  # fmt: skip
    other.replies["report"] = (200, ADAPTER.write(REPORTS["report"], inbound(operation=REPORT)).body)
    assert other.ask(LINKED).link == LINK
    assert isinstance(sent(other, 1), ReportQuery)
    assert b"<ReportLink" in other.received[1][2]
    other.received.clear()
    assert other.ask(ASKED).link is None
    assert len(other.received) == 1


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/v5_1/report/7", "http://[::1/report", "//x/report", "/v5_1/report/7"]
)
def test_credentials_go_to_no_other_origin(other: Other, url: str) -> None:
    other.says(
        f"<Report><ReportRequestURLs><ViewableReport>{url}</ViewableReport></ReportRequestURLs></Report>"
    )
    with pytest.raises(Failure, match="origin"):
        other.ask(LINKED)
    assert len(other.received) == 1


@pytest.mark.parametrize(
    "link", ["", "<ReportLink>javascript:alert(1)</ReportLink>", "<Error><Message/></Error>"]
)
def test_no_link_is_a_failure(other: Other, link: str) -> None:
    other.says(f"<Report><ReportRequestURLs><ViewableReport>{other.url}/v5_1/report/7</ViewableReport>"
               "</ReportRequestURLs></Report>")  # fmt: skip
    other.replies["report"] = (200, f"<ReportResponse>{link}</ReportResponse>".encode())
    with pytest.raises(Failure):
        other.ask(LINKED)


def test_the_recorded_shape_of_the_commercial_gateway(other: Other) -> None:
    """Two states in the report, one that failed: order and elements as in the one answer that is public."""
    other.says("""<RequestId>689448</RequestId><LicenseeRequestId>x</LicenseeRequestId>
        <Report><ResponseDestinations><Pmp>OH</Pmp><Pmp>KS</Pmp></ResponseDestinations>
          <NarxScores><Score><ScoreType>Narcotics</ScoreType><ScoreValue>170</ScoreValue></Score></NarxScores>
          <Message>We could not reach your state.</Message><ReportExpiration>2018-07-26T18:28:35Z</ReportExpiration>
          <ReportRequestURLs><ViewableReport Content-Type="text/html">https://x.example/report/1</ViewableReport>
          </ReportRequestURLs></Report>
        <Response><ResponseDestinations><Pmp>MI</Pmp></ResponseDestinations>
          <Error><Message>response code : 503</Message><Details><![CDATA[See elsewhere]]></Details>
          <Source>PMP</Source></Error></Response><Disclaimer>Verify.</Disclaimer>""")
    answer = other.ask()
    assert answer.outcome is Outcome.PARTIAL
    assert [(s.state, s.outcome) for s in answer.states] == [
        ("OH", Outcome.DEFERRED), ("KS", Outcome.DEFERRED), ("MI", Outcome.ERROR)
    ]  # fmt: skip
    assert (answer.report_id, answer.disclaimers) == ("689448", ("Verify.",))
    assert "170" not in repr(answer), "a score whose formula nobody sees"


def test_the_inferred_shape(other: Other, shared: object) -> None:
    path = shared / "standards/pmpgateway/PatientResponse_v5_1_report_shape.xml"  # type: ignore[operator]
    other.replies["patient"] = (200, path.read_bytes())
    answer = other.ask()
    assert [(s.state, s.outcome) for s in answer.states] == [
        ("CT", Outcome.DEFERRED), ("NY", Outcome.DISALLOWED)
    ]  # fmt: skip
    assert answer.disclaimers == ("Example disclaimer",)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<Error><Message>Smith, 1971</Message></Error>", Failure),
        (200, "", Failure),
        (200, "<Response><Pmp>CT</Pmp></Response>", Failure),
        (400, "<Error><Message>Smith, 1971</Message></Error>", MessageError),
        (400, "", Failure),
        (401, "<Error/>", Failure),
        (403, "<Error/>", Failure),
        (404, "<Error/>", Failure),
        (302, "<Report/>", Failure),
        (500, "<Error/>", Failure),
        (429, "", Unavailable),
        (503, "<Error/>", Unavailable),
    ],
)
def test_what_is_no_answer_raises(other: Other, status: int, body: str, kind: type[GatewayError]) -> None:
    other.says(body, status)
    with pytest.raises(kind) as caught:
        other.ask()
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"<!DOCTYPE x><x/>", b"<ReportResponse/>"])
def test_what_is_no_message_of_this_kind_raises(other: Other, body: bytes) -> None:
    other.replies["patient"] = (200, body)
    with pytest.raises(Failure):
        other.ask()


def test_a_partner_that_is_not_there() -> None:
    with pytest.raises(Unavailable):
        Other(url="http://127.0.0.1:9").ask()


def test_a_format_that_is_none() -> None:
    with pytest.raises(ValueError, match="v6"):
        Other(url="http://127.0.0.1:9").ask(version="v6")


NONSENSE = ["", "CT", "no-data: x", "deferred: x", "javascript:x", "9" * 5000, "<&>", "complete: x"]


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_that_is_spoilt_is_no_records(name: str) -> None:
    root = etree.parse(SAMPLES / "v5_1" / f"{name}.answer.xml").getroot()
    read = 0
    for seed in range(300):
        changed = parse(etree.tostring(mutated(root, seed, NONSENSE)))
        answer = attempted(changed)
        if answer is not None:
            read += 1
            assert answer.outcome not in {Outcome.NO_DATA, Outcome.COMPLETE}
            assert not {s.outcome for s in answer.states} & {Outcome.NO_DATA, Outcome.COMPLETE}
    assert read > 40


def attempted(root: etree._Element) -> Answer | None:
    """The answer; None where it is refused as a partner's failure."""
    try:
        return read_patient_response(root, ASKED, received_at=NOW)[0]
    except Failure:
        return None
