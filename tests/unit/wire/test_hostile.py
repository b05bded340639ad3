"""What must never get in. Every document carries a made-up patient's name, which must never come out."""

import codecs
import traceback

import pytest

from adapters._wire import parse
from gateway.errors import ErrorCode, MessageError, TooLarge, UnsupportedFormat

NAME = "Quillfeather"
HOSTILE, MALFORMED = ErrorCode.HOSTILE, ErrorCode.MALFORMED

LAUGHS = (
    f'<!DOCTYPE {NAME} [<!ENTITY a "{NAME}">'
    + "".join(
        f'<!ENTITY {outer} "{f"&{inner};" * 10}">'
        for inner, outer in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><Message>&i;</Message>"
)
EXTERNAL = f'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><m>{NAME}&x;</m>'
PARAMETER = f'<!DOCTYPE m [<!ENTITY % x SYSTEM "http://127.0.0.1:9/{NAME}.dtd"> %x;]><m/>'
SUBSET = f'<!DOCTYPE m SYSTEM "http://127.0.0.1:9/{NAME}.dtd"><m/>'
DOCTYPE = f"<!DOCTYPE m><m>{NAME}</m>"
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?>'


def utf7(text: str) -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-7"?>' + text.replace("<", "+ADw-").replace(">", "+AD4-").encode()
    )


