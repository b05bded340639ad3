"""Compilation of a block's template: the XML tree becomes nested tuples of literals, slots and groups.

The syntax is described in `blocks.py`. Templates are our own files, so they are parsed as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lxml import etree

from adapters._wire.escaping import as_it_is, escape_attribute, escape_text

_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_.]*)\}(?!\})")
_SLOT = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_.]*)\}\}")
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"

Write = Callable[[Any], str]


class Slot(NamedTuple):
    """One value, by its position in `Template.values`, with the literals around it: without the value they
    vanish too."""

    before: str
    position: int
    after: str


class Group(NamedTuple):
    """Parts that vanish together when none of the values among them is there."""

    parts: tuple[Part, ...]


Part = str | Slot | Group


class Template:
    """A compiled template.

    :ivar values: name and writer of each value, in the order in which they come out.
    :ivar parts: the whole of it.
    """

    def __init__(self, source: str, fixed: Mapping[str, str]) -> None:
        self.values: list[tuple[str, Write]] = []
        source = _PLACEHOLDER.sub(
            lambda found: escape_attribute(fixed[found[1]]) if found[1] in fixed else found[0], source
        )
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_pis=True)
        root = etree.fromstring(source.encode(), parser)
        if etree.QName(root).localname == "block":
            parts = self._content(root, _scope(root))
        else:
            parts = self._element(root, {})
        self.parts = _merged(parts)

    def _element(self, element: etree._Element, outer: Mapping[str, str]) -> list[Part]:
        """The parts of an element; one part, so that it vanishes as a whole, when it holds a value."""
        scope = _scope(element)
        name = _name(str(element.tag), scope, element.prefix)
        parts: list[Part] = [f"<{name}"]
        for prefix, uri in scope.items():
            if outer.get(prefix, "") != uri:
                parts.append(f' xmlns{":" if prefix else ""}{prefix}="{escape_attribute(uri)}"')
        for attribute, value in element.attrib.items():
            chunks = self._chunks(str(value), escape_attribute)
            parts += _grouped([f' {_name(str(attribute), scope)}="', *chunks, '"'])
        content = self._content(element, scope)
        parts += [">", *content, f"</{name}>"] if content else ["/>"]
        return _grouped(parts)

    def _content(self, element: etree._Element, scope: Mapping[str, str]) -> list[Part]:
        parts: list[Part] = self._chunks((element.text or "").strip(), escape_text)
        for node in element:
            if isinstance(node, etree._Comment):
                parts += self._slot(node.text or "")
            else:
                parts += self._element(node, scope)
            parts += self._chunks((node.tail or "").strip(), escape_text)
        return parts

    def _slot(self, comment: str) -> list[Part]:
        found = _SLOT.fullmatch(comment.strip())
        if found:
            return [self._value(found[1], as_it_is)]
        if "{{" in comment:
            raise ValueError("a slot is a comment that holds {{name}} and nothing else")
        return []

    def _chunks(self, text: str, write: Callable[[str], str]) -> list[Part]:
        """Literal, placeholder, literal, placeholder, ..."""
        parts: list[Part] = []
        for position, piece in enumerate(_PLACEHOLDER.split(text)):
            if position % 2:
                parts.append(self._value(piece, write))
            elif "{" in piece or "}" in piece:
                raise ValueError("a brace in a template belongs to a placeholder: {name}")
            elif piece:
                parts.append(write(piece))
        return parts

    def _value(self, name: str, write: Write) -> Slot:
        self.values.append((name, write))
        return Slot("", len(self.values) - 1, "")


def _grouped(parts: list[Part]) -> list[Part]:
    """Literals alone stay what they are; a single value takes those around it along; else a group."""
    match _merged(parts):
        case (str(),) as literal:
            return list(literal)
        case (str(before), Slot() as slot, str(after)):
            return [Slot(before + slot.before, slot.position, slot.after + after)]
        case several:
            return [Group(several)]


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Neighbouring literals joined into one."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def _scope(element: etree._Element) -> dict[str, str]:
    """The namespaces in force at an element, by prefix; the default one by the empty prefix."""
    scope = {prefix or "": uri or "" for prefix, uri in element.nsmap.items()}
    if element.prefix is None:
        scope[""] = etree.QName(element).namespace or ""
    return scope


def _name(tag: str, scope: Mapping[str, str], prefix: str | None = None) -> str:
    """The qualified name as the template wrote it."""
    uri, _, local = tag.rpartition("}")
    if uri == f"{{{_XML_NAMESPACE}":
        prefix = "xml"
    elif uri and prefix is None:
        # an attribute: it needs a prefix, since the default namespace is not for attributes
        prefix = next((known for known, there in scope.items() if known and there == uri[1:]), None)
    return f"{prefix}:{local}" if prefix else local
