"""Patient and RelatedPerson, both directions: who the history is about, and the owner of an animal.

Profiles: pdmp-patient (US PDMP IG 1.0.0) and us-core-relatedperson.
"""

from __future__ import annotations

from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import (
    DATA_ABSENT,
    MOST,
    Element,
    code_of,
    identifier,
    identifier_type,
    read_addresses,
    read_names,
    read_phones,
    typed,
    write_address,
    write_name,
    write_phone,
)
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError
from gateway.model import Identifier, IdentifierKind, Person, Sex, Species
from gateway.terminology import codes

_VETERINARY_CODE: Final = codes("species").encode(Species.VETERINARY.value, "fhir")
_ANIMAL: Final[Element] = {
    "url": uris.EXT_ANIMAL,
    "extension": [
        {
            "url": "species",
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": uris.PMIX_SPECIES,
                        "code": _VETERINARY_CODE,
                        "display": codes("species").display(Species.VETERINARY.value),
                    }
                ]
            },
        }
    ],
}
_SEX: Final = {sex: codes("sex").encode(sex.value, "fhir") for sex in Sex}
_KINDS: Final = {
    "SS": IdentifierKind.SSN,
    "DL": IdentifierKind.DRIVER_LICENCE,
    "MR": IdentifierKind.MEDICAL_RECORD_NUMBER,
}
_TYPES: Final = {
    IdentifierKind.SSN: typed("SS", "Social Security number"),
    IdentifierKind.DRIVER_LICENCE: typed("DL", "Driver's license number"),
    IdentifierKind.MEDICAL_RECORD_NUMBER: typed("MR", "Medical record number"),
}


# --- writing --------------------------------------------------------------------------------------------------


def write_patient(person: Person) -> Element:
    """A Patient without identifiers of the person's own; the gateway's person key is its one identifier.

    The key is what `GET MedicationDispense?patient=` takes; appearances of one person share it.
    """
    written: Element = {"resourceType": "Patient"}
    if person.species is Species.VETERINARY:
        written["extension"] = [_ANIMAL]
    if person.key:
        written["identifier"] = [{"system": uris.PERSON, "value": person.key}]
    _write_demographics(written, person)
    if person.deceased:
        written["deceasedDateTime"] = person.deceased
    return written


def write_owner(owner: Person, patient: str) -> Element:
    """The RelatedPerson who owns the animal that the reference `patient` leads to."""
    written: Element = {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": {"reference": patient},
        "relationship": [{"text": "owner"}],
    }
    _write_demographics(written, owner)
    return written


def write_identifiers(person: Person) -> list[Element]:
    """The identifiers that serve matching: for a request to a partner only, never for an answer."""
    return [_write_identifier(identifier) for identifier in person.identifiers]


def _write_demographics(written: Element, person: Person) -> None:
    if person.names:
        written["name"] = [write_name(name) for name in person.names]
    if person.phones:
        written["telecom"] = [write_phone(number) for number in person.phones]
    written["gender"] = _SEX[person.sex]
    if person.birth_date:
        written["birthDate"] = person.birth_date
    else:
        written["_birthDate"] = DATA_ABSENT
    if person.addresses:
        written["address"] = [write_address(address) for address in person.addresses]


def _write_identifier(held: Identifier) -> Element:
    written: Element = {"type": _TYPES[held.kind], "value": held.value}
    if held.kind is IdentifierKind.SSN:
        written["system"] = uris.SSN
    elif held.kind is IdentifierKind.MEDICAL_RECORD_NUMBER and held.issuer:
        written["system"] = held.issuer
    elif held.issuer and (number := codes("state").encode(held.issuer, "fhir")):
        written["system"] = uris.DRIVER_LICENCE + number
    return written


# --- reading --------------------------------------------------------------------------------------------------


