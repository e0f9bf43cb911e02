"""A telephone call's side of the log: what waits to be said into it, what was said, and how it ends.

What the gate let go stands in the outbox as sent; a call says it once, and the log says that it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, select, update

from memory import ownership
from memory.dead_letters import bury
from memory.log import Head, read_head
from memory.messages import Owner
from memory.receive import open_thread
from memory.schema import outbox
from memory.silent_handover import hand_over_silently
from memory.vault import Vault

ENDED: Final = "ended"
"""In what keeps a reply in its call: nobody hears it any more."""
OVER: Final = "the call is over: ring the customer, or write on another channel"

_AFTER = (outbox.c.conversation_id == bindparam("of"), outbox.c.seq > bindparam("after"))
_READY = select(outbox).where(*_AFTER, outbox.c.status == "sent").order_by(outbox.c.seq)
_COMING = select(outbox.c.id).where(*_AFTER, outbox.c.status.in_(["pending", "sending"])).limit(1)
_UNSAID = (outbox.c.conversation_id == bindparam("of"), outbox.c.status == "sent", outbox.c.report.is_(None))


@dataclass(frozen=True, slots=True)
class Words:
    """One message to say."""

    id: str
    seq: int
    text: str
    sources: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """How a call stands: its conversation and who owns it, up to where the customer was answered, what is ready to be
    said, and whether more is on its way through the gate."""

    conversation: str
    owner: Owner
    answered: int
    words: tuple[Words, ...] = ()
    coming: bool = False


def line(connection: Connection, vault: Vault, inbox: str, call: str, after: int) -> Line | None:
    """What waits to be said after a seq; None when the call's conversation is not open."""
    conversation = open_thread(connection, inbox, call)
    if conversation is None:
        return None
    head = read_head(connection, conversation)
    sealer = vault.sealer(connection, head["customer_id"])
    found = []
    coming = connection.execute(_COMING, {"of": conversation, "after": after}).first() is not None
    for row in connection.execute(_READY, {"of": conversation, "after": after}).mappings():
        payload = orjson.loads(sealer.unseal(row["payload"], f"{conversation}:outbox:{row['id']}".encode()))
        found.append(Words(row["id"], row["seq"], payload["text"], payload["sources"]))
    return Line(conversation, head["owner"], head["answered_seq"], tuple(found), coming)


def note_said(connection: Connection, vault: Vault, conversation: str, words: Sequence[Words], now: datetime) -> None:
    """Writes down that these went into the call, once each."""
    head = Head.lock(connection, vault, conversation)
    for each in words:
        fresh = update(outbox).where(outbox.c.id == each.id, outbox.c.report.is_(None))
        if connection.execute(fresh.values(report="delivered", reported_at=now)).rowcount:
            head.append("delivered", now, meta={"outbox": each.id, "seq": each.seq, "how": "said in the call"})
    head.save()


def give_up(connection: Connection, vault: Vault, conversation: str, now: datetime) -> bool:
    """The caller waited long enough: a person is to ring them. True when the bot had it until now."""
    head = Head.lock(connection, vault, conversation)
    handed = hand_over_silently(head, "slow", "The caller was told that a person rings back: no answer came.", now)
    head.save()
    return handed


def end(connection: Connection, vault: Vault, inbox: str, call: str, reachable: bool, now: datetime) -> str | None:
    """The call is over; its conversation, None when that is not open. What was answered is closed; whoever hung up
    before the answer came waits for a person, where they can be reached; what people have stays theirs."""
    conversation = open_thread(connection, inbox, call)
    if conversation is None:
        return None
    head = Head.lock(connection, vault, conversation)
    _leave_unsaid(head, now)
    waiting = head.row["inbound_seq"] > head.row["answered_seq"]
    if head.owner == "bot" and not (waiting and reachable):
        head.save()
        ownership.close(connection, vault, conversation, "the caller", now)
        return conversation
    hand_over_silently(head, "hung_up", "The caller hung up before the answer came.", now)
    head.set(thread=head.seal(orjson.dumps({"call": call, ENDED: "1"}).decode(), "thread"))
    head.save()
    return conversation


def _leave_unsaid(head: Head, now: datetime) -> None:
    """What was ready and not said is marked so, and what still waits for the gate goes to people."""
    connection = head.connection
    unsaid = connection.execute(select(outbox.c.id, outbox.c.seq).where(*_UNSAID), {"of": head.id}).all()
    for id_, seq in unsaid:
        connection.execute(update(outbox).where(outbox.c.id == id_).values(report="bounced", reported_at=now))
        head.append("bounced", now, meta={"outbox": id_, "seq": seq, "reason": "the call ended before it was said"})
    waits = (outbox.c.conversation_id == head.id, outbox.c.status == "pending")
    for id_ in connection.execute(select(outbox.c.id).where(*waits)).scalars().all():
        connection.execute(update(outbox).where(outbox.c.id == id_).values(status="parked", error=OVER))
        bury(connection, "send", id_, head.id, OVER, now)
