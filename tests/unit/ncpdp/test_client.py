"""The client against a server that says what a partner might: everything that is not understood is an exception."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from lxml import etree

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.client import ScriptPartner
from gateway.errors import ErrorCode, Failure, GatewayError, MessageError, Unauthenticated, Unavailable
from gateway.model import (
    Answer,
    Licence,
    LookupRequest,
    Organisation,
    Outcome,
    PartyKind,
    Period,
    Person,
    PersonName,
    Practitioner,
    QuantityUnit,
    Requester,
    Schedule,
    Sex,
    Species,
)
from gateway.ports import PartnerSettings
from tests.factory import NOW, a_lookup, a_person, a_requester, an_answer
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    V10_6,
    V2017071,
    VERSIONS,
    inbound,
    schema,
    stripped,
    texts,
    written,
)

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Partner:
    """A server that answers every POST with `reply`, and remembers what it was sent."""

    url: str
    reply: Reply | Callable[[bytes], Reply] = (200, {}, b"")
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        self.reply = (
            status,
            {k.replace("_", "-"): v for k, v in headers.items()},
            body.encode() if isinstance(body, str) else body,
        )

    def ask(self, request: LookupRequest | None = None, version: str | None = V2017071) -> Answer:
        settings = PartnerSettings(url=self.url + "/ncpdp/", token=lambda: "t0ken", format=version, timeout=5)
        client = ScriptPartner(settings, clock=lambda: NOW)
        try:
            return client.ask(request or a_lookup())
        finally:
            client.close()


@pytest.fixture
def partner() -> Iterator[Partner]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, headers, answer = here.reply(body) if callable(here.reply) else here.reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                if value:
                    self.send_header(name, value)
            if not headers.get("Content-Length", "x"):
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    here = Partner(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


def message(body: str, version: str = V2017071) -> str:
    """A partner's message around a body."""
    sent = "<SentTime>2026-11-20T10:00:00-05:00</SentTime>"
    head = f"<Header><To>A</To><From>B</From><MessageID>P-1</MessageID>{sent}</Header>"
    if version == V10_6:
        return f'<Message xmlns="{NAMESPACE}" version="010" release="006">{head}<Body>{body}</Body></Message>'
    return f'<Message TransactionVersion="20170715">{head}<Body>{body}</Body></Message>'


def response(verdict: str, rest: str = "") -> str:
    patient = (
        "<Patient><HumanPatient><Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>"
        "<Gender>F</Gender><DateOfBirth><Date>1971-04-09</Date></DateOfBirth></HumanPatient></Patient>"
    )
    return message(f"<RxHistoryResponse><Response>{verdict}</Response>{patient}{rest}</RxHistoryResponse>")


FILL = """<MedicationDispensed><DrugDescription>Zolpidem 10 mg tablet</DrugDescription>
<Quantity><Value>30</Value><CodeListQualifier>38</CodeListQualifier>
<QuantityUnitOfMeasure><Code>C48542</Code></QuantityUnitOfMeasure></Quantity><DaysSupply>30</DaysSupply>
<LastFillDate><Date>2026-02-01</Date></LastFillDate>
<HistorySource><SourceReference>77</SourceReference><FillNumber>00</FillNumber></HistorySource></MedicationDispensed>"""


ROWAN = PersonName(family="Ash", given=("Rowan",))
PHARMACY = Organisation(name="Larkspur Pharmacy", ncpdp_id="1234563", npi="1234567893", dea="BC6486054")


# --- the request ----------------------------------------------------------------------------------------------


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
    assert (asked.requester.practitioner.role == "Physician") is (version == V2017071)


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


# --- answers --------------------------------------------------------------------------------------------------


def test_a_whole_answer(partner: Partner) -> None:
    state = "<PDMPStates><StateProvince>CT</StateProvince><ReasonCode>DJ</ReasonCode></PDMPStates>"
    rest = f"{FILL}<PDMPStatesResponded>{state}</PDMPStatesResponded>"
    partner.says(response("<Approved><Note>A note.</Note></Approved>", rest))
    answer = partner.ask(a_lookup(states=("CT",)))
    assert (answer.outcome, answer.report_id, answer.detail) == (Outcome.COMPLETE, "P-1", "A note.")
    assert answer.generated_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert [(s.state, s.outcome) for s in answer.states] == [("CT", Outcome.COMPLETE)]
    (d,) = answer.dispensations
    assert (d.drug.name, d.quantity, d.unit, d.days_supply, d.fill_number) == (
        "Zolpidem 10 mg tablet", Decimal(30), QuantityUnit.EACH, 30, 0,
    )  # fmt: skip
    assert d.person == answer.persons[0]
    assert d.person.name.family == "Quillfeather"


