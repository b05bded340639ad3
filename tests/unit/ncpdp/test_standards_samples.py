"""Every sample beside the standard, sent to the gateway and said by a partner: none is passed over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import requests
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.errors import Failure, MessageError
from gateway.model import Dispensation, Outcome
from gateway.ports import Outbound
from gateway.testing import LiveGateway
from tests.factory import a_dispensation
from tests.unit.ncpdp.helpers import SHARED, V10_6, V2017071, assert_valid, inbound, schema, stripped, texts
from tests.unit.ncpdp.partners import Partner

SAMPLES = sorted(SHARED.glob("samples/*.xml"))
IDS = [path.stem for path in SAMPLES]
BY_PARTNER = {
    "rxhistoryresponse_approved": Outcome.COMPLETE,
    "rxhistoryresponse_approved_administered": Outcome.COMPLETE,
    "rxhistoryresponse_approved_empty": Outcome.NO_DATA,
    "rxhistoryresponse_approved_more_AQ": Outcome.PARTIAL,
    "rxhistoryresponse_denied": Outcome.AMBIGUOUS,
    "status": Outcome.DEFERRED,
    "error": MessageError,
}
"""What a partner's message of that name is understood as; a message that is no answer is a failure."""


def kind_of(path: Path) -> tuple[str, str]:
    """The name of a sample without its version, and the version."""
    version = V10_6 if path.stem.endswith("_10_6") else V2017071
    return path.stem.removesuffix("_10_6").removesuffix("_2017071"), version


def post(live: LiveGateway, path: Path) -> requests.Response:
    token = live.token("pdmp/history", "system/MedicationDispense.c")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
    url = f"{live.url}/ncpdp/script"
    return live.session.post(url, data=path.read_bytes(), headers=headers, timeout=30)


def told(response: requests.Response, path: Path) -> etree._Element:
    """The answer, which is valid in the version of the sample and related to it."""
    assert_valid(Outbound(body=response.content, content_type=""), kind_of(path)[1])
    root = stripped(etree.fromstring(response.content))
    assert texts(root, "Header/RelatesToMessageID") == texts(
        stripped(etree.parse(str(path)).getroot()), "Header/MessageID"
    )
    return root


def test_the_samples_are_at_hand() -> None:
    """Skips by name where there are none; where there are, each of the two schemas is there too."""
    if not SAMPLES:
        pytest.skip(f"{SHARED} is not there: samples and schemas beside the checkout")
    assert all(schema(version) is not None for version in (V10_6, V2017071))
    assert {kind for kind, _ in map(kind_of, SAMPLES)} >= {"rxhistoryrequest", "verify", *BY_PARTNER}


@pytest.mark.parametrize("path", SAMPLES, ids=IDS)
def test_sent_to_the_gateway(empty: LiveGateway, path: Path) -> None:
    kind, _ = kind_of(path)
    if kind == "rxhistoryrequest":
        empty.record([_of_bob()])
    response = post(empty, path)
    root = told(response, path)
    match kind.split("_"):
        case ["rxhistoryrequest"]:
            assert response.status_code == 200
            assert texts(root, "//MedicationDispensed/HistorySource/SourceReference") == ["12456"]
        case ["rxfill", status]:
            assert response.status_code == 200
            assert texts(root, "//Status/Code") == ["010"]
            assert empty.gateway.store.dispensations() == (status != "notdispensed")
        case _:
            assert response.status_code in {200, 400}
            assert texts(root, "//Code") in (["010"], ["601"])
            assert empty.gateway.store.dispensations() == 0


@pytest.mark.parametrize("path", [p for p in SAMPLES if "rxfill" in p.name], ids=lambda p: p.stem)
def test_a_fill_that_was_sent_is_what_a_request_finds(empty: LiveGateway, path: Path) -> None:
    assert post(empty, path).status_code == 200
    shown = told(post(empty, asks := _sample("rxhistoryrequest_2017071")), asks)
    quantities = texts(shown, "//MedicationDispensed/Quantity/Value")
    assert quantities == {"dispensed": ["10"], "partiallydispensed": ["5"]}.get(kind_of(path)[0][7:], [])


def test_what_was_not_dispensed_takes_back_nothing_that_it_does_not_name(empty: LiveGateway) -> None:
    """The sample names no fill date, so that nothing can be meant."""
    post(empty, _sample("rxfill_dispensed_2017071"))
    root = told(post(empty, _sample("rxfill_notdispensed_2017071")), _sample("rxfill_notdispensed_2017071"))
    assert "Nothing dispensed or changed" in texts(root, "//Status/Description")[0]
    assert empty.gateway.store.dispensations() == 1


@pytest.mark.parametrize("path", SAMPLES, ids=IDS)
def test_said_by_a_partner(partner: Partner, path: Path) -> None:
    kind, version = kind_of(path)
    partner.says(path.read_bytes())
    expected = BY_PARTNER.get(kind, Failure)
    if not isinstance(expected, Outcome):
        with pytest.raises(expected):
            partner.ask(version=version)
        return
    assert partner.ask(version=version).outcome is expected


def _sample(name: str) -> Path:
    if not SAMPLES:
        pytest.skip(f"{SHARED} is not there: samples and schemas beside the checkout")
    return next(path for path in SAMPLES if path.stem == name)


def _of_bob() -> Dispensation:
    """A fill of the patient that the samples ask for."""
    asked = ADAPTER.read(inbound(_sample("rxhistoryrequest_2017071").read_bytes()))
    return a_dispensation(
        id=None,
        rx_number="12456",
        filled=date(2024, 2, 10),
        written=None,
        sold=None,
        person=asked.person,
    )
