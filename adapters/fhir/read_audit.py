"""Wire -> canonical: audit events asked for.

audit-read        the URL               -> AuditQuery by the event's number
audit-search      the URL, or a form    -> AuditQuery

The id of an event is its stream and its number there, with a point between. Source: FHIR R4 AuditEvent (search
parameters); what the codes stand for is in audit_codes.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from adapters.fhir import uris
from adapters.fhir.audit_codes import AGENT_SYSTEMS, OUTCOMES, action_code, subtype_of, type_of
from adapters.fhir.search_values import Moment, Target, Token
from adapters.fhir.searching import Criterion, Parameter, Query, Searched, read_query
from adapters.fhir.searchset import position_of
from gateway.errors import MessageError, NotFound
from gateway.model.audit import AuditAction
from gateway.model.auditing import AuditQuery, Place
from gateway.ports import Inbound

_NUMBER: Final = re.compile(r"([1-9]\d{0,9})\.([1-9]\d{0,18})", re.ASCII)

AUDIT_EVENT: Final = Searched(
    kind="AuditEvent",
    parameters=(
        Parameter(name="_id", type="token", documentation="One event; by itself."),
        Parameter(name="date", type="date", documentation="When it was recorded; any prefix but ne."),
        Parameter(
            name="patient",
            type="reference",
            documentation="The person key, as KEY or Patient/KEY: events that showed this person.",
            targets=("Patient",),
        ),
        Parameter(
            name="entity", type="reference", documentation="The same as patient.", targets=("Patient",)
        ),
        Parameter(
            name="agent",
            type="token",
            documentation="SYSTEM|VALUE of a client, practitioner, delegate or organisation.",
            modifiers=("identifier",),
        ),
        Parameter(name="action", type="token", documentation="C, R, U or E."),
        Parameter(name="outcome", type="token", documentation="0, 4 or 8."),
        Parameter(name="type", type="token", documentation="rest, or 110114 for what became of tokens."),
        Parameter(
            name="subtype", type="token", documentation="The event as this gateway calls it, pmp:person:show."
        ),
    ),
)


def read_audit_event(message: Inbound) -> AuditQuery:
    """`GET AuditEvent/ID`. :raises NotFound: that is no id."""
    return AuditQuery(number=_number(message.arguments["id"]))


def _number(id: str) -> tuple[int, int]:
    found = _NUMBER.fullmatch(id)
    if found is None:
        raise NotFound("There is no such AuditEvent.")
    return int(found[1]), int(found[2])


def read_audit_query(message: Inbound) -> Query:
    """The search as it was sent. :raises MessageError: as :func:`adapters.fhir.searching.read_query`."""
    return read_query(message, AUDIT_EVENT)


def read_audit_search(message: Inbound) -> AuditQuery:
    """`GET AuditEvent?...` and `POST AuditEvent/_search`.

    :raises MessageError: a parameter cannot be.
    """
    query = read_audit_query(message)
    start, end = _between(query.named("date"))
    return AuditQuery(
        number=_one(query),
        start=start,
        end=end,
        person_key=_person(query.named("patient", "entity")),
        actions=_actions(query),
        agents=tuple(frozenset(map(_agent, _tokens(one))) for one in query.named("agent")),
        statuses=_statuses(query.named("outcome")),
        after=_place(query),
        count=query.count,
    )


def _one(query: Query) -> tuple[int, int] | None:
    ids = query.named("_id")
    if not ids:
        return None
    codes = {one.code for criterion in ids for one in _tokens(criterion)}
    if len(query.criteria) > 1 or len(codes) > 1:
        raise MessageError(
            "_id is not by itself.", path="_id", remedy="Send one _id, and no other parameter with it."
        )
    return _number(codes.pop() or "")


def _between(criteria: Sequence[Criterion]) -> tuple[datetime | None, datetime | None]:
    """The first instant that fits, and the first after it that does not."""
    starts, ends = [], []
    for criterion in criteria:
        (moment, *others) = criterion.values
        if not isinstance(moment, Moment) or others or moment.prefix == "ne":
            raise MessageError(
                "date is not one period.", path="date", remedy="Send one value, with a prefix other than ne."
            )
        if moment.prefix in {"eq", "ge"}:
            starts.append(moment.start)
        if moment.prefix in {"gt", "sa"}:
            starts.append(moment.end)
        if moment.prefix in {"eq", "le"}:
            ends.append(moment.end)
        if moment.prefix in {"lt", "eb"}:
            ends.append(moment.start)
    return max(starts, default=None), min(ends, default=None)


def _person(criteria: Sequence[Criterion]) -> str | None:
    keys = {one.id for criterion in criteria for one in criterion.values if isinstance(one, Target)}
    if len(keys) > 1:
        raise MessageError("More than one patient is named.", path="patient", remedy="Ask for one at a time.")
    return keys.pop() if keys else None


def _tokens(criterion: Criterion) -> list[Token]:
    return [one for one in criterion.values if isinstance(one, Token)]


def _agent(token: Token) -> str:
    prefix = AGENT_SYSTEMS.get(token.system or "")
    if prefix is None or not token.code:
        raise MessageError(
            "agent has a system that is not known.",
            path="agent",
            remedy=f"Send SYSTEM|VALUE with one of {', '.join(AGENT_SYSTEMS)}.",
        )
    return f"{prefix}:{token.code}"


def _actions(query: Query) -> frozenset[AuditAction] | None:
    """The events of all that is said of action, type and subtype; None when nothing is."""
    criteria = query.named("action", "type", "subtype")
    if not criteria:
        return None
    return frozenset(one for one in AuditAction if all(_is(one, criterion) for criterion in criteria))


def _is(action: AuditAction, criterion: Criterion) -> bool:
    system: str | None
    match criterion.name:
        case "action":
            system, code = uris.AUDIT_ACTION, action_code(action)
        case "type":
            coding = type_of(action)
            system, code = coding["system"], coding["code"]
        case _:
            coding = subtype_of(action)
            system, code = coding["system"], coding["code"]
    return any(token.fits(system, code) for token in _tokens(criterion))


def _statuses(criteria: Sequence[Criterion]) -> tuple[tuple[int, int], ...] | None:
    if not criteria:
        return None
    return tuple(
        span
        for code, span in OUTCOMES.items()
        if all(any(token.fits(uris.AUDIT_OUTCOME, code) for token in _tokens(one)) for one in criteria)
    )


def _place(query: Query) -> Place | None:
    position: Any = position_of(query)
    if position is None:
        return None
    try:
        at, stream, seq = position
        return Place(datetime.fromisoformat(at), int(stream), int(seq))
    except (TypeError, ValueError):
        raise MessageError(
            "_page is not a page of this search.", path="_page", remedy="Begin with the first page."
        ) from None
