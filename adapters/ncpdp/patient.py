"""The Patient of a message that asks for somebody or reports of somebody: named and born in one way only.

Nobody is looked up, and nothing recorded, whose name or birth date is missing, impossible or there twice: which was
meant is not for us to guess.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from adapters.ncpdp.fit import plain
from adapters.ncpdp.message import Message
from adapters.ncpdp.parts import date_in, person_in
from adapters.ncpdp.refusals import DATE_FORM, check_all, impossible, missing, once
from adapters.ncpdp.tree import Tree, sub, text
from gateway.model import Person, Species
from gateway.terminology import codes

_US_POSTAL_CODE = re.compile(r"[0-9]{5}(?:[- ]?[0-9]{4})?")
_CANADIAN_POSTAL_CODE = re.compile(r"[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]")
_HOME_COUNTRIES = frozenset({"US", "USA"})


def read_patient(message: Message, *, today: date) -> Person:
    """The patient of the message.

    :param today: no date of birth may lie after it (one day is granted for time zones).
    :raises MessageError: with the path of what is missing or impossible.
    """
    root = f"{message.transaction}/Patient"
    element = sub(message.body, "Patient")
    if not element:
        raise missing("The patient is missing.", root, "Send Patient.")
    once(message.body, message.transaction, "Patient")
    animal = sub(element, "NonHumanPatient")
    if animal and "HumanPatient" in element:
        raise impossible("The patient is both human and not.", f"{root}/NonHumanPatient", "Send one of them.")
    patient = animal or sub(element, "HumanPatient") or element
    path = root + ("/NonHumanPatient" if animal else "/HumanPatient" if patient is not element else "")
    once(element, root, "HumanPatient", "NonHumanPatient")
    _check_told_once(patient, path)
    check_all(
        lambda: _check_name(patient, path, "LastName", "last name"),
        lambda: _check_name(patient, path, "FirstName", "first name"),
        lambda: _check_birth_date(patient, path, today),
        lambda: _check_gender(patient, path),
        lambda: _check_postal_code(patient, path),
    )
    _check_letters(patient, path)
    return person_in(patient, species=Species.VETERINARY if animal else Species.HUMAN, identifiers=True)


def _check_told_once(patient: Tree, path: str) -> None:
    once(patient, path, "Name", "Gender", "DateOfBirth")
    once(sub(patient, "Name"), f"{path}/Name", "LastName", "FirstName")
    once(sub(patient, "DateOfBirth"), f"{path}/DateOfBirth", "Date", "DateTime")


def _check_birth_date(patient: Tree, path: str, today: date) -> None:
    place = f"{path}/DateOfBirth"
    try:
        born = date_in(patient, "DateOfBirth")
    except ValueError:
        raise impossible("The patient's DateOfBirth is not a date.", place, DATE_FORM) from None
    if born is None:
        raise missing("The patient's DateOfBirth is missing.", place, DATE_FORM)
    if born > today + timedelta(days=1):
        raise impossible("The patient's DateOfBirth lies in the future.", place, DATE_FORM)


def _check_name(patient: Tree, path: str, part: str, words: str) -> None:
    if not plain(text(patient, "Name", part) or ""):
        raise missing(f"The patient's {words} is missing.", f"{path}/Name/{part}", f"Send {part}.")


def _check_letters(patient: Tree, path: str) -> None:
    if not any(
        character.isalnum()
        for part in ("LastName", "FirstName")
        for character in text(patient, "Name", part) or ""
    ):
        raise impossible("The patient's name has no letters.", f"{path}/Name/LastName", "Send the name.")


def _check_gender(patient: Tree, path: str) -> None:
    gender = text(patient, "Gender")
    if gender is not None and codes("sex").decode(gender, "script") is None:
        raise impossible("The patient's Gender is not known.", f"{path}/Gender", "Use M, F or U.")


def _check_postal_code(patient: Tree, path: str) -> None:
    address = sub(patient, "Address")
    name = "PostalCode" if text(address, "PostalCode") else "ZipCode"
    code = text(address, name)
    country = (text(address, "CountryCode") or "US").upper()
    if code is None or country not in _HOME_COUNTRIES:
        return
    if not _US_POSTAL_CODE.fullmatch(code) and not _CANADIAN_POSTAL_CODE.fullmatch(code):
        raise impossible(
            f"The patient's {name} is no postal code.", f"{path}/Address/{name}", "Use five or nine digits."
        )
