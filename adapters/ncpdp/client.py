"""Another PMP, asked through SCRIPT over HTTP.

What comes back is read from the wire alone. A partner that cannot be reached, refuses, or says something that is not
understood is an exception, never an answer without data.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import requests

from adapters._wire import parse
from adapters._wire.answers import body_of
from adapters.ncpdp.answer import partner_error
from adapters.ncpdp.ask import history_request
from adapters.ncpdp.errors import raised_for
from adapters.ncpdp.fill import PARTS
from adapters.ncpdp.layout import Header, Mailbox, new_message_id
from adapters.ncpdp.message import Message, opened
from adapters.ncpdp.routes import PATH
from adapters.ncpdp.version import STANDARD, Version
from adapters.ncpdp.whole import whole_answer
from adapters.ncpdp.write import layout_for
from gateway.errors import Failure, GatewayError, Unavailable
from gateway.model import Answer, LookupRequest
from gateway.ports import PartnerSettings

_TO = Mailbox(address="PMP", qualifier="ZZZ")
_FROM = Mailbox(address="PMPBRIDGE", qualifier="ZZZ")


class ScriptPartner:
    """The client of one partner, in one version.

    :raises ValueError: a format that is not one of SCRIPT's.
    """

    def __init__(self, settings: PartnerSettings, *, clock: Callable[[], datetime] | None = None) -> None:
        self._settings = settings
        self._version = Version(settings.format or Version.V10_6)
        self._owned = settings.session is None
        self._session = settings.session or requests.Session()
        self._clock = clock or (lambda: datetime.now(UTC))

    def ask(self, request: LookupRequest) -> Answer:
        """The partner's answer.

        :raises MessageError: the request lacks what SCRIPT requires, or the partner refused it.
        :raises Unavailable: the partner cannot be reached or cannot answer now.
        :raises Failure: the partner failed, or its answer cannot be understood.
        """
        now, until = self._clock(), monotonic() + self._settings.timeout
        return whole_answer(
            lambda asked, related: self._asked(asked, now=now, relates_to=related),
            request,
            now=now,
            has_time=lambda: monotonic() < until,
        )

    def close(self) -> None:
        """Close the connections, unless they were brought along."""
        if self._owned:
            self._session.close()

    def _asked(self, request: LookupRequest, *, now: datetime, relates_to: str | None) -> Message:
        """The partner's message to one of ours."""
        layout = layout_for(self._version)
        header = Header(to=_TO, sender=_FROM, sent=now, message_id=new_message_id(), relates_to=relates_to)
        body = layout.message(header, history_request(layout, request, now.date()), STANDARD[self._version])
        status, answer = self._exchange(body)
        message = _opened(answer, status)
        if status != requests.codes.ok:
            raise _refused(message, status)
        return message

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        """POST the message; status and body of what comes back."""
        try:
            with self._session.post(
                self._settings.url.rstrip("/") + PATH,
                data=body,
                headers={
                    "Authorization": f"Bearer {self._settings.token()}",
                    "Content-Type": "application/xml; charset=utf-8",
                    "Accept": "application/xml",
                    "Accept-Encoding": "identity",
                },
                timeout=self._settings.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, body_of(response)
        except requests.RequestException:
            # its text may quote the address or the answer
            problem = Unavailable("The partner cannot be reached, or broke off its answer.")
        raise problem


def _opened(answer: bytes, status: int) -> Message:
    try:
        return opened(parse(answer), kept=PARTS)
    except GatewayError:
        problem = _unreadable(status)
    raise problem


def _unreadable(status: int) -> GatewayError:
    if status in {
        requests.codes.too_many_requests,
        requests.codes.service_unavailable,
        requests.codes.gateway_timeout,
    }:
        return Unavailable(f"The partner cannot answer now (HTTP {status}).")
    return Failure(f"The partner's answer is not a SCRIPT message that is understood here (HTTP {status}).")


def _refused(message: Message, status: int) -> GatewayError:
    """What an answer with an HTTP error says; a partner that refuses us refuses nothing of the caller's."""
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return Failure(f"The partner does not admit this gateway (HTTP {status}).")
    if message.transaction == "Error":
        return raised_for(partner_error(message))
    return _unreadable(status)
