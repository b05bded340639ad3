"""Spoilt reports of dispensations: refused, or recorded exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from gateway.testing import LiveGateway
from tests.contract.hostile.attack import stored_in
from tests.unit.fhir.cases import reported


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
    before = stored_in(target)
    response = _create(target, resource)
    assert response.status_code == 400, response.text
    (issue,) = response.json()["issue"]
    assert issue["expression"][0].startswith("MedicationDispense")
    assert stored_in(target) == before


def test_a_date_sold_that_has_not_come_is_refused(target: LiveGateway) -> None:
    response = _create(target, {**reported(), "whenHandedOver": "2199-01-01"})
    assert response.status_code == 422
    assert response.json()["issue"][0]["expression"] == ["MedicationDispense.whenHandedOver"]


def test_a_quantity_beyond_all_measure_is_refused(target: LiveGateway) -> None:
    body = json.dumps(reported()).encode()
    for number in (b"1e99999999999999999999", b"0e-99999999999999999999", b"1e999", b"Infinity", b"9" * 5000):
        assert _create(target, body.replace(b"10.5", number)).status_code == 400


def test_extensions_in_extensions_are_refused_at_any_depth(target: LiveGateway) -> None:
    before = stored_in(target)
    for depth in (100, 200, 300, 400, 450, 480, 2000):
        opening = '{"url":"http://example.org/x","extension":[' * depth
        deep = f'[{opening}{{"url":"http://example.org/x","valueString":7}}{"]}" * depth}]'
        body = json.dumps({**reported(), "extension": "HERE"}).replace('"HERE"', deep).encode()
        response = _create(target, body)
        assert response.status_code == 400, depth
        assert response.json()["issue"][0]["expression"], depth
    assert stored_in(target) == before


def test_one_dispensation_reported_by_eight_at_once_is_one(empty: LiveGateway) -> None:
    resource = reported()
    empty.token()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: _create(empty, resource), range(8)))
    assert sorted(r.status_code for r in responses) == [200] * 7 + [201]
    (location,) = {r.headers["Location"] for r in responses}
    assert stored_in(empty) == (1, 1)
    headers = {"Authorization": f"Bearer {empty.token()}"}
    read = requests.get(location, headers=headers, timeout=10).json()
    found = requests.get(
        f"{empty.url}/fhir/MedicationDispense",
        params={"patient": read["subject"]["reference"]},
        headers=headers,
        timeout=10,
    ).json()
    assert [e["resource"]["id"] for e in found["entry"] if e["search"]["mode"] == "match"] == [read["id"]]
