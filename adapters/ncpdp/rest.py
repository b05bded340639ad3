"""The rest of a history that one message cannot hold: a RxHistoryResponse has 300 medications at most.

An answer that leaves some out has the reason AQ and a ReferenceNumber, which says where the next one begins:

    REST-20261001-250-1f8a0c3e    the day of the first fill left out, how many of that day were sent, and a digest

The same request with that text as its RelatesToMessageID is answered from there. Narrower dates do as well, as long
as not more than 300 fills share a day: the rest ends on that day, and what was sent of it comes again.

Nothing is kept for it: the digest is of the fills of that day up to the first one left out. Where it is another by
then (a fill was voided meanwhile, or the request is about somebody else) the answer is an error: begun again from the
start a history is whole, and continued in another place it might not be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from adapters.ncpdp.tree import Tree, text
from gateway.errors import Conflict
from gateway.model import Dispensation, Period

MAX_MEDICATIONS = 300  # of one RxHistoryResponse, in every version
_FORM = re.compile(r"REST-([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{1,6})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rest begins: after the first `sent` fills of `day`, which the digest tells from any others."""

    day: date
    sent: int
    digest: str

    def __str__(self) -> str:
        return f"REST-{self.day.isoformat().replace('-', '')}-{self.sent}-{self.digest}"


@dataclass(frozen=True, slots=True)
class Part:
    """What one message holds of a history: some of the fills, how many are left out, and where these begin.

    `continues` is True for the rest of an answer before.
    """

    fills: Sequence[Dispensation] = ()
    left_out: int = 0
    rest: Place | None = None
    continues: bool = False

    @property
    def is_divided_by_days(self) -> bool:
        """True when a request for the rest by dates gets further than this part did."""
        return self.rest is None or self.rest.day < self.fills[0].filled


def place_asked_for(header: Tree) -> Place | None:
    """The place from which a request wants the rest; None for a request from the start."""
    return place_of(text(header, "RelatesToMessageID") or "")


def place_of(reference: str) -> Place | None:
    """The place that a reference names; None for one of another kind."""
    found = _FORM.fullmatch(reference)
    if found is None:
        return None
    year, month, day, sent, digest = found.groups()
    try:
        return Place(date(int(year), int(month), int(day)), int(sent), digest)
    except ValueError:
        return None


def remaining(period: Period, place: Place | None) -> Period:
    """The period in which the rest was filled. A place outside of it is none of this request's."""
    if place is None or not _is_in(period, place.day):
        return period
    return Period(start=period.start, end=place.day)


def part_of(fills: Sequence[Dispensation], place: Place | None, period: Period) -> Part:
    """What the answer to a request for that place holds.

    :param fills: all that were filled in the period, newest first.
    :raises Conflict: the place is not to be found in them any more.
    """
    start, continues = 0, place is not None and period.end == place.day
    if place is not None and continues:
        if _place(fills, place.sent) != place:
            raise Conflict(
                "The rest cannot be continued; the history has changed.",
                path="Message/Header/RelatesToMessageID",
                remedy="Ask anew.",
            )
        start = place.sent
    end = start + MAX_MEDICATIONS
    if end >= len(fills):
        return Part(fills[start:], continues=continues)
    return Part(fills[start:end], len(fills) - end, _place(fills, end), continues)


def _is_in(period: Period, day: date) -> bool:
    return (period.start is None or period.start <= day) and (period.end is None or day <= period.end)


def _place(fills: Sequence[Dispensation], position: int) -> Place | None:
    """The place of the fill at that position; None where there is none."""
    if position >= len(fills):
        return None
    day = fills[position].filled
    same_day = [d for d in fills[:position] if d.filled == day]
    return Place(day, len(same_day), _digest([*same_day, fills[position]]))


def _digest(fills: Sequence[Dispensation]) -> str:
    said = [(d.id, d.rx_number, d.fill_number, d.partial_fill, d.dispenser.identity) for d in fills]
    return blake2b(repr(said).encode(errors="surrogatepass"), digest_size=4).hexdigest()
