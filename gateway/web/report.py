"""The page behind a report link: a door, which opens nothing, and the report, which is shown once.

    GET  /report/<ticket>    a page with a button, so that whoever only previews the link does not use it up
    POST /report/<ticket>    the report

Whoever has the ticket may open it, as whoever has a letter; one audit event says for whom it was made. Every answer
but the door is audited, before it leaves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, g

from gateway.errors import Conflict, GatewayError, NotFound
from gateway.model import Answer, Practitioner, Requester
from gateway.model.audit import AuditAction, AuditEvent
from gateway.ports import Content, Parameter, RouteDescription, described
from gateway.viewer import HEADERS, door_page, notice_page, report_page

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

PATH: Final = "/report"
_GONE: Final = 410
_PAGE: Final = (Content(media=("text/html",)),)
_TICKET: Final = Parameter(name="ticket", where="path", about="Of the link", required=True)
_DOOR: Final = RouteDescription(
    summary="A page with a button that opens the report",
    parameters=(_TICKET,),
    answers=dict.fromkeys((200, 404, _GONE, 503), _PAGE),
)
_REPORT: Final = replace(_DOOR, summary="The report, once")


def report_blueprint(gateway: Gateway) -> Blueprint:
    """The two routes."""
    blueprint = Blueprint("report", __name__)
    links = gateway.report_links

    def event(action: AuditAction, status: int, requester: Requester, **over: Any) -> AuditEvent:
        values: dict[str, Any] = {
            "action": action,
            "at": gateway.clock(),
            "request_id": g.request_id,
            "protocol": "report",
            "operation": "open",
            "status": status,
            "client_id": requester.client_id,
            "practitioner": _identified(requester.practitioner),
            "delegate": _identified(requester.delegate),
            "purpose": requester.purpose.value,
        }
        return AuditEvent(**{**values, **over})

    def refused(error: GatewayError, ticket: str) -> Response:
        """The page of an error. :raises GatewayError: it cannot be audited."""
        status, action = _refusal(error)
        made = Requester()
        if isinstance(error, Conflict):
            made = links.maker(ticket) or made
        gateway.audit.record(event(action, status, made, outcome=error.code.value))
        return _page(notice_page(_title(error), error.message, error.remedy), status)

    def guarded(ticket: str, answer: Response | GatewayError) -> Response:
        try:
            return refused(answer, ticket) if isinstance(answer, GatewayError) else answer
        except GatewayError as error:
            return _page(notice_page(_title(error), error.message, error.remedy), error.status)

    @blueprint.get(f"{PATH}/<ticket>")
    @described(_DOOR)
    def door(ticket: str) -> Response:
        """Nothing is opened."""
        try:
            links.peek(ticket)
        except GatewayError as error:
            return guarded(ticket, error)
        return _page(door_page(), 200)

    @blueprint.post(f"{PATH}/<ticket>")
    @described(_REPORT)
    def opened(ticket: str) -> Response:
        """The report, and with it the end of the ticket."""
        try:
            report = links.open(ticket)
            page = report_page(report.answer, report.requester)
            gateway.audit.record(
                event(AuditAction.REPORT_OPENED, 200, report.requester, **_told(report.answer))
            )
        except GatewayError as error:
            return guarded(ticket, error)
        return _page(page, 200)

    return blueprint


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "outcome": answer.outcome.value,
        "person_key": next((p.key for p in answer.persons), None),
        "report_id": answer.report_id,
        "states": tuple(s.state for s in answer.states),
        "count": len(answer.dispensations),
        "evidence": answer.match,
    }


def _refusal(error: GatewayError) -> tuple[int, AuditAction]:
    if isinstance(error, Conflict):
        return _GONE, AuditAction.ACCESS_DENIED
    if isinstance(error, NotFound):
        return error.status, AuditAction.ACCESS_DENIED
    return error.status, AuditAction.REQUEST_FAILED


def _title(error: GatewayError) -> str:
    if isinstance(error, Conflict | NotFound):
        return "This report cannot be opened"
    return "The report cannot be opened now"


def _page(html: str, status: int) -> Response:
    response = Response(html, status=status, content_type="text/html; charset=utf-8")
    for name, value in HEADERS:
        response.headers[name] = value
    return response


def _identified(party: Practitioner | None) -> str | None:
    if party is None:
        return None
    return f"npi:{party.npi}" if party.npi else (f"dea:{party.dea}" if party.dea else None)
