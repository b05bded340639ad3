"""What the route says of itself."""

from __future__ import annotations

from typing import Final

from adapters.asap.report import JSON, TEXT
from gateway.ports import Content, RouteDescription

_EXAMPLE: Final = "TH*4.2A*1*01**20261101*1200*P**~~IS*1*SENDER~..."
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_REPORT: Final = {
    "type": "object",
    "required": ["summary"],
    "properties": {
        "summary": {
            "type": "object",
            "required": ["status", "records"],
            "properties": {
                "status": _TEXT,
                **dict.fromkeys(("records", "accepted", "corrected", "rejected", "deferred"), _COUNT),
            },
        },
        "records": {"type": "array", "items": {"type": "object"}},
    },
}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "field", "remedy"],
            "properties": {
                "code": _TEXT,
                "message": _TEXT,
                "field": {"type": ["string", "null"]},
                "remedy": {"type": ["string", "null"]},
            },
        }
    },
}
_EITHER: Final = (Content(media=(JSON,), schema={"anyOf": [_REPORT, _ERROR]}), Content(media=(TEXT,)))

SUBMISSIONS: Final = RouteDescription(
    summary="An ASAP file that reports dispensations",
    scopes=("system/MedicationDispense.c",),
    takes=(Content(media=(TEXT, "application/octet-stream"), example=_EXAMPLE),),
    answers={
        200: (Content(media=(JSON,), schema=_REPORT), Content(media=(TEXT,))),
        422: (Content(media=(JSON,), schema=_REPORT), Content(media=(TEXT,))),
        503: _EITHER,  # a part is to be sent again, or nothing can be taken now
        **dict.fromkeys(
            (400, 401, 403, 413, 415, 500), (Content(media=(JSON,), schema=_ERROR), Content(media=(TEXT,)))
        ),
    },
)
