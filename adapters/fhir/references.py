"""Where a Reference leads: to what is contained in the same resource, or to another resource of the message.

Source: FHIR R4 "references" (literal, contained) and "bundle" (resolving references in Bundles).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.fhir.tree import Node

_RESTFUL = re.compile(r".+/([A-Za-z]{1,64}/[A-Za-z0-9.-]{1,64})")


class Index:
    """The resources of a message by every reference that can lead to them.

    Two resources under one reference are found by neither: nobody may have to guess which was meant.
    """

    def __init__(self, resources: Iterable[tuple[str | None, Node]]) -> None:
        self._found: dict[str, Node | None] = {}
        for url, node in resources:
            id = node.get_value("id")
            relative = f"{node.kind}/{id}" if isinstance(id, str) else None
            restful = _RESTFUL.fullmatch(url) if url is not None else None
            for reference in {url, relative, restful[1] if restful else None} - {None}:
                if reference is not None:
                    self._found[reference] = None if reference in self._found else node

    def resolve(self, reference: str) -> Node | None:
        """The resource that the reference leads to; None when it is not in the message."""
        return self._found.get(reference)

    def referred(self, reference: Node) -> Node | None:
        """The same for a Reference."""
        target = reference.text("reference")
        return self.resolve(target) if target is not None else None


class References:
    """Follows the references of resources that may contain others.

    :param beside: the other resources of the message.
    """

    def __init__(self, beside: Index | None = None) -> None:
        self._beside = beside or Index(())
        self._contained: dict[Node, dict[str, Node | None]] = {}

    def resolve(self, reference: Node) -> Node | None:
        """The resource that the Reference leads to; None when it is not in the message."""
        target = reference.text("reference")
        if target is None or not target.startswith("#"):
            return self._beside.referred(reference)
        container = reference.container
        inside = self._contained.get(container)
        if inside is None:
            inside = self._contained[container] = _contained_in(container)
        return inside.get(target)


def _contained_in(container: Node) -> dict[str, Node | None]:
    """What is contained in a resource, by its reference; None under one that two of them have."""
    found: dict[str, Node | None] = {}
    for item in container.items("contained"):
        id = item.get_value("id")
        if isinstance(id, str):
            reference = f"#{id}"
            found[reference] = None if reference in found else item
    return found
