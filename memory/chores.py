"""Work that one process of many does at its time: taken under a lease, marked when it was done.

A process that dies leaves the lease to run out. A clock that was wrong leaves moments of the future behind: those count
as never.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from memory.customers import insert_if_absent
from memory.schema import chores

_ONE = select(chores).where(chores.c.name == bindparam("of"))
_MINE = update(chores).where(chores.c.name == bindparam("of"), chores.c.holder == bindparam("by"))


def done_at(connection: Connection, name: str, now: datetime) -> datetime | None:
    """When it was last done; None for never, and for a moment that has not come yet."""
    row = connection.execute(_ONE, {"of": name}).mappings().first()
    at: datetime | None = row["done_at"] if row else None
    return None if at is None or at > now else at


def take(
    connection: Connection, name: str, holder: str, *, now: datetime, lease_s: float, undone_since: datetime | None
) -> bool:
    """Whether it is this holder's to do now: nobody else has it, and it was not done since that moment. None for
    `undone_since` asks for the lease alone."""
    insert_if_absent(connection, chores, name=name)
    c, span = chores.c, timedelta(seconds=lease_s)
    free = or_(
        c.holder.is_(None),
        c.holder == holder,
        c.lease_until.is_(None),
        c.lease_until < now,
        c.lease_until > now + 2 * span,  # a lease that a wrong clock gave
    )
    conditions = [c.name == name, free]
    if undone_since is not None:
        conditions.append(or_(c.done_at.is_(None), c.done_at < undone_since, c.done_at > now))
    taken = update(chores).where(and_(*conditions)).values(holder=holder, lease_until=now + span)
    return bool(connection.execute(taken).rowcount)


def keep(connection: Connection, name: str, holder: str, *, now: datetime, lease_s: float) -> bool:
    """Extends the lease; False when another has it by now, and the work must stop."""
    given = {"of": name, "by": holder}
    return bool(connection.execute(_MINE.values(lease_until=now + timedelta(seconds=lease_s)), given).rowcount)


def finish(connection: Connection, name: str, holder: str, now: datetime | None) -> None:
    """Gives it back, done at `now`; None for not done."""
    values = {"holder": None, "lease_until": None, **({} if now is None else {"done_at": now})}
    connection.execute(_MINE.values(**values), {"of": name, "by": holder})
