"""The FHIR adapter's request once more in XML: what is spoilt there is refused in XML, or read as what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from adapters.fhir.xml_write import to_xml
from gateway.testing import LiveGateway
from tests.contract.hostile.attack import (
    BORN,
    FAMILY,
    GIVEN,
    NEVER_DAYS,
    ODD_NAMES,
    Attack,
    caught,
    stored_in,
)
from tests.contract.test_refusals import PATIENT, Sent
from tests.unit.fhir.cases import reported

XML = "application/fhir+xml"


@pytest.fixture
def sent(target: LiveGateway) -> Sent:
    return caught(target, PATIENT, "fhir", "fhir").in_xml()


@pytest.fixture
def attack(target: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture) -> Attack:
    return Attack(target, sent, caplog)


def with_value(sent: Sent, old: str, new: str) -> bytes:
    """The body with one value replaced by another, as an attribute is written."""
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\t", "&#9;")):
        new = new.replace(character, reference)
    before = f'value="{old}"'
    assert before.encode() in sent.body
    return sent.body.replace(before.encode(), f'value="{new}"'.encode())


def test_as_it_was_it_is_answered(attack: Attack) -> None:
    response = attack()
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(XML)
    assert b"4711" in response.content


def test_a_day_that_never_was_is_refused(attack: Attack, sent: Sent) -> None:
    for day in NEVER_DAYS:
        assert attack(with_value(sent, BORN, day)).status_code == 400, day


def test_odd_names_are_answered_or_refused(attack: Attack, sent: Sent) -> None:
    for name in ODD_NAMES:
        for part in (FAMILY, GIVEN):
            assert attack(with_value(sent, part, name)).status_code in {200, 400}


@pytest.mark.parametrize("name", ["---", "😀", "..."])
def test_a_name_without_letters_names_nobody(attack: Attack, sent: Sent, name: str) -> None:
    without = replace(sent, body=with_value(sent, FAMILY, name))
    assert attack(with_value(without, GIVEN, name)).status_code == 400


@pytest.mark.parametrize(
    ("element", "other"),
    [
        ("birthDate", '<birthDate value="1950-02-03"/>'),
        ("family", '<family value="Umberfold"/>'),
        ("gender", '<gender value="female"/>'),
    ],
)
def test_nobody_is_looked_up_who_is_told_in_two_ways(
    attack: Attack, sent: Sent, element: str, other: str
) -> None:
    for twice in (f"{other}<{element} ", f"<!-- --><{element}/>{other}<{element} "):
        body = sent.body.replace(f"<{element} ".encode(), twice.encode(), 1)
        assert body != sent.body
        assert attack(body).status_code == 400


@pytest.mark.parametrize(
    "spoilt",
    [
        (b"<birthDate ", b'<birthDate xmlns="urn:other" '),
        (b"<Patient>", b'<Patient xmlns:f="http://hl7.org/fhir"><f:birthDate value="1950-02-03"/>'),
        (b"<birthDate ", b"some text<birthDate "),
        (b"<birthDate ", b"<?birth date?><birthDate "),
        (b"<birthDate value=", b'<birthDate nullFlavor="UNK" value='),
        (b"<birthDate ", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><birthDate '),
        (b'value="1961-07-23"', b'value="&born;"'),
        (b"<Patient>", b"<Patient><!DOCTYPE x>"),
    ],
)  # fmt: skip
def test_what_only_xml_can_do_is_refused(attack: Attack, sent: Sent, spoilt: tuple[bytes, bytes]) -> None:
    before, after = spoilt
    assert before in sent.body
    assert attack(sent.body.replace(before, after)).status_code == 400


@pytest.mark.parametrize(
    "document_type",
    [
        '<!DOCTYPE Parameters [<!ENTITY born "1950-02-03">]>',
        '<!DOCTYPE Parameters SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_no_document_type_is_read(attack: Attack, sent: Sent, document_type: str) -> None:
    head, end, rest = sent.body.partition(b"?>")
    assert attack(head + end + document_type.encode() + rest).status_code == 400


def test_depth_is_refused(attack: Attack, sent: Sent) -> None:
    deep = b"<part>" * 5_000 + b"</part>" * 5_000
    body = sent.body.replace(b"</Parameters>", b"<parameter>" + deep + b"</parameter></Parameters>")
    assert attack(body).status_code in {400, 413}


def test_one_message_asks_for_one_patient(attack: Attack, sent: Sent) -> None:
    root = etree.fromstring(sent.body)
    (patient,) = root.xpath("//*[local-name()='parameter'][*[local-name()='name' and @value='patient']]")
    told = (
        etree.tostring(patient).replace(FAMILY.encode(), b"Umberfold").replace(GIVEN.encode(), b"Clementine")
    )
    patient.addnext(etree.fromstring(told.replace(BORN.encode(), b"1950-02-03")))
    assert attack(etree.tostring(root)).status_code == 400


def test_two_contained_under_one_id_are_refused(
    target: LiveGateway, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose dispensation it is, and who handed it over, must not depend on which of two is found first."""
    url = f"{target.url}/fhir/MedicationDispense"
    body = to_xml(reported())
    before = stored_in(target)
    attack = Attack(target, Sent(url, sent.headers, body), caplog)
    for one, other in (
        (b"pharmacy", b"prescriber"),
        (b"prescriber", b"patient"),
        (b"patient", b"prescription"),
    ):
        twice = body.replace(b'<id value="%s"/>' % other, b'<id value="%s"/>' % one)
        assert twice != body
        response = attack(twice)
        assert response.status_code == 400
        assert b"MedicationDispense.contained[" in response.content
    assert stored_in(target) == before
