"""A MedicationDispense by itself: what it refers to is contained, its patient is named by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime, parsedate_to_datetime

from orjson import Fragment

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.write_dispensation import DispensationWriter, with_display
from gateway.model import Dispensation, Person
from gateway.ports import Inbound


class _Contained:
    """Puts resources into `contained`, under ids that are valid in their container only; or beside it."""

    def __init__(self, beside: Callable[[Element], str | None] | None) -> None:
        self._beside = beside
        self.resources: list[Element] = []

    def put(self, resource: Element, json: Fragment | None = None) -> str:
        """Add the resource, without using its JSON; returns the reference that leads to it."""
        if self._beside is not None and (url := self._beside(resource)) is not None:
            return url
        id = f"r{len(self.resources) + 1}"
        self.resources.append({"id": id, **resource})
        return f"#{id}"


def standalone(
    dispensation: Dispensation, base_url: str, *, beside: Callable[[Element], str | None] | None = None
) -> Element:
    """The MedicationDispense; the patient has key and name.

    :param beside: takes a resource that stands elsewhere, and returns the reference to it; None to have it contained.
    """
    person = dispensation.person
    subject = {
        "reference": f"Patient/{person.key}",
        "identifier": {"system": uris.PERSON, "value": person.key},
    }
    shelf = _Contained(beside)
    writer = DispensationWriter(shelf, source=base_url, subject=with_display(subject, person))
    written = writer.write(dispensation)
    return written | {"contained": shelf.resources} if shelf.resources else written


def without_person(dispensation: Dispensation) -> Dispensation:
    """The same of a patient of whom nothing but the key is said: for one who has sent no more than that."""
    return replace(dispensation, person=Person(key=dispensation.person.key))


def location_of(dispensation: Dispensation, base_url: str) -> str:
    """The URL at which the dispensation is read."""
    return f"{base_url}/MedicationDispense/{dispensation.id}"


def etag_of(dispensation: Dispensation) -> str:
    """The revision as an ETag."""
    return f'W/"{dispensation.revision}"'


def is_known(dispensation: Dispensation, request: Inbound) -> bool:
    """True when the caller has this revision already (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2)."""
    seen = request.headers.get("if-none-match")
    if seen is not None:
        tags = {tag.strip().removeprefix("W/") for tag in seen.split(",")}
        return bool(tags & {"*", etag_of(dispensation).removeprefix("W/")})
    since, at = request.headers.get("if-modified-since"), dispensation.reported_at
    if since is None or at is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False  # one that is no date counts as if it were not there
    return moment.tzinfo is not None and at.replace(microsecond=0) <= moment


def version_headers(dispensation: Dispensation) -> tuple[tuple[str, str], ...]:
    """`ETag` and `Last-Modified`."""
    headers = [("ETag", etag_of(dispensation))]
    if dispensation.reported_at is not None:
        headers.append(("Last-Modified", format_datetime(dispensation.reported_at, usegmt=True)))
    return tuple(headers)
