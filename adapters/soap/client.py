"""Another PMP, asked in PMIX over SOAP 1.1.

zeep writes the request, by the same WSDL that this gateway serves, loaded from the package. The answer is read from
the bytes by `report.py`: zeep would turn a date that is none, and a required element that is missing, into None
without a word. zeep's own transport logs whole messages when its logger is on, so it is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import requests
import zeep
import zeep.exceptions
from lxml.etree import _Element

from adapters._wire import child, local, parse, soap, text
from adapters._wire.answers import body_of
from adapters.soap.metadata import meta_data
from adapters.soap.names import CODES, GATEWAY, OPERATION, PMIX
from adapters.soap.report import read_report
from adapters.soap.wsdl import WSDL
from gateway.errors import (
    Conflict,
    ErrorCode,
    Failure,
    Forbidden,
    GatewayError,
    MessageError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedFormat,
)
from gateway.model import Address, Answer, IdentifierKind, LookupRequest, Period, Person, PersonName, Species
from gateway.ports import PartnerSettings
from gateway.terminology import codes

_BINDING = f"{{{GATEWAY}}}PmixSoap"
_REPORT = f"{{{PMIX}}}PMPPrescriptionReport"
_RETRY_AFTER = 5  # seconds, where the partner names none


class PmixPartner:
    """A partner of :class:`gateway.ports.Partner`; one for each place that is asked."""

    def __init__(self, settings: PartnerSettings) -> None:
        self._own = settings.session is None
        self._session = settings.session or requests.Session()
        client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep has no types
            str(WSDL),
            transport=_Transport(self._session, settings.token, settings.timeout),
            settings=zeep.Settings(raw_response=True),
        )
        self._service = client.create_service(  # type: ignore[no-untyped-call]  # as above
            _BINDING, f"{settings.url.rstrip('/')}/pmix"
        )

    def ask(self, request: LookupRequest) -> Answer:
        """See :class:`gateway.ports.Partner`.

        :raises MessageError: the request names no person; a partner is asked by demographics alone.
        :raises GatewayError: what a fault says, or `Failure` where the partner was not understood.
        """
        if request.person is None:
            raise MessageError(
                "PMIX asks for a person by demographics.", path="person", code=ErrorCode.REQUIRED
            )
        now = datetime.now(UTC)
        try:
            with self._posted(request, request.person, now) as response:
                body = body_of(response)
        except requests.RequestException:
            error: GatewayError = Unavailable("The partner cannot be reached.", retry_after=_RETRY_AFTER)
        except zeep.exceptions.Error:
            error = Failure("The request could not be written in PMIX.")
        else:
            return _answer(response, body, now)
        raise error  # outside of the handler: what zeep and requests say may quote the request

    def close(self) -> None:
        """See :class:`gateway.ports.Partner`. A session that was given stays open."""
        if self._own:
            self._session.close()

    def _posted(self, request: LookupRequest, person: Person, now: datetime) -> requests.Response:
        response = getattr(self._service, OPERATION)(
            **_document(request.period, person), _soapheaders={"MetaData": meta_data(request, now)}
        )
        assert isinstance(response, requests.Response)  # noqa: S101 - raw_response says so
        return response


class _Transport(zeep.Transport):
    """Reads the description from the package, posts through the session, logs nothing, follows nowhere."""

    def __init__(self, session: requests.Session, token: Callable[[], str], timeout: float) -> None:
        # Not zeep's own: it would change headers and adapters of a session that is not its own.
        self.session = session
        self.cache = None
        self._close_session = False
        self._token = token
        self._timeout = timeout

    def load(self, url: str) -> bytes:
        """A file of the package."""
        return Path(url).read_bytes()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> requests.Response:
        """The one request that is ever sent."""
        return self.session.post(
            address,
            data=message,
            headers={
                **headers,
                "Authorization": f"Bearer {self._token()}",
                "Accept-Encoding": "identity",
            },
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )


# --- what is asked --------------------------------------------------------------------------------------------


def _document(period: Period, person: Person) -> dict[str, Any]:
    """The `PMPRequest`, as the nested values that zeep makes it of."""
    dates = {"RequestPrescriptionDateRangeBegin": period.start, "RequestPrescriptionDateRangeEnd": period.end}
    return {
        "RequestPrescriptionDateRange": dates if period != Period() else None,
        "RequestPatient": _patient(person),
    }


def _patient(person: Person) -> dict[str, Any]:
    named = person
    animal = None
    if person.species is Species.VETERINARY and person.owner is not None:
        named = person.owner
        animal = " ".join(person.name.given) or None
    return {
        "PersonBirthDate": _date(named.birth_date),
        "PersonName": [_name(name) for name in named.names],
        "PersonSexCode": codes("sex").encode(person.sex, CODES),
        "PersonSSNIdentification": _identification(person.identifier(IdentifierKind.SSN)),
        "PersonPrimaryContactInformation": _contact(person),
        **_other_identifier(person),
        "SpeciesCode": codes("species").encode(person.species, CODES),
        "PatientNameOfAnimalText": animal,
    }


def _date(day: date | None) -> dict[str, date] | None:
    return {"Date": day} if day else None


def _name(name: PersonName) -> dict[str, str | None]:
    return {
        "PersonNamePrefixText": name.prefix,
        "PersonGivenName": name.given[0] if name.given else None,
        "PersonMiddleName": " ".join(name.given[1:]) or None,
        "PersonSurName": name.family,
        "PersonNameSuffixText": name.suffix,
    }


def _contact(person: Person) -> dict[str, Any] | None:
    if not person.phones and not person.addresses:
        return None
    return {
        "ContactTelephoneNumber": [
            {"FullTelephoneNumber": {"TelephoneNumberFullID": p}} for p in person.phones
        ],
        "ContactMailingAddress": [{"StructuredAddress": _address(a)} for a in person.addresses],
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "LocationStreet": {"StreetFullText": list(address.lines)} if address.lines else None,
        "LocationCityName": address.city,
        "LocationStateUSPostalServiceCode": address.state,
        "LocationPostalCode": address.postal_code,
    }


def _other_identifier(person: Person) -> dict[str, Any]:
    """PMIX has place for one identifier beside the social security number."""
    for kind, element in (
        (IdentifierKind.DRIVER_LICENCE, "PersonDriverLicenseIdentifier"),
        (IdentifierKind.MEDICAL_RECORD_NUMBER, "PersonOtherIdentifier"),
    ):
        for identifier in person.identifiers:
            if identifier.kind is kind:
                return {element: _identification(identifier.value, identifier.issuer)}
    return {}


def _identification(value: str | None, issuer: str | None = None) -> dict[str, str | None] | None:
    return {"IdentificationID": value, "IdentificationJurisdictionText": issuer} if value else None


# --- what is answered -----------------------------------------------------------------------------------------


def _answer(response: requests.Response, body: bytes, received_at: datetime) -> Answer:
    payload = None
    with suppress(MessageError):
        payload = soap.open_envelope(parse(body)).payload
    if payload is not None and local(payload) == "Fault":
        raise _fault(payload, response)
    if payload is None or response.status_code != requests.codes.ok:
        raise _refused(response)
    if payload.tag != _REPORT:
        raise Failure("The partner's answer is no PMIX report.")
    return read_report(payload, received_at)


def _fault(fault: _Element, response: requests.Response) -> GatewayError:
    """What a fault says, in our own words: a partner's sentence may hold what must not be logged."""
    told = text(fault, "detail", "Error", "Code")
    if child(fault, "detail", "Error") is None or told not in set(ErrorCode):
        told = _code_of(text(fault, "faultcode") or "", response.status_code)
    return _error(ErrorCode(told), "The partner refused the request with a fault", response)


