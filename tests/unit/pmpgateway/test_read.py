"""PatientRequest and ReportRequest: what is read, what is demanded, and that order changes nothing."""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.pmpgateway import ADAPTER
from adapters.pmpgateway.message import caller_of
from adapters.pmpgateway.names import REPORT, Version
from adapters.pmpgateway.roles import spoken
from gateway.errors import ErrorCode, GatewayError, MessageError, UnsupportedFormat
from gateway.model import (
    Address,
    Identifier,
    IdentifierKind,
    Licence,
    LookupRequest,
    Period,
    PersonName,
    ReportQuery,
    Sex,
    Species,
)
from gateway.ports import Asked, Inbound
from tests.contract.hostile.attack import NEVER_DAYS, ODD_NAMES
from tests.factory import NOW
from tests.unit.mutations import mutated
from tests.unit.pmpgateway.helpers import (
    KEY,
    LOCATION,
    PATIENT_XML,
    PROVIDER,
    SAMPLES,
    asked,
    inbound,
    patient_request,
    refused,
    report_request,
)

WHOLE = """<Patient>
    <MedicalRecordID>MRN0001</MedicalRecordID>
    <DriversLicenseIdentifier><StateCode>KS</StateCode><Value>S01-45</Value></DriversLicenseIdentifier>
    <SSN>123-45-6789</SSN><Phone>8605550142</Phone><Phone>8605550143</Phone>
    <Address><ZipPlusFour>4321</ZipPlusFour><ZipCode>67203</ZipCode><StateCode>KS</StateCode><City>Wichita</City>
      <Street>123 Main St</Street><Street>Apt B</Street></Address>
    <SexCode>M</SexCode><Birthdate>1900-01-01</Birthdate>
    <Name><Last>Testpatient</Last><MiddleName>Dylan</MiddleName><Suffix>Jr</Suffix><First>Bob</First></Name>
    <PharmacyBenefitsMemberID>x</PharmacyBenefitsMemberID></Patient>"""


# --- what is read -------------------------------------------------------------------------------------------------


def test_a_whole_patient() -> None:
    dates = "<DateRange><End>2024-03-05</End><Begin>2023-03-05</Begin></DateRange><RxCodes><Code/></RxCodes>"
    read = asked(patient_request(WHOLE, dates=dates))
    person = read.person
    assert person is not None
    assert person.names == (PersonName(family="Testpatient", given=("Bob", "Dylan"), suffix="Jr"),)
    assert (person.birth_date, person.sex) == (date(1900, 1, 1), Sex.MALE)
    assert person.phones == ("8605550142", "8605550143")
    assert person.addresses == (
        Address(lines=("123 Main St", "Apt B"), city="Wichita", state="KS", postal_code="67203-4321"),
    )
    assert set(person.identifiers) == {
        Identifier(kind=IdentifierKind.SSN, value="123-45-6789"),
        Identifier(kind=IdentifierKind.MEDICAL_RECORD_NUMBER, value="MRN0001"),
        Identifier(kind=IdentifierKind.DRIVER_LICENCE, value="S01-45", issuer="KS"),
    }
    assert read.period == Period(start=date(2023, 3, 5), end=date(2024, 3, 5))


def test_who_asks() -> None:
    requester = asked(patient_request(requester=PROVIDER + LOCATION)).requester
    assert requester.practitioner is not None
    assert requester.practitioner.name == PersonName(family="Doctor", given=("Paul",))
    assert (requester.practitioner.npi, requester.practitioner.dea) == ("1023011178", "AD1111119")
    assert requester.organisation is not None
    assert (requester.organisation.name, requester.organisation.npi) == ("Example Hospital", "1700902491")
    assert (requester.state, requester.delegate) == ("CT", None)
    licensed = PROVIDER.replace(
        "<DEANumber>AD1111119</DEANumber><NPINumber>1023011178</NPINumber>",
        "<DEANumber></DEANumber><ProfessionalLicenseNumber><StateCode>CT</StateCode><Value>12345</Value>"
        "<Type>Medical</Type></ProfessionalLicenseNumber>",
    )
    practitioner = asked(patient_request(requester=licensed + LOCATION)).requester.practitioner
    assert practitioner is not None
    assert practitioner.licence == Licence(number="12345", state="CT")


