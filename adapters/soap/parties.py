"""Canonical people and organisations -> the XML of a report: patient, prescriber, dispenser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapters._wire import Block, Xml
from adapters.soap.names import CODES, NAMESPACES
from gateway.model import Address, Dispenser, Person, PersonName, Prescriber, Species
from gateway.terminology import codes

BLOCKS = Path(__file__).parent / "blocks"


def load(name: str) -> Block:
    """The template `blocks/<name>.xml`."""
    return Block.load(BLOCKS / f"{name}.xml", fixed=NAMESPACES)


_patient = load("patient")
_prescriber = load("prescriber")
_dispenser = load("dispenser")
_name = load("name")
_phone = load("phone")
_address = load("address")
_street = load("street")


def patient_xml(person: Person) -> Xml:
    """The `Patient`, without identifiers. A veterinary patient is named by its owner, where that is known."""
    named = person
    animal = None
    if person.species is Species.VETERINARY and person.owner is not None:
        named = person.owner
        animal = " ".join(person.names[0].given) if person.names else None
    return _patient.render(
        {
            "birth_date": named.birth_date.isoformat() if named.birth_date else None,
            "names": [_name_xml(name) for name in named.names],
            "sex": codes("sex").encode(person.sex, CODES),
            "phones": [_phone.render({"number": phone}) for phone in person.phones],
            "addresses": [_address_xml(address) for address in person.addresses],
            "species": codes("species").encode(person.species, CODES),
            "animal": animal,
        }
    )


def prescriber_xml(prescriber: Prescriber) -> Xml:
    """The `Prescriber`; empty when nothing is known of one."""
    licence = prescriber.licence
    return _prescriber.render(
        {
            "name": _name_xml(prescriber.name) if prescriber.name else None,
            **_contact(prescriber.phone, prescriber.address),
            "npi": prescriber.npi,
            "dea": prescriber.dea,
            "dea_suffix": prescriber.dea_suffix,
            "licence": licence.number if licence else None,
            "licence_state": licence.state if licence else None,
        }
    )


def dispenser_xml(dispenser: Dispenser) -> Xml:
    """The `Dispenser`; empty when nothing is known of one."""
    licence = dispenser.licence
    return _dispenser.render(
        {
            "name": dispenser.name,
            **_contact(dispenser.phone, dispenser.address),
            "npi": dispenser.npi,
            "dea": dispenser.dea,
            "licence": licence.number if licence else None,
            "licence_state": licence.state if licence else None,
            "ncpdp_id": dispenser.ncpdp_id,
        }
    )


def _contact(phone: str | None, address: Address | None) -> dict[str, Sequence[Xml]]:
    return {
        "phones": [_phone.render({"number": phone})] if phone else [],
        "addresses": [_address_xml(address)] if address else [],
    }


def _name_xml(name: PersonName) -> Xml:
    return _name.render(
        {
            "prefix": name.prefix,
            "given": name.given[0] if name.given else None,
            "middle": " ".join(name.given[1:]),
            "family": name.family,
            "suffix": name.suffix,
        }
    )


def _address_xml(address: Address) -> Xml:
    return _address.render(
        {
            "lines": [_street.render({"line": line}) for line in address.lines],
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
        }
    )
