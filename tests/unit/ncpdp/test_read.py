"""SCRIPT requests: what is read, and what others wrote."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.read import ROLES
from gateway.model import (
    Address,
    IdentifierKind,
    Licence,
    Organisation,
    Period,
    PersonName,
    Practitioner,
    Requester,
    Sex,
    Species,
)
from gateway.terminology import codes
from tests.unit.ncpdp.helpers import REQUESTS, V10_6, V2017071, V2023011, VERSIONS, inbound
from tests.unit.ncpdp.reading import BORN, NAME, read, refusal


@pytest.mark.parametrize("version", VERSIONS)
def test_patient_period_and_message_id(version: str) -> None:
    request = read(version)
    person = request.person
    assert person is not None
    assert person.names == (PersonName(family="Quillfeather", given=("Marigold",)),)
    assert (person.birth_date, person.sex, person.species) == (date(1971, 4, 9), Sex.FEMALE, Species.HUMAN)
    (address,) = person.addresses
    assert (address.lines, address.city, address.state, address.postal_code) == (
        ("14 Larkspur Ln",), "Hartford", "CT", "06103",
    )  # fmt: skip
    assert request.period == Period(start=date(2025, 1, 1), end=date(2026, 11, 20))
    assert request.consent is True
    assert request.message_id == "ASK-0001"
    assert (request.person_key, request.dispensation_id) == (None, None)


def test_who_asks() -> None:
    doctor = Practitioner(
        name=PersonName(family="Okonkwo-Baird", given=("Thaddeus",)), npi="1023011178", dea="AD1111119"
    )
    assert read(V10_6).requester == Requester(
        practitioner=doctor, organisation=Organisation(name="Charter Oak Hospital"), state="CT"
    )
    new = read(V2017071).requester
    assert new.practitioner is not None
    assert (new.practitioner.npi, new.practitioner.role) == ("1023011178", "Physician")
    assert new.organisation == Organisation(
        name="Charter Oak Hospital", npi="1700902491", address=Address(state="CT")
    )
    assert new.state == "CT"


def test_states_that_are_asked() -> None:
    state = "<StateProvince>CT</StateProvince>"
    assert read(V10_6).states == ()
    several = f"{state}<StateProvince> ny </StateProvince>{state}"
    changed = ("<PDMPStatesRequested>" + state, "<PDMPStatesRequested>" + several)
    assert read(V2017071, changed).states == ("CT", "NY")
    error = refusal(
        V2017071,
        ("<PDMPStatesRequested>" + state, "<PDMPStatesRequested><StateProvince>Conn</StateProvince>"),
    )
    assert error.path == "RxHistoryRequest/PDMPStatesRequested/StateProvince"


PHONES = {
    V10_6: """<CommunicationNumbers>
        <Communication><Number>8605550199</Number><Qualifier>FX</Qualifier></Communication>
        <Communication><Number>8605550142</Number><Qualifier>HP</Qualifier></Communication>
        <Communication><Number>8605550141</Number><Qualifier>TE</Qualifier></Communication></CommunicationNumbers>""",
    V2017071: """<CommunicationNumbers>
        <PrimaryTelephone><Number>8605550141</Number></PrimaryTelephone>
        <Fax><Number>8605550199</Number></Fax>
        <HomeTelephone><Number>8605550142</Number></HomeTelephone></CommunicationNumbers>""",
}
PHONES[V2023011] = PHONES[V2017071]
IDENTIFIED = """<Identification>
    <MedicalRecordIdentificationNumberEHR>MRN-7</MedicalRecordIdentificationNumberEHR>
    <SocialSecurity>000-12-3456</SocialSecurity></Identification>"""
FULL_NAME = "<MiddleName>Ann</MiddleName><Suffix>Jr</Suffix><Prefix>Ms</Prefix>"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rest_of_a_patient(version: str) -> None:
    full = NAME.replace("</Name>", f"{FULL_NAME}</Name>")
    person = read(version, (NAME, IDENTIFIED + full), (BORN, BORN + PHONES[version])).person
    assert person is not None
    assert person.names == (
        PersonName(family="Quillfeather", given=("Marigold", "Ann"), suffix="Jr", prefix="Ms"),
    )
    assert person.phones == ("8605550141", "8605550142")
    assert person.identifier(IdentifierKind.SSN) == "000-12-3456"
    assert person.identifier(IdentifierKind.MEDICAL_RECORD_NUMBER) == "MRN-7"


def test_an_animal_and_its_owner() -> None:
    owner = (
        "<AlternateContact><Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>"
        "<Address><City>Hartford</City></Address><CommunicationNumbers><PrimaryTelephone><Number>8605550141</Number>"
        "</PrimaryTelephone></CommunicationNumbers></AlternateContact>"
    )
    person = read(
        V2017071,
        ("HumanPatient>", "NonHumanPatient>"),
        ("<FirstName>Marigold", "<FirstName>Biscuit"),
        (
            "</NonHumanPatient>",
            f"<Species><Text>Dog</Text><Code>448771007</Code></Species>{owner}</NonHumanPatient>",
        ),
    ).person
    assert person is not None
    assert person.species is Species.VETERINARY
    assert person.name == PersonName(family="Quillfeather", given=("Biscuit",))
    assert person.owner is not None
    assert (person.owner.name.given, person.owner.phones, person.owner.species) == (
        ("Marigold",), ("8605550141",), Species.HUMAN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ("Physician", "Physician"), ("physician", "Physician"), ("MD", "Physician"), ("DVM", "Veterinarian"),
        ("Physician Assistant with prescriptive authority", "Physician Assistant"), ("RPh", "Pharmacist"),
        ("Medical Resident with no independent prescriptive authority", "Medical Resident"),
        ("Other Prescriber", "Other Prescriber"), ("Haruspex", "Haruspex"),
    ],
)  # fmt: skip
def test_a_role_is_called_as_states_call_it_and_an_unknown_one_as_it_is_written(told: str, role: str) -> None:
    practitioner = read(V2017071, (">Physician<", f">{told}<")).requester.practitioner
    assert practitioner is not None
    assert practitioner.role == role


def test_every_role_of_the_table_is_one_that_the_home_state_admits() -> None:
    home = Path(__file__).resolve().parents[3] / "conf" / "states" / "CT.toml"
    admitted = tomllib.loads(home.read_text(encoding="utf-8"))["policy"]["roles"]
    assert set(codes(ROLES)) <= set(admitted)
    assert all(codes(ROLES).carries(role, "script") for role in codes(ROLES))


def test_a_delegate_asks_for_a_prescriber() -> None:
    name = "<Name><LastName>Fennimore</LastName><FirstName>Odile</FirstName></Name>"
    agent = f"<PrescriberAgent>{name}</PrescriberAgent>"
    changes = (("</FirstName></Name>\n      </NonVet", f"</FirstName></Name>{agent}\n      </NonVet"),)
    requester = read(V2017071, *changes).requester
    assert requester.delegate == Practitioner(name=PersonName(family="Fennimore", given=("Odile",)))
    assert requester.practitioner is not None
    assert requester.practitioner.role == "Physician"
    requester = read(V2017071, *changes, (">Physician<", ">Prescriber Delegate - Licensed<")).requester
    assert requester.delegate is not None
    assert requester.practitioner is not None
    assert (requester.delegate.role, requester.practitioner.role) == ("Licensed Delegate", None)
    old = "<PrescriberAgent><LastName>Fennimore</LastName></PrescriberAgent>"
    requester = read(
        V10_6, ("</Address>\n      </Prescriber>", f"</Address>{old}\n      </Prescriber>")
    ).requester
    assert requester.delegate == Practitioner(name=PersonName(family="Fennimore"))


def test_a_pharmacist_asks() -> None:
    body = REQUESTS[V10_6]
    start, end = body.index("<Prescriber>"), body.index("<Patient>")
    pharmacy = (
        "<Pharmacy><Identification><NCPDPID>1234563</NCPDPID><NPI>1234567893</NPI></Identification>"
        "<Pharmacist><LastName>Vandermeer</LastName><FirstName>Ines</FirstName></Pharmacist>"
        "<StoreName>Larkspur Pharmacy</StoreName><Address><State>ct</State></Address></Pharmacy>"
    )
    requester = ADAPTER.read(inbound(body[:start] + pharmacy + body[end:])).requester
    assert requester.practitioner == Practitioner(name=PersonName(family="Vandermeer", given=("Ines",)))
    assert requester.organisation is not None
    assert (requester.organisation.ncpdp_id, requester.organisation.name, requester.state) == (
        "1234563", "Larkspur Pharmacy", "CT",
    )  # fmt: skip
    requester = ADAPTER.read(inbound(body[:start] + body[end:])).requester
    assert requester == Requester()


def test_a_role_alone_and_a_licence() -> None:
    body = REQUESTS[V2017071]
    start, end = body.index("<Prescriber>"), body.index("<RequestedDates>")
    assert ADAPTER.read(inbound(body[:start] + body[end:])).requester.practitioner == Practitioner(
        role="Physician"
    )
    vet = (
        "<Prescriber><Veterinarian><Identification><StateLicenseNumber>VET.77</StateLicenseNumber></Identification>"
        "<Specialty/><Name><LastName>Ash</LastName><FirstName>Rowan</FirstName></Name></Veterinarian></Prescriber>"
    )
    practitioner = ADAPTER.read(inbound(body[:start] + vet + body[end:])).requester.practitioner
    assert practitioner is not None
    assert practitioner.licence == Licence(number="VET.77")


@pytest.mark.parametrize(("name", "states"), [("10_6", ()), ("2017071", ("CT", "NY"))])
def test_published_samples(shared: Path, name: str, states: tuple[str, ...]) -> None:
    body = (shared / f"standards/ncpdp/samples/rxhistoryrequest_{name}.xml").read_bytes()
    request = ADAPTER.read(inbound(body))
    assert request.person is not None
    assert request.person.names == (PersonName(family="Testpatient", given=("Bob",)),)
    assert request.person.birth_date == date(1900, 1, 1)
    assert request.person.addresses[0].state == "KS"
    assert request.period == Period(start=date(2023, 3, 5), end=date(2024, 3, 5))
    assert request.requester.practitioner is not None
    assert (request.requester.practitioner.npi, request.requester.practitioner.dea) == (
        "1023011178",
        "AD1111119",
    )
    assert request.states == states
    assert request.consent is True
