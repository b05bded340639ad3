"""Every error of the family in SCRIPT: codes, words, dialect, status; whatever the message was."""

from __future__ import annotations

import pytest

from adapters.ncpdp import ADAPTER
from gateway.errors import (
    Conflict,
    ErrorCode,
    Failure,
    Forbidden,
    GatewayError,
    InternalFailure,
    MessageError,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedFormat,
)
from gateway.ports import Inbound
from tests.unit.ncpdp.helpers import (
    NAMESPACE,
    REQUESTS,
    V10_6,
    V2017071,
    V2023011,
    VERSIONS,
    asked,
    assert_valid,
    inbound,
    texts,
    tree,
)

STAMPED = 'TransactionVersion="20170715"'
STAMPED_NEWEST = 'TransactionVersion="2023011"'

TABLE = [
    (MessageError("Not XML.", code=ErrorCode.MALFORMED, path="line 3, column 7"), 400, "900", None),
    (MessageError("A DOCTYPE.", code=ErrorCode.HOSTILE), 400, "900", None),
    (MessageError("Missing.", code=ErrorCode.REQUIRED, path="RxHistoryRequest/Patient"), 400, "900", "204"),
    (MessageError("Missing.", code=ErrorCode.REQUIRED, path="RxFill/Patient"), 400, "900", "204"),
    (MessageError("Missing.", code=ErrorCode.REQUIRED, path="RxFill/MedicationDispensed"), 400, "900", "206"),
    (MessageError("Missing.", code=ErrorCode.REQUIRED, path="RxFill/Pharmacy"), 400, "900", "203"),
    (MessageError("No date.", path="RxHistoryRequest/RequestedDates/StartDate"), 400, "900", None),
    (MessageError("Old.", code=ErrorCode.UNSUPPORTED_VERSION, path="Message/@version"), 400, "900", "021"),
    (MessageError("Old.", code=ErrorCode.UNSUPPORTED_VERSION, path="Message/@release"), 400, "900", "022"),
    (MessageError("No.", code=ErrorCode.CONSENT), 400, "900", "219"),
    (MessageError("No.", code=ErrorCode.DATE_RANGE), 400, "900", "217"),
    (MessageError("Again.", code=ErrorCode.DUPLICATE), 400, "900", "220"),
    (MessageError("Which?", code=ErrorCode.UNKNOWN_OPERATION), 400, "601", None),
    (MessageError("Too many.", code=ErrorCode.TOO_COSTLY), 400, "900", None),
    (UnsupportedFormat("Not a type of XML."), 415, "900", None),
    (UnsupportedFormat("Not a type of XML.", code=ErrorCode.NOT_ACCEPTABLE), 415, "900", None),
    (TooLarge("More than 10 bytes."), 413, "900", None),
    (NotFound("No such route."), 404, "601", None),
    (MethodNotAllowed("GET is not offered.", allowed=("POST",)), 405, "601", None),
    (Unauthenticated("No access token."), 401, "900", "003"),
    (Forbidden("The scope is missing.", scope="pdmp/history"), 403, "900", None),
    (Conflict("It has changed."), 409, "900", None),
    (Unavailable("The record is not at hand."), 503, "600", "210"),
    (InternalFailure("4f1d2c3b"), 500, "602", "007"),
    (Failure("It went wrong."), 500, "602", "007"),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("error", "status", "code", "description_code"), TABLE, ids=lambda v: getattr(v, "code", None)
)
def test_codes_and_status(
    version: str, error: GatewayError, status: int, code: str, description_code: str | None
) -> None:
    outbound = ADAPTER.write_error(error, asked(version))
    assert outbound.status == status
    assert_valid(outbound, version)
    root = tree(outbound)
    assert texts(root, "//Error/Code") == [code]
    assert texts(root, "//Error/DescriptionCode") == ([description_code] if description_code else [])
    (description,) = texts(root, "//Error/Description")
    assert description.startswith(error.message[:30])
    assert texts(root, "Header/RelatesToMessageID") == ["ASK-0001"]
    assert texts(root, "Header/To") == ["CHARTEROAK"]


