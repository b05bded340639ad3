"""The drug, both directions: CodeableConcept, Medication and MedicationKnowledge.

    CodeableConcept       name, NDC, RxNorm: as the IG's examples have it
    Medication            ingredients with strength, dose form (us-core-medication)
    MedicationKnowledge   DEA schedule, route, class: what R4 keeps of a product as such (`regulatory.schedule`)

A MedicationDispense refers to the last two as `supportingInformation`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import DATA_ABSENT, Element, code_of, exact, words_of
from adapters.fhir.tree import Node
from gateway.model import Drug, DrugClass, Ingredient, QuantityUnit, Schedule
from gateway.model.identifiers import ndc
from gateway.terminology import codes

_EACH: Final = QuantityUnit.EACH.value
_UCUM: Final = {"mg": "mg", "mcg": "ug", "g": "g", "mL": "mL", "L": "L", "h": "h", "mEq": "meq", "%": "%"}
_FROM_UCUM: Final = {code: unit for unit, code in _UCUM.items()}
_DEA: Final[Element] = {"display": "Drug Enforcement Administration"}
_CLASS_TYPE: Final[Element] = {"text": "drug class"}


# --- writing --------------------------------------------------------------------------------------------------


def write_concept(drug: Drug) -> Element:
    """The drug as a CodeableConcept. `userSelected` marks the code that the pharmacy reported: the NDC."""
    written: Element = {}
    coding: list[Element] = []
    if drug.rxcui:
        coding.append({"system": uris.RXNORM, "code": drug.rxcui})
    if drug.ndc11:
        coding.append({"system": uris.NDC, "code": drug.ndc11})
    if coding:
        coding[-1]["userSelected"] = True
        written["coding"] = coding
    if drug.name:
        written["text"] = drug.name
    return written or DATA_ABSENT


def write_medication(drug: Drug, concept: Element) -> Element | None:
    """The Medication; None when nothing is known that the concept does not say."""
    if not drug.ingredients and not drug.dose_form:
        return None
    written: Element = {"resourceType": "Medication", "code": concept}
    if drug.dose_form:
        written["form"] = {"text": drug.dose_form}
    if drug.ingredients:
        written["ingredient"] = [_write_ingredient(ingredient) for ingredient in drug.ingredients]
    return written


def write_knowledge(drug: Drug, concept: Element) -> Element | None:
    """The MedicationKnowledge; None when nothing of it is known."""
    written: Element = {"resourceType": "MedicationKnowledge", "code": concept}
    if drug.schedule is not None:
        schedule = {"schedule": _SCHEDULES[drug.schedule]}
        written["regulatory"] = [{"regulatoryAuthority": _DEA, "schedule": [schedule]}]
    if drug.route:
        written["intendedRoute"] = [{"text": drug.route}]
    if drug.drug_class is not DrugClass.UNKNOWN or drug.ndc11 or drug.rxcui:
        # a product that is not in the drug table says so: "unknown"
        classification = {"type": _CLASS_TYPE, "classification": [{"text": drug.drug_class.value}]}
        written["medicineClassification"] = [classification]
    return written if len(written) > 2 else None


def _write_ingredient(ingredient: Ingredient) -> Element:
    written: Element = {"itemCodeableConcept": {"text": ingredient.name}}
    if ingredient.strength is not None:
        amount, _, per = (ingredient.unit or "").partition("/")
        written["strength"] = {
            "numerator": _quantity(ingredient.strength, amount),
            "denominator": _quantity(Decimal(1), per or _EACH),
        }
    return written


def _quantity(value: Decimal, unit: str) -> Element:
    written: Element = {"value": exact(value)}
    if unit:
        written["unit"] = unit
    if unit in _UCUM:
        written |= {"system": uris.UCUM, "code": _UCUM[unit]}
    return written


def _schedule_concept(schedule: Schedule) -> Element:
    """NCI Thesaurus has a code for each schedule; a drug without one is "not applicable" in HL7's words."""
    table = codes("schedule")
    system = uris.NULL_FLAVOR if schedule is Schedule.NONE else uris.NCI_THESAURUS
    coding = {"system": system, "code": table.encode(schedule.value, "fhir")}
    return {"coding": [coding], "text": table.display(schedule.value)}


