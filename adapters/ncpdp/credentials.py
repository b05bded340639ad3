"""The sender's credentials in the header of a message: the UsernameToken that SCRIPT has from WS-Security.

    Message/Header/Security/UsernameToken
      Username             the client's id
      Password/@Type       PasswordDigest, the only one of the schemas; PasswordText is read too
      Nonce, Created       what the digest is made with

They are read before anybody is known, so nothing else of the message is looked at.
"""

from __future__ import annotations

from adapters._wire import local, parse, path_of, single, text
from adapters._wire.instants import instant
from adapters.ncpdp.message import MAX_ELEMENTS, charset_of
from adapters.ncpdp.refusals import impossible, missing
from adapters.ncpdp.wrapping import unwrapped
from gateway.ports import ClientPassword, Credentials, DigestConstruction, Inbound, PasswordDigest

PLACE = "Message/Header/Security/UsernameToken"
MOST = 262_144
"""Bytes of a message that is read to know whose it is. A request has some thousands."""

_DIGEST = "PasswordDigest"
_TEXTS = {"", "PasswordText"}  # no Type is the latter: UsernameToken Profile 1.1, section 3.1


def header_credentials(message: Inbound) -> Credentials | None:
    """Who the header says the sender is, and what shows it; None when it says neither, or nothing at all was sent.

    :raises MessageError: the body is no XML; a part of the token is missing or there twice, or its password is of
        another type.
    """
    if not message.body:
        return None
    document = parse(message.body, charset=charset_of(message), max_elements=MAX_ELEMENTS)
    root, _ = unwrapped(document, MAX_ELEMENTS)
    if local(root) != "Message":
        return None
    token = single(single(single(root, "Header"), "Security"), "UsernameToken")
    password = single(token, "Password")
    client_id, secret = text(single(token, "Username")), text(password)
    if client_id is None and secret is None:
        return None
    if client_id is None or secret is None or password is None:
        name = "Username" if client_id is None else "Password"
        raise missing(f"{name} is missing.", f"{PLACE}/{name}", "Send both, or a bearer token.")
    kind = (password.get("Type") or "").strip().rpartition("#")[2]
    if kind in _TEXTS:
        return ClientPassword(client_id, secret, PLACE)
    if kind != _DIGEST:
        raise impossible(
            "The password's Type is not known.", f"{path_of(password)}/@Type", f"Send {_DIGEST}."
        )
    created = text(single(token, "Created")) or ""
    return PasswordDigest(
        client_id=client_id,
        digest=secret,
        nonce=text(single(token, "Nonce")) or "",
        created=created,
        created_at=instant(created),
        construction=DigestConstruction.WS_SECURITY,
        path=PLACE,
    )