def test_every_code_of_the_family_has_a_place_in_the_table() -> None:
    assert {error.code for error, *_ in TABLE} == set(ErrorCode)


def test_the_description_says_what_where_and_what_to_do_as_far_as_it_fits() -> None:
    error = MessageError(
        "An end tag does not match.",
        path="line 3, column 5",
        remedy="Close the elements in the reverse order.",
    )
    (short,) = texts(tree(ADAPTER.write_error(error, asked(V10_6))), "//Description")
    assert short == "An end tag does not match. Close the elements in the reverse order."
    (long,) = texts(tree(ADAPTER.write_error(error, asked(V2017071))), "//Description")
    assert (
        long == "An end tag does not match. (At line 3, column 5.) Close the elements in the reverse order."
    )
    (cut,) = texts(tree(ADAPTER.write_error(MessageError("word " * 40), asked(V10_6))), "//Description")
    assert len(cut) <= 70
    assert cut.endswith("word...")


@pytest.mark.parametrize("version", VERSIONS)
def test_own_errors_fit_whole_into_the_seventy_characters_of_10_6(version: str) -> None:
    changes = [
        ("1971-04-09", "1971-02-30"), ("<Gender>F", "<Gender>?"), (">Y<", ">Q<"), ("2025-01-01", "2025-01-32"),
        (">06103<", ">1<"), ("RxHistoryRequest>", "NewRx>"), ("<Patient>", "<Party>"),
        ("2026-11-20</Date>", "2024-01-01</Date>"), (">Y<", ">N<"),
    ]  # fmt: skip
    if version == V10_6:
        changes += [('version="010"', 'version="009"'), ('release="006"', 'release="001"')]
    for old, new in changes:
        body = REQUESTS[version].replace(old, new)
        if old == "<Patient>":
            body = body.replace("</Patient>", "</Party>")
        with pytest.raises(MessageError) as caught:
            ADAPTER.read(inbound(body))
        assert len(f"{caught.value.message} {caught.value.remedy}") <= 70, caught.value


def test_each_error_has_an_id_of_its_own() -> None:
    error = TooLarge("More than 10 bytes.")
    ids = {texts(tree(ADAPTER.write_error(error, None)), "Header/MessageID")[0] for _ in range(20)}
    assert len(ids) == 20


def test_without_a_request_it_is_2017071() -> None:
    for request in (None, inbound(b"")):
        outbound = ADAPTER.write_error(NotFound("No such route."), request)
        assert_valid(outbound, V2017071)
        assert b"<Message DatatypesVersion" in outbound.body
        assert b"RelatesTo" not in outbound.body


@pytest.mark.parametrize(
    ("body", "namespace", "version"),
    [
        (REQUESTS[V10_6][:600], True, 'release="006"'),
        (REQUESTS[V2017071][:600], False, STAMPED),
        (REQUESTS[V2023011][:600], False, STAMPED_NEWEST),
        (REQUESTS[V10_6].replace("006", "005"), True, 'release="006"'),
        (REQUESTS[V10_6].replace('version="010" release="006"', ""), False, STAMPED),
        (REQUESTS[V2017071].replace("20170715", "20230115"), False, 'TransactionVersion="20230115"'),
        (REQUESTS[V2017071].replace("20170715", "2022071"), False, STAMPED_NEWEST),
        (REQUESTS[V2017071].replace("20170715", "2029011"), False, STAMPED_NEWEST),
        (REQUESTS[V2017071].replace("20170715", "2013101"), False, STAMPED),
        (REQUESTS[V2017071].replace("20170715", "newest"), False, STAMPED),
        (REQUESTS[V2017071].replace("<Message ", f'<Message xmlns="{NAMESPACE}" '), True, STAMPED),
        (REQUESTS[V2023011].replace("<Message ", f'<Message xmlns="{NAMESPACE}" '), True, STAMPED_NEWEST),
        (f'<?xml version="1.0"?><!DOCTYPE x []>{REQUESTS[V10_6][39:]}', True, 'release="006"'),
        ("<html/>", False, STAMPED),
        ("nonsense", False, STAMPED),
    ],
)
def test_the_dialect_is_the_callers_as_far_as_it_can_be_known(
    body: str, namespace: bool, version: str
) -> None:
    outbound = ADAPTER.write_error(MessageError("No."), inbound(body))
    head = outbound.body[:400].decode()
    assert (f'xmlns="{NAMESPACE}"' in head) is namespace
    said = [one for one in ('release="006"', "TransactionVersion=") if one in head]
    assert version in head
    assert said == [version if version.startswith("release") else "TransactionVersion="]


