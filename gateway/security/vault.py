"""The `Vault` port: identifiers of persons at rest.

An identifier is kept twice: sealed (AES-256-GCM), to show it to who may see it, and as a fingerprint
(HMAC-SHA-256 of the kind and the normalised value), to find it again. The value of a social security number has so
few possibilities that a plain hash would be no protection: a fingerprint is worth what its key is worth.

The key file is JSON: `{"sealing": [{"id": ..., "key": ...}, ...], "fingerprint": ...}`, keys in base64, 32 bytes
each. The first sealing key seals, all of them open, so a new one is put in front. The fingerprint key cannot be
changed without computing every fingerprint anew.
"""

from __future__ import annotations

import hmac
import json
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Failure, MessageError
from gateway.model import IdentifierKind
from gateway.security.files import UnusableFileError, create_private

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MAX_ID: Final = 32


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """`sealing` by key id, the one that seals first; and the fingerprint key."""

    sealing: Mapping[str, bytes] = field(repr=False)
    fingerprint: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str | bytes) -> VaultKeys:
        """Keys as they stand in a key file, or in a secret of the environment.

        :raises UnusableFileError: they cannot be used; the text says why and shows nothing of them.
        """
        try:
            document = json.loads(text)
            sealing = {str(entry["id"]): _key(entry["key"]) for entry in document["sealing"]}
            fingerprint = _key(document["fingerprint"])
        except (ValueError, TypeError, KeyError):
            raise UnusableFileError(
                'expected {"sealing": [{"id": ..., "key": ...}], "fingerprint": ...} with keys of 32 bytes in base64'
            ) from None
        if len(sealing) != len(document["sealing"]) or not sealing:
            raise UnusableFileError("sealing: expected at least one key, and no id twice")
        if any(not 0 < len(key_id.encode()) <= _MAX_ID for key_id in sealing):
            raise UnusableFileError(f"sealing: expected ids of 1 to {_MAX_ID} bytes")
        return cls(sealing, fingerprint)

    @classmethod
    def load(cls, path: Path) -> VaultKeys:
        """The keys of a file, which is made when it is not there, readable by its owner only.

        :raises UnusableFileError: the file cannot be read or used.
        """
        if not path.exists():
            create_private(path, _new_keys())
        try:
            return cls.parse(path.read_bytes())
        except OSError as error:
            raise UnusableFileError(f"{path}: {error.strerror}") from None
        except UnusableFileError as error:
            raise UnusableFileError(f"{path}: {error}") from None


class IdentifierVault:
    """Seals, opens and fingerprints identifiers under the given keys."""

    def __init__(self, keys: VaultKeys) -> None:
        self._ciphers = {key_id.encode(): AESGCM(key) for key_id, key in keys.sealing.items()}
        self._current = next(iter(self._ciphers))
        self._fingerprint_key = keys.fingerprint

    def seal(self, value: str) -> bytes:
        """One byte length of the key id, the key id, the nonce, the ciphertext with its tag."""
        prefix = bytes([len(self._current)]) + self._current
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return prefix + nonce + self._ciphers[self._current].encrypt(nonce, value.encode(), prefix)

    def open(self, sealed: bytes) -> str:
        """What was sealed. :raises gateway.errors.Failure: the key is not there, or the bytes were changed."""
        end = 1 + sealed[0] if sealed else 0
        cipher = self._ciphers.get(sealed[1:end])
        if cipher is None:
            raise Failure("A sealed identifier cannot be opened: its key is not among the keys of the vault.")
        nonce, ciphertext = sealed[end : end + _NONCE_BYTES], sealed[end + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, ciphertext, sealed[:end]).decode()
        except (InvalidTag, ValueError):
            raise Failure("A sealed identifier cannot be opened: it is not as it was sealed.") from None

    def fingerprint(self, kind: str, value: str) -> bytes:
        """32 bytes, equal for values that differ in spelling only.

        :raises gateway.errors.MessageError: nothing is left of the value once its punctuation is taken away.
        """
        normalised = _normalised(kind, value)
        if not normalised:
            raise MessageError(
                f"An identifier of the patient ({kind}) is empty once its punctuation is taken away.",
                remedy="Send the identifier itself, or leave it out.",
            )
        return hmac.digest(self._fingerprint_key, f"{kind}\0{normalised}".encode(), "sha256")


_SSN: Final = IdentifierKind.SSN.value


def _normalised(kind: str, value: str) -> str:
    """The digits of a social security number; the letters, in upper case, and digits of everything else."""
    text = unicodedata.normalize("NFKC", value).upper()
    if kind == _SSN:
        return "".join(character for character in text if character in "0123456789")
    return "".join(character for character in text if character.isalnum())


def _key(text: Any) -> bytes:
    key = b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _new_keys() -> bytes:
    def new_key() -> str:
        return b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    document = {"sealing": [{"id": secrets.token_hex(4), "key": new_key()}], "fingerprint": new_key()}
    return json.dumps(document, indent=2).encode() + b"\n"
