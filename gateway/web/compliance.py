"""`GET /compliance`: who has reported and who has not, for the programme's staff.

    ?late=true          only those of whom a report is overdue
    ?dispenser=ID       only this NCPDP id, NPI or DEA number, with all it has told of the days looked at
    ?as_of=2026-03-01   as it was, or will be, then
    ?days=30            how many days back to count reports and to look for missing days
    ?limit=100&offset=0 a page; `next` in the answer is the address of the one after it, as of the same instant

Answered in JSON, errors as problem details (RFC 9457); every answer is audited before it leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, g, jsonify, request

from gateway.compliance import MAX_DAYS, as_json, read_instant, write_instant
from gateway.errors import AccessError, ErrorCode, GatewayError, InternalFailure, MessageError
from gateway.model.audit import AuditAction, AuditEvent
from gateway.ports import Content, Parameter, Principal, RouteDescription, described
from gateway.web.exchange import PROBLEM, PROBLEM_SCHEMA, bearer_token, problem

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway

SCOPES: Final = ("admin", "audit/read")
MAX_LIMIT: Final = 1000
_YES_OR_NO: Final = {"true": True, "false": False}
_PATH: Final = "/compliance"
MAX_OFFSET: Final = 10**9


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


_ABOUT: Final = RouteDescription(
    summary="Which dispensers have reported, and which have not",
    scopes=SCOPES,
    parameters=(
        Parameter(name="late", where="query", about="Only those late", schema={"enum": list(_YES_OR_NO)}),
        Parameter(name="dispenser", where="query", about="An NCPDP id, an NPI or a DEA number"),
        Parameter(name="as_of", where="query", about="A day or an instant"),
        Parameter(name="days", where="query", about="Days back", schema=_whole(1, MAX_DAYS)),
        Parameter(name="limit", where="query", about="Of a page", schema=_whole(1, MAX_LIMIT)),
        Parameter(name="offset", where="query", about="Of a page", schema=_whole(0, MAX_OFFSET)),
    ),
    answers={
        200: (
            Content(
                media=("application/json",),
                schema={
                    "type": "object",
                    "required": ["as_of", "days", "total", "late", "dispensers", "next"],
                    "properties": {
                        "total": {"type": "integer"},
                        "late": {"type": "integer"},
                        "dispensers": {"type": "array", "items": {"type": "object"}},
                        "next": {"type": ["string", "null"]},
                    },
                },
            ),
        ),
        **dict.fromkeys((400, 401, 403, 500, 503), (Content(media=(PROBLEM,), schema=PROBLEM_SCHEMA),)),
    },
)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Asked:
    """What the query asks for."""

    as_of: datetime
    late: bool = False
    dispenser: str | None = None
    days: int = 30
    limit: int = 100
    offset: int = 0


@dataclass(slots=True)
class _Told:
    """What the audit event says, gathered on the way."""

    client_id: str | None = None
    count: int = 0
    content: dict[str, Any] = field(default_factory=dict)


def compliance_blueprint(gateway: Gateway) -> Blueprint:
    """The route, for clients with one of `SCOPES`."""
    blueprint = Blueprint("compliance", __name__)

    @blueprint.get(_PATH)
    @described(_ABOUT)
    def compliance() -> Response:
        told = _Told()
        response, action, outcome = _answered(lambda: _answer(gateway, told))
        event = AuditEvent(
            action=action,
            at=gateway.clock(),
            request_id=g.request_id,
            protocol="staff",
            operation="compliance",
            status=response.status_code,
            client_id=told.client_id,
            outcome=outcome,
            count=told.count if action is AuditAction.COMPLIANCE_READ else 0,
        )
        try:
            gateway.audit.record(event)
        except GatewayError as error:
            _log.error("audit.failed", request_id=g.request_id, error=error.code.value)
            return problem(error)
        return response

    return blueprint


def _answered(answer: Callable[[], Response]) -> tuple[Response, AuditAction, str]:
    """The answer or its error, what is audited of it, and how it ended."""
    try:
        return answer(), AuditAction.COMPLIANCE_READ, "complete"
    except GatewayError as error:
        failure = error
    except Exception as error:
        _log.error("request.failed", request_id=g.request_id, error=type(error).__name__)
        failure = InternalFailure(g.request_id)
    match failure:
        case AccessError():
            action = AuditAction.ACCESS_DENIED
        case MessageError():
            action = AuditAction.MESSAGE_REFUSED
        case _:
            action = AuditAction.REQUEST_FAILED
    return problem(failure), action, failure.code.value


def _answer(gateway: Gateway, told: _Told) -> Response:
    principal = gateway.security.authenticate(bearer_token())
    told.client_id = principal.client_id
    gateway.security.require(principal, _scope(principal))
    asked = _asked(gateway.compliance.now())
    standings = gateway.compliance.standings(asked.as_of)
    chosen = [
        one
        for one in standings
        if (one.is_late or not asked.late) and (asked.dispenser is None or one.is_known_by(asked.dispenser))
    ]
    page = chosen[asked.offset : asked.offset + asked.limit]
    details = gateway.compliance.details(page, asked.as_of, asked.days)
    with_days = asked.dispenser is not None
    told.count = len(page)
    return jsonify(
        as_of=write_instant(asked.as_of),
        days=asked.days,
        total=len(chosen),
        late=sum(one.is_late for one in chosen),
        dispensers=[as_json(one, each, with_days=with_days) for one, each in zip(page, details, strict=True)],
        next=_next(gateway, asked) if asked.offset + asked.limit < len(chosen) else None,
    )


def _scope(principal: Principal) -> str:
    """The scope to be required: any of them that it has, else the one to ask for."""
    return next((scope for scope in SCOPES if scope in principal.scopes), SCOPES[-1])


def _asked(now: datetime) -> _Asked:
    """:raises MessageError: a parameter that there is not, twice, or of another form."""
    asked = _Asked(as_of=now)
    for name, values in request.args.lists():
        if len(values) != 1:
            raise _wrong(name, "is there more than once", "once")
        (value,) = values
        match name:
            case "late" if value in _YES_OR_NO:
                asked.late = _YES_OR_NO[value]
            case "late":
                raise _wrong(name, "is neither true nor false", "as true or false")
            case "dispenser" if value.strip():
                asked.dispenser = value
            case "dispenser":
                raise _wrong(name, "is empty", "as an NCPDP id, an NPI or a DEA number")
            case "as_of":
                asked.as_of = _instant(name, value)
            case "days":
                asked.days = _number(name, value, 1, MAX_DAYS)
            case "limit":
                asked.limit = _number(name, value, 1, MAX_LIMIT)
            case "offset":
                asked.offset = _number(name, value, 0, MAX_OFFSET)
            case _:
                raise MessageError(
                    "There is a parameter that is not known here.",
                    code=ErrorCode.INVALID,
                    remedy="Use late, dispenser, as_of, days, limit and offset.",
                )
    return asked


def _number(name: str, value: str, least: int, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
        raise _wrong(name, "is not such a number", f"as a whole number from {least} to {most}")
    return int(value)


def _instant(name: str, value: str) -> datetime:
    try:
        return read_instant(value)
    except ValueError:
        raise _wrong(name, "is not a day or an instant", "as 2026-03-01 or 2026-03-01T12:00Z") from None


def _wrong(name: str, what: str, how: str) -> MessageError:
    return MessageError(
        f"The parameter {what}.", path=name, code=ErrorCode.INVALID, remedy=f"Give the parameter {how}."
    )


def _next(gateway: Gateway, asked: _Asked) -> str:
    query = {
        **({"late": "true"} if asked.late else {}),
        **({"dispenser": asked.dispenser} if asked.dispenser else {}),
        "as_of": write_instant(asked.as_of),
        "days": asked.days,
        "limit": asked.limit,
        "offset": asked.offset + asked.limit,
    }
    return f"{gateway.settings.server.url}{_PATH}?{urlencode(query)}"
