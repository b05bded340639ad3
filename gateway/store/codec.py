"""Between rows and the canonical model. Encoding gives columns in the table's order; decoding takes a row.

Lists and a veterinary patient's owner are JSON in the model's own field names. An absent list is NULL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    DispensationStatus,
    Dispenser,
    Drug,
    DrugClass,
    Ingredient,
    Licence,
    NameUse,
    PartyKind,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
)
from gateway.store.keys import write_dispensation_id

Columns = dict[str, object]
Row = Sequence[Any]

_json = msgspec.json.Encoder()
_read_texts = msgspec.json.Decoder(tuple[str, ...]).decode
_read_names = msgspec.json.Decoder(tuple[PersonName, ...]).decode
_read_addresses = msgspec.json.Decoder(tuple[Address, ...]).decode
_read_ingredients = msgspec.json.Decoder(tuple[Ingredient, ...]).decode
_read_compound = msgspec.json.Decoder(tuple[CompoundPart, ...]).decode
_read_person = msgspec.json.Decoder(Person).decode

# A dictionary is several times faster than calling the enumeration, and a history has hundreds of codes.
_USES = {one.value: one for one in NameUse}
_SEXES = {one.value: one for one in Sex}
_SPECIES = {one.value: one for one in Species}
_UNITS = {one.value: one for one in QuantityUnit}
_STATUSES = {one.value: one for one in DispensationStatus}


def _write_json(value: object) -> str | None:
    return _json.encode(value).decode() if value else None


# --- parts ----------------------------------------------------------------------------------------------------


def _name_columns(name: PersonName | None) -> Columns:
    if name is None:
        return dict.fromkeys(("family", "given", "name_prefix", "name_suffix", "name_use"))
    return {
        "family": name.family,
        "given": _write_json(name.given),
        "name_prefix": name.prefix,
        "name_suffix": name.suffix,
        "name_use": name.use.value,
    }


def _name(
    family: str | None, given: str | None, prefix: str | None, suffix: str | None, use: str
) -> PersonName | None:
    if family is None:
        return None
    return PersonName(
        family=family,
        given=_read_texts(given) if given else (),
        prefix=prefix,
        suffix=suffix,
        use=_USES[use],
    )


def _address_columns(address: Address | None) -> Columns:
    if address is None:
        return dict.fromkeys(("address_lines", "city", "address_state", "postal_code", "country"))
    return {
        "address_lines": _json.encode(address.lines).decode(),
        "city": address.city,
        "address_state": address.state,
        "postal_code": address.postal_code,
        "country": address.country,
    }


def _address(
    lines: str | None, city: str | None, state: str | None, postal_code: str | None, country: str | None
) -> Address | None:
    if lines is None:
        return None
    return Address(lines=_read_texts(lines), city=city, state=state, postal_code=postal_code, country=country)


def _licence_columns(licence: Licence | None) -> Columns:
    return {
        "licence_number": licence.number if licence else None,
        "licence_state": licence.state if licence else None,
    }


def _licence(number: str | None, state: str | None) -> Licence | None:
    return None if number is None else Licence(number=number, state=state)


# --- people ---------------------------------------------------------------------------------------------------


def without_identifiers(person: Person) -> Person:
    """What is kept in clear of the person, and of the owner of a veterinary patient."""
    owner = without_identifiers(person.owner) if person.owner else None
    if not person.identifiers and owner == person.owner:
        return person
    return replace(person, identifiers=(), owner=owner)


def appearance_columns(person: Person) -> Columns:
    """Of table `appearance`, from `family` on. Identifiers are not among them."""
    return {
        **_name_columns(person.names[0] if person.names else None),
        "other_names": _write_json(person.names[1:]),
        "birth_date": person.birth_date,
        "sex": person.sex.value,
        **_address_columns(person.address),
        "other_addresses": _write_json(person.addresses[1:]),
        "phones": _write_json(person.phones),
        "species": person.species.value,
        "owner": _write_json(person.owner and without_identifiers(person.owner)),
        "deceased": person.deceased,
    }


def person(key: str, row: Row) -> Person:
    """From `appearance` and everything from `family` on."""
    number, *name, names, birth_date, sex, a, b, c, d, e, addresses, phones, species, owner, deceased = row
    first, home = _name(*name), _address(a, b, c, d, e)
    return Person(
        key=key,
        appearance=number,
        names=((first,) if first else ()) + (_read_names(names) if names else ()),
        birth_date=birth_date,
        sex=_SEXES[sex],
        addresses=((home,) if home else ()) + (_read_addresses(addresses) if addresses else ()),
        phones=_read_texts(phones) if phones else (),
        species=_SPECIES[species],
        owner=_read_person(owner) if owner else None,
        deceased=deceased,
    )


# --- what is referred to --------------------------------------------------------------------------------------


def drug_columns(drug: Drug) -> Columns:
    """Of table `drug`, without its digest."""
    return {
        "name": drug.name,
        "ndc11": drug.ndc11,
        "rxcui": drug.rxcui,
        "ingredients": _write_json(drug.ingredients),
        "dose_form": drug.dose_form,
        "route": drug.route,
        "schedule": drug.schedule and drug.schedule.value,
        "drug_class": drug.drug_class.value,
    }


def drug(row: Row) -> Drug:
    """From the columns of :func:`drug_columns`."""
    name, ndc11, rxcui, ingredients, dose_form, route, schedule, drug_class = row
    return Drug(
        name=name,
        ndc11=ndc11,
        rxcui=rxcui,
        ingredients=_read_ingredients(ingredients) if ingredients else (),
        dose_form=dose_form,
        route=route,
        schedule=Schedule(schedule) if schedule else None,
        drug_class=DrugClass(drug_class),
    )


def prescriber_columns(prescriber: Prescriber) -> Columns:
    """Of table `prescriber`, without its digest."""
    return {
        **_name_columns(prescriber.name),
        "npi": prescriber.npi,
        "dea": prescriber.dea,
        "dea_suffix": prescriber.dea_suffix,
        **_licence_columns(prescriber.licence),
        **_address_columns(prescriber.address),
        "phone": prescriber.phone,
        "kind": prescriber.kind.value,
    }


def prescriber(row: Row) -> Prescriber:
    """From the columns of :func:`prescriber_columns`."""
    return Prescriber(
        name=_name(*row[0:5]),
        npi=row[5],
        dea=row[6],
        dea_suffix=row[7],
        licence=_licence(*row[8:10]),
        address=_address(*row[10:15]),
        phone=row[15],
        kind=PartyKind(row[16]),
    )


def dispenser_columns(dispenser: Dispenser) -> Columns:
    """Of table `dispenser`, without its digest."""
    return {
        "name": dispenser.name,
        "npi": dispenser.npi,
        "dea": dispenser.dea,
        "ncpdp_id": dispenser.ncpdp_id,
        **_licence_columns(dispenser.licence),
        **_address_columns(dispenser.address),
        "phone": dispenser.phone,
        "kind": dispenser.kind.value,
    }


def dispenser(row: Row) -> Dispenser:
    """From the columns of :func:`dispenser_columns`."""
    return Dispenser(
        name=row[0],
        npi=row[1],
        dea=row[2],
        ncpdp_id=row[3],
        licence=_licence(*row[4:6]),
        address=_address(*row[6:11]),
        phone=row[11],
        kind=PartyKind(row[12]),
    )


# --- dispensations --------------------------------------------------------------------------------------------


def dispensation_columns(dispensation: Dispensation) -> Columns:
    """Of table `dispensation`, without its keys and without what it refers to."""
    return {
        "revision": dispensation.revision,
        "status": dispensation.status.value,
        "rx_number": dispensation.rx_number,
        "written": dispensation.written,
        "filled": dispensation.filled,
        "sold": dispensation.sold,
        "fill_number": dispensation.fill_number,
        "refills_authorised": dispensation.refills_authorised,
        "quantity": str(dispensation.quantity),
        "unit": dispensation.unit.value,
        "days_supply": dispensation.days_supply,
        "partial_fill": dispensation.partial_fill,
        "payment": dispensation.payment,
        "rx_origin": dispensation.rx_origin,
        "treatment_type": dispensation.treatment_type,
        "diagnosis": dispensation.diagnosis,
        "compound": _write_json(dispensation.compound),
        "source_state": dispensation.source_state,
        "reported_at": dispensation.reported_at,
    }


def dispensation(
    person_key: str,
    row: Row,
    people: Mapping[int, Person],
    drugs: Mapping[bytes, Drug],
    prescribers: Mapping[bytes, Prescriber],
    dispensers: Mapping[bytes, Dispenser],
) -> Dispensation:
    """From everything after the person key, in the table's order, and from what it refers to."""
    return Dispensation(
        id=write_dispensation_id(person_key, row[0]),
        revision=row[1],
        status=_STATUSES[row[2]],
        person=people[row[3]],
        rx_number=row[4],
        written=row[5],
        filled=row[6],
        sold=row[7],
        fill_number=row[8],
        refills_authorised=row[9],
        quantity=Decimal(row[10]),
        unit=_UNITS[row[11]],
        days_supply=row[12],
        partial_fill=row[13],
        payment=row[14],
        rx_origin=row[15],
        treatment_type=row[16],
        diagnosis=row[17],
        compound=_read_compound(row[18]) if row[18] else (),
        drug=drugs[row[19]],
        prescriber=prescribers[row[20]],
        dispenser=dispensers[row[21]],
        source_state=row[22],
        reported_at=row[23],
    )
