"""How a value is made to fit its element, and a record of what did not fit.

The rules, the same for every element (docs/wire/script.md lists the lengths):

* white space is trimmed, and runs of it (line feeds too) become one space; control characters are left out
* 10.6 takes printable US-ASCII only: letters lose their accents, what has no such spelling is left out
* what is too long is cut at the end; a number that is too long is rounded
* what then still is not allowed is left out, and with it the element that would be invalid without it

A field of the dispensation that does not come through unchanged is added to `lost`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

# Letters that do not decompose, and the typographic forms of quotation marks and hyphens.
_SPELT = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
    }
    | {"ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i"}
    | dict.fromkeys("\u2018\u2019\u201a\u2032\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)


def plain(value: str) -> str:
    """The text in one line: printable characters and single spaces only."""
    return "".join(c for c in " ".join(value.split()) if c.isprintable()).strip()


def ascii_spelling(value: str) -> str:
    """The text in US-ASCII: accents dropped, a few letters spelt out, everything else left out.

    >>> ascii_spelling("Adán Łuczyński-Großmann 李")
    'Adan Luczynski-Grossmann '
    """
    decomposed = unicodedata.normalize("NFKD", value.translate(_SPELT))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def shortened(value: str, limit: int) -> str:
    """A sentence of at most that length, cut between words where possible.

    >>> shortened("Ask again with an earlier end date", 20)
    'Ask again with an...'
    """
    if len(value) <= limit:
        return value
    cut = value[: limit - 2].rpartition(" ")[0] or value[: limit - 3]
    return f"{cut[: limit - 3].rstrip(' ,;:')}..."


class Fit:
    """Fits the values of one message.

    :param ascii_only: True for versions that take nothing but printable US-ASCII.
    :ivar lost: names of the fields (of `mappings/fields.toml`) that were changed or left out.
    """

    __slots__ = ("_ascii_only", "lost")

    def __init__(self, *, ascii_only: bool) -> None:
        self._ascii_only = ascii_only
        self.lost: set[str] = set()

    def text(self, value: str | None, limit: int, field: str | None = None) -> str | None:
        """The text as it can stand in an element of at most `limit` characters; None when nothing is left."""
        if value is None:
            return None
        if (
            len(value) <= limit
            and value.isprintable()
            and (value.isascii() or not self._ascii_only)
            and value.strip() == value
        ):
            return value or None
        if field is not None:
            self.lost.add(field)
        return plain(ascii_spelling(value) if self._ascii_only else value)[:limit].strip() or None

    def sentence(self, value: str, limit: int) -> str:
        """A sentence for people, cut between words."""
        return shortened(self.text(value, len(value)) or "", limit)

    def drop(self, fields: Mapping[str, object]) -> None:
        """Record that an element is left out whole: of its fields, those that hold something are lost."""
        self.lost.update(field for field, value in fields.items() if value)

    def listed(self, value: str | None, allowed: frozenset[str], field: str) -> str | None:
        """The value when it is one of the allowed, letter case aside; else None."""
        if value is None:
            return None
        if value in allowed:
            return value
        self.lost.add(field)
        return value.strip().upper() if value.strip().upper() in allowed else None

    def digits(self, value: str | None, lengths: tuple[int, ...], field: str) -> str | None:
        """The value's digits when there are as many as allowed; else None."""
        if value is None:
            return None
        if len(value) in lengths and value.isascii() and value.isdigit():
            return value
        self.lost.add(field)
        found = "".join(c for c in value if c in "0123456789")
        return found if len(found) in lengths else None

    def telephone(self, value: str | None, field: str) -> str | None:
        """Ten digits; a leading 1 for North America is left out, and anything else that is not ten digits."""
        found = self.digits(value, (10, 11), field)
        if found is None or len(found) == 10:
            return found
        self.lost.add(field)
        return found[1:] if found[0] == "1" else None

    def whole(self, value: int | None, limit: int, field: str) -> str | None:
        """A whole number of at most `limit` digits; None for one that is negative or longer."""
        if value is None:
            return None
        written = str(value)
        if len(written) <= limit and value >= 0:
            return written
        self.lost.add(field)
        return None

    def decimal(self, value: Decimal, limit: int, field: str) -> str | None:
        """A number of at most `limit` characters, the point included, rounded where it must be; None for one
        that is negative, no number, or too long before its point."""
        written = str(value)
        if len(written) <= limit and written.replace(".", "0", 1).isdigit():
            return written
        if not value.is_finite() or value.is_signed() or value >= 10**limit:
            if not value.is_finite() or value:
                self.lost.add(field)
                return None
            return "0"  # minus zero
        whole = len(str(int(value)))
        places = max(limit - whole - 1, 0)
        rounded = value if -int(value.as_tuple().exponent) <= places else round_to(value, places)
        written = f"{rounded:f}"
        if "." in written:
            written = written.rstrip("0").rstrip(".")
        if rounded != value or len(written) > limit:
            self.lost.add(field)
        return written if len(written) <= limit else None


def round_to(value: Decimal, places: int) -> Decimal:
    """Rounded half to even.

    >>> round_to(Decimal("0.3333333333333"), 9)
    Decimal('0.333333333')
    """
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
