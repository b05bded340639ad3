"""Who has reported which days, and who must. What was recorded before is in none of these tables.

Revision: 0003.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Four tables."""
    op.create_table(
        "reporter",
        Column("dispenser_key", LargeBinary(16), nullable=False),
        PrimaryKeyConstraint("dispenser_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact",
        Column("dispenser_key", LargeBinary(16), nullable=False),
        Column("received_on", Date, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("dispenser", LargeBinary(16), nullable=False),
        PrimaryKeyConstraint("dispenser_key", "received_on"),
        ForeignKeyConstraint(["dispenser"], ["dispenser.digest"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "covered",
        Column("dispenser_key", LargeBinary(16), nullable=False),
        Column("last", Date, nullable=False),
        Column("first", Date, nullable=False),
        Column("is_zero", Boolean, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("dispenser_key", "last", "first", "is_zero"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "expected_dispenser",
        Column("dispenser_key", LargeBinary(16), nullable=False),
        Column("ncpdp_id", Text),
        Column("npi", Text),
        Column("dea", Text),
        Column("name", Text),
        Column("kind", Text, nullable=False),
        Column("schedule", Text),
        Column("since", Date, nullable=False),
        Column("exempt", Boolean, nullable=False),
        Column("closed", Date),
        PrimaryKeyConstraint("dispenser_key"),
        sqlite_with_rowid=False,
    )
