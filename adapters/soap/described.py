"""What the routes say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.soap.names import CONTENT_TYPE
from gateway.ports import Content, Parameter, RouteDescription

_SAMPLES: Final = Path(__file__).parent / "samples"


def _xml(name: str) -> tuple[Content, ...]:
    example = (_SAMPLES / name).read_text(encoding="utf-8")
    return (Content(media=(CONTENT_TYPE.partition(";")[0],), example=example),)


_FAULT: Final = _xml("fault.answer.xml")

PMIX: Final = RouteDescription(
    summary="A PMIX request in a SOAP 1.1 envelope: one patient's history",
    scopes=("pdmp/history",),
    takes=_xml("complete.request.xml"),
    answers={
        200: _xml("complete.answer.xml"),
        **dict.fromkeys((400, 401, 403, 413, 415, 500, 503), _FAULT),
    },
)
DESCRIPTION: Final = RouteDescription(
    summary="The service's WSDL (?wsdl) or one of its schemas (?xsd=NAME)",
    parameters=(
        Parameter(name="wsdl", where="query", about="Present, whatever its value: the WSDL"),
        Parameter(name="xsd", where="query", about="The file name of a schema that the WSDL refers to"),
    ),
    answers={
        200: (Content(media=(CONTENT_TYPE.partition(";")[0],)),),
        404: _FAULT,
        500: _FAULT,
        503: _FAULT,
    },
)
