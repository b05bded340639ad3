"""A client's public keys: registered with it as a JWK Set, or published by it at a URL.

Which key a signature must come from follows SMART App Launch 2.2, "Signature verification": the one key whose
`kid` and key type fit the token's header; no such key, or more than one, and the verification fails. A `jku` in
the header must be the URL that was registered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from authlib.common.security import is_secure_transport
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_cache_control_header

from gateway.errors import Unavailable
from gateway.ports import Clock
from gateway.security.jose import KEY_TYPES, SignedToken, algorithm_of

TIMEOUT: Final = 5.0
MAX_BYTES: Final = 65_536
DEFAULT_AGE: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(hours=1)
PAUSE: Final = timedelta(seconds=10)
"""No sooner is a set fetched again after a failure, or because a key is missing in it."""

Fetch = Callable[[str], requests.Response]


def usable_key(jwk: object) -> Key:
    """A public key that can verify a client's signature. :raises ValueError: saying what is wrong with it."""
    if not isinstance(jwk, dict):
        raise ValueError("a key must be a JSON object")
    try:
        key = import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError("not a JSON Web Key (RFC 7517)") from error
    if key.is_private:
        raise ValueError("holds a private or symmetric key: register the public key only")
    if not key.kid:
        raise ValueError("has no kid")
    if algorithm_of(key) is None or key.get("use", "sig") != "sig":
        raise ValueError(
            "cannot verify RS384, ES384, RS256 or ES256: use RSA of 2048 bits or more, P-384 or P-256"
        )
    return key


def usable_keys(jwks: object) -> KeySet:
    """The keys of a JWK Set, each of them usable. :raises ValueError: saying which is not, and why."""
    members = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(members, list) or not members:
        raise ValueError('a JWK Set is an object with a list "keys" that is not empty')
    keys: list[Key] = []
    for number, jwk in enumerate(members):
        try:
            keys.append(usable_key(jwk))
        except ValueError as error:
            raise ValueError(f"keys[{number}]: {error}") from None
    return KeySet(keys)


def the_key(keys: KeySet, token: SignedToken) -> Key | None:
    """The one key of the set that the token's header points to; None when there is none or more than one."""
    if token.algorithm is None or token.kid is None:
        return None
    key_type = KEY_TYPES[token.algorithm]
    fitting = [key for key in keys if key.kid == token.kid and key.key_type == key_type]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet | None  # None: the attempt failed
    at: datetime
    until: datetime

    def serves(self, kid: str, now: datetime) -> bool:
        """True when there is no reason, or no leave yet, to fetch again."""
        if self.keys is None:
            return now < self.at + PAUSE
        if now >= self.until:
            return False
        return any(key.kid == kid for key in self.keys) or now < self.at + PAUSE


class PublishedKeys:
    """The key sets that clients publish at their registered URLs, fetched when needed.

    A set is kept as long as its Cache-Control allows (five minutes when it says nothing, an hour at most).
    """

    def __init__(self, *, clock: Clock, fetch: Fetch | None = None) -> None:
        self._clock = clock
        self._fetch = fetch or _fetch
        self._fetched: dict[str, _Fetched] = {}
        self._locks: dict[str, threading.Lock] = {}

    def at(self, url: str, *, kid: str) -> KeySet:
        """The keys published at `url`; fetched again when none of those known has that `kid`.

        :raises gateway.errors.Unavailable: the set cannot be fetched or read.
        """
        with self._locks.setdefault(url, threading.Lock()):
            known = self._fetched.get(url)
            if known is None or not known.serves(kid, self._clock()):
                known = self._fetched[url] = self._fetch_set(url)
        if known.keys is None:
            raise Unavailable(
                "The client's keys cannot be fetched from the URL that was registered for them.",
                retry_after=int(PAUSE.total_seconds()),
            )
        return known.keys

    def _fetch_set(self, url: str) -> _Fetched:
        now = self._clock()
        try:
            with self._fetch(url) as response:
                if response.status_code != requests.codes.ok:
                    return _Fetched(None, now, now)
                document = json.loads(_body(response))
                age = _age(response.headers.get("Cache-Control"))
        except (requests.RequestException, ValueError, RecursionError):
            return _Fetched(None, now, now)
        members = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(members, list):
            return _Fetched(None, now, now)
        # Keys of other kinds and for other uses are ignored (RFC 7517 section 5).
        return _Fetched(KeySet([key for jwk in members if (key := _usable_or_none(jwk))]), now, now + age)


def is_key_url(url: str) -> bool:
    """True for a URL that keys may be fetched from: https, or http on this machine."""
    return bool(is_secure_transport(url))


def _usable_or_none(jwk: Any) -> Key | None:
    try:
        return usable_key(jwk)
    except ValueError:
        return None


def _fetch(url: str) -> requests.Response:
    headers = {"Accept": "application/jwk-set+json, application/json"}
    return requests.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True)


def _body(response: requests.Response) -> bytes:
    content = b""
    for chunk in response.iter_content(8192):
        content += chunk
        if len(content) > MAX_BYTES:
            raise ValueError("too large for a JWK Set")
    return content


def _age(header: str | None) -> timedelta:
    control = parse_cache_control_header(header, cls=ResponseCacheControl)
    if control.no_store or control.no_cache:
        return timedelta()
    if control.max_age is None:
        return DEFAULT_AGE
    return min(timedelta(seconds=max(control.max_age, 0)), MAX_AGE)
