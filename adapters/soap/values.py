"""Texts of PMIX as canonical values, and the parts of NIEM that a request and a report share.

An unreadable text raises :class:`Unreadable`, which says what was expected and never what stood there. Names,
addresses and telephone numbers are texts and always readable.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lxml.etree import _Element

from adapters._wire import child, children, text
from gateway.model import Address, Licence, PersonName

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]+)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_WHOLE = re.compile(r"\+?(\d{1,18})(?:\.0*)?", re.ASCII)


class Unreadable(ValueError):
    """A text that is there and is not what its element holds.

    :ivar expected: the form that was expected, to be put after "is not".
    """

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def day(element: _Element | None) -> date | None:
    """The date in an element: in its `nc:Date` (or `nc:DateTime`), or its own text where it has no such child.

    A time of day or a time zone behind the date is passed over: what is meant is the day as it was written.
    """
    if len(children(element, "Date")) > 1:
        raise Unreadable("one date (YYYY-MM-DD)")
    told = text(element, "Date") or text(element, "DateTime") or text(element)
    if told is None:
        return None
    found = _DATE.fullmatch(told)
    try:
        if found:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    raise Unreadable("a date (YYYY-MM-DD)")


def decimal(element: _Element | None) -> Decimal | None:
    """The number in an element (`xs:decimal`)."""
    told = text(element)
    if told is None:
        return None
    if not _DECIMAL.fullmatch(told):
        raise Unreadable("a decimal number")
    return Decimal(told)


def count(element: _Element | None) -> int | None:
    """The number in an element (`xs:nonNegativeInteger`)."""
    told = text(element)
    if told is None:
        return None
    found = _WHOLE.fullmatch(told)
    if not found:
        raise Unreadable("a whole number, 0 or more")
    return int(found[1])


def names(person: _Element | None) -> tuple[PersonName, ...]:
    """Every name with a surname, in the order of the document."""
    read = (_name(element) for element in children(person, "PersonName"))
    return tuple(name for name in read if name is not None)


def _name(element: _Element) -> PersonName | None:
    family = text(element, "PersonSurName")
    if family is None:
        return None
    given = (text(element, "PersonGivenName"), text(element, "PersonMiddleName"))
    return PersonName(
        family=family,
        given=tuple(part for part in given if part is not None),
        prefix=text(element, "PersonNamePrefixText"),
        suffix=text(element, "PersonNameSuffixText"),
    )


def phones(contact: _Element | None) -> tuple[str, ...]:
    """Telephone numbers as they were written."""
    full = (child(number, "FullTelephoneNumber") for number in children(contact, "ContactTelephoneNumber"))
    told = (text(number, "TelephoneNumberFullID") or text(number) for number in full)
    return tuple(number for number in told if number is not None)


def addresses(contact: _Element | None) -> tuple[Address, ...]:
    """Mailing addresses in which something stands."""
    read = (address(element) for element in children(contact, "ContactMailingAddress"))
    return tuple(a for a in read if a is not None)


def address(element: _Element | None) -> Address | None:
    """An address, whether or not its parts stand in a `StructuredAddress`; None when nothing is in it."""
    parts = child(element, "StructuredAddress")
    parts = element if parts is None else parts
    streets = [
        line for street in children(parts, "LocationStreet") for line in children(street, "StreetFullText")
    ]
    state = text(parts, "LocationStateUSPostalServiceCode") or text(parts, "LocationState")
    code, extension = text(parts, "LocationPostalCode"), text(parts, "LocationPostalExtensionCode")
    read = Address(
        lines=tuple(line for line in map(text, streets) if line is not None),
        city=text(parts, "LocationCityName"),
        state=state.upper() if state else None,
        postal_code=f"{code}-{extension}" if code and extension else code,
    )
    return None if read == Address() else read


def identification(element: _Element | None) -> str | None:
    """The number of an identifier, whether or not it stands in an `IdentificationID`."""
    return text(element, "IdentificationID") or text(element)


def jurisdiction(element: _Element | None) -> str | None:
    """Who issued an identifier: the two-letter code of a state, as a rule."""
    told = text(element, "IdentificationJurisdictionText") or text(element, "IdentificationJurisdiction")
    return told or text(element, "IdentificationJurisdictionUSPostalServiceCode")


def licence(element: _Element | None) -> Licence | None:
    """A state licence; None when it has no number."""
    number = identification(element)
    return Licence(number=number, state=jurisdiction(element)) if number else None
