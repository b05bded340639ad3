"""DEA number (registration number of the United States Drug Enforcement Administration).

Who prescribes, dispenses or distributes controlled substances is registered with the DEA. The number has two
letters and seven digits. The first letter tells the kind of registrant (A, B, F, G hospital, clinic,
practitioner, teaching institution, pharmacy; M mid-level practitioner; P, R distributor; and others). New
letters are taken into use as old ones run out, so the first letter is never a reason to reject. The second is
the first letter of the registrant's name, or 9 where a business name begins with no letter.

The last digit is a check digit: the sum of the first, third and fifth digit, plus twice the sum of the
second, fourth and sixth; the last digit of that total.

A practitioner employed by a hospital may use the hospital's number, followed by a hyphen and a code that the
hospital assigned: numbers, letters, or a combination of both. Some systems drop the hyphen, so it is not
required. The code (ASAP field PRE03) is kept apart from the number by `split` and takes no part in the check
digit.

More information:

* 21 CFR 1301.22(c)(5) (use of the hospital's registration and the internal code)
* https://www.deadiversion.usdoj.gov (registration, registrant validation)

>>> validate('BC6486054')
'BC6486054'
>>> validate('ad 1111119')
'AD1111119'
>>> validate('F91234563')  # 9: a business whose name begins with no letter
'F91234563'
>>> validate('BC6486054-A12')
'BC6486054A12'
>>> split('BC6486054-A12')
('BC6486054', 'A12')
>>> split('BC6486054')
('BC6486054', None)
>>> validate('BC6486055')
Traceback (most recent call last):
    ...
InvalidChecksum: ...
>>> validate('BC648605')
Traceback (most recent call last):
    ...
InvalidLength: ...
>>> validate('B06486054')
Traceback (most recent call last):
    ...
InvalidFormat: ...
>>> calc_check_digit('BC648605')
'4'
>>> format('bc6486054a12')
'BC6486054-A12'
"""

from __future__ import annotations

import re

from gateway.model.identifiers._clean import clean
from gateway.model.identifiers.exceptions import (
    InvalidChecksum,
    InvalidFormat,
    InvalidLength,
    ValidationError,
)

_LENGTH = 9
_SUFFIX_LENGTH = 7  # the width of ASAP 4.2 PRE03, where the suffix is reported
_number_re = re.compile(r"[A-Z][A-Z9][0-9]{7}[A-Z0-9]*")


def compact(number: str) -> str:
    """Convert the number to the minimal representation. This strips the number of spaces and hyphens and puts
    letters into upper case; a suffix stays behind the nine characters."""
    return clean(number, " -").upper()


def split(number: str) -> tuple[str, str | None]:
    """Separate the number (nine characters) from the suffix that an institution assigned, if there is one."""
    number = compact(number)
    return number[:_LENGTH], number[_LENGTH:] or None


def calc_check_digit(number: str) -> str:
    """Calculate the check digit. The number passed is the two letters and the six digits before it."""
    digits = [int(digit) for digit in number[2:]]
    return str((sum(digits[::2]) + 2 * sum(digits[1::2])) % 10)


def validate(number: str) -> str:
    """Check if the number is a valid DEA number, with or without a suffix. This checks the length, the
    characters and the check digit; any first letter will do."""
    number = compact(number)
    if not _LENGTH <= len(number) <= _LENGTH + _SUFFIX_LENGTH:
        raise InvalidLength(f"A DEA number has nine characters; a suffix adds at most {_SUFFIX_LENGTH}.")
    if not _number_re.fullmatch(number):
        raise InvalidFormat("A DEA number has two letters (the second may be 9), then seven digits.")
    if calc_check_digit(number[: _LENGTH - 1]) != number[_LENGTH - 1]:
        raise InvalidChecksum("The DEA number's seventh digit does not fit the other six.")
    return number


def is_valid(number: str) -> bool:
    """Check if the number is a valid DEA number."""
    try:
        return bool(validate(number))
    except ValidationError:
        return False


def format(number: str) -> str:
    """Reformat the number to the standard presentation format: a suffix follows after a hyphen."""
    registration, suffix = split(number)
    return f"{registration}-{suffix}" if suffix else registration
