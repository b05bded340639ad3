"""RxHistoryRequest of either version -> canonical request. Tolerant in form, strict in what the look-up rests on.

Any order, absent optional elements, unknown elements, Date or DateTime, and either version's element names are
taken. The patient's last name, first name and date of birth have to be there, and what is there has to be possible:
nothing is guessed.

    Message/Body/RxHistoryRequest
      Patient                         (2017071: HumanPatient, NonHumanPatient)   -> person
      Prescriber, PrescriberAgent     (2017071: NonVeterinarian, Veterinarian)   -> requester.practitioner, delegate
      Facility, Pharmacy, ClinicName, PracticeLocation                           -> requester.organisation
      RequestorRole                                                              -> role of who asks
      BenefitsCoordination/EffectiveDate, ExpirationDate (10.6), RequestedDates  -> period
      PDMPStatesRequested                                                        -> states
      BenefitsCoordination/Consent                                               -> consent
"""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta

from adapters.ncpdp.fit import plain
from adapters.ncpdp.message import Message, open_request, transaction_refused
from adapters.ncpdp.parts import date_in, name_in, organisation_in, person_in, practitioner_in
from adapters.ncpdp.tree import Tree, repeated, sub, subs, text, texts
from adapters.ncpdp.values import STATE_CODE
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Organisation, Period, Person, Practitioner, Requester, Species
from gateway.ports import Inbound
from gateway.terminology import codes

REQUEST = "RxHistoryRequest"
PATIENT = f"{REQUEST}/Patient"

_DATE_FORM = "Use YYYY-MM-DD."
# NCPDP's consent values. P and Z permit the prescriber's own prescriptions only; a PMP answers whole histories, so
# neither permits an answer.
_GRANTED = frozenset({"Y", "X", "TPO"})
_REFUSED = frozenset({"N", "P", "Z"})
_US_POSTAL_CODE = re.compile(r"[0-9]{5}(?:[- ]?[0-9]{4})?")
_CANADIAN_POSTAL_CODE = re.compile(r"[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]")
_HOME_COUNTRIES = frozenset({"US", "USA"})


def read_request(inbound: Inbound) -> LookupRequest:
    """What is asked.

    :raises MessageError: with the path of what is missing or impossible; `ErrorCode.CONSENT` and
        `ErrorCode.DATE_RANGE` where the request forbids itself.
    """
    message = open_request(inbound)
    if message.transaction != REQUEST:
        raise transaction_refused()
    request = message.body
    consent = _consent(request)
    person = read_patient(message, today=inbound.received_at.astimezone(UTC).date())
    return LookupRequest(
        person=person,
        requester=_requester(request),
        period=_period(request),
        states=_states(request),
        consent=consent,
        message_id=message.message_id,
    )


def consent_of(request: Tree) -> str | None:
    """The first consent that is stated, as it is written in the standard."""
    stated = (text(b, "Consent") for b in subs(request, "BenefitsCoordination"))
    return next((value.upper() for value in stated if value), None)


# --- the patient ----------------------------------------------------------------------------------------------


def read_patient(message: Message, *, today: date) -> Person:
    """The patient that is asked for.

    :param today: no date of birth may lie after it (one day is granted for time zones).
    :raises MessageError: as :func:`read_request`.
    """
    element = sub(message.body, "Patient")
    if not element:
        raise MessageError(
            "The patient is missing.", path=PATIENT, remedy="Send Patient.", code=ErrorCode.REQUIRED
        )
    _once(message.body, REQUEST, "Patient")
    animal = sub(element, "NonHumanPatient")
    if animal and "HumanPatient" in element:
        raise _impossible(
            "The patient is both human and not.", f"{PATIENT}/NonHumanPatient", "Send one of them."
        )
    patient = animal or sub(element, "HumanPatient") or element
    path = PATIENT + ("/NonHumanPatient" if animal else "/HumanPatient" if patient is not element else "")
    _check_told_once(element, patient, path)
    for part, words in (("LastName", "last name"), ("FirstName", "first name")):
        if not plain(text(patient, "Name", part) or ""):
            raise _missing(f"The patient's {words} is missing.", f"{path}/Name/{part}", f"Send {part}.")
    if not any(
        character.isalnum()
        for part in ("LastName", "FirstName")
        for character in text(patient, "Name", part) or ""
    ):
        raise _impossible("The patient's name has no letters.", f"{path}/Name/LastName", "Send the name.")
    _check_gender(patient, path)
    _check_postal_code(patient, path)
    try:
        person = person_in(patient, species=Species.VETERINARY if animal else Species.HUMAN, identifiers=True)
    except ValueError:
        raise _impossible(
            "The patient's DateOfBirth is not a date.", f"{path}/DateOfBirth", _DATE_FORM
        ) from None
    if person.birth_date is None:
        raise _missing("The patient's DateOfBirth is missing.", f"{path}/DateOfBirth", _DATE_FORM)
    if person.birth_date > today + timedelta(days=1):
        raise _impossible("The patient's DateOfBirth lies in the future.", f"{path}/DateOfBirth", _DATE_FORM)
    return person


