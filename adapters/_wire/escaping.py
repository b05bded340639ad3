"""Values written as XML: escaped, and without the characters that XML 1.0 does not allow."""

from __future__ import annotations

import re
from collections.abc import Sequence


class Xml(str):
    """XML text that is well-formed by its making. Only this type is taken for a slot of a block."""

    __slots__ = ()


_NOT_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"  # XML 1.0 section 2.2
_IN_TEXT = re.compile(f"[&<>\r{_NOT_XML}]")
_IN_ATTRIBUTE = re.compile(f'[&<>"\t\n\r{_NOT_XML}]')
_isalnum = str.isalnum  # asked of the type: bytes have a method of that name too, and are no text
_search_text = _IN_TEXT.search
_search_attribute = _IN_ATTRIBUTE.search
_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    # As themselves, readers would turn these into a line feed or, in attributes, into a space.
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}


def escape_text(value: str) -> str:
    """The value as an element's text. Most values have nothing to escape and are returned as they are."""
    return value if _isalnum(value) or not _search_text(value) else _IN_TEXT.sub(_reference, value)


def is_plain(value: str) -> bool:
    """True when there is nothing to escape in the value, wherever it stands: mostly, and cheaper asked of many values
    in one than of each. What is no printable character is left to the others to judge."""
    return value.isprintable() and not ("&" in value or "<" in value or ">" in value or '"' in value)


def escape_attribute(value: str) -> str:
    """The value as an attribute's, between double quotes."""
    return value if _isalnum(value) or not _search_attribute(value) else _IN_ATTRIBUTE.sub(_reference, value)


def _reference(found: re.Match[str]) -> str:
    return _REFERENCES.get(found[0], "")  # what has no reference is not allowed in XML 1.0, however written


def as_it_is(value: Xml | Sequence[Xml]) -> str:
    """What blocks rendered, one or many, joined.

    :raises TypeError: a piece was not rendered by a block, so nobody knows whether it is escaped.
    """
    if type(value) is Xml:
        return value
    pieces = (value,) if isinstance(value, str) else value
    if not all(isinstance(piece, Xml) for piece in pieces):
        raise TypeError("not rendered by a block")
    return "".join(pieces)
