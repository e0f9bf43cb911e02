"""A conversation passed on: to a colleague, to a team, or back to the queue because its owner was idle.

Each is a new owner and a new epoch, or nothing: of two people at once one wins, the other is told who has it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from memory.errors import NotYours
from memory.log import Head
from memory.presence import here
from memory.routing import Placing, place
from memory.schema import conversations
from memory.turns import end_live
from memory.vault import Vault

c = conversations.c
_ROWS = select(
    c.id, c.inbox, c.customer_id, c.priority, c.language, c.team, c.person, c.reason, c.person_at, c.due_at
).where(c.status == "open")


def to_person(
    connection: Connection, vault: Vault, conversation: str, to: str, by: str, now: datetime, *, anyones: bool = False
) -> bool:
    """`to` owns it from here on; False when they did already. `anyones` lets `by` pass on what another has.

    Raises NotYours.
    """
    head = _passable(connection, vault, conversation, by, anyones)
    if head.owner == "person" and head.row["person"] == to:
        return False
    head.change_owner("person", to)
    head.set(waiting_since=None, person_at=now)
    head.append("taken", now, meta={"person": to, "by": by})
    end_live(connection, conversation, "superseded", now)
    head.save()
    return True


def to_team(
    connection: Connection,
    vault: Vault,
    conversation: str,
    placing: Placing,
    by: str,
    now: datetime,
    *,
    anyones: bool = False,
) -> None:
    """It waits for the team of `placing`, at the place in the queue where its customer has waited. Raises NotYours."""
    head = _passable(connection, vault, conversation, by, anyones)
    team = placing.teams[0][0]
    end_live(connection, conversation, "superseded", now)
    meta = {"code": "transferred", "reason": f"{by} passed it to {team}", "priority": head.row["priority"]}
    _queue(head, replace(placing, besides=by), meta | {"person": by, "team": team}, now)


def idle_rows(connection: Connection, cutoff: datetime, limit: int = 50) -> list[RowMapping]:
    """Conversations whose customer waits for a person who gave no sign since `cutoff`, in the columns that placing
    them again needs."""
    last = func.coalesce(c.person_at, c.last_at)
    query = _ROWS.where(c.owner == "person", c.due_at.is_not(None), last < cutoff).order_by(c.due_at).limit(limit)
    return list(connection.execute(query).mappings())


def return_idle(
    connection: Connection, vault: Vault, conversation: str, placing: Placing, cutoff: datetime, now: datetime
) -> bool:
    """Puts it back into the queue, for anybody but its owner; False when they gave a sign in the meantime."""
    head = Head.lock(connection, vault, conversation)
    last = head.row["person_at"] or head.row["last_at"]
    if head.owner != "person" or head.row["status"] != "open" or head.row["due_at"] is None or last >= cutoff:
        return False
    owner = str(head.row["person"])
    end_live(connection, conversation, "superseded", now)
    minutes = max(1, round((now - last).total_seconds() / 60))
    reason = f"{owner} had it and gave no sign for {minutes} min"
    meta = {"code": "idle", "reason": reason, "priority": head.row["priority"], "person": owner}
    _queue(head, replace(placing, besides=owner), meta, now)
    return True


def unattended(connection: Connection, now: datetime, limit: int = 50) -> list[RowMapping]:
    """Conversations in the queue that nobody who is there was offered, the first due on top."""
    there = sorted(here(connection, now))
    if not there:
        return []
    query = _ROWS.where(c.owner == "queue", or_(c.person.is_(None), c.person.not_in(there)))
    return list(connection.execute(query.order_by(c.due_at).limit(limit)).mappings())


def offer(connection: Connection, vault: Vault, conversation: str, placing: Placing, now: datetime) -> str | None:
    """Offers it to somebody who is there now; who that is, None where nobody has room or it waits no longer."""
    head = Head.lock(connection, vault, conversation)
    if head.owner != "queue" or head.row["status"] != "open":
        return None
    if head.row["person"] in here(connection, now):
        return None
    before = head.row["team"], head.row["person"]
    person = place(head, placing, now)
    if person is None:
        head.set(team=before[0], person=before[1])
    head.save()
    return person


def late(connection: Connection, now: datetime) -> dict[str, int]:
    """How many customers wait longer than promised, by priority."""
    query = select(c.priority, func.count()).where(and_(c.status == "open", c.due_at < now)).group_by(c.priority)
    return {row[0]: row[1] for row in connection.execute(query)}


def _passable(connection: Connection, vault: Vault, conversation: str, by: str, anyones: bool) -> Head:
    head = Head.lock(connection, vault, conversation)
    if head.row["status"] != "open":
        raise NotYours("this conversation is closed")
    if head.owner == "bot" and head.row["waiting_since"] is None:
        raise NotYours("the assistant has this conversation; take it over first")
    if head.owner == "person" and head.row["person"] != by and not anyones:
        raise NotYours(f"{head.row['person']} has this conversation")
    return head


def _queue(head: Head, placing: Placing, meta: dict[str, str], now: datetime) -> None:
    since = head.row["waiting_since"] or now
    head.change_owner("queue")
    head.set(waiting_since=since, reason=meta["reason"], person_at=None)
    head.append("handed_over", now, meta=meta)
    place(head, placing, now)
    head.save()
