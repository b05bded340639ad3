"""Every dispenser, listed or heard of, and how it stands.

A listed dispenser and one that has reported are the same when the record names them by the same identifier; else when
they share an NPI or a DEA number that nobody else of the list has, and no identifier tells them apart. So a pharmacy
that leaves out its NCPDP id for once is not taken for silent, and the shops of a chain are not taken for one another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gateway.compliance.rules import Days, ReportingRules
from gateway.model import CoveredDays, Dispenser, ExpectedDispenser, Reporter, ReportingSchedule
from gateway.ports import Clock, ReportingLog

MAX_DAYS = 366
_EARLIEST, _LATEST = date(1970, 1, 1), date(2999, 12, 31)


class Status(StrEnum):
    """How a dispenser stands, those that somebody must look after first."""

    NEVER = "never reported"  # and late
    OVERDUE = "overdue"
    CURRENT = "current"
    EXEMPT = "exempt"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One dispenser. `next_due` and `overdue` are None for one of which nothing is awaited any more.

    :ivar received_at: when it reported last; of several reports of that day, the first.
    :ivar last: the days with the latest end that it has told of.
    :ivar since: the first day it must report of.
    :ivar keys: under which the record knows it; several when it has named itself in several ways.
    """

    dispenser: Dispenser
    is_listed: bool
    schedule: ReportingSchedule
    status: Status
    since: date
    until: date | None
    received_at: datetime | None
    last: CoveredDays | None
    next_due: datetime | None
    overdue: timedelta | None
    keys: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        """True when a report is overdue."""
        return self.overdue is not None

    def is_known_by(self, identifier: str) -> bool:
        """True when this is one of its identifiers (NCPDP id, NPI, DEA number)."""
        one = self.dispenser
        return identifier.strip().upper() in {
            i.strip().upper() for i in (one.ncpdp_id, one.npi, one.dea) if i
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a dispenser has told of some days: each day with dispensations and each zero report, in order of their
    ends, and the days that are missing."""

    covered: tuple[CoveredDays, ...]
    missing: tuple[Days, ...]

    @property
    def days_reported(self) -> int:
        """How many days dispensations have been reported of."""
        return len({days.last for days in self.covered if not days.is_zero})

    @property
    def zero_reports(self) -> int:
        """How many zero reports there are."""
        return sum(days.is_zero for days in self.covered)


class Compliance:
    """Who has reported, and who has not."""

    def __init__(self, *, log: ReportingLog, rules: ReportingRules, clock: Clock) -> None:
        self._log = log
        self._rules = rules
        self._clock = clock

    def now(self) -> datetime:
        """The instant for which is answered when none is asked for."""
        return self._clock()

    def standings(self, as_of: datetime) -> list[Standing]:
        """All dispensers: those that have never reported, those that are overdue, longest first, and the others by
        name. What had been received by `as_of` counts, by the list as it is now.

        :raises gateway.errors.Unavailable: the record cannot be read now.
        """
        listed, others = _joined(self._log.expected(), self._log.reporters(as_of))
        standings = [self._listed(one, reporters, as_of) for one, reporters in listed]
        standings += [self._unlisted(reporter, as_of) for reporter in others]
        return sorted(standings, key=_order)

    def details(self, standings: Sequence[Standing], as_of: datetime, days: int) -> Iterator[Details]:
        """Of each of these dispensers the last `days` days (1 to 366).

        :raises gateway.errors.Unavailable: the record cannot be read now.
        """
        today = as_of.astimezone(UTC).date()
        window = Days(today - timedelta(days=days - 1), today)
        found = self._log.covered([key for one in standings for key in one.keys], window.first, as_of)
        for one in standings:
            told = sorted(
                {days for key in one.keys for days in found[key]},
                key=lambda days: (days.last, days.first, days.is_zero),
            )
            yield Details(covered=tuple(told), missing=self._missing(one, told, window, as_of))

    def _missing(
        self, one: Standing, told: Iterable[CoveredDays], window: Days, as_of: datetime
    ) -> tuple[Days, ...]:
        if one.status is Status.EXEMPT:
            return ()
        first, last = max(window.first, one.since), min(window.last, one.until or window.last)
        if last < first:
            return ()
        covered = [Days(days.first, days.last) for days in told]
        return self._rules.missing(one.schedule, covered, Days(first, last), as_of)

    def _listed(
        self, expected: ExpectedDispenser, reporters: Sequence[Reporter], as_of: datetime
    ) -> Standing:
        newest = max(reporters, key=lambda one: one.received_at, default=None)
        standing = Standing(
            dispenser=_together(expected.dispenser, newest),
            is_listed=True,
            schedule=expected.schedule or self._rules.schedule_of(expected.dispenser.kind),
            status=Status.EXEMPT,
            since=expected.since,
            until=expected.closed,
            received_at=None if newest is None else newest.received_at,
            last=max((one.last for one in reporters if one.last), key=lambda days: days.last, default=None),
            next_due=None,
            overdue=None,
            keys=tuple(one.key for one in reporters),
        )
        return standing if expected.exempt else self._judged(standing, as_of)

    def _unlisted(self, reporter: Reporter, as_of: datetime) -> Standing:
        standing = Standing(
            dispenser=reporter.dispenser,
            is_listed=False,
            schedule=self._rules.schedule_of(reporter.dispenser.kind),
            status=Status.CURRENT,
            since=max(reporter.first_day or reporter.received_at.astimezone(UTC).date(), _EARLIEST),
            until=None,
            received_at=reporter.received_at,
            last=reporter.last,
            next_due=None,
            overdue=None,
            keys=(reporter.key,),
        )
        return self._judged(standing, as_of)

    def _judged(self, one: Standing, as_of: datetime) -> Standing:
        covered_until = one.since - timedelta(days=1)
        if one.last is not None:
            covered_until = max(covered_until, one.last.last)
        if one.until is not None and self._rules.next_owed(one.schedule, covered_until) > one.until:
            return replace(one, status=Status.CLOSED)
        due = self._rules.due(one.schedule, covered_until)
        if due > as_of:
            return replace(one, status=Status.CURRENT, next_due=due)
        status = Status.NEVER if one.received_at is None else Status.OVERDUE
        return replace(one, status=status, next_due=due, overdue=as_of - due)


def read_instant(text: str) -> datetime:
    """A point in time as people write it: 2026-03-01 is the end of that day, 2026-03-01T12:00 is in UTC unless it
    says otherwise.

    :raises ValueError: it is none, or one long ago or far ahead.
    """
    try:
        instant = datetime.combine(date.fromisoformat(text), time.min, UTC) + timedelta(days=1)
    except ValueError:
        told = datetime.fromisoformat(text)
        instant = told.replace(tzinfo=UTC) if told.tzinfo is None else told
    except OverflowError:
        raise ValueError("far ahead") from None
    if not _EARLIEST < instant.date() < _LATEST:
        raise ValueError("long ago or far ahead")
    return instant.astimezone(UTC)


def write_instant(instant: datetime) -> str:
    """In UTC, as :func:`read_instant` reads it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _order(one: Standing) -> tuple[object, ...]:
    name = (one.dispenser.name or "").casefold()
    return list(Status).index(one.status), -(one.overdue or timedelta()), name, one.keys


def _joined(
    expected: Sequence[ExpectedDispenser], reporters: Sequence[Reporter]
) -> tuple[list[tuple[ExpectedDispenser, list[Reporter]]], list[Reporter]]:
    """Each listed dispenser with what has reported of it, and who has reported without being listed."""
    joined: list[tuple[ExpectedDispenser, list[Reporter]]] = [(one, []) for one in expected]
    by_key = {one.key: number for number, one in enumerate(expected)}
    by_identifier: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, one in enumerate(expected):
        for identifier in _shared(one.dispenser):
            by_identifier[identifier].add(number)
    others: list[Reporter] = []
    for reporter in reporters:
        near = {n for identifier in _shared(reporter.dispenser) for n in by_identifier[identifier]}
        if reporter.key in by_key:
            fitting = [by_key[reporter.key]]
        else:
            fitting = [n for n in near if not _are_apart(expected[n].dispenser, reporter.dispenser)]
        if len(fitting) == 1:
            joined[fitting[0]][1].append(reporter)
        else:
            others.append(reporter)
    return joined, others


def _shared(dispenser: Dispenser) -> list[tuple[str, str]]:
    """Identifiers by which it can be known beside the one that the record names it by."""
    told = (("npi", dispenser.npi), ("dea", dispenser.dea))
    return [(kind, value.strip().upper()) for kind, value in told if value]


def _are_apart(one: Dispenser, other: Dispenser) -> bool:
    """True when an identifier that every shop has for itself says that these are two: an NPI may be a chain's."""
    pairs = ((one.ncpdp_id, other.ncpdp_id), (one.dea, other.dea))
    return any(a and b and a.strip().upper() != b.strip().upper() for a, b in pairs)


def _together(listed: Dispenser, newest: Reporter | None) -> Dispenser:
    """As the list has it, and where the list says nothing as it has named itself."""
    if newest is None:
        return listed
    told = newest.dispenser
    return replace(
        told,
        ncpdp_id=listed.ncpdp_id or told.ncpdp_id,
        npi=listed.npi or told.npi,
        dea=listed.dea or told.dea,
        name=listed.name or told.name,
        kind=listed.kind,
    )
