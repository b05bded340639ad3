"""RxHistoryRequest as this gateway sends it: a canonical request in either version."""

from __future__ import annotations

from datetime import date

from adapters._wire import Xml
from adapters.ncpdp.fit import Fit
from adapters.ncpdp.layout import Layout, block
from adapters.ncpdp.layout_10_6 import STATES
from adapters.ncpdp.layout_2017071 import CONSENT_UNSTATED
from adapters.ncpdp.read import ROLES
from adapters.ncpdp.values import Values, name_keys, name_values
from adapters.ncpdp.version import Version
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Organisation, Person, Practitioner, Requester, Species
from gateway.terminology import codes

_EARLIEST = date(1900, 1, 1)  # where a period that is open at its start has to be given one
_PRACTITIONER = name_keys("practitioner", "prescriber_")
_AGENT = name_keys("delegate", "agent_")


def history_request(layout: Layout, request: LookupRequest, today: date) -> Xml:
    """The body of a request in the layout's version.

    :raises MessageError: the request names nobody, or the patient lacks what SCRIPT requires of one.
    """
    person = _askable(request.person)
    if layout.version is Version.V10_6:
        return _request_10_6(layout, request, person, today)
    return _request_2017071(layout, request, person, today)


def _askable(person: Person | None) -> Person:
    """The person, who has what both versions require: last name, first name, date of birth."""
    if person is None:
        raise MessageError(
            "SCRIPT asks for a patient by demographics; the request names none.", code=ErrorCode.REQUIRED
        )
    name = person.names[0] if person.names else None
    missing = (
        ("last name", "person.name.family", name is not None and name.family),
        ("first name", "person.name.given", name is not None and name.given and name.given[0]),
        ("date of birth", "person.birth_date", person.birth_date),
    )
    for what, path, value in missing:
        if not value:
            raise MessageError(
                f"SCRIPT requires the patient's {what}.",
                path=path,
                remedy="Ask with it.",
                code=ErrorCode.REQUIRED,
            )
    return person


def _request_10_6(layout: Layout, request: LookupRequest, person: Person, today: date) -> Xml:
    """10.6 cannot name states. It demands a consent; a PMP is asked by force of law, so an unstated one is Y."""
    if person.species is Species.VETERINARY:
        # Asked as a human it would be found to have no records.
        raise MessageError(
            "SCRIPT 10.6 has no request for a veterinary patient.",
            path="person.species",
            remedy="Ask in a later SCRIPT, FHIR or PMIX.",
            code=ErrorCode.UNSUPPORTED_VERSION,
        )
    fit, asks, period = layout.fit, request.requester, request.period
    organisation = asks.organisation or Organisation()
    is_pharmacy = bool(organisation.ncpdp_id)
    is_bounded = period.start is not None or period.end is not None
    return block(layout.version, "request").render(
        {
            "pharmacy_ncpdp_id": fit.text(organisation.ncpdp_id, 35),
            "pharmacy_npi": fit.text(organisation.npi, 35) if is_pharmacy else None,
            "pharmacy_dea": fit.text(organisation.dea, 35) if is_pharmacy else None,
            "pharmacy": fit.text(organisation.name, 35) if is_pharmacy else None,
            **_prescriber_10_6(fit, asks, clinic=None if is_pharmacy else organisation.name),
            "patient": layout.patient(person),
            "start": (period.start or _EARLIEST).isoformat() if is_bounded else None,
            "end": (period.end or today).isoformat() if is_bounded else None,
            "consent": "N" if request.consent is False else "Y",
        }
    )


def _prescriber_10_6(fit: Fit, asks: Requester, *, clinic: str | None) -> Values:
    """Who asks; nothing when the last name or every number is missing, since both are required."""
    who = asks.practitioner or Practitioner()
    name = name_values(fit, who.name, _PRACTITIONER, needs_first=False)
    agent = name_values(fit, asks.delegate.name if asks.delegate else None, _AGENT, needs_first=False)
    numbers = {
        "prescriber_npi": fit.text(who.npi, 35),
        "prescriber_dea": fit.text(who.dea, 35),
        "prescriber_licence": fit.text(who.licence.number, 35) if who.licence else None,
    }
    values = {
        **numbers,
        **{key: name[key] for key in _PRACTITIONER[:3]},
        **{key: agent[key] for key in _AGENT[:2]},
        "clinic": fit.text(clinic, 35),
        "prescriber_state": asks.state if asks.state in STATES else None,
    }
    return values if name[_PRACTITIONER.last] and any(numbers.values()) else dict.fromkeys(values)


def _request_2017071(layout: Layout, request: LookupRequest, person: Person, today: date) -> Xml:
    """RequestedDates is required: an open period is asked from 1900, or until today."""
    fit, asks, period = layout.fit, request.requester, request.period
    organisation = asks.organisation or Organisation()
    is_facility = any((organisation.ncpdp_id, organisation.dea, organisation.npi))
    return block(layout.version, "request").render(
        {
            "consent": {True: "Y", False: "N", None: CONSENT_UNSTATED}[request.consent],
            "facility_ncpdp_id": fit.text(organisation.ncpdp_id, 35),
            "facility_dea": fit.text(organisation.dea, 35),
            "facility_npi": fit.text(organisation.npi, 35),
            "facility": fit.text(organisation.name, 70) if is_facility else None,
            "facility_state": fit.text(asks.state, 35) if is_facility else None,
            "patient": layout.patient(person),
            "prescriber": _prescriber_2017071(
                layout, asks, practice=None if is_facility else organisation.name
            ),
            "start": (period.start or _EARLIEST).isoformat(),
            "end": (period.end or today).isoformat(),
            "states": [
                block(layout.version, "state_requested").render({"state": state}) for state in request.states
            ],
            "role": _role(fit, asks),
        }
    )


def _prescriber_2017071(layout: Layout, asks: Requester, *, practice: str | None) -> Xml:
    """Who asks; nothing without both names and an NPI, since all are required."""
    fit = layout.fit
    who = asks.practitioner or Practitioner()
    name = name_values(fit, who.name, name_keys("practitioner", ""), needs_first=True)
    agent = name_values(fit, asks.delegate.name if asks.delegate else None, _AGENT, needs_first=True)
    npi = fit.text(who.npi, 35)
    if not npi or not name["last"]:
        return Xml()
    return block(layout.version, "prescriber").render(
        {
            "npi": npi,
            "dea": fit.text(who.dea, 35),
            "licence": fit.text(who.licence.number, 35) if who.licence else None,
            "practice": fit.text(practice, 70),
            **name,
            **{key: agent[key] for key in _AGENT[:2]},
            **dict.fromkeys(("line1", "line2", "city", "postal_code", "country", "phone")),
            "state": fit.text(asks.state, 35),
        }
    )


def _role(fit: Fit, asks: Requester) -> str | None:
    """The role of who asks: the delegate's where there is one."""
    roles = [party.role for party in (asks.delegate, asks.practitioner) if party and party.role]
    return fit.text(codes(ROLES).encode(roles[0], "script") or roles[0], 35) if roles else None
