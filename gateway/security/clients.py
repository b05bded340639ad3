"""Who is registered: the clients, their credentials, their scopes, and the requester each of them stands for.

The registry is a JSON file that an operator may edit while the gateway runs: a client that is taken out or set to
`"active": false` is refused from its next request on. Unknown keys are errors, so that a slip of the pen cannot
leave a client active.

    {"clients": [{"client_id": "elm-street", "name": "Elm Street Hospital", "active": true,
                  "scopes": ["pdmp/history", "system/MedicationDispense.rs"],
                  "secret_hash": "scrypt$...",  or  "jwks": {"keys": [...]},  or  "jwks_url": "https://...",
                  "digest_passwords": ["..."],  "certificates": ["<SHA-256 of a client certificate>"],
                  "registered": {"state": "CT", "organisation": {"name": "Elm Street Hospital"},
                                 "practitioner": {"role": "Physician"}, "purpose": "TREAT"}}]}
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from authlib.oauth2.rfc6749 import ClientMixin, InvalidScopeError, list_to_scope
from joserfc.jwk import KeySet

from gateway.model import Requester
from gateway.security.client_keys import is_key_url, usable_keys
from gateway.security.client_secrets import SecretHash, new_secret
from gateway.security.files import UnusableFileError, WatchedFile, replace_private
from gateway.security.jose import new_key
from gateway.security.scopes import SUPPORTED, granted, is_known

GRANT_TYPE: Final = "client_credentials"
SECRET_METHODS: Final = ("client_secret_basic", "client_secret_post")
ASSERTION_METHOD: Final = "private_key_jwt"
MAX_DIGEST_PASSWORDS: Final = 2

_THUMBPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(ClientMixin):
    """A registered client. Its methods are what Authlib asks one.

    `registered` fills what the client's messages leave out. At least one credential is there: `secret_hash`,
    `keys` (public keys registered with the client), `keys_url` (where it publishes them) or `digest_passwords`
    (sealed, the newest first; two while it is being changed). Where `certificates` (SHA-256 thumbprints) are there,
    what the client knows holds only together with one of them.
    """

    client_id: str
    name: str
    scopes: tuple[str, ...]
    registered: Requester = field(default_factory=Requester)
    active: bool = True
    secret_hash: SecretHash | None = field(default=None, repr=False)
    keys: KeySet | None = field(default=None, repr=False)
    keys_url: str | None = None
    digest_passwords: tuple[bytes, ...] = field(default=(), repr=False)
    certificates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """:raises ValueError: the client cannot be registered like this; the text says why."""
        if not _CLIENT_ID.fullmatch(self.client_id):
            raise ValueError("client_id: use 1 to 128 letters, digits and . _ ~ -, a letter or digit first")
        if not self.scopes or not all(is_known(scope) for scope in self.scopes):
            raise ValueError(f"scopes: expected some of {' '.join(SUPPORTED)}, or system/<type>.<cruds>")
        if not (self.secret_hash or self.keys or self.keys_url or self.digest_passwords):
            raise ValueError("a credential is missing: secret_hash, jwks, jwks_url or digest_passwords")
        if self.keys and self.keys_url:
            raise ValueError("jwks, jwks_url: only one of the two, or it would be open which holds")
        if self.keys_url and not is_key_url(self.keys_url):
            raise ValueError("jwks_url: expected an https URL")
        if len(self.digest_passwords) > MAX_DIGEST_PASSWORDS:
            raise ValueError(f"digest_passwords: at most {MAX_DIGEST_PASSWORDS}, the old one and the new one")
        if not all(_THUMBPRINT.fullmatch(thumbprint) for thumbprint in self.certificates):
            raise ValueError(
                "certificates: expected SHA-256 thumbprints, 64 hexadecimal digits in lower case"
            )
        object.__setattr__(self, "registered", replace(self.registered, client_id=self.client_id))

    def admits(self, certificate: str | None) -> bool:
        """Whether what the client knows holds over a connection that was opened with this certificate."""
        return not self.certificates or certificate in self.certificates

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether it may show who it is by this method, at any endpoint."""
        if method == ASSERTION_METHOD:
            return bool(self.keys or self.keys_url)
        return method in SECRET_METHODS and self.secret_hash is not None

    def check_grant_type(self, grant_type: str) -> bool:
        """Every client speaks for itself and for nobody else."""
        return grant_type == GRANT_TYPE

    def get_client_id(self) -> str:
        """Its id."""
        return self.client_id

    def get_allowed_scope(self, scope: Collection[str] | str | None) -> str:
        """What it gets of the scopes it asks for. :raises InvalidScopeError: nothing."""
        allowed = granted(list_to_scope(scope), self.scopes)
        if not allowed:
            raise InvalidScopeError(
                f"None of the requested scopes is registered for this client. It may ask for: {' '.join(self.scopes)}"
            )
        return " ".join(allowed)


