"""The look-ups, over HTTP, by each protocol's own client and with an OAuth token."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests

from gateway.demo.record import REQUESTER, person_of
from gateway.errors import GatewayError
from gateway.model import Answer, LookupRequest
from gateway.ports import PartnerSettings
from gateway.registry import load_registry
from gateway.security.client import TokenSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One look-up as the client saw it."""

    format: str
    answer: Answer | None
    failure: str | None
    milliseconds: float
    request: requests.PreparedRequest | None
    received: int


def look_up(patient: dict[str, Any], origin: str, credentials: dict[str, Any]) -> list[Exchange]:
    """The same look-up in every format that an adapter's client speaks."""
    token = TokenSource(
        credentials["token_url"],
        client_id=credentials["client_id"],
        secret=credentials["client_secret"],
        scopes=("pdmp/history",),
    )
    token()
    request = LookupRequest(person=person_of(patient), requester=REQUESTER)
    exchanges = []
    for adapter in load_registry():
        for format in adapter.formats:
            session, seen = _observed_session()
            settings = PartnerSettings(
                url=origin + adapter.prefix, token=token, format=format, session=session
            )
            partner = adapter.partner(settings)
            if partner is None:
                continue
            answer, failure = None, None
            try:
                partner.ask(request)  # connections, caches and the record's pages are warm after the first
                seen.clear()
                started = time.perf_counter()
                answer = partner.ask(request)
            except GatewayError as error:
                started, failure = time.perf_counter(), str(error)
            finally:
                partner.close()
            exchanges.append(
                Exchange(
                    format=format,
                    answer=answer,
                    failure=failure,
                    milliseconds=(time.perf_counter() - started) * 1000,
                    request=seen[-1].request if seen else None,
                    received=len(seen[-1].content) if seen else 0,
                )
            )
    return exchanges


def _observed_session() -> tuple[requests.Session, list[requests.Response]]:
    session = requests.Session()
    seen: list[requests.Response] = []

    def observe(response: requests.Response, *_: Any, **__: Any) -> None:
        seen.append(response)

    session.hooks["response"].append(observe)
    return session, seen
