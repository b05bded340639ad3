"""What each state says, in words and in elements: an answer to be read, Disallowed, or Error.

`Disallowed` is for a state that will not answer this question, `Error` for one that could not. A patient of whom
there is no certain match is Disallowed: clients read that as a patient who could not be told from others, which is
the case. `Details` begins with our own word for the outcome, so that who knows it can tell them apart.
"""

from __future__ import annotations

from adapters._wire import Xml
from adapters.pmpgateway.blocks import destination, part
from adapters.pmpgateway.names import Source
from gateway.model import Answer, Outcome, StateOutcome

_response = part("response")
_disallowed = part("disallowed")
_error = part("error")

ANSWERED = frozenset({Outcome.COMPLETE, Outcome.NO_DATA})
_NOT_ANSWERED = {
    Outcome.DISALLOWED: ("The look-up is not allowed.", "Nothing was looked up."),
    Outcome.AMBIGUOUS: (
        "No certain match in the record; no history is shown.",
        "Send more of what is known of the patient and ask again.",
    ),
    Outcome.DEFERRED: ("The answer is not there yet.", "Send the request again later."),
    Outcome.ERROR: ("No answer was reached.", "This is not the word that nothing is recorded. Ask again."),
}


def destinations(answer: Answer) -> list[Xml]:
    """The states whose records the report has, each with or without any."""
    return [destination.render({"state": s.state}) for s in answer.states if s.outcome in ANSWERED]


def responses(answer: Answer) -> list[Xml]:
    """A Response for each state that has not answered."""
    return [
        _response.render(
            {
                "destinations": destination.render({"state": state.state}),
                "trouble": trouble(state.outcome, state.detail or answer.detail, answer.retry_after),
            }
        )
        for state in answer.states
        if state.outcome not in ANSWERED
    ]


def trouble(outcome: Outcome, detail: str | None, retry_after: int | None = None) -> Xml:
    """Disallowed or Error, of a state."""
    message, then = _NOT_ANSWERED.get(outcome, _NOT_ANSWERED[Outcome.ERROR])
    if retry_after is not None:
        then = f"Send the request again after {retry_after} seconds."
    block = _disallowed if outcome in {Outcome.DISALLOWED, Outcome.AMBIGUOUS} else _error
    return block.render(
        {"message": detail or message, "details": f"{outcome.value}: {then}", "source": Source.PMP}
    )


def error(message: str, details: str) -> Xml:
    """Error, of this gateway."""
    return _error.render({"message": message, "details": details, "source": Source.GATEWAY})


def told(answer: Answer) -> str:
    """What a person reads beside the report. Clients show it, and take a Report without it for nobody found."""
    sentences = [_held(answer)]
    silent = [s for s in answer.states if s.outcome not in ANSWERED]
    if answer.outcome is Outcome.PARTIAL:
        names = ", ".join(s.state for s in silent) or "some state"
        sentences.append(f"The report is incomplete: no answer from {names}.")
    if answer.detail:
        sentences.append(answer.detail)
    return " ".join(sentences)


def _held(answer: Answer) -> str:
    if answer.outcome is Outcome.NO_DATA or _are_empty(answer.states):
        return f"No prescriptions are on record{_period(answer)}."
    return "Prescriptions are on record. Open the report to see them."


def _are_empty(states: tuple[StateOutcome, ...]) -> bool:
    """Whether some states have answered, and all of these that they have nothing."""
    found = [s.outcome for s in states if s.outcome in ANSWERED]
    return bool(found) and all(outcome is Outcome.NO_DATA for outcome in found)


def _period(answer: Answer) -> str:
    start, end = answer.period.start, answer.period.end
    return f" from {start} to {end}" if start and end else ""
