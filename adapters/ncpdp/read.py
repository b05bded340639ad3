"""RxHistoryRequest of either version -> canonical request. Tolerant in form, strict in what the look-up rests on.

Any order, absent optional elements, unknown elements, Date or DateTime, and either version's element names are
taken. The patient's last name, first name and date of birth have to be there, and what is there has to be possible:
nothing is guessed.

    Message/Body/RxHistoryRequest
      Patient                         (2017071: HumanPatient, NonHumanPatient)   -> person
      Prescriber, PrescriberAgent     (2017071: NonVeterinarian, Veterinarian)   -> requester.practitioner, delegate
      Facility, Pharmacy, ClinicName, PracticeLocation                           -> requester.organisation
      RequestorRole (mappings/codes.toml)                                        -> role of who asks
      BenefitsCoordination/EffectiveDate, ExpirationDate (10.6), RequestedDates  -> period
      PDMPStatesRequested                                                        -> states
      BenefitsCoordination/Consent                                               -> consent
"""

from __future__ import annotations

from datetime import date

from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import date_in, name_in, organisation_in, practitioner_in
from adapters.ncpdp.patient import read_patient
from adapters.ncpdp.refusals import DATE_FORM, impossible, once
from adapters.ncpdp.rest import place_asked_for, remaining
from adapters.ncpdp.tree import Tree, sub, subs, text, texts
from adapters.ncpdp.values import STATE_CODE
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Organisation, Period, Practitioner, Requester
from gateway.terminology import codes

REQUEST = "RxHistoryRequest"
ROLES = "script-requestor-role"  # table of mappings/codes.toml

# NCPDP's consent values. P and Z permit the prescriber's own prescriptions only; a PMP answers whole histories, so
# neither permits an answer.
_GRANTED = frozenset({"Y", "X", "TPO"})
REFUSED = frozenset({"N", "P", "Z"})


def read_request(message: Message, *, today: date) -> LookupRequest:
    """What is asked.

    :param message: a RxHistoryRequest.
    :param today: see :func:`adapters.ncpdp.patient.read_patient`.
    :raises MessageError: with the path of what is missing or impossible; `ErrorCode.CONSENT` and
        `ErrorCode.DATE_RANGE` where the request forbids itself.
    """
    request = message.body
    consent = _consent(request)
    person = read_patient(message, today=today)
    return LookupRequest(
        person=person,
        requester=_requester(request),
        period=remaining(_period(request), place_asked_for(message.header)),
        states=_states(request),
        consent=consent,
        message_id=message.message_id,
        once=message.sent_as,
    )


def consent_of(request: Tree) -> str | None:
    """The first consent that is stated, as it is written in the standard."""
    stated = (text(b, "Consent") for b in subs(request, "BenefitsCoordination"))
    return next((value.upper() for value in stated if value), None)


# --- who asks -------------------------------------------------------------------------------------------------


def _requester(request: Tree) -> Requester:
    prescriber = sub(request, "Prescriber")
    prescriber = sub(prescriber, "NonVeterinarian") or sub(prescriber, "Veterinarian") or prescriber
    pharmacy = sub(request, "Pharmacy")
    delegate = _delegate(prescriber)
    role = _role(request)
    is_delegates = delegate is not None and role is not None and "delegate" in role.casefold()
    practitioner = practitioner_in(prescriber, None if is_delegates else role)
    if practitioner is None and pharmacy:
        practitioner = practitioner_in(_pharmacist(pharmacy), role)
    if delegate is not None and is_delegates:
        delegate = Practitioner(name=delegate.name, role=role)
    organisation = _organisation(request, prescriber)
    return Requester(
        practitioner=practitioner or (Practitioner(role=role) if role else None),
        organisation=organisation,
        delegate=delegate,
        state=_state_of(organisation, prescriber),
    )


def _role(request: Tree) -> str | None:
    """The role as states call it; in the sender's own words where the table does not know these."""
    told = text(request, "RequestorRole")
    return (codes(ROLES).decode(told, "script") or told) if told else None


def _delegate(prescriber: Tree) -> Practitioner | None:
    """PrescriberAgent is a name in 10.6 and holds one in 2017071."""
    agent = sub(prescriber, "PrescriberAgent")
    name = name_in(sub(agent, "Name") or agent)
    return Practitioner(name=name) if name else None


def _pharmacist(pharmacy: Tree) -> Tree:
    """Pharmacist is a name in 10.6 and holds one in 2017071."""
    pharmacist = sub(pharmacy, "Pharmacist")
    return pharmacist if "Name" in pharmacist else {"Name": pharmacist}


def _organisation(request: Tree, prescriber: Tree) -> Organisation | None:
    found = organisation_in(sub(request, "Facility")) or organisation_in(sub(request, "Pharmacy"))
    clinic = text(prescriber, "ClinicName")
    return (
        found
        or organisation_in(sub(prescriber, "PracticeLocation"))
        or (Organisation(name=clinic) if clinic else None)
    )


def _state_of(organisation: Organisation | None, prescriber: Tree) -> str | None:
    address = sub(prescriber, "Address")
    state = text(address, "StateProvince") or text(address, "State")
    if organisation and organisation.address and organisation.address.state:
        state = organisation.address.state
    return state.upper() if state else None


# --- what is asked --------------------------------------------------------------------------------------------


def _period(request: Tree) -> Period:
    """2017071's RequestedDates, else the dates of the first BenefitsCoordination that has any."""
    dated = sub(request, "RequestedDates")
    path, first, last = f"{REQUEST}/RequestedDates", "StartDate", "EndDate"
    if not dated:
        path, first, last = f"{REQUEST}/BenefitsCoordination", "EffectiveDate", "ExpirationDate"
        dated = next((b for b in subs(request, "BenefitsCoordination") if first in b or last in b), {})
    once(request, REQUEST, "RequestedDates")
    once(dated, path, first, last)
    period = Period(start=_date(dated, first, path), end=_date(dated, last, path))
    if period.start and period.end and period.end < period.start:
        raise MessageError(
            f"{last} lies before {first}.",
            path=f"{path}/{last}",
            remedy="Send an end on or after it.",
            code=ErrorCode.DATE_RANGE,
        )
    return period


def _date(dated: Tree, name: str, path: str) -> date | None:
    once(sub(dated, name), f"{path}/{name}", "Date", "DateTime")
    try:
        return date_in(dated, name)
    except ValueError:
        raise impossible(f"{name} is not a date.", f"{path}/{name}", DATE_FORM) from None


def _states(request: Tree) -> tuple[str, ...]:
    path = f"{REQUEST}/PDMPStatesRequested/StateProvince"
    asked = [state.upper() for state in texts(sub(request, "PDMPStatesRequested"), "StateProvince")]
    if not all(STATE_CODE.fullmatch(state) for state in asked):
        raise impossible("A state that is asked is no state code.", path, "Use two letters.")
    return tuple(dict.fromkeys(asked))


def _consent(request: Tree) -> bool | None:
    path = f"{REQUEST}/BenefitsCoordination/Consent"
    stated = {c.upper() for b in subs(request, "BenefitsCoordination") for c in texts(b, "Consent")}
    if stated - _GRANTED - REFUSED:
        raise impossible("The Consent is not known.", path, "Use Y, N, P, X, Z or TPO.")
    if stated & REFUSED:
        raise MessageError(
            "Consent does not permit a whole history.",
            path=path,
            remedy="Send Y, X or TPO if given.",
            code=ErrorCode.CONSENT,
        )
    return True if stated else None
