"""Alembic's way in: the connection comes from `memory.migrate`, never from a file."""

from alembic import context

from memory.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
