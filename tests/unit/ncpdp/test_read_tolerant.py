"""SCRIPT requests: what is tolerated, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.ncpdp import ADAPTER
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.model import (
    Period,
    Sex,
)
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    REQUESTS,
    V10_6,
    V2017071,
    V2023011,
    VERSIONS,
    asked,
    inbound,
)
from tests.unit.ncpdp.reading import BORN, CONSENT, END, NAME, START, read, refusal


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        (V10_6, ((f' xmlns="{NAMESPACE}"', ""),)),
        (V10_6, (('version="010" release="006"', 'release="6" version="10"'),)),
        (V10_6, (("<Message ", f'<s:Message xmlns:s="{NAMESPACE}" '), ("</Message>", "</s:Message>"))),
        (V2017071, (("<Message ", f'<Message xmlns="{NAMESPACE}" '),)),
        (V2017071, (("20170715", "2017-07-15"),)),
        (V2017071, (("20170715", "2017071"),)),
        (V2023011, (("2023011", "20230115"),)),
        (V2023011, (("2023011", "2023-01-1"),)),
        (V2023011, (("<Message ", f'<Message xmlns="{NAMESPACE}" '),)),
        (V2017071, (('DatatypesVersion="20170715" TransportVersion="20170715" ', ""), ('ECLVersion="20170715"', ""))),
        (V2017071, (("<HumanPatient>", ""), ("</HumanPatient>", ""))),
        (V2017071, (("<NonVeterinarian>", ""), ("</NonVeterinarian>", ""))),
        (V2017071, (("PostalCode>", "ZipCode>"), ("<StateProvince>CT</StateProvince><Zip", "<State>CT</State><Zip"))),
        (V10_6, ((CONSENT, "<Consent>y</Consent>"),)),
        (V10_6, ((CONSENT, ""),)),
        (V2017071, (("<BenefitsCoordination>" + CONSENT + "</BenefitsCoordination>", ""),)),
    ],
)  # fmt: skip
def test_spellings_of_a_message(version: str, changes: tuple[tuple[str, str], ...]) -> None:
    request, plain = read(version, *changes), read(version)
    assert request.person is not None
    assert plain.person is not None
    assert request.person.names == plain.person.names
    assert request.person.birth_date == plain.person.birth_date
    assert request.person.addresses[0].postal_code == "06103"
    assert request.period == plain.period
    assert request.requester.practitioner == plain.requester.practitioner


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "born",
    [
        "<Date> 1971-04-09\n</Date>", "<DateTime>1971-04-09T00:00:00Z</DateTime>", "<Date>19710409</Date>",
        "<DateTime>1971-04-09T23:59:59.5-05:00</DateTime>", "<Date>1971-04-09Z</Date>", "1971-04-09",
    ],
)  # fmt: skip
def test_forms_of_a_date(version: str, born: str) -> None:
    person = read(version, (BORN, f"<DateOfBirth>{born}</DateOfBirth>")).person
    assert person is not None
    assert person.birth_date == date(1971, 4, 9)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_may_be_missing(version: str) -> None:
    body = REQUESTS[version]
    for name in ("Gender", "Address", "Prescriber", "SentTime", "MessageID", "To", "From"):
        start = body.index(f"<{name}", body.index("<Patient>") if name in {"Gender", "Address"} else 0)
        end = body.index(f"</{name}>", start) + len(name) + 3
        request = ADAPTER.read(inbound(body[:start] + body[end:]))
        assert request.person is not None
        assert request.person.name.family == "Quillfeather"
    person = read(version, ("<Gender>F</Gender>", "")).person
    assert person is not None
    assert person.sex is Sex.UNKNOWN


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_in_another_order_and_unknown_ones(version: str) -> None:
    plain = read(version).person
    person = read(
        version,
        (NAME, ""),
        (BORN, f"<Vendor><Name><LastName>No</LastName></Name></Vendor>{BORN}{NAME}<!-- a comment -->"),
    ).person
    assert person == plain


def test_either_way_of_asking_for_dates() -> None:
    ten = "<EffectiveDate><Date>2025-01-01</Date></EffectiveDate>"
    assert read(V10_6, (ten, "")).period == Period(end=date(2026, 11, 20))
    expiration = "<ExpirationDate><Date>2026-11-20</Date></ExpirationDate>"
    assert read(V10_6, (ten, ""), (expiration, "")).period == Period()
    assert read(V2017071, (START, ""), (END, "")).period == Period()
    moved = read(V2017071, (START, ""), (END, ""), (CONSENT, ten + expiration + CONSENT))
    assert moved.period == read(V10_6).period
    second = "</BenefitsCoordination>\n    </RxHistoryRequest>"
    payer = "<BenefitsCoordination><PayerName>A</PayerName><Consent>Y</Consent></BenefitsCoordination>"
    assert (
        read(V10_6, ("<BenefitsCoordination>", f"{payer}<BenefitsCoordination>")).period == read(V10_6).period
    )
    assert second in REQUESTS[V10_6]


def test_postal_codes() -> None:
    for code in ("061031234", "06103-1234", "06103 1234", "K1A 0B1"):
        person = read(V10_6, ("06103", code)).person
        assert person is not None
        assert person.addresses[0].postal_code == code
    abroad = read(V2017071, ("06103", "SW1A 1AA"), ("<CountryCode>US", "<CountryCode>GB")).person
    assert abroad is not None
    assert abroad.addresses[0].postal_code == "SW1A 1AA"


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/xml; charset=utf-8", "application/script+xml", ""]
)
def test_content_types(content_type: str) -> None:
    assert ADAPTER.read(inbound(REQUESTS[V10_6], content_type=content_type)).message_id == "ASK-0001"


def test_the_charset_of_the_transport_counts() -> None:
    body = REQUESTS[V2017071].replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').replace("Marigold", "Adán")
    person = ADAPTER.read(inbound(body.encode("latin-1"), content_type="application/xml")).person
    assert person is not None
    assert person.name.given == ("Adán",)
    with pytest.raises(MessageError):
        ADAPTER.read(inbound(body.encode("latin-1"), content_type="application/xml; charset=utf-8"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("old", "new", "code", "place", "script"),
    [
        ("<LastName>Quillfeather</LastName>", "", ErrorCode.REQUIRED, "Name/LastName", "081"),
        ("<LastName>Quillfeather</LastName>", "<LastName> </LastName>", ErrorCode.REQUIRED, "Name/LastName", "081"),
        ("<FirstName>Marigold<", "<FirstName>\u200b<", ErrorCode.REQUIRED, "Name/FirstName", "082"),
        ("<FirstName>Marigold</FirstName>", "", ErrorCode.REQUIRED, "Name/FirstName", "082"),
        (BORN, "", ErrorCode.REQUIRED, "DateOfBirth", "080"),
        (BORN, "<DateOfBirth/>", ErrorCode.REQUIRED, "DateOfBirth", "080"),
        ("1971-04-09", "1971-02-30", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "09/04/1971", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "1971-W14-5", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "1971-0409", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "0000-04-09", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "2027-04-09", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("1971-04-09", "\u0661\u0669\u0667\u0661-04-09", ErrorCode.INVALID, "DateOfBirth", "080"),
        ("<Gender>F", "<Gender>X", ErrorCode.INVALID, "Gender", "086"),
        ("06103", "0610", ErrorCode.INVALID, "Code", "092"),
    ],
)  # fmt: skip
def test_a_patient_that_cannot_be(
    version: str, old: str, new: str, code: ErrorCode, place: str, script: str
) -> None:
    error = refusal(version, (old, new))
    assert error.code is code
    assert error.path is not None
    assert error.path.startswith("RxHistoryRequest/Patient")
    assert error.path.endswith(place)
    assert error.remedy
    outbound = ADAPTER.write_error(error, asked(version, (old, new)))
    assert f"<DescriptionCode>{script}</DescriptionCode>".encode() in outbound.body
    for value in ("Quillfeather", "Marigold", "1971", "2027", "0610"):
        assert value not in f"{error} {outbound.body.decode()}"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_patient_at_all(version: str) -> None:
    body = REQUESTS[version]
    start, end = body.index("<Patient>"), body.index("</Patient>") + len("</Patient>")
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(inbound(body[:start] + body[end:]))
    assert (caught.value.code, caught.value.path) == (ErrorCode.REQUIRED, "RxHistoryRequest/Patient")


def test_dates_that_cannot_be_asked_for() -> None:
    error = refusal(V10_6, ("2026-11-20", "2024-12-31"))
    assert (error.code, error.path) == (
        ErrorCode.DATE_RANGE, "RxHistoryRequest/BenefitsCoordination/ExpirationDate",
    )  # fmt: skip
    error = refusal(V2017071, ("2025-01-01", "2026-11-21"))
    assert (error.code, error.path) == (ErrorCode.DATE_RANGE, "RxHistoryRequest/RequestedDates/EndDate")
    error = refusal(V2017071, ("2025-01-01", "2025-13-01"))
    assert (error.code, error.path) == (ErrorCode.INVALID, "RxHistoryRequest/RequestedDates/StartDate")
    same = read(V2017071, ("2025-01-01", "2026-11-20"))
    assert same.period == Period(start=date(2026, 11, 20), end=date(2026, 11, 20))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("consent", "code"),
    [("Y", None), ("X", None), ("TPO", None), ("N", ErrorCode.CONSENT), ("P", ErrorCode.CONSENT),
     ("Z", ErrorCode.CONSENT), ("n", ErrorCode.CONSENT), ("Q", ErrorCode.INVALID)],
)  # fmt: skip
def test_consent(version: str, consent: str, code: ErrorCode | None) -> None:
    change = (CONSENT, f"<Consent>{consent}</Consent>")
    if code is None:
        assert read(version, change).consent is True
        return
    error = refusal(version, change)
    assert (error.code, error.path) == (code, "RxHistoryRequest/BenefitsCoordination/Consent")


def test_one_refusal_of_consent_outweighs_the_rest() -> None:
    second = "<BenefitsCoordination><Consent>N</Consent></BenefitsCoordination>"
    error = refusal(V2017071, ("</BenefitsCoordination>", f"</BenefitsCoordination>{second}"))
    assert error.code is ErrorCode.CONSENT


@pytest.mark.parametrize(
    ("version", "changes", "path"),
    [
        (V10_6, (('version="010"', 'version="008"'),), "Message/@version"),
        (V10_6, (('version="010" ', ""),), "Message/@version"),
        (V10_6, (('version="010"', 'version="ten"'),), "Message/@version"),
        (V10_6, (('release="006"', 'release="005"'),), "Message/@release"),
        (V10_6, ((' release="006"', ""),), "Message/@release"),
        (V2017071, (("20170715", "20220711"),), "Message/@TransactionVersion"),
        (V2017071, (("20170715", "2013101"),), "Message/@TransactionVersion"),
        (V2017071, (("20170715", "newest"),), "Message/@TransactionVersion"),
    ],
)  # fmt: skip
def test_versions_that_are_not_spoken(version: str, changes: tuple[tuple[str, str], ...], path: str) -> None:
    error = refusal(version, *changes)
    assert (error.code, error.path, error.status) == (ErrorCode.UNSUPPORTED_VERSION, path, 400)
    assert "10.6, 2017071 or 2023011" in str(error)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transaction", ["NewRx", "CancelRx", "GetMessage", "Quillfeather"])
def test_other_transactions(version: str, transaction: str) -> None:
    error = refusal(version, ("RxHistoryRequest>", f"{transaction}>"))
    assert error.code is ErrorCode.UNKNOWN_OPERATION
    assert "RxHistoryRequest and RxFill" in str(error)
    assert "Quillfeather" not in str(error)


@pytest.mark.parametrize(
    "body",
    ["<Message/>", '<Message xmlns="urn:other" version="010" release="006"/>', "<Envelope/>", "<html/>"],
)
def test_not_a_message_of_script(body: str) -> None:
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(inbound(body))
    assert caught.value.code in {ErrorCode.MALFORMED, ErrorCode.UNSUPPORTED_VERSION}


@pytest.mark.parametrize("body", ["", "<Body/>", "<Body>text</Body>"])
def test_a_message_without_a_transaction(body: str) -> None:
    with pytest.raises(MessageError, match="no transaction"):
        ADAPTER.read(inbound(f'<Message xmlns="{NAMESPACE}" version="010" release="006">{body}</Message>'))


def test_content_types_that_are_not_xml() -> None:
    for content_type in (
        "text/csv",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        with pytest.raises(UnsupportedFormat) as caught:
            ADAPTER.read(inbound(REQUESTS[V10_6], content_type=content_type))
        assert (caught.value.status, caught.value.path) == (415, "Content-Type")
