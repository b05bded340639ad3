"""Canonical answer or error -> PatientResponse or ReportResponse, in the caller's version.

The history itself never stands in these messages: a PatientResponse says that there is a report and by which URL it
is asked for, a ReportResponse has a link to it. The outcome of a look-up is HTTP 200, whatever it is; what could not
be processed is an Error with the status of its kind.
"""

from __future__ import annotations

from datetime import UTC

from adapters._wire import Xml, to_bytes
from adapters.pmpgateway import blocks
from adapters.pmpgateway.message import Caller, caller_of, version_of
from adapters.pmpgateway.names import CONTENT_TYPE, REPORT
from adapters.pmpgateway.states import destinations, error, responses, told, trouble
from gateway.errors import GatewayError
from gateway.model import Alert, AlertSeverity, Answer, Outcome
from gateway.ports import Answered, Inbound, Outbound
from gateway.terminology import codes

_patient_response = blocks.document("patient_response")
_report_response = blocks.document("report_response")
_report = blocks.part("report")
_message = blocks.part("message")
_leading_page = blocks.part("leading_page")

_REPORTED = frozenset({Outcome.COMPLETE, Outcome.NO_DATA, Outcome.PARTIAL})
_OURS = "PMP Bridge: "  # whose analysis an alert is of; the element that it stands in is named for another's
_SEVERITIES = {AlertSeverity.HIGH: "High", AlertSeverity.MODERATE: "Medium", AlertSeverity.LOW: "Low"}
_PAGE_TYPE = "text/html"


def write(answer: Answered, request: Inbound) -> Outbound:
    """The answer to a PatientRequest or a ReportRequest.

    :raises TypeError: it is not the answer to a look-up, the only operation here.
    """
    if not isinstance(answer, Answer):
        raise TypeError(f"The PMP Gateway has no message for {type(answer).__name__}")
    caller = caller_of(request)
    if request.operation == REPORT:
        return _linked(answer, caller, request)
    return _outbound(_patient_response_xml(answer, caller, request))


def write_error(error: GatewayError, request: Inbound | None) -> Outbound:
    """An Error in the root: what is wrong in `Message`; place, remedy and code in `Details`."""
    caller = caller_of(request)
    xml = _error_xml(error)
    if request is not None and f"/{REPORT}/" in request.path:  # also where the method has no operation
        document = _report_response_xml(None, xml, caller, request)
    else:
        document = _patient_response[caller.version].render(
            {
                "request_id": _number(request),
                "licensee_request_id": caller.licensee_request_id,
                "report": None,
                "trouble": xml,
                "responses": None,
                "disclaimer": None,
            }
        )
    return _outbound(document, error.status)


def _patient_response_xml(answer: Answer, caller: Caller, request: Inbound) -> Xml:
    has_report = answer.outcome in _REPORTED
    others = responses(answer)
    return _patient_response[caller.version].render(
        {
            "request_id": _number(request),
            "licensee_request_id": caller.licensee_request_id,
            "report": _report_xml(answer, request) if has_report else None,
            "trouble": None if has_report or others else _trouble(answer),
            "responses": others,
            "disclaimer": " ".join(answer.disclaimers),
        }
    )


def _report_xml(answer: Answer, request: Inbound) -> Xml:
    key = answer.report_key
    root = f"{request.base_url}/{version_of(request)}/{REPORT}"
    return _report.render(
        {
            "destinations": destinations(answer),
            "messages": [_alert(alert) for alert in answer.analysis.alerts] if answer.analysis else None,
            "message": told(answer),
            "expiration": f"{key.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if key else None,
            "url": f"{root}/{key.value}" if key else None,
        }
    )


def _alert(alert: Alert) -> Xml:
    return _message.render(
        {
            "type": _OURS + codes("alert-category").display(alert.category),
            "text": f"{alert.detail} ({alert.formula})",
            "severity": _SEVERITIES[alert.severity],
        }
    )


def _linked(answer: Answer, caller: Caller, request: Inbound) -> Outbound:
    """The link; as a page that leads there for whoever asks for a page, and not for a link in so many words."""
    if answer.link is None:
        return _outbound(_report_response_xml(None, _trouble(answer), caller, request))
    if not caller.wants_link and _asks_for_a_page(request):
        page = f"<!DOCTYPE html>\n{_leading_page.render({'link': answer.link})}"
        return Outbound(body=page.encode(), content_type=f"{_PAGE_TYPE}; charset=utf-8", shown=0)
    return _outbound(_report_response_xml(answer.link, None, caller, request))


def _asks_for_a_page(request: Inbound) -> bool:
    accepted = [media.partition(";")[0].strip() for media in request.headers.get("accept", "").split(",")]
    return accepted[0] == _PAGE_TYPE


def _report_response_xml(link: str | None, failed: Xml | None, caller: Caller, request: Inbound) -> Xml:
    return _report_response[caller.version].render(
        {"request_id": _number(request), "link": link, "trouble": failed}
    )


def _trouble(answer: Answer) -> Xml:
    return trouble(answer.outcome, answer.detail, answer.retry_after)


def _error_xml(found: GatewayError) -> Xml:
    place = f"At {found.path}. " if found.path else ""
    return error(found.message, f"{place}{found.remedy or 'Correct the request.'} ({found.code.value})")


def _number(request: Inbound | None) -> str:
    """The beginning of the request's id, by which the log is searched, as a number: clients may expect one."""
    return str(int(request.request_id[:7], 16)) if request else "0"


def _outbound(document: Xml, status: int = 200) -> Outbound:
    """No dispensation is ever in it."""
    return Outbound(body=to_bytes(document), content_type=CONTENT_TYPE, status=status, shown=0)
