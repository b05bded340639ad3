"""What a RxFill says is what is reported, in both versions; what cannot be is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.errors import ErrorCode, MessageError
from gateway.model import Dispensation, IdentifierKind, IntakeAction, IntakeBatch, IntakeRecord, QuantityUnit
from gateway.ports import Outbound
from tests.unit.ncpdp.helpers import V10_6, V2017071, V2023011, VERSIONS, assert_valid, inbound, schema
from tests.unit.ncpdp.rxfills import DISPENSED, NOT_DISPENSED, PART, TRANSFERRED, rxfill
from tests.unit.ncpdp.tellable import Fills

SEEDS = 200


def read(body: str) -> IntakeBatch:
    batch = ADAPTER.read(inbound(body))
    assert isinstance(batch, IntakeBatch)
    return batch


def record(body: str) -> IntakeRecord:
    (found,) = read(body).records
    assert isinstance(found, IntakeRecord)
    return found


def dispensation(body: str) -> Dispensation:
    found = record(body).dispensation
    assert found is not None
    return found


def a_fill(version: str, **over: object) -> Dispensation:
    """A fill that is told whole, and is no part of one."""
    return replace(Fills(1, version).dispensation(), **{"partial_fill": 0, "compound": (), **over})


def spoilt(version: str, *changes: tuple[str, str], status: str = DISPENSED) -> str:
    body = rxfill(a_fill(version, refills_authorised=2, unit=QuantityUnit.EACH), version, status)
    for old, new in changes:
        assert old in body, f"nothing to replace: {old}"
        body = body.replace(old, new)
    return body


def test_the_product_of_2023011_holds_the_drug() -> None:
    told = a_fill(V2023011)
    flat = rxfill(told, V2023011)
    drug = flat[flat.index("<DrugCoded>") : flat.index("</DrugCoded>") + len("</DrugCoded>")]
    description = f"<DrugDescription>{told.drug.name}</DrugDescription>"
    assert description in flat
    in_product = flat.replace(drug, f"<Product>{drug}</Product>")
    whole = flat.replace(drug, "").replace(description, f"<Product>{drug}{description}</Product>")
    for body in (in_product, whole):
        assert dispensation(body).drug == dispensation(flat).drug
    with pytest.raises(MessageError) as caught:
        dispensation(flat.replace(drug, f"<Product>{drug}{drug}</Product>"))
    assert caught.value.path == "RxFill/MedicationDispensed/DrugCoded"


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_is_told_is_read(version: str) -> None:
    for seed in range(SEEDS):
        told = Fills(seed, version).dispensation()
        status = PART if told.partial_fill else DISPENSED
        body = rxfill(told, version, status, prescribed=seed % 4 == 0)
        assert_valid(Outbound(body=body.encode(), content_type=""), version)
        assert dispensation(body) == told, f"seed {seed}"


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_are_at_hand(version: str) -> None:
    if schema(version) is None:
        pytest.skip("the SCRIPT schemas belong to NCPDP and are not part of the project")


@pytest.mark.parametrize("version", VERSIONS)
def test_which_fill_it_was_is_not_told(version: str) -> None:
    told = a_fill(version, refills_authorised=2)
    found = record(rxfill(told, version))
    assert (found.action, found.is_fill_told) == (IntakeAction.NEW, False)
    assert [(i.is_error, i.path) for i in found.issues] == [
        (False, "RxFill/MedicationDispensed/HistorySource/FillNumber")
    ]
    assert record(rxfill(replace(told, refills_authorised=0), version)).issues == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sender_that_adds_the_fill_number_of_a_history_is_believed(version: str) -> None:
    number = "<HistorySource><FillNumber>02</FillNumber></HistorySource></MedicationDispensed>"
    body = spoilt(version, ("</MedicationDispensed>", number))
    assert record(body).is_fill_told
    assert dispensation(body).fill_number == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fill_that_was_not_dispensed_is_void(version: str) -> None:
    told = a_fill(version)
    found = record(rxfill(told, version, NOT_DISPENSED))
    assert (found.action, found.is_fill_told) == (IntakeAction.VOID, False)
    assert found.dispensation is not None
    assert (found.dispensation.rx_number, found.dispensation.filled) == (told.rx_number, told.filled)
    assert found.dispensation.person == told.person
    assert found.dispensation.dispenser == told.dispenser


@pytest.mark.parametrize("version", VERSIONS)
def test_what_names_no_fill_is_no_report(version: str) -> None:
    told = a_fill(version)
    assert read(rxfill(told, version, NOT_DISPENSED, medication=False)).records == ()
    # the date of the prescription is that of an earlier fill
    prescribed = rxfill(told, version, NOT_DISPENSED, medication=False, prescribed=True)
    dated = prescribed.replace(
        "</WrittenDate>", "</WrittenDate><LastFillDate><Date>2024-02-10</Date></LastFillDate>"
    )
    assert read(dated).records == ()
    assert read(rxfill(replace(told, rx_number=""), version, NOT_DISPENSED)).records == ()
    if version != V10_6:
        assert read(rxfill(told, version, TRANSFERRED)).records == ()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("flag", "is_test"), [("1", True), ("0", False), (None, False)])
def test_a_test_message_is_a_test(version: str, flag: str | None, is_test: bool) -> None:
    assert read(rxfill(a_fill(version), version, test=flag)).is_test is is_test


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_is_known_by_its_sender_its_id_and_what_it_says(version: str) -> None:
    told = a_fill(version)
    name = read(rxfill(told, version)).message
    assert name is not None
    later = rxfill(told, version).replace("15:29:58", "16:31:00").replace("><", ">\n  <")
    assert read(later).message == name
    for other in (
        rxfill(told, version, message_id="FILL0002"),
        rxfill(told, version, sender="7654321"),
        rxfill(replace(told, quantity=Decimal(3)), version),
        rxfill(replace(told, rx_number="9"), version),
    ):
        assert read(other).message != name
    assert read(rxfill(told, version).replace("<MessageID>FILL0001</MessageID>", "")).message is None


@pytest.mark.parametrize("version", VERSIONS)
def test_either_versions_spelling_is_read(version: str) -> None:
    told = a_fill(version)
    body = rxfill(told, version)
    swaps = {"Filled": "Dispensed"} if version == V10_6 else {"<Dispensed/>": "<Filled/>"}
    for old, new in swaps.items():
        body = body.replace(old, new)
    assert dispensation(body) == told
    older = body.replace("<Date>", "<DateTime>").replace("</Date>", "T09:30:00Z</DateTime>")
    assert dispensation(older) == told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_quantity_without_unit_counts_and_says_so(version: str) -> None:
    found = record(spoilt(version, ("C48542", "C38046")))
    assert found.dispensation is not None
    assert found.dispensation.unit is QuantityUnit.EACH
    assert "no unit" in found.issues[0].message


_MEDICATION = "RxFill/MedicationDispensed"
_REFUSED: dict[str, tuple[Callable[[str], str], str, ErrorCode]] = {
    "no status": (lambda b: b.replace("FillStatus>", "Unknown>"), "RxFill/FillStatus", ErrorCode.REQUIRED),
    "unheard status": (
        lambda b: b.replace("<Dispensed/>", "<Lost/>").replace("<Filled/>", "<Lost/>"),
        "RxFill/FillStatus",
        ErrorCode.INVALID,
    ),
    "two statuses": (
        lambda b: b.replace("</FillStatus>", "<NotDispensed/></FillStatus>"),
        "RxFill/FillStatus",
        ErrorCode.INVALID,
    ),
    "no prescription number": (
        lambda b: b.replace("RxReferenceNumber>", "Unknown>"),
        "Message/Header/RxReferenceNumber",
        ErrorCode.REQUIRED,
    ),
    "no medication": (
        lambda b: b.replace("MedicationDispensed>", "Medication>"),
        _MEDICATION,
        ErrorCode.REQUIRED,
    ),
    "no fill date": (
        lambda b: b.replace("LastFillDate>", "Unknown>"),
        f"{_MEDICATION}/LastFillDate",
        ErrorCode.REQUIRED,
    ),
    "no such day": (
        lambda b: _with_text(b, "LastFillDate/{*}Date", "2024-02-30"),
        f"{_MEDICATION}/LastFillDate",
        ErrorCode.INVALID,
    ),
    "no days supply": (
        lambda b: b.replace("DaysSupply>", "Unknown>"),
        f"{_MEDICATION}/DaysSupply",
        ErrorCode.REQUIRED,
    ),
    "half a day": (
        lambda b: _with_text(b, "DaysSupply", "2.5"),
        f"{_MEDICATION}/DaysSupply",
        ErrorCode.INVALID,
    ),
    "no quantity": (
        lambda b: b.replace("Quantity>", "Unknown>"),
        f"{_MEDICATION}/Quantity/Value",
        ErrorCode.REQUIRED,
    ),
    "a quantity in words": (
        lambda b: _with_text(b, "Quantity/{*}Value", "ten"),
        f"{_MEDICATION}/Quantity/Value",
        ErrorCode.INVALID,
    ),
    "what remains": (
        lambda b: _with_text(b, "CodeListQualifier", "40"),
        f"{_MEDICATION}/Quantity/CodeListQualifier",
        ErrorCode.INVALID,
    ),
    "unheard unit": (lambda b: b.replace("C48542", "C00001"), f"{_MEDICATION}/Quantity", ErrorCode.INVALID),
    "two medications": (
        lambda b: b.replace("</RxFill>", "<MedicationDispensed/></RxFill>"),
        f"{_MEDICATION}",
        ErrorCode.INVALID,
    ),
    "two fill dates": (
        lambda b: b.replace(
            "<LastFillDate>", "<LastFillDate><Date>2024-01-01</Date></LastFillDate><LastFillDate>"
        ),
        f"{_MEDICATION}/LastFillDate",
        ErrorCode.INVALID,
    ),
    "two prescription numbers": (
        lambda b: b.replace(
            "<RxReferenceNumber>", "<RxReferenceNumber>1</RxReferenceNumber><RxReferenceNumber>"
        ),
        "Message/Header/RxReferenceNumber",
        ErrorCode.INVALID,
    ),
    "no pharmacy": (lambda b: b.replace("Pharmacy>", "Unknown>"), "RxFill/Pharmacy", ErrorCode.REQUIRED),
    "two pharmacies": (
        lambda b: b.replace("</RxFill>", "<Pharmacy/></RxFill>"),
        "RxFill/Pharmacy",
        ErrorCode.INVALID,
    ),
    "two NCPDP ids": (
        lambda b: b.replace("<NCPDPID>", "<NCPDPID>1</NCPDPID><NCPDPID>"),
        "RxFill/Pharmacy/Identification/NCPDPID",
        ErrorCode.INVALID,
    ),
    "no patient": (lambda b: b.replace("Patient>", "Unknown>"), "RxFill/Patient", ErrorCode.REQUIRED),
}


def _with_text(body: str, name: str, text: str) -> str:
    root = etree.fromstring(body)
    for element in root.iterfind(f".//{{*}}{name}"):
        element.text = text
    return etree.tostring(root).decode()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", _REFUSED)
def test_what_cannot_be_is_refused_with_its_place(version: str, case: str) -> None:
    spoil, path, code = _REFUSED[case]
    whole = spoilt(version)
    body = spoil(whole)
    assert body != whole
    with pytest.raises(MessageError) as caught:
        read(body)
    assert (caught.value.path, caught.value.code) == (path, code)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_birth_date_is_refused_with_its_place(version: str) -> None:
    with pytest.raises(MessageError) as caught:
        read(_with_text(spoilt(version), "DateOfBirth/{*}Date", "1971-13-01"))
    assert caught.value.path is not None
    assert caught.value.path.startswith("RxFill/Patient")
    assert caught.value.path.endswith("/DateOfBirth")


def test_hyphens_of_an_ndc_are_left_out() -> None:
    told = a_fill(V2017071)
    drug = replace(told.drug, ndc11="0228-2983-11")
    assert dispensation(rxfill(replace(told, drug=drug), V2017071)).drug.ndc11 == "00228298311"


def test_the_prescription_tells_what_was_authorised() -> None:
    told = a_fill(V2017071, refills_authorised=5, written=date(2024, 1, 1))
    body = rxfill(told, V2017071, prescribed=True)
    assert "<NumberOfRefills>0</NumberOfRefills>" in body  # of the fill
    found = dispensation(body)
    assert (found.refills_authorised, found.written) == (5, date(2024, 1, 1))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_social_security_number_serves_matching(version: str) -> None:
    number = "<Identification><SocialSecurity>900-12-3456</SocialSecurity></Identification>"
    start = "<Patient>" if version == V10_6 else "<HumanPatient>"
    human = next(d for d in (Fills(n, version).dispensation() for n in range(99)) if d.person.owner is None)
    body = rxfill(human, version).replace(start, f"{start}{number}")
    assert_valid(Outbound(body=body.encode(), content_type=""), version)
    (identifier,) = dispensation(body).person.identifiers
    assert (identifier.kind, identifier.value) == (IdentifierKind.SSN, "900-12-3456")
