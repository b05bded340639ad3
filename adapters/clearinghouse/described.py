"""What the routes say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.clearinghouse.envelope import SOAP_1_2
from gateway.ports import Content, Parameter, RouteDescription

_SAMPLES: Final = Path(__file__).parent / "samples"
_SOAP_1_1: Final = "text/xml"


def _xml(in_1_1: str, in_1_2: str) -> tuple[Content, ...]:
    return tuple(
        Content(media=(media,), example=(_SAMPLES / name).read_text(encoding="utf-8"))
        for media, name in ((_SOAP_1_1, in_1_1), (SOAP_1_2, in_1_2))
    )


_FAULT: Final = _xml("fault.answer.xml", "fault-soap-1-2.answer.xml")

TRANSACTION: Final = RouteDescription(
    summary="A PMPTransaction in a SOAP envelope: an ASAP message that reports dispensations",
    scopes=("system/MedicationDispense.c",),
    credentials_in_body=True,
    takes=_xml("accepted.request.xml", "soap-1-2.request.xml"),
    answers={
        200: _xml("accepted.answer.xml", "soap-1-2.answer.xml"),
        **dict.fromkeys((400, 401, 403, 413, 415, 500, 503), _FAULT),
    },
)
DESCRIPTION: Final = RouteDescription(
    summary="The service's WSDL (?wsdl) or one of its schemas (?xsd=NAME)",
    parameters=(
        Parameter(name="wsdl", where="query", about="Present, whatever its value: the WSDL"),
        Parameter(name="xsd", where="query", about="The file name of a schema that the WSDL refers to"),
    ),
    answers={200: (Content(media=(_SOAP_1_1,)),), 404: _FAULT, 500: _FAULT, 503: _FAULT},
)
