"""Practitioner, PractitionerRole and Organization, both directions: who prescribed, who dispensed, who asks.

Profiles: us-core-practitioner, us-core-practitionerrole, us-core-organization, pdmp-organization-pharmacy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import (
    DATA_ABSENT,
    Element,
    identifier,
    read_addresses,
    read_licence,
    read_name,
    read_phones,
    typed,
    words_of,
    write_address,
    write_licence,
    write_name,
    write_phone,
)
from adapters.fhir.tree import Node
from gateway.model import (
    Dispenser,
    Organisation,
    PartyKind,
    PersonName,
    Practitioner,
    Prescriber,
)

_TYPE_DEA: Final = typed("DEA", "Drug Enforcement Administration registration number")
_KIND: Final = {kind: {"text": kind.value} for kind in PartyKind}
_ABSENT_NAME: Final = [{"_family": DATA_ABSENT}]
_ABSENT_IDENTIFIER: Final = [DATA_ABSENT]
"""us-core-practitioner and pdmp-organization-pharmacy want an identifier."""


# --- writing --------------------------------------------------------------------------------------------------


def display_of(name: PersonName | None) -> str | None:
    """A name as a person reads it."""
    if name is None:
        return None
    parts = (name.prefix, *name.given, name.family)
    shown = " ".join(part for part in parts if part)
    return f"{shown}, {name.suffix}" if name.suffix else shown


def write_prescriber(prescriber: Prescriber) -> Element:
    """A Practitioner. Its kind is a qualification, left out for the ordinary one."""
    written: Element = {"resourceType": "Practitioner"}
    identifiers = _identifiers(npi=prescriber.npi, dea=prescriber.dea)
    if prescriber.dea_suffix:
        identifiers.append(
            {"type": {"text": "DEA suffix"}, "system": uris.DEA_SUFFIX, "value": prescriber.dea_suffix}
        )
    if prescriber.licence:
        identifiers.append(write_licence(prescriber.licence))
    written["identifier"] = identifiers or _ABSENT_IDENTIFIER
    written["name"] = [write_name(prescriber.name)] if prescriber.name else _ABSENT_NAME
    if prescriber.phone:
        written["telecom"] = [write_phone(prescriber.phone)]
    if prescriber.address:
        written["address"] = [write_address(prescriber.address)]
    if prescriber.kind is not PartyKind.PRACTITIONER:
        written["qualification"] = [{"code": _KIND[prescriber.kind]}]
    return written


def write_dispenser(dispenser: Dispenser) -> Element:
    """An Organization; a dispensing practitioner is one too, since only one line of name is known."""
    written: Element = {"resourceType": "Organization", "active": True, "type": [_KIND[dispenser.kind]]}
    identifiers = _identifiers(npi=dispenser.npi, dea=dispenser.dea, ncpdp_id=dispenser.ncpdp_id)
    if dispenser.licence:
        identifiers.append(write_licence(dispenser.licence))
    written["identifier"] = identifiers or _ABSENT_IDENTIFIER
    if dispenser.name:
        written["name"] = dispenser.name
    else:
        written["_name"] = DATA_ABSENT
    if dispenser.phone:
        written["telecom"] = [write_phone(dispenser.phone)]
    if dispenser.address:
        written["address"] = [write_address(dispenser.address)]
    return written


def write_practitioner(practitioner: Practitioner) -> Element:
    """The Practitioner who asks, for a request to a partner."""
    written: Element = {"resourceType": "Practitioner"}
    identifiers = _identifiers(npi=practitioner.npi, dea=practitioner.dea)
    if practitioner.licence:
        identifiers.append(write_licence(practitioner.licence))
    written["identifier"] = identifiers or _ABSENT_IDENTIFIER
    written["name"] = [write_name(practitioner.name)] if practitioner.name else _ABSENT_NAME
    return written


def write_role(practitioner: Practitioner) -> Element:
    """The PractitionerRole beside it."""
    written: Element = {"resourceType": "PractitionerRole"}
    if practitioner.role:
        written["code"] = [{"text": practitioner.role}]
    shown = display_of(practitioner.name)
    if shown:
        written["practitioner"] = {"display": shown}
    return written


def write_organisation(organisation: Organisation) -> Element:
    """The Organization it works for."""
    written: Element = {"resourceType": "Organization", "active": True}
    identifiers = _identifiers(npi=organisation.npi, dea=organisation.dea, ncpdp_id=organisation.ncpdp_id)
    if identifiers:
        written["identifier"] = identifiers
    if organisation.name:
        written["name"] = organisation.name
    else:
        written["_name"] = DATA_ABSENT
    if organisation.address:
        written["address"] = [write_address(organisation.address)]
    return written


def best_identifier(dispenser: Dispenser) -> Element | None:
    """The identifier by which a pharmacy is known best: NCPDP, else NPI, else DEA."""
    if dispenser.ncpdp_id:
        return {"system": uris.NCPDP_ID, "value": dispenser.ncpdp_id}
    if dispenser.npi:
        return {"system": uris.NPI, "value": dispenser.npi}
    return {"system": uris.DEA, "value": dispenser.dea} if dispenser.dea else None


def _identifiers(*, npi: str | None, dea: str | None, ncpdp_id: str | None = None) -> list[Element]:
    found: list[Element] = []
    if npi:
        found.append({"system": uris.NPI, "value": npi})
    if ncpdp_id:
        found.append({"system": uris.NCPDP_ID, "value": ncpdp_id})
    if dea:
        found.append({"type": _TYPE_DEA, "system": uris.DEA, "value": dea})
    return found


# --- reading --------------------------------------------------------------------------------------------------


def read_prescriber(node: Node) -> Prescriber:
    """The prescriber of a Practitioner."""
    name, address, phone = node.first("name"), read_addresses(node), read_phones(node)
    return Prescriber(
        name=read_name(name) if name is not None else None,
        npi=identifier(node, uris.NPI),
        dea=identifier(node, uris.DEA),
        dea_suffix=identifier(node, uris.DEA_SUFFIX),
        licence=read_licence(node),
        address=address[0] if address else None,
        phone=phone[0] if phone else None,
        kind=_read_qualification(node) or PartyKind.PRACTITIONER,
    )


def read_dispenser(node: Node) -> Dispenser:
    """The dispenser of an Organization, or of the Practitioner who dispensed."""
    address, phone = read_addresses(node), read_phones(node)
    dispenser = Dispenser(
        name=node.text("name") if node.kind == "Organization" else _line_of_name(node),
        npi=identifier(node, uris.NPI),
        dea=identifier(node, uris.DEA),
        ncpdp_id=identifier(node, uris.NCPDP_ID),
        licence=read_licence(node),
        address=address[0] if address else None,
        phone=phone[0] if phone else None,
    )
    if node.kind == "Practitioner":
        return replace(dispenser, kind=_read_qualification(node) or PartyKind.PRACTITIONER)
    kinds = (_kind_of(concept) for concept in node.items("type"))
    return replace(dispenser, kind=next((kind for kind in kinds if kind is not None), PartyKind.PHARMACY))


def read_named_prescriber(reference: Node) -> Prescriber:
    """The prescriber of a Reference that carries nothing but an identifier; unknown when it has none."""
    key = reference.get("identifier")
    system, value = (key.text("system"), key.text("value")) if key is not None else (None, None)
    return Prescriber(npi=value if system == uris.NPI else None, dea=value if system == uris.DEA else None)


def read_named_dispenser(reference: Node) -> Dispenser:
    """The dispenser of a Reference that carries nothing but an identifier and a display.

    :raises MessageError: it has no identifier with system and value.
    """
    key = reference.get("identifier")
    if key is None:
        raise reference.missing(
            "identifier",
            "Send the pharmacy as a contained Organization, or its identifier with system and value.",
        )
    system, value = key.need_text("system"), key.need_text("value")
    return Dispenser(
        name=reference.text("display"),
        npi=value if system == uris.NPI else None,
        dea=value if system == uris.DEA else None,
        ncpdp_id=value if system == uris.NCPDP_ID else None,
    )


def read_practitioner(node: Node, role: Node | None) -> Practitioner:
    """The practitioner who asks. The role is PractitionerRole.code; a specialty is no role."""
    name = node.first("name")
    code = role.first("code") if role is not None else None
    return Practitioner(
        name=read_name(name) if name is not None else None,
        npi=identifier(node, uris.NPI),
        dea=identifier(node, uris.DEA),
        licence=read_licence(node),
        role=words_of(code) if code is not None else None,
    )


def read_organisation(node: Node) -> Organisation:
    """The organisation of an Organization."""
    address = read_addresses(node)
    return Organisation(
        name=node.text("name"),
        npi=identifier(node, uris.NPI),
        dea=identifier(node, uris.DEA),
        ncpdp_id=identifier(node, uris.NCPDP_ID),
        address=address[0] if address else None,
    )


def _line_of_name(node: Node) -> str | None:
    name = node.first("name")
    return name.text("text") or display_of(read_name(name)) if name is not None else None


def _read_qualification(node: Node) -> PartyKind | None:
    for qualification in node.items("qualification"):
        concept = qualification.get("code")
        kind = _kind_of(concept) if concept is not None else None
        if kind is not None:
            return kind
    return None


def _kind_of(concept: Node) -> PartyKind | None:
    text = concept.text("text")
    return PartyKind(text) if text in set(PartyKind) else None
