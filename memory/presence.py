"""Who is at the desk: each open desk says so now and then, and who was not heard of for a while is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from memory.schema import presence

State = Literal["here", "away"]
GONE = timedelta(seconds=90)
"""Three missed signs: a desk gives one every 30 seconds."""

_HERE = select(presence.c.person).where(presence.c.state == "here", presence.c.seen_at > bindparam("since"))


@dataclass(frozen=True, slots=True)
class Presence:
    """`state` "gone" is said of who was not heard of lately."""

    person: str
    state: Literal["here", "away", "gone"]
    seen_at: datetime


def seen(connection: Connection, person: str, state: State, now: datetime) -> None:
    """A sign of life."""
    connection.execute(_upsert(connection.dialect.name), {"person": person[:64], "state": state, "seen_at": now})


def still(connection: Connection, person: str, now: datetime) -> None:
    """A sign of life that changes nothing of what the person said of themselves; who said nothing yet, or comes back
    after they were gone, is here."""
    lately = select(presence.c.state).where(presence.c.person == person[:64], presence.c.seen_at > now - GONE)
    seen(connection, person, connection.execute(lately).scalar() or "here", now)


def here(connection: Connection, now: datetime) -> frozenset[str]:
    """Who is at the desk and takes conversations."""
    return frozenset(connection.execute(_HERE, {"since": now - GONE}).scalars())


def listed(connection: Connection, now: datetime) -> list[Presence]:
    """Everybody who was ever there, by name."""
    rows = connection.execute(select(presence).order_by(presence.c.person)).mappings()
    return [
        Presence(row["person"], row["state"] if row["seen_at"] > now - GONE else "gone", row["seen_at"]) for row in rows
    ]


@cache
def _upsert(dialect: str) -> Any:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(presence)
    given = {"state": insert.excluded.state, "seen_at": insert.excluded.seen_at}
    return insert.on_conflict_do_update(index_elements=["person"], set_=given)
