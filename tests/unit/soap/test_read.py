from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters._wire.soap import MustUnderstand, VersionMismatch
from adapters.soap import ADAPTER
from gateway.errors import ErrorCode, MessageError, TooLarge, UnsupportedFormat
from gateway.model import (
    Address,
    Identifier,
    IdentifierKind,
    Licence,
    LookupRequest,
    Organisation,
    Period,
    Person,
    PersonName,
    Practitioner,
    Requester,
    Sex,
    Species,
)
from tests.unit.soap.helpers import ENVELOPE, ENVELOPE_1_2, a_request, enveloped, inbound

BOB = Person(names=(PersonName(family="Testpatient", given=("Bob",)),), birth_date=date(1900, 1, 1))
NAME = (
    "<nc:PersonName><nc:PersonGivenName>Marigold</nc:PersonGivenName>"
    "<nc:PersonSurName>Quillfeather</nc:PersonSurName></nc:PersonName>"
)
BIRTH = "<nc:PersonBirthDate><nc:Date>1971-04-09</nc:Date></nc:PersonBirthDate>"
RANGE = "<pmp:RequestPrescriptionDateRange>{}</pmp:RequestPrescriptionDateRange>"
BEGIN = "<pmp:RequestPrescriptionDateRangeBegin>{}</pmp:RequestPrescriptionDateRangeBegin>"
END = "<pmp:RequestPrescriptionDateRangeEnd>{}</pmp:RequestPrescriptionDateRangeEnd>"
META_DATA = """<MetaData xmlns="http://www.pmixpmp.org">
  <Requestor>
    <RequestorRole>Physician</RequestorRole>
    <RequestorGivenName>Thaddeus</RequestorGivenName>
    <RequestorSurName>Okonkwo-Baird</RequestorSurName>
    <RequestorIdentification>
      <IdentificationID>AD1111119</IdentificationID><IdentificationCategoryCode>DEA</IdentificationCategoryCode>
    </RequestorIdentification>
    <RequestorIdentification>
      <IdentificationID>1023011178</IdentificationID><IdentificationCategoryCode>npi</IdentificationCategoryCode>
    </RequestorIdentification>
    <RequestorIdentification>
      <IdentificationID>CT.045512</IdentificationID>
      <IdentificationCategoryCode>State License</IdentificationCategoryCode>
    </RequestorIdentification>
    <RequestorFacility>
      <RequestorOrganizationName>Charter Oak Hospital</RequestorOrganizationName>
      <FacilityIdentification>
        <IdentificationID>1700902491</IdentificationID><IdentificationCategoryCode>NPI</IdentificationCategoryCode>
      </FacilityIdentification>
    </RequestorFacility>
  </Requestor>
  <RequestorOrganization><RequestorOrganizationName>Ohio PMP</RequestorOrganizationName></RequestorOrganization>
  <RoutingData>
    <RequestID>REQ-1</RequestID>
    <RequestDateTime>2026-11-20T15:30:00Z</RequestDateTime>
    <RequestingState>OH</RequestingState>
    <DisclosingState>CT, ma</DisclosingState>
  </RoutingData>
  <Version>2</Version>
</MetaData>"""


def read(body: bytes | str, **headers: str) -> LookupRequest:
    return ADAPTER.read(inbound(body, **headers))


def refused(body: bytes | str, **headers: str) -> MessageError:
    with pytest.raises(MessageError) as caught:
        read(body, **headers)
    return caught.value


def test_the_shared_request_is_read_as_it_is(shared: Path) -> None:
    body = (shared / "standards/pmix/request_2_x_synthetic.xml").read_bytes()
    assert read(body) == LookupRequest(
        person=BOB,
        requester=Requester(),
        period=Period(start=date(2023, 3, 5), end=date(2024, 3, 5)),
    )
    assert read(body, content_type="application/xml") == read(body)


def test_an_envelope_says_the_same_as_the_bare_document() -> None:
    bare = a_request()
    assert read(enveloped(bare)) == read(bare)


def test_the_meta_data_header_says_who_asks() -> None:
    asked = read(enveloped(a_request(), META_DATA))
    assert asked.requester == Requester(
        practitioner=Practitioner(
            name=PersonName(family="Okonkwo-Baird", given=("Thaddeus",)),
            npi="1023011178",
            dea="AD1111119",
            licence=Licence(number="CT.045512"),
            role="Physician",
        ),
        organisation=Organisation(name="Charter Oak Hospital", npi="1700902491"),
        state="OH",
    )
    assert asked.states == ("CT", "MA")
    assert asked.message_id == "REQ-1"


