"""The log, turns, outbox, vault, consent and controls.

Revision ID: 0001
Revises:
"""

from alembic import op

from memory.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
