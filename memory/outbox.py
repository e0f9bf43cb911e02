"""What waits to be sent: rows written with their event, claimed under a lease, sent once under their own key.

pending ─► sending ─► sent
   ▲          ├─────► pending (retry, later)
   │          ├─────► dead    (a person can see it and send it again)
   ├──────────┼─────► parked  (its fate is unknown, or the gate holds it for a person)
   └──────────┴─────► refused (the gate never lets it go: proactive messages without consent)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, func, insert, or_, select, update

from memory.controls import KILL_SWITCH
from memory.dead_letters import bury
from memory.errors import UnknownConversation
from memory.messages import PROACTIVE, BounceClass, Outbound, Purpose
from memory.schema import conversations, outbox
from memory.seal import SealError
from memory.vault import Vault

if TYPE_CHECKING:
    from memory.log import Head

Status = Literal["sent", "pending", "dead", "parked", "refused"]


_ENQUEUE = insert(outbox)
_CONFIRMED = select(outbox.c.id).where(
    outbox.c.customer_id == bindparam("customer"),
    outbox.c.admitted_at >= bindparam("since"),
    outbox.c.channel == bindparam("channel"),
    outbox.c.purpose == "confirmation",
    outbox.c.id != bindparam("but"),
)


def _claim() -> Select[Any]:
    """What is due, oldest first, but that in a conversation nothing overtakes an earlier message."""
    o, earlier = outbox.c, outbox.alias("earlier")
    lost = and_(o.status == "sending", o.lease_until < bindparam("now"))
    blocked = (
        select(earlier.c.id)
        .where(
            earlier.c.conversation_id == o.conversation_id,
            earlier.c.seq < o.seq,
            earlier.c.status.in_(["pending", "sending"]),
            # an answer does not wait for a proactive message that the gate holds until morning
            or_(o.purpose.in_(PROACTIVE), earlier.c.purpose.not_in(PROACTIVE), earlier.c.status == "sending"),
            # nor does anything wait for what a person stopped: the next campaign is not the last one's fault
            or_(earlier.c.purpose.not_in(PROACTIVE), earlier.c.rule.is_(None), earlier.c.rule != KILL_SWITCH),
        )
        .exists()
    )
    return (
        select(outbox)
        .where(or_(and_(o.status == "pending", o.next_at <= bindparam("now")), lost), ~blocked)
        .order_by(o.next_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


# Built once: building it costs SQLAlchemy more than running it does SQLite.
_CLAIM = _claim()
_DUE = and_(outbox.c.status == "pending", outbox.c.next_at <= bindparam("now"))
_LOST = and_(outbox.c.status == "sending", outbox.c.lease_until < bindparam("now"))
_ANY_DUE = select(outbox.c.id).where(or_(_DUE, _LOST)).limit(1)


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
    campaign: str | None = None,
    subject: str = "",
) -> None:
    """Queues a message in the transaction that appends its event. `key` is its idempotency key. With a `subject` it
    begins a thread of its own."""
    recipient, thread = head.address()
    payload = {"recipient": recipient, "thread": thread, "text": text, "sources": list(sources)}
    if subject:
        payload |= {"thread": {}, "subject": subject}
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
        "campaign_id": campaign,
    }
    head.connection.execute(_ENQUEUE, row)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to claim: a look that takes no lock."""
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def claim_due(
    connection: Connection, vault: Vault, *, holder: str, now: datetime, lease_s: float, limit: int = 50
) -> list[Claimed]:
    """Takes rows that are due, in order: of each conversation only the first that is not sent yet."""
    rows = connection.execute(_CLAIM, {"now": now, "most": limit}).mappings().all()
    if rows:
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_([row["id"] for row in rows]))
            .values(
                status="sending",
                lease=holder,
                lease_until=now + timedelta(seconds=lease_s),
                attempts=outbox.c.attempts + 1,
            )
        )
    heard = _heard(connection, [row["conversation_id"] for row in rows])
    claimed = []
    for row in rows:
        try:
            outbound = replace(_outbound(connection, vault, row), heard_at=heard.get(row["conversation_id"]))
        except (SealError, UnknownConversation) as error:
            _give_up(connection, row, f"it cannot be opened: {error.code}", now)
        else:
            claimed.append(Claimed(outbound, row["customer_id"], row["status"] == "sending"))
    return claimed


def _heard(connection: Connection, ids: Sequence[str]) -> dict[str, datetime | None]:
    """When the customers of these conversations last wrote."""
    query = select(conversations.c.id, conversations.c.heard_at).where(conversations.c.id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(query)} if ids else {}


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
        campaign=row["campaign_id"] or "",
        subject=payload.get("subject", ""),
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
    rule: str | None = None,
    bounce: BounceClass | None = None,
) -> bool:
    """Writes what became of a claimed row; False when another holder has it by now. `bounce` is what a provider that
    refused it at once said of the address."""
    values: dict[str, Any] = {"status": status, "lease": None, "lease_until": None, "error": error}
    if verdict is not None:  # what the gate said when it let a message go stays, whatever came of it
        values |= {"verdict": verdict, "rule": rule}
    if status == "dead" and bounce is not None:
        values |= {"report": bounce, "reported_at": now}
    if status == "sent":
        values |= {"sent_at": now, "provider_ref": provider_ref}
    if status == "pending":
        values["next_at"] = now + timedelta(seconds=retry_s)
        if error is None:  # held by the gate: that was no attempt
            values["attempts"] = outbox.c.attempts - 1
    done = connection.execute(update(outbox).where(outbox.c.id == key, outbox.c.lease == holder).values(**values))
    return bool(done.rowcount)


def confirmed(connection: Connection, customer: str, channel: str, since: datetime, but: str) -> bool:
    """Whether another confirmation than `but` was let go since an opt-out."""
    given = {"customer": customer, "channel": channel, "since": since, "but": but}
    return connection.execute(_CONFIRMED, given).first() is not None


def waits(connection: Connection, conversation: str, up_to: int) -> bool:
    """Whether anything said up to this event is still to be sent."""
    unsent = outbox.c.status.in_(["pending", "sending"])
    query = select(outbox.c.id).where(outbox.c.conversation_id == conversation, outbox.c.seq <= up_to, unsent)
    return connection.execute(query.limit(1)).first() is not None


def backlog(connection: Connection) -> dict[str, int]:
    """How many rows there are in each unfinished status."""
    query = select(outbox.c.status, func.count()).where(outbox.c.status != "sent").group_by(outbox.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}