SAMPLES = {
    "approved": (Outcome.COMPLETE, 2),
    "approved_empty": (Outcome.NO_DATA, 0),
    "approved_more_AQ": (Outcome.PARTIAL, 2),
    "denied": (Outcome.AMBIGUOUS, 0),
}


def test_newest_first_whatever_the_partners_order(partner: Partner) -> None:
    older = FILL.replace("2026-02-01", "2025-02-01").replace(
        "MedicationDispensed>", "MedicationDispensedAdministered>"
    )
    partner.says(response("<Approved/>", older + FILL))
    assert [d.filled.year for d in partner.ask().dispensations] == [2026, 2025]


@pytest.mark.parametrize(
    "name",
    [
        *(f"{name}_{version}" for name in SAMPLES for version in ("10_6", "2017071")),
        "approved_administered_2017071",
    ],
)
def test_published_samples(partner: Partner, shared: Path, name: str) -> None:
    path = shared / f"standards/ncpdp/samples/rxhistoryresponse_{name}.xml"
    partner.says(path.read_bytes())
    answer = partner.ask()
    kind = name.removesuffix("_10_6").removesuffix("_2017071")
    outcome, count = SAMPLES.get(kind, (Outcome.COMPLETE, 1))
    assert (answer.outcome, len(answer.dispensations)) == (outcome, count)
    if count:
        d = answer.dispensations[0]
        assert (d.rx_number, d.fill_number, d.quantity, d.days_supply) == ("12456", 0, Decimal(10), 2)
        assert (d.drug.ndc11, d.drug.schedule) == ("00228298311", Schedule.CII)
        assert (d.prescriber.dea, d.dispenser.npi, d.source_state) == ("AD1111119", "1234567893", "CT")
        assert d.person.name == PersonName(family="Testpatient", given=("Bob",))


def test_status_and_error_samples(partner: Partner, shared: Path) -> None:
    samples = shared / "standards/ncpdp/samples"
    for suffix in ("10_6", "2017071"):
        partner.says((samples / f"status_{suffix}.xml").read_bytes())
        assert partner.ask().outcome is Outcome.DEFERRED
    for suffix, code in (("10_6", ErrorCode.CONSENT), ("2017071", ErrorCode.DATE_RANGE)):
        partner.says((samples / f"error_{suffix}.xml").read_bytes())
        with pytest.raises(MessageError) as caught:
            partner.ask()
        assert caught.value.code is code


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("<Approved/>", Outcome.NO_DATA),
        ("<Approved><Note>No answer from NY.</Note></Approved>", Outcome.PARTIAL),
        ("<Approved><Note>Not complete: something.</Note></Approved>", Outcome.PARTIAL),
        ("<Approved><ReasonCode>AQ</ReasonCode></Approved>", Outcome.PARTIAL),
        ("<Approved><ReasonCode>DK</ReasonCode></Approved>", Outcome.NO_DATA),
        ("<Denied><ReasonCode>AA</ReasonCode><DenialReason>Who?</DenialReason></Denied>", Outcome.AMBIGUOUS),
        ("<Denied><ReasonCode>AB</ReasonCode><ReasonCode>AA</ReasonCode></Denied>", Outcome.AMBIGUOUS),
        ("<Denied><ReasonCode>GV</ReasonCode></Denied>", Outcome.DISALLOWED),
        ("<Denied><DenialReason>No.</DenialReason></Denied>", Outcome.DISALLOWED),
        ("<Denied/>", Outcome.DISALLOWED),
    ],
)
def test_verdicts(partner: Partner, verdict: str, outcome: Outcome) -> None:
    partner.says(response(verdict))
    answer = partner.ask()
    assert answer.outcome is outcome
    assert answer.dispensations == ()


@pytest.mark.parametrize(
    ("states", "responded", "outcome", "silent"),
    [
        (("CT", "NY"), "CT:DJ NY:DJ", Outcome.NO_DATA, set()),
        (("CT", "NY"), "CT:DJ", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), "CT:DJ NY:DM", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), "CT:DJ NY:", Outcome.PARTIAL, {"NY"}),
        (("CT", "NY"), None, Outcome.PARTIAL, {"CT", "NY"}),
        (("CT",), None, Outcome.NO_DATA, set()),
        ((), None, Outcome.NO_DATA, set()),
        (("CT",), "", Outcome.PARTIAL, {"CT"}),
    ],
)
def test_a_state_that_is_silent_never_looks_like_no_records(
    partner: Partner, states: tuple[str, ...], responded: str | None, outcome: Outcome, silent: set[str]
) -> None:
    rest = ""
    if responded is not None:
        listed = "".join(
            f"<PDMPStates><StateProvince>{s}</StateProvince><ReasonCode>{c}</ReasonCode></PDMPStates>"
            for s, _, c in (one.partition(":") for one in responded.split())
        )
        rest = f"<PDMPStatesResponded>{listed}</PDMPStatesResponded>"
    partner.says(response("<Approved/>", rest))
    answer = partner.ask(a_lookup(states=states))
    assert answer.outcome is outcome
    assert {s.state for s in answer.states if s.outcome is Outcome.ERROR} == silent