_SCHEDULES: Final = {schedule: _schedule_concept(schedule) for schedule in Schedule}


# --- reading --------------------------------------------------------------------------------------------------


def read_product(medication: Node | None, knowledge: Node | None) -> Drug:
    """What a Medication and a MedicationKnowledge say of a drug, without name and codes."""
    return Drug(
        ingredients=_read_ingredients(medication) if medication is not None else (),
        dose_form=_words(medication, "form"),
        route=_first_words(knowledge, "intendedRoute"),
        schedule=_read_schedule(knowledge) if knowledge is not None else None,
        drug_class=_read_class(knowledge) if knowledge is not None else DrugClass.UNKNOWN,
    )


def read_concept(concept: Node, product: Drug) -> Drug:
    """The product with the name and the codes of a CodeableConcept."""
    code = code_of(concept, uris.NDC)
    return replace(
        product,
        name=_name_of(concept),
        ndc11=ndc.compact(code) if code is not None else None,
        rxcui=code_of(concept, uris.RXNORM),
    )


def _name_of(concept: Node) -> str | None:
    displays = (coding.text("display") for coding in concept.items("coding"))
    return concept.text("text") or next((display for display in displays if display), None)


def _read_ingredients(medication: Node) -> tuple[Ingredient, ...]:
    found = []
    for node in medication.items("ingredient"):
        item = node.get("itemCodeableConcept")
        name = words_of(item) if item is not None else None
        if name is not None:
            strength, unit = _read_strength(node.get("strength"))
            found.append(Ingredient(name=name, strength=strength, unit=unit))
    return tuple(found)


def _read_strength(ratio: Node | None) -> tuple[Decimal | None, str | None]:
    """Strength and unit of a Ratio, per one of what its denominator counts."""
    numerator = ratio.get("numerator") if ratio is not None else None
    if ratio is None or numerator is None:
        return None, None
    strength, unit = numerator.number("value"), _unit_of(numerator)
    denominator = ratio.get("denominator")
    if denominator is None or strength is None:
        return strength, unit
    count, per = denominator.number("value"), _unit_of(denominator)
    if count is not None and count not in (0, 1):
        strength = strength / count
    is_dose_unit = per is None or codes("quantity-unit").decode(per, "fhir") == _EACH
    return strength, unit if is_dose_unit else f"{unit}/{per}"


def _unit_of(quantity: Node) -> str | None:
    code = quantity.text("code")
    return quantity.text("unit") or (_FROM_UCUM.get(code, code) if code is not None else None)


def _read_schedule(knowledge: Node) -> Schedule | None:
    for regulatory in knowledge.items("regulatory"):
        for entry in regulatory.items("schedule"):
            concept = entry.get("schedule")
            coding = concept.first("coding") if concept is not None else None
            code = coding.text("code") if coding is not None else None
            value = codes("schedule").decode(code, "fhir") if code is not None else None
            if value is not None:
                return Schedule(value)
    return None


def _read_class(knowledge: Node) -> DrugClass:
    for entry in knowledge.items("medicineClassification"):
        for concept in entry.items("classification"):
            text = concept.text("text")
            if text in set(DrugClass):
                return DrugClass(text)
    return DrugClass.UNKNOWN


def _words(node: Node | None, name: str) -> str | None:
    concept = node.get(name) if node is not None else None
    return words_of(concept) if concept is not None else None


def _first_words(node: Node | None, name: str) -> str | None:
    concept = node.first(name) if node is not None else None
    return words_of(concept) if concept is not None else None
