"""What the route says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.ncpdp.beside import DATA, DATA_AND_LINK, IN_HEADER, LOSSES, RETURN, STATES
from adapters.ncpdp.write import CONTENT_TYPE
from gateway.ports import Content, Parameter, RouteDescription

_SAMPLES: Final = Path(__file__).parent / "samples" / "2017071"


def _sample(name: str) -> str:
    return (_SAMPLES / name).read_text(encoding="utf-8")


_ANSWER: Final = (Content(media=(CONTENT_TYPE.partition(";")[0],), example=_sample("complete.answer.xml")),)
_ERROR: Final = (Content(media=(CONTENT_TYPE.partition(";")[0],), example=_sample("refused.answer.xml")),)

SCRIPT: Final = RouteDescription(
    summary="A SCRIPT message: RxHistoryRequest, which asks for a history, or RxFill, which reports a dispensation",
    scopes=("pdmp/history", "system/MedicationDispense.c"),
    takes=(Content(media=("application/xml", "text/xml"), example=_sample("complete.request.xml")),),
    parameters=(
        Parameter(
            name=RETURN,
            where="header",
            about="A link to a report page beside the history",
            schema={"enum": [DATA, DATA_AND_LINK]},
        ),
        Parameter(
            name=STATES,
            where="header",
            about="The states whose records are asked for, where the message names none",
            schema={"type": "string", "pattern": "^[A-Z]{2}(, [A-Z]{2})*$"},
        ),
        Parameter(
            name=LOSSES,
            where="header",
            about="The fields that this version of SCRIPT could not carry are named in a header of the answer",
            schema={"enum": [IN_HEADER]},
        ),
    ),
    answers={200: _ANSWER, **dict.fromkeys((400, 401, 403, 409, 413, 415, 500, 503), _ERROR)},
)
