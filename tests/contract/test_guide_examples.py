"""The examples of the US PDMP guide, over HTTP: its requests as they are get answers of the shape of its answers.

The store holds what the guide's answers tell, read from them and reported like any other dispensation, so that what
an example says and ours does not is either not held, or not said. LACKING names all of it, each with its reason. What
ours says beyond the example is R4, and every extension in it is the guide's, FHIR's or US Core's, or defined in
docs/wire/fhir.md.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from fhir.resources.R4B import get_fhir_model_class

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.model import Dispensation, IntakeVerdict, LookupRequest, Person
from gateway.testing import LiveGateway
from tests.contract.shape import shape
from tests.unit.fhir.cases import JSON, inbound

DOCUMENTED = Path(__file__).parents[2] / "docs/wire/fhir.md"
PUBLIC = (
    "http://hl7.org/fhir/us/pdmp/",
    "http://hl7.org/fhir/us/core/",
    "http://hl7.org/fhir/StructureDefinition/",
)

SYSTEM_OF_PHARMACY = "no report to a PMP says which system a pharmacy numbers its prescriptions by"
LACKING: Final = {
    r"Patient\.identifier\[SS\].*": "a social security number never leaves",
    r"Patient\.meta\.profile=.*/us-core-patient": "the profile of the history asks for pdmp-patient, made of it",
    r"MedicationDispense\.dosageInstruction.*": "a PMP is not told how a drug is to be taken",
    r"MedicationDispense\.(authorizingPrescription\.)?identifier\[FILL\]\.system": SYSTEM_OF_PHARMACY,
    r"MedicationDispense\.\w+\.coding\[.*/rxnorm\]\.(display|userSelected)": "the record has one name of a drug, its "
    "`text`, and the code that was reported is the NDC",
    r"(Patient|Organization|MedicationDispense|MessageHeader)\.text": "a history is read by programs, and the page "
    "behind its link by people; a narrative would repeat the elements",
    r"Organization\.telecom\[email\].*": "a PMP has pharmacies' telephones, not their e-mail",
}
"""What the guide's answers have and ours do not, and why. A row that no example needs is an error."""

OWN_KINDS: Final = {
    "MedicationKnowledge": "DEA schedule, route and class have no other place in R4",
    "RelatedPerson": "the owner of an animal",
}
"""Resources in a history for which the guide has no slice: slicing is open."""


@dataclass(frozen=True)
class Case:
    """A request of the guide, what the record holds then, and the answer of the guide whose shape ours has."""

    request: str
    answer: str
    holds: str | None = None  # the answer of the guide that tells the dispensation; None: of nobody
    headers: tuple[tuple[str, str], ...] = ()
    without: str = "(?!)"  # what the patient of the request does not have
    stages: bool = False  # pre-stage-only is sent as true: no request of the guide has it so


INPUT, OUTPUT = "Parameters-pdmp-history-input-parameters-", "Parameters-pdmp-history-output-parameters-"
FULL, LEAST = f"{OUTPUT}1", f"{OUTPUT}2-minimal-history"
MESSAGE, TOLD = "Bundle-pdmp-bundle-request-message-1", "Bundle-pdmp-bundle-response-message-1"
LINK = ("X-PMP-Return", "link")
CASES: Final = (
    Case(f"{INPUT}1", FULL, holds=FULL),
    Case(f"{INPUT}2-minimum", LEAST, holds=LEAST),
    # the animal's birth date is marked as absent in the request, and there are no morphine equivalents of animals
    Case(f"{INPUT}3-veterinary", FULL, holds=FULL, without=r"Patient\.birthDate|.*\[.*extension-mme\].*"),
    Case(f"{INPUT}4-delegate", FULL, holds=FULL),
    Case(f"{INPUT}1", f"{OUTPUT}3-patient-not-found"),
    Case(f"{INPUT}1", f"{OUTPUT}4-link-response", holds=FULL, headers=(LINK,)),
    Case(f"{INPUT}1", f"{OUTPUT}5-pre-stage-response", holds=FULL, stages=True),
    Case(
        f"{INPUT}1",
        f"{OUTPUT}6-non-fatal-warning",
        holds=FULL,
        headers=(LINK, ("X-PMP-States", "CT, NY")),
    ),
    Case(f"{INPUT}1", f"{OUTPUT}7-fatal-error", holds=FULL, headers=(("X-PMP-States", "NY"),)),
    Case(MESSAGE, TOLD, holds=TOLD),
)
IDS = [f"{c.request.rpartition('parameters-')[2]}-{c.answer.rpartition('parameters-')[2]}" for c in CASES]


@pytest.fixture
def examples(shared: Path) -> Path:
    return shared / "standards/fhir-pdmp/examples"


# --- what the record holds --------------------------------------------------------------------------------------


