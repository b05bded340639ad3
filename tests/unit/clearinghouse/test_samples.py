"""The samples are what the gateway answers, and the shared shapes are among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.testing import LiveGateway
from tests.unit.clearinghouse.transactions import SAMPLES, Told, register, send

NAMES = sorted(path.name.removesuffix(".request.xml") for path in SAMPLES.glob("*.request.xml"))


def _canonical(document: bytes) -> str:
    root = etree.fromstring(document)
    for number in root.iter("TransactionID"):
        number.text = "some" if number.text != "0" else "0"
    return etree.canonicalize(etree.tostring(root).decode(), strip_text=True)


def test_there_is_an_answer_to_each_request() -> None:
    assert len(NAMES) >= 10
    assert {path.name for path in SAMPLES.iterdir()} == {
        f"{n}.{k}.xml" for n in NAMES for k in ("request", "answer")
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_sample(empty: LiveGateway, name: str) -> None:
    register(empty)
    if name == "unchanged":
        send(empty, (SAMPLES / "accepted.request.xml").read_bytes())
    answered = send(
        empty,
        (SAMPLES / f"{name}.request.xml").read_bytes(),
        "application/soap+xml" if name.endswith("soap-1-2") else "text/xml",
    )
    assert _canonical(answered.content) == _canonical((SAMPLES / f"{name}.answer.xml").read_bytes())
    is_recorded = name in {"accepted", "unchanged", "partial", "soap-1-2"}
    assert empty.gateway.store.dispensations() == (1 if is_recorded else 0)


def test_the_shared_error_is_what_the_shared_request_gets(empty: LiveGateway, shared: Path) -> None:
    """Nobody here is called user, so the clearinghouse's own example is answered with its own example."""
    folder = shared / "standards/soap"
    answered = send(empty, (folder / "pmpclearinghouse_realtime_request.xml").read_bytes())
    shape = (folder / "pmpclearinghouse_realtime_response_error_shape.xml").read_text(encoding="utf-8")
    assert etree.canonicalize(answered.text.partition("?>")[2], strip_text=True) == etree.canonicalize(
        shape, strip_text=True
    )


def test_the_shared_request_is_recorded_where_it_is_meant_for(empty: LiveGateway, shared: Path) -> None:
    register(empty, username="user")
    body = (shared / "standards/soap/pmpclearinghouse_realtime_request.xml").read_text(encoding="utf-8")
    body = body.replace(">secret<", ">a-secret-for-the-samples<")
    assert Told(send(empty, body).content).status == "0"
    assert empty.gateway.store.dispensations() == 0
    told = Told(send(empty, body.replace("<DestinationPMP>OK<", "<DestinationPMP>CT<")).content)
    assert (told.status, told.message) == ("1", "")
    assert empty.gateway.store.dispensations() == 1
