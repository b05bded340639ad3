"""Which field of which segment holds what: one table for reading, for naming the place of an issue, and for export.

Positions are those of ASAP 4.2 to 5.0 (field 1 is the one after the segment's name). Names of canonical fields are
dotted as in `mappings/fields.toml`.
"""

from __future__ import annotations

ENCODING_VERSIONS = ("4.0", "4.1", "4.2", "4.2A", "4.2B", "5.0")
"""Versions that are read. In the first two DSP13 says whether the fill is partial, in the others which part it is."""

PARTIAL_IS_YES_OR_NO = frozenset({"4.0", "4.1"})

LENGTHS = {
    "TH": 9,
    "IS": 3,
    "PHA": 13,
    "PAT": 23,
    "DSP": 25,
    "PRE": 15,
    "CDI": 5,
    "AIR": 11,
    "TP": 1,
    "TT": 2,
}
"""The segments there are, and how many fields each has in its longest version."""

FIELDS = {
    "rx_number": "DSP02",
    "written": "DSP03",
    "refills_authorised": "DSP04",
    "filled": "DSP05",
    "fill_number": "DSP06",
    "drug": "DSP08",
    "drug.ndc11": "DSP08",
    "drug.rxcui": "DSP19",
    "quantity": "DSP09",
    "days_supply": "DSP10",
    "unit": "DSP11",
    "rx_origin": "DSP12",
    "partial_fill": "DSP13",
    "payment": "DSP16",
    "sold": "DSP17",
    "treatment_type": "DSP24",
    "diagnosis": "DSP25",
    "compound": "CDI03",
    "prescriber": "PRE01",
    "prescriber.npi": "PRE01",
    "prescriber.dea": "PRE02",
    "prescriber.dea_suffix": "PRE03",
    "prescriber.licence.number": "PRE04",
    "prescriber.name.family": "PRE05",
    "prescriber.name.given.0": "PRE06",
    "prescriber.name.given.rest": "PRE07",
    "prescriber.phone": "PRE08",
    "prescriber.address.lines.0": "PRE11",
    "prescriber.address.lines.1": "PRE12",
    "prescriber.address.city": "PRE13",
    "prescriber.address.state": "PRE14",
    "prescriber.address.postal_code": "PRE15",
    "dispenser": "PHA01",
    "dispenser.npi": "PHA01",
    "dispenser.ncpdp_id": "PHA02",
    "dispenser.dea": "PHA03",
    "dispenser.name": "PHA04",
    "dispenser.address.lines.0": "PHA05",
    "dispenser.address.lines.1": "PHA06",
    "dispenser.address.city": "PHA07",
    "dispenser.address.state": "PHA08",
    "dispenser.address.postal_code": "PHA09",
    "dispenser.phone": "PHA10",
    "dispenser.licence.number": "PHA13",
    "person.names": "PAT07",
    "person.names.0.family": "PAT07",
    "person.names.0.given.0": "PAT08",
    "person.names.0.given.rest": "PAT09",
    "person.names.0.prefix": "PAT10",
    "person.names.0.suffix": "PAT11",
    "person.addresses.0.lines.0": "PAT12",
    "person.addresses.0.lines.1": "PAT13",
    "person.addresses.0.city": "PAT14",
    "person.addresses.0.state": "PAT15",
    "person.addresses.0.postal_code": "PAT16",
    "person.addresses.0.country": "PAT22",
    "person.phones.0": "PAT17",
    "person.birth_date": "PAT18",
    "person.sex": "PAT19",
    "person.species": "PAT20",
    "person.owner": "PAT07",
    "person.owner.names.0.family": "PAT07",
    "person.owner.names.0.given.0": "PAT08",
    "person.owner.names.0.given.rest": "PAT09",
    "person.owner.names.0.prefix": "PAT10",
    "person.owner.names.0.suffix": "PAT11",
    "person.owner.birth_date": "PAT18",
    "period": "IS03",
}
"""Canonical field -> ASAP field; `period` is a zero report's. A group of fields stands under the one that a sender
looks at first."""


def place(field: str | None) -> str | None:
    """The ASAP field of a canonical one, or of the nearest group that it belongs to; None for the whole record.

    >>> place("person.birth_date"), place("drug.ingredients"), place(None)
    ('PAT18', 'DSP08', None)
    """
    while field:
        if field in FIELDS:
            return FIELDS[field]
        field = field.rpartition(".")[0]
    return None
