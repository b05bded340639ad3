"""SOAP envelopes: opened when they come in, made when answers and faults go out.

SOAP 1.1 is the W3C Note of 2000-05-08, whose sections are meant where none other is named; SOAP 1.2 the W3C
Recommendation of 2007-04-27. A route that speaks 1.1 only says so with a VersionMismatch fault in its own version
(section 4.4). Nothing is known here of what a body or a header means.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from lxml.etree import _Element

from adapters._wire.blocks import Block, to_bytes
from adapters._wire.elements import local, path_of
from adapters._wire.escaping import Xml
from gateway.errors import ErrorCode, MessageError

ENVELOPE_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_1_2 = "http://www.w3.org/2003/05/soap-envelope"

# Headers meant for whoever receives the message: no actor or role at all, or one of these.
_FOR_US = {
    "http://schemas.xmlsoap.org/soap/actor/next",
    f"{ENVELOPE_1_2}/role/next",
    f"{ENVELOPE_1_2}/role/ultimateReceiver",
}
_SECURITY = "Security"  # of WS-Security, whatever its version
_STEP = re.compile("[/#:]")
_BLOCKS = Path(__file__).parent / "blocks"
_envelope = Block.load(_BLOCKS / "soap_1_1_envelope.xml", fixed={"soap": ENVELOPE_1_1})
_envelope_1_2 = Block.load(_BLOCKS / "soap_1_2_envelope.xml", fixed={"soap": ENVELOPE_1_2})
_fault = Block.load(_BLOCKS / "soap_1_1_fault.xml", fixed={"soap": ENVELOPE_1_1})
_fault_1_2 = Block.load(_BLOCKS / "soap_1_2_fault.xml", fixed={"soap": ENVELOPE_1_2})


class Version(StrEnum):
    """The version of SOAP, told by the envelope's namespace."""

    SOAP_1_1 = "1.1"
    SOAP_1_2 = "1.2"


_VERSIONS = {ENVELOPE_1_1: Version.SOAP_1_1, ENVELOPE_1_2: Version.SOAP_1_2}


class FaultCode(StrEnum):
    """Whose fault it is, in the words of SOAP 1.1: section 4.4.1."""

    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"
    CLIENT = "Client"
    SERVER = "Server"


_CODES_1_2 = {FaultCode.CLIENT: "Sender", FaultCode.SERVER: "Receiver"}
"""What SOAP 1.2 (part 1, section 5.4.6) calls otherwise."""


class VersionMismatch(MessageError):
    """The envelope is not of a version of SOAP that is spoken there (section 4.4.1)."""

    code = ErrorCode.UNSUPPORTED_VERSION


class MustUnderstand(MessageError):
    """A header block demands to be understood and is not (section 4.2.3)."""


class Envelope(NamedTuple):
    """An opened envelope: its version, the header blocks (none is usual) and the Body element."""

    version: Version
    headers: list[_Element]
    body: _Element

    @property
    def payload(self) -> _Element:
        """The one element in the body.

        :raises MessageError: the body holds no element, or several.
        """
        entries = list(self.body)
        if len(entries) != 1:
            found = "no element" if not entries else "several elements"
            raise MessageError(
                f"The SOAP Body holds {found}.",
                path=path_of(self.body),
                remedy="Send exactly one request element in the Body.",
                code=ErrorCode.INVALID if entries else ErrorCode.REQUIRED,
            )
        return entries[0]


def open_envelope(root: _Element) -> Envelope:
    """Take the envelope apart.

    :raises MessageError: the root is no SOAP envelope; `ErrorCode.UNSUPPORTED_VERSION` when it is an Envelope
        of a version that does not exist; `ErrorCode.INVALID` when Header and Body are not as section 4 has them.
    """
    namespace = str(root.tag).rpartition("}")[0].lstrip("{")
    if local(root) != "Envelope":
        raise MessageError(
            "The root element is not a SOAP Envelope.",
            path="/",
            remedy=f"Put the request into the Body of an Envelope of the namespace {ENVELOPE_1_1}.",
            code=ErrorCode.MALFORMED,
        )
    if namespace not in _VERSIONS:
        raise MessageError(
            "The Envelope's namespace is none of SOAP 1.1 or SOAP 1.2.",
            path="Envelope",
            remedy=f"Use the namespace {ENVELOPE_1_1}.",
            code=ErrorCode.UNSUPPORTED_VERSION,
        )
    parts = list(root)
    header = parts.pop(0) if parts and parts[0].tag == f"{{{namespace}}}Header" else None
    if [part.tag for part in parts] != [f"{{{namespace}}}Body"]:
        # Also what a second Body would be good for: the signature covers one and the receiver reads the other.
        raise MessageError(
            "The Envelope does not consist of one optional Header and one Body, in this order.",
            path="Envelope",
            remedy="Send at most one Header, then one Body, both in the Envelope's namespace.",
            code=ErrorCode.INVALID,
        )
    return Envelope(_VERSIONS[namespace], [] if header is None else list(header), parts[0])


