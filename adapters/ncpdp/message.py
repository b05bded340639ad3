"""The outside of a SCRIPT message: its dialect, its header, and which transaction its body holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from lxml.etree import _Element
from werkzeug.http import parse_options_header

from adapters._wire import child, parse
from adapters._wire.xml import MAX_ELEMENTS as PARSED_ELEMENTS
from adapters.ncpdp.tree import Tree, repeated, sub, text, to_tree
from adapters.ncpdp.version import Dialect, detect
from adapters.ncpdp.wrapping import unwrapped
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.ports import Inbound

ROOT = "Message/Body"

# Of what is sent to this gateway: a request has some 100 elements in 4,000 bytes, a RxFill twice as many. A
# partner's answer, of up to 300 medications, has the limits of the parser alone.
MAX_BYTES = 1_000_000
MAX_ELEMENTS = 10_000
_KEPT = "script message"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was parsed and whose version is known.

    `transaction` is the name of the one element in the body, `body` that element; both as local names.
    """

    dialect: Dialect
    header: Tree
    transaction: str
    body: Tree

    @property
    def message_id(self) -> str | None:
        """The sender's id of this message."""
        return text(self.header, "MessageID")

    @property
    def sent_as(self) -> str | None:
        """The name under which its sender knows this message and no other; None when it has none."""
        return f"{text(self.header, 'From') or ''}\n{self.message_id}" if self.message_id else None


def open_request(inbound: Inbound) -> Message:
    """The message of an HTTP request.

    :raises UnsupportedFormat: the content type is not one of XML, or the encoding is not read here.
    :raises TooLarge: it is larger than any message of SCRIPT that is taken here.
    :raises MessageError: not XML, hostile, not SCRIPT, or a version that is not spoken here.
    """
    kind = inbound.content_type
    if kind and kind not in {"application/xml", "text/xml"} and not kind.endswith("+xml"):
        raise UnsupportedFormat(
            "The content type is not one of XML.", path="Content-Type", remedy="Send application/xml."
        )
    known = inbound.kept.get(_KEPT)
    if isinstance(known, _Opened) and known.body is inbound.body:
        return known.message
    document = parse(
        inbound.body, charset=charset_of(inbound), max_bytes=MAX_BYTES, max_elements=MAX_ELEMENTS
    )
    message = opened(document, max_elements=MAX_ELEMENTS)
    inbound.kept[_KEPT] = _Opened(inbound.body, message)
    return message


class _Opened(NamedTuple):
    """A message that was opened for reading, for whoever writes the answer."""

    body: bytes
    message: Message


def opened(
    document: _Element, *, kept: frozenset[str] = frozenset(), max_elements: int = PARSED_ELEMENTS
) -> Message:
    """The message in a document.

    :param kept: as :func:`adapters.ncpdp.tree.to_tree`.
    :param max_elements: of a message that is a text in the document.
    :raises MessageError: not SCRIPT, a version that is not spoken here, or not exactly one transaction in it.
    """
    root, wrapping = unwrapped(document, max_elements)
    dialect = replace(detect(root), wrapping=wrapping)
    message = to_tree(root, kept=kept)
    body = message.get("Body")
    if not isinstance(body, dict) or not body:
        raise MessageError(
            "The Message has no transaction in its Body.",
            path=ROOT,
            remedy="Send one transaction in one Message.",
            code=ErrorCode.MALFORMED,
        )
    if len(body) > 1 or repeated(message, "Body"):
        raise MessageError(
            "The Message has several transactions in its Body.",
            path=ROOT,
            remedy="Send one transaction in one Message.",
            code=ErrorCode.MALFORMED,
        )
    transaction = next(iter(body))
    return Message(
        dialect, _with_qualifiers(root, sub(message, "Header")), transaction, sub(body, transaction)
    )


def charset_of(inbound: Inbound) -> str | None:
    """The `charset` parameter of the Content-Type."""
    return parse_options_header(inbound.headers.get("content-type"))[1].get("charset")


def header_of(root: _Element) -> Tree:
    """The header of a document, whatever else is wrong with it; empty when there is none."""
    return _with_qualifiers(root, sub(to_tree(root), "Header"))


def _with_qualifiers(root: _Element, header: Tree) -> Tree:
    """The header with the attribute of To and From under `@To` and `@From`: the only ones that SCRIPT has."""
    found = {f"@{name}": child(root, "Header", name) for name in ("To", "From")}
    return header | {key: element.get("Qualifier") for key, element in found.items() if element is not None}


def transaction_refused() -> MessageError:
    """The error for a transaction other than the ones that are taken here."""
    return MessageError(
        "Only RxHistoryRequest and RxFill are taken here.",
        path=ROOT,
        remedy="Send one of them.",
        code=ErrorCode.UNKNOWN_OPERATION,
    )
