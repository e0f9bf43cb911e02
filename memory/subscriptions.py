"""Browsers that asked to be told of an answer when the chat is closed, and the reminders that wait for them.

A subscription's address and keys are sealed. A reminder is an outbox row of channel "push", written with the event it
is about; it waits a moment, and is gone again when the chat itself showed the event meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from memory.customers import insert_if_absent
from memory.log import Head
from memory.messages import Purpose
from memory.schema import outbox, subscriptions

CHANNEL = "push"
# How long an open page has to say that the customer saw it: twice the longest pause between looks at the log.
_GRACE = timedelta(seconds=15)
# A conversation belongs to one browser; a few more allow for one that was given a new address without a word.
_MOST = 5

_LIVE = (
    select(subscriptions)
    .where(subscriptions.c.conversation_id == bindparam("of"), subscriptions.c.ended_at.is_(None))
    .order_by(subscriptions.c.at.desc())
)
_END = update(subscriptions).where(subscriptions.c.ended_at.is_(None))
_REMIND = insert(outbox)
_SEEN = delete(outbox).where(
    outbox.c.conversation_id == bindparam("of"),
    outbox.c.channel == CHANNEL,
    outbox.c.status == "pending",
    outbox.c.seq <= bindparam("up_to"),
)


def subscribe(head: Head, subscription: Mapping[str, str], now: datetime) -> str:
    """Keeps the browser's subscription, once; its id. `subscription` has endpoint, p256dh, auth and words."""
    id_ = head.vault.hash("push", f"{head.id}:{subscription['endpoint']}")
    body = head.seal(orjson.dumps(dict(subscription)).decode(), f"push:{id_}")
    values = {"inbox": head.row["inbox"], "body": body, "at": now, "ended_at": None}
    owner = {"customer_id": head.row["customer_id"], "conversation_id": head.id}
    if not insert_if_absent(head.connection, subscriptions, id=id_, **owner, **values):
        head.connection.execute(update(subscriptions).where(subscriptions.c.id == id_).values(**values))
    for row in head.connection.execute(_LIVE, {"of": head.id}).mappings().all()[_MOST:]:
        end(head.connection, row["id"], now)
    return id_


def unsubscribe(head: Head, now: datetime) -> bool:
    """Ends every subscription of the conversation and what was on its way; False when there was none."""
    of_this = _END.where(subscriptions.c.conversation_id == head.id).values(ended_at=now)
    ended = head.connection.execute(of_this).rowcount
    seen(head.connection, head.id, head.row["seq"])
    return bool(ended)


def end(connection: Connection, id: str, now: datetime) -> None:
    """The browser is not there any more, or too many others are."""
    connection.execute(_END.where(subscriptions.c.id == id).values(ended_at=now))


def subscribed(connection: Connection, conversation: str) -> bool:
    """Whether a browser of this conversation waits to be told."""
    return connection.execute(_LIVE, {"of": conversation}).first() is not None


def remind(head: Head, seq: int, text: str, purpose: Purpose, now: datetime) -> None:
    """Queues a reminder of this event for each browser that asked for one, in the event's own transaction."""
    if head.row["channel"] != "chat":
        return
    for row in head.connection.execute(_LIVE, {"of": head.id}).mappings().all():
        head.connection.execute(_REMIND, _reminder(head, row["id"], row["body"], seq, text, purpose, now))


def _reminder(
    head: Head, id_: str, body: bytes, seq: int, text: str, purpose: Purpose, now: datetime
) -> dict[str, Any]:
    key = f"push-{head.id[-32:]}-{seq}-{id_[:12]}"
    thread = orjson.loads(head.unseal(body, f"push:{id_}"))
    payload = {"recipient": id_, "thread": thread, "text": text, "sources": []}
    return {
        "id": key,
        "conversation_id": head.id,
        "customer_id": head.row["customer_id"],
        "seq": seq,
        "inbox": head.row["inbox"],
        "channel": CHANNEL,
        "purpose": purpose,
        "payload": head.seal(orjson.dumps(payload).decode(), f"outbox:{key}"),
        "status": "pending",
        "next_at": now + _GRACE,
        "created_at": now,
    }


def seen(connection: Connection, conversation: str, seq: int) -> int:
    """The chat showed everything up to `seq`: how many reminders of it had not left, and are not needed."""
    return connection.execute(_SEEN, {"of": conversation, "up_to": seq}).rowcount
