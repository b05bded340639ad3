"""The narrative of a resource: XHTML without anything that acts, loads or asks.

Source: FHIR R4 "narrative" (the elements and attributes that a `div` may have: invariant txt-1).
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from adapters._wire.escaping import escape_attribute, escape_text
from gateway.errors import ErrorCode, MessageError

XHTML: Final = "http://www.w3.org/1999/xhtml"
MAX_LENGTH: Final = 100_000
"""Characters of one narrative."""

_ELEMENTS: Final = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 "
        "hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var",
    )
)
_ATTRIBUTES: Final = frozenset(
    re.findall(
        r"\w+",
        "abbr accesskey align alt axis border cellhalign cellpadding cellspacing cellvalign char charoff charset "
        "cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name "
        "nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign value "
        "vspace width",
    )
)
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_LINKS: Final = frozenset({"href", "src", "cite", "longdesc"})
_EMPTY: Final = frozenset({"br", "hr", "img", "col"})
_SCHEME = re.compile(r"[^/?#]*:")
_HARMLESS_SCHEME = re.compile(r"(https?|mailto|tel|cid|urn|data:image/(png|gif|jpeg)[;,])", re.IGNORECASE)
_ACTING_STYLE = re.compile(r"url|expression|script|import|behavior|binding|[\\@]", re.IGNORECASE)


def checked(div: etree._Element, path: str) -> str:
    """The narrative as JSON has it, in one spelling.

    :raises MessageError: it is no `div` of XHTML, or holds what a narrative may not; `path` is its place.
    """
    if div.tag != f"{{{XHTML}}}div":
        raise _refused(path, "is not a div of XHTML", f'Send <div xmlns="{XHTML}">.')
    pieces: list[str] = []
    _write(div, pieces, path, f' xmlns="{XHTML}"')
    written = "".join(pieces)
    if len(written) > MAX_LENGTH:
        raise _refused(path, f"is longer than {MAX_LENGTH} characters", "Send a shorter narrative.")
    return written


def _write(element: etree._Element, pieces: list[str], path: str, declaration: str = "") -> None:
    name = etree.QName(element)
    if name.namespace != XHTML or name.localname not in _ELEMENTS:
        raise _refused(path, "has an element that no narrative may have")
    pieces.append(f"<{name.localname}{declaration}")
    for attribute, value in element.attrib.items():
        pieces.append(f' {_attribute(str(attribute), str(value), path)}="{escape_attribute(str(value))}"')
    if not len(element) and not element.text and name.localname in _EMPTY:
        pieces.append("/>")
        return
    pieces.append(f">{escape_text(element.text or '')}")
    for child in element:
        _write(child, pieces, path)
        pieces.append(escape_text(child.tail or ""))
    pieces.append(f"</{name.localname}>")


def _attribute(name: str, value: str, path: str) -> str:
    if name == _XML_LANG:
        return "xml:lang"
    if name not in _ATTRIBUTES:
        raise _refused(path, "has an attribute that no narrative may have")
    if name in _LINKS:
        plain = re.sub(r"[\s\x00-\x20]", "", value)  # as browsers read it
        if _SCHEME.match(plain) and not _HARMLESS_SCHEME.match(plain):
            raise _refused(path, "has a link that no narrative may have")
    if name == "style" and _ACTING_STYLE.search(value):
        raise _refused(path, "has a style that loads or acts")
    return name


def _refused(path: str, what: str, remedy: str = "Send plain formatted text.") -> MessageError:
    return MessageError(f"The narrative {what}.", code=ErrorCode.INVALID, path=path, remedy=remedy)
