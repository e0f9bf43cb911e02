"""What your own systems are told of conversations: a row for each event and endpoint, made from the log, posted once.

`look` reads the log of the conversations that changed, `queue` makes the rows. They are in the table `hooks`, where
each (endpoint, conversation, seq) is once, so any number of processes may follow and a restart repeats nothing. A row
says nothing itself: what is posted is read from the log when it is posted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from memory.customers import insert_if_absent
from memory.dead_letters import bury
from memory.schema import conversations, events, hooks

PREFIX = "hook/"
"""Of the endpoints here; others in the table are somebody else's."""
_NEWEST = select(func.max(hooks.c.created_at)).where(hooks.c.endpoint == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Due:
    """A row to post to the endpoint `name`. `id` is the webhook-id: the same for every attempt."""

    id: str
    name: str
    conversation: str
    customer: str
    seq: int
    event: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an endpoint is told: events of these kinds from a time on."""

    kinds: Sequence[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """An event that endpoints are told of, and which."""

    conversation: str
    customer: str
    seq: int
    kind: str
    at: datetime
    names: tuple[str, ...]


def look(connection: Connection, wanted: Mapping[str, Wanted], since: datetime) -> list[Found]:
    """What happened since, oldest first. It only reads: the writer is not kept from turns."""
    kinds = sorted({kind for each in wanted.values() for kind in each.kinds})
    query = (
        select(events.c.conversation_id, events.c.seq, events.c.kind, events.c.at, conversations.c.customer_id)
        .join(conversations, conversations.c.id == events.c.conversation_id)
        .where(conversations.c.last_at >= since, events.c.at >= since, events.c.kind.in_(kinds))
        .order_by(events.c.at, events.c.conversation_id, events.c.seq)
    )
    found = []
    for row in connection.execute(query):
        names = tuple(n for n, each in wanted.items() if row.kind in each.kinds and row.at >= each.since)
        if names:
            found.append(Found(row.conversation_id, row.customer_id, row.seq, row.kind, row.at, names))
    return found


def queue(connection: Connection, found: Sequence[Found], now: datetime) -> int:
    """Makes the rows that are not there yet; how many."""
    return sum(_queue(connection, f"{PREFIX}{name}", each, now) for each in found for name in each.names)


def newest(connection: Connection, name: str) -> datetime | None:
    """When the endpoint's newest row was made: what happened before it was looked at then. None without a row."""
    made: datetime | None = connection.execute(_NEWEST, {"of": f"{PREFIX}{name}"}).scalar()
    return made


def _queue(connection: Connection, endpoint: str, found: Found, now: datetime) -> bool:
    return insert_if_absent(
        connection,
        hooks,
        id=f"evt_{hashlib.sha256(f'{endpoint}:{found.conversation}:{found.seq}'.encode()).hexdigest()[:40]}",
        endpoint=endpoint,
        event=found.kind,
        conversation_id=found.conversation,
        customer_id=found.customer,
        seq=found.seq,
        payload=b"",
        status="pending",
        next_at=now,
        created_at=now,
    )


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to claim: a look that takes no lock."""
    lost = and_(hooks.c.status == "sending", hooks.c.lease_until < now)
    due = or_(and_(hooks.c.status == "pending", hooks.c.next_at <= now), lost)
    query = select(hooks.c.id).where(due, hooks.c.endpoint.startswith(PREFIX, autoescape=True))
    return connection.execute(query.limit(1)).first() is not None


def claim_due(
    connection: Connection, names: Sequence[str], *, holder: str, now: datetime, lease_s: float, limit: int = 20
) -> list[Due]:
    """Takes rows of these endpoints that are due. One whose holder died is taken again, under the same id.

    Events of a conversation are posted in their order the first time; one that is tried again holds up none after it.
    """
    h, earlier = hooks.c, hooks.alias("earlier")
    first = (
        select(earlier.c.id)
        .where(
            earlier.c.endpoint == h.endpoint,
            earlier.c.conversation_id == h.conversation_id,
            earlier.c.seq < h.seq,
            or_(earlier.c.status == "sending", and_(earlier.c.status == "pending", earlier.c.attempts == 0)),
        )
        .exists()
    )
    lost = and_(h.status == "sending", h.lease_until < now)
    query = (
        select(hooks)
        .where(h.endpoint.in_([f"{PREFIX}{name}" for name in names]))
        .where(or_(and_(h.status == "pending", h.next_at <= now), lost), ~first)
        .order_by(h.next_at, h.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).mappings().all()
    if rows:
        taken = {"status": "sending", "lease": holder, "lease_until": now + timedelta(seconds=lease_s)}
        ids = [row["id"] for row in rows]
        connection.execute(update(hooks).where(h.id.in_(ids)).values(**taken, attempts=h.attempts + 1))
    return [
        Due(
            id=row["id"],
            name=row["endpoint"].removeprefix(PREFIX),
            conversation=row["conversation_id"],
            customer=row["customer_id"],
            seq=row["seq"],
            event=row["event"],
            attempts=row["attempts"] + 1,
        )
        for row in rows
    ]


def finish(connection: Connection, due: Due, holder: str, *, error: str, retry_s: float | None, now: datetime) -> bool:
    """Writes what became of a claimed row: posted ("" as error), tried again, or given up where people see it.

    False when another holder has it by now.
    """
    values: dict[str, Any] = {"lease": None, "lease_until": None, "error": error or None}
    if not error:
        values |= {"status": "sent", "sent_at": now}
    elif retry_s is None:
        values |= {"status": "dead"}
        bury(connection, "hook", due.id, due.conversation, f"webhook {due.name}: {error}", now)
    else:
        values |= {"status": "pending", "next_at": now + timedelta(seconds=retry_s)}
    ours = hooks.c.id == due.id, hooks.c.lease == holder
    return bool(connection.execute(update(hooks).where(*ours).values(**values)).rowcount)
