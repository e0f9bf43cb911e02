"""The tables of what is remembered beyond the window, of whom it is remembered, and of the keys that seal it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from memory.tables import Moment, metadata

# What fell out of a conversation's window, in pieces that follow each other without a gap: each covers the events
# after the one before it, up to `to_seq`. A piece that is written anew keeps its number and gets the next version.
segments = Table(
    "segments",
    metadata,
    Column("conversation_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("from_seq", Integer, nullable=False),
    Column("to_seq", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("turn_id", String(40)),
    Column("at", Moment, nullable=False),
    UniqueConstraint("conversation_id", "from_seq"),
)
# Those that a model may still write anew.
_UNWRITTEN = segments.c.made_by == "extractive"
Index("unwritten", segments.c.at, sqlite_where=_UNWRITTEN, postgresql_where=_UNWRITTEN)

# What is known of a customer from what was said: a fact, a preference, an instruction, an outcome. `valid_until` is set
# when it ended; then `superseded_by` names what took its place, or `ended_why` says why. `indexed_at` is None until its
# vector is in the index, and again when it must be taken out.
memories = Table(
    "memories",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("customer_id", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("conversation_id", String(40)),
    Column("seq", Integer),
    Column("said_at", Moment, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    Column("superseded_by", String(40)),
    Column("ended_why", String(64), nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("indexed_at", Moment),
    Index("memories_of", "customer_id", "kind", "valid_until"),
)

# Which customers are one person, by whose word and on what evidence. `state` is "merged", "suggested" (evidence too
# weak to act on), "refused" or "undone". The evidence names kinds of identity, never their values.
links = Table(
    "links",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("customer_id", String(40), nullable=False, index=True),
    Column("other_id", String(40), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("score", Float, nullable=False),
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(64)),
)

# Keys that the master key wraps and that outlive it, such as the one identities are looked up by.
keyring = Table(
    "keyring",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

# Work that one process of many does at its time, such as purging: who has it, until when, and when it was last done.
chores = Table(
    "chores",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64)),
    Column("lease_until", Moment),
    Column("done_at", Moment),
)
