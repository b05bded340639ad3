"""SCRIPT 2017071, and 2023011 as far as is known: how messages are written. Any character, NPI required wherever a
party is identified.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from adapters._wire import Xml
from adapters.ncpdp.fit import Fit
from adapters.ncpdp.identified import KnownPrescribers
from adapters.ncpdp.layout import NOTE_LIMIT, SOFTWARE, Layout, Verdict, block, release
from adapters.ncpdp.people_2017071 import address_values, owner_block, person_block
from adapters.ncpdp.scores import scores
from adapters.ncpdp.values import (
    SOURCE_PHARMACY,
    Values,
    address_facts,
    address_keys,
    drug_description,
    name_keys,
    name_values,
    source_state,
    strength,
    table,
)
from adapters.ncpdp.version import Dialect, Version
from adapters.ncpdp.words import medication_note
from gateway.errors import Failure
from gateway.model import (
    Analysis,
    Dispensation,
    Dispenser,
    Drug,
    Outcome,
    PartyKind,
    Period,
    Person,
    Prescriber,
    Species,
    StateOutcome,
)

# Species is required of an animal and the record does not know it: SNOMED CT's concept for all animals.
_ANIMAL = ("Animal", "387961004")
# Required in an answer; treatment, payment, operations is the one value that is not a patient's statement.
CONSENT_UNSTATED = "TPO"
ANSWERED = "answered"  # row of the table script-pdmp-state
_PRESCRIBER_NAME = name_keys("prescriber.name", "")
_PRESCRIBER_ADDRESS = address_keys("prescriber.address", "")
_PHARMACY_ADDRESS = address_keys("dispenser.address", "")


class Layout2017071(Layout):
    """One message of 2017071."""

    _known = KnownPrescribers()

    version = Version.V2017071
    ascii_only = False
    text_limit = 1000  # the schema names none
    qualifiers = frozenset({"P", "C", "M", "D", "CF", "ZZZ", "PY", "DIRECT", "REMS"})
    denials = frozenset({"AA", "AB", "AC", "BB", "BC", "GV"})

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
        """An RxHistoryResponse; a state is named when there is a code to say its outcome with."""
        note = self.fit.sentence(verdict.text, NOTE_LIMIT)
        self._known = KnownPrescribers(dispensations)
        named = [(s.state, _state_code(s)) for s in states]
        return block(self.version, "response").render(
            {
                "approval_code": verdict.code if verdict.approved else None,
                "reference": verdict.reference,
                "note": note if verdict.approved else None,
                "denial_code": None if verdict.approved else verdict.code,
                "denial": None if verdict.approved else self.fit.sentence(verdict.text, self.text_limit),
                "consent": consent or CONSENT_UNSTATED,
                "patient": self.patient(patient),
                "medications": [self._medication(d) for d in dispensations],
                "start": period.start.isoformat() if period.start else None,
                "end": period.end.isoformat() if period.end else None,
                "scores": scores(self.version, analysis, link),
                "states": [
                    block(self.version, "state").render({"state": state, "code": code})
                    for state, code in named
                    if code
                ],
            }
        )

    def _medication(self, d: Dispensation) -> Xml:
        fit = self.fit
        quantity = fit.decimal(d.quantity, 11, "quantity")
        if quantity is None:  # Quantity is required, and an invented one would be worse than no answer
            raise Failure("A recorded quantity cannot be written in SCRIPT: it is negative or too large.")
        pharmacy, reference = self.shared(self._pharmacy, d.dispenser)
        written_once = (
            self.shared if d.prescriber.npi else self.once
        )  # an NPI may be told by this history alone
        return block(self.version, "medication").render(
            {
                "drug": self.shared(self._drug, d.drug),
                "quantity": quantity,
                "unit": table("quantity-unit").encode(d.unit, "script"),
                "days_supply": fit.whole(d.days_supply, 3, "days_supply"),
                "written": d.written.isoformat() if d.written else None,
                "filled": d.filled.isoformat(),
                "diagnosis": fit.text(d.diagnosis, 17, "diagnosis"),
                "note": medication_note(fit, d, self.version),
                "pharmacy": pharmacy,
                "prescriber": written_once(self._prescriber, d.prescriber),
                "reference": reference,
                "source_state": source_state(fit, d.source_state),
                "source_qualifier": SOURCE_PHARMACY,
                "rx_number": fit.text(d.rx_number, 35, "rx_number"),
                "fill_number": self._fill_number(d.fill_number),
                "payment": table("payment").encode(d.payment, "script") if d.payment else None,
                "patient": self.once(self._appearance, d.person),
                "sold": d.sold.isoformat() if d.sold else None,
            }
        )

    def _drug(self, drug: Drug) -> Xml:
        fit = self.fit.text
        ndc = fit(drug.ndc11, 35, "drug.ndc11")
        strengths, unit = strength(drug)
        unit_code = table("strength-unit").encode(unit, "script") if unit else None
        if strengths and unit and not unit_code:
            strengths = f"{strengths} {unit}"
        return block(self.version, "drug").render(
            {
                "name": drug_description(self.fit, drug, ndc),
                "ndc": ndc,
                "strength": fit(strengths, 70),
                "strength_unit": unit_code,
                "schedule": table("schedule").encode(drug.schedule, "script") if drug.schedule else None,
            }
        )

    def _fill_number(self, fill_number: int) -> str | None:
        """Two digits: a first fill is 00."""
        written = self.fit.whole(fill_number, 2, "fill_number")
        return written.zfill(2) if written else None

    def _pharmacy(self, dispenser: Dispenser) -> tuple[Xml, Xml]:
        """Pharmacy and the source's Reference. The dispenser's numbers stand in Pharmacy when it has both that are
        required there and a name, which Pharmacy itself requires; else in Reference, where nothing is required."""
        fit = self.fit.text
        name = fit(dispenser.name, 70, "dispenser.name")
        numbers = {
            "npi": fit(dispenser.npi, 35, "dispenser.npi"),
            "ncpdp_id": fit(dispenser.ncpdp_id, 35, "dispenser.ncpdp_id"),
            "dea": fit(dispenser.dea, 35, "dispenser.dea"),
            "licence": fit(dispenser.licence.number, 35, "dispenser.licence.number")
            if dispenser.licence
            else None,
        }
        if name is None:
            self.fit.drop({"dispenser.phone": dispenser.phone})
            self.fit.drop(address_facts(dispenser.address, _PHARMACY_ADDRESS))
            return Xml(), block(self.version, "reference").render(numbers)
        if numbers["npi"] and numbers["ncpdp_id"]:
            identified, reference = numbers, Xml()
        else:
            identified = dict.fromkeys(numbers)
            reference = block(self.version, "reference").render(numbers)
        pharmacy = block(self.version, "pharmacy").render(
            {
                "name": name,
                "phone": self.fit.telephone(dispenser.phone, "dispenser.phone"),
                **identified,
                **address_values(self.fit, dispenser.address, _PHARMACY_ADDRESS),
            }
        )
        return pharmacy, reference

    def _prescriber(self, prescriber: Prescriber) -> Xml:
        """NonVeterinarian is identified by an NPI or not at all, Veterinarian by a licence or not at all."""
        fit = self.fit.text
        npi = fit(prescriber.npi, 35, "prescriber.npi")
        dea = fit(prescriber.dea, 35, "prescriber.dea")
        licence = (
            fit(prescriber.licence.number, 35, "prescriber.licence.number") if prescriber.licence else None
        )
        is_veterinarian = prescriber.kind is PartyKind.VETERINARY
        if not npi and not is_veterinarian:
            npi = fit(self._known.npi_of(prescriber), 35)
            self.fit.drop({"prescriber.npi": npi})  # told, and not as it was reported
        if not (licence if is_veterinarian else npi):
            self.fit.drop({"prescriber.dea": dea, "prescriber.licence.number": licence})
            dea = licence = None
        values: Values = {
            "dea": dea,
            "licence": licence,
            "phone": self.fit.telephone(prescriber.phone, "prescriber.phone"),
            **name_values(self.fit, prescriber.name, _PRESCRIBER_NAME, needs_first=True),
            **address_values(self.fit, prescriber.address, _PRESCRIBER_ADDRESS),
        }
        if is_veterinarian:
            self.fit.drop({"prescriber.npi": npi})
            return block(self.version, "veterinarian").render(values)
        return block(self.version, "prescriber").render(
            {**values, "npi": npi, "practice": None, "agent_last": None, "agent_first": None}
        )

    # --- people and places ------------------------------------------------------------------------------------

    def _appearance(self, person: Person) -> Xml:
        """The Patient of one fill."""
        return person_block(self.version, self.fit, person)

    def patient(self, person: Person) -> Xml:
        """The Patient of a message: who was asked for."""
        fit = Fit(ascii_only=False)  # of its own: what is asked is no fact of the answer
        is_animal = person.species is Species.VETERINARY
        rendered = person_block(
            self.version, fit, replace(person, names=person.names[:1]) if is_animal else person
        )
        species, code = _ANIMAL if is_animal else (None, None)
        return block(self.version, "patient").render(
            {
                "human": None if is_animal else rendered,
                "animal": rendered if is_animal else None,
                "owner": owner_block(self.version, fit, person.owner) if is_animal else None,
                "species": species,
                "species_code": code,
            }
        )

    # --- the envelope -----------------------------------------------------------------------------------------

    def software(self, dialect: Dialect) -> dict[str, str]:
        """The version attributes as the sender writes them, and SenderSoftware, which is required."""
        return {"stamp": dialect.stamp, "software": SOFTWARE, "release": release()}


class Layout2023011(Layout2017071):
    """One message of 2023011, whose schema is not public: as 2017071, with its own stamp."""

    version = Version.V2023011


def _state_code(state: StateOutcome) -> str | None:
    """The code of a state's outcome; None where none is known, and the state is then not named."""
    meaning = ANSWERED if state.outcome in {Outcome.COMPLETE, Outcome.NO_DATA} else state.outcome.value
    return table("script-pdmp-state").encode(meaning, "script")
