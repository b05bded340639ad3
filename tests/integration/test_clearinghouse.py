"""A pharmacy system reports in real time, and the next look-up finds it; what cannot be told apart or read is refused
whole, and nobody learns anything from that."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import requests
import structlog

from gateway.model import LookupRequest, Outcome, Person, PersonName
from gateway.model.audit import AuditAction, AuditEvent
from gateway.testing import LiveGateway
from tests.factory import a_requester
from tests.unit.asap.files import DSP, PAT, PRE, header, pharmacy, text
from tests.unit.clearinghouse.transactions import (
    ASAP,
    ENVELOPE_1_2,
    NAMED,
    PASSWORD,
    PATH,
    USERNAME,
    Told,
    a_body,
    enveloped,
    register,
    send,
)

PATIENT = Person(names=(PersonName(family="Quillfeather", given=("Odessa",)),), birth_date=date(1971, 4, 9))
TOLD_TO_NOBODY = (*NAMED, PASSWORD, "7001234")


@pytest.fixture
def live(empty: LiveGateway) -> LiveGateway:
    register(empty)
    return empty


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Afterwards nothing of the patient and no secret is in any log."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        yield
    told = json.dumps(logs, default=str) + caplog.text
    assert not [word for word in TOLD_TO_NOBODY if word in told]


def last_event(live: LiveGateway) -> AuditEvent:
    return list(live.gateway.audit.events())[-1]


def events(live: LiveGateway) -> int:
    return sum(1 for _ in live.gateway.audit.events())


# --- what is reported is found ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("namespace", [None, ENVELOPE_1_2])
def test_a_dispensation_is_found_by_a_look_up_at_once(live: LiveGateway, namespace: str | None) -> None:
    body = enveloped(a_body(), **({"namespace": namespace} if namespace else {}))
    told = Told(send(live, body).content)
    assert (told.status, told.message) == ("1", "")
    event = last_event(live)
    assert (event.action, event.protocol, event.operation, event.client_id, event.outcome, event.count) == (
        AuditAction.DISPENSATION_REPORTED,
        "clearinghouse",
        "transaction",
        USERNAME,
        "created",
        1,
    )
    assert told.number == str(int(event.request_id[:13], 16))
    answer = live.partner("fhir").ask(LookupRequest(person=PATIENT, requester=a_requester()))
    assert answer.outcome is Outcome.COMPLETE
    (found,) = answer.dispensations
    assert (found.rx_number, found.filled, found.days_supply) == ("7001234", date(2026, 9, 2), 30)
    assert found.dispenser.npi == "1234567893"


def test_the_same_again_is_unchanged_and_a_correction_corrects(live: LiveGateway) -> None:
    assert Told(send(live, enveloped(a_body())).content).status == "1"
    again = Told(send(live, enveloped(a_body())).content)
    other_line_ends = a_body().replace("\n", "&#13;\n")
    for told in (again, Told(send(live, enveloped(other_line_ends)).content)):
        assert (told.status, told.message) == ("1", "")
        assert "unchanged" in (told.report or "")
    revised = text(
        pharmacy(PAT, DSP.replace("*00*7001234", "*01*7001234").replace("*30*30*", "*60*30*"), PRE)
    )
    assert "corrected" in (Told(send(live, enveloped(a_body(revised))).content).report or "")
    void = text(pharmacy(PAT, DSP.replace("*00*7001234", "*02*7001234"), PRE))
    assert "corrected" in (Told(send(live, enveloped(a_body(void))).content).report or "")
    assert last_event(live).outcome == "voided"
    answer = live.partner("fhir").ask(LookupRequest(person=PATIENT, requester=a_requester()))
    assert answer.outcome is Outcome.NO_DATA


def test_a_test_is_checked_and_not_recorded(live: LiveGateway) -> None:
    asap = text(pharmacy(PAT, DSP, PRE), head=header(kind="T"))
    told = Told(send(live, enveloped(a_body(asap))).content)
    assert told.status == "1"
    assert "nothing is recorded" in (told.report or "")
    wrong = Told(send(live, enveloped(a_body(asap.replace("00093007401", "")))).content)
    assert wrong.status == "0"
    assert "DSP08" in (wrong.message or "")
    assert (live.gateway.store.people(), live.gateway.store.dispensations()) == (0, 0)


def test_a_zero_report_is_answered_as_one(live: LiveGateway) -> None:
    asap = text(pharmacy(), information="IS*1234567893*HARBOR*#20260903#-#20260903#")
    told = Told(send(live, enveloped(a_body(asap))).content)
    assert "segment 3, zero report: " in (told.report or told.message or "")


@pytest.mark.usefixtures("logged")
def test_a_part_of_it_is_rejected_by_name_and_the_rest_is_recorded(live: LiveGateway) -> None:
    second = DSP.replace("7001234", "7001235").replace("20260902*00*01", "20269902*00*01")
    asap = text(pharmacy(PAT, DSP, PRE, second, PRE))
    answered = send(live, enveloped(a_body(asap)))
    told = Told(answered.content)
    assert (answered.status_code, told.status) == (200, "0")
    assert "error at segment 7 DSP05 [malformed]" in (told.message or "")
    assert live.gateway.store.dispensations() == 1
    assert not [word for word in TOLD_TO_NOBODY if word in answered.text]
    assert last_event(live).outcome == "created,rejected"


# --- who may ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("changed", "claimed"),
    [({"password": "wrong"}, USERNAME), ({"username": "nobody"}, None), ({"username": "<b>&amp;</b>"}, None)],
)
def test_wrong_credentials_are_one_answer_and_one_event(
    live: LiveGateway, changed: dict[str, str], claimed: str | None
) -> None:
    before = events(live)
    answered = send(live, enveloped(a_body(**changed)))
    told = Told(answered.content)
    assert (answered.status_code, told.status, told.number) == (200, "0", "0")
    assert (told.message == "Invalid Credentials") is ("<b>" not in changed.get("username", ""))
    event = last_event(live)
    assert (event.action, event.client_id, event.outcome) == (
        AuditAction.ACCESS_DENIED,
        claimed,
        "unauthenticated",
    )
    assert events(live) == before + 1
    assert live.gateway.store.dispensations() == 0


def test_strangers_are_refused_before_their_transaction_is_judged(live: LiveGateway) -> None:
    """Neither the state nor the ASAP text is looked at for somebody who has not shown who it is."""
    for body in (a_body("not ASAP", password="x"), a_body(destination="OK", password="x")):
        assert Told(send(live, enveloped(body)).content).message == "Invalid Credentials"


def test_nothing_at_all_is_a_stranger(live: LiveGateway) -> None:
    answered = send(live, "")
    assert answered.status_code == 401
    assert answered.headers["WWW-Authenticate"].startswith("Bearer")
    assert Told(answered.content).is_fault


def test_a_client_that_may_not_report_is_told_so(live: LiveGateway) -> None:
    register(live, "pdmp/history")
    answered = send(live, enveloped(a_body()))
    told = Told(answered.content)
    assert (answered.status_code, told.status) == (200, "0")
    assert "system/MedicationDispense.c" in (told.message or "")
    assert last_event(live).action is AuditAction.ACCESS_DENIED
    assert live.gateway.store.dispensations() == 0


def test_a_bearer_token_does_as_well(live: LiveGateway) -> None:
    body = enveloped(a_body(username=None, password=None))
    good = {"Authorization": f"Bearer {live.token('system/MedicationDispense.c')}"}
    assert Told(send(live, body, **good).content).status == "1"
    assert last_event(live).client_id == "test-client"
    narrow = send(live, body, Authorization=f"Bearer {live.token('pdmp/history')}")
    assert (narrow.status_code, Told(narrow.content).is_fault) == (403, True)
    assert 'error="insufficient_scope"' in narrow.headers["WWW-Authenticate"]
    # one that does not hold is not made good by what the body says
    forged = send(live, enveloped(a_body()), Authorization="Bearer not.a.token")
    assert (forged.status_code, Told(forged.content).is_fault) == (401, True)
    assert 'error="invalid_token"' in forged.headers["WWW-Authenticate"]


# --- what cannot be done ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (400, enveloped(a_body())[:-200], "text/xml"),
        (400, "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + enveloped(a_body()), "text/xml"),
        (400, enveloped(a_body().replace("PMPTransaction", "PMPQuery")), "text/xml"),
        (400, enveloped(a_body(), '<h xmlns="urn:h" e:mustUnderstand="1"/>'), "text/xml"),
        (400, enveloped(a_body(), namespace="urn:soap:3"), "text/xml"),
        (400, a_body(), "text/xml"),
        (413, enveloped(a_body()) + " " * 12_000_000, "text/xml"),
        (415, enveloped(a_body()), "text/csv"),
    ],
    ids=["cut", "doctype", "operation", "header", "version", "bare", "large", "media"],
)
def test_what_is_no_transaction_is_a_fault(
    live: LiveGateway, status: int, body: str, content_type: str
) -> None:
    before = events(live)
    answered = send(live, body, content_type)
    assert answered.status_code == status, answered.text
    told = Told(answered.content)
    assert told.is_fault
    assert len(told.message or "") > 15
    assert not [word for word in TOLD_TO_NOBODY if word in answered.text]
    assert events(live) == before + 1
    assert live.gateway.store.dispensations() == 0


def test_other_routes_and_methods_are_native_faults(live: LiveGateway) -> None:
    nowhere = requests.post(f"{live.url}{PATH}/nowhere", timeout=10)
    assert (nowhere.status_code, Told(nowhere.content).is_fault) == (404, True)
    put = requests.put(live.url + PATH, timeout=10)
    assert (put.status_code, Told(put.content).is_fault) == (405, True)
    assert "POST" in put.headers["Allow"]
    assert last_event(live).protocol == "clearinghouse"
    assert requests.post(f"{live.url}/soap/nowhere", timeout=10).status_code == 404
    assert last_event(live).protocol == "soap"


@pytest.mark.parametrize(
    "accept", ["text/plain", "text/*", "application/soap+xml, application/dime, text/*", "*/*"]
)
def test_what_the_sender_accepts_changes_nothing_inside(live: LiveGateway, accept: str) -> None:
    told = Told(send(live, enveloped(a_body(ASAP.replace("00093007401", ""))), Accept=accept).content)
    assert "error at segment 5 DSP08 [missing]" in (told.message or "")


@pytest.mark.usefixtures("logged")
def test_a_broken_record_is_our_fault_to_be_sent_again(live: LiveGateway, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "pmp.sqlite") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("ALTER TABLE dispensation RENAME TO gone")
    connection.close()
    answered = send(live, enveloped(a_body()))
    told = Told(answered.content)
    assert (answered.status_code, told.code) == (503, "soap:Server")
    assert not [word for word in TOLD_TO_NOBODY if word in answered.text]


def test_without_the_registry_of_clients_nobody_is_let_in(live: LiveGateway, tmp_path: Path) -> None:
    (tmp_path / "clients.json").write_text("[]")
    answered = send(live, enveloped(a_body()))
    assert (answered.status_code, Told(answered.content).code) == (503, "soap:Server")
    assert int(answered.headers["Retry-After"]) > 0
    assert live.gateway.store.dispensations() == 0
