"""The page behind a report link: a door, which opens nothing, and the report, which is shown once.

    GET    /report/<ticket>    a page with a button, so that whoever only previews the link does not use it up
    POST   /report/<ticket>    the report
    DELETE /report/<ticket>    the end of the link, by the client that asked for it

Whoever has the ticket may open it, as whoever has a letter; one audit event says for whom it was made. Every answer
but the door is audited, before it leaves. A report whose opening cannot be audited is not shown, and can be opened
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Blueprint, Response, g

from gateway.errors import AccessError, Conflict, GatewayError, InternalFailure, NotFound
from gateway.model import Answer, Requester
from gateway.model.audit import AuditAction, AuditEvent
from gateway.pipeline import http_headers
from gateway.ports import Content, Parameter, RouteDescription, described
from gateway.report_links import Made
from gateway.trail import identified
from gateway.viewer import HEADERS, door_page, notice_page, report_page
from gateway.web.exchange import PROBLEM, PROBLEM_SCHEMA, bearer_token, problem

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

PATH: Final = "/report"
SCOPE: Final = "pdmp/history"
_PAGE: Final = (Content(media=("text/html",)),)
_TICKET: Final = Parameter(name="ticket", where="path", about="Of the link", required=True)
_DOOR: Final = RouteDescription(
    summary="A page with a button that opens the report",
    parameters=(_TICKET,),
    answers=dict.fromkeys((200, 404, 410, 503), _PAGE),
)
_REPORT: Final = replace(_DOOR, summary="The report, once", answers={**_DOOR.answers, 500: _PAGE})
_REVOKED: Final = RouteDescription(
    summary="Ends a link, for the client that asked for it",
    scopes=(SCOPE,),
    parameters=(_TICKET,),
    answers={
        204: (),
        **dict.fromkeys((401, 403, 404, 410, 500, 503), (Content(media=(PROBLEM,), schema=PROBLEM_SCHEMA),)),
    },
)

_log = structlog.get_logger(__name__)


def report_blueprint(gateway: Gateway) -> Blueprint:
    """The three routes."""
    blueprint = Blueprint("report", __name__)
    reports = _Reports(gateway)

    @blueprint.get(f"{PATH}/<ticket>")
    @described(_DOOR)
    def door(ticket: str) -> Response:
        """Nothing is opened."""
        return reports.door(ticket)

    @blueprint.post(f"{PATH}/<ticket>")
    @described(_REPORT)
    def opened(ticket: str) -> Response:
        """The report, and with it the end of the ticket."""
        return reports.opened(ticket)

    @blueprint.delete(f"{PATH}/<ticket>")
    @described(_REVOKED)
    def revoked(ticket: str) -> Response:
        """The end of the ticket."""
        return reports.revoked(ticket)

    return blueprint


@dataclass(frozen=True, slots=True)
class _Reports:
    """What the routes do."""

    gateway: Gateway

    def door(self, ticket: str) -> Response:
        try:
            self.gateway.report_links.peek(ticket)
        except GatewayError as error:
            return self._refused(error, ticket)
        return _page(door_page(), 200)

    def opened(self, ticket: str) -> Response:
        links = self.gateway.report_links
        try:
            report = links.open(ticket)
        except GatewayError as error:
            return self._refused(error, ticket)
        try:
            page = report_page(report.answer, report.requester)
            self._record(AuditAction.REPORT_OPENED, "open", 200, report.requester, **_told(report.answer))
        except Exception as error:
            failure = _failure(error)
            try:
                links.give_back(ticket, report)
            except GatewayError:
                return _notice(failure, "Ask for a new link.")
            return self._refused(failure, ticket)
        return _page(page, 200)

    def revoked(self, ticket: str) -> Response:
        """Problem details, since a program asks for this and no browser."""
        asks = Requester()
        try:
            principal = self.gateway.security.authenticate(bearer_token())
            asks = Requester(client_id=principal.client_id)
            self.gateway.security.require(principal, SCOPE)
            made = self.gateway.report_links.revoke(ticket, principal.client_id)
            self._record(AuditAction.REPORT_REVOKED, "revoke", 204, made.requester, report_id=made.report_id)
        except Exception as error:
            failure = _failure(error)
            status, action = failure.status, _action(failure)
            try:
                self._record(action, "revoke", status, asks, outcome=failure.code.value)
            except GatewayError as unrecorded:
                return problem(unrecorded)
            return problem(failure)
        return Response(status=204)

    def _refused(self, error: GatewayError, ticket: str) -> Response:
        """The page of an error; of the one that it cannot be audited, when it cannot."""
        made = None
        try:
            if isinstance(error, Conflict):
                made = self.gateway.report_links.made(ticket)
            self._record_refusal(error, made)
        except GatewayError as unrecorded:
            error = unrecorded
        return _notice(error, error.remedy)

    def _record_refusal(self, error: GatewayError, made: Made | None) -> None:
        requester = made.requester if made else Requester()
        self._record(
            _action(error),
            "open",
            error.status,
            requester,
            outcome=error.code.value,
            report_id=made.report_id if made else None,
        )

    def _record(
        self, action: AuditAction, operation: str, status: int, requester: Requester, **over: Any
    ) -> None:
        """:raises Unavailable: it cannot be."""
        values: dict[str, Any] = {
            "action": action,
            "at": self.gateway.clock(),
            "request_id": g.request_id,
            "protocol": "report",
            "operation": operation,
            "status": status,
            "client_id": requester.client_id,
            "practitioner": identified(requester.practitioner),
            "organisation": identified(requester.organisation),
            "delegate": identified(requester.delegate),
            "purpose": requester.purpose.value,
        }
        self.gateway.audit.record(AuditEvent(**{**values, **over}))


def _failure(error: Exception) -> GatewayError:
    if isinstance(error, GatewayError):
        return error
    _log.error("request.failed", request_id=g.request_id, error=type(error).__name__)
    return InternalFailure(g.request_id)


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "outcome": answer.outcome.value,
        "person_key": next((p.key for p in answer.persons), None),
        "report_id": answer.report_id,
        "states": tuple(s.state for s in answer.states),
        "count": len(answer.dispensations),
        "evidence": answer.match,
    }


def _action(error: GatewayError) -> AuditAction:
    is_denied = isinstance(error, Conflict | NotFound | AccessError)
    return AuditAction.ACCESS_DENIED if is_denied else AuditAction.REQUEST_FAILED


def _title(error: GatewayError) -> str:
    if isinstance(error, Conflict | NotFound):
        return "This report cannot be opened"
    return "The report cannot be opened now"


def _notice(error: GatewayError, remedy: str | None) -> Response:
    response = _page(notice_page(_title(error), error.message, remedy), error.status)
    response.headers.extend(http_headers(error))
    return response


def _page(html: str, status: int) -> Response:
    response = Response(html, status=status, content_type="text/html; charset=utf-8")
    for name, value in HEADERS:
        response.headers[name] = value
    return response
