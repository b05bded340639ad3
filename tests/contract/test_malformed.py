"""Each malformed resource is refused with the FHIRPath of its fault, a sentence on what to do, and nothing it said.

One valid resource of each kind is spoilt in one place at a time (tests/contract/malformed), sent over HTTP, in JSON
and, where XML can say the same, in XML. `expression` is held against the exact place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from adapters.fhir.xml_write import to_xml
from gateway.testing import LiveGateway
from tests.contract.hostile.attack import stored_in
from tests.contract.malformed import in_reports, in_requests, in_xml
from tests.contract.malformed.changes import Change, Swap, expression_of, expressions_of, in_json
from tests.unit.fhir.bundles import apart, bundle, entry, fill
from tests.unit.fhir.cases import JSON, reported

XML: Final = "application/fhir+xml"
NDJSON: Final = "application/fhir+ndjson"
SAMPLES: Final = Path(__file__).parents[2] / "adapters" / "fhir" / "samples"
REMEDY: Final = re.compile(
    r"(Correct|Give|Leave|Post|Refer|Report|Send|Update|Use|Create|Search|Accept|Close|Remove|Follow|Sort|Add)\b[^.]{3,}.*"
)
# Words of the standards, which a remedy may name although they were sent.
KNOWN: Final = frozenset(
    [
        "Parameters",
        "Bundle",
        "MedicationDispense",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "MedicationRequest",
        "MessageHeader",
        "patient",
        "resource",
        "message",
        "transaction",
        "batch",
        "each",
        "completed",
        "order",
        "phone",
        "official",
        "female",
        "onlyCertainMatches",
        "count",
        "POST",
        "PUT",
        "Medication",
        "authorized-practitioner",
        "preparation",
    ]
)


@dataclass(frozen=True)
class Way:
    """How a resource is sent: what is valid there, by which URL, and under which path its faults are named."""

    valid: Any
    path: str
    root: str
    method: str = "POST"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("malformed")) as live:
        yield live


@pytest.fixture(scope="module")
def ways(target: LiveGateway) -> Mapping[str, Way]:
    """Every way in; what is updated has been recorded."""
    created = _send(target, "POST", "/MedicationDispense", in_json_of(fill("7009999")))
    assert created.status_code == 201, created.text
    recorded = created.json()
    match = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": reported()["contained"][0]},
            {"name": "onlyCertainMatches", "valueBoolean": False},
            {"name": "count", "valueInteger": 3},
        ],
    }
    return {
        "create": Way(reported(), "/MedicationDispense", "MedicationDispense"),
        "update": Way(recorded, f"/MedicationDispense/{recorded['id']}", "MedicationDispense", "PUT"),
        "transaction": Way(bundle(*apart(reported())), "", "Bundle"),
        "batch": Way(bundle(*apart(reported()), type="batch"), "", "Bundle"),
        "in a transaction": Way(bundle(entry(reported(), 0)), "", "Bundle.entry[0].resource"),
        "in a batch": Way(bundle(entry(reported(), 0), type="batch"), "", "Bundle.entry[0].resource"),
        "import": Way(reported(), "/$import", "MedicationDispense"),
        "pdmp-history": Way(_sample("complete"), "/$pdmp-history", "Parameters"),
        "process-message": Way(_sample("message"), "/$process-message", "Bundle"),
        "match": Way(match, "/Patient/$match", "Parameters"),
    }


def _sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.request.json").read_text())


def in_json_of(resource: Any) -> bytes:
    return json.dumps(resource).encode()


def _send(live: LiveGateway, method: str, path: str, body: bytes, type: str = JSON) -> requests.Response:
    accept = NDJSON if type == NDJSON else JSON
    headers = {"Authorization": f"Bearer {live.token()}", "Content-Type": type, "Accept": accept}
    return requests.request(method, f"{live.url}/fhir{path}", data=body, headers=headers, timeout=30)


# --- the cases ---------------------------------------------------------------------------------------------------

IN_JSON: Final[Mapping[str, Mapping[str, Change]]] = {
    "create": {**in_reports.WRONG, **in_reports.WRONG_JSON},
    "update": in_reports.UPDATE,
    "transaction": {**in_reports.BUNDLE, **in_reports.BUNDLE_JSON},
    "pdmp-history": {**in_requests.HISTORY, **in_requests.HISTORY_JSON},
    "process-message": {**in_requests.MESSAGE, **in_requests.MESSAGE_JSON},
    "match": in_requests.MATCH,
}
IN_XML: Final[Mapping[str, Mapping[str, Change]]] = {
    "create": in_reports.WRONG,
    "transaction": in_reports.BUNDLE,
    "pdmp-history": in_requests.HISTORY,
    "process-message": in_requests.MESSAGE,
    "match": in_requests.MATCH,
}


def _cases(tables: Mapping[str, Mapping[str, Change]]) -> Any:
    rows = [(way, name, change) for way, row in tables.items() for name, change in row.items()]
    params = [pytest.param(way, change, id=f"{way}: {name}") for way, name, change in rows]
    return pytest.mark.parametrize(("way", "change"), params)


@_cases(IN_JSON)
def test_in_json(target: LiveGateway, ways: Mapping[str, Way], way: str, change: Change) -> None:
    here = ways[way]
    body = in_json(change, here.valid)
    before = stored_in(target)
    response = _send(target, here.method, here.path, body)
    assert_refused(response, change, expressions_of(change, here.root), body)
    assert stored_in(target) == before


@_cases(IN_XML)
def test_in_xml(target: LiveGateway, ways: Mapping[str, Way], way: str, change: Change) -> None:
    here = ways[way]
    assert not isinstance(change, Swap)
    body = to_xml(change.spoilt(here.valid))
    before = stored_in(target)
    response = _send(target, here.method, here.path, body, XML)
    assert_refused(response, change, expressions_of(change, here.root), in_json(change, here.valid))
    assert stored_in(target) == before


@_cases({"create": in_xml.REPORT, "pdmp-history": in_xml.HISTORY})
def test_what_only_xml_can_say(
    target: LiveGateway, ways: Mapping[str, Way], way: str, change: Change
) -> None:
    here = ways[way]
    assert isinstance(change, Swap)
    body = change.spoilt_text(to_xml(here.valid).decode()).encode()
    before = stored_in(target)
    response = _send(target, here.method, here.path, body, XML)
    assert_refused(response, change, expressions_of(change, here.root), in_json_of(here.valid))
    assert stored_in(target) == before


@pytest.mark.parametrize("way", ["in a transaction", "in a batch", "import"])
@pytest.mark.parametrize("name", [*in_reports.WRONG, *in_reports.WRONG_JSON])
def test_in_the_other_ways(target: LiveGateway, ways: Mapping[str, Way], way: str, name: str) -> None:
    """A dispensation that is one of several: the fault is named below where it stands."""
    change, here = {**in_reports.WRONG, **in_reports.WRONG_JSON}[name], ways[way]
    if expression_of(change, "").startswith("Resource") and way != "import":
        return  # is about the body as a whole, and has rows of its own for Bundles
    before = stored_in(target)
    if way == "import":
        line = in_json(change, here.valid)
        response = _send(target, "POST", here.path, b"\n" + line + b"\n", NDJSON)
        assert response.status_code == 200, response.text
        assert_faults(json.loads(response.text), expressions_of(change, here.root), line)
    else:
        whole = {**here.valid, "entry": [{**here.valid["entry"][0], "resource": "HERE"}]}
        body = in_json_of(whole).replace(b'"HERE"', in_json(change, reported()))
        response = _send(target, "POST", here.path, body)
        at = expressions_of(change, here.root)
        if way == "in a batch" and response.status_code == 200:
            (told,) = (one["response"] for one in response.json()["entry"])
            assert told["status"] == str(change.status)
            assert_faults(told["outcome"], at, body)
        else:
            assert_refused(response, change, at, body)
    assert stored_in(target) == before


@pytest.mark.parametrize("name", [*in_reports.BUNDLE, *in_reports.BUNDLE_JSON])
def test_in_an_entry_of_a_batch(target: LiveGateway, ways: Mapping[str, Way], name: str) -> None:
    """The entry is answered with the fault; what is wrong with the whole refuses the whole."""
    change, here = {**in_reports.BUNDLE, **in_reports.BUNDLE_JSON}[name], ways["batch"]
    body, (at, *also) = in_json(change, here.valid), expressions_of(change, here.root)
    before = stored_in(target)
    response = _send(target, "POST", here.path, body)
    if response.status_code != 200:
        assert_refused(response, change, [at], body)
        return
    refused = {}
    for number, told in enumerate(response.json()["entry"]):
        outcome = told["response"].get("outcome", {"issue": []})
        places = [issue["expression"][0] for issue in outcome["issue"] if issue["severity"] == "error"]
        if places:
            assert told["response"]["status"] in {"400", "405", "422"}
            assert_faults(outcome, places, body)
            refused[number] = places
    wrong = int(re.findall(r"Bundle\.entry\[(\d+)\]", at)[0])
    assert refused[wrong] == [at]
    assert not also or [*also] in refused.values()
    assert stored_in(target) == before


@pytest.mark.parametrize("name", in_requests.SEARCHES)
def test_parameters_of_a_url(target: LiveGateway, name: str) -> None:
    path, at, status = in_requests.SEARCHES[name]
    response = _send(target, "GET", f"/{path}", b"")
    assert response.status_code == status, response.text
    (issue,) = response.json()["issue"]
    assert issue["location"] == [f"http.{at}"]
    assert "expression" not in issue
    assert_sentence(issue)
    assert "zzyzx" not in response.text


# --- what holds of each ----------------------------------------------------------------------------------------


def assert_refused(response: requests.Response, change: Change, at: list[str], sent: bytes) -> None:
    assert response.status_code == change.status, response.text
    assert response.headers["Content-Type"].startswith(JSON)
    assert_faults(response.json(), at, sent)


def assert_faults(outcome: Any, at: list[str], sent: bytes) -> None:
    """The fault's place first, then no more than what follows from it; each issue an error that says what to do, and
    quotes nothing."""
    assert outcome["resourceType"] == "OperationOutcome"
    assert [issue.get("expression") for issue in outcome["issue"]] == [[place] for place in at], outcome[
        "issue"
    ]
    for issue in outcome["issue"]:
        assert issue["severity"] == "error"
        assert_sentence(issue)
    told = json.dumps(outcome["issue"])
    assert not [word for word in _words_of(sent) if word in told], told


def assert_sentence(issue: Any) -> None:
    what, diagnostics = issue["details"]["text"], issue["diagnostics"]
    assert diagnostics.startswith(what)
    told = re.split(r"(?<=[.)]) ", diagnostics)
    assert " must " in what or any(REMEDY.fullmatch(sentence) for sentence in told), diagnostics


def _words_of(sent: bytes) -> set[str]:
    """The texts that were sent and are no words of the standards; of a body that is no JSON, those it could be read
    for."""
    texts = re.findall(rb':?"((?:[^"\\]|\\.)*)"(?!:)', sent)
    words = {text.decode(errors="replace") for text in texts}
    return {word for word in words if len(word) > 4 and word not in KNOWN and "://hl7.org/" not in word}


def test_what_is_spoilt_is_valid_as_it_was(tmp_path: Path, ways: Mapping[str, Way]) -> None:
    with LiveGateway(tmp_path) as live:
        for name, way in ways.items():
            if name == "update":
                continue
            body = json.dumps(way.valid, separators=(",", ":")).encode()
            response = _send(live, way.method, way.path, body, NDJSON if name == "import" else JSON)
            assert response.status_code in {200, 201}, (name, response.text)
            assert '"rejected"' not in response.text
            assert '"severity":"error"' not in response.text, (name, response.text)
