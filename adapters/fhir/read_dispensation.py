"""MedicationDispense, and the MedicationRequest behind it -> Dispensation.

Reads what is reported to this gateway (strictly) and what a partner answers (as it is). The resources that a
MedicationDispense refers to are found by a `Resolve`, wherever the message keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from adapters.fhir import uris
from adapters.fhir.datatypes import code_of, identifier_type
from adapters.fhir.medications import read_concept, read_product
from adapters.fhir.parties import (
    read_dispenser,
    read_named_dispenser,
    read_named_prescriber,
    read_prescriber,
)
from adapters.fhir.tree import Contents, Node, Resolve
from gateway.model import Dispensation, DispensationStatus, Dispenser, Drug, Person, Prescriber, QuantityUnit
from gateway.terminology import codes

V = TypeVar("V")

_PLACER: Final = "PLAC"
_PART: Final = "part "
_DAYS: Final = {"d", "day", "days", "day(s)"}
_PART_CODES: Final = {"FFP", "FFPS", "RFP", "RFPS"}


class _Prescription(NamedTuple):
    """What a MedicationRequest adds to the fills that it authorised."""

    identifiers: tuple[Node, ...] = ()
    written: date | None = None
    refills: int | None = None
    diagnosis: str | None = None
    prescriber: Prescriber = Prescriber()


_NO_PRESCRIPTION: Final = _Prescription()


class DispensationReader:
    """Reads the dispensations of one message; what they share is read once.

    :param resolve: finds the resources that they refer to.
    :param strict: refuse codes that are not understood; otherwise they are left out, and an unknown unit counts.
    :param whole: the message itself holds whatever it refers to, or an identifier of it: strictly read, a reference
        that leads out of it is refused.
    :param contents: what the elements of the message say, where that is asked elsewhere too.
    """

    def __init__(
        self, resolve: Resolve, *, strict: bool, whole: bool = False, contents: Contents | None = None
    ) -> None:
        self._resolve = resolve
        self._contents = contents or Contents()
        self._strict = strict
        self._whole = whole
        self._prescriptions: dict[Node, _Prescription] = {}
        self._prescribers: dict[Hashable, Prescriber] = {}
        self._dispensers: dict[Hashable, Dispenser] = {}
        self._drugs: dict[Hashable, Drug] = {}

    def read(self, node: Node, person: Person) -> Dispensation:
        """What a MedicationDispense says; not what a record adds to it (id, source, time of report, revision).

        :param person: whom `subject` leads to.
        :raises MessageError: naming the element.
        """
        prescription = self._prescription(node)
        quantity = _amount(node, "quantity")
        return Dispensation(
            rx_number=_read_rx_number(node, prescription),
            written=prescription.written,
            filled=_needed(node, "whenPrepared", node.day("whenPrepared")),
            sold=node.day("whenHandedOver"),
            fill_number=_read_fill_number(node, self._strict),
            refills_authorised=prescription.refills,
            quantity=_needed(quantity, "value", quantity.number("value")),
            unit=_read_unit(quantity, self._strict),
            days_supply=_read_days(_amount(node, "daysSupply")),
            partial_fill=_read_part(node),
            payment=self._code(node, "payment"),
            rx_origin=self._code(node, "rx_origin"),
            treatment_type=self._code(node, "treatment_type"),
            diagnosis=prescription.diagnosis,
            drug=self._drug(node),
            prescriber=prescription.prescriber,
            dispenser=self._dispenser(node),
            person=person,
            status=_read_status(node),
        )

    def read_fill(self, node: Node) -> Dispensation:
        """What names the fill in a MedicationDispense, and no more: all that counts of one that is withdrawn.

        :raises MessageError: naming the element.
        """
        return Dispensation(
            rx_number=_read_rx_number(node, self._prescription(node)),
            written=None,
            filled=_needed(node, "whenPrepared", node.day("whenPrepared")),
            fill_number=_read_fill_number(node, self._strict),
            quantity=Decimal(0),
            days_supply=0,
            partial_fill=_read_part(node),
            drug=Drug(),
            prescriber=Prescriber(),
            dispenser=self._dispenser(node),
            person=Person(),
        )

    def _referred(self, reference: Node | None, *kinds: str) -> Node | None:
        """The resource behind a Reference, when it is in the message and of one of these kinds.

        :raises MessageError: strictly read, a reference that stays inside the message leads to nothing, or to
            something else: what was meant to be reported would be lost without a word.
        """
        target = reference.text("reference") if reference is not None else None
        if reference is None or target is None:
            return None
        found = self._resolve(reference)
        if found is not None and found.kind in kinds:
            return found
        if self._strict and (found is not None or self._stays_inside(reference, target)):
            where = "of this Bundle" if self._whole else "that is contained"
            raise reference.need("reference").invalid(f"a reference to {' or '.join(kinds)} {where}")
        return None

    def _require_supporting(self, node: Node) -> None:
        """:raises MessageError: strictly read, supporting information that stays inside the message is not there."""
        for item in node.items("supportingInformation") if self._strict else ():
            target = item.text("reference")
            if target is not None and self._stays_inside(item, target) and self._resolve(item) is None:
                where = "of this Bundle" if self._whole else "that is contained"
                raise item.need("reference").invalid(f"a reference to a resource {where}")

    def _stays_inside(self, reference: Node, target: str) -> bool:
        """True when only the message itself can hold what is referred to."""
        return target.startswith(("#", "urn:")) or (self._whole and reference.get("identifier") is None)

    def _prescription(self, node: Node) -> _Prescription:
        request = self._referred(node.first("authorizingPrescription"), "MedicationRequest")
        if request is None:
            return _NO_PRESCRIPTION
        found = self._prescriptions.get(request)
        if found is None:
            dispense = request.get("dispenseRequest")
            found = self._prescriptions[request] = _Prescription(
                identifiers=tuple(request.items("identifier")),
                written=request.day("authoredOn"),
                refills=dispense.integer("numberOfRepeatsAllowed") if dispense is not None else None,
                diagnosis=_read_diagnosis(request),
                prescriber=self._prescriber(request.get("requester")),
            )
        return found

    def _prescriber(self, requester: Node | None) -> Prescriber:
        """The requester: a Practitioner in the message, or no more than an identifier."""
        if requester is None:
            return Prescriber()
        practitioner = self._referred(requester, "Practitioner", "PractitionerRole")
        if practitioner is not None and practitioner.kind == "PractitionerRole":
            practitioner = self._referred(practitioner.get("practitioner"), "Practitioner")
        if practitioner is None:
            return read_named_prescriber(requester)
        return self._once(self._prescribers, (practitioner,), read_prescriber)

    def _dispenser(self, node: Node) -> Dispenser:
        performer = node.first("performer")
        if performer is None:
            raise node.missing("performer", "Send the pharmacy as performer[0].actor.")
        actor = performer.need("actor")
        resource = self._referred(actor, "Organization", "Practitioner")
        if resource is None:
            return read_named_dispenser(actor)
        return self._once(self._dispensers, (resource,), read_dispenser)

    def _drug(self, node: Node) -> Drug:
        self._require_supporting(node)
        found = {resource.kind: resource for resource in supporting(node, self._resolve)}
        concept = node.get("medicationCodeableConcept")
        medication = self._referred(node.get("medicationReference"), "Medication") or found.get("Medication")
        if concept is None and medication is not None:
            concept = medication.get("code")
        if concept is None:
            raise node.missing(
                "medicationCodeableConcept", "Send the drug's NDC, its RxNorm code or its name."
            )
        return self._once(self._drugs, (concept, medication, found.get("MedicationKnowledge")), _read_drug)

    def _once(self, read: dict[Hashable, V], nodes: tuple[Node | None, ...], reader: Callable[..., V]) -> V:
        """What these elements say, read once: where they are the same, and where others say the same word for word,
        as those that are contained in dispensation after dispensation do."""
        found = read.get(nodes)
        if found is None:
            words: tuple[Hashable, ...] = tuple(
                [self._contents.of(node.value) if node is not None else None for node in nodes]
            )
            if any(said is None and node is not None for said, node in zip(words, nodes, strict=True)):
                words = nodes
            found = read.get(words)
            if found is None:
                found = read[words] = reader(*nodes)
            read[nodes] = found
        return found

    def _code(self, node: Node, field: str) -> str | None:
        url, _, table = uris.CODED_EXTENSIONS[field]
        extension = node.extension(url)
        coding = extension.get("valueCoding") if extension is not None else None
        code = coding.text("code") if coding is not None else None
        if coding is None or code is None:
            return None
        value = codes(table).decode(code, "fhir")
        if value is None and self._strict:
            raise coding.need("code").invalid(f"one of {', '.join(codes(table))}")
        return value


def _read_drug(concept: Node, medication: Node | None, knowledge: Node | None) -> Drug:
    return read_concept(concept, read_product(medication, knowledge))


def supporting(node: Node, resolve: Resolve) -> Iterator[Node]:
    """The resources that `supportingInformation` leads to."""
    for item in node.items("supportingInformation"):
        found = resolve(item)
        if found is not None:
            yield found


def _needed(node: Node, name: str, value: Any) -> Any:
    if value is None:
        raise node.missing(name)
    return value


def _read_rx_number(node: Node, prescription: _Prescription) -> str:
    """The pharmacy's number of the prescription; the prescriber's order number only when there is no other."""
    reference = node.first("authorizingPrescription")
    logical = reference.get("identifier") if reference is not None else None
    held = [*filter(None, [logical]), *prescription.identifiers, *node.items("identifier")]
    numbers = [number for item in held if (number := item.text("value"))]
    if not numbers:
        raise node.missing(
            "authorizingPrescription[0].identifier", "Send the pharmacy's prescription number as its value."
        )
    if len(set(numbers)) == 1:  # nothing to choose from
        return numbers[0]
    order_numbers = {item.text("value") for item in held if identifier_type(item) == _PLACER}
    return next((number for number in numbers if number not in order_numbers), numbers[0])


def _read_fill_number(node: Node, strict: bool) -> int:
    extension = node.extension(uris.EXT_FILL_NUMBER)
    if extension is None:
        return 0
    number = extension.integer("valuePositiveInt")
    if number is None and strict:
        raise extension.missing(
            "valuePositiveInt", "Send the fill number, or leave the extension out for a first fill."
        )
    return number or 0


def _amount(node: Node, name: str) -> Node:
    """The Quantity of that name. :raises MessageError: it is a bound ("at least 10"), or absent."""
    quantity = node.need(name)
    if quantity.get("comparator") is not None:
        raise quantity.need("comparator").invalid(
            "taken here", "Send the exact amount, without a comparator."
        )
    return quantity


def _read_days(quantity: Node) -> int:
    """The days supply. :raises MessageError: it counts something else than days: two weeks are not two days."""
    days = quantity.integer("value")
    for name in ("code", "unit"):
        word = quantity.text(name)
        if word is not None and word.casefold() not in _DAYS:
            raise quantity.need(name).invalid("d or days", "Send the days supply in days.")
    if days is None:
        raise quantity.missing("value")
    return days


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


def _read_diagnosis(request: Node) -> str | None:
    return next((code for c in request.items("reasonCode") if (code := code_of(c, uris.ICD_10_CM))), None)


def _read_status(node: Node) -> DispensationStatus:
    status = codes("dispensation-status").decode(node.need_text("status"), "fhir")
    if status is None:
        raise node.need("status").invalid("a status of a MedicationDispense")
    return DispensationStatus(status)
