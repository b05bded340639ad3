"""Which SCRIPT a message is, and how its answer has to look.

10.6 says `version="010" release="006"` in the namespace `http://www.ncpdp.org/schema/SCRIPT`; 2017071 says
`20170715` in several attributes and has no namespace. 2023011, whose schema is not public, is taken to be 2017071
with 2023011 in those attributes. Senders are looser: a later version in the old namespace, dates with dashes, 10.6
without its namespace. All of these are read, and answered the way they were written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from lxml.etree import _Element

from adapters.ncpdp.wrapping import sniffed
from gateway.errors import ErrorCode, MessageError

NAMESPACE = "http://www.ncpdp.org/schema/SCRIPT"
SPOKEN = "SCRIPT 10.6, 2017071 or 2023011"

_STAMPED = ("TransactionVersion", "StructuresVersion", "TransportVersion", "DatatypesVersion")
_STAMP_FORM = re.compile(r"[0-9A-Za-z._/-]{1,20}")
_NUMBER = re.compile(r"0*(\d{1,4})")
_HEAD = 2_000  # bytes in which the start tag of a message that is no XML is looked for


class Version(StrEnum):
    """The versions spoken here; the values are the columns of `mappings/fields.toml`."""

    V10_6 = "script-10.6"
    V2017071 = "script-2017071"
    V2023011 = "script-2023011"  # unverified


@dataclass(frozen=True, slots=True)
class Dialect:
    """A version as one sender writes it.

    `namespace` is empty when there is none; `stamp` is the value of the version attributes, which 10.6 has not.
    `wrapping` is the namespace of the `string` that the message stands in, None when it stands in none.
    """

    version: Version
    namespace: str
    stamp: str = ""
    wrapping: str | None = None


STANDARD = {
    Version.V10_6: Dialect(Version.V10_6, NAMESPACE),
    Version.V2017071: Dialect(Version.V2017071, "", "20170715"),
    Version.V2023011: Dialect(Version.V2023011, "", "2023011"),
}
_OF_STAMP = {"2017071": Version.V2017071, "2023011": Version.V2023011}  # how the stamps of a version begin
FALLBACK = STANDARD[Version.V2017071]
"""How a caller is answered whose version cannot be known."""


def detect(root: _Element) -> Dialect:
    """The dialect of a message.

    :raises MessageError: it is not SCRIPT, or a version or release that is not spoken here; the path then ends
        in the attribute that says so.
    """
    namespace, _, name = str(root.tag).rpartition("}")
    if name != "Message" or namespace.lstrip("{") not in {"", NAMESPACE}:
        raise MessageError(
            "The root element is not a SCRIPT Message.",
            path="/",
            remedy=f"Send a Message of {SPOKEN}.",
            code=ErrorCode.MALFORMED,
        )
    stamp = _stamp(root)
    if stamp is not None:
        if _stamped(stamp) is None:
            raise _unsupported("version", "Message/@TransactionVersion")
        return nearest(root)
    version, release = (_number(root.get(name)) for name in ("version", "release"))
    if version != "10":
        raise _unsupported("version", "Message/@version")
    if release != "6":
        raise _unsupported("release", "Message/@release")
    return nearest(root)


def nearest(root: _Element) -> Dialect:
    """The dialect in which the sender of this document, whatever it is, most likely reads an answer."""
    stamp = _stamp(root)
    namespace = NAMESPACE if str(root.tag).startswith(f"{{{NAMESPACE}}}") else ""
    if stamp is not None:
        version = _stamped(stamp)
        if version is not None and _STAMP_FORM.fullmatch(stamp):
            return Dialect(version, namespace, stamp)
        return replace(STANDARD[version or _closest(stamp)], namespace=namespace)
    if root.get("version") is not None:
        return Dialect(Version.V10_6, namespace)
    return FALLBACK


def sniff(body: bytes) -> Dialect:
    """The dialect of a document that cannot be parsed, by what its first bytes look like."""
    head, wrapping = sniffed(body[:_HEAD].decode("latin-1"))
    found = FALLBACK
    if NAMESPACE in head and re.search(r"""release\s*=\s*["']0*6["']""", head):
        found = STANDARD[Version.V10_6]
    for begin, version in _OF_STAMP.items():
        if begin in head.replace("-", ""):
            found = STANDARD[version]
    return replace(found, wrapping=wrapping)


def _stamp(root: _Element) -> str | None:
    for name in _STAMPED:
        value = root.get(name)
        if value and value.strip():
            return value.strip()
    older = root.get("version") or ""
    return older.strip() if _stamped(older) else None


def _stamped(stamp: str) -> Version | None:
    """The version that a stamp names; None for one that is not spoken here."""
    return _OF_STAMP.get(_digits(stamp)[:7])


def _closest(stamp: str) -> Version:
    """The version whose sender most likely reads what the sender of this stamp reads: that of the closest year."""
    year = _digits(stamp)[:4]
    if not year:
        return FALLBACK.version
    return min(_OF_STAMP.items(), key=lambda spoken: abs(int(spoken[0][:4]) - int(year)))[1]


def _digits(stamp: str) -> str:
    return re.sub(r"\D", "", stamp, flags=re.ASCII)


def _number(value: str | None) -> str | None:
    found = _NUMBER.fullmatch((value or "").strip())
    return found[1] if found else None


def _unsupported(what: str, path: str) -> MessageError:
    return MessageError(
        f"This {what} is not spoken here.",
        path=path,
        remedy=f"Send {SPOKEN}.",
        code=ErrorCode.UNSUPPORTED_VERSION,
    )
