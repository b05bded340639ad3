"""Dispensation -> MedicationDispense, and the MedicationRequest behind it.

Profiles: pdmp-medicationdispense (US PDMP IG 1.0.0) and us-core-medicationrequest. A first fill (fill number 0)
has no fill-number extension, because that is a positiveInt; `type` says first fill or refill, complete or part.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Final, Protocol

from adapters.fhir import uris
from adapters.fhir.datatypes import DATA_ABSENT, Element, exact, typed
from adapters.fhir.medications import write_concept, write_knowledge, write_medication
from adapters.fhir.parties import best_identifier, display_of, write_dispenser, write_prescriber
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

    def put(self, resource: Element) -> str:
        """Keep the resource; returns the reference that leads to it."""
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
        self._subject = subject
        self._meta = self._meta_of(uris.PROFILE_DISPENSE)
        self._patients: dict[Person, Element] = {}
        self._owners: dict[Person, Element] = {}
        self._drugs: dict[Drug, tuple[Element, list[Element]]] = {}
        self._dispensers: dict[Dispenser, Element] = {}
        self._prescribers: dict[Prescriber, Element | None] = {_NOBODY: None}
        self._prescriptions: dict[Hashable, Element] = {}

    def write(self, d: Dispensation) -> Element:
        subject = self._subject or self._patients.get(d.person) or self._patient(d.person)
        concept, supporting = self._drugs.get(d.drug) or self._drug(d.drug)
        if d.person.owner is not None:
            supporting = [*supporting, self._owner(d.person, d.person.owner, subject)]
        actor = self._dispensers.get(d.dispenser) or self._dispenser(d.dispenser)
        written: Element = {
            "resourceType": "MedicationDispense",
            **({"id": d.id} if d.id else {}),
            "meta": self._meta | _version(d),
            "extension": _extensions(d),
            "identifier": [{"type": _FILLER, "value": d.rx_number}],
            "status": status_of(d),
            "type": fill_type(d),
            "medicationCodeableConcept": concept,
            "subject": subject,
            "performer": [{"actor": actor}],
            "authorizingPrescription": [self._prescription(d, subject, concept, actor)],
            "quantity": {"value": exact(d.quantity), **_UNITS[d.unit]},
            "daysSupply": {"value": d.days_supply},
            "whenPrepared": d.filled,
        }
        if not written["extension"]:
            del written["extension"]
        if supporting:
            written["supportingInformation"] = supporting
        if d.sold:
            written["whenHandedOver"] = d.sold
        else:
            written["_whenHandedOver"] = DATA_ABSENT
        return written

    def _patient(self, person: Person) -> Element:
        reference = {"reference": self._put(write_patient(person), uris.PROFILE_PATIENT)}
        made = self._patients[person] = with_display(reference, person)
        return made

    def _owner(self, person: Person, owner: Person, subject: Element) -> Element:
        made = self._owners.get(person)
        if made is None:
            written = write_owner(owner, subject["reference"])
            made = self._owners[person] = {"reference": self._put(written, uris.PROFILE_RELATED_PERSON)}
        return made

    def _drug(self, drug: Drug) -> tuple[Element, list[Element]]:
        """The concept, and the references to what else is known of the drug."""
        concept, supporting = write_concept(drug), []
        if (medication := write_medication(drug, concept)) is not None:
            supporting.append({"reference": self._put(medication, uris.PROFILE_MEDICATION)})
        if (knowledge := write_knowledge(drug, concept)) is not None:
            supporting.append({"reference": self._put(knowledge, None)})
        made = self._drugs[drug] = (concept, supporting)
        return made

    def _dispenser(self, dispenser: Dispenser) -> Element:
        made: Element = {"reference": self._put(write_dispenser(dispenser), uris.PROFILE_PHARMACY)}
        if (best := best_identifier(dispenser)) is not None:
            made["identifier"] = best
        if dispenser.name:
            made["display"] = dispenser.name
        self._dispensers[dispenser] = made
        return made

    def _prescriber(self, prescriber: Prescriber) -> Element:
        made = {"reference": self._put(write_prescriber(prescriber), uris.PROFILE_PRACTITIONER)}
        if (display := display_of(prescriber.name)) is not None:
            made["display"] = display
        self._prescribers[prescriber] = made
        return made

    def _prescription(self, d: Dispensation, subject: Element, concept: Element, actor: Element) -> Element:
        """The Reference to the MedicationRequest; fills of one prescription share it.

        What was made here before is told apart by identity: equal drugs, patients and parties have one object.
        """
        try:
            requester = self._prescribers[d.prescriber]
        except KeyError:
            requester = self._prescriber(d.prescriber)
        shared = (id(subject), id(concept), id(actor), id(requester))
        key = (d.rx_number, d.written, d.refills_authorised, d.diagnosis, shared)
        made = self._prescriptions.get(key)
        if made is None:
            number = {"type": _FILLER, "value": d.rx_number}
            written = _request(d, subject, concept, number)
            if requester is not None:
                written["requester"] = requester
            reference = self._put(written, uris.PROFILE_MEDICATION_REQUEST)
            made = self._prescriptions[key] = {"reference": reference, "identifier": number}
        return made

    def _put(self, resource: Element, profile: str | None) -> str:
        resource["meta"] = self._meta_of(profile)
        return self._shelf.put(resource)

    def _meta_of(self, profile: str | None) -> Element:
        return {"source": self._source, "profile": [profile]} if profile else {"source": self._source}


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
