"""SCRIPT messages with the sender's credentials in their header, as a sender writes them.

Written after the schemas and the profile, and not with the code under test.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha1
from xml.sax.saxutils import escape


def with_security(body: str, *parts: str, older: bool | None = None) -> str:
    """The message with a UsernameToken of these parts, where the schemas have it.

    :param older: as 10.6 has it, which demands Sender and Receiver; None: by the message itself.
    """
    is_older = 'release="006"' in body if older is None else older
    parties = "<Sender/><Receiver/>" if is_older else ""
    security = f"<Security><UsernameToken>{''.join(parts)}</UsernameToken>{parties}</Security>"
    assert body.count("</SentTime>") == 1
    return body.replace("</SentTime>", f"</SentTime>{security}")


def with_digest(
    body: str, client_id: str, password: str, *, nonce: bytes | None = None, at: datetime | None = None
) -> str:
    """The message with a password digest of now."""
    nonce = secrets.token_bytes(16) if nonce is None else nonce
    created = f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
    made = b64encode(sha1(nonce + created.encode() + password.encode()).digest()).decode()
    return with_security(
        body,
        f"<Username>{escape(client_id)}</Username>",
        f'<Password Type="PasswordDigest">{made}</Password>',
        f"<Nonce>{b64encode(nonce).decode()}</Nonce>",
        f"<Created>{created}</Created>",
    )


def with_text(body: str, client_id: str, secret: str, kind: str = ' Type="PasswordText"') -> str:
    """The message with the secret itself."""
    return with_security(
        body, f"<Username>{escape(client_id)}</Username>", f"<Password{kind}>{escape(secret)}</Password>"
    )


def renamed(body: str, message_id: str | None = None) -> str:
    """The message under another id; None: one that was not used before."""
    return re.sub(
        "<MessageID>[^<]*</MessageID>",
        f"<MessageID>{message_id or secrets.token_hex(8)}</MessageID>",
        body,
        count=1,
    )
