"""Alembic's environment: the connection comes from whoever migrates."""

from gateway.store.schema import MIGRATIONS, metadata

MIGRATIONS.run(metadata)
