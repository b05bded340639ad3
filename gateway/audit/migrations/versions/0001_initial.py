"""The first schema: streams with their heads, and the events of each."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_stream",
        Column("stream", Integer, autoincrement=False, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("hash", LargeBinary(32), nullable=False),
        PrimaryKeyConstraint("stream"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_event",
        Column("stream", Integer, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("event", LargeBinary, nullable=False),
        Column("previous", LargeBinary(32), nullable=False),
        Column("hash", LargeBinary(32), nullable=False),
        PrimaryKeyConstraint("stream", "seq"),
        ForeignKeyConstraint(["stream"], ["audit_stream.stream"]),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_event_at", "audit_event", ["at"])
