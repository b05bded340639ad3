"""The audit log's tables: the streams with their heads, and the events."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from gateway.database import Migrations, UtcDateTime

MIGRATIONS = Migrations(Path(__file__).parent / "migrations", version_table="audit_version")

metadata = MetaData()

# Streams are numbered from 1 without gaps. The head moves with every event, so that the last one cannot just go.
audit_stream = Table(
    "audit_stream",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("stream", Integer, ForeignKey("audit_stream.stream"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("event", LargeBinary, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("person_key", Text),  # as the event says
    Index("ix_audit_event_person_key", "person_key", "at"),
    sqlite_with_rowid=False,
)
