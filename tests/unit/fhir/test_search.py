"""Search and read by URL: what is understood, what comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.medicationdispense import MedicationDispense

from adapters.fhir import ADAPTER
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.model import LookupRequest, Outcome, Period, StateOutcome
from gateway.ports import Inbound
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.cases import BASE, answers, inbound, resource, searched
from tests.unit.fhir.test_requests import issue_of

KEY = "7KQ4M2XT9R0AB"


def asked(message: Inbound) -> LookupRequest:
    request = ADAPTER.read(message)
    assert isinstance(request, LookupRequest)
    return request


@pytest.mark.parametrize("patient", [KEY, f"Patient/{KEY}", f"{BASE}/Patient/{KEY}"])
def test_a_patient_by_key(patient: str) -> None:
    request = asked(searched(patient=patient))
    assert (request.person_key, request.person, request.period) == (KEY, None, Period())


@pytest.mark.parametrize(
    ("values", "start", "end"),
    [
        (("2026-03-15",), date(2026, 3, 15), date(2026, 3, 15)),
        (("eq2026-02",), date(2026, 2, 1), date(2026, 2, 28)),
        (("ge2026",), date(2026, 1, 1), None),
        (("le2026-03",), None, date(2026, 3, 31)),
        (("gt2026-03-15",), date(2026, 3, 16), None),
        (("sa2025",), date(2026, 1, 1), None),
        (("lt2026-03",), None, date(2026, 2, 28)),
        (("eb2026-03-15",), None, date(2026, 3, 14)),
        (("ge2026-01-01", "le2026-06-30"), date(2026, 1, 1), date(2026, 6, 30)),
        (
            ("ge2026-01-01", "ge2026-02-01", "le2026-12-31", "lt2026-07-01"),
            date(2026, 2, 1),
            date(2026, 6, 30),
        ),
        (("ge2026-01-01T08:00:00Z",), date(2026, 1, 1), None),
    ],
)
def test_fill_dates(values: tuple[str, ...], start: date | None, end: date | None) -> None:
    assert asked(searched(patient=KEY, whenprepared=values)).period == Period(start=start, end=end)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, "patient"),
        ({"patient": ""}, "patient"),
        ({"patient": "Patient/a b"}, "patient"),
        ({"patient": f"{KEY},OTHER"}, "patient"),
        ({"patient": (KEY, "OTHER")}, "patient"),
        ({"patient": "Group/1"}, "patient"),
        ({"patient": KEY, "whenprepared": "2026-02-30"}, "whenprepared"),
        ({"patient": KEY, "whenprepared": "ap2026-02-03"}, "whenprepared"),
        ({"patient": KEY, "whenprepared": "gt9999"}, "whenprepared"),
        ({"patient": KEY, "whenprepared": ""}, "whenprepared"),
        ({"patient": KEY, "status": "entered-in-error"}, "status"),
        ({"patient": KEY, "status": "completed,entered-in-error"}, "status"),
        ({"patient": KEY, "patient:identifier": "x|y"}, "patient"),
        ({"patient": KEY, "patient:missing": "false"}, "patient"),
        ({"patient": KEY, "performer": "1"}, "performer"),
        ({"patient": KEY, "prescription": "1"}, "prescription"),
        ({"patient": KEY, "_include": "MedicationDispense:context"}, "_include"),
        ({"patient": KEY, "_page": "x"}, "_page"),
        ({"_id": "A,B"}, "_id"),
        ({"_id": ("A", "B")}, "_id"),
    ],
)
def test_searches_that_cannot_be(query: dict[str, Any], where: str) -> None:
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(searched(**query))
    status, issue = issue_of(caught.value)
    assert (status, issue["location"]) == (400, [f"http.{where}"])


def test_unknown_parameters_are_ignored_or_refused_as_the_caller_prefers() -> None:
    query = {"patient": (KEY,), "_count": ("10",), "colour": ("red",)}
    assert asked(inbound("search", method="GET", query=query)).person_key == KEY
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound("search", method="GET", query=query, headers={"prefer": "handling=strict"}))
    assert caught.value.status == 400
    known = {"patient": (KEY,), "status": ("completed",), "_format": ("json",)}
    assert ADAPTER.read(inbound("search", method="GET", query=known, headers={"prefer": "handling=strict"}))


def test_a_search_posted_as_a_form() -> None:
    """So that the key need not stand in a URL."""
    form = "application/x-www-form-urlencoded"
    message = inbound(
        "search", f"patient=Patient%2F{KEY}&whenprepared=ge2026".encode(), headers={"content-type": form}
    )
    request = asked(message)
    assert (request.person_key, request.period.start) == (KEY, date(2026, 1, 1))
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound("search", b"patient=x"))
    assert caught.value.status == 415
    with pytest.raises(GatewayError):
        ADAPTER.read(inbound("search", b"patient=%ff", headers={"content-type": form}))


# --- answers --------------------------------------------------------------------------------------------------


def test_a_searchset() -> None:
    message = searched(patient=f"Patient/{KEY}", whenprepared=("ge2026-01-01", "le2026-12-31"), _count="100")
    outbound = ADAPTER.write(answers()["complete"], message)
    Bundle.model_validate_json(outbound.body)
    bundle = resource(outbound)
    matches = [e for e in bundle["entry"] if e["search"]["mode"] == "match"]
    assert (bundle["type"], bundle["total"]) == ("searchset", len(answers()["complete"].dispensations))
    assert len(matches) == bundle["total"]
    assert bundle["link"] == [
        {
            "relation": "self",
            "url": f"{BASE}/MedicationDispense?patient=Patient%2F{KEY}"
            "&whenprepared=ge2026-01-01&whenprepared=le2026-12-31&_count=100",
        }
    ]
    for entry in matches:
        assert entry["fullUrl"] == f"{BASE}/MedicationDispense/{entry['resource']['id']}"
    (said,) = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "outcome"]
    assert said["issue"][0]["diagnostics"] == "Data may be inaccurate or incomplete."


def test_an_empty_searchset_has_a_total() -> None:
    bundle = resource(
        ADAPTER.write(an_answer(outcome=Outcome.NO_DATA, disclaimers=()), searched(patient=KEY))
    )
    assert bundle["total"] == 0
    assert "entry" not in bundle


def test_a_search_that_lacks_a_state_says_so() -> None:
    bundle = resource(ADAPTER.write(answers()["partial"], searched(patient=KEY)))
    said = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "outcome"]
    assert said[0]["issue"][0]["code"] == "incomplete"


@pytest.mark.parametrize("operation", ["search", "read"])
@pytest.mark.parametrize("name", ["deferred", "error", "ambiguous"])
def test_what_could_not_be_looked_up_is_not_empty(operation: str, name: str) -> None:
    message = inbound(operation, method="GET", query={"patient": (KEY,)})
    with pytest.raises(Unavailable):
        ADAPTER.write(answers()[name], message)


def test_one_dispensation() -> None:
    request = asked(inbound("read", method="GET", arguments={"id": f"{KEY}-1"}))
    assert (request.dispensation_id, request.person_key, request.person) == (f"{KEY}-1", None, None)
    outbound = ADAPTER.write(an_answer(), inbound("read", method="GET"))
    MedicationDispense.model_validate_json(outbound.body)
    assert resource(outbound)["id"] == a_dispensation().id
    assert dict(outbound.headers)["ETag"] == 'W/"1"'
    assert outbound.losses == ()


def test_no_such_dispensation() -> None:
    with pytest.raises(NotFound):
        ADAPTER.read(inbound("read", method="GET", arguments={"id": "_search"}))
    with pytest.raises(NotFound):
        ADAPTER.write(answers()["no-data"], inbound("read", method="GET"))
    silent = an_answer(
        outcome=Outcome.PARTIAL, dispensations=(), states=(StateOutcome(state="NY", outcome=Outcome.ERROR),)
    )
    with pytest.raises(Unavailable):
        ADAPTER.write(silent, inbound("read", method="GET"))
