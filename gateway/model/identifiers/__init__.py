"""The numbers by which prescribers, dispensers and drugs are known in the United States.

One number, one module, the same four functions everywhere, in the manner of python-stdnum:

* `compact(number)`: the minimal representation, without separators; judges nothing
* `validate(number)`: the minimal representation, or one of the exceptions of
  :mod:`gateway.model.identifiers.exceptions`
* `is_valid(number)`: the same as true or false
* `format(number)`: the representation that people write

A number that fails here is not yet a number to refuse: public examples and real messages carry wrong check
digits, so callers warn on look-ups and reject on intake only where the state says so.
"""

from gateway.model.identifiers import dea, ncpdp_id, ndc, npi
from gateway.model.identifiers.exceptions import (
    InvalidChecksum,
    InvalidComponent,
    InvalidFormat,
    InvalidLength,
    ValidationError,
)

__all__ = [
    "InvalidChecksum",
    "InvalidComponent",
    "InvalidFormat",
    "InvalidLength",
    "ValidationError",
    "dea",
    "ncpdp_id",
    "ndc",
    "npi",
]
