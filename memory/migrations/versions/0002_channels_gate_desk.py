"""Channels, the gate and the desk: audit, attachments, outgoing webhooks, campaigns, tasks, corrections.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachments_of", "attachments", ["conversation_id", "seq"], unique=False)
    op.create_index(op.f("ix_attachments_customer_id"), "attachments", ["customer_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "campaign_members",
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("inbox", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("outbox_id", sa.String(length=64), nullable=True),
        sa.Column("values", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "customer_id"),
    )
    op.create_index("campaign_members_status", "campaign_members", ["campaign_id", "status"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column("turn_id", sa.String(length=40), nullable=True),
        sa.Column("passage_id", sa.Text(), nullable=True),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("corrections_live", "corrections", ["collection", "ended_at"], unique=False)
    op.create_table(
        "hooks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint", "conversation_id", "seq"),
    )
    op.create_index(
        "hooks_due",
        "hooks",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'sending')"),
        postgresql_where=sa.text("status IN ('pending', 'sending')"),
    )
    op.create_index(op.f("ix_hooks_customer_id"), "hooks", ["customer_id"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_table(
        "presence",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("inbox", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_subscriptions_conversation_id"), "subscriptions", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_subscriptions_customer_id"), "subscriptions", ["customer_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.JSON(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "seq", "kind"),
    )
    op.create_index(op.f("ix_tasks_customer_id"), "tasks", ["customer_id"], unique=False)
    op.add_column("consents", sa.Column("by", sa.String(length=64), server_default="", nullable=False))
    op.add_column("conversations", sa.Column("team", sa.String(length=64), nullable=True))
    op.add_column("conversations", sa.Column("language", sa.String(length=8), server_default="", nullable=False))
    op.add_column("conversations", sa.Column("due_at", sa.BigInteger(), nullable=True))
    owed = sa.text("due_at IS NOT NULL")
    op.create_index("owed", "conversations", ["due_at"], unique=False, sqlite_where=owed, postgresql_where=owed)
    op.add_column("conversations", sa.Column("person_at", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("heard_at", sa.BigInteger(), nullable=True))
    op.add_column("customers", sa.Column("timezone", sa.String(length=64), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("campaign_id", sa.String(length=40), nullable=True))
    op.add_column("outbox", sa.Column("rule", sa.String(length=32), nullable=True))
    op.add_column("outbox", sa.Column("report", sa.String(length=16), nullable=True))
    op.add_column("outbox", sa.Column("reported_at", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("admitted_at", sa.BigInteger(), nullable=True))
    for of in ("channel", "inbox", "campaign_id", "customer_id"):
        admitted = sa.text("admitted_at IS NOT NULL")
        op.create_index(
            f"outbox_admitted_{of}",
            "outbox",
            [of, "admitted_at"],
            unique=False,
            sqlite_where=admitted,
            postgresql_where=admitted,
        )
    op.create_index("outbox_campaign", "outbox", ["campaign_id"], unique=False)
    op.create_index("outbox_customer", "outbox", ["customer_id", "sent_at"], unique=False)
    op.create_index(
        "outbox_reported",
        "outbox",
        ["reported_at"],
        sqlite_where=sa.text("reported_at IS NOT NULL"),
        postgresql_where=sa.text("reported_at IS NOT NULL"),
    )
    op.create_index("outbox_sent", "outbox", ["inbox", "purpose", "sent_at"], unique=False)


def downgrade() -> None:
    op.drop_index("outbox_sent", table_name="outbox")
    op.drop_index("outbox_reported", table_name="outbox")
    op.drop_index("outbox_customer", table_name="outbox")
    op.drop_index("outbox_campaign", table_name="outbox")
    for of in ("channel", "inbox", "campaign_id", "customer_id"):
        op.drop_index(f"outbox_admitted_{of}", table_name="outbox")
    op.drop_column("outbox", "admitted_at")
    op.drop_column("outbox", "reported_at")
    op.drop_column("outbox", "report")
    op.drop_column("outbox", "rule")
    op.drop_column("outbox", "campaign_id")
    op.drop_column("customers", "timezone")
    op.drop_column("conversations", "heard_at")
    op.drop_column("conversations", "person_at")
    op.drop_index("owed", table_name="conversations")
    op.drop_column("conversations", "due_at")
    op.drop_column("conversations", "language")
    op.drop_column("conversations", "team")
    op.drop_column("consents", "by")
    op.drop_index(op.f("ix_tasks_customer_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_subscriptions_customer_id"), table_name="subscriptions")
    op.drop_index(op.f("ix_subscriptions_conversation_id"), table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_table("presence")
    op.drop_table("incidents")
    op.drop_index(op.f("ix_hooks_customer_id"), table_name="hooks")
    op.drop_index(
        "hooks_due",
        table_name="hooks",
        sqlite_where=sa.text("status IN ('pending', 'sending')"),
        postgresql_where=sa.text("status IN ('pending', 'sending')"),
    )
    op.drop_table("hooks")
    op.drop_index("corrections_live", table_name="corrections")
    op.drop_table("corrections")
    op.drop_table("campaigns")
    op.drop_index("campaign_members_status", table_name="campaign_members")
    op.drop_table("campaign_members")
    op.drop_index(op.f("ix_audit_subject"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_table("audit")
    op.drop_index(op.f("ix_attachments_customer_id"), table_name="attachments")
    op.drop_index("attachments_of", table_name="attachments")
    op.drop_table("attachments")
