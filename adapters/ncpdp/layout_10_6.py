"""SCRIPT 10.6: how its messages are written. Printable US-ASCII only, and 35 characters for nearly everything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from adapters._wire import Xml
from adapters.ncpdp.fit import Fit, ascii_spelling, plain
from adapters.ncpdp.layout import NOTE_LIMIT, Layout, Mailbox, Verdict, block
from adapters.ncpdp.values import (
    SOURCE_PHARMACY,
    AddressKeys,
    Values,
    address_keys,
    address_lines,
    drug_description,
    name_keys,
    name_values,
    source_state,
    strength,
    table,
)
from adapters.ncpdp.version import Version
from adapters.ncpdp.words import medication_note, reported_for
from gateway.model import (
    Address,
    Analysis,
    Dispensation,
    Dispenser,
    Drug,
    Period,
    Person,
    Prescriber,
    QuantityUnit,
    StateOutcome,
)

# Of To and From: a name of at most 35 characters, an extension after a point, a host after an @.
_ADDRESS = re.compile(r"(mailto:)?[^.]{1,35}(\.[^@]{1,3})?(@[A-Za-z0-9]+\.[A-Za-z]{2,4})?")
_STATE_CODES = (
    "AA AE AP AL AK AZ AR AS CA CO CT DE DC FM FL GA GU HI ID IL IN IA KS KY LA ME MH MD MA MI MN MS MO MT NE NV NH "
    "NJ NM NY NC ND MP OH OK OR PW PA PR RI SC SD TN TX UT VT VA VI WA WV WI WY AB BC MB NB NF NS NT NU ON PE QC SK "
    "YT"
)
_DENIALS = "AA AB AC AD AE AF AG AH AJ AK AL AM AN AO AP AQ"
STATES = frozenset(_STATE_CODES.split())
_CONSENTS = frozenset({"Y", "N", "P", "X", "Z"})
_PATIENT_NAME = name_keys("person.names.0", "")
_PATIENT_ADDRESS = address_keys("person.addresses.0", "")
_PRESCRIBER_NAME = name_keys("prescriber.name", "")
_PRESCRIBER_ADDRESS = address_keys("prescriber.address", "")
_PHARMACY_ADDRESS = address_keys("dispenser.address", "")


class Layout106(Layout):
    """One message of 10.6."""

    version = Version.V10_6
    ascii_only = True
    text_limit = NOTE_LIMIT
    qualifiers = frozenset({"P", "C", "M", "D", "ZZZ"})
    denials = frozenset(_DENIALS.split())

    # --- the answer -------------------------------------------------------------------------------------------

    def response(
        self,
        verdict: Verdict,
        *,
        patient: Person,
        period: Period,
        consent: str | None,
        dispensations: Sequence[Dispensation],
        states: Iterable[StateOutcome],
        analysis: Analysis | None = None,
        link: str | None = None,
    ) -> Xml:
        """An RxHistoryResponse. 10.6 has no place for the states that have answered, figures or a link."""
        text = self.fit.sentence(verdict.text, NOTE_LIMIT)
        return block(self.version, "response").render(
            {
                "approval_code": verdict.code if verdict.approved else None,
                "reference": verdict.reference,
                "note": text if verdict.approved else None,
                "denial_code": None if verdict.approved else verdict.code,
                "denial": None if verdict.approved else text,
                "patient": self.patient(patient),
                "start": period.start.isoformat() if period.start else None,
                "end": period.end.isoformat() if period.end else None,
                "consent": consent if consent in _CONSENTS else None,
                "medications": [self._medication(d, patient) for d in dispensations],
            }
        )

    def _medication(self, d: Dispensation, asked: Person) -> Xml:
        fit = self.fit
        quantity = fit.decimal(d.quantity, 11, "quantity")
        if quantity is None and d.unit is not QuantityUnit.EACH:  # none is read as each
            fit.drop({"unit": d.unit})
        return block(self.version, "medication").render(
            {
                "drug": self.shared(self._drug, d.drug),
                "quantity": quantity,
                "unit": table("quantity-unit").encode(d.unit, "script") if quantity else None,
                "days_supply": fit.whole(d.days_supply, 3, "days_supply"),
                "note": medication_note(fit, d, self.version, self.once(reported_for(asked), d.person)),
                "refills": fit.whole(d.refills_authorised, 2, "refills_authorised"),
                "written": d.written.isoformat() if d.written else None,
                "filled": d.filled.isoformat(),
                "sold": d.sold.isoformat() if d.sold else None,
                "diagnosis": fit.text(d.diagnosis, 17, "diagnosis"),
                "pharmacy": self.shared(self._pharmacy, d.dispenser),
                "prescriber": self.shared(self._prescriber, d.prescriber),
                "source_qualifier": SOURCE_PHARMACY,
                "source_state": source_state(fit, d.source_state),
                "rx_number": fit.text(d.rx_number, 35, "rx_number"),
                "fill_number": fit.whole(d.fill_number, 2, "fill_number"),
            }
        )

    def _drug(self, drug: Drug) -> Xml:
        fit = self.fit.text
        ndc = fit(drug.ndc11, 35, "drug.ndc11")
        strengths, unit = strength(drug)
        return block(self.version, "drug").render(
            {
                "name": drug_description(self.fit, drug, ndc),
                "ndc": ndc,
                "ndc_qualifier": "ND" if ndc else None,
                "strength": fit(f"{strengths} {unit or ''}".strip(), 70) if strengths else None,
                "schedule": table("schedule").encode(drug.schedule, "script") if drug.schedule else None,
            }
        )

    def _pharmacy(self, dispenser: Dispenser) -> Xml:
        fit = self.fit.text
        npi = fit(dispenser.npi, 35, "dispenser.npi")
        ncpdp_id = fit(dispenser.ncpdp_id, 35, "dispenser.ncpdp_id")
        dea = fit(dispenser.dea, 35, "dispenser.dea")
        licence = fit(dispenser.licence.number, 35, "dispenser.licence.number") if dispenser.licence else None
        if licence and npi and ncpdp_id and dea:  # an Identification takes three
            self.fit.drop({"dispenser.licence.number": licence})
            licence = None
        return block(self.version, "pharmacy").render(
            {
                "npi": npi,
                "ncpdp_id": ncpdp_id,
                "dea": dea,
                "licence": licence,
                "name": fit(dispenser.name, 35, "dispenser.name"),
                "phone": fit(dispenser.phone, 80, "dispenser.phone"),
                **_address(self.fit, dispenser.address, _PHARMACY_ADDRESS),
            }
        )

    def _prescriber(self, prescriber: Prescriber) -> Xml:
        fit = self.fit.text
        licence = prescriber.licence
        return block(self.version, "prescriber").render(
            {
                "npi": fit(prescriber.npi, 35, "prescriber.npi"),
                "dea": fit(prescriber.dea, 35, "prescriber.dea"),
                "licence": fit(licence.number, 35, "prescriber.licence.number") if licence else None,
                "phone": fit(prescriber.phone, 80, "prescriber.phone"),
                **name_values(self.fit, prescriber.name, _PRESCRIBER_NAME, needs_first=False),
                **_address(self.fit, prescriber.address, _PRESCRIBER_ADDRESS),
            }
        )

    # --- people and places ------------------------------------------------------------------------------------

    def patient(self, person: Person) -> Xml:
        """The one Patient of a message: who was asked for. 10.6 does not tell animals from people."""
        fit = Fit(ascii_only=True)  # of its own: what is asked is no fact of the answer
        name = person.names[0] if person.names else None
        return block(self.version, "patient").render(
            {
                "gender": table("sex").encode(person.sex, "script"),
                "born": person.birth_date.isoformat() if person.birth_date else None,
                "phone": fit.text(person.phones[0], 80) if person.phones else None,
                **name_values(fit, name, _PATIENT_NAME, needs_first=False),
                **_address(fit, person.address, _PATIENT_ADDRESS),
            }
        )

    # --- the envelope -----------------------------------------------------------------------------------------

    def address(self, mailbox: Mailbox) -> str:
        """The address of a header: as it is where it can be, else without points and cut."""
        address = plain(ascii_spelling(mailbox.address))
        return address if _ADDRESS.fullmatch(address) else address.replace(".", "")[:35] or "unknown"

    def instant(self, moment: datetime) -> str:
        """A moment in UTC, with one decimal of the second as 10.6 writes it."""
        moment = moment.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 100_000}Z"


def _address(fit: Fit, address: Address | None, keys: AddressKeys) -> Values:
    if address is None:
        return dict.fromkeys(keys[:5])
    line1, line2 = address_lines(fit, address.lines, 35, keys)
    return {
        keys.line1: line1,
        keys.line2: line2,
        keys.city: fit.text(address.city, 35, keys.city_field),
        keys.state: fit.listed(address.state, STATES, keys.state_field),
        keys.postal_code: fit.digits(address.postal_code, (5, 9), keys.postal_code_field),
    }
