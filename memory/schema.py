"""The tables. Every body that may hold a customer's real values is sealed bytes; `redacted` holds pseudonyms.

Times are UTC, stored as whole microseconds since 1970 so that both databases compare them alike.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from memory.schema_memory import chores as chores
from memory.schema_memory import keyring as keyring
from memory.schema_memory import links as links
from memory.schema_memory import memories as memories
from memory.schema_memory import segments as segments
from memory.tables import Moment as Moment
from memory.tables import metadata as metadata

customers = Table(
    "customers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("region", String(8), nullable=False, server_default=""),
    Column("tier", String(16), nullable=False, server_default=""),
    Column("timezone", String(64), nullable=False, server_default=""),
    Column("merged_into", String(40), index=True),
    Column("created_at", Moment, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("value", LargeBinary, nullable=False),
    Column("proof", String(16), nullable=False, server_default=""),
)

vault = Table(
    "vault",
    metadata,
    Column("customer_id", String(40), primary_key=True),
    Column("entity", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("inbox", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("thread_key", String(64), nullable=False),
    Column("region", String(8), nullable=False, server_default=""),
    Column("tier", String(16), nullable=False, server_default=""),
    Column("data_class", String(16), nullable=False, server_default="conversation"),
    Column("status", String(8), nullable=False, server_default="open"),
    Column("owner", String(8), nullable=False, server_default="bot"),
    Column("person", String(64)),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("seq", Integer, nullable=False, server_default="0"),
    Column("visible_seq", Integer, nullable=False, server_default="0"),
    Column("inbound_seq", Integer, nullable=False, server_default="0"),
    Column("answered_seq", Integer, nullable=False, server_default="0"),
    Column("parked_seq", Integer, nullable=False, server_default="0"),
    Column("summary_seq", Integer, nullable=False, server_default="0"),
    Column("summary_to", Integer, nullable=False, server_default="0"),
    Column("remembered_to", Integer, nullable=False, server_default="0"),
    Column("proof", String(16), nullable=False, server_default=""),
    Column("lease", String(40)),
    Column("lease_until", Moment),
    Column("retry_at", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("introduced", Boolean, nullable=False, server_default=text("false")),
    Column("token_hash", String(64)),
    Column("address", LargeBinary, nullable=False),
    Column("thread", LargeBinary),
    Column("reason", Text, nullable=False, server_default=""),
    Column("priority", String(8), nullable=False, server_default="normal"),
    Column("waiting_since", Moment),
    Column("team", String(64)),
    Column("language", String(8), nullable=False, server_default=""),
    Column("due_at", Moment),
    Column("person_at", Moment),
    Column("heard_at", Moment),
    Column("opened_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
)
Index(
    "one_open_thread",
    conversations.c.inbox,
    conversations.c.thread_key,
    unique=True,
    sqlite_where=conversations.c.status == "open",
    postgresql_where=conversations.c.status == "open",
)
_DUE = (conversations.c.inbound_seq > conversations.c.answered_seq) & (
    conversations.c.inbound_seq > conversations.c.parked_seq
)
Index("due", conversations.c.last_at, sqlite_where=_DUE, postgresql_where=_DUE)
_UNREMEMBERED = conversations.c.visible_seq > conversations.c.remembered_to
Index("unremembered", conversations.c.last_at, sqlite_where=_UNREMEMBERED, postgresql_where=_UNREMEMBERED)
Index("conversations_last_at", conversations.c.last_at)
# More events than a turn reads (`memory.backlog`).
UNFOLDED = text("seq > summary_to + 240")
Index("unfolded", conversations.c.last_at, sqlite_where=UNFOLDED, postgresql_where=UNFOLDED)
_OWED = conversations.c.due_at.is_not(None)
Index("owed", conversations.c.due_at, sqlite_where=_OWED, postgresql_where=_OWED)
Index("queue", conversations.c.status, conversations.c.owner, conversations.c.last_at)

claims = Table(
    "claims",
    metadata,
    Column("inbox", String(64), primary_key=True),
    Column("provider_id", String(255), primary_key=True),
    Column("conversation_id", String(40), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("conversation_id", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("prev", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("turn_id", String(40)),
    Column("visible", Boolean, nullable=False),
    Column("body", LargeBinary),
    Column("redacted", Text),
    Column("meta", JSON, nullable=False),
)
_REPLIED = events.c.kind == "replied"
Index("one_reply_a_turn", events.c.turn_id, unique=True, sqlite_where=_REPLIED, postgresql_where=_REPLIED)

turns = Table(
    "turns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conversation_id", String(40), nullable=False),
    Column("from_seq", Integer, nullable=False),
    Column("to_seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("holder", String(64), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("route", String(12)),
    Column("error", Text),
    Column("decision", JSON),
    Column("record", JSON),
    # A long conversation has thousands of turns: those that live, and the newest, are found without the others.
    Index("turns_by_status", "conversation_id", "status"),
    Index("turns_by_time", "conversation_id", "started_at"),
)
_WAITING = turns.c.status.in_(["parked", "decided"])
Index("waiting_turns", turns.c.status, sqlite_where=_WAITING, postgresql_where=_WAITING)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("conversation_id", String(40), nullable=False),
    Column("customer_id", String(40), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("inbox", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("status", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment, nullable=False),
    Column("lease", String(64)),
    Column("lease_until", Moment),
    Column("provider_ref", String(255)),
    Column("verdict", Text),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("campaign_id", String(40)),
    Column("rule", String(32)),
    Column("report", String(16)),
    Column("reported_at", Moment),
    Column("admitted_at", Moment),
    Index("outbox_order", "conversation_id", "seq"),
    Index("outbox_provider_ref", "provider_ref"),
    Index("outbox_sent", "inbox", "purpose", "sent_at"),
    Index("outbox_customer", "customer_id", "sent_at"),
    Index("outbox_campaign", "campaign_id"),
)
# Slots that throttles count: what the gate let go, and when.
_ADMITTED = outbox.c.admitted_at.is_not(None)
for _of in ("channel", "inbox", "campaign_id", "customer_id"):
    Index(
        f"outbox_admitted_{_of}",
        outbox.c[_of],
        outbox.c.admitted_at,
        sqlite_where=_ADMITTED,
        postgresql_where=_ADMITTED,
    )
_REPORTED = outbox.c.reported_at.is_not(None)
Index("outbox_reported", outbox.c.reported_at, sqlite_where=_REPORTED, postgresql_where=_REPORTED)
_UNSENT = outbox.c.status.in_(["pending", "sending"])
Index("outbox_due", outbox.c.next_at, sqlite_where=_UNSENT, postgresql_where=_UNSENT)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("ref", String(64), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("resolved_at", Moment),
    UniqueConstraint("kind", "ref"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("customer_id", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("by", String(64), nullable=False, server_default=""),
    Column("evidence", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Index("consents_of", "customer_id", "channel", "at"),
)

controls = Table(
    "controls",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Every act of a person or a system that others must be able to check, in one chain: `hash` covers the row and the hash
# of the row before it.
audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("act", String(64), nullable=False),
    Column("subject", String(160), nullable=False, index=True),
    Column("detail", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conversation_id", String(40), nullable=False),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary),
    Column("verdict", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("attachments_of", "conversation_id", "seq"),
)

hooks = Table(
    "hooks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("status", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment, nullable=False),
    Column("lease", String(64)),
    Column("lease_until", Moment),
    Column("answered", Integer),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    UniqueConstraint("endpoint", "conversation_id", "seq"),
)
_TO_POST = hooks.c.status.in_(["pending", "sending"])
Index("hooks_due", hooks.c.next_at, sqlite_where=_TO_POST, postgresql_where=_TO_POST)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("status", String(12), nullable=False),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("step_at", Moment),
    Column("why", Text, nullable=False, server_default=""),
    Column("by", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("campaign_id", String(40), primary_key=True),
    Column("customer_id", String(40), primary_key=True),
    Column("inbox", String(64), nullable=False),
    Column("variant", String(32), nullable=False),
    Column("step", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("outbox_id", String(64)),
    Column("values", LargeBinary),
    Column("at", Moment, nullable=False),
    Index("campaign_members_status", "campaign_id", "status"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("messages", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("identity", JSON),
    Column("ended_by", String(64)),
    Column("ended_at", Moment),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("conversation_id", "seq", "kind"),
)

presence = Table(
    "presence",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("seen_at", Moment, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("collection", String(64), nullable=False),
    Column("turn_id", String(40)),
    Column("passage_id", Text),
    Column("document_id", Text),
    Column("question", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("by", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended_by", String(64)),
    Column("ended_at", Moment),
    Index("corrections_live", "collection", "ended_at"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("conversation_id", String(40), nullable=False, index=True),
    Column("inbox", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
)

releases = Table(
    "releases",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
)
