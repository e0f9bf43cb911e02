"""What waits to be sent: rows written with their event, claimed under a lease, sent once under their own key.

pending ─► sending ─► sent
   ▲          ├─────► pending (retry, later)
   │          ├─────► dead    (a person can see it and send it again)
   └──────────┴─────► parked  (its fate is unknown, or the gate holds it for a person)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import Connection, RowMapping, and_, func, insert, or_, select, update

from memory.dead_letters import bury
from memory.errors import UnknownConversation
from memory.messages import Outbound
from memory.schema import outbox
from memory.seal import SealError
from memory.vault import Vault

if TYPE_CHECKING:
    from memory.log import Head

Purpose = Literal["reply", "agent", "confirmation", "proactive"]
Status = Literal["sent", "pending", "dead", "parked"]


_ENQUEUE = insert(outbox)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row to send. `unknown` is true when an earlier process may have sent it already and died before it said so."""

    outbound: Outbound
    customer: str
    unknown: bool


def enqueue(
    head: Head,
    key: str,
    seq: int,
    text: str,
    purpose: Purpose,
    sources: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Queues a message in the transaction that appends its event. `key` is its idempotency key."""
    recipient, thread = head.address()
    payload = {"recipient": recipient, "thread": thread, "text": text, "sources": list(sources)}
    row = {
        "id": key,
        "conversation_id": head.id,
        "customer_id": head.row["customer_id"],
        "seq": seq,
        "inbox": head.row["inbox"],
        "channel": head.row["channel"],
        "purpose": purpose,
        "payload": head.seal(orjson.dumps(payload).decode(), f"outbox:{key}"),
        "status": "pending",
        "next_at": now,
        "created_at": now,
    }
    head.connection.execute(_ENQUEUE, row)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to claim: a look that takes no lock."""
    lost = and_(outbox.c.status == "sending", outbox.c.lease_until < now)
    query = select(outbox.c.id).where(or_(and_(outbox.c.status == "pending", outbox.c.next_at <= now), lost))
    return connection.execute(query.limit(1)).first() is not None


def claim_due(
    connection: Connection, vault: Vault, *, holder: str, now: datetime, lease_s: float, limit: int = 50
) -> list[Claimed]:
    """Takes rows that are due, in order: of each conversation only the first that is not sent yet."""
    o, earlier = outbox.c, outbox.alias("earlier")
    lost = and_(o.status == "sending", o.lease_until < now)
    blocked = (
        select(earlier.c.id)
        .where(
            earlier.c.conversation_id == o.conversation_id,
            earlier.c.seq < o.seq,
            earlier.c.status.in_(["pending", "sending"]),
        )
        .exists()
    )
    query = (
        select(outbox)
        .where(or_(and_(o.status == "pending", o.next_at <= now), lost), ~blocked)
        .order_by(o.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).mappings().all()
    if rows:
        connection.execute(
            update(outbox)
            .where(o.id.in_([row["id"] for row in rows]))
            .values(
                status="sending", lease=holder, lease_until=now + timedelta(seconds=lease_s), attempts=o.attempts + 1
            )
        )
    claimed = []
    for row in rows:
        try:
            outbound = _outbound(connection, vault, row)
        except (SealError, UnknownConversation) as error:
            _give_up(connection, row, f"it cannot be opened: {error.code}", now)
        else:
            claimed.append(Claimed(outbound, row["customer_id"], row["status"] == "sending"))
    return claimed


def _give_up(connection: Connection, row: RowMapping, reason: str, now: datetime) -> None:
    """A row that nobody can read must not hold up all others."""
    values = {"status": "dead", "lease": None, "lease_until": None, "error": reason}
    connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(**values))
    bury(connection, "send", row["id"], row["conversation_id"], reason, now)


def _outbound(connection: Connection, vault: Vault, row: RowMapping) -> Outbound:
    sealer = vault.sealer(connection, row["customer_id"])
    payload = orjson.loads(sealer.unseal(row["payload"], f"{row['conversation_id']}:outbox:{row['id']}".encode()))
    return Outbound(
        id=row["id"],
        inbox=row["inbox"],
        channel=row["channel"],
        conversation=row["conversation_id"],
        recipient=payload["recipient"],
        text=payload["text"],
        purpose=row["purpose"],
        sources=tuple(payload["sources"]),
        thread=payload["thread"],
        attempts=row["attempts"] + 1,
    )


def finish(
    connection: Connection,
    key: str,
    holder: str,
    *,
    status: Status,
    now: datetime,
    retry_s: float = 0,
    provider_ref: str | None = None,
    error: str | None = None,
    verdict: str | None = None,
) -> bool:
    """Writes what became of a claimed row; False when another holder has it by now."""
    values: dict[str, Any] = {"status": status, "lease": None, "lease_until": None, "error": error, "verdict": verdict}
    if status == "sent":
        values |= {"sent_at": now, "provider_ref": provider_ref}
    if status == "pending":
        values["next_at"] = now + timedelta(seconds=retry_s)
        if error is None:  # held by the gate: that was no attempt
            values["attempts"] = outbox.c.attempts - 1
    done = connection.execute(update(outbox).where(outbox.c.id == key, outbox.c.lease == holder).values(**values))
    return bool(done.rowcount)


def by_provider_ref(connection: Connection, inbox: str, provider_ref: str) -> RowMapping | None:
    """The row a provider's delivery report speaks of."""
    query = select(outbox).where(outbox.c.inbox == inbox, outbox.c.provider_ref == provider_ref)
    return connection.execute(query).mappings().first()


def backlog(connection: Connection) -> dict[str, int]:
    """How many rows there are in each unfinished status."""
    query = select(outbox.c.status, func.count()).where(outbox.c.status != "sent").group_by(outbox.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}
