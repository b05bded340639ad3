"""What arrives, opened: the transaction in its SOAP envelope, of either version.

Everything that is about the message rather than about what it reports is checked here: content type, action, headers
that must be understood, the operation. The transaction's own elements are read by local names and in any order.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from lxml.etree import _Element
from werkzeug.http import parse_options_header

from adapters._wire import local, parse, path_of, single, soap, text
from adapters.clearinghouse.names import ACTION, OPERATION, OPERATIONS, PMP, TRANSACTION
from gateway.errors import ErrorCode, MessageError, UnsupportedFormat
from gateway.ports import Inbound

SOAP_1_2 = "application/soap+xml"
_MEDIA = {"text/xml", "application/xml", SOAP_1_2}
_INSTEAD_OF_SECURITY = (
    "Send Username and Password in the transaction, or a bearer token in Authorization, instead."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A `PMPTransaction`; what is absent or empty is None. `path` is where it stands.

    White space around a text is the sender's layout. White space within the ASAP text is as the XML parser leaves it.
    """

    path: str
    version: soap.Version
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    destination: str | None
    asap: str | None = field(repr=False)


def open_transaction(message: Inbound) -> Transaction:
    """The transaction in the message.

    :raises UnsupportedFormat: the content type or the encoding is not XML's.
    :raises soap.VersionMismatch: the envelope is of no version of SOAP.
    :raises soap.MustUnderstand: a header block demands what is not done here.
    :raises MessageError: it is no XML, no envelope, or no transaction; or a part of it is there twice.
    """
    if message.content_type and message.content_type not in _MEDIA:
        raise UnsupportedFormat(
            "The content type is not XML.",
            path="Content-Type",
            remedy=f"Send the request as text/xml (SOAP 1.1) or {SOAP_1_2} (SOAP 1.2).",
        )
    envelope = _opened(_parsed(message))
    soap.require_understood(envelope, instead=_INSTEAD_OF_SECURITY)
    _require_action(message, envelope.version)
    payload = envelope.payload
    if payload.tag != TRANSACTION:
        raise MessageError(
            f"The Body holds no {OPERATION} of the namespace {PMP}.",
            path=path_of(payload) if local(payload) == OPERATION else "Envelope/Body",
            remedy=f'Send a {OPERATION} of the namespace "{PMP}", as the description at ?wsdl has it.',
            code=ErrorCode.UNKNOWN_OPERATION,
        )
    return Transaction(
        path=path_of(payload),
        version=envelope.version,
        username=text(single(payload, "Username")),
        password=text(single(payload, "Password")),
        destination=text(single(payload, "DestinationPMP")),
        asap=text(single(payload, "Request")),
    )


def version_of(message: Inbound) -> soap.Version:
    """The version of SOAP in which the sender wants its answer, as well as that can be told; else 1.1."""
    with suppress(MessageError):
        return soap.open_envelope(_parsed(message)).version
    return soap.Version.SOAP_1_2 if message.content_type == SOAP_1_2 else soap.Version.SOAP_1_1


def has_token(message: Inbound) -> bool:
    """Whether the sender shows who it is by a bearer token of the HTTP header, right or wrong."""
    return message.headers.get("authorization", "").lower().startswith("bearer ")


def _parsed(message: Inbound) -> _Element:
    return parse(message.body, charset=_content_type(message).get("charset"))


def _content_type(message: Inbound) -> dict[str, str]:
    """The parameters of the content type."""
    return parse_options_header(message.headers.get("content-type"))[1]


def _opened(root: _Element) -> soap.Envelope:
    try:
        return soap.open_envelope(root)
    except MessageError as error:
        if error.code is ErrorCode.UNSUPPORTED_VERSION:
            raise soap.VersionMismatch(error.message, path=error.path, remedy=error.remedy) from None
        raise


def _require_action(message: Inbound, version: soap.Version) -> None:
    """SOAP 1.2 states the action in the content type (RFC 3902); some senders keep the header of 1.1 all the same."""
    soap.require_action(message.headers.get("soapaction"), OPERATIONS, path="SOAPAction", action=ACTION)
    if version is soap.Version.SOAP_1_2:
        soap.require_action(
            _content_type(message).get("action"), OPERATIONS, path="Content-Type", action=ACTION
        )
