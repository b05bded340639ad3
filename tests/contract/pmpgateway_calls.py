"""The PMP Gateway's messages sent over HTTP, and a record that they are sent to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import requests

from adapters.pmpgateway.names import Version
from gateway.bootstrap import register_client
from gateway.security.client import TokenSource
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_person
from tests.unit.pmpgateway.helpers import (
    PATIENT_XML,
    patient_request,
    texts,
)

HELD = replace(a_person(), key=None, appearance=None)
WORDS = ("Quillfeather", "Marigold", "1971-04-09", "Larkspur", "06103", "8605550142")
VERSIONS = pytest.mark.parametrize("version", list(Version))
NEW = {"id": None, "source_state": None, "reported_at": None, "revision": 0}


NOBODY = PATIENT_XML.replace("Quillfeather", "Atall").replace("Marigold", "Nobody").replace("1971", "1972")


def with_two_fills(live: LiveGateway) -> None:
    """Put them into the record."""
    live.record([
        a_dispensation(**NEW, person=HELD, rx_number="7001234"),
        a_dispensation(**NEW, person=HELD, rx_number="7001235", filled=date(2026, 10, 2)),
    ])  # fmt: skip


def post(live: LiveGateway, url: str, body: bytes | str, token: str | None = "", **headers: str) -> Any:
    """A POST with a token: of all scopes, unless another or none is told."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token or live.token()}"
    url = url if url.startswith("http") else f"{live.url}/pmpgateway{url}"
    data = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": "application/xml", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return requests.post(url, data=data, headers=headers, timeout=30)


def asked(live: LiveGateway, version: Version = Version.V5_1, patient: str = PATIENT_XML) -> Any:
    """The answer to a PatientRequest, with its status seen to."""
    body = patient_request(patient, namespace=version.namespace)
    response = post(live, f"/{version}/patient", body)
    assert response.status_code == 200, response.text
    return response


def report_url(live: LiveGateway, version: Version = Version.V5_1) -> str:
    (url,) = texts(asked(live, version).content)["ViewableReport"]
    return url


def another_client(live: LiveGateway, client_id: str = "another-ehr") -> str:
    secret = register_client(
        live.gateway.settings, client_id, scopes=("pdmp/history",), organisation="Another", role="Physician"
    )
    return TokenSource(f"{live.url}/oauth/token", client_id=client_id, secret=secret)()
