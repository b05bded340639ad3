"""The description as others use it: zeep, unmodified, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault

from adapters.soap.names import OPERATION
from gateway.errors import MessageError
from gateway.model import Answer, LookupRequest
from tests.unit.soap.helpers import StubHandle, a_request, an_app, served
from tests.unit.soap.outcomes import ANSWERS

PATIENT = {
    "PersonBirthDate": {"Date": date(1971, 4, 9)},
    "PersonName": [{"PersonGivenName": "Marigold", "PersonSurName": "Quillfeather"}],
}


@pytest.fixture(scope="module")
def handle() -> StubHandle:
    def answer(request: LookupRequest) -> Answer:
        assert request.person is not None
        if request.person.name.family == "Nobody":
            return ANSWERS["no-data"]
        if request.person.name.family == "Trouble":
            raise MessageError("Wrong.", path="PMPRequest/RequestPatient", remedy="Right it.")
        return ANSWERS["complete"]

    return StubHandle(answer)


@pytest.fixture(scope="module")
def url(handle: StubHandle) -> Iterator[str]:
    with served(an_app(handle)) as url:
        yield f"{url}/soap/pmix"


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[zeep.Client]:
    made = zeep.Client(f"{url}?wsdl")
    yield made
    made.transport.session.close()


def test_zeep_gets_typed_data(client: zeep.Client, handle: StubHandle) -> None:
    report = getattr(client.service, OPERATION)(
        RequestPrescriptionDateRange={
            "RequestPrescriptionDateRangeBegin": date(2025, 1, 1),
            "RequestPrescriptionDateRangeEnd": date(2026, 11, 20),
        },
        RequestPatient=PATIENT,
        _soapheaders={
            "MetaData": {
                "Requestor": {
                    "RequestorRole": "Physician",
                    "RequestorIdentification": [
                        {"IdentificationID": "1023011178", "IdentificationCategoryCode": "NPI"}
                    ],
                },
                "RequestorOrganization": None,
                "RoutingData": {"RequestID": "R1", "RequestDateTime": datetime(2026, 11, 20, tzinfo=UTC)},
                "Version": "2",
            }
        },
    )
    asked = handle.asked[-1]
    assert asked.person is not None
    assert (asked.person.name.family, asked.person.birth_date) == ("Quillfeather", date(1971, 4, 9))
    assert asked.requester.practitioner is not None
    assert (asked.requester.practitioner.npi, asked.message_id) == ("1023011178", "R1")
    assert report.ResponseStatus.ResponseStatusCode == "complete"
    first, compound, combination = report.RequestResponsePrescriptionReport.Prescription
    assert first.PrescriptionFilledDate.Date == date(2026, 9, 2)
    assert first.DispensedQuantity == Decimal(10)
    assert first.Patient.PersonName[0].PersonSurName == "Quillfeather"
    assert first.PrescriptionDrug.DrugNDCProductIdentifier.IdentificationID == "00228298311"
    assert first["ICD-10DiagnosticCodeText"] == "M54.50"
    assert first.PartialFillIndicator is False
    assert compound.PrescriptionWrittenDate is None or compound.PrescriptionWrittenDate.Date is None
    assert compound.RefillsAuthorizedCount is None
    assert len(compound.PrescriptionDrug.CompoundDrugIngredient) == 2
    assert combination.PrescriptionDrug.DrugStrengthText == ["325", None]


def test_zeep_tells_no_data_from_data(client: zeep.Client) -> None:
    patient = {**PATIENT, "PersonName": [{"PersonGivenName": "A", "PersonSurName": "Nobody"}]}
    report = getattr(client.service, OPERATION)(RequestPatient=patient)
    assert report.ResponseStatus.ResponseStatusCode == "no-data"
    assert not report.RequestResponsePrescriptionReport.Prescription


def test_zeep_raises_our_fault_although_its_status_is_400(client: zeep.Client) -> None:
    patient = {**PATIENT, "PersonName": [{"PersonGivenName": "A", "PersonSurName": "Trouble"}]}
    with pytest.raises(Fault) as caught:
        getattr(client.service, OPERATION)(RequestPatient=patient)
    assert caught.value.code == "soap:Client"
    assert caught.value.message == "Wrong. (at PMPRequest/RequestPatient) Right it."
    detail = client.wsdl.types.deserialize(caught.value.detail[0])
    assert (detail.Code, detail.Path, detail.Remedy) == ("invalid", "PMPRequest/RequestPatient", "Right it.")


def test_the_service_lies_where_the_description_was_asked(client: zeep.Client, url: str) -> None:
    ports = client.wsdl.services["PmixService"].ports
    assert ports["PmixPort"].binding_options == {"address": url}


@pytest.mark.parametrize("query", ["?wsdl", "?WSDL", "?wsdl="])
def test_the_description_is_public(url: str, query: str) -> None:
    response = requests.get(url + query, timeout=5)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(response.content)
    for location in root.xpath("//*[local-name()='import']/@schemaLocation"):
        assert str(location).startswith(f"{url}?xsd=")
        schema = requests.get(str(location), timeout=5)
        assert etree.fromstring(schema.content).tag == "{http://www.w3.org/2001/XMLSchema}schema"


@pytest.mark.parametrize("query", ["", "?xsd=", "?xsd=../pmix.wsdl", "?xsd=/etc/passwd", "?singleWsdl"])
def test_what_is_not_there_is_a_fault_that_says_what_is(url: str, query: str) -> None:
    response = requests.get(url + query, timeout=5)
    assert response.status_code == 404
    told = etree.fromstring(response.content)
    assert "xsd" in etree.tostring(told).decode() or "?wsdl" in etree.tostring(told).decode()


def test_a_bare_document_over_http(url: str) -> None:
    response = requests.post(url, data=a_request().encode(), headers={"Content-Type": "text/xml"}, timeout=5)
    assert response.status_code == 200
    assert etree.fromstring(response.content).tag == "{http://xml.ijis.org/niem/2.0/}PMPPrescriptionReport"


def test_faults_over_http_have_their_status(url: str) -> None:
    for body, content_type, status in (
        (b"<x/>", "text/xml", 400),
        (b"{}", "application/json", 415),
        (b"<!DOCTYPE x><x/>", "text/xml", 400),
    ):
        response = requests.post(url, data=body, headers={"Content-Type": content_type}, timeout=5)
        assert response.status_code == status
        assert etree.fromstring(response.content).find(".//faultcode").text == "soap:Client"
