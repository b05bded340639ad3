"""RxFill as a pharmacy system writes it, in both versions, valid SCRIPT.

Written without anything of the adapter, so that reader and writer cannot agree on a wrong place.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    Dispenser,
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
from tests.unit.ncpdp.helpers import NAMESPACE, V10_6, V2023011

DISPENSED, PART, NOT_DISPENSED, TRANSFERRED = "Dispensed", "PartiallyDispensed", "NotDispensed", "Transferred"
_OLD_STATUS = {DISPENSED: "Filled", PART: "PartialFill", NOT_DISPENSED: "NotFilled"}
_UNITS = {QuantityUnit.EACH: "C48542", QuantityUnit.MILLILITRE: "C28254", QuantityUnit.GRAM: "C48155"}
_SCHEDULES = {
    Schedule.CI: "C48672",
    Schedule.CII: "C48675",
    Schedule.CIII: "C48676",
    Schedule.CIV: "C48677",
    Schedule.CV: "C48679",
}
_SEXES = {Sex.FEMALE: "F", Sex.MALE: "M", Sex.UNKNOWN: "U"}
_SIG = "Take as directed on the label"


def rxfill(
    d: Dispensation,
    version: str,
    status: str = DISPENSED,
    *,
    message_id: str = "FILL0001",
    sender: str = "1234563",
    receipt: str | None = None,
    test: str | None = None,
    medication: bool = True,
    prescribed: bool = False,
) -> str:
    """The message. `medication` is False to leave MedicationDispensed out, `prescribed` True to tell date written and
    refills in MedicationPrescribed alone."""
    write = {V10_6: _V10_6, V2023011: _V2023011}.get(version, _V2017071)
    return write(message_id, sender, test).message(d, status, receipt, medication, prescribed)


class _Writer:
    def __init__(self, message_id: str, sender: str, test: str | None) -> None:
        self._message_id = message_id
        self._sender = sender
        self._test = test

    def _header(self, d: Dispensation, software: str, fraction: str) -> str:
        return _e(
            "Header",
            '<To Qualifier="ZZZ">CTPMP</To>',
            f'<From Qualifier="P">{self._sender}</From>',
            _e("MessageID", self._message_id),
            _e("SentTime", f"2026-11-20T15:29:58{fraction}Z"),
            software,
            _e("TestMessage", self._test),
            _t("RxReferenceNumber", d.rx_number),
        )


class _V10_6(_Writer):  # noqa: N801 - the version's own name
    def message(
        self, d: Dispensation, status: str, receipt: str | None, medication: bool, prescribed: bool
    ) -> str:
        note = _e("Note", "Returned to stock") if status == NOT_DISPENSED else ""
        body = _e(
            "RxFill",
            _e("Request", _e("ReturnReceipt", receipt)),
            f"<FillStatus>{_e(_OLD_STATUS[status], note) or f'<{_OLD_STATUS[status]}/>'}</FillStatus>",
            _e("Pharmacy", self._pharmacy(d.dispenser)),
            _e("Prescriber", self._prescriber(d.prescriber)),
            _e("Patient", self._patient(d.person)),
            _e("MedicationPrescribed", self._medication(d, prescription=True)) if prescribed else "",
            _e("MedicationDispensed", self._medication(d, prescription=False, written=not prescribed))
            if medication
            else "",
        )
        header = self._header(d, "", ".0")
        return (
            f'<Message xmlns="{NAMESPACE}" version="010" release="006">{header}{_e("Body", body)}</Message>'
        )

    def _medication(self, d: Dispensation, *, prescription: bool, written: bool = True) -> str:
        diagnosis = _e(
            "Diagnosis",
            _e("ClinicalInformationQualifier", "1"),
            _e("Primary", _e("Qualifier", "ABF"), _t("Value", d.diagnosis)),
        )
        return _join(
            _t("DrugDescription", d.drug.name),
            _e(
                "DrugCoded",
                _e("ProductCode", d.drug.ndc11),
                _e("ProductCodeQualifier", "ND" if d.drug.ndc11 else None),
                _e("DrugDBCode", d.drug.rxcui),
                _e("DrugDBCodeQualifier", "SCD" if d.drug.rxcui else None),
                _e("DEASchedule", _SCHEDULES[d.drug.schedule] if d.drug.schedule else None),
            ),
            _e(
                "Quantity",
                _e("Value", str(d.quantity)),
                _e("CodeListQualifier", "38" if prescription else "87"),
                _e("UnitSourceCode", "AC"),
                _e("PotencyUnitCode", _UNITS[d.unit]),
            ),
            _e("DaysSupply", str(d.days_supply)),
            _e("Directions", _SIG),
            _e("Refills", _e("Qualifier", "R"), _e("Value", str(d.refills_authorised)))
            if written and d.refills_authorised is not None
            else "",
            _day("WrittenDate", d.written if written else None),
            _day("LastFillDate", None if prescription else d.filled),
            _day("SoldDate", None if prescription else d.sold),
            diagnosis if d.diagnosis else "",
        )

    def _pharmacy(self, dispenser: Dispenser) -> str:
        return _join(
            _e(
                "Identification",
                _e("NCPDPID", dispenser.ncpdp_id),
                _e("DEANumber", dispenser.dea),
                _e("NPI", dispenser.npi),
            ),
            _t("StoreName", dispenser.name),
            self._address(dispenser.address),
            self._phone(dispenser.phone),
        )

    def _prescriber(self, prescriber: Prescriber) -> str:
        return _join(
            _e(
                "Identification",
                _e("StateLicenseNumber", prescriber.licence.number if prescriber.licence else None),
                _e("DEANumber", _dea(prescriber)),
                _e("NPI", prescriber.npi),
            ),
            _name(prescriber.name),
            self._address(prescriber.address),
            self._phone(prescriber.phone),
        )

    def _patient(self, person: Person) -> str:
        return _join(
            _name(person.names[0]),
            _e("Gender", _SEXES[person.sex]),
            _day("DateOfBirth", person.birth_date),
            self._address(person.address),
            self._phone(person.phones[0] if person.phones else None),
        )

    def _address(self, address: Address | None) -> str:
        return _address(address, "State", "ZipCode", country=False)

    def _phone(self, number: str | None) -> str:
        if number is None:
            return ""
        return _e("CommunicationNumbers", _e("Communication", _e("Number", number), _e("Qualifier", "TE")))


class _V2017071(_Writer):
    stamp = "20170715"

    def message(
        self, d: Dispensation, status: str, receipt: str | None, medication: bool, prescribed: bool
    ) -> str:
        is_animal = d.person.species is Species.VETERINARY
        body = _e(
            "RxFill",
            _e("ReturnReceipt", receipt),
            f"<FillStatus><{status}/></FillStatus>",
            _e("Patient", _e("NonHumanPatient" if is_animal else "HumanPatient", self._patient(d.person))),
            _e("Pharmacy", self._pharmacy(d.dispenser)),
            _e("Prescriber", self._prescriber(d.prescriber)),
            _e("MedicationDispensed", self._medication(d, prescription=False, written=not prescribed))
            if medication
            else "",
            _e("MedicationPrescribed", self._medication(d, prescription=True)) if prescribed else "",
        )
        software = _e(
            "SenderSoftware",
            _e("SenderSoftwareDeveloper", "Larkspur"),
            _e("SenderSoftwareProduct", "Larkspur Rx"),
            _e("SenderSoftwareVersionRelease", "3"),
        )
        stamps = (
            "DatatypesVersion",
            "TransportVersion",
            "TransactionVersion",
            "StructuresVersion",
            "ECLVersion",
        )
        versions = " ".join(f'{name}="{self.stamp}"' for name in stamps)
        header = self._header(d, software, "")
        return f'<Message TransactionDomain="SCRIPT" {versions}>{header}{_e("Body", body)}</Message>'

    def _medication(self, d: Dispensation, *, prescription: bool, written: bool = True) -> str:
        diagnosis = _e(
            "Diagnosis",
            _e("ClinicalInformationQualifier", "1"),
            _e("Primary", _t("Code", d.diagnosis), _e("Qualifier", "ABF"), _e("Description", "as coded")),
        )
        sold = _e(
            "OtherMedicationDate",
            _day("OtherMedicationDate", d.sold),
            _e("OtherMedicationDateQualifier", "SoldDate"),
        )
        refills = d.refills_authorised if written else 0
        return _join(
            _t("DrugDescription", d.drug.name),
            _e(
                "DrugCoded",
                _e("ProductCode", _e("Code", d.drug.ndc11), _e("Qualifier", "ND")) if d.drug.ndc11 else "",
                _e("DrugDBCode", _e("Code", d.drug.rxcui), _e("Qualifier", "SCD")) if d.drug.rxcui else "",
                _e("DEASchedule", _e("Code", _SCHEDULES[d.drug.schedule])) if d.drug.schedule else "",
            ),
            self._quantity(d.quantity, d.unit),
            _e("DaysSupply", str(d.days_supply)),
            _day("WrittenDate", d.written if written else None),
            _day("LastFillDate", None if prescription else d.filled),
            _e("Substitutions", "0"),
            _e("NumberOfRefills", str(refills)),
            diagnosis if d.diagnosis else "",
            _e("Sig", _e("SigText", _SIG)),
            self._compound(d.compound),
            sold if d.sold and not prescription else "",
        )

    def _quantity(self, quantity: Decimal, unit: QuantityUnit) -> str:
        return _e(
            "Quantity",
            _e("Value", str(quantity)),
            _e("CodeListQualifier", "38"),
            _e("QuantityUnitOfMeasure", _e("Code", _UNITS[unit])),
        )

    def _compound(self, parts: tuple[CompoundPart, ...]) -> str:
        if not parts:
            return ""
        return _e(
            "CompoundInformation",
            _e("FinalCompoundPharmaceuticalDosageForm", "C28944"),
            *(
                _e(
                    "CompoundIngredientsLotNotUsed",
                    _e(
                        "CompoundIngredient",
                        _e("CompoundIngredientItemDescription", "an ingredient"),
                        _e("ItemNumber", _e("Code", part.ndc11), _e("Qualifier", "ND")),
                    ),
                    self._quantity(part.quantity, part.unit),
                )
                for part in parts
            ),
        )

    def _pharmacy(self, dispenser: Dispenser) -> str:
        return _join(
            _e(
                "Identification",
                _e("NCPDPID", dispenser.ncpdp_id),
                _e("StateLicenseNumber", dispenser.licence.number if dispenser.licence else None),
                _e("DEANumber", dispenser.dea),
                _e("NPI", dispenser.npi),
            ),
            _t("BusinessName", dispenser.name),
            self._address(dispenser.address),
            self._phone(dispenser.phone),
        )

    def _prescriber(self, prescriber: Prescriber) -> str:
        is_veterinarian = prescriber.kind is PartyKind.VETERINARY
        return _e(
            "Veterinarian" if is_veterinarian else "NonVeterinarian",
            _e(
                "Identification",
                _e("StateLicenseNumber", prescriber.licence.number if prescriber.licence else None),
                _e("DEANumber", _dea(prescriber)),
                _e("NPI", prescriber.npi),
            ),
            _e("Specialty", "174M00000X") if is_veterinarian else "",
            _name(prescriber.name),
            self._address(prescriber.address),
            self._phone(prescriber.phone),
        )

    def _patient(self, person: Person) -> str:
        is_animal = person.species is Species.VETERINARY
        former = [name for name in person.names[1:] if name.use is NameUse.OLD]
        return _join(
            _name(person.names[0]),
            _name(former[0], "FormerName") if former else "",
            _e("Gender", _SEXES[person.sex]),
            _day("DateOfBirth", person.birth_date),
            self._address(person.address),
            self._phone(person.phones[0] if person.phones else None),
            _e("Species", _e("Text", "Dog"), _e("Code", "448771007")) if is_animal else "",
            _e("AlternateContact", self._owner(person.owner)) if person.owner else "",
        )

    def _owner(self, owner: Person) -> str:
        return _join(
            _name(owner.names[0]),
            self._address(owner.address),
            self._phone(owner.phones[0]),
            _e("AlternateContactRelationship", "Guardian"),
        )

    def _address(self, address: Address | None) -> str:
        return _address(address, "StateProvince", "PostalCode", country=True)

    def _phone(self, number: str | None) -> str:
        return _e("CommunicationNumbers", _e("PrimaryTelephone", _e("Number", number))) if number else ""


# --- elements -------------------------------------------------------------------------------------------------


def _join(*parts: str) -> str:
    return "".join(parts)


def _e(name: str, *content: str | None) -> str:
    """The element; nothing when nothing is in it."""
    inside = "".join(part for part in content if part)
    return f"<{name}>{inside}</{name}>" if inside else ""


def _t(name: str, text: str | None) -> str:
    return _e(name, escape(text) if text else None)


def _day(name: str, day: date | None) -> str:
    return _e(name, _e("Date", day.isoformat())) if day else ""


def _name(name: PersonName | None, element: str = "Name") -> str:
    if name is None:
        return ""
    return _e(
        element,
        _t("LastName", name.family),
        _t("FirstName", name.given[0]),
        _t("MiddleName", name.given[1] if len(name.given) > 1 else None),
        _t("Suffix", name.suffix),
        _t("Prefix", name.prefix),
    )


def _address(address: Address | None, state: str, postal_code: str, *, country: bool) -> str:
    if address is None:
        return ""
    lines = (*address.lines, None, None)
    return _e(
        "Address",
        _t("AddressLine1", lines[0]),
        _t("AddressLine2", lines[1]),
        _t("City", address.city),
        _e(state, address.state),
        _e(postal_code, address.postal_code),
        _e("CountryCode", address.country) if country else "",
    )


def _dea(prescriber: Prescriber) -> str | None:
    return f"{prescriber.dea}-{prescriber.dea_suffix}" if prescriber.dea_suffix else prescriber.dea


class _V2023011(_V2017071):
    stamp = "2023011"
