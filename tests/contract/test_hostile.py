"""Hostile and sloppy callers: whatever is sent is answered natively, tells nothing and changes nothing it may not.

The requests are those of the adapters' own clients, spoilt in one place at a time, so that a further adapter is
attacked as it registers.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import requests
import structlog
from lxml import etree

from adapters.fhir.uris import EXT_PERIOD
from gateway.model import Address, LookupRequest, Outcome, Period, Person, PersonName, Sex
from gateway.testing import LiveGateway
from tests.contract.test_refusals import FORMATS, PATIENT, PATIENT_WORDS, Sent, native_texts
from tests.factory import a_dispensation, a_requester
from tests.unit.fhir.cases import reported

FAMILY, GIVEN, BORN = "Zzyzxworth", "Peregrine", "1961-07-23"
ALWAYS = Period()
OTHER = Person(
    names=(PersonName(family="Umberfold", given=("Clementine",)),),
    birth_date=date(1950, 2, 3),
    sex=Sex.FEMALE,
    addresses=(Address(lines=("1 Elm St",), city="Avon", state="CT", postal_code="06001"),),
)
NEVER_DAYS = (
    "0000-00-00", "1961-02-30", "1961-13-01", "1961", "1961-07", "61-07-23", "07/23/1961", "1961-7-23", "-1961-07-23",
    "1961-W30-7", "1e5", "", "  ", "99999-01-01", "1961-07-23T", "9999-12-31", "\u0661961-07-23",
    "1961\u221207\u221223",
)  # fmt: skip
ODD_NAMES = (
    "---", "...", "123", "王", "محمد", "\u202egnirps", "😀", "é" * 900, "A" * 10_000, "a\u0301", "\u200b", "\u2028",
    "", " \t", "'; DROP TABLE person;--", "${jndi:ldap://x}", "%s%n{0}", "<b>", "&amp;", "]]>", "\\",
)  # fmt: skip


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("target")) as live:
        _report(live, PATIENT, "4711")
        _report(live, OTHER, "4712")
        yield live


@pytest.fixture(params=FORMATS, ids=[f for _, f in FORMATS])
def format_of(request: pytest.FixtureRequest) -> tuple[str, str]:
    adapter, format = request.param
    return adapter, format


@pytest.fixture
def sent(format_of: tuple[str, str], target: LiveGateway) -> Sent:
    return caught(target, PATIENT, *format_of)


def caught(live: LiveGateway, person: Person, adapter: str, format: str, period: Period = ALWAYS) -> Sent:
    """The request with which the adapter's own client asks for this person."""
    live.partner(adapter, format).ask(LookupRequest(person=person, requester=a_requester(), period=period))
    prepared = live.responses[-1].request
    assert prepared.url is not None
    body = prepared.body if isinstance(prepared.body, bytes) else str(prepared.body).encode()
    headers = {k: v for k, v in prepared.headers.items() if k not in {"Content-Length", "Authorization"}}
    return Sent(prepared.url, headers, body)


def _report(live: LiveGateway, person: Person, rx_number: str, fills: int = 1) -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(fills)]
    receipt = live.record(
        [
            a_dispensation(
                id=None, person=person, rx_number=f"{rx_number}-{n}", written=day, filled=day, sold=None,
                source_state=None, reported_at=None, revision=0,
            )
            for n, day in enumerate(days)
        ]
    )  # fmt: skip
    assert {r.verdict.value for r in receipt.results} == {"created"}


def in_place_of(sent: Sent, old: str, new: str) -> bytes:
    """The body with one value replaced by another, written as the format writes it."""
    if sent.is_json:
        before, after = json.dumps(old), json.dumps(new, ensure_ascii=False)
    else:
        escaped = new.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        before, after = f">{old}<", f">{escaped}<"
    spoilt = sent.body.replace(before.encode(), after.encode())
    assert before.encode() in sent.body
    return spoilt


