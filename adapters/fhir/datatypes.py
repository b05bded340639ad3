"""HumanName, Address, ContactPoint, Identifier, CodeableConcept: each in both directions.

Written are plain dicts in which an element without a value is left out; read are :class:`~adapters.fhir.tree.Node`.
Source: FHIR R4 "datatypes".
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, TypeAlias

from orjson import Fragment

from adapters.fhir import uris
from adapters.fhir.tree import Node
from gateway.model import Address, Licence, NameUse, PersonName

Element: TypeAlias = dict[str, Any]

DATA_ABSENT: Final[Element] = {"extension": [{"url": uris.EXT_DATA_ABSENT, "valueCode": "unknown"}]}
"""What stands beside a required element whose value nobody knows."""

MOST: Final = 50
"""Names, addresses, telephones and identifiers of one person or party, and codings of one concept."""
_USES: Final = {"maiden": NameUse.MAIDEN, "old": NameUse.OLD, "nickname": NameUse.NICKNAME}


def exact(number: Decimal) -> Fragment:
    """A JSON number with exactly the digits of the Decimal: in FHIR its precision means something."""
    return Fragment(format(number, "f"))


# --- names ----------------------------------------------------------------------------------------------------


def write_name(name: PersonName) -> Element:
    """A HumanName; a person without a given name has it marked as unknown."""
    written: Element = {"use": name.use.value, "family": name.family}
    if name.given:
        written["given"] = name.given
    else:
        written["_given"] = [DATA_ABSENT]
    if name.prefix:
        written["prefix"] = [name.prefix]
    if name.suffix:
        written["suffix"] = [name.suffix]
    return written


def read_name(node: Node, family: str | None = None) -> PersonName | None:
    """A PersonName; `family` stands in where the element has none. None when there is neither."""
    family = node.text("family") or family
    if family is None:
        return None
    return PersonName(
        family=family,
        given=node.texts("given"),
        prefix=" ".join(node.texts("prefix")) or None,
        suffix=" ".join(node.texts("suffix")) or None,
        use=_USES.get(node.text("use") or "", NameUse.OFFICIAL),
    )


def read_names(resource: Node) -> tuple[PersonName, ...]:
    """The names of a resource, those in use before former ones.

    A nickname without a family name belongs to the family name before it; other names without one are no names.
    """
    names: list[PersonName] = []
    for node in resource.items("name", most=MOST):
        is_nickname = node.text("use") == NameUse.NICKNAME.value
        name = read_name(node, names[0].family if names and is_nickname else None)
        if name is not None:
            names.append(name)
    return tuple(sorted(names, key=lambda name: name.use is not NameUse.OFFICIAL))


# --- addresses and telephones ---------------------------------------------------------------------------------


def write_address(address: Address) -> Element:
    """An Address."""
    written: Element = {}
    if address.lines:
        written["line"] = address.lines
    if address.city:
        written["city"] = address.city
    if address.state:
        written["state"] = address.state
    if address.postal_code:
        written["postalCode"] = address.postal_code
    if address.country:
        written["country"] = address.country
    return written


def read_addresses(resource: Node) -> tuple[Address, ...]:
    """The addresses of a resource; those that say nothing are left out."""
    found = []
    for node in resource.items("address", most=MOST):
        state = node.text("state")
        address = Address(
            lines=node.texts("line"),
            city=node.text("city"),
            state=state.upper() if state is not None and len(state) == 2 else state,
            postal_code=node.text("postalCode"),
            country=node.text("country"),
        )
        if address != Address():
            found.append(address)
    return tuple(found)


def write_phone(number: str) -> Element:
    """A ContactPoint."""
    return {"system": "phone", "value": number}


def read_phones(resource: Node) -> tuple[str, ...]:
    """The telephone numbers of a resource."""
    return tuple(
        value
        for node in resource.items("telecom", most=MOST)
        if node.text("system") in {"phone", "sms"} and (value := node.text("value"))
    )


# --- identifiers ----------------------------------------------------------------------------------------------


def typed(code: str, display: str) -> Element:
    """A CodeableConcept of HL7 v2 table 0203 (identifier type)."""
    return {"coding": [{"system": uris.IDENTIFIER_TYPE, "code": code, "display": display}]}


_TYPE_LICENCE: Final = typed("LN", "License number")


def write_licence(licence: Licence) -> Element:
    """A state licence as an Identifier; the state in the extension that US Core has for it."""
    written: Element = {
        "type": _TYPE_LICENCE,
        "system": f"{uris.LICENCE}:{licence.state}" if licence.state else uris.LICENCE,
        "value": licence.number,
    }
    if licence.state:
        coding = {"system": uris.USPS, "code": licence.state}
        written["extension"] = [
            {"url": uris.EXT_JURISDICTION, "valueCodeableConcept": {"coding": [coding]}},
        ]
    return written


def read_licence(resource: Node) -> Licence | None:
    """The first state licence among the identifiers of a resource."""
    for node in resource.items("identifier", most=MOST):
        number = node.text("value")
        if number is not None and identifier_type(node) in {"LN", "MD"}:
            extension = node.extension(uris.EXT_JURISDICTION)
            jurisdiction = extension.get("valueCodeableConcept") if extension is not None else None
            return Licence(number=number, state=code_of(jurisdiction, uris.USPS) if jurisdiction else None)
    return None


def identifier_type(node: Node) -> str | None:
    """The code of table 0203 that says what an Identifier is."""
    concept = node.get("type")
    return code_of(concept, uris.IDENTIFIER_TYPE) if concept is not None else None


def identifier(resource: Node, system: str) -> str | None:
    """The value of the first Identifier of that system."""
    return next(
        (
            v
            for node in resource.items("identifier", most=MOST)
            if node.text("system") == system and (v := node.text("value"))
        ),
        None,
    )


# --- codes ----------------------------------------------------------------------------------------------------


def codings(concept: Node, system: str) -> Iterator[Node]:
    """The codings of a CodeableConcept that belong to that code system."""
    return (coding for coding in concept.items("coding", most=MOST) if coding.text("system") == system)


def code_of(concept: Node, system: str) -> str | None:
    """The first code of that code system in a CodeableConcept."""
    for coding in concept.items("coding", most=MOST):
        if coding.text("system") == system and (code := coding.text("code")):
            return code
    return None


def words_of(concept: Node) -> str | None:
    """What a person reads of a CodeableConcept: its text, else the first display, else the first code."""
    return (
        concept.text("text")
        or next((d for coding in concept.items("coding", most=MOST) if (d := coding.text("display"))), None)
        or next((c for coding in concept.items("coding", most=MOST) if (c := coding.text("code"))), None)
    )
