"""One `Prescription` of a PMIX report -> canonical dispensation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import zip_longest
from typing import Any, TypeVar, cast

from lxml import etree
from lxml.etree import _Element

from adapters._wire import child, children, path_of, text
from adapters.soap import values
from adapters.soap.names import CODES
from gateway.model import (
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    Ingredient,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
)
from gateway.terminology import codes

T = TypeVar("T")

# "500 MG-5 MG" and "5MG": how senders write strengths that have their unit with them
_MEASURED = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([A-Za-z%µ][^-]*)")


class Unusable(ValueError):
    """A prescription lacks what makes it one. `path` names the element."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class _Part:
    """The children of one element, and the list of what of them could not be read."""

    def __init__(self, element: _Element, unread: list[str]) -> None:
        self._element = element
        self._unread = unread

    def demanded(self, name: str, reader: Callable[[_Element | None], T | None]) -> T:
        """:raises Unusable: it is not there, or cannot be read."""
        value = None
        with suppress(values.Unreadable):
            value = reader(child(self._element, name))
        if value is None:
            raise Unusable(self._path(name))
        return value

    def told(self, name: str, reader: Callable[[_Element | None], T | None]) -> T | None:
        """None when it is not there, and when it cannot be read, which is then noted."""
        try:
            return reader(child(self._element, name))
        except values.Unreadable:
            self.note(name)
            return None

    def code(self, name: str, table: str) -> str | None:
        """The canonical value of a code; a code that the table lacks is noted."""
        told = text(self._element, name)
        value = codes(table).decode(told, CODES) if told else None
        if told and value is None:
            self.note(name)
        return value

    def note(self, name: str) -> None:
        if self._path(name) not in self._unread:
            self._unread.append(self._path(name))

    def _path(self, name: str) -> str:
        return "Prescription" + path_of(self._element).partition("/Prescription")[2] + f"/{name}"


class Prescriptions:
    """Reads the prescriptions of one report; people and drugs that stand on many of them are read once.

    :ivar unread: paths of what could not be read.
    """

    def __init__(self) -> None:
        self.unread: list[str] = []
        self._known: dict[bytes, Any] = {}

    def once(self, reader: Callable[[_Element | None, list[str]], T], element: _Element | None) -> T:
        """What the reader makes of the element, or made of one that reads the same."""
        if element is None:
            return reader(None, self.unread)
        key = etree.tostring(element, with_tail=False)
        if key in self._known:
            return cast(T, self._known[key])
        noted = len(self.unread)
        value = reader(element, self.unread)
        if len(self.unread) == noted:  # else its twin has the same to note, at another place
            self._known[key] = value
        return value


def read_dispensation(element: _Element, report: Prescriptions) -> Dispensation:
    """The dispensation.

    :raises Unusable: number, fill date, quantity, days supply or patient are missing.
    """
    part = _Part(element, report.unread)
    fill_number = part.told("DrugRefillNumberCount", values.count)
    if fill_number is None and text(element, "DrugRefillNumberCount") is None:
        part.note("DrugRefillNumberCount")
    drug = child(element, "PrescriptionDrug")
    return Dispensation(
        rx_number=part.demanded("PrescriptionNumberText", text),
        written=part.told("PrescriptionWrittenDate", values.day),
        filled=part.demanded("PrescriptionFilledDate", values.day),
        sold=part.told("PrescriptionSoldDate", values.day),
        fill_number=fill_number or 0,
        refills_authorised=part.told("RefillsAuthorizedCount", values.count),
        quantity=part.demanded("DispensedQuantity", values.decimal),
        unit=QuantityUnit(part.code("DrugDosageUnitsCode", "quantity-unit") or QuantityUnit.EACH),
        days_supply=part.demanded("DaysSupplyCount", values.count),
        partial_fill=part.told("PartialFillIndicator", _partial_fill) or 0,
        payment=part.code("MethodOfPaymentCode", "payment"),
        rx_origin=part.code("TransmissionFormOfRxOriginCode", "rx-origin"),
        treatment_type=part.code("OpioidTreatmentCategoryCode", "treatment-type"),
        diagnosis=text(element, "ICD-10DiagnosticCodeText"),
        compound=tuple(_compound(drug, report.unread)),
        drug=report.once(_drug, drug),
        prescriber=report.once(_prescriber, child(element, "Prescriber")),
        dispenser=report.once(_dispenser, child(element, "Dispenser")),
        person=part.demanded("Patient", lambda patient: report.once(_person, patient)),
    )


def _partial_fill(element: _Element | None) -> int | None:
    """`xs:boolean`, and the number of the part where a sender writes ASAP's code instead."""
    told = (text(element) or "").lower()
    if told in {"true", "false"}:
        return int(told == "true")
    return values.count(element)


