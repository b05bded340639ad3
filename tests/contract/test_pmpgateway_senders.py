"""What public clients of the PMP Gateway send is answered with what they look for in it.

Each case has the elements, the order, the headers and the ways of reading of one client whose code is public (see
docs/wire/pmpgateway.md); the values are made up, and no code is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest
import requests
from lxml import etree

from adapters.pmpgateway.client import DigestAuth
from gateway.bootstrap import register_client
from gateway.testing import LiveGateway
from tests.contract.test_pmpgateway import HELD, NEW
from tests.factory import a_dispensation

V5, V5_1 = "http://xml.appriss.com/gateway/v5", "http://xml.appriss.com/gateway/v5_1"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
XSD = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
NAME = "<Name><First>Marigold</First><Last>Quillfeather</Last></Name><Birthdate>1971-04-09</Birthdate>"
DOCTOR = "<Role>Physician</Role><FirstName>Paul</FirstName><LastName>Doctor</LastName>"


def by_attributes(body: bytes) -> str:
    """As a reader does that makes a map of an element, and looks for its text there: only with an attribute."""
    element = etree.fromstring(body).find("{*}Report/{*}ReportRequestURLs/{*}ViewableReport")
    assert element is not None
    assert element.attrib
    return element.text or ""


def by_expression(body: bytes) -> str:
    found = re.search(r"<ViewableReport[^>]*>(.*?)</ViewableReport>", body.decode())
    assert found is not None
    return found[1].strip()


def first_descendant(body: bytes) -> str:
    """As a reader does that takes any Disallowed or Error, wherever it stands, for the end of it."""
    root = etree.fromstring(body)
    assert root.find(".//{*}Disallowed") is None
    assert root.find(".//{*}Error") is None
    return root.findtext(".//{*}ViewableReport", "")


def typed(body: bytes) -> str:
    """As classes do that were made of the schema: a Report or an Error, with scores or words in it."""
    root = etree.fromstring(body)
    (report,) = [e for e in root if etree.QName(e).localname in {"Report", "Error"}]
    assert report.find("{*}NarxScores") is not None
    assert report.findtext("{*}Message")
    return report.findtext("{*}ReportRequestURLs/{*}ViewableReport", "")


@dataclass(frozen=True)
class Sender:
    """One client: what it sends, and how it finds the URL in what comes back."""

    patient: str
    report: str
    url_in: Callable[[bytes], str]
    version: str = "v5_1"
    headers: dict[str, str] = field(default_factory=dict)
    by_password: bool = False


SENDERS = {
    "perl": Sender(
        patient=f"""<?xml version="1.0" encoding="UTF-8"?>
<PatientRequest xmlns="{V5_1}" {XSI}><Requester><Provider>{DOCTOR}<DEANumber>AD1111119</DEANumber></Provider>
<Location><Name>EXAMPLE, LLC</Name><NPINumber>1700902491</NPINumber><Address><StateCode>CT</StateCode></Address>
</Location></Requester><PrescriptionRequest><Patient>{NAME}<!-- ZipCode or Phone is required. -->
<Address><ZipCode>06103</ZipCode></Address></Patient></PrescriptionRequest></PatientRequest>""",
        report=f"""<?xml version="1.0" encoding="UTF-8"?>
<ReportRequest xmlns="{V5_1}" {XSI}><Requester><ReportLink /><!-- a link --><Provider><!-- the reader -->{DOCTOR}
<DEANumber>AD1111119</DEANumber><NPINumber>1023011178</NPINumber></Provider><Location><Name>EXAMPLE, LLC</Name>
<NPINumber>1700902491</NPINumber><Address><StateCode>CT</StateCode></Address></Location></Requester></ReportRequest>""",
        url_in=by_attributes,
        headers={"Content-Type": "application/xml; charset=utf-8"},
    ),
    "dotnet-v5": Sender(
        patient=f"""<PatientRequest xmlns="{V5}"><Requester><Provider>{DOCTOR}<DEANumber>AD1111119</DEANumber>
