"""Where a FHIR server's clients get their tokens, as the server itself says.

Source: SMART App Launch 2.2, "Conformance" (`.well-known/smart-configuration`) and "Backend Services".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from authlib.common.security import is_secure_transport

from gateway.errors import Failure, Unavailable
from gateway.ports import Clock

PATH: Final = "/.well-known/smart-configuration"
KEPT: Final = timedelta(hours=1)
"""How long an address is used before the server is asked again."""
MAX_BYTES: Final = 65_536
ASSERTION_METHOD: Final = "private_key_jwt"


def _now() -> datetime:
    return datetime.now(UTC)


class SmartConfiguration:
    """What a FHIR server says of its token endpoint; asked for when needed, and again after an hour.

    :param base_url: the root of the FHIR server.
    :param timeout: seconds, for connecting and for each read.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 10.0,
        session: requests.Session | None = None,
        clock: Clock = _now,
    ) -> None:
        """:raises ValueError: the URL is neither https nor on this machine."""
        if not is_secure_transport(base_url):
            raise ValueError("base_url: expected https, or http on a loopback address")
        self._url = base_url.rstrip("/") + PATH
        self._timeout = timeout
        self._get = session.get if session is not None else requests.get
        self._clock = clock
        self._lock = threading.Lock()
        self._endpoint = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def token_url(self) -> str:
        """The address of the token endpoint.

        :raises gateway.errors.Unavailable: the server cannot be reached, or cannot serve now.
        :raises gateway.errors.Failure: it offers no token to a client that signs its assertions.
        """
        with self._lock:
            if self._clock() >= self._until:
                self._endpoint = _endpoint(self._fetch())
                self._until = self._clock() + KEPT
            return self._endpoint

    def _fetch(self) -> Mapping[str, Any]:
        try:
            with self._get(
                self._url,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise Unavailable("The partner does not say where its token endpoint is.")
                content = response.raw.read(MAX_BYTES + 1)
        except (requests.RequestException, OSError):
            raise Unavailable("The partner cannot be asked where its token endpoint is.") from None
        return _document(content)


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content) if len(content) <= MAX_BYTES else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Failure("The partner's SMART configuration is not a JSON object of ordinary size.")
    return document


def _endpoint(document: Mapping[str, Any]) -> str:
    endpoint = document.get("token_endpoint")
    if not isinstance(endpoint, str) or not is_secure_transport(endpoint):
        raise Failure("The partner's SMART configuration names no token endpoint under https.")
    methods = document.get("token_endpoint_auth_methods_supported")
    if isinstance(methods, list) and ASSERTION_METHOD not in methods:
        raise Failure(f"The partner's token endpoint does not take {ASSERTION_METHOD}.")
    return endpoint
