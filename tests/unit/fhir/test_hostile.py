"""Whatever comes in ends in an answer or in an error of the family, and no error repeats what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.fhir import ADAPTER
from adapters.fhir.read_answer import read_answer
from adapters.fhir.tree import parse
from gateway.errors import GatewayError
from gateway.model import IntakeBatch, IntakeReceipt, IntakeRecord, IntakeResult, IntakeVerdict, Outcome
from gateway.ports import Inbound
from tests.factory import a_dispensation, an_answer
from tests.unit.fhir.bundles import apart, bundle
from tests.unit.fhir.cases import answers, inbound, reported
from tests.unit.fhir.test_requests import parameters, request_message

MARK = "Xylophonia"
ODD = st.sampled_from(
    [
        None, True, False, 0, -1, 1.5, 10**30, 1e300, "", "x", MARK, f"{MARK}\0", "\ud800", "2020-02-30", "#patient",
        "completed", [], [None], [[]], [1], [MARK], [{}], {}, {MARK: MARK}, {"resourceType": MARK},
        {"resourceType": "Patient"}, {"reference": "#patient"}, {"value": MARK}, {"extension": MARK},
        {"extension": [{"url": 1}]}, {"coding": [{"system": MARK, "code": MARK}]},
    ]
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every element of a document."""
    yield way
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield from places(child, (*way, step))


def spoilt(document: Any, way: tuple[Any, ...], value: Any) -> bytes:
    document = deepcopy(document)
    if not way:
        return json.dumps(value).encode()
    here = document
    for step in way[:-1]:
        here = here[step]
    here[way[-1]] = value
    return json.dumps(document).encode()


def attempt(call: Callable[[], Any]) -> Any:
    """What the call returns, or the error of the family that it raises; any other exception fails the test."""
    try:
        return call()
    except GatewayError as error:
        return error


def ways(*documents: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    return [(document, way) for document in documents for way in places(document)]


REQUESTS = {
    "pdmp-history": parameters(),
    "process-message": request_message(),
    "create": reported(),
    "update": {**reported(), "id": "7KQ4M2XT9R0AB-1"},
    "bundle": bundle(*apart(reported())),
    "import": reported(),
}
HEADERS = {"import": {"content-type": "application/fhir+ndjson"}}
ASKED = [(operation, way) for operation, document in REQUESTS.items() for way in places(document)]
ANSWERS = {n: json.loads(ADAPTER.write(a, inbound()).body) for n, a in answers().items() if n != "disallowed"}
FAILED = [ANSWERS[name] for name in ("ambiguous", "partial-without-data", "deferred", "error")]


def sent(operation: str, body: bytes) -> Inbound:
    return inbound(operation, body, headers=HEADERS.get(operation, {}), arguments={"id": "7KQ4M2XT9R0AB-1"})


@given(asked=st.sampled_from(ASKED), value=ODD)
def test_requests(asked: tuple[str, tuple[Any, ...]], value: Any) -> None:
    operation, way = asked
    message = sent(operation, spoilt(REQUESTS[operation], way, value))
    read = attempt(lambda: ADAPTER.read(message))
    if isinstance(read, GatewayError):
        outbound = ADAPTER.write_error(read, message)
        assert 400 <= outbound.status < 500
        assert MARK not in outbound.body.decode()
    elif isinstance(read, IntakeBatch):  # what is let in can be written again
        for record in read.records:
            assert isinstance(record, IntakeRecord)
            if record.dispensation is not None:
                ADAPTER.write(an_answer(dispensations=(record.dispensation,)), inbound())
    elif operation == "process-message":
        ADAPTER.write(an_answer(), message)


@given(told=st.sampled_from(ways(*ANSWERS.values())), value=ODD)
def test_answers_of_partners(told: tuple[Any, tuple[Any, ...]], value: Any) -> None:
    answer = attempt(lambda: read_answer(parse(spoilt(*told, value))))
    assert not isinstance(answer, GatewayError) or MARK not in str(answer)


@given(told=st.sampled_from(ways(*FAILED)), value=ODD)
def test_a_failure_never_becomes_no_data(told: tuple[Any, tuple[Any, ...]], value: Any) -> None:
    """Nor a complete answer, whatever single thing is wrong with it."""
    answer = attempt(lambda: read_answer(parse(spoilt(*told, value))))
    assert isinstance(answer, GatewayError) or answer.outcome not in {Outcome.NO_DATA, Outcome.COMPLETE}


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    for operation in REQUESTS:
        read = attempt(lambda operation=operation: ADAPTER.read(sent(operation, body)))
        if operation == "import" and isinstance(read, IntakeBatch):  # each line is answered by itself
            assert not any(isinstance(r, IntakeRecord) and r.dispensation is not None for r in read.records)
        else:
            assert isinstance(read, GatewayError)
            assert read.status == 400


@given(way=st.sampled_from(list(places(bundle(*apart(reported()))))), value=ODD)
def test_batches(way: tuple[Any, ...], value: Any) -> None:
    """Whatever is wrong with one entry, every entry is answered, and nothing that was sent is repeated."""
    body = spoilt(bundle(*apart(reported()), type="batch"), way, value)
    read = attempt(lambda: ADAPTER.read(sent("bundle", body)))
    if isinstance(read, IntakeBatch):
        results = tuple(
            IntakeResult(path=record.path, verdict=IntakeVerdict.CREATED, dispensation=a_dispensation())
            for record in read.records
        )
        outbound = ADAPTER.write(IntakeReceipt(results=results), sent("bundle", body))
        assert MARK not in outbound.body.decode()
        told, document = json.loads(outbound.body), json.loads(body)
        assert len(told.get("entry", [])) == len(document.get("entry") or [])
