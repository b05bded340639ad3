"""The sender's credentials in a message's header."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.errors import MessageError, TooLarge
from gateway.ports import BearerToken, ClientPassword, DigestConstruction, PasswordDigest
from tests.unit.ncpdp.helpers import NAMESPACE, REQUESTS, VERSIONS, inbound, schema
from tests.unit.ncpdp.signing import with_digest, with_security, with_text

AT = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)
PLACE = "Message/Header/Security/UsernameToken"
USER, TEXT = "<Username>oak</Username>", '<Password Type="PasswordText">s</Password>'
BOTH = pytest.mark.parametrize("version", VERSIONS)


def _digest(body: str) -> PasswordDigest:
    told = ADAPTER.credentials(inbound(body))
    assert isinstance(told, PasswordDigest)
    return told


@BOTH
def test_a_digest_is_read_as_it_was_sent(version: str) -> None:
    body = with_digest(REQUESTS[version], "oak", "p", nonce=b"sixteen bytes ..", at=AT)
    assert _digest(body) == PasswordDigest(
        client_id="oak",
        digest="iTf743sihwJAT3P0jPUCg5t3Dbg=",
        nonce="c2l4dGVlbiBieXRlcyAuLg==",
        created="2026-11-25T14:30:05Z",
        created_at=AT,
        construction=DigestConstruction.WS_SECURITY,
        path=PLACE,
    )
    if (xsd := schema(version)) is not None:
        xsd.assertValid(etree.fromstring(body.encode()))


@BOTH
def test_any_order_and_white_space_and_the_profiles_long_names(version: str) -> None:
    kind = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
    parts = [
        "\n<Created> 2026-11-25T14:30:05.000Z\n</Created>",
        "<Nonce> bm9uY2U= </Nonce>",
        f'<Password Type="{kind}">\n ZGlnZXN0 </Password>',
        "<Username> oak\t</Username>",
    ]
    told = _digest(with_security(REQUESTS[version], *parts))
    assert (told.client_id, told.digest, told.nonce) == ("oak", "ZGlnZXN0", "bm9uY2U=")
    assert (told.created, told.created_at) == ("2026-11-25T14:30:05.000Z", AT)


def test_in_a_namespace_or_none() -> None:
    bare = REQUESTS[VERSIONS[0]].replace(f' xmlns="{NAMESPACE}"', "")
    spaced = REQUESTS[VERSIONS[1]].replace("<Message ", f'<Message xmlns="{NAMESPACE}" ')
    for body in (bare, spaced):
        assert _digest(with_digest(body, "oak", "p")).client_id == "oak"
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    foreign = with_digest(REQUESTS[VERSIONS[1]], "oak", "p").replace(
        "<Security>", f'<Security xmlns="{wsse}">'
    )
    assert _digest(foreign).client_id == "oak"


@BOTH
def test_inside_of_the_string_of_a_net_service(version: str) -> None:
    body = with_digest(REQUESTS[version].partition("?>")[2], "oak", "p")
    for inside in (body, escape(body), f"<![CDATA[{body}]]>"):
        assert _digest(f'<string xmlns="http://tempuri.org/">{inside}</string>').client_id == "oak"


@BOTH
@pytest.mark.parametrize("kind", ["", ' Type="PasswordText"', ' Type=" urn:x#PasswordText "'])
def test_a_password_as_text_is_a_clients_secret(version: str, kind: str) -> None:
    told = ADAPTER.credentials(inbound(with_text(REQUESTS[version], "oak", "s & t", kind)))
    assert told == ClientPassword("oak", "s & t", PLACE)


@BOTH
def test_a_bearer_token_counts_before(version: str) -> None:
    headers = {"content-type": "application/xml", "authorization": "Bearer abc"}
    told = ADAPTER.credentials(inbound(with_digest(REQUESTS[version], "oak", "p"), headers=headers))
    assert told == BearerToken("abc")
    assert ADAPTER.credentials(inbound("", headers=headers)) == BearerToken("abc"), "before the body is there"


@BOTH
def test_who_says_nothing_says_nothing(version: str) -> None:
    bare = REQUESTS[version]
    for body in (
        "",
        bare,
        with_security(bare),
        with_security(bare, "<Username/>", "<Password/>"),
        "<other/>",
    ):
        assert ADAPTER.credentials(inbound(body)) is None


@BOTH
def test_what_is_missing_for_a_digest_is_left_to_whoever_judges_it(version: str) -> None:
    told = _digest(with_security(REQUESTS[version], USER, '<Password Type="PasswordDigest">d</Password>'))
    assert (told.nonce, told.created, told.created_at) == ("", "", None)
    late = with_digest(REQUESTS[version], "oak", "p").replace("<Created>2", "<Created>on 2")
    assert _digest(late).created_at is None


@BOTH
@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((USER,), f"{PLACE}/Username"),
        ((TEXT,), f"{PLACE}/Username"),
        ((USER, USER, TEXT), f"{PLACE}/Username[2]"),
        ((USER, TEXT, TEXT), f"{PLACE}/Password[2]"),
        ((USER, TEXT, '<Password Type="PasswordDigest">d</Password>'), f"{PLACE}/Password[2]"),
        ((USER, '<Password Type="Kerberos">d</Password>'), f"{PLACE}/Password/@Type"),
        ((USER, '<Password Type="PasswordDigest">d</Password>', "<Nonce>a</Nonce>" * 2), f"{PLACE}/Nonce[2]"),
        ((USER, '<Password Type="PasswordDigest">d</Password>', "<Created/>" * 2), f"{PLACE}/Created[2]"),
    ],
)
def test_nobody_says_two_things_or_half_of_one(version: str, parts: tuple[str, ...], path: str) -> None:
    body = with_security(REQUESTS[version], *parts)
    with pytest.raises(MessageError) as refused:
        ADAPTER.credentials(inbound(body))
    expected = path if parts != (USER,) else f"{PLACE}/Password"
    assert refused.value.path == expected
    assert refused.value.remedy


@BOTH
@pytest.mark.parametrize("name", ["Header", "Security", "UsernameToken"])
def test_nor_twice_around_it(version: str, name: str) -> None:
    root = etree.fromstring(with_digest(REQUESTS[version], "oak", "p").encode())
    (element,) = root.iterfind(f".//{{*}}{name}")
    other = etree.fromstring(etree.tostring(element))
    element.addnext(other)
    with pytest.raises(MessageError, match=f"{name} is there more than once"):
        ADAPTER.credentials(inbound(etree.tostring(root)))


def test_a_stranger_makes_nobody_read_ten_thousand_elements() -> None:
    body = REQUESTS[VERSIONS[1]].replace("</Message>", "<a/>" * 10_000 + "</Message>")
    for sent in (body, f"<string>{escape(body)}</string>"):
        with pytest.raises(TooLarge):
            ADAPTER.credentials(inbound(sent))


def test_what_is_no_xml_is_said_so() -> None:
    for body in ("x", "<Message>", '<!DOCTYPE m [<!ENTITY a "b">]><Message/>'):
        with pytest.raises(MessageError):
            ADAPTER.credentials(inbound(body))
