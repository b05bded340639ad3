"""The outside of a message: what it is, and in which version its sender is answered.

The version is that of the namespace; a document without one, or one that cannot be read at all, is answered in the
version of the URL that it was sent to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml.etree import _Element
from werkzeug.http import parse_options_header

from adapters._wire import child, local, parse, text
from adapters.pmpgateway.names import NAMESPACE, Version
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.ports import Inbound

_SPOKEN = f"the namespace {Version.V5_1.namespace} or {Version.V5.namespace}"
_MEDIA = frozenset({"", "application/xml", "text/xml", "application/x-www-form-urlencoded"})
"""Some senders leave the type of a form, which their HTTP library names by itself; what they send is XML."""
_KEPT = "pmpgateway"

MOST: Final = 262_144
"""Bytes of a message. One with every element that is known has some five thousand; what is read of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What an answer needs to know of the message: its version, the sender's own id of it, and whether the sender
    asks for a link in so many words."""

    version: Version
    licensee_request_id: str | None = None
    wants_link: bool = False


def opened(inbound: Inbound, name: str) -> _Element:
    """The root element, which is called `name`; the caller is known from now on.

    :raises UnsupportedFormat: the content type is not one of XML, or the encoding is not read here.
    :raises TooLarge: more than :data:`MOST`.
    :raises MessageError: not XML, hostile, another message, or a version that is not spoken here.
    """
    kind = inbound.content_type
    if kind not in _MEDIA and not kind.endswith("+xml"):
        raise UnsupportedFormat(
            "The content type is not one of XML.", path="Content-Type", remedy="Send application/xml."
        )
    charset = parse_options_header(inbound.headers.get("content-type"))[1].get("charset")
    root = parse(inbound.body, charset=charset, max_bytes=MOST)
    if local(root) != name:
        raise MessageError(
            f"The root element is not {name}.",
            path="/",
            remedy=f"Send a {name} to this URL.",
            code=ErrorCode.MALFORMED,
        )
    inbound.kept[_KEPT] = Caller(
        version=_version(root, inbound),
        licensee_request_id=text(root, "Requester", "LicenseeRequestId"),
        wants_link=child(root, "Requester", "ReportLink") is not None,
    )
    return root


def caller_of(inbound: Inbound | None) -> Caller:
    """Who is answered, as far as it is known."""
    kept = inbound.kept.get(_KEPT) if inbound else None
    if isinstance(kept, Caller):
        return kept
    return Caller(version=_version_of_path(inbound.path) if inbound else Version.V5_1)


def version_of(inbound: Inbound) -> Version:
    """The version of the URL that the message was sent to."""
    return _version_of_path(inbound.path)


def _version(root: _Element, inbound: Inbound) -> Version:
    namespace = str(root.tag).rpartition("}")[0].lstrip("{")
    if not namespace:
        return _version_of_path(inbound.path)
    try:
        return Version(namespace.removeprefix(NAMESPACE))
    except ValueError:
        raise MessageError(
            "The namespace is not one of the PMP Gateway's versions that are spoken here.",
            path="/",
            remedy=f"Use {_SPOKEN}.",
            code=ErrorCode.UNSUPPORTED_VERSION,
        ) from None


def _version_of_path(path: str) -> Version:
    return Version.V5 if f"/{Version.V5}/" in path else Version.V5_1
