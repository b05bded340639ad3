"""Alembic's environment: the connection comes from whoever migrates."""

from gateway.audit.schema import MIGRATIONS, metadata

MIGRATIONS.run(metadata)
