"""Each revision keeps the fingerprint of the report that made it, so that the report is known when it comes again.

Revision: 0002. Revisions recorded before have none.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One column more."""
    op.add_column("dispensation", Column("report", LargeBinary(16)))
