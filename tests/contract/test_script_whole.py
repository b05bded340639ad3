"""SCRIPT over HTTP, from a fill that is reported to a history that is read: every version, in a .NET string too."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pytest
import requests
from lxml import etree

from gateway.ports import Outbound
from gateway.terminology import field_map
from gateway.testing import LiveGateway
from tests.factory import a_dispensation
from tests.unit.ncpdp.helpers import REQUESTS, V10_6, VERSIONS, assert_valid, stripped, texts

TEMPURI = "http://tempuri.org/"


@pytest.fixture(scope="module")
def live_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway with one opioid fill of the patient whom the requests ask for."""
    with LiveGateway(tmp_path_factory.mktemp("script")) as live:
        fill = a_dispensation(id=None, source_state=None, reported_at=None, revision=0)
        live.record([fill])
        yield live


def ask(
    live: LiveGateway, version: str, number: str, *, wrapped: bool = False, **headers: str
) -> requests.Response:
    body = REQUESTS[version].replace("ASK-0001", f"{version}-{number}")
    if wrapped:
        body = f'<string xmlns="{TEMPURI}">{escape(body)}</string>'
    added = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(
        f"{live.url}/ncpdp/script",
        data=body.encode(),
        headers={
            "Authorization": f"Bearer {live.token('pdmp/history')}",
            "Content-Type": "text/xml",
            **added,
        },
        timeout=30,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_history_with_all_that_can_be_asked_for(live_of_module: LiveGateway, version: str) -> None:
    how = {} if version == V10_6 else {"X_PMP_Return": "data, link"}
    response = ask(live_of_module, version, "1", wrapped=True, X_PMP_Losses="header", **how)
    assert response.status_code == 200, response.text
    outer = etree.fromstring(response.content)
    assert outer.tag == f"{{{TEMPURI}}}string"
    assert outer.text is not None
    document = outer.text.encode()
    assert_valid(Outbound(body=document, content_type=""), version)
    root = stripped(etree.fromstring(document))
    assert texts(root, "//HistorySource/SourceReference") == ["7001234"]
    lost = response.headers["X-PMP-Losses"].split(", ")
    none = {f.name for f in field_map().fields if f.is_none(version)}
    assert {"rx_origin", "treatment_type", "prescriber.licence.state"} <= set(lost) & none
    *_, event = live_of_module.gateway.audit.events()
    assert (event.losses, event.count) == (tuple(lost), 1)
    (note,) = texts(root, "//MedicationDispensed/Note")
    assert "Sent as: Electronic Prescription." in note
    if version == V10_6:
        assert root.find(".//Scores") is None
        return
    assert any(name.startswith("MME a day") for name in texts(root, "//ScoreName"))
    (link,) = texts(root, "//Scores/ReportURL")
    page = requests.get(link, timeout=30)
    assert page.status_code == 200
    assert "Quillfeather" not in link


def test_states_that_10_6_cannot_name(live_of_module: LiveGateway) -> None:
    response = ask(live_of_module, V10_6, "2", X_PMP_States="CT, NY")
    root = stripped(etree.fromstring(response.content))
    assert texts(root, "//Approved/Note") == ["No answer from NY."]
    assert texts(root, "//HistorySource/SourceReference") == ["7001234"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_wrong_is_said_in_the_string_as_well(live_of_module: LiveGateway, version: str) -> None:
    response = ask(live_of_module, version, "3", wrapped=True, X_PMP_Losses="all of them")
    assert response.status_code == 400
    text = etree.fromstring(response.content).text
    assert text is not None
    assert_valid(Outbound(body=text.encode(), content_type=""), version)
    assert "X-PMP-Losses is not understood." in text
