"""FHIR XML -> the value that the same resource has in JSON, so that every reader reads both.

Read strictly where two readers could see two things, and tolerantly where they cannot:

* elements may stand in another order than R4 has them; repeats of one element stand beside each other
* an element that does not repeat stands once; one that R4 does not know, or of another namespace, is refused
* text outside of a narrative, empty elements and attributes other than `id`, `url` and `value` are refused
* `xsi:schemaLocation` on the root is passed over, and so are comments and white space; the parser refuses DOCTYPE,
  entities, processing instructions, and too much of anything

Source: FHIR R4 "xml" and "json".
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from adapters._wire.xml import parse
from adapters.fhir.tree import ROOTS, Node
from adapters.fhir.xhtml import XHTML, checked
from adapters.fhir.xml_types import PRIMITIVE, Child, Kind, Shape, resource_shape, shape_in
from gateway.errors import ErrorCode, MessageError

FHIR: Final = "http://hl7.org/fhir"

_SCHEMA_LOCATION: Final = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,30})|\+[1-9][0-9]{0,30}")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS: Final = {"true": True, "false": False}
_BLANK: Final = " \t\r\n"


def decode_xml(body: bytes, charset: str | None = None) -> Node:
    """The resource in a body of FHIR XML.

    :param charset: of the Content-Type, where it has one.
    :raises TooLarge: more bytes, elements or attributes than the parser takes.
    :raises UnsupportedFormat: another encoding.
    :raises MessageError: not XML, not a resource of FHIR R4, or with something in it that has no meaning there.
    """
    root = parse(body, charset=charset)
    name = etree.QName(root).localname
    path = name if name in ROOTS else "Resource"
    root.attrib.pop(_SCHEMA_LOCATION, None)
    return Node(_resource(root, path), None, path)


def _resource(element: etree._Element, path: str) -> dict[str, Any]:
    kind = _name(element, path)
    shape = resource_shape(kind)
    if shape is None:
        raise _fault(path, "is not a resource that FHIR R4 defines", "Send a resource of FHIR R4.")
    return {"resourceType": kind, **_members(element, shape, path)}


def _members(element: etree._Element, shape: Shape, path: str) -> dict[str, Any]:
    """The attributes and the children of a complex element or of a resource."""
    _refuse_text(element, path)
    read: dict[str, Any] = {}
    for name, value in element.attrib.items():
        attribute = shape.children.get(str(name))
        if attribute is None or not attribute.is_attribute:
            raise _fault(path, "has an attribute that it may not have", "Send elements, with @value.")
        if not str(value).strip():
            raise _fault(f"{path}.{name}", "is empty", "Leave out what is empty.")
        read[str(name)] = str(value)
    for child, elements in _children(element, shape, path):
        _read_child(child, elements, path, read)
    return read


def _children(element: etree._Element, shape: Shape, path: str) -> list[tuple[Child, list[etree._Element]]]:
    """The child elements by name, in the order in which they come."""
    found: dict[str, list[etree._Element]] = {}
    last = None
    for sub in element:
        is_narrative = _namespace(sub) == XHTML and "div" in shape.children
        name = "div" if is_narrative else _name(sub, path)
        child = shape.children.get(name)
        if child is None or child.is_attribute or (child.kind is Kind.XHTML) != is_narrative:
            raise _fault(path, "has an element that FHIR R4 does not know there", "Leave it out.")
        if name in found and not child.repeats:
            raise _fault(f"{path}.{name}", "is there twice", "Send it once.")
        if name in found and name != last:
            raise _fault(f"{path}.{name}", "is interrupted by another element", "Send repeats side by side.")
        found.setdefault(name, []).append(sub)
        last = name
    return [(shape.children[name], elements) for name, elements in found.items()]


def _read_child(child: Child, elements: list[etree._Element], path: str, read: dict[str, Any]) -> None:
    places = [
        f"{path}.{child.name}[{i}]" if child.repeats else f"{path}.{child.name}" for i in range(len(elements))
    ]
    pairs = list(zip(elements, places, strict=True))
    if not child.is_primitive:
        values = [_complex(child, element, place) for element, place in pairs]
        read[child.name] = values if child.repeats else values[0]
        return
    told = [_primitive(child, element, place) for element, place in pairs]
    for name, side in ((child.name, [t[0] for t in told]), (f"_{child.name}", [t[1] for t in told])):
        if any(value is not None for value in side):
            read[name] = side if child.repeats else side[0]


def _complex(child: Child, element: etree._Element, path: str) -> Any:
    if child.kind is Kind.XHTML:
        return checked(element, path)
    if child.kind is Kind.RESOURCE:
        _refuse_text(element, path)
        if len(element) != 1 or element.attrib:
            raise _fault(path, "does not hold one resource", "Send one resource in each.")
        return _resource(element[0], path)
    read = _members(element, shape_in(child), path)
    if not read:
        raise _fault(path, "is empty", "Leave out what is empty.")
    return read


def _primitive(child: Child, element: etree._Element, path: str) -> tuple[Any, dict[str, Any] | None]:
    """The value of a primitive element, and what JSON has of it under its name with an underscore."""
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    text = attributes.pop("value", None)
    beside = _beside(element, attributes, path)
    if text is None and "extension" not in beside:
        raise _fault(path, "has neither a value nor an extension", "Send its value in the attribute value.")
    return (None if text is None else _value(child.kind, text, path)), beside or None


def _beside(element: etree._Element, attributes: dict[str, str], path: str) -> dict[str, Any]:
    _refuse_text(element, path)
    if attributes.keys() - {"id"}:
        raise _fault(path, "has an attribute that it may not have", "Send value and id only.")
    beside: dict[str, Any] = dict(attributes)
    for child, elements in _children(element, PRIMITIVE, path):
        _read_child(child, elements, path, beside)
    return beside


def _value(kind: Kind, text: str, path: str) -> Any:
    if kind is Kind.TEXT:
        if not text.strip(_BLANK):
            raise _fault(path, "is empty", "Leave out what is empty.")
        return text
    plain = text.strip(_BLANK)  # as XML Schema reads booleans and numbers
    if kind is Kind.BOOLEAN and plain in _BOOLEANS:
        return _BOOLEANS[plain]
    if kind is Kind.INTEGER and _INTEGER.fullmatch(plain):
        return int(plain)
    if kind is Kind.DECIMAL and _DECIMAL.fullmatch(plain):
        return int(plain) if _INTEGER.fullmatch(plain) and plain != "-0" else Decimal(plain)
    raise _fault(path, _EXPECTED[kind], "Send it as FHIR R4 defines it.")


_EXPECTED: Final = {
    Kind.BOOLEAN: "is neither true nor false",
    Kind.INTEGER: "is not a whole number of ordinary size",
    Kind.DECIMAL: "is not a number of ordinary size",
}


def _namespace(element: etree._Element) -> str | None:
    return etree.QName(element).namespace


def _name(element: etree._Element, path: str) -> str:
    name = etree.QName(element)
    if name.namespace != FHIR:
        raise _fault(path, "has an element that is not in the namespace of FHIR", f'Use xmlns="{FHIR}".')
    return name.localname


def _refuse_text(element: etree._Element, path: str) -> None:
    texts = (element.text, *(child.tail for child in element))
    if any(text and text.strip(_BLANK) for text in texts):
        raise _fault(path, "has text outside of attributes", "Send values in the attribute value.")


def _fault(path: str, what: str, remedy: str) -> MessageError:
    name = path.rpartition(".")[2].partition("[")[0]
    return MessageError(f"{name} {what}.", code=ErrorCode.INVALID, path=path, remedy=remedy)
