"""A message inside the `string` element with which .NET's web services hand texts around, in and out:

    <string xmlns="http://tempuri.org/">&lt;Message ...&gt;...&lt;/Message&gt;</string>

The message is the text of the element, and a document of its own: it passes the same parser, with the same limits.
Some senders put the Message itself into the element. Whoever sends so is answered so, in the same namespace.
"""

from __future__ import annotations

import html
import re

from lxml.etree import QName, _Element

from adapters._wire import Xml, parse, to_bytes
from adapters._wire.escaping import escape_attribute, escape_text

_DECLARATION = re.compile(rb"<\?xml .*?\?>\s*")
_START = re.compile(r"<(?:\w{1,20}:)?string(\s[^<>]{0,300})?>")
_NAMESPACE = re.compile(r"""xmlns(?::\w+)?\s*=\s*["']([^"'<>]*)["']""")


def unwrapped(root: _Element, max_elements: int) -> tuple[_Element, str | None]:
    """The root of the message, and the namespace of the `string` around it: None when there is none around it.

    :param max_elements: of the message, where it is a text.
    :raises GatewayError: the text is no XML that is let in; lines and columns are the text's own.
    """
    name = QName(root)
    if name.localname != "string":
        return root, None
    namespace = name.namespace or ""
    if len(root) == 1 and not (root.text or "").strip():
        (message,) = root
        if QName(message).namespace == name.namespace:  # inherited: it declares none of its own
            message.tag = QName(message).localname
        return message, namespace
    # Its characters are known by now, whatever encoding it declares for its bytes.
    inner = (root.text or "").strip().encode()
    return parse(inner, charset="utf-8", max_elements=max_elements), namespace


def wrapped(document: bytes, namespace: str | None) -> bytes:
    """The document as the text of a `string` in that namespace; as it is when there is to be none."""
    if namespace is None:
        return document
    text = escape_text(_DECLARATION.sub(b"", document, count=1).decode())
    declared = f' xmlns="{escape_attribute(namespace)}"' if namespace else ""
    return to_bytes(Xml(f"<string{declared}>{text}</string>"))


def sniffed(head: str) -> tuple[str, str | None]:
    """The beginning of a document that cannot be parsed, as its sender meant it: what is inside of the `string`, and
    the namespace of that; None when it begins with another element.
    """
    found = _START.search(head)
    if found is None or "<Message" in head[: found.start()]:
        return head, None
    declared = _NAMESPACE.search(found[1] or "")
    return html.unescape(head[found.end() :]), declared[1] if declared else ""
