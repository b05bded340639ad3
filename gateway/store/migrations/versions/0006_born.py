"""People are found by their birth date, too. The database makes the index of what is there already.

Revision: 0006.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """An index."""
    op.create_index("ix_appearance_birth_date", "appearance", ["birth_date"])
