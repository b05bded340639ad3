"""Hostile Bundles and NDJSON: large, deep, tangled or not text at all. Answered natively, never with a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from gateway.testing import LiveGateway
from tests.contract.hostile.attack import audited_by, stored_in
from tests.contract.test_refusals import PATIENT_WORDS
from tests.unit.fhir.bundles import apart, bundle, entry, fill, ndjson, url
from tests.unit.fhir.cases import JSON, reported

NDJSON = "application/fhir+ndjson"
MANY = 10_000


def _post(live: LiveGateway, path: str, body: bytes, type: str = JSON) -> requests.Response:
    headers = {"Authorization": f"Bearer {live.token()}", "Content-Type": type}
    audited = audited_by(live)
    response = requests.post(f"{live.url}/fhir{path}", data=body, headers=headers, timeout=300)
    assert response.status_code < 500, response.text
    assert audited_by(live) == audited + 1
    if response.status_code >= 400:
        assert response.json()["resourceType"] == "OperationOutcome"
        assert not [word for word in PATIENT_WORDS if word in response.text]
    return response


def _bundle_of(entries: list[Any], type: str = "batch") -> bytes:
    return json.dumps(bundle(*entries, type=type)).encode()


def _get() -> dict[str, Any]:
    return {"request": {"method": "GET", "url": "metadata"}}


def _chain(length: int) -> list[Any]:
    """Prescriptions that refer to one another in a ring, and a dispensation that leads into it."""
    ring = [
        entry(
            {
                "resourceType": "MedicationRequest", "status": "completed", "intent": "order",
                "medicationCodeableConcept": {"text": "x"}, "subject": {"reference": url(0)},
                "basedOn": [{"reference": url(10 + (n + 1) % length)}],
            },
            10 + n,
        )
        for n in range(length)
    ]  # fmt: skip
    *along, dispensation = apart(fill())
    dispensation["resource"]["authorizingPrescription"][0]["reference"] = url(10)
    return [*along[:2], dispensation, *ring]


BUNDLES: dict[str, tuple[bytes, int]] = {
    "ten thousand entries to be read": (_bundle_of([_get()] * MANY), 413),
    "more than ten thousand": (_bundle_of([_get()] * (MANY + 1)), 400),
    "ten thousand in a transaction": (_bundle_of([_get()] * MANY, "transaction"), 413),
    "more dispensations than a transaction takes": (
        _bundle_of([entry({"resourceType": "MedicationDispense"}, n) for n in range(1001)], "transaction"), 413,
    ),
    "nested for ever": (b'{"resourceType":"Bundle","type":"batch","entry":[' * 50_000, 400),
    "nested in an entry": (
        b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":'
        + b'{"x":' * 900
        + b"1"
        + b"}" * 900
        + b"}]}",
        200,
    ),
    "entries that are none": (b'{"resourceType":"Bundle","type":"batch","entry":[null]}', 400),
    "a name twice": (b'{"resourceType":"Bundle","type":"batch","type":"transaction"}', 400),
    "a ring of references": (_bundle_of(_chain(40)), 200),
    "a ring that is too large": (_bundle_of(_chain(2000)), 200),
    "not text": (b"\xff\xfe" + _bundle_of([_get()]), 400),
}  # fmt: skip


@pytest.mark.parametrize("name", BUNDLES)
def test_bundles(target: LiveGateway, name: str) -> None:
    body, status = BUNDLES[name]
    before = stored_in(target)
    response = _post(target, "", body)
    assert response.status_code == status, response.text[:500]
    if status == 200:
        answered = [one["response"]["status"] for one in response.json()["entry"]]
        assert len(answered) == len(json.loads(body)["entry"])
        assert ("201" in answered) is (name == "a ring of references")
    if name != "a ring of references":
        assert stored_in(target) == before


def test_lines(empty: LiveGateway) -> None:
    lines = [
        b"\xff\xfe\x00\x01" * 100,
        b'{"resourceType":"MedicationDispense","note":"' + b"x" * 2_000_000 + b'"}',
        b"[" * 100_000,
        b'{"resourceType":"MedicationDispense","quantity":{"value":1e999999999999}}',
        b"null", b"1", b'""', b"\x00", b"{}",
        json.dumps(reported()).encode(),
        b'{"resourceType":"MedicationDispense","status":"completed","medicationCodeableConcept":{"text":"\\ud800"}}',
    ]  # fmt: skip
    response = _post(empty, "/$import", ndjson(*lines), NDJSON)
    outcomes = [json.loads(line) for line in response.content.splitlines()]
    severities = [one["issue"][0]["severity"] for one in outcomes]
    assert severities == ["error"] * 9 + ["information", "error"]
    assert stored_in(empty) == (1, 1)


def test_ten_thousand_lines(empty: LiveGateway) -> None:
    response = _post(empty, "/$import", b"{}\n" * MANY, NDJSON)
    assert len(response.content.splitlines()) == MANY
    assert stored_in(empty) == (0, 0)


def test_an_etag_is_no_way_around(empty: LiveGateway) -> None:
    resource = {**reported(), "id": "X-1"}
    for etag in ('W/"' + "9" * 5000 + '"', 'W/"\u0661"'.encode().decode("latin-1"), '""', 'W/"-1"'):
        response = requests.put(
            f"{empty.url}/fhir/MedicationDispense/X-1",
            data=json.dumps(resource).encode(),
            headers={"Authorization": f"Bearer {empty.token()}", "Content-Type": JSON, "If-Match": etag},
            timeout=30,
        )
        assert 400 <= response.status_code < 500
    assert stored_in(empty) == (0, 0)
