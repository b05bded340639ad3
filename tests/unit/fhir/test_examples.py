"""The examples of the US PDMP implementation guide, read as they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.model import IdentifierKind, LookupRequest, Outcome, Sex, Species
from tests.unit.fhir.cases import answers, inbound, resource


@pytest.fixture
def examples(shared: Path) -> Path:
    return shared / "standards/fhir-pdmp/examples"


def read(examples: Path, name: str) -> LookupRequest:
    operation = "process-message" if name.startswith("Bundle") else "pdmp-history"
    asked = ADAPTER.read(inbound(operation, (examples / f"{name}.json").read_bytes()))
    assert isinstance(asked, LookupRequest)
    return asked


def test_input_1(examples: Path) -> None:
    request = read(examples, "Parameters-pdmp-history-input-parameters-1")
    person, asks = request.person, request.requester
    assert person is not None
    assert (person.name.family, person.name.given) == ("Samuels", ("August",))
    assert (person.birth_date, person.sex) == (date(1989, 3, 12), Sex.MALE)
    assert person.address is not None
    assert (person.address.state, person.address.postal_code) == ("MA", "01059")
    assert person.identifier(IdentifierKind.SSN) == "120-35-2435"
    assert asks.practitioner is not None
    assert asks.practitioner.npi == "1928340565"
    assert asks.practitioner.role is None
    assert asks.organisation is not None
    assert (asks.organisation.name, asks.organisation.npi) == ("Highview Clinic", "9851234689")
    assert (asks.delegate, asks.state) == (None, "MA")
    assert (request.period.start, request.period.end, request.states) == (None, None, ())


def test_input_2_minimum(examples: Path) -> None:
    person = read(examples, "Parameters-pdmp-history-input-parameters-2-minimum").person
    assert person is not None
    assert (person.sex, person.address) == (Sex.UNKNOWN, None)


def test_input_3_veterinary(examples: Path) -> None:
    person = read(examples, "Parameters-pdmp-history-input-parameters-3-veterinary").person
    assert person is not None
    assert (person.species, person.birth_date) == (Species.VETERINARY, None)
    assert person.owner is not None
    assert (person.owner.name.given, person.owner.birth_date) == (("August",), date(1989, 3, 12))
    assert person.owner.identifier(IdentifierKind.DRIVER_LICENCE) == "M231-64600-565-55"


def test_input_4_delegate(examples: Path) -> None:
    asks = read(examples, "Parameters-pdmp-history-input-parameters-4-delegate").requester
    assert asks.delegate is not None
    assert asks.practitioner is not None
    assert (asks.practitioner.npi, asks.delegate.npi) == ("1665015602", "1554505606")


def test_request_message(examples: Path) -> None:
    name = "Bundle-pdmp-bundle-request-message-1"
    assert read(examples, name).message_id == "messageheader-req-op-1"
    message = inbound("process-message", (examples / f"{name}.json").read_bytes())
    answer = resource(ADAPTER.write(answers()["complete"], message))
    header, parameters = (entry["resource"] for entry in answer["entry"])
    assert header["response"] == {"identifier": "messageheader-req-op-1", "code": "ok"}
    assert header["focus"][0]["reference"] == answer["entry"][1]["fullUrl"]
    assert parameters["resourceType"] == "Parameters"


@pytest.mark.parametrize(
    ("name", "outcome", "dispensations"),
    [
        ("1", Outcome.COMPLETE, 1),
        ("2-minimal-history", Outcome.COMPLETE, 1),
        ("3-patient-not-found", Outcome.NO_DATA, 0),
        ("6-non-fatal-warning", Outcome.PARTIAL, 0),
        ("7-fatal-error", Outcome.ERROR, 0),
    ],
)
def test_output(examples: Path, name: str, outcome: Outcome, dispensations: int) -> None:
    body = (examples / f"Parameters-pdmp-history-output-parameters-{name}.json").read_bytes()
    answer = read_answer(parse(body))
    assert answer.outcome is outcome
    assert len(answer.dispensations) == dispensations


def test_output_with_a_link_alone_is_never_no_data(examples: Path) -> None:
    body = (examples / "Parameters-pdmp-history-output-parameters-4-link-response.json").read_bytes()
    answer = read_answer(parse(body))
    assert answer.link == "http://pdmp.example.org/response/013050650054450"
    assert (answer.outcome, answer.dispensations) == (Outcome.PARTIAL, ())
    assert answer.detail is not None
    assert "not in this answer" in answer.detail


def test_output_of_staging_is_deferred_with_a_key(examples: Path) -> None:
    body = (examples / "Parameters-pdmp-history-output-parameters-5-pre-stage-response.json").read_bytes()
    answer = read_answer(parse(body))
    assert answer.retrieval_key == "0938e860-2f61-433b-982a-9044bd2f42d5"
    assert (answer.outcome, answer.dispensations) == (Outcome.DEFERRED, ())


def test_the_pharmacys_number_is_the_prescription_number(examples: Path) -> None:
    """Output 1 has both numbers typed FILL; history 2 has the prescriber's order number beside the fill's."""
    body = (examples / "Parameters-pdmp-history-output-parameters-1.json").read_bytes()
    (dispensation,) = read_answer(parse(body)).dispensations
    assert (dispensation.rx_number, dispensation.fill_number) == ("000022056", 1)
    assert (dispensation.rx_origin, dispensation.drug.ndc11) == ("05", "00093015001")
    bundle = (examples / "Bundle-pdmp-bundle-history-result-2.json").read_text()
    wrapped = (
        f'{{"resourceType":"Parameters","parameter":[{{"name":"pdmp-history-data","resource":{bundle}}}]}}'
    )
    alprazolam, codeine = read_answer(parse(wrapped.encode())).dispensations
    assert (alprazolam.rx_number, codeine.rx_number) == ("87355201", "2000353")
    assert (alprazolam.prescriber.dea, alprazolam.refills_authorised) == ("CF1234563", 5)
    assert alprazolam.person.name.given == ("August", "Thomas")


@pytest.mark.parametrize(
    ("outcome", "example"),
    [("no-data", "3-patient-not-found"), ("partial", "6-non-fatal-warning"), ("error", "7-fatal-error")],
)
def test_outcomes_have_the_shape_of_the_examples(examples: Path, outcome: str, example: str) -> None:
    """The same members, severity, issue code and PMIX status."""
    path = examples / f"Parameters-pdmp-history-output-parameters-{example}.json"
    theirs, ours = (
        next(p["resource"] for p in parameters["parameter"] if p["name"] == "outcome")
        for parameters in (
            parse(path.read_bytes()).value,
            resource(ADAPTER.write(answers()[outcome], inbound())),
        )
    )
    assert set(ours) == set(theirs)
    assert len(ours["issue"]) == len(theirs["issue"])
    for mine, other in zip(ours["issue"], theirs["issue"], strict=True):
        assert set(mine) == set(other)
        assert (mine["severity"], mine["code"]) == (other["severity"], other["code"])
        assert mine["details"]["coding"][0] == other["details"]["coding"][0]
