"""What arrives, opened: the PMIX document, in a SOAP 1.1 envelope or on its own, and the header blocks.

Everything that is about the message rather than about the patient is checked here: content type, SOAPAction,
version of SOAP, headers that must be understood, version of PMIX.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml.etree import _Element
from werkzeug.http import parse_options_header

from adapters._wire import local, parse, path_of, soap
from adapters.soap.names import ACTION, META_DATA, OPERATION, OTHER_VERSIONS, PMIX, SPOKEN
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.ports import Inbound

_MEDIA = {
    "text/xml",
    "application/xml",
    "application/soap+xml",
}  # the last is SOAP 1.2's: told apart further on
_REQUEST = "PMPRequest"
_INSTEAD_OF_SECURITY = "Authenticate with an OAuth 2.0 bearer token in the HTTP header Authorization instead."


class Opened(NamedTuple):
    """The `PMPRequest`, and the `MetaData` header where there is one."""

    request: _Element
    meta_data: _Element | None


def open_request(message: Inbound) -> Opened:
    """The PMIX request in the message.

    :raises UnsupportedFormat: the content type or the encoding is not XML's.
    :raises soap.VersionMismatch: the envelope is of another version of SOAP.
    :raises soap.MustUnderstand: a header block demands what is not done here.
    :raises MessageError: it is no XML, no envelope, no request, or a request of another PMIX version.
    """
    if message.content_type and message.content_type not in _MEDIA:
        raise UnsupportedFormat(
            "The content type is not XML.", path="Content-Type", remedy="Send the request as text/xml."
        )
    root = _parsed(message)
    soap.require_action(message.headers.get("soapaction"), {OPERATION}, path="SOAPAction", action=ACTION)
    if local(root) != "Envelope":
        return Opened(_checked(root), None)
    envelope = _opened(root)
    meta_data = next((block for block in envelope.headers if block.tag == META_DATA), None)
    return Opened(_checked(envelope.payload), meta_data)


def is_enveloped(message: Inbound) -> bool:
    """Whether the message came in an envelope and so wants its answer in one. True when that cannot be told."""
    try:
        return local(_parsed(message)) == "Envelope"
    except MessageError:
        return True


def _parsed(message: Inbound) -> _Element:
    _, options = parse_options_header(message.headers.get("content-type"))
    return parse(message.body, charset=options.get("charset"))


def _opened(root: _Element) -> soap.Envelope:
    namespace = str(root.tag).rpartition("}")[0].lstrip("{")
    if namespace != soap.ENVELOPE_1_1:
        raise soap.VersionMismatch(
            "The envelope is not one of SOAP 1.1.",
            path="Envelope",
            remedy=f"Send an Envelope of the namespace {soap.ENVELOPE_1_1}.",
        )
    envelope = soap.open_envelope(root)
    soap.require_understood(envelope, {META_DATA}, instead=_INSTEAD_OF_SECURITY)
    return envelope


def _checked(document: _Element) -> _Element:
    """The document, when it is a request of PMIX 2.x."""
    if local(document) != _REQUEST:
        raise MessageError(
            "The message is no PMIX request.",
            path="/" if document.getparent() is None else "Envelope/Body",
            remedy=f"Send a {_REQUEST} of {SPOKEN}.",
            code=ErrorCode.UNKNOWN_OPERATION,
        )
    if document.tag != f"{{{PMIX}}}{_REQUEST}" or any(_of_other_version(e) for e in document.iter("{*}*")):
        raise MessageError(
            "The request is not of the PMIX version that is spoken here.",
            path=path_of(document),
            remedy=f"Send {SPOKEN}.",
            code=ErrorCode.UNSUPPORTED_VERSION,
        )
    return document


def _of_other_version(element: _Element) -> bool:
    return str(element.tag).lstrip("{").startswith(OTHER_VERSIONS)
