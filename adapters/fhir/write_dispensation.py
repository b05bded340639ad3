"""Dispensation -> MedicationDispense, and the MedicationRequest behind it.

Profiles: pdmp-medicationdispense (US PDMP IG 1.0.0) and us-core-medicationrequest. A first fill (fill number 0)
has no fill-number extension, because that is a positiveInt; `type` says first fill or refill, complete or part.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Final, Protocol

from orjson import Fragment

from adapters.fhir import kept, uris
from adapters.fhir.datatypes import DATA_ABSENT, Element, exact, typed
from adapters.fhir.kept import Once, Ready
from adapters.fhir.parties import display_of
from adapters.fhir.patients import write_owner, write_patient
from gateway.model import Dispensation, DispensationStatus, Dispenser, Drug, Person, Prescriber, QuantityUnit
from gateway.terminology import codes

_NOBODY: Final = Prescriber()
_FILLER: Final = typed("FILL", "Filler Identifier")
_STATUS: Final = {s: codes("dispensation-status").encode(s.value, "fhir") or "" for s in DispensationStatus}
_UNITS: Final[dict[QuantityUnit, Element]] = {
    QuantityUnit.EACH: {"unit": "each"},
    QuantityUnit.MILLILITRE: {"unit": "mL", "system": uris.UCUM, "code": "mL"},
    QuantityUnit.GRAM: {"unit": "g", "system": uris.UCUM, "code": "g"},
}
_FILL_TYPES: Final[dict[tuple[bool, bool], Element]] = {
    (is_refill, is_part): {"system": uris.ACT_CODE, "code": code, "display": display}
    for is_refill, is_part, code, display in (
        (False, False, "FFC", "First Fill - Complete"),
        (False, True, "FFP", "First Fill - Part Fill"),
        (True, False, "RFC", "Refill - Complete"),
        (True, True, "RFP", "Refill - Part Fill"),
    )
}


class Shelf(Protocol):
    """Where the resources that a dispensation refers to are put: a Bundle, or `contained`."""

    def put(self, resource: Element, json: Fragment | None = None) -> str:
        """Keep the resource, which is never changed; returns the reference that leads to it.

        :param json: the same resource as JSON, for a shelf that only writes it.
        """
        ...


class DispensationWriter:
    """Writes dispensations, and each resource that they share only once for each state they come from.

    :param source: `meta.source` of records whose state is not known.
    :param subject: the Reference for a person; None: a Patient is put on the shelf for each appearance.
    """

    def __init__(self, shelf: Shelf, *, source: str, subject: Element | None = None) -> None:
        self._shelf = shelf
        self._unknown = source
        self._subject = subject
        self._writers: dict[str | None, _SourceWriter] = {}

    def write(self, dispensation: Dispensation) -> Element:
        """The MedicationDispense."""
        state = dispensation.source_state
        writer = self._writers.get(state)
        if writer is None:
            source = uris.STATE + state if state else self._unknown
            writer = self._writers[state] = _SourceWriter(self._shelf, source, self._subject)
        return writer.write(dispensation)


class _SourceWriter:
    """Writes the dispensations of one source."""

    def __init__(self, shelf: Shelf, source: str, subject: Element | None) -> None:
        self._shelf = shelf
        self._source = source
        self._kept = shared = kept.source(source)
        self._subject = subject
        self._meta = kept.meta_of(source, uris.PROFILE_DISPENSE)
        self._patients: Once[Person, Element] = Once(_itself)
        self._owners: dict[Person, Element] = {}
        # what is written alike is one; its text is at hand, while a hash of nested values is made anew each time
        self._drugs: Once[Drug, tuple[Element, list[Element]]] = Once(lambda one: shared.drugs.of(one).text)
        self._actors: Once[Dispenser, Element] = Once(lambda one: shared.dispensers.of(one).resource.text)
        self._requesters: Once[Prescriber, Element | None] = Once(
            lambda one: shared.prescribers.of(one).resource.text
        )
        self._prescriptions: dict[Hashable, Element] = {}

    def write(self, d: Dispensation) -> Element:
        subject = self._subject or self._patients.of(d.person, self._patient)
        concept, supporting = self._drugs.of(d.drug, self._drug)
        if d.person.owner is not None:
            supporting = [*supporting, self._owner(d.person, d.person.owner, subject)]
        actor = self._actors.of(d.dispenser, self._actor)
        number = {"type": _FILLER, "value": d.rx_number}
        written: Element = {"resourceType": "MedicationDispense"}
        if d.id:
            written["id"] = d.id
        written["meta"] = self._meta | _version(d)
        if extensions := _extensions(d):
            written["extension"] = extensions
        written["identifier"] = [number]
        written["status"] = _STATUS[d.status]
        written["type"] = fill_type(d)
        written["medicationCodeableConcept"] = concept
        written["subject"] = subject
        written["performer"] = [{"actor": actor}]
        written["authorizingPrescription"] = [self._prescription(d, subject, concept, actor, number)]
        written["quantity"] = {"value": exact(d.quantity), **_UNITS[d.unit]}
        written["daysSupply"] = {"value": d.days_supply}
        written["whenPrepared"] = d.filled
        if supporting:
            written["supportingInformation"] = supporting
        if d.sold:
            written["whenHandedOver"] = d.sold
        else:
            written["_whenHandedOver"] = DATA_ABSENT
        return written

    def _patient(self, person: Person) -> Element:
        written = write_patient(person)
        written["meta"] = kept.meta_of(self._source, uris.PROFILE_PATIENT)
        return with_display({"reference": self._shelf.put(written)}, person)

    def _owner(self, person: Person, owner: Person, subject: Element) -> Element:
        made = self._owners.get(person)
        if made is None:
            written = write_owner(owner, subject["reference"])
            written["meta"] = kept.meta_of(self._source, uris.PROFILE_RELATED_PERSON)
            made = self._owners[person] = {"reference": self._shelf.put(written)}
        return made

    def _drug(self, drug: Drug) -> tuple[Element, list[Element]]:
        """The concept, and the references to what else is known of the drug."""
        written = self._kept.drugs.of(drug)
        return written.concept, [{"reference": self._put(one)} for one in written.resources]

    def _actor(self, dispenser: Dispenser) -> Element:
        written = self._kept.dispensers.of(dispenser)
        return {"reference": self._put(written.resource), **written.beside}

    def _requester(self, prescriber: Prescriber) -> Element | None:
        if prescriber == _NOBODY:
            return None
        written = self._kept.prescribers.of(prescriber)
        return {"reference": self._put(written.resource), **written.beside}

    def _prescription(
        self, d: Dispensation, subject: Element, concept: Element, actor: Element, number: Element
    ) -> Element:
        """The Reference to the MedicationRequest; fills of one prescription share it.

        What was made here before is told apart by identity: equal drugs, patients and parties have one object.
        """
        requester = self._requesters.of(d.prescriber, self._requester)
        shared = (id(subject), id(concept), id(actor), id(requester))
        key = (d.rx_number, d.written, d.refills_authorised, d.diagnosis, shared)
        made = self._prescriptions.get(key)
        if made is None:
            written = _request(d, subject, concept, number)
            if requester is not None:
                written["requester"] = requester
            written["meta"] = kept.meta_of(self._source, uris.PROFILE_MEDICATION_REQUEST)
            made = self._prescriptions[key] = {"reference": self._shelf.put(written), "identifier": number}
        return made

    def _put(self, ready: Ready) -> str:
        return self._shelf.put(ready.resource, ready.json)


def _itself(person: Person) -> Person:
    return person


def with_display(reference: Element, person: Person) -> Element:
    """The Reference with the name of whom it leads to, as the IG's examples have it."""
    shown = display_of(person.names[0]) if person.names else None
    return reference | {"display": shown} if shown else reference


