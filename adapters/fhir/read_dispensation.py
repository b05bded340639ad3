"""MedicationDispense, and the MedicationRequest behind it -> Dispensation.

Reads what is reported to this gateway (strictly) and what a partner answers (as it is). The resources that a
MedicationDispense refers to are found by a `Resolve`, wherever the message keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.datatypes import code_of, identifier_type
from adapters.fhir.medications import read_drug
from adapters.fhir.parties import read_dispenser, read_named_dispenser, read_prescriber
from adapters.fhir.tree import Node, Resolve
from gateway.model import Dispensation, DispensationStatus, Dispenser, Drug, Person, Prescriber, QuantityUnit
from gateway.terminology import codes

_PLACER: Final = "PLAC"
_PART: Final = "part "
_PART_CODES: Final = {"FFP", "FFPS", "RFP", "RFPS"}


def read_dispensation(node: Node, person: Person, resolve: Resolve, *, strict: bool) -> Dispensation:
    """What a MedicationDispense says; not what a record adds to it (id, source, time of report, revision).

    :param person: whom `subject` leads to.
    :param strict: refuse codes that are not understood; otherwise they are left out, and an unknown unit counts.
    :raises MessageError: naming the element.
    """
    request = _referred(node.first("authorizingPrescription"), resolve, "MedicationRequest")
    dispense_request = request.get("dispenseRequest") if request is not None else None
    return Dispensation(
        rx_number=_read_rx_number(node, request),
        written=request.day("authoredOn") if request is not None else None,
        filled=_needed(node, "whenPrepared", node.day("whenPrepared")),
        sold=node.day("whenHandedOver"),
        fill_number=_read_fill_number(node),
        refills_authorised=dispense_request.integer("numberOfRepeatsAllowed") if dispense_request else None,
        quantity=_needed(node.need("quantity"), "value", node.need("quantity").number("value")),
        unit=_read_unit(node.need("quantity"), strict),
        days_supply=_needed(node.need("daysSupply"), "value", node.need("daysSupply").integer("value")),
        partial_fill=_read_part(node),
        payment=_read_code(node, "payment", strict),
        rx_origin=_read_code(node, "rx_origin", strict),
        treatment_type=_read_code(node, "treatment_type", strict),
        diagnosis=_read_diagnosis(request) if request is not None else None,
        drug=_read_drug(node, resolve),
        prescriber=_read_prescriber(request, resolve) if request is not None else Prescriber(),
        dispenser=_read_dispenser(node, resolve),
        person=person,
        status=_read_status(node),
    )


def supporting(node: Node, resolve: Resolve) -> Iterator[Node]:
    """The resources that `supportingInformation` leads to."""
    for item in node.items("supportingInformation"):
        reference = item.text("reference")
        found = resolve(reference) if reference is not None else None
        if found is not None:
            yield found


def _needed(node: Node, name: str, value: Any) -> Any:
    if value is None:
        raise node.missing(name)
    return value


def _referred(reference: Node | None, resolve: Resolve, *kinds: str) -> Node | None:
    """The resource behind a Reference, when it is in the message and of one of these kinds."""
    target = reference.text("reference") if reference is not None else None
    found = resolve(target) if target is not None else None
    return found if found is not None and found.kind in kinds else None


def _read_rx_number(node: Node, request: Node | None) -> str:
    """The pharmacy's number of the prescription; the prescriber's order number only when there is no other."""
    prescription = node.first("authorizingPrescription")
    logical = prescription.get("identifier") if prescription is not None else None
    held = [
        *([logical] if logical is not None else []),
        *(request.items("identifier") if request is not None else []),
        *node.items("identifier"),
    ]
    numbers = [number for item in held if (number := item.text("value"))]
    order_numbers = {item.text("value") for item in held if identifier_type(item) == _PLACER}
    if not numbers:
        raise node.missing(
            "authorizingPrescription[0].identifier", "Send the pharmacy's prescription number as its value."
        )
    return next((number for number in numbers if number not in order_numbers), numbers[0])


def _read_fill_number(node: Node) -> int:
    extension = node.extension(uris.EXT_FILL_NUMBER)
    return (extension.integer("valuePositiveInt") or 0) if extension is not None else 0


def _read_unit(quantity: Node, strict: bool) -> QuantityUnit:
    words = [word for word in (quantity.text("code"), quantity.text("unit")) if word is not None]
    for word in words:
        unit = codes("quantity-unit").decode(word, "fhir")
        if unit is not None:
            return QuantityUnit(unit)
    if not strict:
        return QuantityUnit.EACH
    if not words:
        raise quantity.missing("unit", "Send each, mL or g.")
    raise quantity.need("unit" if quantity.get("unit") is not None else "code").invalid("each, mL or g")


def _read_part(node: Node) -> int:
    """The number of the part; a part fill that does not say which part it is counts as the first."""
    concept = node.get("type")
    if concept is None:
        return 0
    text = concept.text("text") or ""
    number = text.removeprefix(_PART)
    if number != text and number.isdecimal() and len(number) <= 2:
        return int(number)
    return 1 if code_of(concept, uris.ACT_CODE) in _PART_CODES else 0


def _read_code(node: Node, field: str, strict: bool) -> str | None:
    url, _, table = uris.CODED_EXTENSIONS[field]
    extension = node.extension(url)
    coding = extension.get("valueCoding") if extension is not None else None
    code = coding.text("code") if coding is not None else None
    if coding is None or code is None:
        return None
    value = codes(table).decode(code, "fhir")
    if value is None and strict:
        raise coding.need("code").invalid(f"one of {', '.join(codes(table))}")
    return value


def _read_diagnosis(request: Node) -> str | None:
    return next((code for c in request.items("reasonCode") if (code := code_of(c, uris.ICD_10_CM))), None)


def _read_drug(node: Node, resolve: Resolve) -> Drug:
    found = {resource.kind: resource for resource in supporting(node, resolve)}
    concept = node.get("medicationCodeableConcept")
    medication = _referred(node.get("medicationReference"), resolve, "Medication") or found.get("Medication")
    if concept is None and medication is not None:
        concept = medication.get("code")
    if concept is None:
        raise node.missing("medicationCodeableConcept", "Send the drug's NDC, its RxNorm code or its name.")
    return read_drug(concept, medication, found.get("MedicationKnowledge"))


def _read_prescriber(request: Node, resolve: Resolve) -> Prescriber:
    """The requester: a Practitioner in the message, or no more than an identifier."""
    requester = request.get("requester")
    if requester is None:
        return Prescriber()
    practitioner = _referred(requester, resolve, "Practitioner")
    if practitioner is None:
        role = _referred(requester, resolve, "PractitionerRole")
        practitioner = (
            _referred(role.get("practitioner"), resolve, "Practitioner") if role is not None else None
        )
    if practitioner is not None:
        return read_prescriber(practitioner)
    key = requester.get("identifier")
    system, value = (key.text("system"), key.text("value")) if key is not None else (None, None)
    return Prescriber(npi=value if system == uris.NPI else None, dea=value if system == uris.DEA else None)


def _read_dispenser(node: Node, resolve: Resolve) -> Dispenser:
    performer = node.first("performer")
    if performer is None:
        raise node.missing("performer", "Send the pharmacy as performer[0].actor.")
    actor = performer.need("actor")
    found = _referred(actor, resolve, "Organization", "Practitioner")
    if found is not None:
        return read_dispenser(found)
    if actor.get("identifier") is None:
        raise actor.missing(
            "identifier",
            "Send the pharmacy as a contained Organization, or its identifier with system and value.",
        )
    return read_named_dispenser(actor)


def _read_status(node: Node) -> DispensationStatus:
    status = codes("dispensation-status").decode(node.need_text("status"), "fhir")
    if status is None:
        raise node.need("status").invalid("a status of a MedicationDispense")
    return DispensationStatus(status)