def read_patient(node: Node, *, owner: Person | None = None, strict: bool = True) -> Person:
    """The person of a Patient.

    :param owner: the owner, when it is an animal.
    :param strict: refuse a Patient by whom nobody could be matched: without a family or a given name, or without
        a full birth date (an animal's may be marked as absent, a given name too). A partner's answer is read as it
        is.
    :raises MessageError: naming the element.
    """
    species = _read_species(node)
    if strict:
        _require_name(node)
        _require_birth_date(node, species)
    return Person(
        key=identifier(node, uris.PERSON),
        names=read_names(node),
        birth_date=node.full_date("birthDate"),
        sex=_read_sex(node),
        addresses=read_addresses(node),
        phones=read_phones(node),
        identifiers=_read_identifiers(node),
        species=species,
        owner=owner,
        deceased=node.day("deceasedDateTime"),
    )


def read_owner(node: Node, *, strict: bool = True) -> Person:
    """The person of a RelatedPerson; a birth date is welcome and not needed."""
    if strict:
        _require_name(node)
    return Person(
        names=read_names(node),
        birth_date=node.full_date("birthDate"),
        sex=_read_sex(node),
        addresses=read_addresses(node),
        phones=read_phones(node),
        identifiers=_read_identifiers(node),
    )


def _require_name(node: Node) -> None:
    """The first name needs a family and a given name, unless the given one is marked as absent (pdmp-patient)."""
    name = node.first("name")
    if name is None:
        raise node.missing("name", "Send the patient's family and given name.")
    name.need_text("family")
    if not name.texts("given") and not any(
        g.extension(uris.EXT_DATA_ABSENT) for g in name.items("_given", nulls=True)
    ):
        raise name.missing("given", "Send the given name, or mark it with a data-absent-reason extension.")
    if not any(
        character.isalnum() for character in "".join((name.need_text("family"), *name.texts("given")))
    ):
        raise name.invalid("written in letters", "Send the patient's family and given name.")


def _require_birth_date(node: Node, species: Species) -> None:
    if node.text("birthDate") is not None:
        return
    absent = node.get("_birthDate")
    marked = absent is not None and absent.extension(uris.EXT_DATA_ABSENT) is not None
    if species is Species.HUMAN:
        raise node.missing("birthDate", "Send the full date of birth, YYYY-MM-DD.")
    if not marked:
        raise node.missing(
            "birthDate", "Send the animal's date of birth, or mark it with a data-absent-reason extension."
        )


def _read_species(node: Node) -> Species:
    """Whoever has the patient-animal extension is an animal, unless it says "Human"."""
    animal = node.extension(uris.EXT_ANIMAL)
    if animal is None:
        return Species.HUMAN
    part = animal.extension("species")
    concept = part.get("valueCodeableConcept") if part is not None else None
    code = code_of(concept, uris.PMIX_SPECIES) if concept is not None else None
    known = codes("species").decode(code, "fhir") if code else None
    return Species(known) if known else Species.VETERINARY


def _read_sex(node: Node) -> Sex:
    gender = node.text("gender")
    if gender is None:
        return Sex.UNKNOWN
    sex = codes("sex").decode(gender, "fhir")
    if sex is None:
        raise node.need("gender").invalid("female, male, other or unknown")
    return Sex(sex)


def _read_identifiers(node: Node) -> tuple[Identifier, ...]:
    found = []
    for item in node.items("identifier", most=MOST):
        system, value = item.text("system"), item.text("value")
        kind = IdentifierKind.SSN if system == uris.SSN else _KINDS.get(identifier_type(item) or "")
        if kind is not None and value is not None:
            found.append(Identifier(kind=kind, value=value, issuer=_issuer(kind, system)))
    return tuple(found)


def _issuer(kind: IdentifierKind, system: str | None) -> str | None:
    if system is None or kind is IdentifierKind.SSN:
        return None
    if kind is IdentifierKind.DRIVER_LICENCE:
        return codes("state").decode(system.removeprefix(uris.DRIVER_LICENCE), "fhir")
    return system


def require_kind(node: Node, kind: str) -> Node:
    """The node itself. :raises MessageError: it is another kind of resource."""
    if node.kind == kind:
        return node
    raise MessageError(
        f"The resource is not a {kind}.",
        code=ErrorCode.INVALID,
        path=f"{node.path}.resourceType",
        remedy=f"Send a {kind} here.",
    )
