"""Pages over HTTP while pharmacies report, on both databases."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.testing import LiveGateway
from tests.unit.fhir.cases import reported
from tests.unit.fhir.test_over_http import call

FIRST = date(2026, 3, 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveGateway]:
    overrides: dict[str, Any] = {}
    if request.param == "postgresql":
        open_empty: Callable[[], str] = request.getfixturevalue("empty_postgresql")
        overrides = {"store": {"url": open_empty()}}
    with LiveGateway(tmp_path / "gateway", overrides) as one:
        yield one


def report(live: LiveGateway, day: int) -> Any:
    body = copy.deepcopy(reported())
    body["whenPrepared"] = body["whenHandedOver"] = str(FIRST + timedelta(days=day))
    body["contained"][3]["authoredOn"] = str(FIRST)
    response = call(live, "POST", f"{live.url}/fhir/MedicationDispense", json=body)
    assert response.status_code == 201, response.text
    return response.json()


@pytest.mark.parametrize("sort", [None, "whenprepared"])
def test_what_was_there_comes_once_whatever_is_reported_meanwhile(
    live: LiveGateway, sort: str | None
) -> None:
    held = [report(live, 2 * day) for day in range(12)]
    there, key = {one["id"] for one in held}, held[0]["subject"]["reference"]
    stop = threading.Event()

    def reporting() -> None:
        for day in range(1, 100, 2):  # between those that are there, and after them
            if stop.is_set():
                return
            report(live, day)

    def revising() -> None:  # moves one from the end of the order to its beginning
        body = held[0] | {"whenPrepared": "2026-08-30", "whenHandedOver": "2026-08-30"}
        assert call(live, "PUT", f"{live.url}/fhir/MedicationDispense/{body['id']}", json=body).ok

    live.token()
    threads = [threading.Thread(target=one) for one in (reporting, revising)]
    query = {"patient": key, "_count": "2", **({"_sort": sort} if sort else {})}
    seen: list[str] = []
    try:
        page = call(live, "GET", f"{live.url}/fhir/MedicationDispense", params=query).json()
        for thread in threads:
            thread.start()
        while True:
            seen += [e["resource"]["id"] for e in page.get("entry", ()) if e["search"]["mode"] == "match"]
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                break
            assert "2026" not in following[0]
            page = call(live, "GET", following[0]).json()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
