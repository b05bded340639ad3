from pathlib import Path

import pytest

from adapters._wire import Xml, parse, soap, text
from adapters._wire.faults import Faults
from adapters._wire.soap import FaultCode, MustUnderstand, Version, VersionMismatch
from gateway.errors import ErrorCode, GatewayError, InternalFailure, MessageError, Unavailable

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
NEXT_1_1 = "http://schemas.xmlsoap.org/soap/actor/next"


def envelope(inner: str, namespace: str = soap.ENVELOPE_1_1) -> soap.Envelope:
    return soap.open_envelope(parse(f'<e:Envelope xmlns:e="{namespace}">{inner}</e:Envelope>'.encode()))


@pytest.mark.parametrize(
    ("namespace", "version"), [(soap.ENVELOPE_1_1, Version.SOAP_1_1), (soap.ENVELOPE_1_2, Version.SOAP_1_2)]
)
def test_an_envelope_is_taken_apart(namespace: str, version: Version) -> None:
    opened = envelope("<e:Header><h xmlns='urn:h'/></e:Header><e:Body><r xmlns='urn:r'/></e:Body>", namespace)
    assert opened.version is version
    assert [header.tag for header in opened.headers] == ["{urn:h}h"]
    assert opened.body.tag == f"{{{namespace}}}Body"
    assert opened.payload.tag == "{urn:r}r"


def test_no_header_and_an_empty_header_are_the_same() -> None:
    assert envelope("<e:Body><r/></e:Body>").headers == []
    assert envelope("<e:Header/><e:Body><r/></e:Body>").headers == []


def test_what_is_no_envelope_is_malformed() -> None:
    with pytest.raises(MessageError, match="not a SOAP Envelope") as caught:
        soap.open_envelope(parse(b"<Message/>"))
    assert caught.value.code is ErrorCode.MALFORMED
    assert soap.ENVELOPE_1_1 in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "root", [b"<Envelope/>", b'<Envelope xmlns="http://www.w3.org/2001/12/soap-envelope"/>']
)
def test_an_envelope_of_no_known_version_says_so(root: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        soap.open_envelope(parse(root))
    assert caught.value.code is ErrorCode.UNSUPPORTED_VERSION


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<e:Header/>",
        "<Body/>",
        "<e:Body/><e:Body/>",
        "<e:Body/><e:Header/>",
        "<e:Header/><e:Header/><e:Body/>",
        "<e:Body/><x/>",
        "<x/><e:Body/>",
    ],
)
def test_header_and_body_are_where_they_belong(inner: str) -> None:
    with pytest.raises(MessageError, match="one Body") as caught:
        envelope(inner)
    assert caught.value.code is ErrorCode.INVALID
    assert caught.value.path == "Envelope"


@pytest.mark.parametrize(
    ("inner", "code"), [("<e:Body/>", ErrorCode.REQUIRED), ("<e:Body><a/><b/></e:Body>", ErrorCode.INVALID)]
)
def test_the_payload_is_one_element(inner: str, code: ErrorCode) -> None:
    with pytest.raises(MessageError) as caught:
        _ = envelope(inner).payload
    assert caught.value.code is code
    assert caught.value.path == "Envelope/Body"


@pytest.mark.parametrize(
    ("header", "namespace", "offending"),
    [
        ("<h xmlns='urn:h' e:mustUnderstand='1'/>", soap.ENVELOPE_1_1, "{urn:h}h"),
        ("<h xmlns='urn:h' e:mustUnderstand='true'/>", soap.ENVELOPE_1_2, "{urn:h}h"),
        ("<h xmlns='urn:h' e:mustUnderstand='0'/>", soap.ENVELOPE_1_1, None),
        ("<h xmlns='urn:h'/>", soap.ENVELOPE_1_1, None),
        ("<h xmlns='urn:h' mustUnderstand='1'/>", soap.ENVELOPE_1_1, None),
        (f"<Security xmlns='{WSSE}' e:mustUnderstand='1'/>", soap.ENVELOPE_1_1, None),
        ("<Security xmlns='urn:other' e:mustUnderstand='1'/>", soap.ENVELOPE_1_1, "{urn:other}Security"),
        (
            f"<Security xmlns='{WSSE}' e:mustUnderstand='1'/><h xmlns='urn:h' e:mustUnderstand='1'/>",
            soap.ENVELOPE_1_1,
            "{urn:h}h",
        ),
        (f"<h xmlns='urn:h' e:mustUnderstand='1' e:actor='{NEXT_1_1}'/>", soap.ENVELOPE_1_1, "{urn:h}h"),
        ("<h xmlns='urn:h' e:mustUnderstand='1' e:actor='urn:other-node'/>", soap.ENVELOPE_1_1, None),
        (
            f"<h xmlns='urn:h' e:mustUnderstand='1' e:role='{soap.ENVELOPE_1_2}/role/ultimateReceiver'/>",
            soap.ENVELOPE_1_2,
            "{urn:h}h",
        ),
        (
            f"<h xmlns='urn:h' e:mustUnderstand='1' e:role='{soap.ENVELOPE_1_2}/role/none'/>",
            soap.ENVELOPE_1_2,
            None,
        ),
    ],
)
def test_headers_that_must_be_understood_and_are_not(
    header: str, namespace: str, offending: str | None
) -> None:
    opened = envelope(f"<e:Header>{header}</e:Header><e:Body><r/></e:Body>", namespace)
    assert soap.not_understood(opened, {f"{{{WSSE}}}Security"}) == offending