def _refused(response: requests.Response) -> GatewayError:
    code = _code_of("Server", response.status_code)
    return _error(code, f"The partner answered HTTP {response.status_code} and no PMIX report", response)


def _code_of(faultcode: str, status: int) -> ErrorCode:
    """Our code for a fault that has none, from the standard's (SOAP 1.1 section 4.4.1) and the HTTP status."""
    by_status = {
        requests.codes.unauthorized: ErrorCode.UNAUTHENTICATED,
        requests.codes.forbidden: ErrorCode.FORBIDDEN,
        requests.codes.request_entity_too_large: ErrorCode.TOO_LARGE,
        requests.codes.too_many_requests: ErrorCode.UNAVAILABLE,
        requests.codes.bad_gateway: ErrorCode.UNAVAILABLE,
        requests.codes.service_unavailable: ErrorCode.UNAVAILABLE,
        requests.codes.gateway_timeout: ErrorCode.UNAVAILABLE,
    }
    if status in by_status:
        return by_status[status]
    kind = faultcode.rpartition(":")[2].partition(".")[0]
    return {
        soap.FaultCode.CLIENT.value: ErrorCode.INVALID,
        soap.FaultCode.MUST_UNDERSTAND.value: ErrorCode.INVALID,
        soap.FaultCode.VERSION_MISMATCH.value: ErrorCode.UNSUPPORTED_VERSION,
    }.get(kind, ErrorCode.INTERNAL)


def _error(code: ErrorCode, sentence: str, response: requests.Response) -> GatewayError:
    match code:
        case ErrorCode.UNAUTHENTICATED:
            return Unauthenticated(f"{sentence}: the access token does not hold there.")
        case ErrorCode.FORBIDDEN:
            return Forbidden(f"{sentence}: the access token does not permit it there.")
        case ErrorCode.UNAVAILABLE:
            told = response.headers.get("Retry-After", "")
            pause = int(told) if told.isdecimal() and len(told) < 7 else _RETRY_AFTER
            return Unavailable(f"{sentence}.", retry_after=pause)
        case ErrorCode.INTERNAL:
            return Failure(f"{sentence}.")
        case ErrorCode.CONFLICT:
            return Conflict(f"{sentence} ({code.value}).")
        case ErrorCode.TOO_LARGE:
            return TooLarge(f"{sentence} ({code.value}).")
        case ErrorCode.UNSUPPORTED_MEDIA | ErrorCode.NOT_ACCEPTABLE:
            return UnsupportedFormat(f"{sentence} ({code.value}).", code=code)
        case _:
            return MessageError(f"{sentence} ({code.value}).", code=code)