def test_an_organisation_without_a_facility_is_the_one_that_sends() -> None:
    header = META_DATA.replace("<RequestorFacility>", "<Other>").replace("</RequestorFacility>", "</Other>")
    assert read(enveloped(a_request(), header)).requester.organisation == Organisation(name="Ohio PMP")


def test_a_state_that_is_no_code_is_refused() -> None:
    error = refused(enveloped(a_request(), META_DATA.replace("<RequestingState>OH", "<RequestingState>Ohio")))
    assert error.path == "Envelope/Header/MetaData/RoutingData/RequestingState"


def test_every_fact_about_the_patient_is_read_in_any_order_and_with_unknown_neighbours() -> None:
    asked = read(
        a_request("""
          <pmp:SpeciesCode>01</pmp:SpeciesCode>
          <pmp:FavouriteColour>green</pmp:FavouriteColour>
          <pmp:PersonDriverLicenseIdentifier>
            <nc:IdentificationID>D123</nc:IdentificationID>
            <nc:IdentificationJurisdictionText>CT</nc:IdentificationJurisdictionText>
          </pmp:PersonDriverLicenseIdentifier>
          <pmp:PersonPrimaryContactInformation>
            <nc:ContactMailingAddress><nc:StructuredAddress>
              <nc:LocationStreet><nc:StreetFullText> 14 Larkspur Ln </nc:StreetFullText></nc:LocationStreet>
              <nc:LocationStreet><nc:StreetFullText>Apt 2</nc:StreetFullText></nc:LocationStreet>
              <nc:LocationCityName>Hartford</nc:LocationCityName>
              <nc:LocationStateUSPostalServiceCode>ct</nc:LocationStateUSPostalServiceCode>
              <nc:LocationPostalCode>06103</nc:LocationPostalCode>
              <nc:LocationPostalExtensionCode>1234</nc:LocationPostalExtensionCode>
            </nc:StructuredAddress></nc:ContactMailingAddress>
            <nc:ContactTelephoneNumber><nc:FullTelephoneNumber>
              <nc:TelephoneNumberFullID>8605550142</nc:TelephoneNumberFullID>
            </nc:FullTelephoneNumber></nc:ContactTelephoneNumber>
          </pmp:PersonPrimaryContactInformation>
          <nc:PersonSSNIdentification>
            <nc:IdentificationID>987-65-4329</nc:IdentificationID>
          </nc:PersonSSNIdentification>
          <nc:PersonSexCode>F</nc:PersonSexCode>
          <nc:PersonName>
            <nc:PersonSurName>Quillfeather</nc:PersonSurName>
            <nc:PersonNameSuffixText>II</nc:PersonNameSuffixText>
            <nc:PersonMiddleName>Ann</nc:PersonMiddleName>
            <nc:PersonGivenName>Marigold</nc:PersonGivenName>
          </nc:PersonName>
          <nc:PersonName>
            <nc:PersonGivenName>Marigold</nc:PersonGivenName><nc:PersonSurName>Finch</nc:PersonSurName>
          </nc:PersonName>
          <nc:PersonBirthDate><nc:Date>1971-04-09</nc:Date></nc:PersonBirthDate>""")
    )
    assert asked.person == Person(
        names=(
            PersonName(family="Quillfeather", given=("Marigold", "Ann"), suffix="II"),
            PersonName(family="Finch", given=("Marigold",)),
        ),
        birth_date=date(1971, 4, 9),
        sex=Sex.FEMALE,
        addresses=(
            Address(lines=("14 Larkspur Ln", "Apt 2"), city="Hartford", state="CT", postal_code="06103-1234"),
        ),
        phones=("8605550142",),
        identifiers=(
            Identifier(kind=IdentifierKind.SSN, value="987-65-4329"),
            Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="D123", issuer="CT"),
        ),
    )
    assert asked.period == Period()


def test_a_veterinary_patient_is_named_by_its_owner() -> None:
    animal = (
        "<pmp:SpeciesCode>02</pmp:SpeciesCode><pmp:PatientNameOfAnimalText>Rex</pmp:PatientNameOfAnimalText>"
    )
    person = read(a_request(NAME + BIRTH + animal)).person
    assert person == Person(
        names=(PersonName(family="Quillfeather", given=("Rex",)),),
        species=Species.VETERINARY,
        owner=Person(
            names=(PersonName(family="Quillfeather", given=("Marigold",)),), birth_date=date(1971, 4, 9)
        ),
    )