def _check_told_once(element: Tree, patient: Tree, path: str) -> None:
    """Nobody is looked up who is named, or was born, in two ways: which of them was meant is not for us to guess."""
    _once(element, PATIENT, "HumanPatient", "NonHumanPatient")
    _once(patient, path, "Name", "Gender", "DateOfBirth")
    _once(sub(patient, "Name"), f"{path}/Name", "LastName", "FirstName")
    _once(sub(patient, "DateOfBirth"), f"{path}/DateOfBirth", "Date", "DateTime")


def _check_gender(patient: Tree, path: str) -> None:
    gender = text(patient, "Gender")
    if gender is not None and codes("sex").decode(gender, "script") is None:
        raise _impossible("The patient's Gender is not known.", f"{path}/Gender", "Use M, F or U.")


def _check_postal_code(patient: Tree, path: str) -> None:
    address = sub(patient, "Address")
    name = "PostalCode" if text(address, "PostalCode") else "ZipCode"
    code = text(address, name)
    country = (text(address, "CountryCode") or "US").upper()
    if code is None or country not in _HOME_COUNTRIES:
        return
    if not _US_POSTAL_CODE.fullmatch(code) and not _CANADIAN_POSTAL_CODE.fullmatch(code):
        raise _impossible(
            f"The patient's {name} is no postal code.", f"{path}/Address/{name}", "Use five or nine digits."
        )


# --- who asks -------------------------------------------------------------------------------------------------


def _requester(request: Tree) -> Requester:
    prescriber = sub(request, "Prescriber")
    prescriber = sub(prescriber, "NonVeterinarian") or sub(prescriber, "Veterinarian") or prescriber
    pharmacy = sub(request, "Pharmacy")
    delegate = _delegate(prescriber)
    role = text(request, "RequestorRole")
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
    _once(request, REQUEST, "RequestedDates")
    _once(dated, path, first, last)
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
    _once(sub(dated, name), f"{path}/{name}", "Date", "DateTime")
    try:
        return date_in(dated, name)
    except ValueError:
        raise _impossible(f"{name} is not a date.", f"{path}/{name}", _DATE_FORM) from None


def _states(request: Tree) -> tuple[str, ...]:
    path = f"{REQUEST}/PDMPStatesRequested/StateProvince"
    asked = [state.upper() for state in texts(sub(request, "PDMPStatesRequested"), "StateProvince")]
    if not all(STATE_CODE.fullmatch(state) for state in asked):
        raise _impossible("A state that is asked is no state code.", path, "Use two letters.")
    return tuple(dict.fromkeys(asked))


def _consent(request: Tree) -> bool | None:
    path = f"{REQUEST}/BenefitsCoordination/Consent"
    stated = {c.upper() for b in subs(request, "BenefitsCoordination") for c in texts(b, "Consent")}
    if stated - _GRANTED - _REFUSED:
        raise _impossible("The Consent is not known.", path, "Use Y, N, P, X, Z or TPO.")
    if stated & _REFUSED:
        raise MessageError(
            "Consent does not permit a whole history.",
            path=path,
            remedy="Send Y, X or TPO if given.",
            code=ErrorCode.CONSENT,
        )
    return True if stated else None


def _once(tree: Tree, path: str, *names: str) -> None:
    """:raises MessageError: an element is there twice that says one thing."""
    name = repeated(tree, *names)
    if name is not None:
        raise _impossible(f"{name} is there more than once.", f"{path}/{name}", "Send it once.")


def _missing(what: str, path: str, remedy: str) -> MessageError:
    return MessageError(what, path=path, remedy=remedy, code=ErrorCode.REQUIRED)


def _impossible(what: str, path: str, remedy: str) -> MessageError:
    return MessageError(what, path=path, remedy=remedy, code=ErrorCode.INVALID)
