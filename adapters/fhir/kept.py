"""What was written of drugs, prescribers and dispensers, kept from answer to answer: never anything of a patient.

They are known by their identity (:mod:`gateway.model.kept`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeVar

from orjson import Fragment

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.medications import write_concept, write_knowledge, write_medication
from adapters.fhir.out import to_json
from adapters.fhir.parties import best_identifier, display_of, write_dispenser, write_prescriber
from gateway.model import Dispenser, Drug, Prescriber
from gateway.model.kept import Kept

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 5_000  # drugs, prescribers and dispensers of each source; each takes 2 to 4 KB
_MOST_SOURCES: Final = 16


class Once(Generic[K, V]):
    """What is made of values in one answer, once for all that are equal.

    Most of them are the same object again, which is found at once. What makes it is no part of this, since it refers
    to this: whatever an answer is made of is to go with the last reference to it.

    :param key: what says that two of them are equal.
    """

    def __init__(self, key: Callable[[K], Hashable]) -> None:
        self._key = key
        self._by_identity: dict[int, tuple[K, V]] = {}
        self._by_key: dict[Hashable, V] = {}

    def of(self, value: K, make: Callable[[K], V]) -> V:
        """What `make` has made of an equal value, or makes of this one."""
        known = self._by_identity.get(id(value))
        if known is not None:
            return known[1]
        key = self._key(value)
        try:
            made = self._by_key[key]
        except KeyError:
            made = self._by_key[key] = make(value)
        self._by_identity[id(value)] = (value, made)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A resource, and the same as JSON. Neither is ever changed. By its `text` it is known from others."""

    resource: Element
    json: Fragment
    text: bytes


@dataclass(frozen=True, slots=True, eq=False)
class WrittenDrug:
    """The concept, and the resources that say what else is known of the drug. `text` is all of it as JSON."""

    concept: Element
    resources: tuple[Ready, ...]
    text: bytes


@dataclass(frozen=True, slots=True, eq=False)
class WrittenParty:
    """The resource, and what a Reference to it has beside `reference`."""

    resource: Ready
    beside: Element


class Source:
    """What one source's answers share.

    :param source: `meta.source` of each resource.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self.drugs: Kept[Drug, WrittenDrug] = Kept(self._drug, _MOST)
        self.dispensers: Kept[Dispenser, WrittenParty] = Kept(self._dispenser, _MOST)
        self.prescribers: Kept[Prescriber, WrittenParty] = Kept(self._prescriber, _MOST)

    def _drug(self, drug: Drug) -> WrittenDrug:
        concept, resources = write_concept(drug), []
        if (medication := write_medication(drug, concept)) is not None:
            resources.append(self._ready(medication, uris.PROFILE_MEDICATION))
        if (knowledge := write_knowledge(drug, concept)) is not None:
            resources.append(self._ready(knowledge, None))
        text = b"\n".join([to_json(concept), *(one.text for one in resources)])
        return WrittenDrug(concept, tuple(resources), text)

    def _dispenser(self, dispenser: Dispenser) -> WrittenParty:
        beside: Element = {}
        if (best := best_identifier(dispenser)) is not None:
            beside["identifier"] = best
        if dispenser.name:
            beside["display"] = dispenser.name
        return WrittenParty(self._ready(write_dispenser(dispenser), uris.PROFILE_PHARMACY), beside)

    def _prescriber(self, prescriber: Prescriber) -> WrittenParty:
        display = display_of(prescriber.name)
        beside: Element = {"display": display} if display is not None else {}
        return WrittenParty(self._ready(write_prescriber(prescriber), uris.PROFILE_PRACTITIONER), beside)

    def _ready(self, resource: Element, profile: str | None) -> Ready:
        resource["meta"] = meta_of(self._source, profile)
        text = to_json(resource)
        return Ready(resource, Fragment(text), text)


@lru_cache(maxsize=_MOST_SOURCES)
def source(name: str) -> Source:
    """What is kept of the answers of that source."""
    return Source(name)


def meta_of(source: str, profile: str | None) -> Element:
    """`meta` of a resource from that source."""
    return {"source": source, "profile": [profile]} if profile else {"source": source}
