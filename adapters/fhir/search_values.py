"""The value of one search parameter: what a token, a date, a reference, a number, a string or a URI stands for.

Source: FHIR R4 "search" (search parameter types, prefixes, escaping search parameters).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from adapters.fhir.tree import days_of

ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""FHIR's `id`."""
PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
"""How a date or a number may be compared; `ap` has no meaning that two servers share, and is refused."""

_ESCAPED: Final = frozenset(",|$\\")
_COMPARED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb)?([+-]?\d.*)", re.DOTALL)
_CLOCK = re.compile(r".{10}T(\d\d):(\d\d)(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")
_ESCAPE = re.compile(r"\\([,|$\\])")
_KIND = re.compile(r"[A-Z][A-Za-z]{0,63}")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A code or an identifier. `system` None: of whatever system; "": of none. `code` None: whatever it is."""

    system: str | None
    code: str | None

    def fits(self, system: str | None, code: str | None) -> bool:
        """True when a coding or an identifier of that system and code is what is looked for."""
        if self.system is not None and self.system != (system or ""):
            return False
        return self.code is None or self.code == code


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to: an id, and the kind of the resource where it is said."""

    kind: str | None
    id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date with a comparison: what lies from `start` up to and not with `end`, both in UTC."""

    prefix: str
    start: datetime
    end: datetime

    def fits_day(self, day: date) -> bool:
        """True when a day satisfies the comparison. An instant stands for the day on which it is."""
        first, last = self.days
        return _compares(self.prefix, day, day, first, last)

    def fits_instant(self, instant: datetime) -> bool:
        """True when an instant (aware) satisfies the comparison."""
        last = self.end - timedelta(microseconds=1)
        return _compares(self.prefix, instant, instant, self.start, last)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of it."""
        return self.start.date(), (self.end - timedelta(microseconds=1)).date()

    @property
    def bounds(self) -> tuple[date | None, date | None]:
        """The first and the last day that satisfy the comparison; None where it is open.

        :raises OverflowError: there is no such day.
        """
        first, last = self.days
        match self.prefix:
            case "ge":
                return first, None
            case "le":
                return None, last
            case "gt" | "sa":
                return last + _DAY, None
            case "lt" | "eb":
                return None, first - _DAY
            case "ne":
                return None, None
            case _:
                return first, last


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with a comparison."""

    prefix: str
    value: Decimal

    def fits(self, value: Decimal) -> bool:
        """True when the value satisfies the comparison."""
        return _compares(self.prefix, value, value, self.value, self.value)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, or a URI."""

    value: str


Value = Token | Target | Moment | Amount | Text


def _compares(prefix: str, low: Any, high: Any, first: Any, last: Any) -> bool:
    """Whether low..high satisfies the comparison with first..last; all of one type that can be ordered."""
    match prefix:
        case "ge":
            return bool(high >= first)
        case "le":
            return bool(low <= last)
        case "gt" | "sa":
            return bool(low > last)
        case "lt" | "eb":
            return bool(high < first)
        case "ne":
            return not first <= low <= high <= last
        case _:
            return bool(first <= low and high <= last)


def split(text: str, separator: str) -> list[str]:
    r"""The parts between separators that are not escaped, still escaped.

    >>> split(r"a\\,b,c\,d", ",")
    ['a\\\\', 'b', 'c\\,d']
    """
    parts, here, escaped = [], "", False
    for character in text:
        if character == separator and not escaped:
            parts.append(here)
            here = ""
        else:
            here += character
        escaped = character == "\\" and not escaped
    return [*parts, here]


def unescape(text: str) -> str:
    r"""Without the escapes `\,` `\|` `\$` and `\\`; any other backslash stands for itself."""
    return _ESCAPE.sub(r"\1", text)


def escape(text: str) -> str:
    """The other way."""
    return "".join(f"\\{c}" if c in _ESCAPED else c for c in text)


def token(text: str) -> Token | None:
    """`code`, `system|code`, `|code` or `system|`; None when it is none of them."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 1:
        return Token(None, parts[0]) if parts[0] else None
    if len(parts) > 2 or not any(parts):
        return None
    return Token(parts[0], parts[1] or None)


def target(text: str, base_url: str) -> Target | None:
    """`ID`, `Kind/ID` or the absolute URL of either on this server; None when it is none of them."""
    kind, slash, id = unescape(text).removeprefix(f"{base_url}/").rpartition("/")
    if not ID.fullmatch(id) or (slash and not _KIND.fullmatch(kind)):
        return None
    return Target(kind or None, id)


def moment(text: str) -> Moment | None:
    """A date or a dateTime of any precision with a prefix; None when it is none. Without a zone it is UTC."""
    match = _COMPARED.fullmatch(text)
    if match is None:
        return None
    prefix, said = match[1] or "eq", match[2].replace(" ", "+")  # a plus of a URL that was not escaped
    try:
        if "T" in said:
            start, end = _clock(said)
        elif (days := days_of(said)) is not None:
            start = datetime.combine(days[0], time(), UTC)
            end = datetime.combine(days[1] + _DAY, time(), UTC)
        else:
            return None
        found = Moment(prefix, start, end)
        return found if any(found.bounds) or prefix == "ne" else None  # raises where there is no such day
    except (ValueError, OverflowError):
        return None


def _clock(text: str) -> tuple[datetime, datetime]:
    """:raises ValueError: it is no dateTime with minutes at least."""
    match = _CLOCK.fullmatch(text)
    if match is None or days_of(text[:10]) is None:
        raise ValueError
    start = datetime.fromisoformat(text)
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    if match[3] is None:
        return start, start + timedelta(minutes=1)
    return start, start + (
        timedelta(microseconds=10 ** (7 - len(match[4]))) if match[4] else timedelta(seconds=1)
    )


def amount(text: str) -> Amount | None:
    """A number with a prefix; None when it is none."""
    match = _COMPARED.fullmatch(text)
    if match is None or not _NUMBER.fullmatch(match[2]):
        return None
    return Amount(match[1] or "eq", Decimal(match[2]))
