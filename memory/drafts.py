"""Drafts that wait for a person: parked without a lease, decided once, carried out by whoever holds the decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from memory.errors import AlreadyDecided, UnknownTurn
from memory.log import Head, redact_events
from memory.schema import conversations, turns
from memory.turns import Committed, Outcome, end, overtaken, refuse
from memory.vault import Vault


def park(connection: Connection, vault: Vault, outcome: Outcome, now: datetime) -> Committed:
    """Lets a draft wait for a person and frees the lease. Refused like a commit."""
    head = Head.lock(connection, vault, outcome.conversation)
    if why := overtaken(head, outcome):
        return refuse(connection, head, outcome.turn, why, now)
    redact_events(connection, outcome.conversation, outcome.redacted)
    meta = {"sources": list(outcome.sources)}
    text = vault.book(connection, head.row["customer_id"]).restore(outcome.reply)
    head.append("parked", now, text, redacted=outcome.reply, turn=outcome.turn, meta=meta)
    head.set(parked_seq=outcome.to_seq, lease=None, lease_until=None)
    head.save()
    connection.execute(
        update(turns)
        .where(turns.c.id == outcome.turn)
        .values(status="parked", record=dict(outcome.record), route=outcome.route)
    )
    return Committed("committed", head.row["seq"])


def decide(
    connection: Connection,
    vault: Vault,
    turn: str,
    decision: Mapping[str, Any],
    *,
    holder: str,
    now: datetime,
    lease_s: float,
) -> RowMapping:
    """Records a person's decision on a parked draft and takes the lease to carry it out.

    A compare-and-set: the second to decide gets AlreadyDecided. Raises UnknownTurn for one that does not wait.
    """
    won = connection.execute(
        update(turns)
        .where(turns.c.id == turn, turns.c.status == "parked")
        .values(status="decided", decision=dict(decision), holder=holder)
    ).rowcount
    row = connection.execute(select(turns).where(turns.c.id == turn)).mappings().first()
    if row is None:
        raise UnknownTurn(f"no turn {turn}")
    if not won:
        raise AlreadyDecided(f"turn {turn} is {row['status']}")
    head = Head.lock(connection, vault, row["conversation_id"])
    head.append("decided", now, turn=turn, meta={"decision": decision["decision"], "person": decision["person"]})
    head.set(lease=turn, lease_until=now + timedelta(seconds=lease_s))
    head.save()
    return row


def stranded_ids(connection: Connection, now: datetime) -> list[str]:
    """Ids of decided turns whose lease ran out."""
    query = (
        select(turns.c.id)
        .join(conversations, conversations.c.id == turns.c.conversation_id)
        .where(turns.c.status == "decided", conversations.c.lease == turns.c.id, conversations.c.lease_until < now)
    )
    return list(connection.execute(query).scalars())


def stranded(connection: Connection, vault: Vault, now: datetime, lease_s: float, holder: str) -> list[RowMapping]:
    """Decided turns whose process died before it carried the decision out; the lease is taken for `holder`."""
    ids = stranded_ids(connection, now)
    mine = []
    for row in connection.execute(select(turns).where(turns.c.id.in_(ids))).mappings().all():
        head = Head.lock(connection, vault, row["conversation_id"])
        if head.row["lease"] == row["id"] and head.row["lease_until"] < now:
            head.set(lease_until=now + timedelta(seconds=lease_s))
            head.save()
            mine.append(row)
    return mine


def unpark(connection: Connection, vault: Vault, conversation: str, turn: str, error: str, now: datetime) -> None:
    """Ends a parked turn that could not go on; its messages are due again."""
    head = Head.lock(connection, vault, conversation)
    if head.row["lease"] == turn:
        head.set(lease=None, lease_until=None, parked_seq=0, failures=head.row["failures"] + 1)
        head.save()
    end(connection, turn, "failed", now, error=error)
