"""What holds for any bytes at all, sent to the adapter or said by a partner."""

from __future__ import annotations

import re

from lxml import etree

from adapters._wire import parse
from adapters.ncpdp import ADAPTER
from adapters.ncpdp.answer import read_answer
from adapters.ncpdp.fill import PARTS
from adapters.ncpdp.message import opened
from gateway.errors import GatewayError
from gateway.model import Answer, IntakeBatch, LookupRequest, Outcome
from gateway.ports import Acknowledgement, Outbound
from tests.factory import NOW, a_lookup, an_answer
from tests.unit.ncpdp.helpers import NAMESPACE, V10_6, V2017071, assert_valid, inbound

_ANSWER = an_answer()
_ASKED = a_lookup(states=("CT",))
_REFUSALS = (400, 413, 415)
_MEDICATION = re.compile(r"'\*?Medication\w*':")  # as the key of a tree


def sent(body: bytes) -> LookupRequest | IntakeBatch | Acknowledgement | None:
    """What the adapter reads in it; None when it refuses, as it may, and says so in valid SCRIPT."""
    message = inbound(body)
    try:
        asked = ADAPTER.read(message)
    except GatewayError as error:
        outbound = ADAPTER.write_error(error, message)
        assert outbound.status in _REFUSALS
        _assert_script(outbound.body)
        return None
    if isinstance(asked, IntakeBatch):
        for record in asked.records:
            assert record.dispensation is not None
            assert record.dispensation.rx_number
            assert record.dispensation.quantity >= 0
            assert record.dispensation.person.birth_date is not None
    elif isinstance(asked, Acknowledgement):
        _assert_script(ADAPTER.write_acknowledged(message).body)
    else:
        assert isinstance(asked, LookupRequest)
        assert asked.person is not None
        assert asked.person.name.family
        assert asked.person.birth_date is not None
        _assert_script(ADAPTER.write(_ANSWER, message).body)
    return asked


def said(body: bytes) -> Answer | None:
    """What the client reads in it; None when it cannot be understood. Medication never looks like none."""
    try:
        message = opened(parse(body), kept=PARTS)
        answer = read_answer(message, _ASKED, now=NOW)
    except GatewayError:
        return None
    assert (
        answer.outcome is not Outcome.NO_DATA or message.transaction == "Error" or b"<Medication" not in body
    )
    assert answer.dispensations == () or answer.outcome in {Outcome.COMPLETE, Outcome.PARTIAL}
    assert all(d.quantity >= 0 and d.fill_number >= 0 and d.days_supply >= 0 for d in answer.dispensations)
    return answer


def _assert_script(body: bytes) -> None:
    """One Message, or a string with one; valid where its namespace is one that the schema knows."""
    root = etree.fromstring(body)
    if etree.QName(root).localname == "string":
        return
    assert etree.QName(root).localname == "Message"
    version = V10_6 if root.get("release") else V2017071
    if root.get("TransactionVersion", "20170715") == "20170715" and (
        (etree.QName(root).namespace == NAMESPACE) is (version == V10_6)
    ):
        assert_valid(Outbound(body=body, content_type=""), version)
