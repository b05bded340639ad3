"""The same protocol as an outbound client: one partner PMP, asked by `$pdmp-history`.

Nothing of a partner's error texts is passed on, since they may quote the request; its HTTP status says what kind of
error it is, and an answer that cannot be understood is a Failure, never "no data".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import requests

from adapters._wire.answers import body_of
from adapters.fhir.body import answer_of
from adapters.fhir.later import RETURN, STATES
from adapters.fhir.media import FHIR_JSON
from adapters.fhir.out import to_json
from adapters.fhir.read_answer import read_answer, read_refusal
from adapters.fhir.write_request import write_request
from gateway.errors import (
    Failure,
    Forbidden,
    GatewayError,
    MessageError,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedFormat,
)
from gateway.model import Answer, LookupRequest, Outcome, StateOutcome, Wanted
from gateway.ports import PartnerSettings

_LATER: Final = {408, 429, 502, 503, 504}
_PAUSE: Final = 5  # seconds, when the partner names none
_REFUSALS: Final[dict[int, type[GatewayError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: UnsupportedFormat,
    413: TooLarge,
    415: UnsupportedFormat,
}


class FhirPartner:
    """A PMP that offers `$pdmp-history`."""

    def __init__(self, settings: PartnerSettings) -> None:
        self._url = f"{settings.url.rstrip('/')}/$pdmp-history"
        self._token = settings.token
        self._refused = settings.refused
        self._timeout = settings.timeout
        self._own_session = requests.Session() if settings.session is None else None
        self._session = settings.session or self._own_session or requests.Session()

    def ask(self, request: LookupRequest) -> Answer:
        """The partner's answer, whatever its outcome.

        :raises Unavailable: it does not answer, or not now.
        :raises Failure: its answer cannot be understood.
        :raises GatewayError: it refuses the request; the class says why.
        """
        body = to_json(write_request(request))
        token = self._token()
        try:
            return self._asked(request, body, token)
        except Unauthenticated:
            if self._refused is None:
                raise
            self._refused(token)
            return self._asked(request, body, self._token())  # once: a look-up changes nothing there

    def _asked(self, request: LookupRequest, body: bytes, token: str) -> Answer:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": FHIR_JSON,
            "Accept": FHIR_JSON,
            "Accept-Encoding": "identity",
        }
        if request.wants != {Wanted.DATA}:
            headers[RETURN] = ", ".join(sorted(request.wants))
        if request.states:
            headers[STATES] = ", ".join(request.states)
        try:
            with self._session.post(
                self._url,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _for_states(_read(response, body_of(response)), request.states)
        except requests.Timeout:
            raise Unavailable(f"The partner did not answer within {self._timeout:g} seconds.") from None
        except requests.RequestException:
            raise Unavailable("The partner cannot be reached, or broke off its answer.") from None

    def close(self) -> None:
        """Give the connections back, unless they are the caller's."""
        if self._own_session is not None:
            self._own_session.close()


def _read(response: requests.Response, body: bytes) -> Answer:
    status, kind = response.status_code, response.headers.get("Content-Type", "")
    if status == requests.codes.ok:
        try:
            return read_answer(answer_of(body, kind), retry_after=_retry_after(response))
        except (MessageError, TooLarge, UnsupportedFormat) as error:
            where = f" at {error.path}" if error.path else ""
            raise Failure(f"The partner's answer cannot be understood{where}.") from None
    if status == requests.codes.forbidden and (refusal := _refusal(body, kind)) is not None:
        return refusal
    if status in _LATER:
        pause = _retry_after(response) or _PAUSE
        raise Unavailable(f"The partner cannot answer now (HTTP {status}).", retry_after=pause)
    if 400 <= status < 500:
        raise _REFUSALS.get(status, MessageError)(f"The partner refused the request (HTTP {status}).")
    raise Failure(f"The partner failed (HTTP {status}).")


def _for_states(answer: Answer, asked: tuple[str, ...]) -> Answer:
    """The answer, held against the states that were asked: the operation has no place for them, and not every partner
    heeds our header, so that a state counts as having answered only when the answer names it, or when it is the only
    one and the answer names none. Of a link without data nothing is known: what it names lacks on the page too, and
    the others may be on it."""
    if answer.link is not None and answer.outcome is Outcome.PARTIAL and not answer.dispensations:
        return answer
    told = {state.state for state in answer.states}
    silent = [state for state in asked if state not in told] if told or len(asked) > 1 else []
    if not silent or answer.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL}:
        return answer
    missing = (
        StateOutcome(
            state=s, outcome=Outcome.ERROR, detail=f"{s} has not answered, as far as the partner says."
        )
        for s in silent
    )
    return replace(answer, outcome=Outcome.PARTIAL, states=(*answer.states, *missing))


def _refusal(body: bytes, kind: str) -> Answer | None:
    """The answer "disallowed"; None when the 403 is about something else, or is not understood."""
    try:
        return read_refusal(answer_of(body, kind))
    except (MessageError, TooLarge, UnsupportedFormat):
        return None


def _retry_after(response: requests.Response) -> int | None:
    seconds = response.headers.get("Retry-After", "")
    return int(seconds) if seconds.isdecimal() and len(seconds) < 7 else None
