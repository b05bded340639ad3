"""Another gateway of this kind, asked as an EHR asks it.

Where a link is wanted, a ReportRequest follows the PatientRequest: to the URL that the partner gives, and only where
that lies at the partner's own origin, since our credentials go along. A partner that takes no token is given a
session whose `auth` is :class:`DigestAuth`, and whose client certificate is the one that it knows us by.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import requests
from lxml.etree import _Element
from requests.auth import AuthBase

from adapters._wire import child, parse
from adapters._wire.answers import body_of
from adapters.pmpgateway.answer import read_patient_response, read_report_response
from adapters.pmpgateway.ask import patient_request, report_request
from adapters.pmpgateway.credentials import DIGEST, NONCE, TIMESTAMP, USERNAME
from adapters.pmpgateway.names import CONTENT_TYPE, PATIENT, Version
from gateway.errors import ErrorCode, Failure, GatewayError, MessageError, Unavailable
from gateway.model import Answer, LookupRequest, Wanted
from gateway.ports import PartnerSettings

_BUSY: Final = frozenset(
    {
        requests.codes.too_many_requests,
        requests.codes.bad_gateway,
        requests.codes.service_unavailable,
        requests.codes.gateway_timeout,
    }
)
_NOT_ADMITTED: Final = frozenset({requests.codes.unauthorized, requests.codes.forbidden})


class DigestAuth(AuthBase):
    """The X-Auth headers of a client's name and password, new for each request; no token goes along."""

    def __init__(self, username: str, password: str, *, clock: Callable[[], float] = time.time) -> None:
        self._username = username
        self._password = password
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the headers."""
        nonce, timestamp = str(uuid.uuid4()), str(int(self._clock()))
        digest = hashlib.sha256(f"{self._password}:{nonce}:{timestamp}".encode()).hexdigest()
        request.headers.pop("Authorization", None)
        request.headers.update({USERNAME: self._username, NONCE: nonce, TIMESTAMP: timestamp, DIGEST: digest})
        return request


class PmpGatewayPartner:
    """The client of one partner, in one version.

    :raises ValueError: a format that is not one of the versions.
    """

    def __init__(self, settings: PartnerSettings, *, clock: Callable[[], datetime] | None = None) -> None:
        self._settings = settings
        self._version = Version(settings.format or Version.V5_1)
        self._root = settings.url.rstrip("/")
        self._owned = settings.session is None
        self._session = settings.session or requests.Session()
        self._clock = clock or (lambda: datetime.now(UTC))

    def ask(self, request: LookupRequest) -> Answer:
        """The partner's answer: never dispensations, see :mod:`adapters.pmpgateway.answer`; with a link to the report
        where one is wanted and there is one.

        :raises MessageError: the request lacks what the PMP Gateway requires, or the partner refused it.
        :raises Unavailable: the partner cannot be reached or cannot answer now.
        :raises Failure: the partner failed, or its answer cannot be understood.
        """
        body = patient_request(request, self._version)
        root = self._exchange(f"{self._root}/{self._version}/{PATIENT}", body)
        answer, url = read_patient_response(root, request, received_at=self._clock())
        if url is None or Wanted.LINK not in request.wants:
            return answer
        if _origin(url) != _origin(self._root):
            raise Failure("The partner's report lies at another origin, to which our credentials do not go.")
        link = read_report_response(self._exchange(url, report_request(request.requester, self._version)))
        return replace(answer, link=link)

    def close(self) -> None:
        """Close the connections, unless they were brought along."""
        if self._owned:
            self._session.close()

    def _exchange(self, url: str, body: bytes) -> _Element:
        """POST the message; the document that comes back."""
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Accept": "application/xml",
            "Accept-Encoding": "identity",
        }
        token = self._settings.token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            with self._session.post(
                url,
                data=body,
                headers=headers,
                timeout=self._settings.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status, answer = response.status_code, body_of(response)
        except requests.RequestException:
            # its text may quote the address or the answer
            problem: GatewayError = Unavailable("The partner cannot be reached, or broke off its answer.")
        else:
            return _document(status, answer)
        raise problem


def _document(status: int, answer: bytes) -> _Element:
    if status in _NOT_ADMITTED:
        raise Failure(f"The partner does not admit this gateway (HTTP {status}).")
    if status in _BUSY:
        raise Unavailable(f"The partner cannot answer now (HTTP {status}).")
    try:
        root: _Element | None = parse(answer)
    except GatewayError:
        root = None
    if root is not None and status == requests.codes.ok:
        return root
    if status == requests.codes.bad_request and child(root, "Error") is not None:
        raise MessageError(
            "The partner refuses the request.",
            remedy="Check the patient's and the requester's particulars.",
            code=ErrorCode.INVALID,
        )
    raise Failure(f"The partner's answer is not a message that is understood here (HTTP {status}).")


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc.lower()
