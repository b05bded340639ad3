"""Lists of drug products that an operator loads, and which of them are in force.

Revision: 0005.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, DateTime, Integer, PrimaryKeyConstraint, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "product",
        Column("system", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("load_no", Integer, nullable=False),
        Column("name", Text),
        Column("ndc11", Text),
        Column("rxcui", Text),
        Column("ingredients", Text),
        Column("dose_form", Text),
        Column("route", Text),
        Column("schedule", Text),
        Column("drug_class", Text, nullable=False),
        PrimaryKeyConstraint("system", "code", "source", "load_no"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "product_load",
        Column("source", Text, nullable=False),
        Column("load_no", Integer, nullable=False),
        Column("rank", Integer, nullable=False),
        Column("files", Text, nullable=False),
        Column("products", Integer, nullable=False),
        Column("loaded_at", DateTime(timezone=True)),
        PrimaryKeyConstraint("source", "load_no"),
        sqlite_with_rowid=False,
    )
