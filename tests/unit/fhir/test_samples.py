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
from gateway.model import (
    Dispensation,
    DispensationStatus,
    IntakeBatch,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    LookupRequest,
)
from gateway.ports import Answered, Parts
from tests.factory import a_dispensation, a_lookup, an_answer
from tests.unit.fhir.cases import answers, inbound, receipt

SAMPLES = Path(adapters.fhir.__file__).parent / "samples"
REJECTED = IntakeIssue(
    path="MedicationDispense",
    field="days_supply",
    code=IssueCode.OUT_OF_RANGE,
    message="The days supply must be a whole number from 1 to 999.",
    is_error=True,
)
HELD = a_dispensation()
SECOND = a_dispensation(id="7KQ4M2XT9R0AB-2", rx_number="7001235")
WRONG_LINE = IntakeIssue(
    path="line 2: MedicationDispense.quantity.value",
    code=IssueCode.MISSING,
    message="value is missing. Send MedicationDispense.quantity.value.",
    is_error=True,
)


def told(*results: tuple[str, IntakeVerdict, Dispensation | None, IntakeIssue | None]) -> IntakeReceipt:
    """The receipt of several records."""
    return IntakeReceipt(
        results=tuple(
            IntakeResult(path=path, verdict=verdict, dispensation=held, issues=(issue,) if issue else ())
            for path, verdict, held, issue in results
        )
    )


def entries(*numbers: int, refused: int | None = None) -> IntakeReceipt:
    """The receipt of a Bundle's entries; with one that is refused, of a transaction that is not recorded."""
    held = {numbers[0]: HELD, numbers[-1]: SECOND}
    withheld = replace(REJECTED, code=IssueCode.WITHHELD, field=None)
    results = []
    for number in numbers:
        path = f"Bundle.entry[{number}].resource"
        if refused is None:
            results.append((path, IntakeVerdict.CREATED, held[number], None))
        else:
            issue = replace(REJECTED if number == refused else withheld, path=path)
            results.append((path, IntakeVerdict.REJECTED, None, issue))
    return told(*results)


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
    "void": (
        "create", 200,
        lambda: receipt(IntakeVerdict.VOIDED, dispensation=replace(HELD, status=DispensationStatus.VOID)),
    ),
    "update": ("update", 200, lambda: receipt(IntakeVerdict.REVISED, dispensation=replace(HELD, revision=2))),
    "transaction": ("bundle", 200, lambda: entries(4, 5)),
    "transaction-rejected": ("bundle", 422, lambda: entries(4, 5, refused=5)),
    "batch": ("bundle", 200, lambda: entries(0)),
    "import": (
        "import", 200,
        lambda: told(
            ("line 1", IntakeVerdict.CREATED, HELD, None), ("line 2", IntakeVerdict.REJECTED, None, WRONG_LINE),
            ("line 3", IntakeVerdict.UNCHANGED, SECOND, None),
        ),
    ),
}  # fmt: skip
LINES = {"import"}


def test_every_sample_is_run() -> None:
    names = {path.name for path in SAMPLES.iterdir()}
    assert names == {_file(name, part).name for name in PAIRS for part in ("request", "answer")}


def _file(name: str, part: str) -> Path:
    return SAMPLES / f"{name}.{part}.{'ndjson' if name in LINES else 'json'}"


@pytest.mark.parametrize("name", PAIRS)
def test_sample(name: str) -> None:
    operation, status, answered = PAIRS[name]
    request, answer = (_file(name, part) for part in ("request", "answer"))
    type = "application/fhir+ndjson" if name in LINES else "application/fhir+json"
    message = inbound(
        operation, request.read_bytes(), headers={"content-type": type}, arguments={"id": str(HELD.id)}
    )
    asked = ADAPTER.read(message)
    if isinstance(asked, LookupRequest):
        expected = replace(a_lookup(), requester=replace(a_lookup().requester, state=None))
        assert replace(asked, message_id=None) == replace(expected, message_id=None)
    if isinstance(asked, Parts):
        reported = answered()
        assert isinstance(reported, IntakeReceipt)
        read = [ADAPTER.write(an_answer(), one) for one in asked.messages]
        outbound = ADAPTER.write_parts(reported, read, message)
    else:
        assert isinstance(asked, LookupRequest | IntakeBatch)
        outbound = ADAPTER.write(answered(), message)
    assert outbound.status == status
    assert _parsed(name, outbound.body) == _parsed(name, answer.read_bytes())


def _parsed(name: str, content: bytes) -> Any:
    return [json.loads(line) for line in content.splitlines()] if name in LINES else json.loads(content)