class Attack:
    """Sends one request and holds the answer to what every answer must be."""

    def __init__(self, live: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
        self._live, self._sent, self._caplog = live, sent, caplog
        caplog.set_level(logging.DEBUG)

    def __call__(
        self,
        body: bytes | None = None,
        *,
        method: str = "POST",
        url: str | None = None,
        **headers: str | None,
    ) -> requests.Response:
        live, sent = self._live, self._sent
        sends = {**sent.headers, "Authorization": f"Bearer {live.token()}"}
        sends |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[dict-item]  # None: leave out
        stored, audited = _stored(live), _audited(live)
        self._caplog.clear()
        with structlog.testing.capture_logs() as logs:
            response = requests.request(
                method, url or sent.url, data=sent.body if body is None else body, headers=sends, timeout=30,
                allow_redirects=False,
            )  # fmt: skip
        assert response.status_code < 500, response.text
        logged = [
            r.getMessage() for r in self._caplog.records if not r.name.startswith("urllib3")
        ]  # the test's own
        told = json.dumps([logs, logged], default=str) + str(response.headers)
        if response.status_code >= 400:
            told += response.text
            assert all(len(text) >= 15 for text in native_texts(sent, response))
            assert "person." not in response.text, "a place in the caller's own terms, not in ours"
        assert not [word for word in PATIENT_WORDS if word in told]
        assert _stored(live) == stored
        assert _audited(live) == audited + 1
        return response


@pytest.fixture
def attack(target: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture) -> Attack:
    return Attack(target, sent, caplog)


def _stored(live: LiveGateway) -> tuple[int, int]:
    return live.gateway.store.people(), live.gateway.store.dispensations()


def _audited(live: LiveGateway) -> int:
    return sum(1 for _ in live.gateway.audit.events())


# --- values -----------------------------------------------------------------------------------------------------


def test_a_day_that_never_was_is_refused(attack: Attack, sent: Sent) -> None:
    for day in NEVER_DAYS:
        assert attack(in_place_of(sent, BORN, day)).status_code == 400, day


def test_odd_names_are_answered_or_refused(attack: Attack, sent: Sent) -> None:
    for name in ODD_NAMES:
        for part in (FAMILY, GIVEN):
            assert attack(in_place_of(sent, part, name)).status_code in {200, 400}


@pytest.mark.parametrize("name", ["---", "😀", "..."])
def test_a_name_without_letters_names_nobody(attack: Attack, sent: Sent, name: str) -> None:
    without = replace(sent, body=in_place_of(sent, FAMILY, name))
    assert attack(in_place_of(without, GIVEN, name)).status_code == 400


def told_twice(sent: Sent, value: str, other: str) -> list[bytes]:
    """The body with the element that says this value there twice, the second time with another."""
    if sent.is_json:
        member = re.search(rb'"\w+":"%s"' % value.encode(), sent.body)
        if member is None:  # it stands in an array
            return []
        twice = member[0] + b"," + member[0].replace(value.encode(), other.encode())
        return [sent.body.replace(member[0], twice)]
    bodies = []
    for steps in (0, 1):  # the element, and the one around it
        root = etree.fromstring(sent.body)
        (element,) = root.xpath("//*[text()=$value]", value=value)
        for _ in range(steps):
            element = element.getparent()
        if steps and len(element) > 1:
            continue  # holds more than this fact
        twin = deepcopy(element)
        for leaf in twin.iter():
            leaf.text = other if leaf.text == value else leaf.text
        element.addnext(twin)
        bodies.append(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return bodies


@pytest.mark.parametrize(
    ("value", "other"), [(BORN, "1950-02-03"), (FAMILY, "Umberfold"), (GIVEN, "Clementine")]
)
def test_nobody_is_looked_up_who_is_told_in_two_ways(
    attack: Attack, sent: Sent, value: str, other: str
) -> None:
    for body in told_twice(sent, value, other):
        assert attack(body).status_code == 400


def test_one_message_asks_for_one_patient(attack: Attack, sent: Sent) -> None:
    """Every element around the patient, the patient's own included, is there twice, the second time with another."""
    if sent.is_json:
        second = json.dumps({"name": "patient", "resource": _umberfold()}).encode()
        assert attack(sent.body[:-2] + b"," + second + sent.body[-2:]).status_code == 400
        return
    attacked = 0
    for n, element in enumerate(etree.fromstring(sent.body).iterdescendants()):
        told = etree.tostring(element).decode()
        if FAMILY not in told or BORN not in told:
            continue
        root = etree.fromstring(sent.body)
        twice = [*root.iterdescendants()][n]
        twin = deepcopy(twice)
        for leaf in twin.iter():
            leaf.text = {FAMILY: "Umberfold", GIVEN: "Clementine", BORN: "1950-02-03"}.get(
                leaf.text, leaf.text
            )
        twice.addnext(twin)
        assert attack(etree.tostring(root)).status_code == 400
        attacked += 1
    assert attacked >= 3


def _umberfold() -> dict[str, Any]:
    name = {"family": "Umberfold", "given": ["Clementine"]}
    return {"resourceType": "Patient", "name": [name], "birthDate": "1950-02-03"}


def test_two_periods_are_refused(
    target: LiveGateway, format_of: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A period that is passed over would leave out, or show, what was not meant."""
    sent = caught(target, PATIENT, *format_of, period=Period(start=date(2025, 1, 1), end=date(2026, 1, 1)))
    attack = Attack(target, sent, caplog)
    if sent.is_json:
        body = json.loads(sent.body)
        for parameter, start in zip(body["parameter"], ("2024-01-01", "2025-01-01"), strict=False):
            parameter["extension"] = [{"url": EXT_PERIOD, "valuePeriod": {"start": start}}]
        assert attack(json.dumps(body).encode()).status_code == 400
        return
    root = etree.fromstring(sent.body)
    starts = root.xpath("//*[text()='2025-01-01']")
    assert len(starts) == 1
    element = starts[0] if etree.QName(starts[0]).localname != "Date" else starts[0].getparent()
    twin = deepcopy(element)
    for leaf in twin.iter():
        leaf.text = "2024-01-01" if leaf.text == "2025-01-01" else leaf.text
    element.addnext(twin)
    assert attack(etree.tostring(root)).status_code == 400


def test_text_mixed_with_elements_is_not_cut(attack: Attack, sent: Sent) -> None:
    if sent.is_json:
        return  # JSON has none
    cut = sent.body.replace(FAMILY.encode(), b"Umberfold<x/>worth")
    assert attack(cut).status_code == 400


@pytest.mark.parametrize(
    "number", ["1e99999999999999999999", "-1e-99999999999999999999", "NaN", "1e999", "9" * 5000]
)
def test_numbers_beyond_all_measure(attack: Attack, sent: Sent, number: str) -> None:
    if sent.is_json:
        assert attack(sent.body.replace(b'"8605550177"', number.encode())).status_code == 400
    else:
        assert attack(in_place_of(sent, BORN, number)).status_code == 400


# --- bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32", "cp037", "utf-8-sig", "utf-7"]
)
def test_other_encodings_are_refused_or_understood(attack: Attack, sent: Sent, encoding: str) -> None:
    accented = sent.body.decode().replace(GIVEN, "Pérégrine").encode(encoding)
    response = attack(accented)
    if encoding == "utf-8-sig":
        assert response.status_code == 200
        assert b"4711" in response.content
    else:
        assert b"4711" not in response.content


@pytest.mark.parametrize("packing", ["gzip", "br", "x-unknown"])
@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["packed", "only said to be"])
def test_a_packed_body_is_refused_as_such(
    attack: Attack, sent: Sent, packing: str, pack: Callable[[bytes], bytes]
) -> None:
    response = attack(pack(sent.body), Content_Encoding=packing)
    assert response.status_code == 415
    assert "compressed" in response.text


def test_depth_is_refused(attack: Attack, sent: Sent) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>")):
        assert attack(opening * 100_000 + b"1" + closing * 100_000).status_code in {400, 413}


def test_half_a_character_cannot_be_sent(attack: Attack, sent: Sent) -> None:
    half = b"\\ud800" if sent.is_json else b"&#xD800;"
    raw = b"\xed\xa0\x80"
    nothing = b"\\u0000" if sent.is_json else b"&#0;"
    for odd in (half, raw, nothing):
        assert attack(sent.body.replace(GIVEN.encode(), odd)).status_code == 400


# --- HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "TRACE", "PATCH"])
def test_other_methods_are_refused_natively(attack: Attack, method: str) -> None:
    response = attack(method=method)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_other_ways_of_writing_the_path(attack: Attack, sent: Sent) -> None:
    head, _, tail = sent.url.rpartition("/")
    assert attack(url=f"{head}//{tail}").status_code == 404
    assert attack(url=f"{sent.url}/").status_code == 404
    assert attack(url=f"{sent.url}/{FAMILY}?birthdate={BORN}").status_code == 404
    escaped = "".join(f"%{ord(c):02X}" for c in tail)
    assert attack(url=f"{head}/{escaped}").status_code == 200


def test_authorization_is_read_as_http_says(target: LiveGateway, attack: Attack, sent: Sent) -> None:
    token = target.token()
    for good in (f"bearer {token}", f"BEARER  {token}", f"Bearer {token} "):
        assert attack(Authorization=good).status_code == 200
    for bad in (f"Basic {token}", "Bearer", f"Bearer\t{token}", token, "Bearer " + "a." * 4000, ""):
        assert attack(Authorization=bad).status_code == 401
    assert attack(url=f"{sent.url}?access_token={token}", Authorization=None).status_code == 401


# --- nothing silently missing, nothing mixed up -----------------------------------------------------------------


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, list[Person]]]:
    """A gateway with one patient of 320 fills, and eight that have nothing in common."""
    with LiveGateway(tmp_path_factory.mktemp("busy")) as live:
        _report(live, PATIENT, "many", fills=320)
        people = [
            Person(
                names=(PersonName(family=f"{letter * 5}ilton", given=(f"{letter * 3}ine",)),),
                birth_date=date(1940 + 4 * n, 1 + n, 2 + 2 * n),
                sex=Sex.FEMALE,
            )
            for n, letter in enumerate("BDFGKLMR")
        ]
        for n, person in enumerate(people):
            _report(live, person, f"only{n}", fills=2 + n)
        yield live, people


def test_a_long_history_is_whole_or_says_that_it_is_not(
    busy: tuple[LiveGateway, list[Person]], format_of: tuple[str, str]
) -> None:
    live, _ = busy
    answer = live.partner(*format_of).ask(LookupRequest(person=PATIENT, requester=a_requester()))
    if format_of[1].startswith("script"):  # a RxHistoryResponse has 300 medications at most
        assert (answer.outcome, len(answer.dispensations)) == (Outcome.PARTIAL, 300)
        assert b"AQ" in live.responses[-1].content
        assert min(d.filled for d in answer.dispensations) == date(2025, 1, 21)  # the oldest are left out
    else:
        assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 320)
    assert len({d.rx_number for d in answer.dispensations}) == len(answer.dispensations)


def test_every_answer_belongs_to_its_asker(busy: tuple[LiveGateway, list[Person]]) -> None:
    live, people = busy
    asked = {(n, f): caught(live, p, a, f) for n, p in enumerate(people) for a, f in FORMATS}
    token = live.token()
    before = _audited(live)

    def ask(n: int) -> list[tuple[int, int, set[str]]]:
        seen = []
        for _ in range(5):
            for _, format in FORMATS:
                sent = asked[n, format]
                headers = {**sent.headers, "Authorization": f"Bearer {token}"}
                response = requests.post(sent.url, data=sent.body, headers=headers, timeout=60)
                seen.append((n, response.status_code, set(re.findall(r"only\d+-\d+", response.text))))
        return seen

    with ThreadPoolExecutor(len(people)) as pool:
        answers = [answer for seen in pool.map(ask, range(len(people))) for answer in seen]
    for n, status, numbers in answers:
        assert status == 200
        assert numbers == {f"only{n}-{fill}" for fill in range(2 + n)}
    assert _audited(live) == before + len(answers) == before + 5 * len(people) * len(FORMATS)


# --- reporting --------------------------------------------------------------------------------------------------


def _create(live: LiveGateway, resource: dict[str, Any] | bytes) -> requests.Response:
    return requests.post(
        f"{live.url}/fhir/MedicationDispense",
        data=resource if isinstance(resource, bytes) else json.dumps(resource).encode(),
        headers={"Authorization": f"Bearer {live.token()}", "Content-Type": "application/fhir+json"},
        timeout=30,
    )


def _set(*way: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(resource: dict[str, Any]) -> None:
        here: Any = resource
        for step in way[:-1]:
            here = here[step]
        if isinstance(here, list) and way[-1] == len(here):
            here.append(to)
        else:
            here[way[-1]] = to

    return spoil


MODIFIER = [{"url": "http://example.org/not", "valueBoolean": True}]
FILL = {
    "url": "http://hl7.org/fhir/us/pdmp/StructureDefinition/pdmp-extension-rx-fill-number",
    "valuePositiveInt": 5,
}
UNREADABLE = {
    "modifier": _set("modifierExtension", to=MODIFIER),
    "modifier of the patient": _set("contained", 0, "modifierExtension", to=MODIFIER),
    "modifier of the performer": _set("performer", 0, "modifierExtension", to=MODIFIER),
    "prescription that forbids": _set("contained", 3, "doNotPerform", to=True),
    "implicit rules": _set("implicitRules", to="http://example.org/rules"),
    "quantity that is a bound": _set("quantity", "comparator", to="<"),
    "days supply that is a bound": _set("daysSupply", "comparator", to=">="),
    "days supply in weeks": _set("daysSupply", "unit", to="weeks"),
    "days supply in weeks, coded": _set(
        "daysSupply", to={"value": 2, "system": "http://unitsofmeasure.org", "code": "wk"}
    ),
    "prescription that is not there": _set("authorizingPrescription", 0, "reference", to="#nowhere"),
    "prescription that is a pharmacy": _set("authorizingPrescription", 0, "reference", to="#pharmacy"),
    "prescriber who is not there": _set("contained", 3, "requester", "reference", to="#nowhere"),
    "prescriber who is the patient": _set("contained", 3, "requester", "reference", to="#patient"),
    "pharmacy that is not there": _set("performer", 0, "actor", "reference", to="#nowhere"),
    "two fill numbers": _set("extension", 2, to=FILL),
    "fill number without a value": _set("extension", 0, to={"url": FILL["url"]}),
    "name without letters": _set("contained", 0, "name", to=[{"family": "---", "given": ["..."]}]),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_would_be_recorded_wrong_is_refused(target: LiveGateway, name: str) -> None:
    resource = reported()
    UNREADABLE[name](resource)
    before = _stored(target)
    response = _create(target, resource)
    assert response.status_code == 400, response.text
    (issue,) = response.json()["issue"]
    assert issue["expression"][0].startswith("MedicationDispense")
    assert _stored(target) == before


def test_a_date_sold_that_has_not_come_is_refused(target: LiveGateway) -> None:
    response = _create(target, {**reported(), "whenHandedOver": "2199-01-01"})
    assert response.status_code == 422
    assert response.json()["issue"][0]["expression"] == ["MedicationDispense.whenHandedOver"]


def test_a_quantity_beyond_all_measure_is_refused(target: LiveGateway) -> None:
    body = json.dumps(reported()).encode()
    for number in (b"1e99999999999999999999", b"0e-99999999999999999999", b"1e999", b"Infinity", b"9" * 5000):
        assert _create(target, body.replace(b"10.5", number)).status_code == 400


def test_one_dispensation_reported_by_eight_at_once_is_one(empty: LiveGateway) -> None:
    resource = reported()
    empty.token()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: _create(empty, resource), range(8)))
    assert sorted(r.status_code for r in responses) == [200] * 7 + [201]
    (location,) = {r.headers["Location"] for r in responses}
    assert _stored(empty) == (1, 1)
    headers = {"Authorization": f"Bearer {empty.token()}"}
    read = requests.get(location, headers=headers, timeout=10).json()
    found = requests.get(
        f"{empty.url}/fhir/MedicationDispense",
        params={"patient": read["subject"]["reference"]},
        headers=headers,
        timeout=10,
    ).json()
    assert [e["resource"]["id"] for e in found["entry"] if e["search"]["mode"] == "match"] == [read["id"]]
