"""One entry of a transaction or a batch: what is asked of it, and which other entries come along with it.

What is not taken here is refused by name, and nothing is passed over. Source: FHIR R4 "bundle" (entry.request).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from adapters.fhir.read_condition import read_condition
from adapters.fhir.read_report import KIND, revision_of
from adapters.fhir.references import Index
from adapters.fhir.search_values import ID
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError, MethodNotAllowed
from gateway.model import Dispensation, Unless

TAKEN_ALONG: Final = frozenset(
    {
        "Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "Medication",
        "MedicationKnowledge", "MedicationRequest",
    }
)  # fmt: skip
"""The kinds of resources from which something of a dispensation is read."""
MOST_IN_COMPANY: Final = 50
"""Entries to which one dispensation leads."""

_METHODS: Final = ("POST", "PUT")
_CONDITIONS: Final = ("ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
_KIND_OF_URL = re.compile(r"[A-Za-z]{1,64}")


class Entry:
    """The entry `Bundle.entry[number]`.

    :raises MessageError: it is no object.
    """

    def __init__(self, number: int, node: Node, base_url: str) -> None:
        self.number = number
        self.node = node
        self.path = node.path
        self.resource = node.get("resource")
        self._base_url = base_url

    @property
    def kind(self) -> str | None:
        """The kind of its resource."""
        return self.resource.kind if self.resource is not None else None

    @property
    def method(self) -> str | None:
        """What is asked, as far as it is said."""
        return self._said("method")

    @property
    def place(self) -> str | None:
        """Where, below the root of this server, as far as it is said."""
        url = self._said("url")
        return url.removeprefix(self._base_url).lstrip("/") if url is not None else None

    @property
    def is_read(self) -> bool:
        """True for one that reads, and reports nothing."""
        return self.method == "GET"

    def require_literal_references(self) -> None:
        """:raises MessageError: a reference is a search, of which nobody can say beforehand where it leads."""
        for reference in _references(self.resource.value if self.resource is not None else None):
            if "?" in reference:
                raise MessageError(
                    "A reference by a search is not followed.",
                    code=ErrorCode.UNKNOWN_OPERATION,
                    path=f"{self.path}.resource",
                    remedy="Refer to an entry of the Bundle by its fullUrl, or contain the resource.",
                )

    def _said(self, name: str) -> str | None:
        request = self.node.get_value("request")
        said = request.get(name) if isinstance(request, dict) else None
        return said if isinstance(said, str) else None

    def need_resource(self) -> Node:
        """The resource.

        :raises MessageError: there is none, or it is of a kind that is not taken.
        """
        method = self.node.need("request").need("method")
        if method.as_text() not in _METHODS:
            raise MethodNotAllowed(
                "Only GET, POST and PUT are offered in a Bundle.",
                allowed=("GET", *_METHODS),
                path=method.path,
            )
        resource = self.node.need("resource")
        if self.kind == "Bundle":
            raise MessageError(
                "A Bundle inside a Bundle is not read.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path=resource.path,
                remedy="Send it by itself, or its entries in the outer one.",
            )
        if self.resource is None or self.kind not in {KIND, *TAKEN_ALONG}:
            raise MessageError(
                "The resource is of a kind that is not taken here.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path=f"{resource.path}.resourceType",
                remedy=f"Send {KIND}, and what it refers to: {', '.join(sorted(TAKEN_ALONG))}.",
            )
        return self.resource

    def require_request(self) -> None:
        """:raises MessageError: the request is not one for this resource, or has a condition that is not known."""
        request = self.node.need("request")
        request.need_text("url")
        kind = _KIND_OF_URL.match(self.place or "")
        if kind is None or kind[0] != self.kind:
            raise request.need("url").invalid("the kind of the resource", f"Send {self.kind}.")
        if self.kind == KIND and self.method == "POST" and self.place != KIND:
            raise request.need("url").invalid(KIND)
        for name in _CONDITIONS:
            if request.get(name) is not None and not self._may_have(name):
                what, remedy = _NO_CONDITION
                raise MessageError(
                    what, code=ErrorCode.UNKNOWN_OPERATION, path=f"{request.path}.{name}", remedy=remedy
                )

    def _may_have(self, condition: str) -> bool:
        if self.kind == KIND:
            return condition == ("ifMatch" if self.method == "PUT" else "ifNoneExist")
        return condition == "ifNoneExist"  # none of its kind is here, so there is none that could exist

    def need_id(self) -> str:
        """The id that a PUT of a dispensation names. :raises MessageError: it names none."""
        place = self.place or ""
        id = place.removeprefix(f"{KIND}/")
        if id == place or not ID.fullmatch(id):
            raise (
                self.node.need("request")
                .need("url")
                .invalid(
                    f"{KIND}/ID", "Send the id of the dispensation; an update by a condition is not offered."
                )
            )
        return id

    @property
    def is_conditional(self) -> bool:
        """True for a dispensation that is created only if there is none such."""
        return self._said("ifNoneExist") is not None

    def condition(self) -> Callable[[Dispensation], Unless] | None:
        """Reads the `ifNoneExist` of a dispensation; None where there is none."""
        request = self.node.need("request")
        text = request.text("ifNoneExist")
        if text is None:
            return None
        return partial(read_condition, text, path=f"{request.path}.ifNoneExist", base_url=self._base_url)

    def expected_revision(self) -> int | None:
        """The revision that `ifMatch` names. :raises MessageError: it is no ETag."""
        return revision_of(self.node.need("request").text("ifMatch"), f"{self.path}.request.ifMatch")


_NO_CONDITION: Final = (
    "A condition of this kind is not offered here.",
    "Send the entry without it; an update of a dispensation may have ifMatch.",
)


class NotReferred(MessageError):
    """No dispensation leads to the entry, perhaps only because another entry is wrong."""


class Company:
    """Which entries a dispensation leads to, directly or by others, and which dispensations lead to an entry."""

    def __init__(self, entries: tuple[Entry, ...], index: Index) -> None:
        self._index = index
        self._is_alone = not any(entry.kind in TAKEN_ALONG for entry in entries)  # all is contained
        self._by_resource = {entry.resource: entry for entry in entries if entry.resource is not None}
        self._direct: dict[int, tuple[Entry, ...]] = {}
        self._dispensations: dict[int, list[Entry]] = {}
        for entry in entries:
            if entry.kind == KIND:
                for other in self._reached(entry):
                    self._dispensations.setdefault(other.number, []).append(entry)

    def of(self, entry: Entry) -> tuple[Entry, ...]:
        """The entries that the dispensation leads to.

        :raises MessageError: they are too many for one dispensation.
        """
        found = self._reached(entry)
        if len(found) > MOST_IN_COMPANY:
            raise MessageError(
                f"The dispensation leads to more than {MOST_IN_COMPANY} entries.",
                code=ErrorCode.TOO_LARGE,
                path=f"{entry.path}.resource",
                remedy="Refer to what the dispensation is made of.",
            )
        return found

    def dispensations_with(self, entry: Entry) -> tuple[Entry, ...]:
        """The dispensations that lead to the entry."""
        return tuple(self._dispensations.get(entry.number, ()))

    def require_dispensation(self, entry: Entry) -> None:
        """:raises NotReferred: no dispensation leads to the entry."""
        if entry.number not in self._dispensations:
            raise NotReferred(
                "No dispensation of this Bundle refers to the resource, and by itself it is not kept.",
                code=ErrorCode.UNKNOWN_OPERATION,
                path=f"{entry.path}.resource",
                remedy=f"Refer to it from a {KIND} of the Bundle, or leave it out.",
            )

    def _reached(self, entry: Entry) -> tuple[Entry, ...]:
        """Each entry once, and no more than one beyond what is allowed."""
        found: dict[int, Entry] = {}
        waiting = [] if self._is_alone else [entry]
        while waiting:
            for other in self._referred(waiting.pop()):
                if len(found) > MOST_IN_COMPANY:
                    return tuple(found.values())
                if other.kind in TAKEN_ALONG and other.number not in found:
                    found[other.number] = other
                    waiting.append(other)
        return tuple(found.values())

    def _referred(self, entry: Entry) -> tuple[Entry, ...]:
        if entry.number not in self._direct:
            value = entry.resource.value if entry.resource is not None else None
            targets = (self._index.resolve(reference) for reference in _references(value))
            self._direct[entry.number] = tuple(
                self._by_resource[target] for target in dict.fromkeys(targets) if target is not None
            )
        return self._direct[entry.number]


def _references(value: Any) -> Iterator[str]:
    """Every literal reference in a resource, wherever it stands."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, dict):
            reference = here.get("reference")
            if isinstance(reference, str):
                yield reference
            waiting += here.values()
