"""Content codings (RFC 9110, section 8.4): bodies that come packed by gzip, and answers that leave so.

Answers are packed by zlib itself, a few lines, and not by a Flask extension, which would be one more dependency for
codings that nobody here asks for. The level is the lowest: what counts is the time that an answer takes.
"""

from __future__ import annotations

import zlib
from typing import Final

from flask import Response, request

from gateway.errors import ErrorCode, MessageError, TooLarge, UnsupportedFormat

LEAST: Final = 1400
"""Bytes of an answer from which it is packed: a shorter one fits a packet as it is."""

MOST_MEMBERS: Final = 100
"""Of a packed body; each costs a copy of what follows it, and a body of empty ones would have half a million."""

_LEVEL: Final = 1
_GZIP: Final = zlib.MAX_WBITS | 16  # zlib's number for a stream with the header of gzip
_NAMES: Final = {"gzip", "x-gzip"}  # RFC 9110, section 8.4.1.3


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before its sender packed it.

    :param encoding: the header `Content-Encoding`; empty when there is none.
    :param limit: bytes that the body may have, packed or not; no more are ever unpacked.
    :raises UnsupportedFormat: it is packed in another way, or twice.
    :raises TooLarge: it has more than `limit` bytes.
    :raises MessageError: it is no gzip, ends too early, or has something behind its end.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _NAMES:
        raise UnsupportedFormat(
            "The body is compressed in a way that is not read here.",
            path="Content-Encoding",
            remedy="Send the body as it is, or compressed once by gzip.",
        )
    parts: list[bytes] = []
    left = limit
    while body or not parts:  # a file of gzip is one member or several (RFC 1952, section 2.2)
        if len(parts) == MOST_MEMBERS:
            raise _broken(f"has more than {MOST_MEMBERS} members")
        part, body = _member(body, left, is_first=not parts)
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise TooLarge(
                f"The body is larger than {limit} bytes when it is unpacked.",
                path="Content-Encoding",
                remedy="Send a smaller message; several dispensations can be sent in several messages.",
            )
    return b"".join(parts)


def _member(packed: bytes, left: int, *, is_first: bool) -> tuple[bytes, bytes]:
    """One member, of which at most one byte more than is `left`, and what comes after it."""
    machine = zlib.decompressobj(_GZIP)
    try:
        part = machine.decompress(packed, left + 1)
    except zlib.error:
        raise _broken("is not gzip" if is_first else "is broken, or has something behind its end") from None
    if len(part) <= left and not machine.eof:
        raise _broken("ends before its end")
    return part, machine.unused_data


def _broken(how: str) -> MessageError:
    return MessageError(
        f"The packed body {how}.",
        path="Content-Encoding",
        code=ErrorCode.MALFORMED,
        remedy="Pack the body again, whole, by gzip, or send it as it is.",
    )


def pack(response: Response) -> Response:
    """The answer, packed for who asks for that; caches are told that it depends on who asks."""
    if (response.content_length or 0) < LEAST:
        return response
    response.vary.add("Accept-Encoding")
    if not _is_wanted():
        return response
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    response.set_data(machine.compress(response.get_data()) + machine.flush())
    response.headers["Content-Encoding"] = "gzip"
    tag, is_weak = response.get_etag()
    if tag is not None and not is_weak:  # the same resource, and other bytes (RFC 9110, section 8.8.1)
        response.set_etag(tag, weak=True)
    return response


def _is_wanted() -> bool:
    """Whether gzip is accepted, and no less than the answer as it is."""
    accepted = request.accept_encodings
    quality = max((q for name, q in accepted if name.lower() in _NAMES), default=None)
    if quality is None:
        quality = max((q for name, q in accepted if name == "*"), default=0)
    plain = max((q for name, q in accepted if name.lower() == "identity"), default=0)
    return quality > 0 and quality >= plain
