"""One dispensation by each way that FHIR has makes one record, and the same one as by any other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
import requests

from gateway.model import IntakeVerdict
from gateway.testing import LiveGateway
from tests.unit.fhir.bundles import apart, bundle, entry, ndjson
from tests.unit.fhir.cases import JSON, reported
from tests.unit.fhir.test_update import put, read, shown

NDJSON = "application/fhir+ndjson"


def _post(live: LiveGateway, path: str, body: Any, type: str = JSON) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {live.token()}", "Content-Type": type, "Accept": JSON}
    return requests.post(f"{live.url}/fhir{path}", data=data, headers=headers, timeout=30)


def _by_create(live: LiveGateway) -> tuple[int, str]:
    response = _post(live, "/MedicationDispense", reported())
    return response.status_code, response.headers["Location"]


def _last(response: requests.Response) -> tuple[int, str]:
    told = response.json()["entry"][-1]["response"]
    return int(told["status"]), told["location"]


def _by_file(live: LiveGateway) -> tuple[int, str]:
    out = io.BytesIO()
    submission = live.gateway.submissions.take(
        io.BytesIO(ndjson(reported())), submitter="test", reports=[(out, "application/json")]
    )
    (row,) = json.loads(out.getvalue())["records"]
    status = 201 if submission.verdicts[IntakeVerdict.CREATED] else 200
    return status, f"{live.url}/fhir/MedicationDispense/{row['id']}"


WAYS: dict[str, Callable[[LiveGateway], tuple[int, str]]] = {
    "create": _by_create,
    "transaction": lambda live: _last(_post(live, "", bundle(*apart(reported())))),
    "batch": lambda live: _last(_post(live, "/", bundle(entry(reported(), 0), type="batch"))),
    "import": lambda live: _last(_post(live, "/$import", ndjson(reported()), NDJSON)),
    "file": _by_file,
}
# each way comes first once, and each follows each other one once
ORDERS = [
    order for order in permutations(WAYS) if order in {tuple((*WAYS, *WAYS)[n : n + 5]) for n in range(5)}
]


@pytest.mark.parametrize("order", ORDERS, ids=[order[0] for order in ORDERS])
def test_one_record_whatever_the_way(empty: LiveGateway, order: tuple[str, ...]) -> None:
    answers = [WAYS[way](empty) for way in (*order, *order)]
    assert [status for status, _ in answers] == [201] + [200] * 9
    (location,) = {location for _, location in answers}
    assert (empty.gateway.store.people(), empty.gateway.store.dispensations()) == (1, 1)
    assert [d["id"] for d in shown(empty)] == [location.rpartition("/")[2]]
    assert read(empty, location).headers["ETag"] == 'W/"1"'


def test_a_void_is_one_whatever_the_way(empty: LiveGateway) -> None:
    _, location = _by_create(empty)
    void = {**reported(), "status": "entered-in-error"}
    by_id = {**void, "id": location.rpartition("/")[2]}
    assert put(empty, location, by_id).status_code == 200
    assert _post(empty, "/MedicationDispense", void).status_code == 200
    for type in ("transaction", "batch"):
        answered = _post(empty, "", bundle(entry(void, 0), entry(by_id, 1, "PUT", location), type=type))
        assert [one["response"]["status"] for one in answered.json()["entry"]] == ["200", "200"]
    assert _last(_post(empty, "/$import", ndjson(void), NDJSON)) == (200, location)
    assert read(empty, location).headers["ETag"] == 'W/"2"'
    assert shown(empty) == []