def not_understood(envelope: Envelope, understood: Collection[str] = ()) -> str | None:
    """The name, as `{namespace}local`, of the first header block that must be understood and is not; else None.

    A block meant for another actor is none of our business (section 4.2.2).

    :param understood: the names, in the same form, of the blocks that the caller processes.
    """
    namespace = ENVELOPE_1_1 if envelope.version is Version.SOAP_1_1 else ENVELOPE_1_2
    actor = "actor" if envelope.version is Version.SOAP_1_1 else "role"
    for block in envelope.headers:
        demanded = (block.get(f"{{{namespace}}}mustUnderstand") or "").strip() in {"1", "true"}
        addressee = (block.get(f"{{{namespace}}}{actor}") or "").strip()
        if demanded and str(block.tag) not in understood and (not addressee or addressee in _FOR_US):
            return str(block.tag)
    return None


def require_understood(envelope: Envelope, understood: Collection[str] = (), *, instead: str) -> None:
    """See :func:`not_understood`.

    :param instead: how a caller authenticates there, in place of WS-Security.
    :raises MustUnderstand: there is such a header block.
    """
    missed = not_understood(envelope, understood)
    if missed is None:
        return
    name = missed.rpartition("}")[2]
    remedy = "Leave the header out, or send it without mustUnderstand."
    raise MustUnderstand(
        f"The header {name[:80]} must be understood and is not.",
        path="Envelope/Header",
        remedy=instead if name == _SECURITY else remedy,
    )


def require_action(stated: str | None, operations: Collection[str], *, path: str, action: str) -> None:
    """Hold the action that the transport states against the operations that there are.

    One that is absent or empty states no intent (section 6.1.1); of any other the last step names the operation,
    since senders differ in what stands before it.

    :param path: where it was stated: `SOAPAction`, or for SOAP 1.2 the `Content-Type`.
    :param action: what the service's description has.
    :raises MessageError: `ErrorCode.UNKNOWN_OPERATION`, for the action of another service.
    """
    intent = (stated or "").strip().strip('"').strip()
    if intent and _STEP.split(intent.rstrip("/"))[-1] not in operations:
        raise MessageError(
            f"The {path} names no operation of this service.",
            path=path,
            remedy=f'Send the action "{action}", or an empty one.',
            code=ErrorCode.UNKNOWN_OPERATION,
        )


def envelope_1_1(body: Xml, header: Xml | None = None) -> bytes:
    """A document: the envelope of SOAP 1.1 around a body, and around header blocks where there are any."""
    return to_bytes(_envelope.render({"header": header, "body": body}))


def envelope_1_2(body: Xml, header: Xml | None = None) -> bytes:
    """As :func:`envelope_1_1`, of SOAP 1.2."""
    return to_bytes(_envelope_1_2.render({"header": header, "body": body}))


def fault_1_1(code: FaultCode, text: str, *, actor: str | None = None, detail: Xml | None = None) -> bytes:
    """A document: a SOAP 1.1 fault (section 4.4).

    :param text: what people read: what is wrong, where, and what to do. Never anything about a patient.
    :param actor: the URI of whoever found the fault; left out by the final receiver.
    :param detail: only for faults about the body; it must be absent when a header is at fault.
    """
    values = {"code": code.value, "text": text, "actor": actor, "detail": detail}
    return to_bytes(_fault.render(values))


def fault_1_2(code: FaultCode, text: str, *, detail: Xml | None = None) -> bytes:
    """A document: a SOAP 1.2 fault (part 1, section 5.4); the parameters are those of :func:`fault_1_1`."""
    return to_bytes(
        _fault_1_2.render({"code": _CODES_1_2.get(code, code.value), "text": text, "detail": detail})
    )
