"""Dispensations -> an ASAP file, such as a dispenser sends: for test populations, and for handing a record on.

The file is written as it is made. Dispensations of one dispenser that follow one another stand in one PHA group, and
those of one patient in it under one PAT, so sort them before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import BinaryIO

from gateway.model import (
    Address,
    Dispensation,
    Dispenser,
    IdentifierKind,
    IntakeAction,
    Person,
    Prescriber,
    Species,
)
from gateway.terminology import codes

VERSION = "4.2B"
_ACTIONS = {IntakeAction.NEW: "00", IntakeAction.REVISE: "01", IntakeAction.VOID: "02"}
_KINDS = {IdentifierKind.DRIVER_LICENCE: "06", IdentifierKind.SSN: "07"}
_SEPARATOR, _END = "*", "~"
_UNSAFE = str.maketrans({_SEPARATOR: " ", _END: " ", "\n": " ", "\r": " "})


def export(
    out: BinaryIO,
    dispensations: Iterable[Dispensation | tuple[IntakeAction, Dispensation]],
    *,
    control_number: str,
    created: datetime,
    is_test: bool = False,
) -> int:
    """Write the file; returns how many records it has. What ASAP has no field for is left out."""
    writer = _Writer(out)
    writer.segment(
        "TH",
        VERSION,
        control_number,
        "01",
        "",
        f"{created:%Y%m%d}",
        f"{created:%H%M%S}",
        "T" if is_test else "P",
        "",
        end=_END * 2,
    )
    writer.segment("IS", "PMPBRIDGE", "PMP BRIDGE", "")
    pharmacy: Dispenser | None = None
    patient: Person | None = None
    first = records = 0
    for one in dispensations:
        action, told = one if isinstance(one, tuple) else (IntakeAction.NEW, one)
        if told.dispenser != pharmacy:
            if pharmacy is not None:
                writer.segment("TP", str(writer.count - first + 2))
            pharmacy, patient, first = told.dispenser, None, writer.count + 1
            writer.segment("PHA", *_pha(pharmacy))
        if told.person != patient:
            patient = told.person
            writer.segment("PAT", *_pat(patient))
        _record(writer, action, told)
        records += 1
    if pharmacy is not None:
        writer.segment("TP", str(writer.count - first + 2))
    writer.segment("TT", control_number, str(writer.count + 1))
    return records


class _Writer:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.count = 0

    def segment(self, name: str, *fields: str, end: str = _END) -> None:
        """A segment; trailing fields that are empty are left out, but in TH."""
        told: Sequence[str] = [field.translate(_UNSAFE) for field in fields]
        while told and not told[-1] and name != "TH":
            told = told[:-1]
        text = _SEPARATOR.join((name, *told))
        if name == "TH":
            text += _SEPARATOR
        self._out.write(f"{text}{end}\n".encode())
        self.count += 1


def _record(writer: _Writer, action: IntakeAction, d: Dispensation) -> None:
    writer.segment(
        "DSP",
        _ACTIONS[action],
        d.rx_number,
        _day(d.written),
        "" if d.refills_authorised is None else str(d.refills_authorised),
        _day(d.filled),
        f"{d.fill_number:02}",
        "06" if d.compound else "01",
        "9" * 11 if d.compound else d.drug.ndc11 or "",
        f"{d.quantity:f}",
        str(d.days_supply),
        codes("quantity-unit").encode(d.unit, "asap") or "",
        d.rx_origin or "",
        f"{d.partial_fill:02}",
        *("", ""),
        d.payment or "",
        _day(d.sold),
        "01" if d.drug.rxcui else "",
        d.drug.rxcui or "",
        *("", "", "", ""),
        d.treatment_type or "",
        d.diagnosis or "",
    )
    writer.segment("PRE", *_pre(d.prescriber))
    for part in d.compound:
        unit = codes("quantity-unit").encode(part.unit, "asap") or ""
        writer.segment(
            "CDI",
            f"{part.sequence:02}",
            "01" if part.ndc11 else "",
            part.ndc11 or "",
            f"{part.quantity:f}",
            unit,
        )


def _pha(dispenser: Dispenser) -> list[str]:
    return [
        dispenser.npi or "",
        dispenser.ncpdp_id or "",
        dispenser.dea or "",
        dispenser.name or "",
        *_address(dispenser.address),
        dispenser.phone or "",
        *("", ""),
        dispenser.licence.number if dispenser.licence else "",
    ]


def _pat(person: Person) -> list[str]:
    """Of an animal the names are its owner's."""
    holder = person.owner or person
    name = holder.names[0]
    animal = " ".join(person.names[0].given) if person.owner and person.names else ""
    told = [(_KINDS[i.kind], i.value, i.issuer or "") for i in holder.identifiers if i.kind in _KINDS][:2]
    (kind, value, issuer), (kind_2, value_2, issuer_2) = [*told, ("", "", ""), ("", "", "")][:2]
    address = person.address or holder.address
    return [
        *(issuer, kind, value, issuer_2, kind_2, value_2),
        name.family,
        name.given[0] if name.given else "",
        " ".join(name.given[1:]),
        name.prefix or "",
        name.suffix or "",
        *_address(address),
        next(iter((*person.phones, *holder.phones)), ""),
        _day(holder.birth_date),
        codes("sex").encode(person.sex, "asap") or "",
        codes("species").encode(person.species, "asap") or "",
        "",
        address.country or "" if address else "",
        animal if person.species is Species.VETERINARY else "",
    ]


def _pre(prescriber: Prescriber) -> list[str]:
    name = prescriber.name
    return [
        prescriber.npi or "",
        prescriber.dea or "",
        prescriber.dea_suffix or "",
        prescriber.licence.number if prescriber.licence else "",
        name.family if name else "",
        name.given[0] if name and name.given else "",
        " ".join(name.given[1:]) if name else "",
        prescriber.phone or "",
        *("", ""),
        *_address(prescriber.address),
    ]


def _address(address: Address | None) -> list[str]:
    if address is None:
        return [""] * 5
    lines = [*address.lines, "", ""]
    return [lines[0], lines[1], address.city or "", address.state or "", address.postal_code or ""]


def _day(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""
