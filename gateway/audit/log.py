"""The audit log as its users see it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError

from gateway.audit import chain
from gateway.audit.chain import BrokenChain, Head, Link, Verdict
from gateway.audit.schema import MIGRATIONS, audit_event, audit_stream
from gateway.database import Database, answering
from gateway.errors import Unavailable
from gateway.model.audit import AuditEvent
from gateway.model.auditing import Place, RecordedEvent
from gateway.ports import AuditLog
from gateway.prepared import Prepared
from gateway.turns import waiting

_log = structlog.get_logger(__name__)

PART = "audit log"
ROWS_AT_ONCE = 1000
ATTEMPTS_TO_OPEN = 3
_MOST_STREAM: Final = 2**31 - 1
_MOST_SEQ: Final = 2**63 - 1
ISOLATION: IsolationLevel = "READ COMMITTED"  # streams share no rows; the primary keys do the rest

_INSERT = insert(audit_event)
_MOVE_HEAD = (
    update(audit_stream)
    .where(audit_stream.c.stream == bindparam("of"))
    .values(seq=bindparam("to_seq"), hash=bindparam("to_hash"))
)
_APPEND = Prepared(_INSERT, columns=("stream", "seq", "at", "event", "previous", "hash", "person_key"))
_MOVE = Prepared(_MOVE_HEAD)
_HEADS = select(audit_stream.c.stream, audit_stream.c.seq, audit_stream.c.hash).order_by(
    audit_stream.c.stream
)
_HEAD = _HEADS.where(audit_stream.c.stream == bindparam("of"))
_LINKS = (
    select(
        audit_event.c.seq,
        audit_event.c.at,
        audit_event.c.event,
        audit_event.c.previous,
        audit_event.c.hash,
        audit_event.c.person_key,
    )
    .where(audit_event.c.stream == bindparam("of"))
    .order_by(audit_event.c.seq)
)

_EVENT = select(audit_event.c.at, audit_event.c.stream, audit_event.c.seq, audit_event.c.event).where(
    audit_event.c.stream == bindparam("of"), audit_event.c.seq == bindparam("no")
)


class _Entry:
    """An event on its way to the disk. Its thread sleeps on `wake` until it is settled or may write itself."""

    __slots__ = ("at", "content", "is_settled", "is_written", "person_key", "wake")

    def __init__(self, event: AuditEvent) -> None:
        self.at = event.at
        self.person_key = event.person_key
        self.content = chain.encode(event)
        self.is_settled = False
        self.is_written = False
        self.wake = Lock()
        self.wake.acquire()

    def settle(self, *, is_written: bool) -> None:
        """Say what has become of it."""
        self.is_written = is_written
        self.is_settled = True
        self.wake.release()


class HashChainedLog(AuditLog):
    """The audit log in an SQL database. One object a process, made after any fork, shared by its threads.

    Threads that come while another one is writing wait, and the first of them then writes for all of them: one
    transaction and one wait for the disk, however many they are.

    :param url: an SQLAlchemy URL, migrated before.
    :param busy_timeout: seconds to wait for another process's write before giving up.
    :raises gateway.database.SchemaError: the database cannot be opened; its schema is missing, older or newer than
        this code.
    """

    def __init__(self, url: str, *, busy_timeout: float = 5.0) -> None:
        self._database = Database(url, busy_timeout=busy_timeout)
        self._lock = Lock()  # of the next two
        self._waiting: list[_Entry] = []
        self._is_writing = False  # some thread is, or has been woken to
        self._in_use = Lock()  # what follows, by the thread that is writing or closing:
        self._stream: int | None = None  # opened with the first event
        self._head: Head | None = None  # None: to be read from the database
        self._connection: Connection | None = None
        MIGRATIONS.check(self._database)

    # --- writing ----------------------------------------------------------------------------------------------

    def record(self, event: AuditEvent) -> None:
        """As the port says."""
        entry = _Entry(event)
        with self._lock:
            self._waiting.append(entry)
            is_my_turn = not self._is_writing
            self._is_writing = True
        if not is_my_turn:
            with waiting():
                entry.wake.acquire()
        if not entry.is_settled:
            self._write_waiting()
        if not entry.is_written:
            raise Unavailable(f"The {PART} cannot answer now.")

    def _write_waiting(self) -> None:
        """Write what waits by now, then give the turn to the first that has come since."""
        with self._lock:
            entries, self._waiting = self._waiting, []
        is_written = False
        try:
            with self._in_use, answering(PART):
                self._write(entries)
            is_written = True
        except Unavailable:
            pass  # it stands in the technical log, and every entry's own caller hears of it
        except Exception as error:
            _log.error("audit.failed", error=type(error).__name__)
        finally:
            if not is_written:
                self._give_up()
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_writing = following is not None
            for entry in entries:
                entry.settle(is_written=is_written)
            if following is not None:
                following.wake.release()

    def _write(self, entries: list[_Entry]) -> None:
        if self._stream is None:
            self._stream = self._open_stream()
        if self._connection is None:
            self._connection = self._database.connect()
        connection = self._connection
        self._database.begin(connection, ISOLATION)
        stream, seq, previous = self._head or self._read_head(connection, self._stream)
        rows: list[dict[str, object]] = []
        for entry in entries:
            seq, hash_ = seq + 1, chain.chained(previous, entry.content)
            rows.append(
                {
                    "stream": stream,
                    "seq": seq,
                    "at": entry.at,
                    "event": entry.content,
                    "previous": previous,
                    "hash": hash_,
                    "person_key": entry.person_key,
                }
            )
            previous = hash_
        _APPEND.each(connection, rows)
        _MOVE.each(connection, [{"of": stream, "to_seq": seq, "to_hash": previous}])
        with waiting():
            connection.commit()
        self._head = Head(stream, seq, previous)

    def _open_stream(self) -> int:
        """A new stream's number. Another process may take it first; then the next one is tried."""
        for _ in range(ATTEMPTS_TO_OPEN - 1):
            with suppress(Unavailable):
                return self._take_number()
        return self._take_number()

    def _take_number(self) -> int:
        with answering(PART), self._database.writing(ISOLATION) as connection:
            last = connection.execute(select(func.max(audit_stream.c.stream))).scalar_one()
            number = (last or 0) + 1
            connection.execute(
                insert(audit_stream), {"stream": number, "seq": 0, "hash": chain.genesis(number)}
            )
        return number

    def _read_head(self, connection: Connection, stream: int) -> Head:
        """Where the database says that the stream ends: after a failure, what was written is not known here."""
        row = connection.execute(_HEAD, {"of": stream}).one_or_none()
        if row is None:
            self._stream = None  # somebody has removed it: the next event begins another
            raise Unavailable(f"The {PART} has lost its stream.")
        return Head(*row)

    def _give_up(self) -> None:
        """After a failure: nothing is known of the transaction, so connection and head are taken anew."""
        connection, self._connection, self._head = self._connection, None, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    # --- reading ----------------------------------------------------------------------------------------------

    def events(
        self, *, start: datetime | None = None, end: datetime | None = None, client_id: str | None = None
    ) -> Iterator[AuditEvent]:
        """The events from `start` (included) to `end` (not included), of one client or of all, in order of time."""
        statement = select(audit_event.c.event).order_by(
            audit_event.c.at, audit_event.c.stream, audit_event.c.seq
        )
        if start is not None:
            statement = statement.where(audit_event.c.at >= start)
        if end is not None:
            statement = statement.where(audit_event.c.at < end)
        with answering(PART), self._database.snapshot() as connection:
            for content in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement).scalars():
                event = chain.decode(content)
                if client_id is None or event.client_id == client_id:
                    yield event

    def event(self, stream: int, seq: int) -> RecordedEvent | None:
        """As the port says."""
        if stream > _MOST_STREAM or seq > _MOST_SEQ:
            return None
        with answering(PART), self._database.connect() as connection:
            row = connection.execute(_EVENT, {"of": stream, "no": seq}).one_or_none()
        return None if row is None else _recorded(row)

    def newest(
        self,
        limit: int,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        person_key: str | None = None,
        after: Place | None = None,
    ) -> Sequence[RecordedEvent]:
        """As the port says."""
        at = audit_event.c.at
        place = (at, audit_event.c.stream, audit_event.c.seq)
        statement = (
            select(*place, audit_event.c.event).order_by(*(column.desc() for column in place)).limit(limit)
        )
        if start is not None:
            statement = statement.where(at >= start)
        if end is not None:
            statement = statement.where(at < end)
        if person_key is not None:
            statement = statement.where(audit_event.c.person_key == person_key)
        if after is not None:
            # the first condition alone leads into the index
            statement = statement.where(at <= after.at, tuple_(*place) < tuple_(*after))
        with answering(PART), self._database.connect() as connection:
            return [_recorded(row) for row in connection.execute(statement)]

    def verify(self, noted: Collection[Head] = ()) -> Verdict:
        """Walk every stream from its beginning, up to the first break.

        :param noted: heads of an earlier verdict, noted elsewhere: they must still be there.
        :raises gateway.errors.Unavailable: the log cannot be read.
        """
        events = 0
        with answering(PART), self._database.snapshot() as connection:
            heads = [Head(*row) for row in connection.execute(_HEADS)]
            try:
                _check_streams(connection, heads, noted)
                for head in heads:
                    hashes = {one.seq: one.hash for one in noted if one.stream == head.stream and one.seq}
                    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
                        _LINKS, {"of": head.stream}
                    )
                    for _ in chain.walk(head, (Link(*row) for row in rows), hashes):
                        events += 1
            except BrokenChain as error:
                return Verdict(events=events, heads=tuple(heads), broken=error.broken)
        return Verdict(events=events, heads=tuple(heads))

    def ready(self) -> bool:
        """True when the log answers and its schema is the one this code needs."""
        return MIGRATIONS.is_current(self._database)

    def close(self) -> None:
        """Close all connections, after what is being written: a connection that is closed under a statement takes the
        process with it. A later event opens new ones."""
        with self._in_use:
            self._give_up()
            self._database.close()


def _recorded(row: Row[*tuple[Any, ...]]) -> RecordedEvent:
    return RecordedEvent(place=Place(row.at, row.stream, row.seq), event=chain.decode(row.event))


def _check_streams(connection: Connection, heads: list[Head], noted: Collection[Head]) -> None:
    """Streams are numbered without gaps, have a head each, and those that were noted are there."""
    last = len(heads)
    for number, head in enumerate(heads, start=1):
        if head.stream != number:
            raise BrokenChain(number, None, "the stream has been removed")
    orphan = or_(audit_event.c.stream < 1, audit_event.c.stream > last)
    stream = connection.execute(select(func.min(audit_event.c.stream)).where(orphan)).scalar_one()
    if stream is None:
        stream = min((one.stream for one in noted if one.stream > last), default=None)
    if stream is not None:
        raise BrokenChain(stream, None, "the stream has been removed")


def migrate(url: str) -> None:
    """Bring the audit log's database to the newest schema.

    :raises gateway.database.SchemaError: it cannot be.
    """
    MIGRATIONS.migrate(url)
