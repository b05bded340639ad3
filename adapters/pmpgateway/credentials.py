"""What the HTTP header says of who sends: X-Auth-*, or HTTP Basic, as senders of v5 have it.

The digest is made of the texts as they were sent, so nothing of them is trimmed or changed here; whether it holds is
for security to say.
"""

from __future__ import annotations

import base64
import binascii

from adapters._wire.instants import unix_or_instant
from gateway.ports import ClientPassword, DigestConstruction, Inbound, PasswordDigest

USERNAME, NONCE = "X-Auth-Username", "X-Auth-Nonce"
TIMESTAMP, DIGEST = "X-Auth-Timestamp", "X-Auth-PasswordDigest"


def credentials(message: Inbound) -> PasswordDigest | ClientPassword | None:
    """The digest; where no header of it is there, the name and password of HTTP Basic (RFC 7617)."""
    told = {name: message.headers.get(name.lower(), "") for name in (USERNAME, NONCE, TIMESTAMP, DIGEST)}
    if not any(told.values()):
        return _basic(message.headers.get("authorization", ""))
    return PasswordDigest(
        client_id=told[USERNAME],
        digest=told[DIGEST],
        nonce=told[NONCE],
        created=told[TIMESTAMP],
        created_at=unix_or_instant(told[TIMESTAMP]),
        construction=DigestConstruction.PMP_GATEWAY,
        path=DIGEST,
    )


def _basic(header: str) -> ClientPassword | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        told = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client_id, colon, secret = told.partition(":")
    return ClientPassword(client_id, secret) if colon else None
