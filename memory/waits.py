"""How long customers waited for a person lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, select

from memory.schema import conversations, events

# Conversations looked at, newest first: enough for a figure of the day, and a query of some milliseconds at any size.
_LATEST = 400

_recent = (
    select(conversations.c.id)
    .where(conversations.c.inbox == bindparam("inbox"), conversations.c.last_at >= bindparam("since"))
    .order_by(conversations.c.last_at.desc())
    .limit(_LATEST)
    .scalar_subquery()
)
_asked = events.alias("asked")
_came = events.alias("came")
_WAITS = (
    select(_asked.c.at, func.min(_came.c.at).label("taken_at"))
    .join(
        _came,
        and_(_came.c.conversation_id == _asked.c.conversation_id, _came.c.seq > _asked.c.seq, _came.c.kind == "taken"),
    )
    .where(
        _asked.c.conversation_id.in_(_recent), _asked.c.kind == "handed_over", _asked.c.at >= bindparam("since_event")
    )
    .group_by(_asked.c.conversation_id, _asked.c.seq, _asked.c.at)
)


def recent_waits(connection: Connection, inbox: str, since: datetime) -> list[float]:
    """Seconds from each handover since then to the person who took it; those still waiting are not there."""
    rows = connection.execute(_WAITS, {"inbox": inbox, "since": since, "since_event": since})
    return [(row.taken_at - row.at).total_seconds() for row in rows]
