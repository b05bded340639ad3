"""The codes and sentences in which an answer says its outcome, for the writer and for the reader of a partner's.

10.6 has no element for the states that have answered, so that a note is all that tells a partial answer from a whole
one. A note that is read can only take trust away from an answer, never add to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MORE_CODE = "AQ"  # more medication history is available
ACCEPTED_CODE = "010"  # accepted by the ultimate receiver

APPROVED_NOTE = "May be incomplete; verify with the pharmacy or prescriber."
NO_DATA_NOTE = "No records found for the requested period."
PARTIAL_NOTE = "Not complete: a source has not answered."

_SILENT = "No answer from"
_SILENT_STATES = re.compile(rf"{_SILENT} ((?:[A-Z]{{2}}(?:, )?)+)")


def silent_note(states: Sequence[str], limit: int) -> str:
    """The states that have not answered, all of them where they fit; empty when there are none.

    >>> silent_note(["NY", "NJ"], 70)
    'No answer from NY, NJ.'
    >>> silent_note(["NY", "NJ", "MA", "RI", "NH", "VT"], 30)
    'No answer from NY and 5 more.'
    """
    if not states:
        return ""
    for shown in range(len(states), 0, -1):
        more = f" and {len(states) - shown} more" if shown < len(states) else ""
        sentence = f"{_SILENT} {', '.join(states[:shown])}{more}."
        if len(sentence) <= limit:
            return sentence
    return f"{_SILENT} {len(states)} states."


def is_partial(note: str) -> bool:
    """True for a note that says that the answer is not whole."""
    return note.startswith((_SILENT, PARTIAL_NOTE[:12]))


def silent_states(note: str) -> tuple[str, ...]:
    """The states that a note names as silent.

    >>> silent_states("No answer from NY, NJ and 2 more.")
    ('NY', 'NJ')
    """
    found = _SILENT_STATES.match(note)
    return tuple(found[1].removesuffix(", ").split(", ")) if found else ()
