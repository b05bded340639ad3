"""The parser's first step: bytes to characters, by this module's decision alone.

An XML parser that picks the encoding itself can be led: a DOCTYPE written in UTF-7, EBCDIC or UTF-16 passes a
filter that looks at the bytes, and the parser then reads it. Here the characters are made before anything
looks at them, with one of five encodings; the parser receives what was looked at, as UTF-8, and is told so.

In the order of RFC 7303 section 3.2: the byte order mark, the `charset` of the Content-Type, the XML
declaration, else UTF-8. Decoding is strict: a byte that does not fit is an error, never a replacement.
"""

from __future__ import annotations

import codecs
import re

from gateway.errors import ErrorCode, MessageError, UnsupportedFormat

SPOKEN = "UTF-8, UTF-16 with a byte order mark, US-ASCII, ISO-8859-1 or windows-1252"

_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso8859-1": "latin-1",
    "iso_8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16",
    "utf-16be": "utf-16",
}
_DECLARED = re.compile(r"""<\?xml\s[^>]{0,1000}?\sencoding\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(body: bytes, charset: str | None = None) -> tuple[str, bytes]:
    """The body's characters, without a byte order mark; and the same characters as UTF-8.

    :param charset: the parameter of that name of the Content-Type, which outranks the XML declaration.
    :raises UnsupportedFormat: the encoding is none of :data:`SPOKEN`, or its byte order mark is missing.
    :raises MessageError: a byte does not fit the encoding, or two statements about it contradict each other.
    """
    if body.startswith(_UTF_32_MARKS):
        raise UnsupportedFormat("The document is encoded as UTF-32.", remedy=f"Encode it as {SPOKEN}.")
    if body.startswith(_UTF_16_MARKS):
        return _decode_utf16(body)
    if body[:1] == b"\0" or (body[:1] == b"<" and body[1:2] == b"\0"):
        raise _mark_missing()
    marked = body.startswith(codecs.BOM_UTF8)
    declared = _declared(body[3:1100].decode("latin-1") if marked else body[:1100].decode("latin-1"))
    if declared is not None and _codec(declared) == "utf-16":
        # What .NET writes when a document made as a string is sent as UTF-8. It cannot be UTF-16: the
        # declaration was just read byte by byte.
        declared = "utf-8"
    if marked:
        if declared is not None and _codec(declared) != "utf-8":
            raise _contradiction("UTF-8")
        body = body[len(codecs.BOM_UTF8) :]
        return _strict(body, "utf-8"), body
    codec = _codec(charset or declared or "utf-8")
    if codec == "utf-16":
        raise _mark_missing()
    text = _strict(body, codec)
    return text, body if codec == "utf-8" else text.encode()


def _decode_utf16(body: bytes) -> tuple[str, bytes]:
    text = _strict(body, "utf-16")
    declared = _declared(text[:1100])
    if declared is not None and _codec(declared) != "utf-16":
        raise _contradiction("UTF-16")
    return text, text.encode()


def _declared(start: str) -> str | None:
    """The encoding that an XML declaration names; None when there is no declaration or it names none."""
    found = _DECLARED.match(start)
    return (found[1] or found[2] or "") if found else None


def _codec(name: str) -> str:
    codec = _CODECS.get(name.strip().lower())
    if codec is None:
        raise UnsupportedFormat(
            "The document's encoding is not one that is read here.",
            path="XML declaration or Content-Type charset",
            remedy=f"Encode it as {SPOKEN}.",
        )
    return codec


def _strict(body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(codec, "ignore")
    # Raised outside of the handler: the codec's own error carries the whole body.
    raise MessageError(
        "A byte does not belong to the encoding that the document declares (UTF-8 when it declares none).",
        path=place(before, len(before)),
        remedy=f"Encode the document as it declares, with {SPOKEN}.",
        code=ErrorCode.MALFORMED,
    )


def _mark_missing() -> UnsupportedFormat:
    return UnsupportedFormat(
        "UTF-16 is read only with a byte order mark, and other encodings of two or four bytes not at all.",
        remedy="Begin the document with the byte order mark, or encode it as UTF-8.",
    )


def _contradiction(marked: str) -> MessageError:
    return MessageError(
        f"The byte order mark says {marked} and the XML declaration says otherwise.",
        path="XML declaration",
        remedy=f"Declare the encoding as {marked}, or leave it out of the declaration.",
        code=ErrorCode.MALFORMED,
    )


def place(text: str, position: int) -> str:
    """Line and column, both from 1, of a position in the text."""
    return (
        f"line {text.count(chr(10), 0, position) + 1}, column {position - text.rfind(chr(10), 0, position)}"
    )
