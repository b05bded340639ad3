"""What a caller may ask for beside the message, in the header of the HTTP request, as SCRIPT has no element for it.

    X-PMP-Losses    header        the fields that this version could not carry, by name, in a header of the answer
    X-PMP-States    CT, NY        the states whose records are asked for, where PDMPStatesRequested names none
    X-PMP-Return    data, link    a link to a report page beside the history: ReportURL, which 10.6 has not

The words are those of the FHIR routes, with the same meaning.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.ncpdp.values import STATE_CODE
from adapters.ncpdp.version import Version
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Wanted
from gateway.ports import Inbound

LOSSES: Final = "X-PMP-Losses"
STATES: Final = "X-PMP-States"
RETURN: Final = "X-PMP-Return"
IN_HEADER: Final = "header"
DATA: Final = "data"
DATA_AND_LINK: Final = "data, link"

_NOTHING: Final = "none"
_FORMS: Final = {
    frozenset({"data"}): frozenset({Wanted.DATA}),
    frozenset({"data", "link"}): frozenset(Wanted),
}


def asked_beside(message: Inbound, version: Version, request: LookupRequest) -> LookupRequest:
    """The request with what its HTTP header asks for. :raises MessageError: something that cannot be had."""
    wants_losses(message)
    return replace(request, states=request.states or states(message), wants=wanted(message, version))


def wants_losses(message: Inbound) -> bool:
    """Whether the lost fields are to be named. :raises MessageError: a word that is not known."""
    given = message.headers.get(LOSSES.lower())
    if given is not None and given.strip().lower() != IN_HEADER:
        raise _not_understood(LOSSES, f"Send {IN_HEADER}.")
    return given is not None


def losses_header(losses: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The header that names them, by the names of `mappings/fields.toml`."""
    return ((LOSSES, ", ".join(losses) or _NOTHING),)


def states(message: Inbound) -> tuple[str, ...]:
    """The states that are asked for, each once. :raises MessageError: one that is no state code."""
    given = message.headers.get(STATES.lower())
    asked = [] if given is None else [state.strip().upper() for state in given.split(",")]
    if not all(STATE_CODE.fullmatch(state) for state in asked):
        raise _not_understood(STATES, "Send two-letter codes.")
    return tuple(dict.fromkeys(asked))


def wanted(message: Inbound, version: Version) -> frozenset[Wanted]:
    """In what form the history is wanted. Without its data an answer would look like one that has none.

    :raises MessageError: a word that is not known, the link alone, or a link where the version has no place for it.
    """
    given = message.headers.get(RETURN.lower(), DATA)
    found = _FORMS.get(frozenset(word.strip().lower() for word in given.split(",")))
    if found is None:
        raise _not_understood(RETURN, f"Send {DATA}, or {DATA_AND_LINK}.")
    if Wanted.LINK in found and version is Version.V10_6:
        raise MessageError(
            "SCRIPT 10.6 has no place for a link.",
            code=ErrorCode.INVALID,
            path=RETURN,
            remedy="Ask in 2017071.",
        )
    return found


def _not_understood(header: str, remedy: str) -> MessageError:
    return MessageError(f"{header} is not understood.", code=ErrorCode.INVALID, path=header, remedy=remedy)