def told_by(examples: Path, name: str) -> Dispensation:
    """The dispensation of one of the guide's answers."""
    example = json.loads((examples / f"{name}.json").read_bytes())
    if example["resourceType"] == "Bundle":
        example = example["entry"][1]["resource"]
    (dispensation,) = read_answer(parse(json.dumps(example).encode())).dispensations
    return dispensation


def asked_about(examples: Path, name: str) -> Person:
    """The patient of one of the guide's requests."""
    operation = "process-message" if name == MESSAGE else "pdmp-history"
    asked = ADAPTER.read(inbound(operation, (examples / f"{name}.json").read_bytes()))
    assert isinstance(asked, LookupRequest)
    assert asked.person is not None
    return asked.person


def hold(live: LiveGateway, examples: Path, case: Case) -> None:
    """Report the dispensation, of the patient whom the request asks about, as any dispenser would.

    The guide's message is answered about a John where an August was asked about: the request counts.
    """
    if case.holds is None:
        return
    told, asked = told_by(examples, case.holds), asked_about(examples, case.request)
    is_same = (told.person.name.family, told.person.birth_date) == (asked.name.family, asked.birth_date)
    person = replace(told.person, names=asked.names) if is_same else asked
    (result,) = live.record([replace(told, person=person)]).results
    assert result.verdict is IntakeVerdict.CREATED, result.issues


def ask(live: LiveGateway, examples: Path, case: Case) -> requests.Response:
    """The guide's request, byte for byte; only what is to be staged says so."""
    body = (examples / f"{case.request}.json").read_bytes()
    if case.stages:
        body = body.replace(b'"valueBoolean": false', b'"valueBoolean": true').replace(
            b'"valueBoolean" : false', b'"valueBoolean" : true'
        )
        assert b": true" in body
    operation = "$process-message" if case.request == MESSAGE else "$pdmp-history"
    headers = {"Authorization": f"Bearer {live.token()}", "Content-Type": JSON, **dict(case.headers)}
    return requests.post(f"{live.url}/fhir/{operation}", data=body, headers=headers, timeout=30)


