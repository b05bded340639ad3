"""The error family as SCRIPT's Error, and back.

`Code` says who has to act: 600 try again later, 601 this receiver cannot process it, 602 this receiver failed, 900
rejected, correct it. `DescriptionCode` says what is wrong where the standard has a code for it; `Description` says it
in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ncpdp.refusals import Several
from gateway.errors import (
    ErrorCode,
    Failure,
    GatewayError,
    MessageError,
    Unavailable,
)

TRY_AGAIN = "600"
CANNOT_PROCESS = "601"
FAILED = "602"
REJECTED = "900"
RESUBMIT = "210"
_MOST_CODES = 10  # DescriptionCodes of one Error, in every version
INTERNAL = "007"

_BY_CODE: dict[ErrorCode, tuple[str, str | None]] = {
    ErrorCode.MALFORMED: (REJECTED, None),
    ErrorCode.HOSTILE: (REJECTED, None),
    ErrorCode.REQUIRED: (REJECTED, None),
    ErrorCode.INVALID: (REJECTED, None),
    ErrorCode.UNSUPPORTED_VERSION: (REJECTED, "021"),
    ErrorCode.UNSUPPORTED_MEDIA: (REJECTED, None),
    ErrorCode.NOT_ACCEPTABLE: (REJECTED, None),
    ErrorCode.UNKNOWN_OPERATION: (CANNOT_PROCESS, None),
    ErrorCode.METHOD_NOT_ALLOWED: (CANNOT_PROCESS, None),
    ErrorCode.NOT_FOUND: (CANNOT_PROCESS, None),
    ErrorCode.TOO_LARGE: (REJECTED, None),
    ErrorCode.TOO_COSTLY: (REJECTED, None),
    ErrorCode.CONSENT: (REJECTED, "219"),
    ErrorCode.DATE_RANGE: (REJECTED, "217"),
    ErrorCode.DUPLICATE: (REJECTED, "220"),
    ErrorCode.UNAUTHENTICATED: (REJECTED, "003"),
    ErrorCode.FORBIDDEN: (REJECTED, None),
    ErrorCode.CONFLICT: (REJECTED, None),
    ErrorCode.UNAVAILABLE: (TRY_AGAIN, RESUBMIT),
    ErrorCode.INTERNAL: (FAILED, INTERNAL),
}

# The end of a path -> the code for what is wrong there. Tried in this order.
_BY_PLACE = {
    "Message/@release": "022",
    "Patient": "204",
    "Name/LastName": "081",
    "Name/FirstName": "082",
    "DateOfBirth": "080",
    "Gender": "086",
    "PostalCode": "092",
    "ZipCode": "092",
}
# What a message lacks as a whole.
_BY_PART = {"RxFill/MedicationDispensed": "206", "RxFill/Pharmacy": "203"}


def codes_of(error: GatewayError) -> tuple[str, tuple[str, ...]]:
    """`Code` of an error, and the `DescriptionCode` of each thing that is wrong, as far as there is one."""
    all_of_it = error.errors if isinstance(error, Several) else (error,)
    found = dict.fromkeys(description_code_of(one) for one in all_of_it)
    return _BY_CODE[error.code][0], tuple(code for code in found if code)[:_MOST_CODES]


def description_code_of(error: GatewayError) -> str | None:
    """The standard's code for what is wrong; None where it has none."""
    _, description_code = _BY_CODE[error.code]
    path = error.path or ""
    if path == "Message/@release" or "/Patient" in path:
        description_code = next((c for end, c in _BY_PLACE.items() if path.endswith(end)), description_code)
    return _BY_PART.get(path, description_code)


def description_of(error: GatewayError, limit: int) -> str:
    """What is wrong, where and what to do, as much of it as fits: place and remedy give way first.

    The place is added where the sentence does not name it itself.
    """
    place = _place(error)
    candidates = (
        f"{error.message} {place} {error.remedy or ''}",
        f"{error.message} {error.remedy or ''}",
        f"{error.message} {place}",
    )
    fitting = (" ".join(c.split()) for c in candidates)
    return next((c for c in fitting if len(c) <= limit), error.message)


def _place(error: GatewayError) -> str:
    path = error.path
    if not path or path.rpartition("/")[2].lstrip("@") in error.message:
        return ""
    return f"(At {path}.)"


# --- what a partner says --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartnerError:
    """An Error that a partner sent. Its Description may quote anything, so it is never passed on in an error."""

    code: str
    description_codes: tuple[str, ...]
    description: str

    @property
    def is_no_data(self) -> bool:
        """True for the way in which one state says that it holds nothing: 900, 1000, "NotFound"."""
        words = "".join(self.description.split()).casefold()
        return self.code == REJECTED and self.description_codes == ("1000",) and words == "notfound"


_REFUSALS: dict[str, tuple[ErrorCode, str]] = {
    "021": (ErrorCode.UNSUPPORTED_VERSION, "The partner does not speak this version of SCRIPT."),
    "022": (ErrorCode.UNSUPPORTED_VERSION, "The partner does not speak this release of SCRIPT."),
    "080": (ErrorCode.INVALID, "The partner refuses the patient's date of birth."),
    "081": (ErrorCode.INVALID, "The partner refuses the patient's last name."),
    "082": (ErrorCode.INVALID, "The partner refuses the patient's first name."),
    "086": (ErrorCode.INVALID, "The partner refuses the patient's sex."),
    "092": (ErrorCode.INVALID, "The partner refuses the patient's postal code."),
    "204": (ErrorCode.REQUIRED, "The partner misses the patient."),
    "217": (ErrorCode.DATE_RANGE, "The partner refuses the period: it ends before it starts."),
    "219": (ErrorCode.CONSENT, "The partner refuses the consent that was sent."),
    "220": (ErrorCode.DUPLICATE, "The partner has seen this message before."),
}
_PASSING = frozenset({"008", RESUBMIT})


def raised_for(error: PartnerError) -> GatewayError:
    """The exception that says what a partner's Error means for whoever asked through us."""
    said = "/".join(
        (error.code if error.code.isdigit() else "?", *(c for c in error.description_codes if c.isdigit()))
    )
    if error.code == TRY_AGAIN or _PASSING.intersection(error.description_codes):
        return Unavailable(f"The partner cannot answer now (SCRIPT Error {said}).")
    if error.code == REJECTED:
        for code in error.description_codes:
            if code in _REFUSALS:
                canonical, sentence = _REFUSALS[code]
                return MessageError(f"{sentence} (SCRIPT Error {said})", code=canonical)
    return Failure(
        f"The partner refused or failed (SCRIPT Error {said}); no answer about the patient was reached."
    )
