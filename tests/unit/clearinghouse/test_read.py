"""What is taken out of a message: who sends it, and the ASAP text for which state."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters._wire.soap import MustUnderstand, Version, VersionMismatch
from adapters.clearinghouse import ADAPTER
from adapters.clearinghouse.envelope import open_transaction
from gateway.errors import ErrorCode, MessageError, TooLarge, UnsupportedFormat
from gateway.ports import BearerToken, ClientPassword, Enclosed
from tests.unit.clearinghouse.transactions import (
    ASAP,
    ENVELOPE_1_2,
    PASSWORD,
    USERNAME,
    a_body,
    enveloped,
    inbound,
)

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


def read(body: str | bytes, **headers: str) -> Enclosed:
    return ADAPTER.read(inbound(body, **headers))


def refused(body: str | bytes, **headers: str) -> MessageError:
    with pytest.raises(MessageError) as caught:
        read(body, **headers)
    error = caught.value
    assert error.remedy
    assert PASSWORD not in str(error)
    return error


def test_the_shared_request_is_read_as_it_is(shared: Path) -> None:
    message = inbound((shared / "standards/soap/pmpclearinghouse_realtime_request.xml").read_bytes())
    assert ADAPTER.credentials(message) == ClientPassword("user", "secret")
    enclosed = ADAPTER.read(message)
    assert (enclosed.protocol, enclosed.operation, enclosed.destination) == ("asap", "submissions", "OK")
    assert enclosed.accept == "application/json"
    lines = enclosed.body.decode().splitlines()
    assert lines[0] == "TH|4.2b|TEST|01||2016729|111707|P|791787|\\\\"
    assert (lines[-1], len(lines)) == ("TT|TEST|8\\", 8)


def test_who_sends_it_is_a_client_with_its_secret() -> None:
    message = inbound(enveloped(a_body()))
    assert ADAPTER.credentials(message) == ClientPassword(USERNAME, PASSWORD)
    assert PASSWORD not in repr((ADAPTER.credentials(message), open_transaction(message)))
    assert ASAP[:20] not in repr((ADAPTER.read(message), open_transaction(message)))


def test_a_token_in_the_header_counts_before_them() -> None:
    message = inbound(enveloped(a_body()), authorization="Bearer a-token")
    assert ADAPTER.credentials(message) == BearerToken("a-token")
    other = inbound(enveloped(a_body()), authorization="Basic x")
    assert ADAPTER.credentials(other) == ClientPassword(USERNAME, PASSWORD)


@pytest.mark.parametrize(
    "body",
    ["", enveloped(a_body(username=None)), enveloped(a_body(password=None)), enveloped(a_body(username=" "))],
)
def test_without_both_there_is_nothing_to_judge(body: str) -> None:
    assert ADAPTER.credentials(inbound(body)) is None


def test_credentials_in_what_cannot_be_read_are_an_error_and_not_none() -> None:
    for body in ("<x", enveloped("<Other/>"), "<!DOCTYPE x><x/>"):
        with pytest.raises(MessageError):
            ADAPTER.credentials(inbound(body))


# --- the ASAP text ----------------------------------------------------------------------------------------------

LINES = "TH|4.2B|C1|01||20260903|0215|P||\\\\\nIS|1|A & B <C>|\\\nTT|C1|3\\"


@pytest.mark.parametrize(
    "sent",
    [
        LINES.replace("&", "&amp;").replace("<", "&lt;"),
        f"<![CDATA[{LINES}]]>",
        f"\n      <![CDATA[{LINES}]]>\n      ",
        LINES.replace("&", "&#38;").replace("<", "&#x3C;").replace("\n", "\r\n"),
        f"<![CDATA[{LINES[:20]}]]><!-- cut in two --><![CDATA[{LINES[20:]}]]>".replace("\n", "\r\n"),
    ],
)
def test_the_text_however_it_is_written(sent: str) -> None:
    body = a_body().partition("<Request>")[0] + f"<Request>{sent}</Request></pmp:PMPTransaction>"
    assert read(enveloped(body)).body.decode() == LINES


def test_carriage_returns_that_are_written_out_stay() -> None:
    body = a_body(asap="X").replace("X", "TH|1&#13;\nIS|2&#13;&#10;TT")
    assert read(enveloped(body)).body == b"TH|1\r\nIS|2\r\nTT"


def test_letters_outside_of_ascii_come_as_utf_8() -> None:
    body = enveloped(a_body(asap="PAT|Núñez"))
    assert read(body).body == "PAT|Núñez".encode()
    latin = body.encode("latin-1")
    assert read(latin, content_type="text/xml; charset=iso-8859-1").body == "PAT|Núñez".encode()


def test_order_prefix_and_neighbours_do_not_matter() -> None:
    body = f"""<PMPTransaction xmlns="pmp" xmlns:o="urn:o"><Password>{PASSWORD}</Password><o:More>1</o:More>
      <Request>TH|</Request><DestinationPMP> ct </DestinationPMP><Username>{USERNAME}</Username></PMPTransaction>"""
    message = inbound(enveloped(body))
    assert ADAPTER.credentials(message) == ClientPassword(USERNAME, PASSWORD)
    assert (ADAPTER.read(message).body, ADAPTER.read(message).destination) == (b"TH|", "CT")


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (a_body(asap=None), "Request", ErrorCode.REQUIRED),
        (a_body(asap="  \n"), "Request", ErrorCode.REQUIRED),
        (a_body(asap="X").replace("X", "TH|<b/>4.2B"), "Request", ErrorCode.REQUIRED),
        (a_body(destination=None), "DestinationPMP", ErrorCode.REQUIRED),
        (a_body(destination=""), "DestinationPMP", ErrorCode.REQUIRED),
        (a_body(destination="Connecticut"), "DestinationPMP", ErrorCode.INVALID),
        (a_body(destination="C1"), "DestinationPMP", ErrorCode.INVALID),
        (a_body(destination="ÇT"), "DestinationPMP", ErrorCode.INVALID),
    ],
)
def test_what_is_missing_is_named(body: str, name: str, code: ErrorCode) -> None:
    error = refused(enveloped(body))
    assert (error.path, error.code) == (f"Envelope/Body/PMPTransaction/{name}", code)
    assert "Connecticut" not in str(error)


@pytest.mark.parametrize("name", ["Username", "Password", "DestinationPMP", "Request"])
def test_what_is_there_twice_counts_for_nobody(name: str) -> None:
    body = a_body().replace("</pmp:", f"<{name}>CT</{name}></pmp:")
    error = refused(enveloped(body))
    assert error.path == f"Envelope/Body/PMPTransaction/{name}[2]"
    with pytest.raises(MessageError):
        ADAPTER.credentials(inbound(enveloped(body)))


# --- the envelope -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "namespace", "version"),
    [
        ("text/xml; charset=utf-8", None, Version.SOAP_1_1),
        ("application/xml", None, Version.SOAP_1_1),
        ("application/soap+xml; charset=utf-8", ENVELOPE_1_2, Version.SOAP_1_2),
        ('application/soap+xml; action="PMPTransaction"', ENVELOPE_1_2, Version.SOAP_1_2),
        ("text/xml", ENVELOPE_1_2, Version.SOAP_1_2),
    ],
)
def test_both_versions(content_type: str, namespace: str | None, version: Version) -> None:
    body = enveloped(a_body(), namespace=namespace) if namespace else enveloped(a_body())
    message = inbound(body, content_type=content_type)
    assert open_transaction(message).version is version
    assert ADAPTER.read(message).body == ASAP.strip().encode()


@pytest.mark.parametrize(
    "action",
    ["", '""', "PMPTransaction", '"pmp/PMPTransaction"', "urn:pmp#PMPTransaction", "pmp:SubmitTransaction"],
)
def test_actions_that_senders_state(action: str) -> None:
    assert read(enveloped(a_body()), soapaction=action)


def test_the_action_of_another_service_is_refused() -> None:
    error = refused(
        enveloped(a_body()), soapaction='"http://www.pmixpmp.org/pmp/ProvidePrescriptionDrugHistory"'
    )
    assert (error.path, error.code) == ("SOAPAction", ErrorCode.UNKNOWN_OPERATION)
    error = refused(
        enveloped(a_body(), namespace=ENVELOPE_1_2), content_type='application/soap+xml; action="urn:other"'
    )
    assert (error.path, error.code) == ("Content-Type", ErrorCode.UNKNOWN_OPERATION)


@pytest.mark.parametrize(
    "body",
    ["<Other/>", '<PMPQuery xmlns="pmp"/>', "<PMPTransaction/>", '<PMPTransaction xmlns="urn:pmp"/>'],
)
def test_another_operation(body: str) -> None:
    error = refused(enveloped(body))
    assert error.code is ErrorCode.UNKNOWN_OPERATION
    assert (error.path or "").startswith("Envelope/Body")


@pytest.mark.parametrize("body", ["", a_body() + a_body()])
def test_one_transaction_in_one_body(body: str) -> None:
    assert refused(enveloped(body)).path == "Envelope/Body"


def test_without_an_envelope_it_is_no_message() -> None:
    assert refused(a_body()).code is ErrorCode.MALFORMED


def test_an_envelope_of_another_version() -> None:
    with pytest.raises(VersionMismatch) as caught:
        read(enveloped(a_body(), namespace="http://www.w3.org/2001/12/soap-envelope"))
    assert caught.value.code is ErrorCode.UNSUPPORTED_VERSION


@pytest.mark.parametrize("namespace", [None, ENVELOPE_1_2])
def test_a_header_that_must_be_understood(namespace: str | None) -> None:
    kind = {"namespace": namespace} if namespace else {}
    with pytest.raises(MustUnderstand) as caught:
        read(enveloped(a_body(), f'<s:Security xmlns:s="{WSSE}" e:mustUnderstand="1"/>', **kind))
    assert "Username and Password" in str(caught.value)
    with pytest.raises(MustUnderstand, match="header h must be understood"):
        read(enveloped(a_body(), '<h xmlns="urn:h" e:mustUnderstand="true"/>', **kind))
    assert read(enveloped(a_body(), f'<s:Security xmlns:s="{WSSE}"/>', **kind))


def test_what_is_no_xml_or_too_much_of_it() -> None:
    with pytest.raises(UnsupportedFormat):
        read(enveloped(a_body()), content_type="application/json")
    with pytest.raises(TooLarge):
        read(b" " * 10_000_001)
    assert (
        refused("<!DOCTYPE e [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><e>&x;</e>").code is ErrorCode.HOSTILE
    )
    assert refused("{}").code is ErrorCode.MALFORMED
