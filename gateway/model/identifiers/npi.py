"""NPI (National Provider Identifier, United States).

The NPI identifies a health care provider, a person (entity type 1: prescribers, pharmacists) or an
organisation (entity type 2: pharmacies, hospitals). It is issued for life and says nothing about the
provider's state or trade.

The number has ten digits. The first is 1 or 2, whatever the entity type. The last is a check digit: the Luhn
algorithm over the ten digits preceded by 80840, the prefix that makes the NPI a card issuer identifier
(80 health applications, 840 United States). The prefix is no part of the number.

More information:

* 45 CFR 162.406 (standard unique health identifier for health care providers)
* https://www.cms.gov/Regulations-and-Guidance/Administrative-Simplification/NationalProvIdentStand/Downloads/NPIcheckdigit.pdf

>>> validate('1234567893')
'1234567893'
>>> validate('123 456 7893')
'1234567893'
>>> validate('1234567890')
Traceback (most recent call last):
    ...
InvalidChecksum: ...
>>> validate('123456789')
Traceback (most recent call last):
    ...
InvalidLength: ...
>>> validate('12345678A3')
Traceback (most recent call last):
    ...
InvalidFormat: ...
>>> validate('3234567899')  # the first digit is 1 or 2
Traceback (most recent call last):
    ...
InvalidComponent: ...
>>> calc_check_digit('123456789')
'3'
>>> format(' 1234567893')
'1234567893'
"""

from __future__ import annotations

from gateway.model.identifiers._clean import clean, isdigits
from gateway.model.identifiers.exceptions import (
    InvalidChecksum,
    InvalidComponent,
    InvalidFormat,
    InvalidLength,
    ValidationError,
)

_PREFIX = "80840"


def compact(number: str) -> str:
    """Convert the number to the minimal representation. This strips the number of spaces and hyphens."""
    return clean(number, " -")


def calc_check_digit(number: str) -> str:
    """Calculate the check digit. The number passed is the nine digits before it."""
    digits = [int(digit) for digit in reversed(_PREFIX + number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return str(-(doubled + sum(digits[1::2])) % 10)


def validate(number: str) -> str:
    """Check if the number is a valid NPI. This checks the length, the first digit and the check digit; whether
    the number was ever issued only the national registry knows."""
    number = compact(number)
    if not isdigits(number):
        raise InvalidFormat("An NPI consists of digits only.")
    if len(number) != 10:
        raise InvalidLength("An NPI has ten digits.")
    if number[0] not in "12":
        raise InvalidComponent("An NPI begins with 1 or 2.")
    if calc_check_digit(number[:-1]) != number[-1]:
        raise InvalidChecksum(
            "The NPI's last digit does not fit the other nine (Luhn, with the prefix 80840)."
        )
    return number


def is_valid(number: str) -> bool:
    """Check if the number is a valid NPI."""
    try:
        return bool(validate(number))
    except ValidationError:
        return False


def format(number: str) -> str:
    """Reformat the number to the standard presentation format: the ten digits, without separators."""
    return compact(number)
