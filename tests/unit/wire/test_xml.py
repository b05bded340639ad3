"""What must get in, and unchanged."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters._wire import parse, text
from adapters._wire.escaping import escape_text
from adapters._wire.xml import _check_tree
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat

NAME = "Mu\u00f1oz \u2019Abc"  # the apostrophe is in windows-1252 and not in ISO-8859-1
PLAIN = "Mu\u00f1oz"


def document(name: str, encoding: str | None) -> str:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n' if encoding else ""
    return f"{declaration}<m>{name}</m>"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (document(NAME, None).encode(), NAME),
        (document(NAME, "UTF-8").encode(), NAME),
        (document(NAME, "utf8").encode(), NAME),
        (codecs.BOM_UTF8 + document(NAME, None).encode(), NAME),
        (codecs.BOM_UTF8 + document(NAME, "utf-8").encode(), NAME),
        (document(NAME, None).encode("utf-16"), NAME),
        (document(NAME, "utf-16").encode("utf-16"), NAME),
        (codecs.BOM_UTF16_BE + document(NAME, "UTF-16BE").encode("utf-16-be"), NAME),
        (document(NAME, "windows-1252").encode("cp1252"), NAME),
        (document(PLAIN, "ISO-8859-1").encode("latin-1"), PLAIN),
        (document(PLAIN, "iso-8859-1").replace('"', "'").encode("latin-1"), PLAIN),
        (document("Munoz", "US-ASCII").encode(), "Munoz"),
        # a document made as a .NET string, sent as UTF-8
        (document(NAME, "utf-16").encode(), NAME),
        (codecs.BOM_UTF8 + document(NAME, "utf-16").encode(), NAME),
    ],
)
def test_every_spoken_encoding_reads_the_same(body: bytes, name: str) -> None:
    assert text(parse(body)) == name


def test_the_content_types_charset_outranks_the_declaration() -> None:
    body = document(NAME, "ISO-8859-1").encode("cp1252")
    assert text(parse(body, charset="Windows-1252")) == NAME
    assert text(parse(document(PLAIN, None).encode("latin-1"), charset="iso-8859-1")) == PLAIN
    assert (
        text(parse(document(NAME, None).encode("utf-16"), charset="utf-8")) == NAME
    )  # the mark outranks both
    with pytest.raises(UnsupportedFormat):
        parse(b"<m/>", charset="utf-7")
    with pytest.raises(UnsupportedFormat, match="byte order mark"):
        parse(b"<m/>", charset="utf-16")


def test_a_comment_does_not_cut_a_text() -> None:
    root = parse(b"<!-- before --><m><t>12<!-- <n/> -->34</t><n/><!-- x --></m><!-- after -->")
    assert text(root, "t") == "1234"
    assert [str(child.tag) for child in root] == ["t", "n"]


def test_text_that_is_mixed_with_elements_is_no_text() -> None:
    assert text(parse(b"<m>12<n/>34</m>")) is None


def test_character_data_is_text_even_where_it_looks_dangerous() -> None:
    inner = '<!DOCTYPE m [<!ENTITY a "b">]><?php ?><m>&a;</m>'
    assert text(parse(f"<m><![CDATA[{inner}]]></m>".encode())) == inner
    assert text(parse(f"<m>{escape_text(inner)}</m>".encode())) == inner


def test_the_entities_of_xml_and_character_references_are_read() -> None:
    assert text(parse(b'<m a="&quot;">&lt;&amp;&gt;&apos;&#233;&#xE9;</m>')) == "<&>'\u00e9\u00e9"


def test_unusual_and_allowed() -> None:
    assert parse(b'<m xmlns="pmp"/>').tag == "{pmp}m"  # a relative namespace, as the clearinghouse uses
    assert parse(b'<?xml version="1.0" standalone="yes"?><m/>').tag == "m"
    assert parse(b"\r\n  <m/>\r\n").tag == "m"
    assert parse(b"<m>" * 64 + b"</m>" * 64).tag == "m"


def test_a_long_text_passes() -> None:
    batch = "DSP*00*1234*20240101~\n" * 200_000
    assert text(parse(f"<m>{batch}</m>".encode())) == batch.strip()


def outcome(body: bytes) -> ErrorCode | None:
    """The error code, or None when the body is read; any other exception is a fault of the parser."""
    try:
        parse(body)
    except MessageError as error:
        return error.code
    return None


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_between_tags_is_read_or_refused_as_a_message_error(inner: str) -> None:
    assert outcome(f"<m>{inner}</m>".encode()) in {None, ErrorCode.MALFORMED, ErrorCode.HOSTILE}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_as_a_message_error(body: bytes) -> None:
    assert outcome(body) in {None, ErrorCode.MALFORMED, ErrorCode.HOSTILE, ErrorCode.UNSUPPORTED_MEDIA}


@pytest.mark.parametrize("document", ["<!DOCTYPE m><m/>", "<?a b?><m/>", "<m/><?a b?>"])
def test_the_second_line_of_defence_refuses_what_the_first_let_through(document: str) -> None:
    with pytest.raises(MessageError) as caught:
        _check_tree(etree.fromstring(document), 64)
    assert caught.value.code is ErrorCode.HOSTILE


def test_the_standards_own_samples_are_read(shared: Path) -> None:
    folders = [shared / "standards" / name for name in ("ncpdp", "pmix", "pmpgateway", "soap")]
    samples = [path for folder in folders for path in folder.rglob("*.xml")]
    assert len(samples) > 20
    for sample in samples:
        assert len(parse(sample.read_bytes())) > 0, sample.name
