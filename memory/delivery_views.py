"""What became of messages and webhooks, for people and programs to read. Nothing that was said is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from memory.hooks import PREFIX
from memory.schema import hooks, outbox


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message's way out. `rule` and `verdict` are the gate's; `report` is what its provider said last: delivered,
    hard, soft, blocked, unknown, complained."""

    id: str
    conversation_id: str
    seq: int
    inbox: str
    channel: str
    purpose: str
    campaign_id: str | None
    status: str
    attempts: int
    next_at: datetime
    rule: str | None
    verdict: str | None
    error: str | None
    provider_ref: str | None
    report: str | None
    reported_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an outgoing webhook fares. `sent_at` is its newest success."""

    name: str
    waiting: int
    dead: int
    sent: int
    oldest_at: datetime | None
    sent_at: datetime | None


_COLUMNS = [outbox.c[field.name] for field in fields(Delivery)]


def deliveries(connection: Connection, wanted: Mapping[str, str], limit: int) -> list[Delivery]:
    """Newest first; `wanted` has values of columns that must be equal, such as status or inbox."""
    query = select(*_COLUMNS).where(*(outbox.c[name] == value for name, value in wanted.items()))
    rows = connection.execute(query.order_by(outbox.c.created_at.desc(), outbox.c.id).limit(limit)).mappings()
    return [Delivery(**row) for row in rows]


def endpoints(connection: Connection, names: Sequence[str]) -> list[Endpoint]:
    """One for each name, those that were never told anything too."""
    waits = hooks.c.status.in_(["pending", "sending"])
    query = (
        select(
            hooks.c.endpoint,
            func.sum(case((waits, 1), else_=0)),
            func.sum(case((hooks.c.status == "dead", 1), else_=0)),
            func.sum(case((hooks.c.status == "sent", 1), else_=0)),
            func.min(case((waits, hooks.c.created_at))),
            func.max(hooks.c.sent_at),
        )
        .where(hooks.c.endpoint.in_([f"{PREFIX}{name}" for name in names]))
        .group_by(hooks.c.endpoint)
    )
    found = {row[0].removeprefix(PREFIX): row for row in connection.execute(query)}
    return [
        Endpoint(name, int(row[1]), int(row[2]), int(row[3]), row[4], row[5])
        if (row := found.get(name))
        else Endpoint(name, 0, 0, 0, None, None)
        for name in names
    ]
