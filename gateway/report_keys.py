"""Keys to a report: made with an answer, and later exchanged for links to it by the client that looked it up.

    ReportKeys.__call__    a look-up; where a key is wanted, the answer has one
    ReportKeys.link        a link to the report of a key, for whoever will read it

What is kept under a key is the request, not the answer: the link leads to what the record says when it is asked for,
and whether whoever will read it may is judged then. The key opens nothing by itself. It lies in a URL, so it names
nobody; what is kept is sealed under it together with the client's id, so that in another client's hands it leads
nowhere, exactly as one that never was.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from gateway.errors import NotFound
from gateway.model import Answer, LookupRequest, Outcome, ReportKey, ReportQuery, Requester, Wanted
from gateway.ports import Clock, Ephemeral
from gateway.report_links import ReportLinks
from gateway.sealing import Sealed

_REPORTED: Final = frozenset({Outcome.COMPLETE, Outcome.PARTIAL, Outcome.NO_DATA})


class ReportKeys:
    """Stands before the look-up.

    :param links: makes the links.
    :param lifetime: seconds in which links can be asked for.
    """

    def __init__(
        self,
        *,
        lookup: Callable[[LookupRequest], Answer],
        links: ReportLinks,
        ephemeral: Ephemeral,
        clock: Clock,
        lifetime: int,
    ) -> None:
        self._lookup = lookup
        self._links = links
        self._ephemeral = ephemeral
        self._clock = clock
        self._lifetime = lifetime

    def __call__(self, request: LookupRequest) -> Answer:
        """The answer, with a key to its report when one is wanted and there is a report, be it that there is nothing.

        :raises Unavailable: the request cannot be kept now; nothing of the answer leaves then.
        """
        answer = self._lookup(request)
        if not request.wants_report_key or answer.outcome not in _REPORTED:
            return answer
        return replace(answer, report_key=self._kept(request))

    def link(self, query: ReportQuery) -> Answer:
        """An answer with a link and without the history; without a link where there is no report by now, or none for
        this reader: its outcome says why.

        :raises NotFound: there is no such key, it has ended, or it is another client's: all the same.
        :raises Unavailable: the record, or what was kept, cannot be read now.
        """
        kept = self._sealed(query.key, query.requester).get("request", LookupRequest)
        if kept is None:
            raise NotFound(
                "There is no such report, or its time has ended.", remedy="Look the patient up again."
            )
        asked = replace(
            kept, requester=query.requester, wants=frozenset({Wanted.DATA}), wants_report_key=False
        )
        answer = self._lookup(asked)
        if answer.outcome not in _REPORTED:
            return answer
        link = self._links.link_to(answer, query.requester)
        return replace(answer, link=link, dispensations=(), persons=(), analysis=None)

    def _kept(self, request: LookupRequest) -> ReportKey:
        # 122 random bits in the form of a UUID, which clients of the PMP Gateway expect to find in the URL
        key = str(uuid.uuid4())
        kept = replace(request, message_id=None)  # the message was answered; another one asks for the link
        self._sealed(key, request.requester).put("request", kept, self._lifetime)
        return ReportKey(value=key, until=self._clock() + timedelta(seconds=self._lifetime))

    def _sealed(self, key: str, requester: Requester) -> Sealed:
        return Sealed(self._ephemeral, key, purpose="report key", bound=(requester.client_id,))
