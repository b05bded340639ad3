"""The samples beside the adapter: each request is read, and each answer is what is written today, to the letter."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import adapters.fhir
from adapters.fhir import ADAPTER
from gateway.model import IntakeBatch, IntakeIssue, IntakeVerdict, IssueCode, LookupRequest
from gateway.ports import Answered
from tests.factory import a_lookup, an_answer
from tests.unit.fhir.cases import answers, inbound, receipt

SAMPLES = Path(adapters.fhir.__file__).parent / "samples"
REJECTED = IntakeIssue(
    path="MedicationDispense",
    field="days_supply",
    code=IssueCode.OUT_OF_RANGE,
    message="The days supply must be a whole number from 1 to 999.",
    is_error=True,
)
# operation, HTTP status, what is answered
PAIRS: dict[str, tuple[str, int, Callable[[], Answered]]] = {
    "complete": ("pdmp-history", 200, an_answer),
    "no-data": ("pdmp-history", 200, lambda: answers()["no-data"]),
    "ambiguous": ("pdmp-history", 200, lambda: answers()["ambiguous"]),
    "disallowed": ("pdmp-history", 403, lambda: answers()["disallowed"]),
    "partial": ("pdmp-history", 200, lambda: answers()["partial"]),
    "partial-without-data": ("pdmp-history", 200, lambda: answers()["partial-without-data"]),
    "deferred": ("pdmp-history", 200, lambda: answers()["deferred"]),
    "error": ("pdmp-history", 200, lambda: answers()["error"]),
    "message": ("process-message", 200, an_answer),
    "create": ("create", 201, lambda: receipt(IntakeVerdict.CREATED)),
    "create-rejected": ("create", 422, lambda: receipt(IntakeVerdict.REJECTED, issues=(REJECTED,))),
}


def test_every_sample_is_run() -> None:
    names = {path.name for path in SAMPLES.glob("*.json")}
    assert names == {f"{name}.{part}.json" for name in PAIRS for part in ("request", "answer")}


@pytest.mark.parametrize("name", PAIRS)
def test_sample(name: str) -> None:
    operation, status, answered = PAIRS[name]
    request, answer = (SAMPLES / f"{name}.{part}.json" for part in ("request", "answer"))
    message = inbound(operation, request.read_bytes())
    asked = ADAPTER.read(message)
    if isinstance(asked, LookupRequest):
        expected = replace(a_lookup(), requester=replace(a_lookup().requester, state=None))
        assert replace(asked, message_id=None) == replace(expected, message_id=None)
    else:
        assert isinstance(asked, IntakeBatch)
    outbound = ADAPTER.write(answered(), message)
    assert outbound.status == status
    told: Any = json.loads(outbound.body)
    assert told == json.loads(answer.read_bytes())