def _person(patient: _Element | None, unread: list[str]) -> Person | None:
    """The appearance; None when it has no name."""
    names = values.names(patient)
    if patient is None or not names:
        return None
    part = _Part(patient, unread)
    birth_date = part.told("PersonBirthDate", values.day)
    species = Species(part.code("SpeciesCode", "species") or Species.HUMAN)
    animal = text(patient, "PatientNameOfAnimalText")
    owner = None
    if species is Species.VETERINARY and animal is not None:
        owner = Person(names=names, birth_date=birth_date)
        names, birth_date = (PersonName(family=names[0].family, given=(animal,)),), None
    elif species is Species.HUMAN and birth_date is None:
        part.note("PersonBirthDate")
    contact = child(patient, "PersonPrimaryContactInformation")
    return Person(
        names=names,
        birth_date=birth_date,
        sex=Sex(part.code("PersonSexCode", "sex") or Sex.UNKNOWN),
        addresses=values.addresses(contact),
        phones=values.phones(contact),
        species=species,
        owner=owner,
    )


def _drug(drug: _Element | None, unread: list[str]) -> Drug:
    if drug is None:
        return Drug()
    part = _Part(drug, unread)
    schedule = part.code("DEAClassScheduleText", "schedule")
    return Drug(
        name=text(drug, "DrugProductNameText"),
        ndc11=values.identification(child(drug, "DrugNDCProductIdentifier")),
        ingredients=_ingredients(drug, part),
        schedule=Schedule(schedule) if schedule else None,
    )


def _ingredients(drug: _Element, part: _Part) -> tuple[Ingredient, ...]:
    """Strengths and their units; PMIX has no place for an ingredient's name, so that is empty.

    A strength stands alone, its unit in `DrugUnitOfMeasureText`, once for each ingredient. Some senders write
    number and unit together, several of them joined by hyphens, and the dose form into the other element.
    """
    told = [text(strength) for strength in children(drug, "DrugStrengthText")]
    measured = (
        [_MEASURED.fullmatch(piece.strip()) for piece in told[0].split("-")] if told and told[0] else []
    )
    if len(told) == 1 and measured and all(measured):
        return tuple(Ingredient(name="", strength=Decimal(m[1]), unit=m[2].strip()) for m in measured if m)
    units = [text(unit) for unit in children(drug, "DrugUnitOfMeasureText")]
    try:
        strengths = [values.decimal(strength) for strength in children(drug, "DrugStrengthText")]
    except values.Unreadable:
        part.note("DrugStrengthText")
        return ()
    return tuple(Ingredient(name="", strength=s, unit=u) for s, u in zip_longest(strengths, units))


def _compound(drug: _Element | None, unread: list[str]) -> Iterator[CompoundPart]:
    for element in children(drug, "CompoundDrugIngredient"):
        part = _Part(element, unread)
        try:
            yield CompoundPart(
                sequence=part.demanded("CompoundDrugIngredientSequenceNumber", values.count),
                ndc11=values.identification(child(element, "CompoundDrugIngredientNDCProductIdentifier")),
                quantity=part.demanded("IngredientQuantity", values.decimal),
                unit=QuantityUnit(
                    part.code("CompoundDrugIngredientDrugDosageUnitsCode", "quantity-unit")
                    or QuantityUnit.EACH
                ),
            )
        except Unusable as error:
            unread.append(error.path)


def _prescriber(element: _Element | None, _: list[str]) -> Prescriber:
    contact = child(element, "PersonPrimaryContactInformation")
    return Prescriber(
        name=next(iter(values.names(element)), None),
        npi=values.identification(child(element, "NPIIdentifier")),
        dea=values.identification(child(element, "DEANumberIdentifier")),
        dea_suffix=text(element, "PrescriberDEANumberSuffixText"),
        licence=values.licence(child(element, "StateLicenseIdentifier")),
        address=next(iter(values.addresses(contact)), None),
        phone=next(iter(values.phones(contact)), None),
    )


def _dispenser(element: _Element | None, _: list[str]) -> Dispenser:
    contact = child(element, "OrganizationPrimaryContactInformation")
    # Where PMIX 2.0's own draft has the address; the contact information is where HL7's mapping has it.
    location = values.address(child(element, "OrganizationLocation", "LocationAddress"))
    return Dispenser(
        name=text(element, "OrganizationDoingBusinessAsName") or text(element, "OrganizationName"),
        npi=values.identification(child(element, "NPIIdentifier")),
        dea=values.identification(child(element, "DEANumberIdentifier")),
        ncpdp_id=values.identification(child(element, "NCPDPIdentifier")),
        licence=values.licence(child(element, "StateLicenseIdentifier")),
        address=next(iter(values.addresses(contact)), location),
        phone=next(iter(values.phones(contact)), None),
    )
