"""What could not be done, where people can see it, and can have it done again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select, update

from memory import audit
from memory.customers import insert_if_absent
from memory.errors import NothingToReplay, UnknownDeadLetter
from memory.schema import dead_letters, hooks, outbox

Kind = Literal["turn", "send", "hook"]
_TABLES = {"send": outbox, "hook": hooks}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One thing that was given up. `ref` is the turn, the outbox row or the webhook's row."""

    id: str
    kind: str
    ref: str
    conversation: str
    reason: str
    at: datetime
    resolved_at: datetime | None


def bury(connection: Connection, kind: Kind, ref: str, conversation: str, reason: str, now: datetime) -> None:
    """Puts there what is given up. The same thing is there once, and again after its replay failed too."""
    id = hashlib.sha256(f"{kind}-{ref}".encode()).hexdigest()[:40]
    row = {"id": id, "kind": kind, "ref": ref, "conversation_id": conversation, "reason": reason, "at": now}
    if not insert_if_absent(connection, dead_letters, **row):
        failed_again = dead_letters.c.id == id, dead_letters.c.resolved_at.is_not(None)
        values = {"resolved_at": None, "reason": reason, "at": now}
        connection.execute(update(dead_letters).where(*failed_again).values(**values))


def resolve(connection: Connection, kind: Literal["turn", "send", "hook"], ref: str, now: datetime) -> None:
    """Nothing is to be done any more: it turned out well by itself."""
    open_ = dead_letters.c.kind == kind, dead_letters.c.ref == ref, dead_letters.c.resolved_at.is_(None)
    connection.execute(update(dead_letters).where(*open_).values(resolved_at=now))


def listed(connection: Connection, *, every: bool = False, limit: int = 200) -> list[DeadLetter]:
    """Newest first; those that were dealt with too, where `every`."""
    query = select(dead_letters).order_by(dead_letters.c.at.desc(), dead_letters.c.id).limit(limit)
    if not every:
        query = query.where(dead_letters.c.resolved_at.is_(None))
    return [_letter(row) for row in connection.execute(query).mappings()]


def replay(connection: Connection, id: str, by: str, role: str, now: datetime) -> DeadLetter:
    """Sends it again, under the same key and through the gate, as if it had never been tried.

    Raises UnknownDeadLetter; NothingToReplay for a turn (its conversation is with people) and for what was sent since.
    """
    row = connection.execute(select(dead_letters).where(dead_letters.c.id == id)).mappings().first()
    if row is None:
        raise UnknownDeadLetter(f"no dead letter {id}")
    table = _TABLES.get(row["kind"])
    if table is None:
        raise NothingToReplay("a turn is not run again: people have the conversation; give it back and it is answered")
    again: dict[str, Any] = {"status": "pending", "attempts": 0, "next_at": now, "error": None}
    dead = table.c.id == row["ref"], table.c.status.in_(["dead", "parked"])
    if not connection.execute(update(table).where(*dead).values(**again)).rowcount:
        raise NothingToReplay("it is not dead any more: it was sent, or is about to be")
    connection.execute(update(dead_letters).where(dead_letters.c.id == id).values(resolved_at=now))
    detail = {"kind": row["kind"], "ref": row["ref"], "reason": row["reason"][:200]}
    audit.note(connection, actor=by, role=role, act="dead_letter.replayed", subject=id, detail=detail, now=now)
    return _letter({**row, "resolved_at": now})


def _letter(row: RowMapping | dict[str, Any]) -> DeadLetter:
    return DeadLetter(
        id=row["id"],
        kind=row["kind"],
        ref=row["ref"],
        conversation=row["conversation_id"],
        reason=row["reason"],
        at=row["at"],
        resolved_at=row["resolved_at"],
    )
