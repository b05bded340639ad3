"""Who has reported which days, and who must: what a unit of intake adds, the reads, and the list of those who must.

What a unit adds are facts: it reads nothing to write them, so that units that run side by side meet only when two of
them are the first to add the same fact, and what a process has committed once it does not write again. Each read goes
by primary key; the one over all dispensers costs some steps down an index for each of them, however much they have
reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    select,
)

from gateway.errors import Conflict
from gateway.model import CoveredDays, Dispenser, ExpectedDispenser, PartyKind, Reporter, ReportingSchedule
from gateway.ports import Clock
from gateway.store import schema
from gateway.store.codec import Columns
from gateway.store.gathered import Gathered
from gateway.store.keys import dispenser_key
from gateway.store.references import IN_LIST, Recent, References

_reporter, _contact, _covered = schema.reporter.c.dispenser_key, schema.contact.c, schema.covered.c
_DAYS = (_covered.dispenser_key, _covered.first, _covered.last, _covered.is_zero, _covered.received_at)


def _first(column: Column[Any], *order: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Of each reporter: this column of the first of its rows in this order that were there by `as_of`. The order is
    the primary key's, so that it is one step down the index."""
    table = column.table.c
    known = and_(table.dispenser_key == _reporter, table.received_at <= bindparam("as_of"))
    return select(column).where(known).order_by(*order).limit(1).correlate(schema.reporter).scalar_subquery()


_NEWEST = (_contact.received_on.desc(),)
_LATEST = (_covered.last.desc(), _covered.first.desc(), _covered.is_zero.desc())
REPORTERS = select(
    _reporter,
    _first(_contact.received_at, *_NEWEST),
    _first(_contact.dispenser, *_NEWEST),
    _first(_covered.first, _covered.last, _covered.first),
    *(_first(column, *_LATEST) for column in _DAYS[1:]),
)
COVERED = (
    select(*_DAYS)
    .where(
        _covered.dispenser_key.in_(bindparam("keys", expanding=True)),
        _covered.last >= bindparam("since"),
        _covered.received_at <= bindparam("as_of"),
    )
    .order_by(_covered.dispenser_key, _covered.last, _covered.first, _covered.is_zero)
)
HAS_DISPENSED = (
    select(_covered.last)
    .where(
        _covered.dispenser_key == bindparam("key"),
        _covered.last.between(bindparam("start"), bindparam("end")),
        _covered.is_zero.is_(False),
    )
    .limit(1)
)
ZERO_REPORT = select(_covered.last).where(
    _covered.dispenser_key == bindparam("key"),
    _covered.last == bindparam("end"),
    _covered.first == bindparam("start"),
    _covered.is_zero.is_(True),
)


# --- what a unit adds -----------------------------------------------------------------------------------------


