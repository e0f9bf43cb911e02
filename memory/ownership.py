"""Who owns a conversation: the bot, the queue or one person. Every change is an event and a new epoch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from memory.controls import stopped
from memory.errors import NotYours, Stopped
from memory.log import Head
from memory.messages import Purpose
from memory.outbox import enqueue
from memory.receive import claim, claimed, settle
from memory.schema import conversations, events
from memory.subscriptions import remind
from memory.turns import end_live
from memory.vault import Vault

_SIGN = (
    update(conversations)
    .where(
        conversations.c.id == bindparam("of"),
        conversations.c.owner == "person",
        conversations.c.person == bindparam("by"),
    )
    .values(person_at=bindparam("seen_at"))
)
DESK = "desk"
"""The inbox under which messages of people claim their ids."""


def take_over(connection: Connection, vault: Vault, conversation: str, person: str, now: datetime) -> bool:
    """The person owns the conversation from here on; False when they did already. Raises NotYours.

    When this has committed, no commit of an older epoch can: the bot is silent.
    """
    head = Head.lock(connection, vault, conversation)
    if head.owner == "person":
        if head.row["person"] == person:
            return False
        raise NotYours(f"{head.row['person']} has this conversation")
    head.change_owner("person", person)
    head.set(waiting_since=None, person_at=now)
    head.append("taken", now, meta={"person": person})
    end_live(connection, conversation, "superseded", now)
    head.save()
    return True


def release(connection: Connection, vault: Vault, conversation: str, person: str, now: datetime) -> bool:
    """Gives the conversation back to the bot; True when a message of the customer still waits for an answer."""
    head = _owned(connection, vault, conversation, person)
    # what no person signed (a notification, a campaign) answers nothing
    said = and_(events.c.kind == "said", events.c.meta["person"].as_string().is_not(None))
    answers = or_(events.c.kind == "replied", said)
    answered = connection.execute(
        select(func.max(events.c.seq)).where(events.c.conversation_id == conversation, answers)
    ).scalar()
    head.change_owner("bot")
    head.set(answered_seq=answered or 0, introduced=False, reason="", priority="normal", failures=0, retry_at=None)
    head.set(waiting_since=None, due_at=None, team=None, person_at=None)
    head.append("released", now, meta={"person": person})
    head.save()
    return bool(head.row["inbound_seq"] > head.row["answered_seq"])


def close(connection: Connection, vault: Vault, conversation: str, person: str, now: datetime) -> None:
    """Ends the conversation. What the customer writes next opens it, or a new one, with the bot."""
    head = Head.lock(connection, vault, conversation)
    if head.owner == "person" and head.row["person"] != person:
        raise NotYours(f"{head.row['person']} has this conversation")
    head.change_owner("bot")
    head.set(status="closed", answered_seq=head.row["inbound_seq"], introduced=False, waiting_since=None)
    head.set(due_at=None, team=None, person_at=None)
    head.append("closed", now, meta={"person": person})
    end_live(connection, conversation, "superseded", now)
    head.save()


def say(
    connection: Connection,
    vault: Vault,
    conversation: str,
    person: str,
    text: str,
    *,
    key: str,
    push: bool,
    now: datetime,
    purpose: Purpose = "agent",
) -> int:
    """A person's message to the customer; returns its seq, the same one when the key was used before.

    Raises NotYours, and Stopped where a kill switch stops what is read from the log; the outbox has the gate.
    """
    claim_id = f"{conversation}:{key}"
    if not claim(connection, DESK, claim_id, now):
        return (claimed(connection, DESK, claim_id) or ("", 0))[1]
    head = _owned(connection, vault, conversation, person)
    if not push and (switch := stopped(connection, inbox=head.row["inbox"], channel=head.row["channel"])):
        raise Stopped(f"nothing is said here while {switch} is on")
    due = head.row["due_at"]
    clock = {"due_at": due.isoformat(), "late": due < now} if due else {}
    passed = {} if push else {"gate": "ok"}
    seq = head.append("said", now, text, meta={"person": person, **passed, **clock})
    head.set(answered_seq=head.row["inbound_seq"], due_at=None, person_at=now)
    if push:
        enqueue(head, f"desk-{conversation}-{seq}", seq, text, purpose, (), now)
    remind(head, seq, text, purpose, now)
    head.save()
    settle(connection, DESK, claim_id, conversation, seq)
    return seq


def note(connection: Connection, vault: Vault, conversation: str, person: str, text: str, now: datetime) -> int:
    """A remark that only people at the desk see, and no prompt."""
    head = Head.lock(connection, vault, conversation)
    seq = head.append("noted", now, text, meta={"person": person})
    if head.owner == "person" and head.row["person"] == person:
        head.set(person_at=now)
    head.save()
    return seq


def sign(connection: Connection, conversation: str, person: str, now: datetime) -> None:
    """The owner gave a sign of life; anybody else's changes nothing."""
    connection.execute(_SIGN, {"of": conversation, "by": person, "seen_at": now})


def _owned(connection: Connection, vault: Vault, conversation: str, person: str) -> Head:
    head = Head.lock(connection, vault, conversation)
    if head.owner != "person":
        raise NotYours("nobody has taken this conversation over yet")
    if head.row["person"] != person:
        raise NotYours(f"{head.row['person']} has this conversation")
    return head
