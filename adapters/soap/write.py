"""Canonical answer or error -> PMIX report or SOAP 1.1 fault.

Every outcome of a look-up is a `PMPPrescriptionReport` whose `ResponseStatus` says what became of the request; a
report without prescriptions is "no records" only where the status is `no-data`. A request that cannot be answered
at all (unusable, not permitted, a failure of ours) gets a fault, in an envelope even when it came without one.

PARTIAL has no code in PMIX's vocabulary. It is said as `error` together with the report, and the state's own status
names the silent one: whoever knows no more than the code does not take what is there for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date
from decimal import Decimal
from functools import cache

from adapters._wire import Xml, soap, to_bytes
from adapters._wire.faults import Faults
from adapters.soap.envelope import is_enveloped
from adapters.soap.names import CODES, CONTENT_TYPE, FORMAT, GATEWAY
from adapters.soap.parties import dispenser_xml, load, patient_xml, prescriber_xml
from gateway.errors import GatewayError
from gateway.model import Answer, CompoundPart, Dispensation, Drug, Ingredient, Outcome, Species
from gateway.ports import Answered, Inbound, Outbound
from gateway.terminology import codes, field_map

_report = load("report")
_state = load("state")
_disclaimer = load("disclaimer")
_prescription = load("prescription")
_drug = load("drug")
_strength = load("strength")
_strength_unit = load("strength_unit")
_compound_part = load("compound_part")
_faults = Faults(GATEWAY)

_MARK = Xml("\0")  # no text on its way out can hold it: XML 1.0 does not allow it, and blocks remove it

COMPOUND = "99999999999"  # ASAP 4.2 DSP08 where DSP07 says that it is a compound

_STATUS = {
    Outcome.AMBIGUOUS: Outcome.DEFERRED,  # somebody has to say more before there is an answer
    Outcome.PARTIAL: Outcome.ERROR,
}


def write(answer: Answered, request: Inbound) -> Outbound:
    """The report, in an envelope when the request came in one.

    :raises TypeError: it is not the answer to a look-up, the only operation here.
    """
    if not isinstance(answer, Answer):
        raise TypeError(f"PMIX has no message for {type(answer).__name__}")
    frame = _report_xml(answer)
    document = soap.envelope_1_1(frame) if is_enveloped(request) else to_bytes(frame)
    return Outbound(
        body=_filled(document, answer.dispensations), content_type=CONTENT_TYPE, losses=_losses(answer)
    )


def write_error(error: GatewayError) -> Outbound:
    """A SOAP 1.1 fault: the sentence in `faultstring`; code, path and remedy once more in `detail`."""
    return Outbound(body=_faults.write(error), content_type=CONTENT_TYPE, status=error.status)


def _report_xml(answer: Answer) -> Xml:
    """The `PMPPrescriptionReport`, with a mark where its prescriptions go."""
    at = answer.generated_at.astimezone(UTC)
    return _report.render(
        {
            "status": _status(answer.outcome),
            "text": _text(answer),
            "states": [
                _state.render({"state": s.state, "status": _status(s.outcome), "text": s.detail})
                for s in answer.states
            ],
            "disclaimers": [_disclaimer.render({"text": text}) for text in answer.disclaimers],
            "report_id": answer.report_id,
            "date": at.date().isoformat(),
            "time": at.time().isoformat() + "Z",
            "begin": _day(answer.period.start),
            "end": _day(answer.period.end),
            "prescriptions": _MARK if answer.dispensations else None,
        }
    )


def _filled(document: bytes, dispensations: Sequence[Dispensation]) -> bytes:
    """The document with its prescriptions: put in last, because every copy of a long history costs."""
    head, _, tail = document.partition(_MARK.encode())
    write_one = _Prescriptions()
    return b"".join((head, "".join(map(write_one, dispensations)).encode(), tail))


def _status(outcome: Outcome) -> str | None:
    return codes("outcome").encode(_STATUS.get(outcome, outcome), CODES)


def _text(answer: Answer) -> str | None:
    """What a person reads beside the status code."""
    sentences = [answer.detail] if answer.detail else []
    if answer.outcome is Outcome.AMBIGUOUS and not sentences:
        sentences.append("No certain match; nobody's history is disclosed.")
        if answer.match and answer.match.deciding:
            sentences.append(f"These fields would decide: {', '.join(answer.match.deciding)}.")
    if answer.outcome is Outcome.PARTIAL:
        silent = [s.state for s in answer.states if s.outcome not in (Outcome.COMPLETE, Outcome.NO_DATA)]
        sentences.append(f"The report is incomplete: no answer from {', '.join(silent) or 'some state'}.")
    if answer.retry_after is not None:
        sentences.append(f"Send the request again after {answer.retry_after} seconds.")
    return " ".join(sentences) or None


class _Prescriptions:
    """Writes the prescriptions of one answer; people and drugs that stand on many of them are written once."""

    def __init__(self) -> None:
        self._patient = cache(patient_xml)
        self._prescriber = cache(prescriber_xml)
        self._dispenser = cache(dispenser_xml)
        self._drug = cache(_drug_xml)

    def __call__(self, d: Dispensation) -> Xml:
        return _prescription.render(
            {
                "dispenser": self._dispenser(d.dispenser),
                "rx_number": d.rx_number,
                "fill_number": str(d.fill_number),
                "filled": _day(d.filled),
                "patient": self._patient(d.person),
                "prescriber": self._prescriber(d.prescriber),
                "written_unknown": None if d.written else "true",
                "written": _day(d.written),
                "drug": self._drug(d.drug, d.compound),
                "refills_unknown": "true" if d.refills_authorised is None else None,
                "refills": None if d.refills_authorised is None else str(d.refills_authorised),
                "quantity": _number(d.quantity),
                "days_supply": str(d.days_supply),
                "unit": codes("quantity-unit").encode(d.unit, CODES),
                "payment": codes("payment").encode(d.payment or "", CODES),
                "rx_origin": codes("rx-origin").encode(d.rx_origin or "", CODES),
                # xs:boolean, in the digits that ASAP has for "not partial" and "first part"; later parts are lost.
                "partial_fill": "1" if d.partial_fill else "0",
                "diagnosis": d.diagnosis,
                "treatment_type": codes("treatment-type").encode(d.treatment_type or "", CODES),
                "sold": _day(d.sold),
            }
        )


def _drug_xml(drug: Drug, compound: tuple[CompoundPart, ...]) -> Xml:
    measured = [i for i in drug.ingredients if i.strength is not None or i.unit]
    ingredients: Iterable[Ingredient] = drug.ingredients if measured else ()
    return _drug.render(
        {
            "ndc11": drug.ndc11,
            "compound_id": COMPOUND if compound and not drug.ndc11 else None,
            "name": drug.name,
            "strengths": [
                _strength.render(
                    {"strength": _number(i.strength), "unknown": "true" if i.strength is None else None}
                )
                for i in ingredients
            ],
            "units": [
                _strength_unit.render({"unit": i.unit, "unknown": None if i.unit else "true"})
                for i in ingredients
            ],
            "schedule": codes("schedule").encode(drug.schedule, CODES) if drug.schedule else None,
            "compound": [
                _compound_part.render(
                    {
                        "sequence": str(part.sequence),
                        "ndc11": part.ndc11,
                        "quantity": _number(part.quantity),
                        "unit": codes("quantity-unit").encode(part.unit, CODES),
                    }
                )
                for part in compound
            ],
        }
    )


def _losses(answer: Answer) -> tuple[str, ...]:
    """What the field map says, and what an animal's own record loses where PMIX names the owner instead."""
    lost = field_map().losses(answer, FORMAT)
    for person in answer.persons:
        if (
            person.species is Species.VETERINARY
            and person.owner is not None
            and person.birth_date is not None
        ):
            return (*lost, "person.birth_date")
    return lost


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
