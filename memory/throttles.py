"""How many messages may leave in a span of time, counted from the outbox itself.

A message takes its slot in the transaction in which the gate lets it go, so that processes together never give out one
too many: `serialise` first, then `free_at` for each limit, then `take_slot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Select, bindparam, select, text, update

from memory.limits import Limit
from memory.messages import PROACTIVE
from memory.schema import outbox

Scope = Literal["channel", "inbox", "campaign", "customer"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
THROTTLED = "throttle"
"""The rule of rows that wait for a slot."""

# Any number will do, as long as every process takes the same one.
_PG_LOCK = 0x0F0F
_COLUMNS: Mapping[Scope, str] = {
    "channel": "channel",
    "inbox": "inbox",
    "campaign": "campaign_id",
    "customer": "customer_id",
}


def _oldest_slot(scope: Scope) -> Select[Any]:
    """The slot that must end before another is free. Replies take a channel's and an inbox's slots, though they never
    wait for one; a customer's count what they did not ask for."""
    o = outbox.c
    query = select(o.admitted_at).where(
        o[_COLUMNS[scope]] == bindparam("value"), o.admitted_at > bindparam("since"), o.id != bindparam("self")
    )
    if scope == "customer":
        query = query.where(o.purpose.in_(sorted(PROACTIVE)))
    return query.order_by(o.admitted_at.desc()).limit(1).offset(bindparam("before"))


def _last_waiting(scope: Scope) -> Select[Any]:
    o = outbox.c
    return (
        select(o.next_at)
        .where(
            o[_COLUMNS[scope]] == bindparam("value"),
            o.status == "pending",
            o.rule == THROTTLED,
            o.id != bindparam("self"),
        )
        .order_by(o.next_at.desc())
        .limit(1)
    )


_OLDEST = {scope: _oldest_slot(scope) for scope in SCOPES}
_LAST = {scope: _last_waiting(scope) for scope in SCOPES}
_TAKE = update(outbox).where(outbox.c.id == bindparam("of"))
_WAKE = update(outbox).where(outbox.c.status == "pending", outbox.c.next_at > bindparam("at"))


def serialise(connection: Connection) -> None:
    """Until this transaction ends, no other counts slots or gives them out."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})


def free_at(connection: Connection, scope: Scope, value: str, limit: Limit, id: str, now: datetime) -> datetime | None:
    """None when the message `id` may have a slot now, else when it should ask again: as one is free, behind those that
    wait already."""
    span = timedelta(seconds=limit.seconds)
    if limit.most <= 0:
        return now + span
    given = {"value": value, "self": id}
    oldest: datetime | None = connection.execute(
        _OLDEST[scope], {**given, "since": now - span, "before": limit.most - 1}
    ).scalar()
    if oldest is None:
        return None
    last: datetime | None = connection.execute(_LAST[scope], given).scalar()
    return max(oldest + span, last + span / limit.most) if last is not None and last > now else oldest + span


def take_slot(connection: Connection, id: str, rule: str, why: str, now: datetime) -> None:
    """The gate let this message go: its verdict is written before the provider sees it, and its slot is taken."""
    connection.execute(_TAKE, {"of": id, "admitted_at": now, "rule": rule, "verdict": why})


def wake(connection: Connection, rule: str, now: datetime) -> int:
    """What waits under a rule is due now: a switch was turned or a limit changed. How many there were."""
    values = {"next_at": now}
    return connection.execute(_WAKE.where(outbox.c.rule == rule).values(**values), {"at": now}).rowcount
