"""Who did what? The audit log, read by those who watch over it.

Each page is bounded: so many events are read and no more. What an index leads to (time, a person) is read from there;
the rest is looked through, and a page that has read enough says where the next one goes on.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import NotFound
from gateway.model.audit import AuditEvent
from gateway.model.auditing import AuditQuery, EventsFound, RecordedEvent
from gateway.ports import AuditLog

MOST_READ: Final = 5000
"""Events of a page that are looked through."""
_AT_ONCE: Final = 500


class Auditing:
    """Reads one audit log."""

    def __init__(self, *, audit: AuditLog) -> None:
        self._audit = audit

    def __call__(self, query: AuditQuery) -> EventsFound:
        """A page.

        :raises NotFound: there is no event of that number.
        :raises Unavailable: the log cannot be read now.
        """
        if query.number is not None:
            one = self._audit.event(*query.number)
            if one is None:
                raise NotFound("There is no such audit event.", path="id")
            return EventsFound(events=(one,))
        return self._page(query)

    def _page(self, query: AuditQuery) -> EventsFound:
        found: list[RecordedEvent] = []
        place = query.after
        for _ in range(0, MOST_READ, _AT_ONCE):
            some = self._audit.newest(
                _AT_ONCE, start=query.start, end=query.end, person_key=query.person_key, after=place
            )
            for one in some:
                if len(found) == query.count:
                    return EventsFound(events=tuple(found), next=place)
                place = one.place
                if _meets(one.event, query):
                    found.append(one)
            if len(some) < _AT_ONCE:
                return EventsFound(events=tuple(found))
        return EventsFound(events=tuple(found), next=place)


def _meets(event: AuditEvent, query: AuditQuery) -> bool:
    agents = {f"client:{event.client_id}", event.practitioner, event.organisation, event.delegate}
    return (
        (query.actions is None or event.action in query.actions)
        and all(wanted & agents for wanted in query.agents)
        and (query.statuses is None or any(first <= event.status <= last for first, last in query.statuses))
    )