def test_an_answer_is_wrapped_and_opens_again() -> None:
    answer = soap.envelope_1_1(Xml('<r xmlns="urn:r">\u00e9</r>'), Xml('<h xmlns="urn:h"/>'))
    assert answer.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    opened = soap.open_envelope(parse(answer))
    assert (opened.version, opened.payload.text) == (Version.SOAP_1_1, "\u00e9")
    assert [header.tag for header in opened.headers] == ["{urn:h}h"]
    assert soap.open_envelope(parse(soap.envelope_1_1(Xml("<r/>")))).headers == []


@pytest.mark.parametrize("code", FaultCode)
def test_a_fault_has_its_parts_in_order_and_its_code_in_the_envelopes_namespace(code: FaultCode) -> None:
    body = soap.fault_1_1(code, "Not <valid> & so on", actor="urn:a", detail=Xml('<d xmlns="urn:d">x</d>'))
    fault = soap.open_envelope(parse(body)).payload
    assert fault.tag == f"{{{soap.ENVELOPE_1_1}}}Fault"
    assert [part.tag for part in fault] == ["faultcode", "faultstring", "faultactor", "detail"]
    prefix, _, name = (text(fault, "faultcode") or "").partition(":")
    assert (fault.nsmap[prefix], name) == (soap.ENVELOPE_1_1, code.value)
    assert text(fault, "faultstring") == "Not <valid> & so on"
    assert text(fault, "detail", "d") == "x"


def test_a_fault_without_detail_is_the_known_shape(shared: Path) -> None:
    fault = soap.fault_1_1(FaultCode.CLIENT, "Message is not valid")
    sample = shared / "standards" / "soap" / "fault_1_1.xml"
    assert fault.split(b"\n", 1)[1] == sample.read_bytes().strip()


def test_an_answer_in_soap_1_2_is_wrapped_and_opens_again() -> None:
    opened = soap.open_envelope(
        parse(soap.envelope_1_2(Xml('<r xmlns="urn:r">x</r>'), Xml('<h xmlns="urn:h"/>')))
    )
    assert (opened.version, opened.payload.text) == (Version.SOAP_1_2, "x")
    assert [header.tag for header in opened.headers] == ["{urn:h}h"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (FaultCode.CLIENT, "Sender"),
        (FaultCode.SERVER, "Receiver"),
        (FaultCode.MUST_UNDERSTAND, "MustUnderstand"),
        (FaultCode.VERSION_MISMATCH, "VersionMismatch"),
    ],
)
def test_a_fault_of_soap_1_2(code: FaultCode, said: str) -> None:
    body = soap.fault_1_2(code, "Not <valid>", detail=Xml('<d xmlns="urn:d">x</d>'))
    fault = soap.open_envelope(parse(body)).payload
    assert [part.tag for part in fault] == [
        f"{{{soap.ENVELOPE_1_2}}}{n}" for n in ("Code", "Reason", "Detail")
    ]
    prefix, _, name = (text(fault, "Code", "Value") or "").partition(":")
    assert (fault.nsmap[prefix], name) == (soap.ENVELOPE_1_2, said)
    assert text(fault, "Reason", "Text") == "Not <valid>"
    assert fault[1][0].get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert text(fault, "Detail", "d") == "x"


def test_a_fault_of_soap_1_2_without_detail_is_the_known_shape(shared: Path) -> None:
    fault = soap.fault_1_2(FaultCode.CLIENT, "Message is not valid")
    sample = shared / "standards" / "soap" / "fault_1_2.xml"
    assert fault.split(b"\n", 1)[1] == sample.read_bytes().strip()


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MessageError("Wrong.", path="a/b", remedy="Right it."), "Client"),
        (VersionMismatch("Wrong."), "VersionMismatch"),
        (MustUnderstand("Wrong.", path="Envelope/Header"), "MustUnderstand"),
        (Unavailable("Later."), "Server"),
        (InternalFailure("1"), "Server"),
        (GatewayError("Nobody knows."), "Server"),
    ],
)
def test_an_error_as_a_fault(error: GatewayError, code: str, version: Version) -> None:
    fault = soap.open_envelope(parse(Faults("urn:ours").write(error, version))).payload
    old = version is Version.SOAP_1_1
    told = text(fault, "faultcode") if old else text(fault, "Code", "Value")
    names = {} if old else {"Client": "Sender", "Server": "Receiver"}
    assert (told or "").partition(":")[2] == names.get(code, code)
    assert (text(fault, "faultstring") if old else text(fault, "Reason", "Text")) == str(error)
    detail = "detail" if old else "Detail"
    if code == "MustUnderstand":
        assert not [part for part in fault if part.tag.endswith(detail)]
    else:
        assert text(fault, detail, "Error", "Code") == error.code.value
        assert text(fault, detail, "Error", "Path") == error.path
        assert text(fault, detail, "Error", "Remedy") == error.remedy


@pytest.mark.parametrize(
    "stated", [None, "", '""', "Do", '"Do"', "urn:x/Do", "urn:x#Do", "urn:x:Do", "http://x/y/Do/"]
)
def test_an_action_that_names_the_operation_or_nothing(stated: str | None) -> None:
    soap.require_action(stated, {"Do"}, path="SOAPAction", action="urn:x/Do")


@pytest.mark.parametrize("stated", ["Undo", "urn:x/Undo", "urn:x/Do/Undo", "Do it", "/", "ReDo"])
def test_an_action_of_another_service(stated: str) -> None:
    with pytest.raises(MessageError, match="SOAPAction names no operation") as caught:
        soap.require_action(stated, {"Do"}, path="SOAPAction", action="urn:x/Do")
    assert caught.value.code is ErrorCode.UNKNOWN_OPERATION
    assert "urn:x/Do" in (caught.value.remedy or "")
