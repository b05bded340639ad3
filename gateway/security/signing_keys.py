"""This server's own keys: the newest signs, all of them are published and verify.

The file holds private JSON Web Keys, newest first. It is made at the first start, readable by its owner only, and
read again when it changes, so that a rotation in one process reaches all of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from gateway.security.files import UnusableFileError, WatchedFile, create_private, replace_private
from gateway.security.jose import algorithm_of, new_key

KEPT: Final = 3
"""Keys that a rotation leaves: the new one, and those before it whose tokens and published copies are in use."""


class SigningKeys:
    """The key pairs of one file.

    :param algorithm: of new keys; ES256 by default, the quickest to verify among those offered for signing here.
    """

    def __init__(self, path: Path, *, algorithm: str = "ES256") -> None:
        self._algorithm = algorithm
        self._rotating = threading.Lock()
        self._file = WatchedFile(path, _read, what="file of signing keys")
        if not path.exists():
            create_private(path, _content([new_key(algorithm)]))

    def current(self) -> Key:
        """The private key that signs now; it has `kid` and `alg`. :raises gateway.errors.Unavailable:"""
        return self._file.value()[0]

    def find(self, kid: str) -> Key | None:
        """The key of that id, if tokens signed by it still hold. :raises gateway.errors.Unavailable:"""
        return next((key for key in self._file.value() if key.kid == kid), None)

    def published(self) -> dict[str, Any]:
        """The JWK Set of the public keys. :raises gateway.errors.Unavailable:"""
        return {"keys": [key.as_dict(private=False) for key in self._file.value()]}

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its kid. :raises gateway.errors.Unavailable:"""
        with self._rotating:
            key = new_key(self._algorithm)
            replace_private(self._file.path, _content([key, *self._file.value()][:KEPT]))
            return str(key.kid)


def _content(keys: Sequence[Key]) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=True) for key in keys]}, indent=2).encode() + b"\n"


def _read(content: bytes) -> tuple[Key, ...]:
    try:
        keys = tuple(import_key(jwk) for jwk in json.loads(content)["keys"])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise UnusableFileError('expected {"keys": [...]} with private JSON Web Keys') from error
    if not keys:
        raise UnusableFileError("it holds no key")
    if any(not key.is_private or not key.kid or not key.alg or algorithm_of(key) is None for key in keys):
        raise UnusableFileError("each key must be private and have kid and alg (ES256, RS256, ES384, RS384)")
    if len({key.kid for key in keys}) < len(keys):
        raise UnusableFileError("two keys have the same kid")
    return keys
