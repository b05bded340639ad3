"""The person and the address of 2017071, which every party and every fill have alike."""

from __future__ import annotations

from adapters._wire import Xml
from adapters.ncpdp.fit import Fit
from adapters.ncpdp.layout import block
from adapters.ncpdp.values import (
    AddressKeys,
    Values,
    address_facts,
    address_keys,
    address_lines,
    name_keys,
    name_values,
    table,
)
from adapters.ncpdp.version import Version
from gateway.model import Address, NameUse, Person

_FORMER = frozenset({NameUse.MAIDEN, NameUse.OLD})
_PATIENT_NAME = name_keys("person.names.0", "")
_FORMER_NAME = name_keys("person.names.1", "former_")
_PATIENT_ADDRESS = address_keys("person.addresses.0", "")


def person_block(version: Version, fit: Fit, person: Person) -> Xml:
    """Name to telephone of a person; nothing without the three that are required: both names, birth date."""
    name = name_values(fit, person.names[0] if person.names else None, _PATIENT_NAME, needs_first=True)
    former = _former_name(fit, person)
    born, phone = person.birth_date, person.phones[0] if person.phones else None
    if not name["last"] or not born:
        fit.drop({"person.sex": person.sex, "person.birth_date": born, "person.phones.0": phone})
        fit.drop(dict(zip(_PATIENT_NAME[5:], name.values(), strict=True)))
        fit.drop(dict(zip(_FORMER_NAME[5:], former.values(), strict=True)))
        fit.drop(address_facts(person.address, _PATIENT_ADDRESS))
        return Xml()
    return block(version, "person").render(
        {
            "gender": table("sex").encode(person.sex, "script") or "U",
            "born": born.isoformat(),
            "phone": fit.telephone(phone, "person.phones.0"),
            **name,
            **former,
            **address_values(fit, person.address, _PATIENT_ADDRESS),
        }
    )


def owner_block(version: Version, fit: Fit, owner: Person | None) -> Xml:
    """An animal's owner; nothing without all that is required: both names, address, telephone, and the code for an
    owner (`mappings/codes.toml`)."""
    relationship = table("script-contact").encode("owner", "script")
    if owner is None or relationship is None or not owner.names:
        return Xml()
    phone = fit.telephone(owner.phones[0], "person.owner.phones.0") if owner.phones else None
    name = name_values(fit, owner.names[0], _PATIENT_NAME, needs_first=True)
    address = address_values(fit, owner.address, _PATIENT_ADDRESS)
    if not name["last"] or not phone or not any(address.values()):
        return Xml()
    return block(version, "owner").render({**name, **address, "phone": phone, "relationship": relationship})


def _former_name(fit: Fit, person: Person) -> Values:
    """A second name, when it is one that the person had before."""
    other = person.names[1] if len(person.names) > 1 else None
    values = name_values(fit, other, _FORMER_NAME, needs_first=True)
    if other is None or other.use in _FORMER:
        return values
    fit.drop(dict(zip(_FORMER_NAME[5:], values.values(), strict=True)))
    return dict.fromkeys(_FORMER_NAME[:5])


def address_values(fit: Fit, address: Address | None, keys: AddressKeys) -> Values:
    """The parts of an address, for the placeholders of these keys."""
    if address is None:
        return dict.fromkeys(keys[:6])
    line1, line2 = address_lines(fit, address.lines, 40, keys)
    return {
        keys.line1: line1,
        keys.line2: line2,
        keys.city: fit.text(address.city, 35, keys.city_field),
        keys.state: fit.text(address.state, 35, keys.state_field),
        keys.postal_code: fit.text(address.postal_code, 35, keys.postal_code_field),
        keys.country: _country(fit, address.country, keys.country_field),
    }


def _country(fit: Fit, country: str | None, field: str) -> str | None:
    """Two characters, or nothing: the first two of a longer name would be another country."""
    if country is None or len(country) == 2:
        return fit.text(country, 2, field)
    fit.drop({field: country})
    return None
