"""What the tests of the SCRIPT adapter share: messages to send, schemas to hold answers against, views of XML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from adapters._wire import parse
from adapters.ncpdp import ADAPTER
from adapters.ncpdp.answer import read_answer
from adapters.ncpdp.fill import PARTS
from adapters.ncpdp.message import opened
from gateway.model import Answer, LookupRequest
from gateway.ports import Inbound, Outbound
from gateway.terminology import field_map
from tests.factory import NOW, a_lookup

V10_6, V2017071, V2023011 = VERSIONS = ("script-10.6", "script-2017071", "script-2023011")
NAMESPACE = "http://www.ncpdp.org/schema/SCRIPT"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "standards" / "ncpdp"
SCHEMAS = {
    V10_6: "script-10.6.xsd",
    V2017071: "script-2017071-reconstructed.xsd",
    V2023011: "script-2017071-reconstructed.xsd",  # its own is not public
}

REQUESTS = {
    V10_6: f"""<?xml version="1.0" encoding="UTF-8"?>
<Message xmlns="{NAMESPACE}" version="010" release="006">
  <Header>
    <To Qualifier="ZZZ">CTPMP</To>
    <From Qualifier="C">CHARTEROAK</From>
    <MessageID>ASK-0001</MessageID>
    <SentTime>2026-11-20T15:29:58.0Z</SentTime>
  </Header>
  <Body>
    <RxHistoryRequest>
      <Prescriber>
        <Identification><DEANumber>AD1111119</DEANumber><NPI>1023011178</NPI></Identification>
        <ClinicName>Charter Oak Hospital</ClinicName>
        <Name><LastName>Okonkwo-Baird</LastName><FirstName>Thaddeus</FirstName></Name>
        <Address><State>CT</State></Address>
      </Prescriber>
      <Patient>
        <Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>
        <Gender>F</Gender>
        <DateOfBirth><Date>1971-04-09</Date></DateOfBirth>
        <Address>
          <AddressLine1>14 Larkspur Ln</AddressLine1><City>Hartford</City><State>CT</State><ZipCode>06103</ZipCode>
        </Address>
      </Patient>
      <BenefitsCoordination>
        <EffectiveDate><Date>2025-01-01</Date></EffectiveDate>
        <ExpirationDate><Date>2026-11-20</Date></ExpirationDate>
        <Consent>Y</Consent>
      </BenefitsCoordination>
    </RxHistoryRequest>
  </Body>
</Message>
""",
    V2017071: """<?xml version="1.0" encoding="UTF-8"?>
<Message DatatypesVersion="20170715" TransportVersion="20170715" TransactionDomain="SCRIPT"
    TransactionVersion="20170715" StructuresVersion="20170715" ECLVersion="20170715">
  <Header>
    <To Qualifier="ZZZ">CTPMP</To>
    <From Qualifier="C">CHARTEROAK</From>
    <MessageID>ASK-0001</MessageID>
    <SentTime>2026-11-20T15:29:58Z</SentTime>
    <SenderSoftware>
      <SenderSoftwareDeveloper>Oak</SenderSoftwareDeveloper>
      <SenderSoftwareProduct>Oak EHR</SenderSoftwareProduct>
      <SenderSoftwareVersionRelease>9</SenderSoftwareVersionRelease>
    </SenderSoftware>
  </Header>
  <Body>
    <RxHistoryRequest>
      <BenefitsCoordination><Consent>Y</Consent></BenefitsCoordination>
      <Facility>
        <Identification><NPI>1700902491</NPI></Identification>
        <FacilityName>Charter Oak Hospital</FacilityName>
        <Address><StateProvince>CT</StateProvince></Address>
      </Facility>
      <Patient><HumanPatient>
        <Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>
        <Gender>F</Gender>
        <DateOfBirth><Date>1971-04-09</Date></DateOfBirth>
        <Address>
          <AddressLine1>14 Larkspur Ln</AddressLine1><City>Hartford</City>
          <StateProvince>CT</StateProvince><PostalCode>06103</PostalCode><CountryCode>US</CountryCode>
        </Address>
      </HumanPatient></Patient>
      <Prescriber><NonVeterinarian>
        <Identification><DEANumber>AD1111119</DEANumber><NPI>1023011178</NPI></Identification>
        <Name><LastName>Okonkwo-Baird</LastName><FirstName>Thaddeus</FirstName></Name>
      </NonVeterinarian></Prescriber>
      <RequestedDates>
        <StartDate><Date>2025-01-01</Date></StartDate><EndDate><Date>2026-11-20</Date></EndDate>
      </RequestedDates>
      <PDMPStatesRequested><StateProvince>CT</StateProvince></PDMPStatesRequested>
      <RequestorRole>Physician</RequestorRole>
    </RxHistoryRequest>
  </Body>
</Message>
""",
}
REQUESTS[V2023011] = REQUESTS[V2017071].replace("20170715", "2023011")


def inbound(body: str | bytes, *, content_type: str = "application/xml", **over: Any) -> Inbound:
    """A POST of that body to /ncpdp/script."""
    values: dict[str, Any] = {
        "operation": "script",
        "method": "POST",
        "path": "/ncpdp/script",
        "request_id": "4f1d2c3b",
        "received_at": NOW,
        "base_url": "https://pmp.example/ncpdp",
        "headers": {"content-type": content_type},
        "content_type": content_type.partition(";")[0].strip().lower(),
        "body": body.encode() if isinstance(body, str) else body,
    }
    return Inbound(**{**values, **over})


def asked(version: str, *changes: tuple[str, str]) -> Inbound:
    """The request of that version with texts replaced, each of which has to be there."""
    body = REQUESTS[version]
    for old, new in changes:
        assert old in body, f"nothing to replace: {old}"
        body = body.replace(old, new)
    return inbound(body)


def written(answer: Answer, version: str, request: Inbound | None = None) -> Outbound:
    """The answer to the request of that version."""
    return ADAPTER.write(answer, request or asked(version))


def tree(outbound: Outbound) -> etree._Element:
    """The document, without namespaces."""
    return stripped(etree.fromstring(outbound.body))


def stripped(root: etree._Element) -> etree._Element:
    """The tree with local names only."""
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    return root


def texts(root: etree._Element, path: str) -> list[str]:
    """The texts at an XPath."""
    return [str(found) for found in root.xpath(f"{path}/text()")]


def read_back(outbound: Outbound, request: LookupRequest | None = None) -> Answer:
    """What the client makes of it."""
    return read_answer(opened(parse(outbound.body), kept=PARTS), request or a_lookup(), now=NOW)


@cache
def schema(version: str) -> etree.XMLSchema | None:
    """The version's schema, where the folder of standards is there."""
    path = SHARED / SCHEMAS[version]
    return etree.XMLSchema(etree.parse(str(path))) if path.is_file() else None


def assert_valid(outbound: Outbound, version: str) -> None:
    """Valid against the version's schema; says nothing where the schema is not there (see `needs_schemas`)."""
    xsd = schema(version)
    if xsd is not None:
        xsd.assertValid(etree.fromstring(outbound.body))


def undeclared(given: Answer, told: Answer, losses: tuple[str, ...], version: str) -> list[str]:
    """Names of the fields that came back changed without being declared as lost."""
    assert len(given.dispensations) == len(told.dispensations)
    changed = []
    for one, other in zip(given.dispensations, told.dispensations, strict=True):
        for field in field_map().fields:
            if field.is_none(version) or field.name in losses:
                continue
            if field.value(one) != field.value(other):
                changed.append(field.name)
    return changed
