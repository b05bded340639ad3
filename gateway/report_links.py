"""Links to a report: made with an answer, opened once, by whoever was given the link.

    ReportLinks.__call__    a look-up; where a link is wanted, the answer has one
    ReportLinks.link_to     a link to an answer that is there
    ReportLinks.peek        whether a ticket can still be opened; this does not open it
    ReportLinks.open        the report, once
    ReportLinks.give_back   as if it had not been opened
    ReportLinks.revoke      the end of a link, by the client that asked for it

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
from gateway.ports import Clock, Ephemeral
from gateway.sealing import Sealed, new_ticket

_REMEMBERED: Final = 86_400  # seconds beyond its end
_GONE: Final = 410  # of HTTP
_LINKED: Final = frozenset({Outcome.COMPLETE, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is remembered of a link: for whom it was made, and of which report."""

    requester: Requester
    report_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a link leads to: the answer, who asked for it, and until when it can be opened (a POSIX time)."""

    answer: Answer
    requester: Requester
    until: float


class ReportLinks:
    """Stands before the look-up.

    :param url: of the pages, without a slash at the end; the ticket follows.
    :param lifetime: seconds in which a link can be opened.
    """

    def __init__(
        self,
        *,
        lookup: Callable[[LookupRequest], Answer],
        ephemeral: Ephemeral,
        clock: Clock,
        url: str,
        lifetime: int,
    ) -> None:
        self._lookup = lookup
        self._ephemeral = ephemeral
        self._clock = clock
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
        linked = replace(answer, link=self.link_to(answer, request.requester))
        if Wanted.DATA in request.wants:
            return linked
        return replace(linked, dispensations=(), persons=(), analysis=None)

    def link_to(self, answer: Answer, requester: Requester) -> str:
        """A link to this answer, whatever it says. :raises Unavailable: it cannot be kept now."""
        return f"{self._url}/{self._made(answer, requester)}"

    def peek(self, ticket: str) -> None:
        """Nothing, while the ticket can be opened.

        :raises NotFound: there never was such a ticket, as far as is remembered.
        :raises Conflict: it was opened or revoked, or has ended.
        """
        kept = self._kept(ticket)
        self._require_made(kept)
        if kept.get("report", Report) is None:
            raise _gone()

    def made(self, ticket: str) -> Made | None:
        """For whom a ticket was made, if it ever was."""
        return self._kept(ticket).get("made", Made)

    def open(self, ticket: str) -> Report:
        """The report; nobody can open it again. :raises NotFound, Conflict: as :meth:`peek`."""
        kept = self._kept(ticket)
        self._require_made(kept)
        report = kept.take("report", Report)
        if report is None:
            raise _gone()
        return report

    def give_back(self, ticket: str, report: Report) -> None:
        """The report was not shown: it can be opened for the rest of its time, unless it was revoked meanwhile.

        :raises Unavailable: it cannot be kept; it is lost then.
        """
        kept = self._kept(ticket)
        left = int(report.until - self._clock().timestamp())
        if left > 0:
            kept.put("report", report, left)
            if kept.get("revoked", bool):
                kept.take("report", Report)

    def revoke(self, ticket: str, client_id: str) -> Made:
        """End a link that this client has asked for; nobody can open it from now on.

        :raises NotFound: there never was such a ticket, or another client asked for it.
        :raises Conflict: it was opened or revoked before, or has ended.
        """
        kept = self._kept(ticket)
        made = self._require_made(kept)
        if made.requester.client_id != client_id:
            raise _unknown()
        kept.put("revoked", True, self._lifetime)
        if kept.take("report", Report) is None:
            raise _gone()
        return made

    def _made(self, answer: Answer, requester: Requester) -> str:
        ticket = new_ticket()
        kept = self._kept(ticket)
        until = self._clock().timestamp() + self._lifetime
        made = Made(requester=requester, report_id=answer.report_id)
        kept.put("made", made, self._lifetime + _REMEMBERED)
        kept.put("report", Report(answer=answer, requester=requester, until=until), self._lifetime)
        return ticket

    def _kept(self, ticket: str) -> Sealed:
        return Sealed(self._ephemeral, ticket, purpose="report")

    def _require_made(self, kept: Sealed) -> Made:
        made = kept.get("made", Made)
        if made is None:
            raise _unknown()
        return made


def _unknown() -> NotFound:
    return NotFound("There is no such report.", remedy="Ask for a new link.")


def _gone() -> Conflict:
    gone = Conflict(
        "This report was opened already, was revoked, or its time has ended.", remedy="Ask for a new link."
    )
    gone.status = _GONE
    return gone
