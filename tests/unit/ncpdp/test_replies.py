"""A Status, Verify or Error about a message of ours is received, whoever may do what; nothing comes of it."""

from __future__ import annotations

import pytest
import requests
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.model.audit import AuditAction
from gateway.ports import Acknowledgement
from gateway.testing import LiveGateway
from tests.unit.ncpdp.helpers import NAMESPACE, SHARED, V10_6, VERSIONS, assert_valid, inbound, texts, tree

REPLIES = {
    "Verify": "<Verify><VerifyStatus><Code>010</Code></VerifyStatus></Verify>",
    "Status": "<Status><Code>000</Code></Status>",
    "Error": "<Error><Code>900</Code><DescriptionCode>217</DescriptionCode></Error>",
}


def reply(version: str, body: str) -> bytes:
    stamp = {"script-2017071": "20170715", "script-2023011": "2023011"}.get(version)
    said = f'TransactionVersion="{stamp}"' if stamp else f'xmlns="{NAMESPACE}" version="010" release="006"'
    header = (
        '<Header><To Qualifier="ZZZ">CTPMP</To><From Qualifier="C">CHARTEROAK</From><MessageID>TOLD-1</MessageID>'
        "<RelatesToMessageID>OURS-1</RelatesToMessageID></Header>"
    )
    return f"<Message {said}>{header}<Body>{body}</Body></Message>".encode()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transaction", REPLIES)
def test_it_is_answered_with_a_status(version: str, transaction: str) -> None:
    message = inbound(reply(version, REPLIES[transaction]))
    assert ADAPTER.read(message) == Acknowledgement()
    outbound = ADAPTER.write_acknowledged(message)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert texts(root, "//Status/Code") == ["010"]
    assert texts(root, "//Status/Description") == ["Received; nothing was changed."]
    assert texts(root, "Header/RelatesToMessageID") == ["TOLD-1"]
    assert texts(root, "Header/To") == ["CHARTEROAK"]


def test_over_http_it_needs_no_scope_of_its_own_but_a_client_that_is_known(empty: LiveGateway) -> None:
    def post(token: str | None) -> requests.Response:
        return requests.post(
            f"{empty.url}/ncpdp/script",
            data=reply(V10_6, REPLIES["Verify"]),
            headers={"Content-Type": "application/xml"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=30,
        )

    assert post(None).status_code == 401
    response = post(empty.token("system/Patient.rs"))
    assert response.status_code == 200
    assert etree.fromstring(response.content).findtext(".//{*}Status/{*}Code") == "010"
    *_, event = empty.gateway.audit.events()
    assert (event.action, event.outcome, event.count) == (AuditAction.MESSAGE_ACKNOWLEDGED, "acknowledged", 0)


@pytest.mark.parametrize(
    "name", ["verify_2017071", "status_2017071", "status_10_6", "error_2017071", "error_10_6"]
)
def test_published_samples(name: str) -> None:
    path = SHARED / "samples" / f"{name}.xml"
    if not path.is_file():
        pytest.skip("the samples are not here")
    assert ADAPTER.read(inbound(path.read_bytes())) == Acknowledgement()
