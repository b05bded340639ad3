"""Messages with a part missing, doubled, moved or filled with nonsense: read, or refused by name; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from lxml import etree

from adapters._wire import parse
from adapters.soap import ADAPTER
from adapters.soap.report import read_report
from gateway.errors import GatewayError, MessageError
from gateway.model import Outcome
from tests.factory import NOW
from tests.unit.mutations import mutated
from tests.unit.soap.helpers import SAMPLES, document, inbound
from tests.unit.soap.outcomes import ANSWERS

T = TypeVar("T")

NONSENSE = [
    "",
    " ",
    "-1",
    "1e999",
    "9" * 5000,
    "NaN",
    "2026-02-30",
    "0000-00-00",
    "٣",
    "true",
    "<&>",
    "CT,,XX,Ohio",
]


def attempted(action: Callable[[], T]) -> T | GatewayError:
    """What comes of it; any other exception is the test's failure."""
    try:
        return action()
    except GatewayError as error:
        return error


@pytest.mark.parametrize("name", ["complete", "veterinary"])
def test_requests(name: str) -> None:
    root = etree.parse(SAMPLES / f"{name}.request.xml").getroot()
    refused = 0
    for seed in range(400):
        message = inbound(etree.tostring(mutated(root, seed, NONSENSE)))
        made = attempted(lambda m=message: ADAPTER.read(m))
        if isinstance(made, GatewayError):
            refused += 1
            assert isinstance(made, MessageError)
            assert made.remedy, str(made)
            outbound = ADAPTER.write_error(made, message)
            assert outbound.status in {400, 413, 415}
            assert b"Quillfeather" not in outbound.body
        else:
            assert made.person is not None
            assert made.person.name.family
    assert 40 < refused < 360


@pytest.mark.parametrize("name", ["complete", "partial", "no-data"])
def test_reports(name: str) -> None:
    root = document(ADAPTER.write(ANSWERS[name], inbound("<x/>")))
    read = 0
    for seed in range(400):
        changed = mutated(root, seed, NONSENSE)
        made = attempted(lambda c=changed: read_report(parse(etree.tostring(c)), NOW))
        if isinstance(made, GatewayError):
            assert "Quillfeather" not in str(made)
            continue
        read += 1
        # Nothing that holds a prescription is ever taken for "no records".
        if made.outcome is Outcome.NO_DATA:
            assert not list(changed.iter("{*}Prescription")) or name == "no-data"
        assert bool(made.dispensations) <= (made.outcome in {Outcome.COMPLETE, Outcome.PARTIAL})
    assert read > 40