def test_a_veterinary_patient_needs_no_birth_date() -> None:
    person = read(a_request(NAME + "<pmp:SpeciesCode>02</pmp:SpeciesCode>")).person
    assert person is not None
    assert (person.species, person.birth_date, person.owner) == (Species.VETERINARY, None, None)


@pytest.mark.parametrize(
    "told",
    [
        "<nc:Date> 1971-04-09 </nc:Date>",
        "<nc:Date>1971-04-09Z</nc:Date>",
        "<nc:Date>1971-04-09-05:00</nc:Date>",
        "<nc:DateTime>1971-04-09T00:00:00</nc:DateTime>",
        "1971-04-09",
        "<Date>1971-04-09</Date>",
    ],
)
def test_dates_are_read_however_they_are_wrapped(told: str) -> None:
    person = read(a_request(f"{NAME}<nc:PersonBirthDate>{told}</nc:PersonBirthDate>")).person
    assert person is not None
    assert person.birth_date == date(1971, 4, 9)


@pytest.mark.parametrize(
    ("patient", "path", "code"),
    [
        (BIRTH, "PMPRequest/RequestPatient/PersonName", ErrorCode.REQUIRED),
        (
            BIRTH + "<nc:PersonName><nc:PersonFullName>Marigold Q</nc:PersonFullName></nc:PersonName>",
            "PMPRequest/RequestPatient/PersonName/PersonGivenName",
            ErrorCode.REQUIRED,
        ),
        (
            BIRTH + NAME.replace("Quillfeather", " "),
            "PMPRequest/RequestPatient/PersonName/PersonSurName",
            ErrorCode.REQUIRED,
        ),
        (NAME, "PMPRequest/RequestPatient/PersonBirthDate", ErrorCode.REQUIRED),
        *(
            (
                f"{NAME}<nc:PersonBirthDate><nc:Date>{told}</nc:Date></nc:PersonBirthDate>",
                "PMPRequest/RequestPatient/PersonBirthDate",
                ErrorCode.INVALID,
            )
            for told in (
                "1971-02-30",
                "09/04/1971",
                "19710409",
                "1971-4-9",
                "1971-W15-5",
                "٢٠٢٠-01-01",
                "2999-01-01",
            )
        ),
        (
            NAME + BIRTH + "<pmp:SpeciesCode>dog</pmp:SpeciesCode>",
            "PMPRequest/RequestPatient/SpeciesCode",
            ErrorCode.INVALID,
        ),
    ],
)
def test_what_a_lookup_cannot_do_without_is_demanded(patient: str, path: str, code: ErrorCode) -> None:
    error = refused(a_request(patient))
    assert (error.path, error.code) == (path, code)
    assert error.remedy
    for told in ("Marigold", "Quillfeather", "1971", "2999", "dog"):
        assert told not in str(error)


@pytest.mark.parametrize(
    ("rest", "path", "code"),
    [
        (
            RANGE.format(BEGIN.format("2024-02-30")),
            "PMPRequest/RequestPrescriptionDateRange/RequestPrescriptionDateRangeBegin",
            ErrorCode.INVALID,
        ),
        (
            RANGE.format(BEGIN.format("2024-03-05") + END.format("2023-03-05")),
            "PMPRequest/RequestPrescriptionDateRange",
            ErrorCode.DATE_RANGE,
        ),
        (
            "<pmp:RequestPrescriptionDateRange/><pmp:RequestPrescriptionDateRange/>",
            "PMPRequest/RequestPrescriptionDateRange[2]",
            ErrorCode.INVALID,
        ),
        (
            f"<pmp:RequestPatient>{NAME}{BIRTH}</pmp:RequestPatient>",
            "PMPRequest/RequestPatient[2]",
            ErrorCode.INVALID,
        ),
    ],
)
def test_a_request_asks_for_one_patient_and_one_period(rest: str, path: str, code: ErrorCode) -> None:
    error = refused(a_request(rest=rest))
    assert (error.path, error.code) == (path, code)


def test_a_request_without_a_patient() -> None:
    error = refused('<p:PMPRequest xmlns:p="http://xml.ijis.org/niem/2.0/"/>')
    assert (error.path, error.code) == ("PMPRequest/RequestPatient", ErrorCode.REQUIRED)


def test_an_open_period_stays_open() -> None:
    assert read(a_request(rest=RANGE.format(BEGIN.format("2024-03-05")))).period == Period(
        start=date(2024, 3, 5)
    )


