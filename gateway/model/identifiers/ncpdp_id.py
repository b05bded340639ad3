"""NCPDP id (NCPDP Provider Identification Number, formerly NABP number, United States).

The National Council for Prescription Drug Programs gives every licensed pharmacy a number of seven digits.
The first two tell the state, the next four the pharmacy, the last is a check digit.

The check digit is calculated as that of the DEA number: the sum of the first, third and fifth digit, plus
twice the sum of the second, fourth and sixth; the last digit of that total. That is general knowledge and
comes from no published standard, so a check digit that does not fit is a reason to warn and never to reject.
Callers catch `InvalidChecksum` for that.

More information:

* https://www.ncpdp.org (NCPDP Provider ID)

>>> validate('0712340')
'0712340'
>>> validate('07-12340')
'0712340'
>>> validate('0712345')
Traceback (most recent call last):
    ...
InvalidChecksum: ...
>>> validate('712340')  # leading zeros belong to the number
Traceback (most recent call last):
    ...
InvalidLength: ...
>>> validate('07A2340')
Traceback (most recent call last):
    ...
InvalidFormat: ...
>>> calc_check_digit('071234')
'0'
>>> format('07 12340')
'0712340'
"""

from __future__ import annotations

from gateway.model.identifiers._clean import clean, isdigits
from gateway.model.identifiers.exceptions import (
    InvalidChecksum,
    InvalidFormat,
    InvalidLength,
    ValidationError,
)


def compact(number: str) -> str:
    """Convert the number to the minimal representation. This strips the number of spaces and hyphens."""
    return clean(number, " -")


def calc_check_digit(number: str) -> str:
    """Calculate the check digit. The number passed is the six digits before it."""
    digits = [int(digit) for digit in number]
    return str((sum(digits[::2]) + 2 * sum(digits[1::2])) % 10)


def validate(number: str) -> str:
    """Check if the number is a valid NCPDP id. This checks the length and the check digit; on a wrong check
    digit a caller warns only (see above)."""
    number = compact(number)
    if not isdigits(number):
        raise InvalidFormat("An NCPDP id consists of digits only.")
    if len(number) != 7:
        raise InvalidLength("An NCPDP id has seven digits, leading zeros included.")
    if calc_check_digit(number[:-1]) != number[-1]:
        raise InvalidChecksum("The NCPDP id's last digit does not fit the other six.")
    return number


def is_valid(number: str) -> bool:
    """Check if the number is a valid NCPDP id."""
    try:
        return bool(validate(number))
    except ValidationError:
        return False


def format(number: str) -> str:
    """Reformat the number to the standard presentation format: the seven digits, without separators."""
    return compact(number)