class Reports:
    """The reports of one unit of intake.

    :param known: rows that are known to be committed.
    :param refer: adds the dispenser's snapshot where it is not there yet, and returns its digest.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        known: Recent[bytes],
        refer: Callable[[Dispenser], bytes],
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._known = known
        self._refer = refer
        self._clock = clock
        self._new: set[bytes] = set()

    def add(self, gathered: Gathered, dispenser: Dispenser, days: Collection[date]) -> None:
        """It has reported, and dispensations of these days with it."""
        key, now = dispenser_key(dispenser), self._clock()
        self._contact(gathered, key, dispenser, now)
        for day in days:
            if self._is_new(key, day, day):
                row = {"dispenser_key": key, "first": day, "last": day, "is_zero": False, "received_at": now}
                gathered.add(schema.covered, row)

    def add_zero(self, gathered: Gathered, dispenser: Dispenser, first: date, last: date) -> bool:
        """It has reported that there was nothing; False when it had before. `gathered` has no report in it."""
        key, now = dispenser_key(dispenser), self._clock()
        self._contact(gathered, key, dispenser, now)
        is_new = not _is_there(self._connection, ZERO_REPORT, dispenser, first, last)
        if is_new:
            row = {"dispenser_key": key, "first": first, "last": last, "is_zero": True, "received_at": now}
            gathered.add(schema.covered, row)
        return is_new

    def keep(self) -> None:
        """Once committed: what was new is known."""
        for name in self._new:
            self._known.put(name, name)

    def _contact(self, gathered: Gathered, key: bytes, dispenser: Dispenser, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        if self._is_new(key, today):
            gathered.add(schema.reporter, {"dispenser_key": key})
            row = {"dispenser_key": key, "received_on": today, "received_at": now}
            gathered.add(schema.contact, {**row, "dispenser": self._refer(dispenser)})

    def _is_new(self, key: bytes, *days: date) -> bool:
        """True unless the row is known to be there. No such row is ever taken away or changed."""
        name = key + b"".join([day.toordinal().to_bytes(3) for day in days])
        if name in self._new or self._known.get(name) is not None:
            return False
        self._new.add(name)
        return True


# --- reads ----------------------------------------------------------------------------------------------------


def reporters(connection: Connection, references: References, as_of: datetime) -> list[Reporter]:
    """As :meth:`gateway.ports.ReportingLog.reporters`."""
    rows = [row for row in connection.execute(REPORTERS, {"as_of": as_of}) if row[1] is not None]
    dispensers = references.dispensers.read(connection, {bytes(row[2]) for row in rows})
    return [
        Reporter(
            key=bytes(key).hex(),
            dispenser=dispensers[bytes(dispenser)],
            received_at=received_at,
            first_day=first_day,
            last=None if last[0] is None else _days(last),
        )
        for key, received_at, dispenser, first_day, *last in rows
    ]


def covered(
    connection: Connection, keys: Collection[str], since: date, as_of: datetime
) -> dict[str, list[CoveredDays]]:
    """As :meth:`gateway.ports.ReportingLog.covered`."""
    found: dict[str, list[CoveredDays]] = {key: [] for key in keys}
    wanted = [bytes.fromhex(key) for key in found]
    for start in range(0, len(wanted), IN_LIST):
        values = {"keys": wanted[start : start + IN_LIST], "since": since, "as_of": as_of}
        for key, *days in connection.execute(COVERED, values):
            found[bytes(key).hex()].append(_days(days))
    return found


def has_dispensed(connection: Connection, dispenser: Dispenser, first: date, last: date) -> bool:
    """True when dispensations of one of these days have been reported."""
    return _is_there(connection, HAS_DISPENSED, dispenser, first, last)


def _is_there(
    connection: Connection, statement: Select[Any], dispenser: Dispenser, first: date, last: date
) -> bool:
    values = {"key": dispenser_key(dispenser), "start": first, "end": last}
    return connection.execute(statement, values).first() is not None


def _days(row: Sequence[Any]) -> CoveredDays:
    first, last, is_zero, received_at = row
    return CoveredDays(first=first, last=last, is_zero=is_zero, received_at=received_at)


# --- who must report ------------------------------------------------------------------------------------------


def expected(connection: Connection) -> list[ExpectedDispenser]:
    """As :meth:`gateway.ports.ReportingLog.expected`; in no order."""
    rows = connection.execute(select(schema.expected_dispenser))
    return [
        ExpectedDispenser(
            key=bytes(row.dispenser_key).hex(),
            dispenser=Dispenser(
                ncpdp_id=row.ncpdp_id, npi=row.npi, dea=row.dea, name=row.name, kind=PartyKind(row.kind)
            ),
            schedule=ReportingSchedule(row.schedule) if row.schedule else None,
            since=row.since,
            exempt=row.exempt,
            closed=row.closed,
        )
        for row in rows
    ]


def expect(connection: Connection, dispensers: Sequence[ExpectedDispenser]) -> None:
    """As :meth:`gateway.ports.ReportingLog.expect`, in the connection's transaction."""
    rows = {dispenser_key(one.dispenser): _row(one) for one in dispensers}
    if len(rows) != len(dispensers):
        raise Conflict(
            "A dispenser is listed twice.", remedy="List each dispenser once, with all its identifiers."
        )
    connection.execute(delete(schema.expected_dispenser))
    if rows:
        connection.execute(
            insert(schema.expected_dispenser),
            [{"dispenser_key": key, **columns} for key, columns in rows.items()],
        )


def _row(one: ExpectedDispenser) -> Columns:
    return {
        "ncpdp_id": one.dispenser.ncpdp_id,
        "npi": one.dispenser.npi,
        "dea": one.dispenser.dea,
        "name": one.dispenser.name,
        "kind": one.dispenser.kind.value,
        "schedule": one.schedule and one.schedule.value,
        "since": one.since,
        "exempt": one.exempt,
        "closed": one.closed,
    }