def answers(live: LiveGateway, examples: Path, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ours and theirs."""
    hold(live, examples, case)
    response = ask(live, examples, case)
    assert response.status_code == 200, response.text
    return response.json(), json.loads((examples / f"{case.answer}.json").read_bytes())


# --- the guide's shape is in ours -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_the_example_says_we_say(empty: LiveGateway, examples: Path, case: Case) -> None:
    ours, theirs = answers(empty, examples, case)
    missing = shape(theirs) - shape(ours)
    assert {line for line in missing if not _lacking(line) and not re.fullmatch(case.without, line)} == set()


def test_nothing_is_excused_that_is_there(shared: Path, tmp_path: Path) -> None:
    """Each row of LACKING is about something that a guide's answer has and ours does not."""
    examples, used = shared / "standards/fhir-pdmp/examples", set()
    for case in (CASES[0], CASES[1], CASES[-1]):
        with LiveGateway(tmp_path / case.answer) as live:
            ours, theirs = answers(live, examples, case)
        used |= {_lacking(line) for line in shape(theirs) - shape(ours)}
    assert used == set(LACKING)


def _lacking(line: str) -> str | None:
    return next((row for row in LACKING if re.fullmatch(row, line)), None)


@pytest.mark.parametrize("case", [c for c in CASES if c.answer == c.holds], ids=lambda c: c.request)
def test_the_facts_are_those_of_the_example(empty: LiveGateway, examples: Path, case: Case) -> None:
    ours, _ = answers(empty, examples, case)
    parameters = ours["entry"][1]["resource"] if ours["resourceType"] == "Bundle" else ours
    (mine,) = read_answer(parse(json.dumps(parameters).encode())).dispensations
    theirs = told_by(examples, case.answer)
    for fact in (
        "rx_number",
        "filled",
        "sold",
        "fill_number",
        "quantity",
        "unit",
        "days_supply",
        "rx_origin",
    ):
        assert getattr(mine, fact) == getattr(theirs, fact), fact
    assert mine.dispenser == theirs.dispenser
    assert (mine.drug.name, mine.drug.ndc11, mine.drug.rxcui) == (
        theirs.drug.name,
        theirs.drug.ndc11,
        theirs.drug.rxcui,
    )


def test_the_operation_is_on_the_server_and_on_patient(empty: LiveGateway, examples: Path) -> None:
    ours, _ = answers(empty, examples, CASES[0])
    body = (examples / f"{CASES[0].request}.json").read_bytes()
    headers = {"Authorization": f"Bearer {empty.token()}", "Content-Type": JSON}
    url = f"{empty.url}/fhir/Patient/$pdmp-history"
    assert shape(requests.post(url, data=body, headers=headers, timeout=30).json()) == shape(ours)


# --- ours beyond the guide's -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_we_say_beyond_is_known(empty: LiveGateway, examples: Path, case: Case, shared: Path) -> None:
    ours, theirs = answers(empty, examples, case)
    get_fhir_model_class(ours["resourceType"]).model_validate(ours)
    for url in {node["url"] for node in _nodes(ours, "extension")}:
        assert url.startswith(PUBLIC) or f"`{url}`" in DOCUMENTED.read_text(), url
    assert _names(ours) <= _names(theirs) | _slices(shared)
    kinds = {e["resource"]["resourceType"] for e in _nodes(ours, "entry")} - {"MessageHeader", "Parameters"}
    assert kinds - set(OWN_KINDS) <= _kinds(shared)


def test_kinds_beyond_the_guide_are_there(empty: LiveGateway, examples: Path) -> None:
    """OWN_KINDS names no more than there is."""
    ours, _ = answers(empty, examples, CASES[2])
    assert {e["resource"]["resourceType"] for e in _nodes(ours, "entry")} >= set(OWN_KINDS)


def _nodes(node: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every member of every list of that name; parts of an extension are its own matter."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield from value
                yield from (n for one in value if name != "extension" for n in _nodes(one, name))
            else:
                yield from _nodes(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item, name)


def _names(resource: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in _nodes(resource, "parameter")}


def _rows(shared: Path, profile: str) -> list[dict[str, str]]:
    with (shared / "standards/fhir-pdmp/profile-rules.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["profile"] == profile]


def _slices(shared: Path) -> set[str]:
    """The parameters that an answer may have."""
    named = (row["element"] for row in _rows(shared, "PdmpParametersResponse"))
    return {name for name in named if "." not in name and name != "parameter"}


def _kinds(shared: Path) -> set[str]:
    """The resources of a history that the guide has a slice for."""
    rules = (row["rule"].removeprefix("only $") for row in _rows(shared, "PdmpBundleHistoryResult"))
    words = {rule.rpartition("-")[2] for rule in rules if rule} | {"pharmacy"}
    kinds = (
        "Patient",
        "MedicationDispense",
        "Medication",
        "MedicationRequest",
        "Practitioner",
        "DetectedIssue",
    )
    return {kind for kind in kinds if kind.lower() in words} | {"Organization"}


def test_an_animal_is_said_to_be_one_and_has_its_owner(empty: LiveGateway, examples: Path) -> None:
    ours, _ = answers(empty, examples, CASES[2])
    asked = json.loads((examples / f"{INPUT}3-veterinary.json").read_bytes())
    patient, owner = (p["resource"] for p in asked["parameter"][:2])
    lines = shape(ours)
    told = {line for line in shape(patient) if "patient-animal" in line or "_birthDate" in line}
    assert len(told) >= 10
    assert told <= lines
    assert {line for line in shape(owner) if "identifier" not in line and "text" not in line} - lines == {
        "RelatedPerson.patient.reference=?"  # by its id in the request, by its fullUrl in the answer
    }
    assert "RelatedPerson.patient.reference=Patient" in lines


# --- the same words ----------------------------------------------------------------------------------------------


def test_a_message_names_what_it_answers_and_nothing_else_of_the_request(
    empty: LiveGateway, examples: Path
) -> None:
    ours, theirs = answers(empty, examples, CASES[-1])
    header, told = ours["entry"][0]["resource"], theirs["entry"][0]["resource"]
    assert header["response"] == told["response"]
    assert header["eventCoding"] == told["eventCoding"]
    request = json.loads((examples / f"{MESSAGE}.json").read_bytes())["entry"][1]["resource"]
    for parameter in request["parameter"][1:-1]:
        for identifier in parameter["resource"].get("identifier", ()):
            assert identifier["value"] not in json.dumps(ours)


def test_a_link_comes_without_anything_of_the_history(empty: LiveGateway, examples: Path) -> None:
    ours, _ = answers(empty, examples, CASES[5])
    assert {e["url"].rpartition("/")[2] for e in _nodes(ours, "extension")} == {
        "pdmp-header-timestamp-extension",
        "pdmp-activity-period-extension",
        "urn:x-pmpbridge:disclaimer",
    }


def test_a_record_that_cannot_be_read_is_no_answer(
    empty: LiveGateway, examples: Path, tmp_path: Path
) -> None:
    """A failure of the whole gateway is told by HTTP: a bare OperationOutcome that says when to ask again.

    The guide's shape of an error is that of an answer: it is given where the states that were asked are silent.
    """
    case = CASES[0]
    hold(empty, examples, case)
    empty.token()
    with sqlite3.connect(tmp_path / "pmp.sqlite") as connection:
        connection.execute("ALTER TABLE dispensation RENAME TO gone")
    connection.close()
    response = ask(empty, examples, case)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert [(i["severity"], i["code"]) for i in outcome["issue"]] == [("error", "transient")]
    assert "informational" not in response.text
