"""What a search for dispensations finds, and in which form it comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.provenance import Provenance

from adapters.fhir import ADAPTER
from gateway.errors import NotFound
from gateway.model import Answer, Dispensation, DispensationStatus, LookupRequest
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.cases import BASE, inbound, resource, searched

KEY = a_dispensation().person.key or ""
PHARMACY = a_dispensation().dispenser


def _held() -> tuple[Dispensation, ...]:
    first = a_dispensation()
    return (
        replace(first, id=f"{KEY}-3", rx_number="9,1|2", fill_number=0, filled=date(2026, 9, 14), sold=None,
                reported_at=datetime(2026, 9, 15, 8, tzinfo=UTC)),
        replace(first, id=f"{KEY}-2", rx_number="7001", fill_number=1, partial_fill=1, filled=date(2026, 8, 1),
                sold=date(2026, 8, 2), reported_at=datetime(2026, 9, 16, 8, tzinfo=UTC), revision=2),
        replace(first, id=f"{KEY}-1", rx_number="7001", fill_number=0, filled=date(2026, 7, 1),
                sold=date(2026, 7, 1), reported_at=datetime(2026, 7, 2, 8, tzinfo=UTC),
                drug=replace(first.drug, ndc11="00409117430", rxcui="123")),
    )  # fmt: skip


def answer(**over: Any) -> Answer:
    return an_answer(dispensations=_held(), **over)


def bundle(operation: str = "search", **query: Any) -> Any:
    message = replace(searched(**query), operation=operation)
    asked = ADAPTER.read(message)
    assert isinstance(asked, LookupRequest)
    outbound = ADAPTER.write(answer(), message)
    found = resource(outbound)
    assert outbound.shown == len([e for e in found.get("entry", ()) if e["search"]["mode"] == "match"])
    Bundle.model_validate_json(outbound.body)
    return found


def ids(found: Any, mode: str = "match") -> list[str]:
    return [e["resource"]["id"][-1] for e in found.get("entry", ()) if e["search"]["mode"] == mode]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "321"),
        ({"status": "completed"}, "321"),
        ({"status": "completed,cancelled"}, "321"),
        ({"status": "cancelled"}, ""),
        ({"status:not": "entered-in-error"}, "321"),
        ({"status:not": "completed"}, ""),
        ({"status": "http://hl7.org/fhir/CodeSystem/medicationdispense-status|completed"}, "321"),
        ({"status": "|completed"}, ""),
        ({"type": "RFP"}, "2"),
        ({"type": "FFC,RFP"}, "321"),
        ({"type:not": "FFC"}, "2"),
        ({"type": "http://terminology.hl7.org/CodeSystem/v3-ActCode|FFC", "status": "completed"}, "31"),
        ({"type": "urn:other|FFC"}, ""),
        ({"identifier": "7001"}, "21"),
        ({"identifier": r"9\,1\|2"}, "3"),
        ({"identifier": "urn:other|7001"}, ""),
        ({"prescription:identifier": "7001"}, "21"),
        ({"code": "http://hl7.org/fhir/sid/ndc|0409-1174-30"}, "1"),
        ({"code": "00409117430"}, "1"),
        ({"code": "http://www.nlm.nih.gov/research/umls/rxnorm|123"}, "1"),
        ({"code:not": "00409117430"}, "32"),
        ({"whenprepared": ("ge2026-07-02", "lt2026-09-01")}, "2"),
        ({"whenprepared": "2026-07,2026-09"}, "31"),
        ({"whenprepared": "ne2026-08-01"}, "31"),
        ({"whenhandedover": "2026-08-02"}, "2"),
        ({"whenhandedover": "ne2026-08-02"}, "1"),
        ({"performer:identifier": f"http://hl7.org/fhir/sid/us-npi|{PHARMACY.npi}"}, "321"),
        ({"performer:identifier": "0000000"}, ""),
        ({"_lastUpdated": "gt2026-09-15T08:00:00Z"}, "2"),
        ({"_lastUpdated": "le2026-09-15"}, "31"),
        ({"_id": f"{KEY}-1,{KEY}-3"}, "31"),
        ({"_sort": "whenprepared"}, "123"),
        ({"_sort": "-whenprepared"}, "321"),
        ({"_sort": "-_lastUpdated"}, "231"),
        ({"_sort": "whenhandedover"}, "312"),
    ],
)
def test_what_is_found(query: dict[str, Any], expected: str) -> None:
    found = bundle(patient=KEY, **query)
    assert "".join(ids(found)) == expected
    assert found["total"] == len(expected)


@pytest.mark.parametrize(
    "query",
    [
        {"subject": KEY},
        {"patient:Patient": KEY},
        {"patient.identifier": f"urn:x-pmpbridge:person|{KEY}"},
        {"patient:identifier": KEY},
        {"subject:Patient.identifier": f"urn:x-pmpbridge:person|{KEY}"},
        {"patient": f"{BASE}/Patient/{KEY}", "subject": KEY},
    ],
)
def test_ways_to_name_the_patient(query: dict[str, str]) -> None:
    asked = ADAPTER.read(searched(**query))
    assert isinstance(asked, LookupRequest)
    assert asked.person_key == KEY


def test_alternatives_widen_the_period_that_is_read() -> None:
    asked = ADAPTER.read(searched(patient=KEY, whenprepared=("2026-07,2026-09", "le2026-09-10,ne2026-01-01")))
    assert isinstance(asked, LookupRequest)
    assert (asked.period.start, asked.period.end) == (date(2026, 7, 1), date(2026, 9, 30))


def test_pages() -> None:
    found = bundle(patient=KEY, _count="2")
    assert (ids(found), found["total"]) == (["3", "2"], 3)
    links = {link["relation"]: link["url"] for link in found["link"]}
    assert set(links) == {"self", "next"}
    token = links["next"].rpartition("_page=")[2]
    last = bundle(patient=KEY, _count="2", _page=token)
    assert (ids(last), last["total"]) == (["1"], 3)
    assert {link["relation"] for link in last["link"]} == {"self", "first"}


@pytest.mark.parametrize("query", [{"_count": "0"}, {"_summary": "count"}])
def test_only_the_total(query: dict[str, str]) -> None:
    found = bundle(patient=KEY, type="RFP", **query)
    assert (found["total"], ids(found)) == (1, [])
    assert [link["relation"] for link in found["link"]] == ["self"]


def test_no_total_where_none_is_wanted() -> None:
    assert "total" not in bundle(patient=KEY, _total="none")


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if isinstance(value, dict):
        here = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return here.union(*map(_references, value.values()))
    return set()


@pytest.mark.parametrize(
    ("includes", "kinds"),
    [
        (("patient",), {"Patient"}),
        (("subject:Patient",), {"Patient"}),
        (("performer",), {"Organization"}),
        (("medication",), {"Medication", "MedicationKnowledge"}),
        (("prescription",), {"MedicationRequest", "Practitioner"}),
        (("patient", "performer", "medication", "prescription"), {
            "Patient", "Organization", "Medication", "MedicationKnowledge", "MedicationRequest", "Practitioner",
        }),
    ],
)  # fmt: skip
def test_what_is_included_is_an_entry_once_and_no_longer_contained(
    includes: Sequence[str], kinds: set[str]
) -> None:
    found = bundle(patient=KEY, _include=tuple(f"MedicationDispense:{name}" for name in includes))
    included = [e for e in found["entry"] if e["search"]["mode"] == "include"]
    assert {e["resource"]["resourceType"] for e in included} == kinds
    texts = [json.dumps(e["resource"], default=str) for e in included]
    assert len(set(texts)) == len(texts)
    urls = {e["fullUrl"] for e in found["entry"] if "fullUrl" in e}
    for entry in found["entry"]:
        contained = entry["resource"].get("contained", [])
        assert not {one["resourceType"] for one in contained} & kinds
        local = {f"#{one['id']}" for one in contained}
        for reference in _references(entry["resource"]):
            assert reference in urls | local or reference == f"Patient/{KEY}"


def test_provenance_of_what_is_shown() -> None:
    found = bundle(patient=KEY, type="RFP", _revinclude="Provenance:target")
    (entry,) = (e for e in found["entry"] if e["search"]["mode"] == "include")
    assert entry["fullUrl"] == f"{BASE}/Provenance/{KEY}-2"
    assert entry["resource"]["target"] == [{"reference": f"MedicationDispense/{KEY}-2/_history/2"}]
    assert entry["resource"]["activity"]["coding"][0]["code"] == "UPDATE"
    assert entry["resource"]["recorded"] == "2026-09-16T08:00:00Z"


# --- Provenance -----------------------------------------------------------------------------------------------


def test_provenance_by_itself() -> None:
    message = inbound("provenance", method="GET", arguments={"id": f"{KEY}-3"})
    asked = ADAPTER.read(message)
    assert isinstance(asked, LookupRequest)
    assert asked.dispensation_id == f"{KEY}-3"
    outbound = ADAPTER.write(answer(), message)
    Provenance.model_validate_json(outbound.body)
    told = resource(outbound)
    author, transmitter = told["agent"]
    assert author["type"]["coding"][0]["code"] == "author"
    assert author["who"]["display"] == PHARMACY.name
    assert transmitter["type"]["coding"][0]["code"] == "transmitter"
    assert transmitter["who"]["identifier"]["value"] == "urn:x-pmpbridge:state:CT"
    names = answer().dispensations[0].person.names[0]
    assert names.family not in str(told)


def test_provenance_searched_for() -> None:
    found = bundle("provenance-search", target=f"MedicationDispense/{KEY}-3")
    assert ids(found) == ["3"]
    assert ids(bundle("provenance-search", patient=KEY)) == ["3", "2", "1"]
    asked = ADAPTER.read(
        replace(searched(target=f"MedicationDispense/{KEY}-3"), operation="provenance-search")
    )
    assert isinstance(asked, LookupRequest)
    assert (asked.dispensation_id, asked.person_key) == (f"{KEY}-3", None)


# --- reads ----------------------------------------------------------------------------------------------------


def read(headers: dict[str, str], operation: str = "read", **arguments: str) -> Any:
    message = inbound(operation, method="GET", headers=headers, arguments={"id": f"{KEY}-2", **arguments})
    ADAPTER.read(message)
    return ADAPTER.write(an_answer(dispensations=(_held()[1],)), message)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if-none-match": 'W/"2"'}, 304),
        ({"if-none-match": '"1", "2"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": 'W/"1"'}, 200),
        ({"if-modified-since": "Wed, 16 Sep 2026 08:00:00 GMT"}, 304),
        ({"if-modified-since": "Wed, 16 Sep 2026 07:59:59 GMT"}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-none-match": 'W/"1"', "if-modified-since": "Wed, 16 Sep 2026 08:00:00 GMT"}, 200),
    ],
)
def test_a_read_on_condition(headers: dict[str, str], status: int) -> None:
    outbound = read(headers)
    assert outbound.status == status
    assert dict(outbound.headers)["ETag"] == 'W/"2"'
    assert (outbound.body == b"", outbound.shown) == ((True, 0) if status == 304 else (False, None))


def test_the_revision_that_stands_is_read_and_no_other() -> None:
    assert resource(read({}, "vread", revision="2"))["meta"]["versionId"] == "2"
    for other in ("1", "3", "02", "x"):
        with pytest.raises(NotFound):
            read({}, "vread", revision=other)


def test_a_withdrawn_one_is_found_by_its_id() -> None:
    void = replace(_held()[0], status=DispensationStatus.VOID)
    for status, count in ((None, 1), ("entered-in-error", 1), ("completed", 0)):
        message = searched(_id=f"{KEY}-3", **({"status": status} if status else {}))
        ADAPTER.read(message)
        assert resource(ADAPTER.write(an_answer(dispensations=(void,)), message))["total"] == count
