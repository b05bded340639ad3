"""The outbound client against a served stub, and against partners that misbehave."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
import requests
from flask import Flask, Response

from adapters.soap import ADAPTER
from gateway import errors
from gateway.errors import ErrorCode, Failure, GatewayError
from gateway.model import (
    Answer,
    Identifier,
    IdentifierKind,
    LookupRequest,
    Period,
    Person,
    PersonName,
    Requester,
    Species,
)
from gateway.ports import Partner, PartnerSettings
from tests.factory import a_lookup, a_person
from tests.unit.soap.helpers import Randomly, StubHandle, an_app, inbound, served
from tests.unit.soap.outcomes import ANSWERS, READ_BACK
from tests.unit.soap.test_report import assert_same_record


def partner(url: str, session: requests.Session | None = None) -> Partner:
    made = ADAPTER.partner(
        PartnerSettings(url=f"{url}/soap", token=lambda: "a.token", timeout=5, session=session)
    )
    assert made is not None
    return made


class Stub:
    """A served adapter with an answer that the test sets."""

    def __init__(self) -> None:
        self.answer: Callable[[LookupRequest], Answer] = lambda _: ANSWERS["complete"]
        self.handle = StubHandle(self._answered)
        self.url = ""
        self.partner: Partner

    def _answered(self, request: LookupRequest) -> Answer:
        return self.answer(request)


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    with served(an_app(made.handle)) as url:
        made.url = url
        made.partner = partner(url)
        yield made
        made.partner.close()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_outcome_is_read_from_the_wire(stub: Stub, name: str) -> None:
    stub.answer = lambda _: ANSWERS[name]
    told = stub.partner.ask(a_lookup())
    assert told.outcome is READ_BACK[name]
    assert_same_record(told, ANSWERS[name])
    assert stub.handle.tokens == ["Bearer a.token"]


def test_random_answers_are_read_from_the_wire(stub: Stub) -> None:
    for seed in range(100, 115):
        held = Randomly(seed).answer()
        stub.answer = lambda _, held=held: held
        assert_same_record(stub.partner.ask(a_lookup()), held)


def test_the_request_arrives_as_it_was_meant(stub: Stub) -> None:
    person = a_person(
        key=None,
        appearance=None,
        names=(
            PersonName(family="Quillfeather", given=("Marigold", "Ann"), prefix="Ms", suffix="II"),
            PersonName(family="Finch", given=("Marigold",)),
        ),
        phones=("8605550142", "8605550143"),
        identifiers=(
            Identifier(kind=IdentifierKind.SSN, value="987654329"),
            Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="D123", issuer="CT"),
        ),
    )
    asked = a_lookup(person=person, states=("CT", "MA"), message_id="REQ <&> 1")
    stub.partner.ask(asked)
    (arrived,) = stub.handle.asked
    # PMIX has no place for a country.
    there = replace(person, addresses=tuple(replace(a, country=None) for a in person.addresses))
    assert arrived == replace(asked, person=there)


def test_as_little_as_a_request_needs_arrives(stub: Stub) -> None:
    person = Person(names=(PersonName(family="Li", given=("Ān",)),), birth_date=date(2000, 2, 29))
    asked = LookupRequest(person=person, requester=Requester())
    stub.partner.ask(asked)
    stub.partner.ask(replace(asked, period=Period(end=date(2024, 1, 1))))
    assert stub.handle.asked == [asked, replace(asked, period=Period(end=date(2024, 1, 1)))]


def test_an_animal_and_a_record_number_arrive(stub: Stub) -> None:
    owner = Person(
        names=(PersonName(family="Quillfeather", given=("Marigold",)),), birth_date=date(1971, 4, 9)
    )
    animal = Person(
        names=(PersonName(family="Quillfeather", given=("Rex",)),),
        species=Species.VETERINARY,
        owner=owner,
        identifiers=(Identifier(kind=IdentifierKind.MEDICAL_RECORD_NUMBER, value="10035406"),),
    )
    asked = LookupRequest(person=animal, requester=Requester())
    stub.partner.ask(asked)
    assert stub.handle.asked == [asked]


def test_a_given_session_is_used_and_left_open(stub: Stub) -> None:
    session = requests.Session()
    before = dict(session.headers), list(session.adapters)
    seen: list[requests.Response] = []
    session.hooks["response"].append(lambda response, *_, **__: seen.append(response))
    with_session = partner(stub.url, session)
    with_session.ask(a_lookup())
    with_session.close()
    assert b"PMPPrescriptionReport" in seen[0].content
    assert (dict(session.headers), list(session.adapters)) == before


def test_nothing_of_the_message_is_logged(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("zeep", "zeep.transports", "urllib3", "requests"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        stub.partner.ask(a_lookup())
    for secret in ("Quillfeather", "Marigold", "1971-04-09", "a.token", "7001234"):
        assert secret not in caplog.text


def test_a_person_is_needed(stub: Stub) -> None:
    with pytest.raises(errors.MessageError):
        stub.partner.ask(a_lookup(person=None, person_key="K"))


# --- errors ---------------------------------------------------------------------------------------------------

RAISED = [
    errors.MessageError("Wrong.", path="PMPRequest", code=ErrorCode.REQUIRED),
    errors.MessageError("Wrong.", code=ErrorCode.UNSUPPORTED_VERSION),
    errors.UnsupportedFormat("Wrong."),
    errors.TooLarge("Wrong."),
    errors.Unauthenticated("Wrong."),
    errors.Forbidden("Wrong."),
    errors.Conflict("Wrong."),
    errors.Unavailable("Wrong.", retry_after=17),
    errors.Failure("Wrong."),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda e: f"{type(e).__name__}-{e.code}")
def test_a_fault_of_ours_comes_back_as_the_same_error(stub: Stub, error: GatewayError) -> None:
    def refuse(_: LookupRequest) -> Answer:
        raise error

    stub.answer = refuse
    with pytest.raises(type(error)) as caught:
        stub.partner.ask(a_lookup())
    assert caught.value.code is error.code
    assert "Wrong." not in str(caught.value)


def reply(status: int, body: str | bytes, content_type: str = "text/xml", **headers: str) -> Flask:
    app = Flask("partner")
    app.add_url_rule(
        "/soap/pmix",
        view_func=lambda: Response(body, status, headers, content_type=content_type),
        methods=["POST"],
    )
    return app


def soap_body(content: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Body>{content}</s:Body></s:Envelope>"
    )


FAULT = (
    "<s:Fault><faultcode>s:{}</faultcode><faultstring>Marigold Quillfeather unknown</faultstring></s:Fault>"
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, "", Failure, ErrorCode.INTERNAL),
        (200, "<html>Welcome</html>", Failure, ErrorCode.INTERNAL),
        (200, soap_body(""), Failure, ErrorCode.INTERNAL),
        (200, soap_body("<Other/>"), Failure, ErrorCode.INTERNAL),
        (200, '<!DOCTYPE x><s:Envelope xmlns:s="urn:s"/>', Failure, ErrorCode.INTERNAL),
        (200, soap_body(FAULT.format("Client")), errors.MessageError, ErrorCode.INVALID),
        (500, soap_body(FAULT.format("Client.Bad")), errors.MessageError, ErrorCode.INVALID),
        (500, soap_body(FAULT.format("MustUnderstand")), errors.MessageError, ErrorCode.INVALID),
        (500, soap_body(FAULT.format("VersionMismatch")), errors.MessageError, ErrorCode.UNSUPPORTED_VERSION),
        (500, soap_body(FAULT.format("Server")), Failure, ErrorCode.INTERNAL),
        (401, soap_body(FAULT.format("Client")), errors.Unauthenticated, ErrorCode.UNAUTHENTICATED),
        (401, "", errors.Unauthenticated, ErrorCode.UNAUTHENTICATED),
        (403, "no", errors.Forbidden, ErrorCode.FORBIDDEN),
        (404, "no", Failure, ErrorCode.INTERNAL),
        (204, "", Failure, ErrorCode.INTERNAL),
        (502, "no", errors.Unavailable, ErrorCode.UNAVAILABLE),
        (503, soap_body(FAULT.format("Server")), errors.Unavailable, ErrorCode.UNAVAILABLE),
        (500, soap_body("<Other/>"), Failure, ErrorCode.INTERNAL),
    ],
)
def test_whatever_else_a_partner_says_is_an_error(
    status: int, body: str, kind: type[GatewayError], code: ErrorCode
) -> None:
    with served(reply(status, body)) as url, pytest.raises(kind) as caught:
        partner(url).ask(a_lookup())
    assert caught.value.code is code
    assert "Quillfeather" not in str(caught.value)


def test_a_report_with_an_error_status_is_no_answer() -> None:
    body = ADAPTER.write(ANSWERS["no-data"], inbound(soap_body("<x/>"))).body
    with served(reply(500, body)) as url, pytest.raises(Failure):
        partner(url).ask(a_lookup())


def test_a_bare_report_is_no_answer_to_an_envelope() -> None:
    body = ADAPTER.write(ANSWERS["no-data"], inbound("<x/>")).body
    with served(reply(200, body)) as url, pytest.raises(Failure):
        partner(url).ask(a_lookup())


def test_a_redirect_is_not_followed() -> None:
    tokens: list[str | None] = []
    app = reply(307, "", Location="/elsewhere")

    def elsewhere() -> str:
        tokens.append("seen")
        return ""

    app.add_url_rule("/elsewhere", view_func=elsewhere, methods=["POST", "GET"])
    with served(app) as url, pytest.raises(Failure):
        partner(url).ask(a_lookup())
    assert not tokens


def test_the_partners_pause_is_kept() -> None:
    with served(reply(503, "", **{"Retry-After": "17"})) as url, pytest.raises(errors.Unavailable) as caught:
        partner(url).ask(a_lookup())
    assert caught.value.retry_after == 17


def test_an_answer_is_not_read_beyond_the_limit() -> None:
    app = Flask("partner")
    app.add_url_rule(
        "/soap/pmix",
        view_func=lambda: Response((b" " * 100_000 for _ in range(200)), content_type="text/xml"),
        methods=["POST"],
    )
    with served(app) as url, pytest.raises(Failure, match="larger"):
        partner(url).ask(a_lookup())


def test_a_compressed_answer_is_not_unpacked() -> None:
    body = ADAPTER.write(ANSWERS["no-data"], inbound(soap_body("<x/>"))).body
    app = reply(200, gzip.compress(body), **{"Content-Encoding": "gzip"})
    with served(app) as url, pytest.raises(Failure, match="compressed"):
        partner(url).ask(a_lookup())


def test_nobody_there_is_unavailable() -> None:
    with served(reply(200, "")) as url:
        pass
    with pytest.raises(errors.Unavailable):
        partner(url).ask(a_lookup())


def test_a_token_that_cannot_be_had_stops_the_request() -> None:
    def no_token() -> str:
        raise errors.Unavailable("No token.")

    made = ADAPTER.partner(PartnerSettings(url="http://127.0.0.1:9/soap", token=no_token))
    assert made is not None
    with pytest.raises(errors.Unavailable, match="No token"):
        made.ask(a_lookup())