@pytest.mark.parametrize("seed", range(200))
def test_order_changes_nothing(seed: int) -> None:
    """Except of two of a kind: the first line of an address is the first."""
    root = etree.fromstring(patient_request(WHOLE))
    expected = asked(etree.tostring(root, encoding="unicode"))
    r = random.Random(seed)
    for parent in root.iter(etree.Element):
        parent[:] = _shuffled(list(parent), r)
    assert asked(etree.tostring(root, encoding="unicode")) == expected


def _shuffled(elements: list[etree._Element], r: random.Random) -> list[etree._Element]:
    names = [e.tag for e in elements]
    r.shuffle(names)
    by_name = {name: iter([e for e in elements if e.tag == name]) for name in names}
    return [next(by_name[name]) for name in names]


def test_an_animal_and_its_owner() -> None:
    animal = PATIENT_XML.replace(
        "</Patient>",
        "<VeterinaryPrescription><AnimalName>Rex</AnimalName></VeterinaryPrescription></Patient>",
    )
    person = asked(patient_request(animal)).person
    assert person is not None
    assert (person.species, person.birth_date) == (Species.VETERINARY, None)
    assert person.names == (PersonName(family="Quillfeather", given=("Rex",)),)
    assert person.owner is not None
    assert person.owner.birth_date == date(1971, 4, 9)
    empty = PATIENT_XML.replace("</Patient>", "<VeterinaryPrescription/></Patient>")
    human = asked(patient_request(empty)).person
    assert human is not None
    assert human.species is Species.HUMAN


@pytest.mark.parametrize(
    "written",
    ["1971-04-09", " 1971-04-09 ", "1971-04-09T00:00:00", "1971-04-09T23:59:59.999-05:00", "1971-04-09Z"],
)
def test_a_time_shifts_no_day(written: str) -> None:
    person = asked(patient_request(PATIENT_XML.replace("1971-04-09", written))).person
    assert person is not None
    assert person.birth_date == date(1971, 4, 9)


def test_a_report_request() -> None:
    message = inbound(report_request("<ReportLink/>" + LOCATION + PROVIDER), operation=REPORT)
    read = ADAPTER.read(message)
    assert isinstance(read, ReportQuery)
    assert read.key == KEY
    assert read.requester.state == "CT"
    assert caller_of(message).wants_link
    assert KEY not in repr(read)


# --- versions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "url", "answered"),
    [
        (Version.V5.namespace, Version.V5, Version.V5),
        (Version.V5.namespace, Version.V5_1, Version.V5),
        (Version.V5_1.namespace, Version.V5, Version.V5_1),
        ("", Version.V5, Version.V5),
        ("", Version.V5_1, Version.V5_1),
    ],
)
def test_the_answer_is_in_the_version_of_the_message(sent: str, url: Version, answered: Version) -> None:
    message = inbound(patient_request(namespace=sent), version=url)
    ADAPTER.read(message)
    assert caller_of(message).version is answered


def test_a_version_that_is_not_spoken() -> None:
    error = refused(patient_request(namespace="http://xml.appriss.com/gateway/v6"))
    assert error.code is ErrorCode.UNSUPPORTED_VERSION
    assert refused(patient_request(namespace="urn:other")).code is ErrorCode.UNSUPPORTED_VERSION


def test_the_other_message() -> None:
    assert refused(report_request()).code is ErrorCode.MALFORMED
    assert refused(patient_request(), operation=REPORT).code is ErrorCode.MALFORMED


def test_a_content_type_that_is_none_of_xml() -> None:
    with pytest.raises(UnsupportedFormat):
        ADAPTER.read(inbound(patient_request(), content_type="application/json"))


