"""NDC (National Drug Code, United States).

The NDC identifies a drug package. It has three parts: the labeller, the product (strength, form) and the
package. The Food and Drug Administration issues ten digits in one of three layouts, 4-4-2, 5-3-2 or 5-4-1,
that only the hyphens tell apart. Billing and reporting (HIPAA, NCPDP, ASAP) use eleven digits without
hyphens, 5-4-2: the short part is filled with a zero on its left.

So ten digits without hyphens are ambiguous: '1234567890' may be 01234-5678-90, 12345-0678-90 or
12345-6789-00, three different drugs. They are refused, never guessed. There is no check digit; whether a code
was ever issued only a drug directory knows.

More information:

* 21 CFR 207.33 (what the NDC is and how it is made up)
* 45 CFR 162.1002 (NDC as code set of retail pharmacy transactions)
* https://www.fda.gov/drugs/drug-approvals-and-databases/national-drug-code-directory

>>> validate('00228298311')
'00228298311'
>>> validate('0228-2983-11')  # 4-4-2
'00228298311'
>>> validate('50580-451-05')  # 5-3-2
'50580045105'
>>> validate('12345-6789-0')  # 5-4-1
'12345678900'
>>> validate('00228-2983-11')
'00228298311'
>>> validate('0228298311')
Traceback (most recent call last):
    ...
InvalidFormat: ...
>>> validate('0228-298-311')  # no such layout
Traceback (most recent call last):
    ...
InvalidFormat: ...
>>> validate('228298311')
Traceback (most recent call last):
    ...
InvalidLength: ...
>>> compact('0228-2983-11')
'00228298311'
>>> format('00228298311')
'00228-2983-11'
>>> format('0228-2983-11')
'00228-2983-11'
"""

from __future__ import annotations

from gateway.model.identifiers._clean import clean, isdigits
from gateway.model.identifiers.exceptions import InvalidFormat, InvalidLength, ValidationError

_LAYOUTS = {(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2)}


def _pad(number: str) -> str | None:
    """The eleven digits of a hyphenated number; None when its parts fit no layout."""
    parts = number.split("-")
    if tuple(map(len, parts)) not in _LAYOUTS:
        return None
    labeller, product, package = parts
    return labeller.zfill(5) + product.zfill(4) + package.zfill(2)


def compact(number: str) -> str:
    """Convert the number to the minimal representation, eleven digits without hyphens. What fits no layout
    keeps its hyphens: without them it could become another drug's code."""
    number = clean(number, " ")
    return _pad(number) or number


def validate(number: str) -> str:
    """Check if the number is a valid NDC. This checks the length and, where there are hyphens, the layout. The
    eleven digits are returned."""
    number = clean(number, " ")
    if not isdigits(number.replace("-", "")):
        raise InvalidFormat("An NDC consists of digits, with or without hyphens.")
    if "-" in number:
        padded = _pad(number)
        if padded is None:
            raise InvalidFormat("A hyphenated NDC has the layout 4-4-2, 5-3-2, 5-4-1 or 5-4-2.")
        return padded
    if len(number) == 10:
        raise InvalidFormat(
            "Ten digits without hyphens are ambiguous: 4-4-2, 5-3-2 and 5-4-1 give different drugs. "
            "Write the hyphens, or the eleven digits of the 5-4-2 layout."
        )
    if len(number) != 11:
        raise InvalidLength("An NDC has eleven digits, or ten with hyphens.")
    return number


def is_valid(number: str) -> bool:
    """Check if the number is a valid NDC."""
    try:
        return bool(validate(number))
    except ValidationError:
        return False


def format(number: str) -> str:
    """Reformat the number to the standard presentation format: 5-4-2 with hyphens. What is not eleven digits
    is returned as it is, since its parts are not known."""
    number = compact(number)
    if len(number) != 11 or not isdigits(number):
        return number
    return f"{number[:5]}-{number[5:9]}-{number[9:]}"
