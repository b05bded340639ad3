"""Reading an element tree by local names.

Senders put one message into the namespace of another version, into a prefix of their own, or into none. What
is read here is therefore named by local names alone; which version and which namespace it claims to be is the
adapter's question, asked once at the root.

A path is a sequence of local names: `text(message, "Header", "MessageID")`. At each step the first child of
that name is taken. Absent is None, everywhere: `None` in, `None` out, so that reading can be chained.
"""

from __future__ import annotations

from lxml.etree import _Element

from gateway.errors import MessageError


def local(element: _Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: _Element | None, *path: str) -> _Element | None:
    """The element at the end of the path, or None where a step finds nothing."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(f"{{*}}{name}"), None)
    return element


def children(element: _Element | None, name: str) -> list[_Element]:
    """The children of that local name, in document order."""
    return [] if element is None else list(element.iterchildren(f"{{*}}{name}"))


def single(element: _Element | None, name: str) -> _Element | None:
    """The only child of that local name; None where there is none.

    :raises MessageError: there are several, and nobody can know which one counts.
    """
    found = children(element, name)
    if len(found) > 1:
        raise MessageError(f"{name} is there more than once.", path=path_of(found[1]), remedy="Send it once.")
    return found[0] if found else None


def text(element: _Element | None, *path: str) -> str | None:
    """The text at the end of the path, trimmed; None when there is no such element or nothing in it.

    An element that holds elements is no text: what stands before the first of them would be half of something.
    """
    found = child(element, *path)
    if found is None or found.text is None or len(found):
        return None
    return found.text.strip() or None


def path_of(element: _Element) -> str:
    """Where the element stands, for an error: `Message/Body/RxHistoryResponse/MedicationDispensed[2]`.

    The position (from 1, as in XPath) is given where siblings share the name. No namespaces, no values.
    """
    steps = []
    at: _Element | None = element
    while at is not None:
        steps.append(_step(at))
        at = at.getparent()
    return "/".join(reversed(steps))


def _step(element: _Element) -> str:
    name = local(element)
    parent = element.getparent()
    twins = children(parent, name)
    return f"{name}[{twins.index(element) + 1}]" if len(twins) > 1 else name
