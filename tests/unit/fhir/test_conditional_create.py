"""If-None-Exist: what a condition has to say, and what becomes of a dispensation that comes with one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.fhir import ADAPTER
from gateway.errors import GatewayError
from gateway.model import IntakeBatch, IntakeRecord, Unless
from gateway.testing import LiveGateway
from tests.unit.fhir.cases import BASE, inbound, reported
from tests.unit.fhir.test_over_http import call

RX = next(i["value"] for i in reported()["authorizingPrescription"] for i in [i["identifier"]])
DAY = reported()["whenPrepared"]
CONDITION = f"identifier={RX}&whenprepared={DAY}"


def unless(condition: str) -> Unless | None:
    asked = ADAPTER.read(inbound("create", reported(), headers={"if-none-exist": condition}))
    assert isinstance(asked, IntakeBatch)
    (record,) = asked.records
    assert isinstance(record, IntakeRecord)
    return record.unless


@pytest.mark.parametrize(
    ("more", "meant"),
    [
        ("", Unless()),
        ("&fill-number=1", Unless(fill_number=1)),
        ("&patient=Patient/KEY", Unless(person_key="KEY")),
        (f"&patient={BASE}/Patient/KEY&status=completed", Unless(person_key="KEY")),
        ("&status:not=entered-in-error", Unless()),
        ("&performer:identifier=1234563", Unless()),
    ],
)
def test_what_a_condition_means(more: str, meant: Unless) -> None:
    assert unless(CONDITION + more) == meant
    assert unless(f"MedicationDispense?{CONDITION}{more}") == meant


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "x",
        f"identifier={RX}",
        f"whenprepared={DAY}",
        f"identifier={RX}&whenprepared=ge{DAY}",
        f"identifier={RX}&whenprepared={DAY[:7]}",
        f"identifier={RX},2&whenprepared={DAY}",
        f"identifier=other&whenprepared={DAY}",
        f"identifier={RX}&whenprepared=2020-01-01",
        f"{CONDITION}&colour=red",
        f"{CONDITION}&code=1",
        f"{CONDITION}&type=FFC",
        f"{CONDITION}&_id=1",
        f"{CONDITION}&_count=1",
        f"{CONDITION}&_lastUpdated=gt2020",
        f"{CONDITION}&status=entered-in-error",
        f"{CONDITION}&status=completed,cancelled",
        f"{CONDITION}&performer:identifier=7654321",
        f"{CONDITION}&performer=1",
        f"{CONDITION}&fill-number=ge1",
        f"{CONDITION}&fill-number=1,2",
        f"{CONDITION}&fill-number=0.5",
        f"{CONDITION}&patient=A,B",
        f"{CONDITION}&patient=%ff",
    ],
)
def test_a_condition_that_does_not_name_the_fill_is_412(condition: str) -> None:
    with pytest.raises(GatewayError) as caught:
        unless(condition)
    assert (caught.value.status, caught.value.path) == (412, "If-None-Exist")


def test_a_withdrawal_has_no_condition() -> None:
    body = {**reported(), "status": "entered-in-error"}
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound("create", body, headers={"if-none-exist": CONDITION}))
    assert caught.value.path == "MedicationDispense.status"


# --- what becomes of it ---------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveGateway]:
    overrides: dict[str, Any] = {}
    if request.param == "postgresql":
        open_empty: Callable[[], str] = request.getfixturevalue("empty_postgresql")
        overrides = {"store": {"url": open_empty()}}
    with LiveGateway(tmp_path / "gateway", overrides) as one:
        yield one


def create(live: LiveGateway, body: Any, condition: str | None, **headers: str) -> requests.Response:
    if condition is not None:
        headers["If-None-Exist"] = condition
    return call(live, "POST", f"{live.url}/fhir/MedicationDispense", json=body, headers=headers)


def filled(number: int = 1, **over: Any) -> dict[str, Any]:
    body = {**copy.deepcopy(reported()), **over}
    (extension,) = (e for e in body["extension"] if "fill-number" in e["url"])
    if number:
        extension["valuePositiveInt"] = number
    else:
        body["extension"].remove(extension)
    return body


def test_none_one_and_several(live: LiveGateway) -> None:
    first = create(live, filled(), CONDITION)
    assert first.status_code == 201, first.text
    again = create(live, filled(), CONDITION)
    assert (again.status_code, again.headers["Location"]) == (200, first.headers["Location"])
    assert again.headers["ETag"] == first.headers["ETag"]

    other = {**filled(), "daysSupply": {"value": 9}}
    differs = create(live, other, CONDITION)
    assert (differs.status_code, differs.headers["Location"]) == (200, first.headers["Location"])
    told = differs.json()
    assert (told["resourceType"], told["issue"][0]["severity"]) == ("OperationOutcome", "warning")
    assert told["issue"][0]["code"] == "duplicate"
    assert create(live, other, None).status_code == 422

    refill = create(live, filled(2), CONDITION)  # which the condition would hide
    assert (refill.status_code, refill.json()["issue"][0]["code"]) == (412, "conflict")
    assert create(live, filled(2), f"{CONDITION}&fill-number=2").status_code == 201
    assert create(live, filled(2), CONDITION).status_code == 200  # the very report that was received
    assert create(live, {**filled(2), "daysSupply": {"value": 9}}, CONDITION).status_code == 412
    assert live.gateway.store.dispensations() == 2


def test_narrowed_to_a_patient(live: LiveGateway) -> None:
    first = create(live, filled(), CONDITION)
    patient = first.json()["subject"]["reference"]
    other = {**filled(), "daysSupply": {"value": 9}}
    assert create(live, other, f"{CONDITION}&patient={patient}").status_code == 200
    # Nobody's: the condition is met, and the fill is recorded all the same
    assert create(live, other, f"{CONDITION}&patient=Patient/0000000000000").status_code == 422


def test_a_withdrawn_one_is_not_found(live: LiveGateway) -> None:
    create(live, filled(), CONDITION)
    assert create(live, {**filled(), "status": "entered-in-error"}, None).status_code == 200
    other = {**filled(), "daysSupply": {"value": 9}}
    assert create(live, other, CONDITION).status_code == 201


def test_of_many_at_once_one_creates(live: LiveGateway) -> None:
    """Whether they say the same or not: one 201, and 200 for all others."""
    bodies = [{**filled(), "daysSupply": {"value": 5 + n % 4}} for n in range(12)]
    live.token()
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda body: create(live, body, CONDITION), bodies))
    assert sorted(a.status_code for a in answers) == [200] * 11 + [201], [a.text for a in answers]
    assert len({a.headers["Location"] for a in answers}) == 1
    assert live.gateway.store.dispensations() == 1


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_in_a_bundle(live: LiveGateway, kind: str) -> None:
    def bundle(*bodies: Any) -> requests.Response:
        request = {"method": "POST", "url": "MedicationDispense", "ifNoneExist": CONDITION}
        entries = [{"resource": body, "request": request} for body in bodies]
        return call(
            live, "POST", f"{live.url}/fhir", json={"resourceType": "Bundle", "type": kind, "entry": entries}
        )

    created = bundle(filled(), {**filled(), "daysSupply": {"value": 9}})
    first, second = (e["response"] for e in created.json()["entry"])
    assert (first["status"], second["status"], second["location"]) == ("201", "200", first["location"])
    assert second["outcome"]["issue"][0]["code"] == "duplicate"
    refused = bundle(filled(2))
    if kind == "transaction":
        assert refused.status_code == 412
        issues = refused.json()["issue"]
    else:
        (entry,) = refused.json()["entry"]
        assert entry["response"]["status"] == "412"
        issues = entry["response"]["outcome"]["issue"]
    assert issues[0]["expression"] == ["Bundle.entry[0].resource"]
    assert live.gateway.store.dispensations() == 1