</Provider><Location><Name>Store #123</Name><DEANumber>AD1111119</DEANumber>
<Address><StateCode>CT</StateCode></Address></Location></Requester><PrescriptionRequest><Patient>{NAME}<Address><ZipCode>06103</ZipCode></Address>
<Phone>8605550142</Phone></Patient></PrescriptionRequest></PatientRequest>""",
        report=f"""<ReportRequest xmlns="{V5}"><Requester><Provider>{DOCTOR}<DEANumber>AD1111119</DEANumber>
</Provider><Location><Name>Store #123</Name><DEANumber>AD1111119</DEANumber>
<Address><StateCode>CT</StateCode></Address></Location></Requester></ReportRequest>""",
        url_in=first_descendant,
        version="v5",
        headers={
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Accept": "application/xml",
        },
        by_password=True,
    ),
    "sql": Sender(
        patient=f"""<?xml version="1.0" encoding="UTF-8"?><PatientRequest xmlns="{V5_1}"><Requester>
<LicenseeRequestId>EDB6A708-AB35-4768-AB94-B3B9CD78357A</LicenseeRequestId><SenderSoftware><Developer>E</Developer>
<Product>P</Product><Version>5</Version></SenderSoftware><Provider>{DOCTOR}<DEANumber>AD1111119</DEANumber>
<NPINumber>1023011178</NPINumber></Provider><Location><Name>Clinic</Name><DEANumber>AD1111119</DEANumber><NPINumber/>
<Address><Street>1 Main St</Street><Street></Street><City>Hartford</City><StateCode>CT</StateCode>
<ZipCode>06103</ZipCode></Address></Location></Requester><PrescriptionRequest><DateRange><Begin>2024-01-01</Begin>
<End>2027-01-01</End></DateRange><Patient>{NAME}<SexCode>F</SexCode><Address><Street>14 Larkspur Ln</Street>
<City>Hartford</City><StateCode>CT</StateCode><ZipCode>06103</ZipCode></Address><Phone></Phone><SSN>123456789</SSN>
</Patient></PrescriptionRequest></PatientRequest>""",
        report=f"""<?xml version="1.0" encoding="UTF-8"?><ReportRequest xmlns="{V5_1}"><Requester><Provider>{DOCTOR}
<DEANumber>AD1111119</DEANumber><NPINumber>1023011178</NPINumber></Provider><Location><Name>Clinic</Name>
<DEANumber>AD1111119</DEANumber><NPINumber/><Address><Street/><City/><StateCode>CT</StateCode><ZipCode/></Address>
</Location></Requester></ReportRequest>""",
        url_in=by_expression,
        headers={"Content-Type": "application/xml"},
    ),
    "dental": Sender(
        patient=f"""<?xml version="1.0"?><PatientRequest {XSD} {XSI} xmlns="{V5_1}"><Requester><Provider>
<Role>Dentist</Role><FirstName>Paul</FirstName><LastName>Doctor</LastName><DEANumber>AD1111119</DEANumber>
<NPINumber>1023011178</NPINumber><ProfessionalLicenseNumber><Type>DDS</Type><Value>12345</Value><StateCode>CT</StateCode>
</ProfessionalLicenseNumber></Provider><Location><Name>7</Name><DEANumber>AD1111119</DEANumber>
<NPINumber>1023011178</NPINumber><Address><StateCode>CT</StateCode></Address></Location></Requester>
<PrescriptionRequest><Patient><Name><First>Marigold</First><Middle /><Last>Quillfeather</Last></Name>
<Birthdate>1971-04-09</Birthdate><SexCode>F</SexCode><Address><Street>14 Larkspur Ln</Street><City>Hartford</City>
<StateCode>CT</StateCode><ZipCode>06103</ZipCode></Address></Patient></PrescriptionRequest></PatientRequest>""",
        report=f"""<?xml version="1.0"?><ReportRequest {XSD} {XSI} xmlns="{V5_1}"><Requester><Provider>