# --- what is demanded ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut", "place"),
    [
        ("<First>Marigold</First>", "Patient/Name/First"),
        ("<Last>Quillfeather</Last>", "Patient/Name/Last"),
        ("<Birthdate>1971-04-09</Birthdate>", "Patient/Birthdate"),
        ("<ZipCode>06103</ZipCode>", "PrescriptionRequest/Patient"),
        ("<Role>Physician</Role>", "Provider/Role"),
        ("<FirstName>Paul</FirstName>", "Provider/FirstName"),
        ("<LastName>Doctor</LastName>", "Provider/LastName"),
        ("<DEANumber>AD1111119</DEANumber><NPINumber>1023011178</NPINumber>", "Requester/Provider"),
        ("<NPINumber>1700902491</NPINumber>", "Requester/Location"),
        ("<StateCode>CT</StateCode>", "Location/Address/StateCode"),
        (PROVIDER, "Requester/Provider"),
        (LOCATION, "Requester/Location"),
        (PATIENT_XML, "PrescriptionRequest/Patient"),
    ],
)
def test_what_is_missing_or_empty_is_named(cut: str, place: str) -> None:
    emptied = re.sub(r">[^<>]+<", "><", cut)
    for put in ("", emptied):
        error = refused(patient_request().replace(cut, put))
        assert error.code is ErrorCode.REQUIRED
        assert place in (error.path or "")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("1971-04-09", "04/09/1971", "Birthdate"),
        ("1971-04-09", "1971-02-30", "Birthdate"),
        ("1971-04-09", "2026-11-23", "Birthdate"),
        ("<Birthdate>1971-04-09</Birthdate>", "<Birthdate><D>1971-04-09</D></Birthdate>", "Birthdate"),
        ("Quillfeather", "---", "Last"),
        ("<StateCode>CT</StateCode></Address></Location>", "<StateCode>Conn</StateCode></Address></Location>",
         "Location/Address/StateCode"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(old: str, new: str, place: str) -> None:
    error = refused(patient_request().replace(old, new))
    assert (error.path or "").endswith(place)
    assert new not in str(error)


@pytest.mark.parametrize("written", NEVER_DAYS)
def test_a_day_that_never_was_or_is_to_come(written: str) -> None:
    error = refused(patient_request(PATIENT_XML.replace("1971-04-09", written)))
    assert (error.path or "").endswith("Birthdate")
    for name in ("Begin", "End"):
        dates = f"<DateRange><{name}>{written}</{name}></DateRange>"
        if written.strip() in {"", "9999-12-31"}:
            assert asked(patient_request(dates=dates)).period in {
                Period(),
                Period(end=date.max),
                Period(start=date.max),
            }
        else:
            assert (refused(patient_request(dates=dates)).path or "").endswith(name)


@pytest.mark.parametrize("written", ODD_NAMES)
def test_odd_names_are_read_as_they_are_or_refused(written: str) -> None:
    escaped = written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = inbound(patient_request(PATIENT_XML.replace("Quillfeather", escaped)))
    read = attempted(message)
    if any(map(str.isalnum, written)):
        assert isinstance(read, LookupRequest)
        assert read.person is not None
        assert read.person.name.family == written.strip()
    else:
        assert isinstance(read, MessageError)
        assert (read.path or "").endswith("Name/Last")


@pytest.mark.parametrize(
    "twice",
    [PATIENT_XML, "<Birthdate>1971-04-09</Birthdate>", "<Last>Quillfeather</Last>", PROVIDER, LOCATION],
)
def test_two_of_what_there_is_one_of(twice: str) -> None:
    error = refused(patient_request().replace(twice, twice + twice))
    assert "more than once" in error.message


def test_a_period_that_ends_before_it_begins() -> None:
    dates = "<DateRange><Begin>2024-03-05</Begin><End>2023-03-05</End></DateRange>"
    error = refused(patient_request(dates=dates))
    assert (error.code, error.path) == (
        ErrorCode.DATE_RANGE, "PatientRequest/PrescriptionRequest/DateRange/End"
    )  # fmt: skip


def test_a_destination_that_is_no_state() -> None:
    pmps = "<RequestDestinations><Pmp>CT</Pmp><Pmp>Kansas</Pmp></RequestDestinations>"
    error = refused(patient_request(requester=pmps + PROVIDER + LOCATION))
    assert (error.path or "").endswith("RequestDestinations/Pmp[2]")
    ok = asked(patient_request(requester=pmps.replace("Kansas", "ks") + PROVIDER + LOCATION))
    assert ok.states == ("CT", "KS")


# --- the samples of others ----------------------------------------------------------------------------------------


def test_the_samples_beside_the_checkout(shared: Path) -> None:
    folder = shared / "standards/pmpgateway"
    read = asked((folder / "PatientRequest_v5_1_full.xml").read_text())
    assert read.person is not None
    assert read.person.name == PersonName(family="Testpatient", given=("Bob",))
    assert read.states == ("CT",)
    assert read.message_id == "5b0c2c1e-6f0e-4f9c-8f51-0a3b2a3a9d10"
    message = inbound((folder / "ReportRequest_v5_1.xml").read_bytes(), operation=REPORT)
    query = ADAPTER.read(message)
    assert isinstance(query, ReportQuery)
    assert query.requester.practitioner is not None
    assert query.requester.practitioner.dea == "AD1111119"


# --- nonsense -----------------------------------------------------------------------------------------------------

NONSENSE = [
    "",
    " ",
    "-1",
    "9" * 5000,
    "2026-02-30",
    "0000-00-00",
    "٣",
    "<&>",
    "CT,,XX,Ohio",
    "physician",
    "\u202e",
]


def attempted(message: Inbound) -> Asked | GatewayError:
    """What comes of it; any other exception is the test's failure."""
    try:
        return ADAPTER.read(message)
    except GatewayError as error:
        return error


@pytest.mark.parametrize("name", ["complete", "report"])
def test_spoilt_messages_are_read_or_refused_by_name(name: str) -> None:
    operation = REPORT if name == "report" else "patient"
    root = etree.parse(SAMPLES / "v5_1" / f"{name}.request.xml").getroot()
    refusals = 0
    for seed in range(400):
        message = inbound(etree.tostring(mutated(root, seed, NONSENSE)), operation=operation)
        read = attempted(message)
        if isinstance(read, GatewayError):
            refusals += 1
            assert isinstance(read, MessageError)
            assert read.remedy, str(read)
            outbound = ADAPTER.write_error(read, message)
            assert outbound.status in {400, 413, 415}
            etree.fromstring(outbound.body)
            assert b"Quillfeather" not in outbound.body
        elif isinstance(read, LookupRequest):
            assert read.person is not None
            assert read.person.name.family
            assert read.person.name.given
            assert (read.person.owner or read.person).birth_date is not None
    assert 40 < refusals < 360


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    for operation in ("patient", REPORT):
        with pytest.raises(MessageError) as caught:
            ADAPTER.read(inbound(body, operation=operation))
        etree.fromstring(ADAPTER.write_error(caught.value, inbound(body, operation=operation)).body)


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(first=_TEXT, last=_TEXT, born=_TEXT | st.dates().map(str), role=_TEXT | st.sampled_from(spoken()))
def test_no_text_breaks_the_reader(first: str, last: str, born: str, role: str) -> None:
    root = etree.fromstring(patient_request())
    for name, value in (("First", first), ("Last", last), ("Birthdate", born), ("Role", role)):
        next(root.iter(f"{{*}}{name}")).text = value
    message = inbound(etree.tostring(root))
    read = attempted(message)
    if isinstance(read, MessageError):
        told = ADAPTER.write_error(read, message).body
        assert etree.fromstring(told).find("{*}Error") is not None
        return
    assert isinstance(read, LookupRequest)
    assert read.person is not None
    assert read.person.name.family == last.strip()
    assert read.person.birth_date == date.fromisoformat(born.strip()[:10])
    assert read.person.birth_date is not None
    assert (read.person.birth_date - NOW.date()).days <= 1