@pytest.mark.parametrize(
    "body",
    [
        a_request().replace(
            "http://xml.ijis.org/niem/2.0/extension", "http://pmixpmp.org/niem/4.0/extension"
        ),
        a_request().replace("http://xml.ijis.org/niem/2.0/", "http://pmixpmp.org/niem/4.0/"),
        a_request().replace('"http://xml.ijis.org/niem/2.0/"', '"http://xml.ijis.org/niem/1.0/"'),
        a_request().replace(
            "http://niem.gov/niem/niem-core/2.0", "http://release.niem.gov/niem/niem-core/4.0/"
        ),
        "<PMPRequest/>",
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_another_version_of_pmix_is_named_as_such(body: str, wrapped: bool) -> None:
    error = refused(enveloped(body) if wrapped else body)
    assert error.code is ErrorCode.UNSUPPORTED_VERSION
    assert error.path == ("Envelope/Body/PMPRequest" if wrapped else "PMPRequest")
    assert "http://xml.ijis.org/niem/2.0/" in str(error.remedy)


def test_soap_1_2_is_a_version_mismatch() -> None:
    body = enveloped(a_request(), namespace=ENVELOPE_1_2)
    for content_type in ("application/soap+xml; charset=utf-8", "text/xml"):
        with pytest.raises(VersionMismatch) as caught:
            read(body, content_type=content_type)
        assert ENVELOPE in str(caught.value.remedy)
    with pytest.raises(VersionMismatch):
        read(enveloped(a_request(), namespace="urn:soap:0.9"))


@pytest.mark.parametrize("must", ["1", "true"])
def test_a_header_that_must_be_understood_is(must: str) -> None:
    namespaces = f'xmlns:e="{ENVELOPE}" e:mustUnderstand="{must}"'
    security = (
        f'<w:Security {namespaces} xmlns:w="http://docs.oasis-open.org/wss/2004/01/'
        'oasis-200401-wss-wssecurity-secext-1.0.xsd"/>'
    )
    with pytest.raises(MustUnderstand, match="bearer token"):
        read(enveloped(a_request(), security))
    with pytest.raises(MustUnderstand, match="Transaction"):
        read(enveloped(a_request(), f'<t:Transaction {namespaces} xmlns:t="urn:t"/>'))
    assert read(enveloped(a_request(), '<t:Transaction xmlns:t="urn:t"/>')).person
    understood = META_DATA.replace("<MetaData ", f"<MetaData {namespaces} ", 1)
    assert read(enveloped(a_request(), understood)).message_id == "REQ-1"


@pytest.mark.parametrize(
    "action",
    [
        "",
        '""',
        '"http://www.pmixpmp.org/pmp/ProvidePrescriptionDrugHistory"',
        "ProvidePrescriptionDrugHistory",
    ],
)
def test_an_action_of_ours_or_none_is_taken(action: str) -> None:
    assert read(enveloped(a_request()), soapaction=action).person


def test_a_foreign_action_is_refused() -> None:
    error = refused(enveloped(a_request()), soapaction='"urn:SubmitTransaction"')
    assert (error.path, error.code) == ("SOAPAction", ErrorCode.UNKNOWN_OPERATION)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"]
)
def test_a_content_type_that_is_not_xml(content_type: str) -> None:
    error = refused(a_request(), content_type=content_type)
    assert isinstance(error, UnsupportedFormat)
    assert error.path == "Content-Type"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ErrorCode.MALFORMED),
        (b"not xml", ErrorCode.MALFORMED),
        (a_request()[:-5], ErrorCode.MALFORMED),
        ('<!DOCTYPE x [<!ENTITY e "Quillfeather">]>' + a_request(), ErrorCode.HOSTILE),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd">' + enveloped(a_request()), ErrorCode.HOSTILE),
        (a_request("<a>" * 200 + "</a>" * 200), ErrorCode.HOSTILE),
        (
            a_request('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
            ErrorCode.HOSTILE,
        ),
        ("<Patient/>", ErrorCode.UNKNOWN_OPERATION),
        (enveloped("<Patient/>"), ErrorCode.UNKNOWN_OPERATION),
        (enveloped(""), ErrorCode.REQUIRED),
        (enveloped(a_request() + a_request()), ErrorCode.INVALID),
        (enveloped(a_request()).replace("e:Body", "e:Rump"), ErrorCode.INVALID),
        (a_request().encode("utf-16"), None),
        (('<?xml version="1.0" encoding="iso-8859-1"?>' + a_request()).encode("latin-1"), None),
    ],
)
def test_hostile_and_broken_bodies(body: bytes | str, code: ErrorCode | None) -> None:
    if code is None:
        assert read(body, content_type="text/xml").person
    else:
        error = refused(body)
        assert error.code is code
        assert "Quillfeather" not in str(error)


def test_a_body_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read(a_request("<a/>" * 2_600_000))