<Role>Dentist</Role><FirstName>Paul</FirstName><LastName>Doctor</LastName><DEANumber>AD1111119</DEANumber>
<NPINumber>1023011178</NPINumber></Provider><Location><Name>7</Name><DEANumber>AD1111119</DEANumber>
<NPINumber>1023011178</NPINumber><Address><Street>x</Street><City>Hartford</City><StateCode>CT</StateCode>
<ZipCode>06103</ZipCode></Address></Location></Requester></ReportRequest>""",
        url_in=typed,
        headers={"Accept": "application/xml", "Content-Type": ""},
    ),
    "plugin": Sender(
        patient=f"""<?xml version="1.0" encoding="UTF-8"?>
<PatientRequest xmlns="{V5_1}">
  <Requester>
    <LicenseeRequestId>5b0c2c1e-6f0e-4f9c-8f51-0a3b2a3a9d10</LicenseeRequestId>
    <RequestDestinations><Pmp>CT</Pmp></RequestDestinations>
    <Provider>{DOCTOR}<MiddleName>J</MiddleName><NPINumber>1023011178</NPINumber>
      <ProfessionalLicenseNumber><Type>NPI</Type><Value>1023011178</Value><StateCode>CT </StateCode>
      </ProfessionalLicenseNumber></Provider>
    <Location><Name>Clinic</Name><NPINumber>1700902491</NPINumber><Address><StateCode>CT</StateCode></Address></Location>
  </Requester>
  <PrescriptionRequest>
    <DateRange><Begin>2024-01-01</Begin><End>2027-01-01</End></DateRange>
    <Coverage></Coverage><ContinuityOfCare></ContinuityOfCare>
    <Patient>{NAME}<SexCode>F</SexCode><Address><Street></Street><ZipCode>06103</ZipCode></Address>
      <MedicalRecordID>42</MedicalRecordID></Patient>
  </PrescriptionRequest>
</PatientRequest>""",
        report=f"""<?xml version="1.0" encoding="UTF-8"?>
    <ReportRequest xmlns="{V5_1}"><Requester><Provider>{DOCTOR}<NPINumber>1023011178</NPINumber></Provider>
      <Location><Name>Clinic</Name><NPINumber>1700902491</NPINumber><Address><StateCode>CT</StateCode></Address></Location>
    </Requester></ReportRequest>""",
        url_in=by_expression,
        headers={"Content-Type": "application/xml", "Accept": "application/xml, text/xml, */*"},
    ),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("senders")) as live:
        live.record([a_dispensation(**NEW, person=HELD, rx_number="7001234", filled=date(2026, 10, 2))])
        yield live


@pytest.mark.parametrize("name", SENDERS)
def test_both_steps_as_this_client_does_them(gateway: LiveGateway, name: str) -> None:
    sender = SENDERS[name]
    auth: requests.auth.AuthBase | tuple[str, str]
    if sender.by_password:
        auth = ("test-client", gateway.secret)
    else:
        password = register_client(
            gateway.gateway.settings, name, scopes=("pdmp/history",), digest_password=True
        )
        auth = DigestAuth(name, password)

    def post(url: str, body: str) -> bytes:
        response = requests.post(url, data=body.encode(), auth=auth, headers=sender.headers, timeout=30)
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
        return response.content

    answered = post(f"{gateway.url}/pmpgateway/{sender.version}/patient", sender.patient)
    url = sender.url_in(answered)
    assert re.fullmatch(rf"{gateway.url}/pmpgateway/{sender.version}/report/[0-9a-f-]{{36}}", url)
    linked = post(url, sender.report).decode()
    link = re.search(r"<ReportLink[^>]*>(https?://[^<]+)</ReportLink>", linked)
    assert link is not None
    assert len(link[1]) <= 100
    assert "7001234" in requests.post(link[1], timeout=30).text
