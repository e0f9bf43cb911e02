"""Memory: summary segments, what is known of a customer, who is one person, wrapped keys, and chores.


Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNREMEMBERED = sa.text("visible_seq > remembered_to")
_UNFOLDED = sa.text("seq > summary_to + 240")
_UNWRITTEN = sa.text("made_by = 'extractive'")


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_seq", sa.Integer(), nullable=False),
        sa.Column("to_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("turn_id", sa.String(length=40), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "number"),
        sa.UniqueConstraint("conversation_id", "from_seq"),
    )
    op.create_index("unwritten", "segments", ["at"], sqlite_where=_UNWRITTEN, postgresql_where=_UNWRITTEN)
    op.drop_index(op.f("ix_turns_conversation_id"), table_name="turns")
    op.create_index("turns_by_status", "turns", ["conversation_id", "status"])
    op.create_index("turns_by_time", "turns", ["conversation_id", "started_at"])
    op.create_table(
        "memories",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("superseded_by", sa.String(length=40), nullable=True),
        sa.Column("ended_why", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("indexed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("memories_of", "memories", ["customer_id", "kind", "valid_until"])
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("other_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_links_customer_id"), "links", ["customer_id"])
    op.create_index(op.f("ix_links_other_id"), "links", ["other_id"])
    op.create_table(
        "keyring",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("customers", sa.Column("merged_into", sa.String(length=40), nullable=True))
    op.create_index(op.f("ix_customers_merged_into"), "customers", ["merged_into"])
    op.add_column("identities", sa.Column("proof", sa.String(length=16), server_default="", nullable=False))
    op.add_column("conversations", sa.Column("remembered_to", sa.Integer(), server_default="0", nullable=False))
    op.add_column("conversations", sa.Column("proof", sa.String(length=16), server_default="", nullable=False))
    op.execute("UPDATE conversations SET remembered_to = seq")
    op.create_index("unfolded", "conversations", ["last_at"], sqlite_where=_UNFOLDED, postgresql_where=_UNFOLDED)
    op.create_index(
        "unremembered",
        "conversations",
        ["last_at"],
        sqlite_where=_UNREMEMBERED,
        postgresql_where=_UNREMEMBERED,
    )


def downgrade() -> None:
    op.drop_index("unfolded", table_name="conversations", sqlite_where=_UNFOLDED, postgresql_where=_UNFOLDED)
    op.drop_index(
        "unremembered", table_name="conversations", sqlite_where=_UNREMEMBERED, postgresql_where=_UNREMEMBERED
    )
    op.drop_column("conversations", "proof")
    op.drop_column("conversations", "remembered_to")
    op.drop_column("identities", "proof")
    op.drop_index(op.f("ix_customers_merged_into"), table_name="customers")
    op.drop_column("customers", "merged_into")
    op.drop_table("chores")
    op.drop_table("keyring")
    op.drop_index(op.f("ix_links_other_id"), table_name="links")
    op.drop_index(op.f("ix_links_customer_id"), table_name="links")
    op.drop_table("links")
    op.drop_index("memories_of", table_name="memories")
    op.drop_table("memories")
    op.drop_index("turns_by_time", table_name="turns")
    op.drop_index("turns_by_status", table_name="turns")
    op.create_index(op.f("ix_turns_conversation_id"), "turns", ["conversation_id"])
    op.drop_index("unwritten", table_name="segments", sqlite_where=_UNWRITTEN, postgresql_where=_UNWRITTEN)
    op.drop_table("segments")
