"""The resource in the body of a message, whatever media type it came in."""

from __future__ import annotations

from adapters.fhir.media import charset_of, is_xml_body, is_xml_type
from adapters.fhir.tree import Node, decode, has_escapes, names_modifiers, parse, refuse_modifiers
from adapters.fhir.xml_read import decode_xml
from gateway.ports import Inbound


def body_of(message: Inbound) -> Node:
    """The resource.

    :raises UnsupportedFormat: the body is of a media type, a charset or a FHIR version that is not read.
    :raises MessageError: it is not a resource, or has a modifier that nobody here understands.
    """
    node = unjudged_body_of(message)
    if may_have_modifiers(message):
        refuse_modifiers(node)
    return node


def unjudged_body_of(message: Inbound) -> Node:
    """As :func:`body_of`, but for modifiers: where the resources of a message are answered one by one."""
    if is_xml_body(message):
        return decode_xml(message.body, charset_of(message))
    return decode(message.body)


def may_have_modifiers(message: Inbound) -> bool:
    """False for a body in which no modifier can stand. XML may come in an encoding that hides their names."""
    return is_xml_body(message) or names_modifiers(message.body)


def may_have_escapes(message: Inbound) -> bool:
    """False for a body in which every letter stands as itself. XML may come in an encoding that hides the others."""
    return is_xml_body(message) or has_escapes(message.body)


def answer_of(body: bytes, content_type: str) -> Node:
    """The resource that a partner answers, in XML when it says so, else in JSON.

    :raises GatewayError: it cannot be read, or has a modifier that nobody here understands.
    """
    if not is_xml_type(content_type):
        return parse(body)
    node = decode_xml(body)
    refuse_modifiers(node)
    return node