CASES: dict[str, tuple[bytes, ErrorCode, str]] = {
    # name -> body, code, a word that the error must say
    "billion laughs": (LAUGHS.encode(), HOSTILE, "DOCTYPE"),
    "quadratic blowup": (
        f'<!DOCTYPE m [<!ENTITY a "{NAME * 1000}">]><m>{"&a;" * 1000}</m>'.encode(),
        HOSTILE,
        "DOCTYPE",
    ),
    "external entity": (EXTERNAL.encode(), HOSTILE, "DOCTYPE"),
    "parameter entity": (PARAMETER.encode(), HOSTILE, "DOCTYPE"),
    "external subset": (SUBSET.encode(), HOSTILE, "DOCTYPE"),
    "bare doctype": (DOCTYPE.encode(), HOSTILE, "DOCTYPE"),
    "doctype in lower case": (DOCTYPE.replace("DOCTYPE", "doctype").encode(), HOSTILE, "DOCTYPE"),
    "doctype after white space": (b" \t\r\n\n " + DOCTYPE.encode(), HOSTILE, "DOCTYPE"),
    "doctype after comment": (b"<!-- <m> -->\n<!---->" + DOCTYPE.encode(), HOSTILE, "DOCTYPE"),
    "doctype after declaration and comment": (
        b'<?xml version="1.0"?><!-- > -->' + DOCTYPE.encode(),
        HOSTILE,
        "DOCTYPE",
    ),
    "doctype after byte order mark": (codecs.BOM_UTF8 + DOCTYPE.encode(), HOSTILE, "DOCTYPE"),
    "doctype in UTF-16": ((UTF_16 + DOCTYPE).encode("utf-16"), HOSTILE, "DOCTYPE"),
    "doctype in UTF-16 little endian": (
        codecs.BOM_UTF16_LE + DOCTYPE.encode("utf-16-le"),
        HOSTILE,
        "DOCTYPE",
    ),
    "doctype in UTF-16 big endian": (codecs.BOM_UTF16_BE + DOCTYPE.encode("utf-16-be"), HOSTILE, "DOCTYPE"),
    "doctype in UTF-16 without a mark": (
        DOCTYPE.encode("utf-16-le"),
        ErrorCode.UNSUPPORTED_MEDIA,
        "byte order",
    ),
    "doctype in UTF-16BE without a mark": (
        DOCTYPE.encode("utf-16-be"),
        ErrorCode.UNSUPPORTED_MEDIA,
        "byte order",
    ),
    "doctype in UTF-32": (DOCTYPE.encode("utf-32"), ErrorCode.UNSUPPORTED_MEDIA, "UTF-32"),
    "doctype in UTF-32 without a mark": (
        DOCTYPE.encode("utf-32-le"),
        ErrorCode.UNSUPPORTED_MEDIA,
        "byte order",
    ),
    "doctype in UTF-7": (utf7(DOCTYPE), ErrorCode.UNSUPPORTED_MEDIA, "encoding"),
    "doctype in UTF-7 with its mark": (b"+/v8-" + DOCTYPE.encode(), MALFORMED, "begin"),
    "doctype in EBCDIC": (
        '<?xml version="1.0" encoding="IBM037"?>'.encode("cp037") + DOCTYPE.encode("cp037"),
        MALFORMED,
        "encoding",
    ),
    "EBCDIC declared in ASCII": (
        b'<?xml version="1.0" encoding="IBM037"?>' + DOCTYPE.encode("cp037"),
        ErrorCode.UNSUPPORTED_MEDIA,
        "encoding",
    ),
    "unknown encoding": (
        b'<?xml version="1.0" encoding="x-mine"?><m/>',
        ErrorCode.UNSUPPORTED_MEDIA,
        "encoding",
    ),
    "empty encoding": (b'<?xml version="1.0" encoding=""?><m/>', ErrorCode.UNSUPPORTED_MEDIA, "encoding"),
    "mark says UTF-16, declaration UTF-8": (
        f'<?xml version="1.0" encoding="UTF-8"?><m>{NAME}</m>'.encode("utf-16"),
        MALFORMED,
        "byte order mark",
    ),
    "mark says UTF-8, declaration ISO-8859-1": (
        codecs.BOM_UTF8 + f'<?xml version="1.0" encoding="ISO-8859-1"?><m>{NAME}</m>'.encode(),
        MALFORMED,
        "byte order mark",
    ),
    "two byte order marks": (codecs.BOM_UTF8 * 2 + b"<m/>", MALFORMED, "begin"),
    "byte order mark alone": (codecs.BOM_UTF8, MALFORMED, "empty"),
    "half a character of UTF-16": (f"<m>{NAME}</m>".encode("utf-16")[:-1], MALFORMED, "byte"),
    "lone surrogate in UTF-16": (
        codecs.BOM_UTF16_LE + "<m>\ud800</m>".encode("utf-16-le", "surrogatepass"),
        MALFORMED,
        "byte",
    ),
    "undeclared entity": (f"<m>&{NAME};</m>".encode(), MALFORMED, "entity"),
    "undeclared entity in attribute": (f'<m a="&{NAME};"/>'.encode(), MALFORMED, "entity"),
    "XInclude": (
        f'<m xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="file:///etc/{NAME}"/></m>'.encode(),
        HOSTILE,
        "XInclude",
    ),
    "XInclude spelled with references": (
        b'<m><i xmlns="http:&#47;&#x2F;www.w3.org/2001/XInclude" href="/etc/passwd"/></m>',
        HOSTILE,
        "XInclude",
    ),
    "stylesheet instruction": (
        f'<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/{NAME}"?><m/>'.encode(),
        HOSTILE,
        "instruction",
    ),
    "instruction inside": (f"<m><n/><?php {NAME} ?></m>".encode(), HOSTILE, "instruction"),
    "instruction after the root": (f"<m/><?php {NAME} ?>".encode(), HOSTILE, "instruction"),
    "nested a little too deep": (b"<m>" * 65 + b"</m>" * 65, HOSTILE, "deep"),
    "nested 100,000 deep": (b"<m>" * 100_000 + b"</m>" * 100_000, HOSTILE, "deep"),
    "nested 100,000 deep, never closed": (b"<m>" * 100_000, HOSTILE, "deep"),
    "65 attributes": (
        b"<m><n" + b"".join(b' a%d="%s"' % (n, NAME.encode()) for n in range(65)) + b"/></m>",
        ErrorCode.TOO_LARGE,
        "attributes",
    ),
    "300,000 attributes": (
        b"<m" + b"".join(b' a%d=""' % n for n in range(300_000)) + b"/>",
        ErrorCode.TOO_LARGE,
        "attributes",
    ),
    "300,000 namespaces": (
        b"<m" + b"".join(b' xmlns:a%d="u"' % n for n in range(300_000)) + b"/>",
        ErrorCode.TOO_LARGE,
        "attributes",
    ),
    "300,000 elements": (b"<m>" + b"<n/>" * 300_000 + b"</m>", ErrorCode.TOO_LARGE, "elements"),
    "300,000 elements in UTF-16": (
        ("<m>" + "<n/>" * 300_000 + "</m>").encode("utf-16"),
        ErrorCode.TOO_LARGE,
        "elements",
    ),
    "null byte": (f"<m>{NAME}\0</m>".encode(), MALFORMED, "character"),
    "null bytes after the end": (f"<m>{NAME}</m>\0\0".encode(), MALFORMED, "after the end"),
    "null bytes only": (b"\0" * 100, ErrorCode.UNSUPPORTED_MEDIA, "UTF-16"),
    "null in the encoding": (
        b'<?xml version="1.0" encoding="utf-8\0utf-7"?><m/>',
        ErrorCode.UNSUPPORTED_MEDIA,
        "encoding",
    ),
    "control character": (f"<m>{NAME}\x08</m>".encode(), MALFORMED, "character"),
    "reference to a control character": (f"<m>{NAME}&#1;</m>".encode(), MALFORMED, "character"),
    "no character": (f"<m>{NAME}\ufffe</m>".encode(), MALFORMED, "character"),
    "invalid UTF-8": (f"<m>\n  {NAME}".encode() + b"\xff</m>", MALFORMED, "byte"),
    "overlong UTF-8": (b"<m>" + NAME.encode() + b"\xc0\xbc</m>", MALFORMED, "byte"),
    "surrogate in UTF-8": (b"<m>" + NAME.encode() + b"\xed\xa0\x80</m>", MALFORMED, "byte"),
    "ISO-8859-1 that says nothing": (f"<m>{NAME} Mu\u00f1oz</m>".encode("latin-1"), MALFORMED, "byte"),
    "not windows-1252": (b'<?xml version="1.0" encoding="windows-1252"?><m>\x81</m>', MALFORMED, "byte"),
    "not ASCII": (b'<?xml version="1.0" encoding="us-ascii"?><m>\xe9</m>', MALFORMED, "byte"),
    "undeclared prefix": (f"<{NAME}:m/>".encode(), MALFORMED, "prefix"),
    "undeclared attribute prefix": (f'<m {NAME}:a="1"/>'.encode(), MALFORMED, "prefix"),
    "two colons": (f'<a:{NAME}:m xmlns:a="u"/>'.encode(), MALFORMED, "colon"),
    "two roots": (f"<m/><{NAME}/>".encode(), MALFORMED, "after the end"),
    "text after the root": (f"<m/>{NAME}".encode(), MALFORMED, "after the end"),
    "empty body": (b"", MALFORMED, "empty"),
    "white space only": (b" \r\n\t ", MALFORMED, "empty"),
    "comment only": (f"<!-- {NAME} -->".encode(), MALFORMED, "empty"),
    "declaration only": (b'<?xml version="1.0"?>', MALFORMED, "empty"),
    "JSON": (f'{{"resourceType": "Patient", "name": "{NAME}"}}'.encode(), MALFORMED, "JSON"),
    "JSON array": (f'  ["{NAME}"]'.encode(), MALFORMED, "JSON"),
    "text": (f"TH|4.2B|{NAME}".encode(), MALFORMED, "begin"),
    "form data": (f"Request={NAME}".encode(), MALFORMED, "begin"),
    "gzip": (b"\x1f\x8b\x08\x00" + NAME.encode(), MALFORMED, "byte"),
    "white space before the declaration": (b'\n<?xml version="1.0"?><m/>', MALFORMED, "very beginning"),
    "two declarations": (b'<?xml version="1.0"?><?xml version="1.0"?><m/>', MALFORMED, "very beginning"),
    "declaration without end": (b'<?xml version="1.0"', MALFORMED, "XML declaration"),
    "XML 2.0": (b'<?xml version="2.0"?><m/>', MALFORMED, "version"),
    "mismatched tags": (f"<m><{NAME}></m>".encode(), MALFORMED, "end tag"),
    "never closed": (f"<m><n>{NAME}".encode(), MALFORMED, "ends before"),
    "cut in a tag": (f"<m><{NAME}".encode(), MALFORMED, "not closed"),
    "comment never closed": (f"<m/><!-- {NAME}".encode(), MALFORMED, "comment"),
    "comment never closed in the prolog": (f"<!-- {NAME} <m/>".encode(), MALFORMED, "comment"),
    "CDATA never closed": (f"<m><![CDATA[{NAME}</m>".encode(), MALFORMED, "CDATA"),
    "CDATA end in text": (f"<m>{NAME}]]></m>".encode(), MALFORMED, "]]>"),
    "attribute twice": (f'<m {NAME}="1" {NAME}="2"/>'.encode(), MALFORMED, "twice"),
    "attribute twice by namespace": (
        f'<m xmlns:a="u" xmlns:b="u" a:{NAME}="1" b:{NAME}="2"/>'.encode(),
        MALFORMED,
        "twice",
    ),
    "attribute without quotes": (f"<m a={NAME}/>".encode(), MALFORMED, "quotes"),
    "attribute without value": (f"<m {NAME}/>".encode(), MALFORMED, "value"),
    "attribute never closed": (f'<m a="{NAME}'.encode(), MALFORMED, "quote"),
    "attributes run together": (f'<m a="{NAME}"b="1"/>'.encode(), MALFORMED, "White space"),
    "less-than in attribute": (f'<m a="<{NAME}"/>'.encode(), MALFORMED, "'<'"),
    "bare ampersand": (f"<m>{NAME} & Sons</m>".encode(), MALFORMED, "'&'"),
    "bare ampersand before a name": (f"<m>A&{NAME} x</m>".encode(), MALFORMED, "'&'"),
    "bare less-than": (f"<m>{NAME} < 5</m>".encode(), MALFORMED, "'<'"),
    "broken character reference": (f"<m>{NAME}&#xZZ;</m>".encode(), MALFORMED, "reference"),
    "element name with a digit first": (f"<1{NAME}/>".encode(), MALFORMED, "name"),
    "prefix without namespace": (f'<m xmlns:{NAME}=""/>'.encode(), MALFORMED, "namespace"),
    "namespace that is no URI": (f'<m xmlns="{{{NAME}}}"/>'.encode(), MALFORMED, "namespace"),
    "name of 60,000 characters": (b"<" + b"m" * 60_000 + b"/>", MALFORMED, "too long"),
    "script in HTML": (f"<html><body><br><p>{NAME}</p></body></html>".encode(), MALFORMED, "end tag"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_a_helpful_message_and_nothing_of_the_document(case: str) -> None:
    body, code, says = CASES[case]
    with pytest.raises(MessageError) as caught:
        parse(body)
    error = caught.value
    assert error.code is code
    assert says in error.message
    assert error.message.endswith(".")
    assert error.remedy
    assert error.remedy.endswith(".")
    # Neither the error nor what travels along with it into a log.
    assert NAME not in "".join(traceback.format_exception_only(error))
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("case", "line", "column"),
    [
        ("invalid UTF-8", 2, 15),
        ("doctype after white space", 3, 2),
        ("doctype after declaration and comment", 1, 32),
        ("mismatched tags", 1, 22),
        ("null byte", 1, 16),
        ("JSON array", 1, 3),
    ],
)
def test_line_and_column_are_named(case: str, line: int, column: int) -> None:
    with pytest.raises(MessageError) as caught:
        parse(CASES[case][0])
    assert caught.value.path == f"line {line}, column {column}"


@pytest.mark.parametrize(
    "case", ["XInclude", "instruction inside", "65 attributes", "nested a little too deep"]
)
def test_the_line_is_named_where_the_tree_is_refused(case: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse(b"\n\n" + CASES[case][0])
    assert caught.value.path == "line 3"


def test_sixty_megabytes_are_refused_before_anything_is_read() -> None:
    with pytest.raises(TooLarge, match="larger than 10000000 bytes"):
        parse(b"\xff" * 60_000_000)


def test_sizes_are_errors_of_size_and_encodings_of_format() -> None:
    with pytest.raises(TooLarge, match="larger than 10 bytes"):
        parse(b"<m>1234</m>", max_bytes=10)
    assert parse(b"<m>123</m>", max_bytes=10).text == "123"
    with pytest.raises(UnsupportedFormat, match="windows-1252"):
        parse(b'<?xml version="1.0" encoding="big5"?><m/>')


def test_a_text_longer_than_the_parser_takes_is_an_error_of_size() -> None:
    with pytest.raises(TooLarge, match="text or an attribute's value is too long"):
        parse(b"<m>" + b"x" * 10_000_001 + b"</m>", max_bytes=20_000_000)


def test_depth_is_counted_from_the_root() -> None:
    assert parse(b"<a><b><c/></b></a>", max_depth=3).tag == "a"
    with pytest.raises(MessageError, match="more than 2 deep"):
        parse(b"<a><b><c/></b></a>", max_depth=2)


def test_elements_are_counted_whatever_hides_in_character_data() -> None:
    body = b"<a><![CDATA[" + b"</" * 50 + b"]]>" + b"<b/>" * 50 + b"</a>"
    assert len(parse(body, max_elements=100)) == 50
    with pytest.raises(TooLarge):
        parse(body, max_elements=50)


def test_nothing_of_a_refused_document_stays_in_the_next_one() -> None:
    for body, _, _ in CASES.values():
        with pytest.raises(MessageError):
            parse(body)
        assert parse(b"<m>clean</m>").text == "clean"
