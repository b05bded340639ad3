"""Password digests: whether a sender that does not send its password knows it, and has not been heard before.

The password is made here and kept sealed by the vault, because the digest can be computed from nothing else. So it is
a password of its own, that only clients have which are registered for it, and it opens nothing but this. Why digests
are taken at all, with SHA-1 among them, is in docs/decisions/0019-password-digests.md.

A digest holds once and for some minutes. What says that it was used is remembered after it was found right, so that
a stranger fills nothing; when that memory is out of reach, no digest holds.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gateway.errors import Unauthenticated
from gateway.ports import Clock, DigestConstruction, Ephemeral, PasswordDigest, Vault
from gateway.security.client_secrets import new_secret
from gateway.security.clients import MAX_DIGEST_PASSWORDS

MAX_LENGTH: Final = 512
"""Characters of a digest, a nonce, or a time."""
CLOCKS: Final = 60
"""Seconds by which the clocks of the gateway's own machines may be apart."""

_REMEDIES: Final = {
    DigestConstruction.WS_SECURITY: (
        "Check the id and the password, and that the digest is Base64 of the SHA-1 of nonce, Created and password, "
        "the nonce decoded from its Base64."
    ),
    DigestConstruction.PMP_GATEWAY: (
        "Check the id and the password, and that the digest is the hexadecimal SHA-256 of password:nonce:timestamp."
    ),
}


def new_digest_password(vault: Vault) -> tuple[str, bytes]:
    """A new password, to be shown once, and the same sealed, to be kept."""
    password = new_secret()
    return password, vault.seal(password)


def digest_of(password: str, *, nonce: bytes, created: str, construction: DigestConstruction) -> str:
    """The digest of a password as the construction has it.

    :param nonce: its bytes; for PMP Gateway those of its text.
    """
    match construction:
        case DigestConstruction.WS_SECURITY:
            # The profile leaves no choice of algorithm, and what is asked of it, that nobody finds the password or
            # another message's digest, is not what SHA-1 has lost.
            made = hashlib.sha1(nonce + created.encode() + password.encode())  # noqa: S324 - the profile's own
            return b64encode(made.digest()).decode()
        case DigestConstruction.PMP_GATEWAY:
            return hashlib.sha256(b":".join((password.encode(), nonce, created.encode()))).hexdigest()


class DigestChecker:
    """Judges password digests.

    :param window: seconds that a sender's clock may be off, either way.
    """

    def __init__(self, *, vault: Vault, ephemeral: Ephemeral, clock: Clock, window: int) -> None:
        self._vault = vault
        self._ephemeral = ephemeral
        self._clock = clock
        self._window = window
        self._decoy = vault.seal(new_secret())

    def require_timely(self, told: PasswordDigest) -> bytes:
        """The nonce's bytes. The same for everybody, whatever is registered.

        :raises Unauthenticated: a part is missing or not of its form, or the time is not near the present.
        """
        parts = (told.digest, told.nonce, told.created)
        if not all(parts) or told.created_at is None or max(map(len, parts)) > MAX_LENGTH:
            raise _refused(
                told,
                "The digest, its nonce or its time is missing or cannot be read.",
                _REMEDIES[told.construction],
            )
        now = self._clock()
        if abs(now - told.created_at) > timedelta(seconds=self._window):
            raise _refused(
                told,
                f"The digest's time is more than {self._window} seconds off this server's.",
                f"Here it is {now:%Y-%m-%dT%H:%M:%SZ}. Set the sender's clock, send the time in UTC, and make the "
                "digest anew for every message.",
            )
        return _nonce(told)

    def is_right(self, told: PasswordDigest, nonce: bytes, sealed: Sequence[bytes]) -> bool:
        """True when the digest is of one of the passwords; empty stands for a client that has none, or is none.

        The work is the same for every client. :raises gateway.errors.Failure: a password cannot be opened.
        """
        sent = told.digest.encode(errors="surrogatepass")
        if told.construction is DigestConstruction.PMP_GATEWAY:
            sent = sent.lower()
        is_right = False
        for one in (*sealed, *(self._decoy,) * MAX_DIGEST_PASSWORDS)[:MAX_DIGEST_PASSWORDS]:
            password = self._vault.open(one)
            expected = digest_of(password, nonce=nonce, created=told.created, construction=told.construction)
            is_right |= hmac.compare_digest(expected.encode(), sent) and one is not self._decoy
        return is_right

    def use(self, told: PasswordDigest, nonce: bytes) -> None:
        """The digest was right and is used up.

        :raises Unauthenticated: this client has used the nonce before.
        :raises gateway.errors.Unavailable: what was used cannot be reached.
        """
        used = f"nonce:{told.construction}:{told.client_id}:{nonce.hex()}"
        if not self._ephemeral.claim(used, 2 * self._window + CLOCKS):
            raise _refused(
                told,
                "The nonce of the digest was used before.",
                "Make a new nonce and a new digest for every message, also for one that is sent again.",
                claimed=told.client_id,
            )

    def wrong(self, told: PasswordDigest, *, claimed: str | None) -> Unauthenticated:
        """The one answer to a client that is unknown, without a password for digests, or wrong."""
        return _refused(
            told, "No active client has this id and digest.", _REMEDIES[told.construction], claimed=claimed
        )


def _nonce(told: PasswordDigest) -> bytes:
    """What the nonce stands for. Two texts of the same bytes are one nonce, since their digests are one."""
    if told.construction is DigestConstruction.PMP_GATEWAY:
        if ":" in told.nonce:  # it would let a part of the nonce be told as one of the time
            raise _refused(told, "The nonce holds a colon.", "Make a nonce without one.")
        return told.nonce.encode(errors="surrogatepass")
    try:
        return b64decode(told.nonce, validate=True)
    except ValueError:
        raise _refused(told, "The nonce is not Base64.", "Send the Base64 of the nonce's bytes.") from None


def _refused(told: PasswordDigest, what: str, remedy: str, *, claimed: str | None = None) -> Unauthenticated:
    return Unauthenticated(what, remedy=remedy, path=told.path, claimed=claimed)
