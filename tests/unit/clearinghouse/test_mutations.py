"""Messages with a part missing, doubled, moved or filled with nonsense: read, or refused by name; nothing else."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from adapters.clearinghouse import ADAPTER
from gateway.errors import ErrorCode, MessageError, Unauthenticated
from gateway.ports import Enclosed, Inbound
from tests.unit.clearinghouse.transactions import NAMED, PASSWORD, SAMPLES, Told, inbound
from tests.unit.mutations import mutated

NONSENSE = [
    "",
    " ",
    "-1",
    "9" * 5000,
    "٣",
    "<&>",
    "CT,OK",
    "Ohio",
    "\u200b",
    "]]>",
    "TH",
    "'; DROP TABLE person;--",
]


@pytest.mark.parametrize("name", ["accepted", "soap-1-2"])
def test_requests(name: str) -> None:
    root = etree.parse(SAMPLES / f"{name}.request.xml").getroot()
    refused = taken = unknown = 0
    for seed in range(600):
        message = inbound(etree.tostring(mutated(root, seed, NONSENSE)))
        made = attempted(message)
        if isinstance(made, Enclosed):
            taken += 1
            assert made.body
            assert made.destination in {"CT", "TH"}  # the latter is nonsense of the form of a state
            continue
        refused += 1
        unknown += isinstance(made, Unauthenticated)
        assert made.remedy, str(made)
        outbound = ADAPTER.write_error(made, message)
        assert outbound.status in {200, 400, 401, 413, 415}
        told = Told(outbound.body)
        assert told.is_fault or told.status == "0"
        assert not [word for word in (*NAMED, PASSWORD) if word in outbound.body.decode()]
    assert min(refused, taken) > 100
    assert unknown > 20


def attempted(message: Inbound) -> Enclosed | MessageError | Unauthenticated:
    """What comes of it, as the pipeline goes through it; any other exception is the test's failure."""
    try:
        if ADAPTER.credentials(message) is None:
            return Unauthenticated("Nobody.", remedy="Say who you are.")
        return ADAPTER.read(message)
    except MessageError as error:
        return error


def test_bytes() -> None:
    """Bytes that are cut off or turned: an error of ours, or a message."""
    whole = (SAMPLES / "accepted.request.xml").read_bytes()
    r = random.Random(7)
    codes = set()
    for _ in range(600):
        spoilt = bytearray(whole[: r.randrange(1, len(whole))] if r.random() < 0.3 else whole)
        for _ in range(r.randrange(1, 4)):
            spoilt[r.randrange(len(spoilt))] = r.randrange(256)
        message = inbound(bytes(spoilt))
        made = attempted(message)
        if not isinstance(made, Enclosed):
            codes.add(made.code)
            body = ADAPTER.write_error(made, message).body.decode()
            assert not [word for word in (*NAMED, PASSWORD) if word in body]
    assert {ErrorCode.MALFORMED, ErrorCode.INVALID, ErrorCode.UNSUPPORTED_VERSION} <= codes, codes
