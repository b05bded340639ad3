"""The description as others use it: zeep, unmodified, over HTTP, in both versions of SOAP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault

from gateway.testing import LiveGateway
from tests.unit.clearinghouse.transactions import ASAP, PASSWORD, PATH, USERNAME, register

SERVICE = "ClearinghouseService"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("clearinghouse")) as live:
        register(live)
        yield live


@pytest.fixture(scope="module")
def client(target: LiveGateway) -> Iterator[zeep.Client]:
    made = zeep.Client(f"{target.url}{PATH}?wsdl")
    yield made
    made.transport.session.close()


@pytest.fixture(params=["ClearinghousePort", "ClearinghousePort12"])
def service(client: zeep.Client, request: pytest.FixtureRequest) -> zeep.proxy.ServiceProxy:
    return client.bind(SERVICE, request.param)


def _message(number: str, **changed: str) -> dict[str, str]:
    asap = ASAP.replace("7001234", number)
    return {"Username": USERNAME, "DestinationPMP": "CT", "Request": asap, "Password": PASSWORD, **changed}


def test_zeep_reports_a_dispensation(service: zeep.proxy.ServiceProxy, target: LiveGateway) -> None:
    before = target.gateway.store.dispensations()
    number = f"88{before}"
    for _ in range(2):
        response = service.PMPTransaction(**_message(number))
        assert (response.TransactionStatus, response.ErrorMessage) == (1, None)
        assert response.TransactionID > 0
    assert target.gateway.store.dispensations() == before + 1


def test_zeep_is_told_what_is_wrong(service: zeep.proxy.ServiceProxy) -> None:
    response = service.PMPTransaction(**_message("1", Request=ASAP.replace("00093007401", "")))
    assert (response.TransactionStatus, response.TransactionID) == (0, 0)
    assert "error at segment 5 DSP08 [missing]" in response.ErrorMessage
    response = service.PMPTransaction(**_message("1", Password="another"))
    assert (response.TransactionStatus, response.ErrorMessage) == (0, "Invalid Credentials")
    response = service.PMPTransaction(**_message("1", DestinationPMP="OK"))
    assert response.TransactionStatus == 0
    assert "meant for OK" in response.ErrorMessage


def test_zeep_raises_a_fault_for_what_is_no_message(
    service: zeep.proxy.ServiceProxy, client: zeep.Client
) -> None:
    crowded = etree.Element("h", {f"a{n}": "1" for n in range(70)})
    with pytest.raises(Fault, match="more than 64 attributes") as caught:
        service.PMPTransaction(**_message("2"), _soapheaders=[crowded])
    (error,) = caught.value.detail
    assert client.wsdl.types.deserialize(error).Code == "too-large"


def test_the_ports_lie_where_the_description_was_asked(client: zeep.Client, target: LiveGateway) -> None:
    ports = client.wsdl.services[SERVICE].ports
    assert list(ports) == ["ClearinghousePort", "ClearinghousePort12"]
    assert {port.binding_options["address"] for port in ports.values()} == {target.url + PATH}


@pytest.mark.parametrize("query", ["?wsdl", "?WSDL", "?wsdl="])
def test_the_description_is_public(target: LiveGateway, query: str) -> None:
    url = target.url + PATH
    response = requests.get(url + query, timeout=5)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    locations = etree.fromstring(response.content).xpath("//*[local-name()='import']/@schemaLocation")
    assert locations == [f"{url}?xsd=transaction.xsd", f"{url}?xsd=gateway.xsd"]
    for location in locations:
        schema = requests.get(str(location), timeout=5)
        etree.XMLSchema(etree.fromstring(schema.content))


@pytest.mark.parametrize(
    "query", ["", "?xsd=", "?xsd=../clearinghouse.wsdl", "?xsd=/etc/passwd", "?singleWsdl"]
)
def test_what_is_not_there_is_a_fault_that_says_what_is(target: LiveGateway, query: str) -> None:
    response = requests.get(target.url + PATH + query, timeout=5)
    assert response.status_code == 404
    told = etree.fromstring(response.content).findtext(".//faultstring") or ""
    assert "xsd" in told or "?wsdl" in told
