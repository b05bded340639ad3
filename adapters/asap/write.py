"""Results and errors -> the submission report, and what is said when there is none."""

from __future__ import annotations

import io
import json

from adapters.asap.read import open_file
from adapters.asap.report import JSON, TEXT, open_report
from gateway.errors import ErrorCode, GatewayError, MessageError
from gateway.model import IntakeReceipt, IntakeVerdict
from gateway.ports import Answered, Inbound, Outbound

_NOTHING_TAKEN = {IntakeVerdict.REJECTED, IntakeVerdict.DEFERRED}


def write(answer: Answered, request: Inbound) -> Outbound:
    """The report of the file in `request`.

    The status is 200 when anything was taken, or there was nothing to take; 422 when all of it was rejected; 503 when
    a part is to be sent again.
    """
    file = open_file(io.BytesIO(request.body))
    if not isinstance(answer, IntakeReceipt) or file is None:
        raise MessageError("ASAP carries reports of dispensations only.", code=ErrorCode.UNKNOWN_OPERATION)
    content_type = accepted(request)
    out = io.BytesIO()
    report = open_report(file.scan, out, content_type)
    for result in answer.results:
        report.add(result)
    report.finish()
    verdicts = {result.verdict for result in answer.results}
    status = 200
    if IntakeVerdict.DEFERRED in verdicts:
        status = 503
    elif file.scan.refused or (verdicts and verdicts <= _NOTHING_TAKEN):
        status = 422
    return Outbound(body=out.getvalue(), content_type=f"{content_type}; charset=utf-8", status=status)


def write_error(error: GatewayError, request: Inbound | None) -> Outbound:
    """An error before there was anything to report of."""
    content_type = accepted(request)
    if content_type == TEXT:
        body = f"Submission refused [{error.code.value}]: {error}\n".encode()
    else:
        body = json.dumps(
            {
                "error": {
                    "code": error.code.value,
                    "message": error.message,
                    "field": error.path,
                    "remedy": error.remedy,
                }
            },
            ensure_ascii=False,
        ).encode()
    return Outbound(body=body, content_type=f"{content_type}; charset=utf-8", status=error.status)


def accepted(request: Inbound | None) -> str:
    """Text for those who ask for text before JSON; else JSON."""
    if request is None:
        return JSON
    for asked in request.headers.get("accept", "").lower().split(","):
        media = asked.partition(";")[0].strip()
        if media in {JSON, "application/*", "*/*"}:
            return JSON
        if media in {TEXT, "text/*"}:
            return TEXT
    return JSON
