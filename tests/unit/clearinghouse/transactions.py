"""Transactions, and a gateway to send them to."""

from __future__ import annotations

from html import escape
from pathlib import Path

import requests
from lxml import etree

from adapters.clearinghouse.names import GATEWAY
from gateway.ports import Inbound
from gateway.security.client_secrets import SecretHash
from gateway.security.clients import Client, ClientRegistry
from gateway.testing import LiveGateway
from tests.factory import NOW
from tests.unit.asap.files import DSP, PAT, PRE, pharmacy, text

SAMPLES = Path(__file__).resolve().parents[3] / "adapters" / "clearinghouse" / "samples"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_1_2 = "http://www.w3.org/2003/05/soap-envelope"
PATH = "/soap/clearinghouse"
USERNAME, PASSWORD = "harbor-pharmacy", "a-secret-for-the-samples"
ASAP = text(pharmacy(PAT, DSP, PRE))
NAMED = ("QUILLFEATHER", "ODESSA", "19710409", "7 OAK LN")
"""What nobody may be told of the patient of these transactions."""


def a_body(
    asap: str | None = ASAP,
    *,
    username: str | None = USERNAME,
    password: str | None = PASSWORD,
    destination: str | None = "CT",
) -> str:
    """A PMPTransaction; what is None is left out."""
    parts = {
        "Username": username,
        "DestinationPMP": destination,
        "Request": None if asap is None else escape(asap),
        "Password": password,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items() if value is not None)
    return f'<pmp:PMPTransaction xmlns:pmp="pmp">{inner}</pmp:PMPTransaction>'


def enveloped(body: str, header: str = "", *, namespace: str = ENVELOPE) -> str:
    """The body in an envelope."""
    return (
        f'<e:Envelope xmlns:e="{namespace}"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>'
    )


def inbound(body: bytes | str, *, content_type: str = "text/xml; charset=utf-8", **headers: str) -> Inbound:
    """A POST to the service."""
    return Inbound(
        operation="transaction",
        method="POST",
        path=PATH,
        request_id="0123456789abcdef0123456789abcdef",
        received_at=NOW,
        base_url=f"http://127.0.0.1:8080{PATH}",
        headers={"content-type": content_type, **headers},
        content_type=content_type.partition(";")[0].strip().lower(),
        body=body.encode() if isinstance(body, str) else body,
    )


def register(live: LiveGateway, *scopes: str, username: str = USERNAME) -> None:
    """The pharmacy of the samples becomes a client of the gateway."""
    settings = live.gateway.settings
    ClientRegistry(settings.data_path(settings.security.clients_file)).put(
        Client(
            client_id=username,
            name="Harbor Pharmacy",
            scopes=scopes or ("system/MedicationDispense.c",),
            secret_hash=SecretHash.of(PASSWORD),
        )
    )


def send(
    live: LiveGateway, body: bytes | str, content_type: str = "text/xml", **headers: str
) -> requests.Response:
    """A message to the service, over HTTP."""
    return requests.post(
        live.url + PATH,
        data=body.encode() if isinstance(body, str) else body,
        headers={"Content-Type": content_type, **headers},
        timeout=30,
    )


class Told:
    """An answer, taken apart: `status` and `number` are None in a fault, whose text is `message`."""

    def __init__(self, body: bytes) -> None:
        root = etree.fromstring(body)
        self.namespace = etree.QName(root).namespace
        (self.payload,) = root.find(f"{{{self.namespace}}}Body")
        self.is_fault = etree.QName(self.payload).localname == "Fault"
        self.report = root.findtext(f".//{{{GATEWAY}}}SubmissionReport")
        self.code = self.payload.findtext("faultcode") or self.payload.findtext("{*}Code/{*}Value")
        told = self.payload.findtext("faultstring") or self.payload.findtext("{*}Reason/{*}Text")
        self.message = told if self.is_fault else self.payload.findtext("ErrorMessage")
        self.status = self.payload.findtext("TransactionStatus")
        self.number = self.payload.findtext("TransactionID")
