"""A MedicationDispense by itself: what it refers to is contained, its patient is named by key."""

from __future__ import annotations

from dataclasses import replace
from email.utils import format_datetime

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.write_dispensation import DispensationWriter, with_display
from gateway.model import Dispensation, Person


class _Contained:
    """Puts resources into `contained`, under ids that are valid in their container only."""

    def __init__(self) -> None:
        self.resources: list[Element] = []

    def put(self, resource: Element) -> str:
        """Add the resource; returns its local reference."""
        id = f"r{len(self.resources) + 1}"
        self.resources.append({"id": id, **resource})
        return f"#{id}"


def standalone(dispensation: Dispensation, base_url: str) -> Element:
    """The MedicationDispense; the patient has key and name."""
    person = dispensation.person
    subject = {
        "reference": f"Patient/{person.key}",
        "identifier": {"system": uris.PERSON, "value": person.key},
    }
    shelf = _Contained()
    writer = DispensationWriter(shelf, source=base_url, subject=with_display(subject, person))
    return writer.write(dispensation) | {"contained": shelf.resources}


def without_person(dispensation: Dispensation) -> Dispensation:
    """The same of a patient of whom nothing but the key is said: for one who has sent no more than that."""
    return replace(dispensation, person=Person(key=dispensation.person.key))


def location_of(dispensation: Dispensation, base_url: str) -> str:
    """The URL at which the dispensation is read."""
    return f"{base_url}/MedicationDispense/{dispensation.id}"


def etag_of(dispensation: Dispensation) -> str:
    """The revision as an ETag."""
    return f'W/"{dispensation.revision}"'


def version_headers(dispensation: Dispensation) -> tuple[tuple[str, str], ...]:
    """`ETag` and `Last-Modified`."""
    headers = [("ETag", etag_of(dispensation))]
    if dispensation.reported_at is not None:
        headers.append(("Last-Modified", format_datetime(dispensation.reported_at, usegmt=True)))
    return tuple(headers)