def _version(d: Dispensation) -> Element:
    version: Element = {"versionId": str(d.revision)} if d.revision else {}
    if d.reported_at:
        version["lastUpdated"] = d.reported_at
    return version


def status_of(d: Dispensation) -> str:
    """`MedicationDispense.status`."""
    return _STATUS[d.status]


def fill_type(d: Dispensation) -> Element:
    """`MedicationDispense.type`: first fill or refill, complete or part."""
    written: Element = {"coding": [_FILL_TYPES[d.fill_number > 0, d.partial_fill > 0]]}
    if d.partial_fill:
        written["text"] = f"part {d.partial_fill}"
    return written


def _extensions(d: Dispensation) -> list[Element]:
    found: list[Element] = []
    if d.fill_number:
        found.append({"url": uris.EXT_FILL_NUMBER, "valuePositiveInt": d.fill_number})
    if d.rx_origin and (origin := _coded("rx_origin", d.rx_origin)):
        found.append(origin)
    if d.payment and (payment := _coded("payment", d.payment)):
        found.append(payment)
    if d.treatment_type and (treatment := _coded("treatment_type", d.treatment_type)):
        found.append(treatment)
    return found


@cache
def _coded(field: str, value: str) -> Element | None:
    """The extension for that code of that field; None for a code that FHIR does not know."""
    url, system, table = uris.CODED_EXTENSIONS[field]
    code = codes(table).encode(value, "fhir")
    if code is None:
        return None
    return {
        "url": url,
        "valueCoding": {"system": system, "code": code, "display": codes(table).display(value)},
    }


def _request(d: Dispensation, subject: Element, concept: Element, number: Element) -> Element:
    """A MedicationRequest as the dispenser reported it, hence `reported`; it was filled, hence `completed`."""
    written: Element = {
        "resourceType": "MedicationRequest",
        "identifier": [number],
        "status": "completed",
        "intent": "order",
        "reportedBoolean": True,
        "medicationCodeableConcept": concept,
        "subject": subject,
    }
    if d.written:
        written["authoredOn"] = d.written
    else:
        written["_authoredOn"] = DATA_ABSENT
    if d.diagnosis:
        written["reasonCode"] = [{"coding": [{"system": uris.ICD_10_CM, "code": d.diagnosis}]}]
    if d.refills_authorised is not None:
        written["dispenseRequest"] = {"numberOfRepeatsAllowed": d.refills_authorised}
    return written
