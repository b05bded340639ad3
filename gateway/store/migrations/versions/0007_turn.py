"""A table without rows, locked by those who write, so that large transactions follow one another.

Revision: 0007.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A table more."""
    op.create_table(
        "turn",
        Column("nobody", Integer, nullable=False),
        PrimaryKeyConstraint("nobody"),
        sqlite_with_rowid=False,
    )