def test_odd_records_are_read_and_said_to_be_odd(partner: Partner) -> None:
    source = "<Source><SourceDescription>Connecticut</SourceDescription></Source>"
    odd = FILL.replace("C48542", "Unspecified").replace("<SourceReference>77</SourceReference>", source)
    odd = odd.replace("<Value>30</Value>", "").replace("<FillNumber>00</FillNumber>", "")
    bare = odd.replace("<DaysSupply>30</DaysSupply>", "")
    nameless = bare.replace("<DrugDescription>Zolpidem 10 mg tablet</DrugDescription>", "")
    fraction = odd.replace("<DaysSupply>30", "<DaysSupply>2.5")
    partner.says(response("<Approved/>", bare + nameless + fraction))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    one, two, three = answer.dispensations
    assert (one.unit, one.days_supply, one.quantity, one.rx_number, one.source_state, one.fill_number) == (
        QuantityUnit.EACH, 0, Decimal(0), "", None, 0,
    )  # fmt: skip
    assert two.drug.name is None
    assert three.days_supply == 2
    assert answer.detail is not None
    for remark in (
        "No prescription number in 3", "No fill number (shown as 0) in 3", "No quantity (shown as 0) in 3",
        "A quantity unit that is not known (shown as each) in 3", "No days supply (shown as 0) in 2",
        "A days supply with a fraction (left out) in 1",
    ):  # fmt: skip
        assert remark in answer.detail


def test_oddities_of_real_answers(partner: Partner) -> None:
    rest = (
        "<BenefitsCoordination><Consent>N</Consent></BenefitsCoordination>"
        + FILL.replace("<HistorySource>", "<Vendor/><HistorySource>").replace("2026-02-01", "20260201")
        + "<RequestedDates><StartDate><Date>soon</Date></StartDate></RequestedDates>"
    )
    spoken = response("<Approved/>", rest).replace("2026-11-20T10:00:00-05:00", "yesterday")
    partner.says(spoken.replace('"20170715"', '"2017-07-15"'))
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    assert answer.dispensations[0].filled == date(2026, 2, 1)
    assert answer.generated_at == NOW
    assert answer.period == a_lookup().period


def test_a_prescribers_suffix_and_a_veterinarian_are_read(partner: Partner) -> None:
    prescriber = (
        "<Prescriber><Veterinarian><Identification><StateLicenseNumber>VET.77</StateLicenseNumber>"
        "<DEANumber>AD1111119-A12</DEANumber></Identification><Specialty/></Veterinarian></Prescriber>"
    )
    partner.says(response("<Approved/>", FILL.replace("<HistorySource>", f"{prescriber}<HistorySource>")))
    (d,) = partner.ask().dispensations
    assert (d.prescriber.dea, d.prescriber.dea_suffix, d.prescriber.kind) == (
        "AD1111119",
        "A12",
        PartyKind.VETERINARY,
    )


# --- no data, errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_not_found_as_one_state_says_it_is_no_data(partner: Partner, version: str) -> None:
    error = (
        "<Error><Code>900</Code><DescriptionCode>1000</DescriptionCode><Description>{}</Description></Error>"
    )
    for words in ("NotFound", "Not Found", " notfound "):
        partner.says(message(error.format(words), version))
        assert partner.ask(version=version).outcome is Outcome.NO_DATA
    for code, description_code, words in (
        ("900", "1000", "Timeout"), ("900", "1001", "NotFound"), ("601", "1000", "NotFound"), ("900", "", "NotFound"),
    ):  # fmt: skip
        body = error.replace("900", code).replace("1000", description_code).format(words)
        partner.says(message(body, version))
        with pytest.raises(GatewayError):
            partner.ask(version=version)