ODD_HEADER = """<Header><To>\u200b</To><From Qualifier="&quot;">....</From>
<MessageID>\U0001f600</MessageID></Header>"""


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b"\xff\xfe", b"\xff\xfe<\x00", b"<", b"<Message", b"<Message/>" * 2, "Ünï".encode("latin-1"),
        b"<Message>" * 5000, b"<Message " + b'a="1" ' * 3000 + b"/>", b"<Message><Header>x</Header></Message>",
        b"<Message><Header><To/><From/><MessageID/></Header></Message>", b"<!DOCTYPE Message SYSTEM 'x'><Message/>",
        b"<Message TransactionVersion='&e;'/>", b"<Message TransactionVersion='2017071" + b"1" * 90 + b"'/>",
        b"<?xml version='1.0' encoding='utf-7'?><Message/>", b"<Message>" + b"<x/>" * 50_000 + b"</Message>",
        f"<Message xmlns='{NAMESPACE}' version='010' release='006'>{ODD_HEADER}</Message>".encode(),
    ],
)  # fmt: skip
def test_an_error_is_written_whatever_the_message_was(body: bytes) -> None:
    request: Inbound = inbound(body)
    outbound = ADAPTER.write_error(MessageError("It cannot be read."), request)
    version = V10_6 if b'release="006"' in outbound.body else V2017071
    assert_valid(outbound, version)
    with pytest.raises(MessageError):
        ADAPTER.read(request)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transaction", ["RxHistoryRequest", "RxFill"])
def test_everything_that_is_wrong_with_the_patient_is_said_at_once(version: str, transaction: str) -> None:
    changes = [
        ("<LastName>Quillfeather</LastName>", ""), ("1971-04-09", "1971-04-31"), ("<Gender>F", "<Gender>X"),
        ("06103", "1"), ("RxHistoryRequest>", f"{transaction}>"),
    ]  # fmt: skip
    if transaction == "RxFill":
        filled = "<FillStatus><Filled/></FillStatus><MedicationDispensed><DrugDescription>x</DrugDescription>"
        filled += "<Quantity><Value>1</Value></Quantity><DaysSupply>1</DaysSupply>"
        filled += "<LastFillDate><Date>2026-01-01</Date></LastFillDate></MedicationDispensed>"
        filled += "<Pharmacy><Identification><NPI>1234567893</NPI></Identification></Pharmacy>"
        changes += [
            ("<RxFill>", f"<RxFill>{filled}"),
            ("<SentTime>", "<RxReferenceNumber>7</RxReferenceNumber><SentTime>"),
        ]
    message = asked(version, *changes)
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(message)
    outbound = ADAPTER.write_error(caught.value, message)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert texts(root, "//Error/DescriptionCode") == ["081", "080", "086", "092"]
    (description,) = texts(root, "//Error/Description")
    code = "ZipCode" if version == V10_6 else "PostalCode"
    assert description.startswith(
        f"The patient's last name is missing. Wrong too: DateOfBirth, Gender, {code}."[:60]
    )
