"""A message in the `string` of a .NET service is read as the message itself, and answered in a `string`."""

from __future__ import annotations

from html import escape

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.errors import GatewayError, MessageError
from gateway.model import LookupRequest, Outcome
from gateway.ports import Outbound
from tests.factory import a_dispensation, an_answer
from tests.unit.ncpdp.helpers import REQUESTS, VERSIONS, assert_valid, inbound, read_back
from tests.unit.ncpdp.partners import Partner

TEMPURI = "http://tempuri.org/"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
AS_TEXT = "as text"
AS_CDATA = "as CDATA"
AS_ELEMENT = "as element"
WITHOUT_DECLARATION = "without declaration"
OF_DOT_NET = "with the declaration that .NET writes"


def in_a_string(document: str, namespace: str = TEMPURI, how: str = AS_TEXT) -> str:
    bare = document.partition("?>")[2].lstrip()
    inside = {
        AS_TEXT: escape(document),
        AS_CDATA: f"<![CDATA[{document}]]>",
        AS_ELEMENT: bare,
        WITHOUT_DECLARATION: escape(bare),
        OF_DOT_NET: escape(f'<?xml version="1.0" encoding="utf-16"?>\r\n{bare}'),
    }[how]
    return f'<?xml version="1.0" encoding="utf-8"?>\n<string xmlns="{namespace}">{inside}</string>'


def message_of(outbound: Outbound, namespace: str = TEMPURI) -> Outbound:
    """The message in the `string` of an answer."""
    root = etree.fromstring(outbound.body)
    assert root.tag == (f"{{{namespace}}}string" if namespace else "string")
    assert len(root) == 0
    assert root.text is not None
    assert root.text.startswith("<Message ")
    return Outbound(body=root.text.encode(), content_type=outbound.content_type)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("how", [AS_TEXT, AS_CDATA, AS_ELEMENT, WITHOUT_DECLARATION, OF_DOT_NET])
@pytest.mark.parametrize("namespace", [TEMPURI, SERIALIZATION, "", "urn:x?a=1&b=2"])
def test_it_is_read_and_answered_as_the_message_itself(version: str, how: str, namespace: str) -> None:
    wrapped = inbound(in_a_string(REQUESTS[version], escape(namespace), how))
    plain = inbound(REQUESTS[version])
    assert ADAPTER.read(wrapped) == ADAPTER.read(plain)
    answer = an_answer(dispensations=(a_dispensation(rx_number="<&>'\""),))
    inside = message_of(ADAPTER.write(answer, wrapped), namespace)
    assert_valid(inside, version)
    assert inside.body == ADAPTER.write(answer, plain).body.partition(b"?>\n")[2]
    assert read_back(ADAPTER.write(answer, wrapped)) == read_back(ADAPTER.write(answer, plain))


@pytest.mark.parametrize("declared", ["ISO-8859-1", "windows-1252", "utf-16", "US-ASCII"])
def test_an_encoding_that_the_text_declares_for_its_bytes_means_nothing(declared: str) -> None:
    document = REQUESTS[VERSIONS[0]].replace("UTF-8", declared).replace("Marigold", "Ad\u00e1n \u674e")
    read = ADAPTER.read(inbound(in_a_string(document)))
    assert isinstance(read, LookupRequest)
    assert read.person is not None
    assert read.person.name.given == ("Ad\u00e1n \u674e",)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_is_wrapped_as_well(version: str) -> None:
    body = in_a_string(REQUESTS[version].replace("1971-04-09", "1971-04-31"))
    with pytest.raises(MessageError) as caught:
        ADAPTER.read(inbound(body))
    inside = message_of(ADAPTER.write_error(caught.value, inbound(body)))
    assert_valid(inside, version)
    root = etree.fromstring(inside.body)
    assert root.findtext(".//{*}DescriptionCode") == "080"
    assert root.findtext("{*}Header/{*}RelatesToMessageID") == "ASK-0001"


@pytest.mark.parametrize(
    "document",
    [
        "", "no XML", "<", "<Message", "<Message/>", "<!DOCTYPE Message []><Message/>", "<html/>",
        in_a_string(REQUESTS[VERSIONS[0]]), f'{REQUESTS[VERSIONS[0]][:600]}', "\x00",
    ],
    ids=lambda document: document[:20],
)  # fmt: skip
@pytest.mark.parametrize("how", [AS_TEXT, AS_CDATA])
def test_what_is_no_message_inside_is_refused_and_answered_in_a_string(document: str, how: str) -> None:
    body = in_a_string(document, how=how)
    if how == AS_CDATA:
        body = body.replace("\x00", "&#0;")
    with pytest.raises(GatewayError) as caught:
        ADAPTER.read(inbound(body))
    inside = message_of(ADAPTER.write_error(caught.value, inbound(body)))
    assert etree.fromstring(inside.body).find(".//{*}Error") is not None
    if "release=" in document and "<string" not in document:
        assert b'release="006"' in inside.body


def test_too_large_a_message_is_answered_as_it_was_wrapped() -> None:
    for version in VERSIONS:
        body = in_a_string(REQUESTS[version].replace("Hartford", "H" * 100_000))
        inside = message_of(ADAPTER.write_error(MessageError("Too large."), inbound(body)))
        assert_valid(inside, version)
        stamp = {"script-10.6": b'release="006"', "script-2017071": b"20170715"}.get(version, b"2023011")
        assert stamp in inside.body[:300]


def test_a_partner_may_wrap_its_answer(partner: Partner) -> None:
    plain = an_answer(dispensations=(a_dispensation(),))
    body = ADAPTER.write(plain, inbound(in_a_string(REQUESTS[VERSIONS[1]]))).body
    partner.reply = (200, {"Content-Type": "text/xml"}, body)
    answer = partner.ask()
    assert answer.outcome is Outcome.COMPLETE
    assert [d.rx_number for d in answer.dispensations] == [d.rx_number for d in plain.dispensations]
