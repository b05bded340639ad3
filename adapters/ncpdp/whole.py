"""A partner's history whole, where one message cannot hold it: what AQ leaves out is asked for until nothing is.

A ReferenceNumber of our own kind (:mod:`adapters.ncpdp.rest`) is related to. Anybody else is asked with narrower
dates, up to the oldest fill that was sent, when the message has them newest first and so left out the oldest; what
was sent of that day has to come again, and counts once.

Where that leads nowhere, takes too long, or a later message does not come, the answer is what was had until then,
and partial (docs/decisions/0022-rest-of-a-history.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from adapters.ncpdp.answer import days_of, is_history, leaves_out, read_answer, reference_of
from adapters.ncpdp.message import Message
from adapters.ncpdp.rest import place_of
from gateway.errors import GatewayError
from gateway.model import Answer, Dispensation, LookupRequest, Outcome, StateOutcome

MOST_MESSAGES = 20
"""Of one look-up: 6,000 fills."""

Exchange = Callable[[LookupRequest, str | None], Message]
"""Asks, related to that id where there is one; the partner's message."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One message: what was asked for it, what it answers, and the day of which some was sent before."""

    message: Message
    asked: LookupRequest
    answer: Answer
    shared: date | None = None


def whole_answer(
    exchange: Exchange, request: LookupRequest, *, now: datetime, has_time: Callable[[], bool]
) -> Answer:
    """The partner's answer, of as many messages as it takes.

    :param has_time: False when no further message is to be asked for.
    :raises GatewayError: as `exchange` and :func:`adapters.ncpdp.answer.read_answer`, for the first message.
    """
    message = exchange(request, None)
    pages = [_Page(message, request, read_answer(message, request, now=now))]
    while leaves_out(pages[-1].message) and len(pages) < MOST_MESSAGES and has_time():
        try:
            following = _following(exchange, pages[-1], now)
        except GatewayError:
            break
        if following is None or not _goes_on(pages, following):
            break
        last = pages[-1]
        pages[-1] = replace(last, answer=read_answer(last.message, last.asked, now=now, rest_follows=True))
        pages.append(following)
    return pages[0].answer if len(pages) == 1 else _joined(pages)


def _following(exchange: Exchange, page: _Page, now: datetime) -> _Page | None:
    """The message with what this one left out; None when none is to be had."""
    fills, reference = page.answer.dispensations, reference_of(page.message)
    if not fills:
        return None
    if reference is not None and place_of(reference):
        asked, shared = page.asked, None
        message = exchange(asked, reference)
    else:
        shared = fills[-1].filled
        is_newest_first = all(one >= other for one, other in pairwise(days_of(page.message)))
        if not is_newest_first or shared == fills[0].filled:
            return None
        asked = replace(page.asked, period=replace(page.asked.period, end=shared))
        message = exchange(asked, None)
    if not is_history(message):
        return None
    return _Page(message, asked, read_answer(message, asked, now=now), shared)


def _goes_on(pages: Sequence[_Page], page: _Page) -> bool:
    """True when a message goes on where those before it ended: with nothing newer, and by dates with all that was had
    of the day that it shares with them. Else the partner does not sort as it seems to, or does not follow."""
    found, had = page.answer.dispensations, pages[-1].answer.dispensations
    if not found or found[0].filled > had[-1].filled:
        return False
    return page.shared is None or not Counter(_of_day(_fills(pages), page.shared)) - Counter(found)


def _joined(pages: Sequence[_Page]) -> Answer:
    """One answer of all messages, which is whole when each is."""
    answers = [page.answer for page in pages]
    fills = _fills(pages)
    is_partial = any(answer.outcome is Outcome.PARTIAL for answer in answers)
    details = dict.fromkeys(answer.detail for answer in answers if answer.detail)
    return replace(
        answers[0],
        outcome=Outcome.PARTIAL if is_partial else Outcome.COMPLETE,
        dispensations=fills,
        persons=tuple({id(d.person): d.person for d in fills}.values()),
        states=_states(answers),
        detail=" ".join(details) or None,
    )


def _fills(pages: Iterable[_Page]) -> tuple[Dispensation, ...]:
    """All fills, newest first; those of a shared day that two messages have, once."""
    fills: list[Dispensation] = []
    for page in pages:
        had = Counter(_of_day(fills, page.shared)) if page.shared else Counter[Dispensation]()
        for d in page.answer.dispensations:
            if had[d]:
                had[d] -= 1
            else:
                fills.append(d)
    return tuple(sorted(fills, key=lambda d: d.filled, reverse=True))


def _of_day(fills: Iterable[Dispensation], day: date) -> list[Dispensation]:
    return [d for d in fills if d.filled == day]


def _states(answers: Iterable[Answer]) -> tuple[StateOutcome, ...]:
    """Each state once, with what is worst of it."""
    found: dict[str, StateOutcome] = {}
    for answer in answers:
        for state in answer.states:
            if state.state not in found or state.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA}:
                found[state.state] = state
    return tuple(found.values())
