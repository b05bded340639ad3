"""What the routes say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.pmpgateway.credentials import DIGEST, NONCE, TIMESTAMP, USERNAME
from adapters.pmpgateway.names import CONTENT_TYPE, Version
from gateway.ports import Content, Parameter, RouteDescription

_SAMPLES: Final = Path(__file__).parent / "samples"
_XML: Final = CONTENT_TYPE.partition(";")[0]
_HEADERS: Final = (
    Parameter(name=USERNAME, where="header", about="The client's id, where no token is sent"),
    Parameter(name=NONCE, where="header", about="Never used before, without a colon"),
    Parameter(name=TIMESTAMP, where="header", about="Seconds since 1970, in UTC"),
    Parameter(
        name=DIGEST, where="header", about="Hexadecimal SHA-256 of the password, the nonce and the timestamp"
    ),
)
_FAILURES: Final = (400, 401, 403, 404, 413, 415, 500, 503)


def patient(version: Version) -> RouteDescription:
    """`POST /<version>/patient`."""
    return RouteDescription(
        summary=f"A PatientRequest of the PMP Gateway {version}: is there a report on this patient",
        scopes=("pdmp/history",),
        credentials_in_body=True,
        takes=(_takes(version, "complete"),),
        parameters=_HEADERS,
        answers={
            200: (_gives(version, "complete"),),
            **dict.fromkeys(_FAILURES, (_gives(version, "refused"),)),
        },
    )


def report(version: Version) -> RouteDescription:
    """`POST /<version>/report/<report_id>`."""
    return RouteDescription(
        summary=f"A ReportRequest of the PMP Gateway {version}: a link to the report, which opens once",
        scopes=("pdmp/history",),
        credentials_in_body=True,
        takes=(_takes(version, "report"),),
        parameters=(
            *_HEADERS,
            Parameter(name="report_id", where="path", about="Of the URL in ViewableReport", required=True),
        ),
        answers={
            200: (_gives(version, "report"), Content(media=("text/html",))),
            **dict.fromkeys(_FAILURES, (_gives(version, "report-refused"),)),
        },
    )


def _takes(version: Version, name: str) -> Content:
    return Content(media=(_XML, "text/xml"), example=_sample(version, f"{name}.request.xml"))


def _gives(version: Version, name: str) -> Content:
    return Content(media=(_XML,), example=_sample(version, f"{name}.answer.xml"))


def _sample(version: Version, name: str) -> str:
    return (_SAMPLES / version / name).read_text(encoding="utf-8")
