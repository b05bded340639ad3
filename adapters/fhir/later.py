"""What a caller may ask for beside the history itself, both directions.

X-PMP-Return     data, link, or both     in what form the history comes back; data when it is not there
X-PMP-States     CT, NY                  the states whose records are asked for; the home state when it is not there
X-PMP-Losses     issues                  facts of the answer that FHIR has no place for, as issues of `outcome`
pre-stage-...    parameters              a history gathered now and fetched later with a key

The IG has the parameters (US PDMP IG 1.0.0, OperationDefinition pdmp-history) and leaves the headers open.
"""

from __future__ import annotations

import re
from typing import Final

from adapters.fhir import uris
from adapters.fhir.datatypes import Element
from adapters.fhir.outcomes import fhirpath, operation_outcome
from adapters.fhir.tree import Node
from gateway.errors import ErrorCode, MessageError
from gateway.model import Answer, Wanted
from gateway.ports import Inbound
from gateway.terminology import field_map

RETURN: Final = "X-PMP-Return"
STATES: Final = "X-PMP-States"
LOSSES: Final = "X-PMP-Losses"
STAGED_TEXT: Final = "Pre-stage request was accepted successfully"
_REPORTS: Final = frozenset({"pdmp-history", "process-message"})
_MOST_KEY: Final = 100  # characters
_STATE: Final = re.compile(r"[A-Z]{2}")


# --- asked ----------------------------------------------------------------------------------------------------


def wanted(message: Inbound) -> frozenset[Wanted]:
    """In what form the history is wanted. :raises MessageError: a word that is not known, or none."""
    given = message.headers.get(RETURN.lower())
    if given is None:
        return frozenset({Wanted.DATA})
    try:
        return frozenset(Wanted(word.strip().lower()) for word in given.split(","))
    except ValueError:
        raise _unknown(RETURN, "data, link, or data, link") from None


def states(message: Inbound) -> tuple[str, ...]:
    """The states that are asked for, each once. :raises MessageError: one that is no USPS code."""
    given = message.headers.get(STATES.lower())
    asked = [] if given is None else [state.strip().upper() for state in given.split(",")]
    if not all(_STATE.fullmatch(state) for state in asked):
        raise _unknown(STATES, "two-letter codes of states, with commas between them")
    return tuple(dict.fromkeys(asked))


def require_understood(message: Inbound) -> None:
    """What the headers ask for can be done: a link leads to a report, and only the history operation makes one.

    :raises MessageError: they ask for something that is not known, or not to be had from this operation.
    """
    wants_losses(message)
    if message.operation not in _REPORTS and wanted(message) != {Wanted.DATA}:
        raise MessageError(
            f"The header {RETURN} asks for a link, and there is none to the answer of this operation.",
            code=ErrorCode.INVALID,
            path=RETURN,
            remedy="Ask for the link by $pdmp-history or $process-message, or leave the header out.",
        )


def wants_losses(message: Inbound) -> bool:
    """Whether lost facts are to be told. :raises MessageError: a word that is not known."""
    given = message.headers.get(LOSSES.lower())
    if given is not None and given.strip().lower() != "issues":
        raise _unknown(LOSSES, "issues")
    return given is not None


def staging(given: dict[str, Node]) -> tuple[bool, str | None]:
    """Whether the history is only to be staged, and the key of one that was.

    :raises MessageError: not a boolean, not a string, or both at once.
    """
    only, key = given.get("pre-stage-only"), given.get("pre-stage-retrieval-key")
    is_only = only is not None and _boolean(only.need("valueBoolean"))
    text = key.need_text("valueString") if key is not None else None
    if key is None or text is None:
        return is_only, None
    if is_only:
        raise MessageError(
            "A history is either staged or fetched.",
            path=key.path,
            remedy="Send pre-stage-only to stage it, or pre-stage-retrieval-key to fetch it.",
        )
    if len(text) > _MOST_KEY:
        raise key.need("valueString").invalid("a key of an earlier answer")
    return False, text


def _boolean(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise node.invalid("true or false")
    return node.value


def _unknown(header: str, expected: str) -> MessageError:
    return MessageError(
        f"The header {header} is not understood.",
        code=ErrorCode.INVALID,
        path=header,
        remedy=f"Send {expected}, or leave it out.",
    )


# --- answered -------------------------------------------------------------------------------------------------


def link_parameter(answer: Answer) -> list[Element]:
    """The link to the report, where there is one."""
    return [{"name": "pdmp-history-link", "valueUrl": answer.link}] if answer.link else []


def staged_parameters(answer: Answer) -> list[Element]:
    """The key, and that the request was accepted."""
    coding = {
        "system": uris.PDMP_STATUS,
        "code": "pre-stage-accepted",
        "display": "Pre-Stage Request Accepted",
    }
    issue: Element = {
        "severity": "information",
        "code": "informational",
        "details": {"coding": [coding]},
        "diagnostics": STAGED_TEXT,
    }
    return [
        {"name": "pre-stage-retrieval-key", "valueString": answer.retrieval_key},
        {"name": "outcome", "resource": operation_outcome([issue], id=answer.report_id)},
    ]


def with_losses(outcome: Element | None, losses: tuple[str, ...], id: str) -> Element | None:
    """The OperationOutcome with an information issue for each lost field; None when there is nothing to say."""
    if not losses:
        return outcome
    issues = outcome["issue"] if outcome is not None else []
    return operation_outcome([*issues, *map(_loss, losses)], id=id)


def _loss(name: str) -> Element:
    field = next(f for f in field_map().fields if f.name == name)
    nowhere = field.is_none("fhir")
    lacks = "has no place for" if nowhere else "cannot say every value of"
    issue: Element = {
        "severity": "information",
        "code": "informational",
        "details": {"coding": [{"system": uris.PMP_FIELD, "code": name}]},
        "diagnostics": f"The record holds {name.replace('.', ' ').replace('_', ' ')}, which FHIR {lacks}.",
    }
    if not nowhere:
        issue["expression"] = [fhirpath("MedicationDispense", name)]
    return issue
