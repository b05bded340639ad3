"""Messages with something changed at random are read or refused, in either direction, and nothing else happens."""

from __future__ import annotations

import copy
from random import Random

import pytest
from lxml import etree

from adapters._wire import parse
from adapters.ncpdp import ADAPTER
from adapters.ncpdp.answer import read_answer
from adapters.ncpdp.fill import PARTS
from adapters.ncpdp.message import opened
from gateway.errors import GatewayError, MessageError
from gateway.model import Outcome
from tests.factory import NOW, a_dispensation, a_lookup, an_answer
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    REQUESTS,
    V10_6,
    V2017071,
    VERSIONS,
    assert_valid,
    inbound,
    written,
)

ROUNDS = 400
_TEXTS = (
    "",
    " ",
    "x",
    "1971-04-09",
    "N",
    "0",
    "9999-12-31",
    "0001-01-01",
    "\u200b",
    "CT",
    "<&>",
    "A" * 500,
    "-1",
)
_NAMES = (
    "Message",
    "Header",
    "Body",
    "Patient",
    "HumanPatient",
    "Name",
    "LastName",
    "Date",
    "Consent",
    "Identification",
)
_ATTRIBUTES = ("version", "release", "TransactionVersion", "Qualifier")


def changed(document: bytes, random: Random) -> bytes:
    """The document with up to three elements or bytes changed."""
    if random.random() < 0.25:
        spoilt = bytearray(document)
        for _ in range(random.randint(1, 4)):
            spoilt[random.randrange(len(spoilt))] = random.randrange(256)
        return bytes(spoilt)
    root = etree.fromstring(document)
    for _ in range(random.randint(1, 3)):
        element = random.choice(list(root.iter()))
        parent = element.getparent()
        match random.randrange(5):
            case 0 if parent is not None:
                parent.remove(element)
            case 1 if parent is not None:
                parent.append(copy.deepcopy(element))
            case 2:
                element.tag = random.choice(_NAMES)
            case 3:
                element.set(random.choice(_ATTRIBUTES), random.choice(("", "010", "20170715", "x" * 99)))
            case _:
                element.text = random.choice(_TEXTS)
    return etree.tostring(root)


@pytest.mark.parametrize("version", VERSIONS)
def test_changed_requests_are_read_or_refused(version: str) -> None:
    random, read = Random(version), 0
    for _ in range(ROUNDS):
        message = inbound(changed(REQUESTS[version].encode(), random))
        try:
            asked = ADAPTER.read(message)
        except MessageError as error:
            outbound = ADAPTER.write_error(error, message)
        else:
            read += 1
            assert asked.person is not None
            assert asked.person.name.family
            assert asked.person.birth_date is not None
            outbound = ADAPTER.write(an_answer(), message)
        head = outbound.body[:400]
        spoken = V10_6 if b'release="006"' in head else V2017071  # 2023011 too: its schema is not public
        if (NAMESPACE.encode() in head) is (spoken == V10_6):  # the schema knows no other namespace
            assert_valid(outbound, spoken)
    assert ROUNDS // 5 < read < ROUNDS * 4 // 5


@pytest.mark.parametrize("version", VERSIONS)
def test_changed_answers_are_read_or_refused(version: str) -> None:
    random, read = Random(version), 0
    answer = an_answer(dispensations=(a_dispensation(), a_dispensation(rx_number="7001235")))
    document = written(answer, version).body
    for _ in range(ROUNDS):
        spoilt = changed(document, random)
        try:
            told = read_answer(opened(parse(spoilt), kept=PARTS), a_lookup(), now=NOW)
        except GatewayError:
            continue
        read += 1
        if told.outcome is Outcome.NO_DATA:
            assert b"<MedicationDispensed>" not in spoilt
    assert ROUNDS // 5 < read < ROUNDS
