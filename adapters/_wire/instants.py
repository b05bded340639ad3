"""The time at which a password digest says that it was made, as senders write it.

Strict in where it begins and ends: the text is part of what the digest is computed over, right beside the nonce, and
a reader that passed over a character in front would let one message be told as another.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_INSTANT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)([.,]\d{1,9})?\s?(Z|z|UTC|[+-]\d\d:?\d\d)?", re.ASCII
)
_UNIX: Final = re.compile(r"(\d{9,11})(?:\.\d{1,9})?", re.ASCII)
_UNIX_MILLISECONDS: Final = re.compile(r"(\d{12,14})", re.ASCII)


def instant(text: str) -> datetime | None:
    """The instant of an `xs:dateTime`, UTC where it names no zone; None when the text is none.

    Fractions of a second beyond microseconds are cut. A blank is taken for the T.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    whole, fraction, zone = found.groups()
    zone = "+00:00" if zone is None or zone.upper() in {"Z", "UTC"} else zone
    try:
        return datetime.fromisoformat(f"{whole}.{(fraction or '.0')[1:7]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def unix_or_instant(text: str) -> datetime | None:
    """The instant of seconds (or thirteen digits of milliseconds) since 1970, or of an `xs:dateTime`; else None."""
    seconds = _UNIX.fullmatch(text)
    milliseconds = _UNIX_MILLISECONDS.fullmatch(text)
    if milliseconds is not None:
        return datetime.fromtimestamp(int(milliseconds[1]) / 1000, UTC)
    if seconds is not None:
        return datetime.fromtimestamp(float(text), UTC)
    return instant(text)