@pytest.mark.parametrize(
    ("code", "description_code", "status", "expected"),
    [
        ("600", "", 200, Outcome.ERROR),
        ("602", "007", 200, Outcome.ERROR),
        ("900", "210", 200, Unavailable),
        ("900", "008", 200, Unavailable),
        ("900", "219", 200, MessageError),
        ("900", "080", 400, MessageError),
        ("900", "999", 200, Failure),
        ("900", "", 200, Failure),
        ("601", "", 200, Failure),
        ("", "", 200, Failure),
        ("Quillfeather", "Marigold", 200, Failure),
        ("600", "210", 503, Unavailable),
        ("602", "007", 500, Failure),
        ("900", "003", 401, Failure),
        ("900", "", 403, Failure),
    ],
)
def test_errors(
    partner: Partner, code: str, description_code: str, status: int, expected: Outcome | type[GatewayError]
) -> None:
    words = "About Quillfeather, Marigold"
    partner.says(
        message(
            f"<Error><Code>{code}</Code><DescriptionCode>{description_code}</DescriptionCode>"
            f"<Description>{words}</Description></Error>"
        ),
        status,
    )
    if isinstance(expected, Outcome):
        assert partner.ask().outcome is expected
        return
    with pytest.raises(expected) as caught:
        partner.ask()
    assert not isinstance(caught.value, Unauthenticated)  # it is this gateway that the partner does not admit
    assert "Quillfeather" not in str(caught.value)
    assert "Marigold" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "", "no XML", "<html><body>Welcome</body></html>", "<Message/>", message(""), message("<RxHistoryResponse/>"),
        response(""), response("<Maybe/>"), message("<RxFill><FillStatus/></RxFill>"), message("<Status/>"),
        message("<Status><Code>999</Code></Status>"), message("<RxHistoryRequest><Patient/></RxHistoryRequest>"),
        "<!DOCTYPE Message []>" + response("<Approved/>"), response("<Approved/>")[:-30],
        response("<Approved/>").replace("20170715", "20230111"),
        response("<Approved/>", "<MedicationPrescribed><DrugDescription>x</DrugDescription></MedicationPrescribed>"),
        response("<Approved/>", "<MedicationOfNextYear/>"),
        response("<Approved/>", FILL.replace("2026-02-01", "2026-02-30")),
        response("<Approved/>", FILL.replace("<LastFillDate><Date>2026-02-01</Date></LastFillDate>", "")),
        response("<Approved/>", FILL.replace("<Value>30", "<Value>many")),
        response("<Approved/>", FILL.replace("<Value>30", "<Value>-3")),
        response("<Approved/>", FILL.replace("<DaysSupply>30", "<DaysSupply>a month")),
        response("<Approved/>", "<MedicationDispensed/>"),
        response("<Approved/>").replace("1971-04-09", "1971-02-30"),
        response("<Approved/>", FILL.replace("<FillNumber>00", "<FillNumber>first")),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_never_no_data(partner: Partner, body: str) -> None:
    partner.says(body)
    with pytest.raises(GatewayError) as caught:
        partner.ask()
    assert isinstance(caught.value, Failure)
    assert "Quillfeather" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, Failure), (400, Failure), (404, Failure), (429, Unavailable), (500, Failure), (502, Failure),
        (503, Unavailable), (504, Unavailable),
    ],
)  # fmt: skip
def test_http_statuses_without_a_message(partner: Partner, status: int, expected: type[GatewayError]) -> None:
    partner.says("Sorry", status, Location="/elsewhere")
    with pytest.raises(expected):
        partner.ask()
    partner.says(response("<Approved/>"), status, Location="/elsewhere")
    with pytest.raises(GatewayError):
        partner.ask()
    assert {path for path, _, _ in partner.received} == {"/ncpdp/script"}


def test_an_answer_without_a_length_is_read_up_to_the_limit(partner: Partner) -> None:
    partner.says(response("<Approved/>"), Content_Length="")
    assert partner.ask().outcome is Outcome.NO_DATA
    partner.says(response("<Approved/>") + " " * 10_100_000, Content_Length="")
    with pytest.raises(Failure, match="larger"):
        partner.ask()
    partner.says(response("<Approved/>") + " " * 10_100_000)
    with pytest.raises(Failure, match="larger"):
        partner.ask()


def test_a_compressed_answer_is_not_unpacked(partner: Partner) -> None:
    partner.says(b"\x1f\x8b", Content_Encoding="gzip")
    with pytest.raises(Failure, match="compressed"):
        partner.ask()


def test_a_partner_that_is_not_there() -> None:
    settings = PartnerSettings(url="http://127.0.0.1:1/ncpdp", token=str, timeout=2)
    with pytest.raises(Unavailable) as caught:
        ScriptPartner(settings).ask(a_lookup())
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_answer_that_breaks_off(partner: Partner) -> None:
    partner.says(response("<Approved/>"), Content_Length="100000", Connection="close")
    with pytest.raises(Unavailable):
        partner.ask()


def test_own_answers_of_every_outcome(partner: Partner) -> None:
    for version in VERSIONS:
        for outcome in Outcome:
            partner.says(written(an_answer(outcome=outcome), version).body)
            assert partner.ask(version=version).outcome is outcome
