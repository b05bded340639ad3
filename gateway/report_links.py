"""Links to a report: made with an answer, opened once, by whoever was given the link.

    ReportLinks.__call__    a look-up; where a link is wanted, the answer has one
    ReportLinks.peek        whether a ticket can still be opened; this does not open it
    ReportLinks.open        the report, once

The ticket is 256 random bits, and the report lies sealed under it: nothing about the patient is in the link, and
nobody without the link can read what waits. A made ticket is remembered longer than it can be opened, so that one
that was opened or has ended is told from one that never was, and the audit can say whose it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import Conflict, NotFound
from gateway.model import Answer, LookupRequest, Outcome, Requester, Wanted
from gateway.ports import Ephemeral
from gateway.sealing import Sealed, new_ticket

_REMEMBERED: Final = 86_400  # seconds beyond its end
_LINKED: Final = frozenset({Outcome.COMPLETE, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a link leads to: the answer, and who asked for it."""

    answer: Answer
    requester: Requester


class ReportLinks:
    """Stands before the look-up.

    :param url: of the pages, without a slash at the end; the ticket follows.
    :param lifetime: seconds in which a link can be opened.
    """

    def __init__(
        self, *, lookup: Callable[[LookupRequest], Answer], ephemeral: Ephemeral, url: str, lifetime: int
    ) -> None:
        self._lookup = lookup
        self._ephemeral = ephemeral
        self._url = url
        self._lifetime = lifetime

    def __call__(self, request: LookupRequest) -> Answer:
        """The answer, with a link to it when there is a report and one is wanted; without the history when only the
        link is. An answer without a report says by its outcome why.

        :raises Unavailable: the report cannot be kept now; nothing of it leaves then.
        """
        answer = self._lookup(request)
        if Wanted.LINK not in request.wants or answer.outcome not in _LINKED:
            return answer
        linked = replace(answer, link=f"{self._url}/{self._made(answer, request.requester)}")
        if Wanted.DATA in request.wants:
            return linked
        return replace(linked, dispensations=(), persons=(), analysis=None)

    def peek(self, ticket: str) -> Requester:
        """For whom the ticket was made, while it can be opened.

        :raises NotFound: there never was such a ticket, as far as is remembered.
        :raises Conflict: it was opened, or has ended.
        """
        kept = self._kept(ticket)
        made = self._maker(kept)
        if kept.get("report", Report) is None:
            raise _gone()
        return made

    def maker(self, ticket: str) -> Requester | None:
        """For whom a ticket was made, if it ever was."""
        return self._kept(ticket).get("made", Requester)

    def open(self, ticket: str) -> Report:
        """The report; nobody can open it again. :raises NotFound, Conflict: as :meth:`peek`."""
        kept = self._kept(ticket)
        self._maker(kept)
        report = kept.take("report", Report)
        if report is None:
            raise _gone()
        return report

    def _made(self, answer: Answer, requester: Requester) -> str:
        ticket = new_ticket()
        kept = self._kept(ticket)
        kept.put("made", requester, self._lifetime + _REMEMBERED)
        kept.put("report", Report(answer=answer, requester=requester), self._lifetime)
        return ticket

    def _kept(self, ticket: str) -> Sealed:
        return Sealed(self._ephemeral, ticket, purpose="report")

    def _maker(self, kept: Sealed) -> Requester:
        made = kept.get("made", Requester)
        if made is None:
            raise NotFound("There is no such report.", remedy="Ask for a new link.")
        return made


def _gone() -> Conflict:
    return Conflict("This report was opened already, or its time has ended.", remedy="Ask for a new link.")
