"""Appearances can be moved from one person to another, with their dispensations, and a journal says who did it.

Revision: 0004. Nothing that was recorded before has been moved.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, PrimaryKeyConstraint, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Where things have gone, and the journal."""
    op.add_column("appearance", Column("moved_to", BigInteger))
    op.add_column("dispensation", Column("moved_key", BigInteger))
    op.add_column("dispensation", Column("moved_no", Integer))
    op.create_table(
        "link",
        Column("person_key", BigInteger, nullable=False),
        Column("link_no", Integer, nullable=False),
        Column("other_key", BigInteger, nullable=False),
        Column("other_no", Integer, nullable=False),
        Column("leaves", Boolean, nullable=False),
        Column("action", Text, nullable=False),
        Column("joins", Boolean, nullable=False),
        Column("appearances", Text, nullable=False),
        Column("dispensations", Integer, nullable=False),
        Column("highest", Integer, nullable=False),
        Column("undoes", Text),
        Column("operator", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("person_key", "link_no"),
        sqlite_with_rowid=False,
    )