class ClientRegistry:
    """The clients of one file. A file that is not there has none."""

    def __init__(self, path: Path) -> None:
        nobody: Mapping[str, Client] = MappingProxyType({})
        self._file = WatchedFile(path, _read, what="registry of clients", absent=nobody)
        self._writing = threading.Lock()

    def find(self, client_id: str) -> Client | None:
        """The client of that id, if it is registered and active.

        :raises gateway.errors.Unavailable: the file cannot be used, so nobody is let in.
        """
        client = self._file.value().get(client_id)
        return client if client is not None and client.active else None

    def registered(self, client_id: str) -> Client | None:
        """The client of that id, active or not. :raises gateway.errors.Unavailable: as `find`."""
        return self._file.value().get(client_id)

    def is_registered(self, client_id: str) -> bool:
        """True when the id is in the registry, active or not. :raises gateway.errors.Unavailable: as `find`."""
        return client_id in self._file.value()

    def put(self, client: Client) -> None:
        """Register the client, in place of the one that had its id.

        :raises gateway.errors.Unavailable: what is in the file cannot be read, and is left as it is.
        """
        with self._writing:
            clients = {**self._file.value(), client.client_id: client}
            records = _File([_record(each) for each in clients.values()])
            replace_private(
                self._file.path, msgspec.json.format(msgspec.json.encode(records), indent=2) + b"\n"
            )

    def register_with_secret(
        self, *, client_id: str, name: str, scopes: tuple[str, ...], registered: Requester
    ) -> str:
        """Register a client with a new secret. The secret is returned this once and kept nowhere in clear."""
        secret = new_secret()
        self.put(
            Client(
                client_id=client_id,
                name=name,
                scopes=scopes,
                registered=registered,
                secret_hash=SecretHash.of(secret),
            )
        )
        return secret

    def register_with_key(
        self,
        *,
        client_id: str,
        name: str,
        scopes: tuple[str, ...],
        registered: Requester,
        algorithm: str = "ES384",
    ) -> dict[str, Any]:
        """Register a client with a new key pair. The private JWK is returned this once and kept nowhere."""
        key = new_key(algorithm)
        public = usable_keys({"keys": [key.as_dict(private=False)]})
        self.put(Client(client_id=client_id, name=name, scopes=scopes, registered=registered, keys=public))
        return dict(key.as_dict(private=True))


# --- the file -------------------------------------------------------------------------------------------------


class _Record(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A client as it stands in the file."""

    client_id: str
    name: str
    scopes: tuple[str, ...]
    active: bool = True
    secret_hash: str | None = None
    jwks: dict[str, Any] | None = None
    jwks_url: str | None = None
    digest_passwords: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    registered: dict[str, Any] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    clients: list[_Record]


def _read(content: bytes) -> Mapping[str, Client]:
    try:
        records = msgspec.json.decode(content, type=_File).clients
    except msgspec.DecodeError as error:
        raise UnusableFileError(f"not a JSON list of clients: {error}") from None
    clients: dict[str, Client] = {}
    for number, record in enumerate(records):
        where = f"clients[{number}]"
        if record.client_id in clients:
            raise UnusableFileError(f"{where}: its client_id was used before")
        try:
            clients[record.client_id] = _client(record)
        except ValueError as error:
            raise UnusableFileError(f"{where}: {error}") from None
    return MappingProxyType(clients)


def _client(record: _Record) -> Client:
    return Client(
        client_id=record.client_id,
        name=record.name,
        scopes=record.scopes,
        registered=_requester(record.registered),
        active=record.active,
        secret_hash=None if record.secret_hash is None else SecretHash.parse(record.secret_hash),
        keys=None if record.jwks is None else usable_keys(record.jwks),
        keys_url=record.jwks_url,
        digest_passwords=tuple(_sealed(text) for text in record.digest_passwords),
        certificates=record.certificates,
    )


def _record(client: Client) -> _Record:
    registered = _without_defaults(msgspec.to_builtins(replace(client.registered, client_id=None)))
    return _Record(
        client_id=client.client_id,
        name=client.name,
        scopes=client.scopes,
        active=client.active,
        secret_hash=None if client.secret_hash is None else str(client.secret_hash),
        jwks=None if client.keys is None else dict(client.keys.as_dict(private=False)),
        jwks_url=client.keys_url,
        digest_passwords=tuple(b64encode(sealed).decode() for sealed in client.digest_passwords),
        certificates=client.certificates,
        registered=registered,
    )


def _sealed(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise ValueError("digest_passwords: expected sealed passwords in base64") from None


def _requester(values: dict[str, Any]) -> Requester:
    requester = msgspec.convert(values, Requester)
    if unknown := _unknown_key(values, msgspec.to_builtins(requester), "registered"):
        raise ValueError(f"{unknown}: no such key")
    return requester


def _unknown_key(given: dict[str, Any], read: dict[str, Any], path: str) -> str | None:
    """The path of the first key that was given and not read: a dataclass takes no notice of it."""
    for key, value in given.items():
        here = f"{path}.{key}"
        if key not in read:
            return here
        if isinstance(value, dict) and (below := _unknown_key(value, read[key], here)):
            return below
    return None


def _without_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is None or empty, at every level."""
    pruned = {k: _without_defaults(v) if isinstance(v, dict) else v for k, v in values.items()}
    return {key: value for key, value in pruned.items() if value not in (None, [], (), {})}
