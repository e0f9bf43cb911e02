"""The first word to a customer: who they are, where they are reached, and the message with its outbox row.

Nothing here waits for a message of theirs. What was said is an event "said" that no person signed; a reply comes into
the same conversation, and the bot reads what was said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from memory.customers import KINDS
from memory.log import Head
from memory.messages import Purpose
from memory.outbox import enqueue
from memory.receive import open_conversation
from memory.schema import conversations, customers, identities
from memory.subscriptions import remind
from memory.vault import Vault

_CUSTOMER = select(customers.c.region, customers.c.tier).where(customers.c.id == bindparam("of"))
_LANGUAGE = (
    select(conversations.c.language)
    .where(conversations.c.customer_id == bindparam("of"), conversations.c.language != "")
    .order_by(conversations.c.last_at.desc())
    .limit(1)
)
_IDENTITY = select(identities.c.value).where(
    identities.c.customer_id == bindparam("of"), identities.c.kind == bindparam("kind")
)
_TALKING = (
    select(conversations.c.id)
    .where(
        conversations.c.customer_id == bindparam("of"),
        conversations.c.inbox == bindparam("inbox"),
        conversations.c.status == "open",
    )
    .order_by(conversations.c.last_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the words for a customer depend on; empty where nobody knows."""

    language: str
    region: str
    tier: str


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, and why: `meta` goes into the event, with the purpose."""

    text: str
    subject: str
    purpose: Purpose
    meta: Mapping[str, Any]
    campaign: str | None = None


def known(connection: Connection, customer: str) -> Known | None:
    """None when there is no such customer. The language is that of their last conversation that has one."""
    row = connection.execute(_CUSTOMER, {"of": customer}).first()
    if row is None:
        return None
    return Known(connection.execute(_LANGUAGE, {"of": customer}).scalar() or "", row.region, row.tier)


def address(connection: Connection, vault: Vault, customer: str, channel: str) -> str | None:
    """Where a customer is reached on a channel; None when nobody knows."""
    kind = KINDS.get(channel, channel)
    sealed = connection.execute(_IDENTITY, {"of": customer, "kind": kind}).scalar()
    if sealed is None:
        return None
    return vault.sealer(connection, customer).unseal(sealed, f"identity:{kind}".encode())


def talking(connection: Connection, customer: str, inbox: str) -> str | None:
    """The customer's open conversation in this inbox, the newest of several."""
    return connection.execute(_TALKING, {"of": customer, "inbox": inbox}).scalar()


def reach(
    connection: Connection, vault: Vault, *, customer: str, inbox: str, channel: str, new_id: str, now: datetime
) -> Head | None:
    """The conversation to write in, locked: the open one, else a new one. None when there is no address."""
    found = talking(connection, customer, inbox)
    if found is None:
        where = address(connection, vault, customer, channel)
        if where is None:
            return None
        found = open_conversation(
            connection,
            vault,
            inbox=inbox,
            channel=channel,
            customer=customer,
            address=where,
            thread_key=customer,
            new_id=new_id,
            now=now,
        )
    return Head.lock(connection, vault, found)


def say_first(head: Head, key: str, words: Words, now: datetime, *, push: bool) -> int:
    """Appends the message and queues it; its seq. Without `push` the channel shows it from the log."""
    seq = head.append("said", now, words.text, meta={**words.meta, "purpose": words.purpose})
    if push:
        enqueue(head, key, seq, words.text, words.purpose, (), now, words.campaign, words.subject)
    remind(head, seq, words.text, words.purpose, now)
    head.save()
    return seq
