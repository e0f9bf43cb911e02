"""The consent ledger: who opted in or out of what, when, and on what evidence. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, insert, select

from memory.schema import consents

_NEWEST = (
    select(consents.c.state)
    .where(
        consents.c.customer_id == bindparam("customer"),
        consents.c.channel == bindparam("channel"),
        consents.c.purpose == "all",
    )
    .order_by(consents.c.at.desc())
    .limit(1)
)


def record_consent(
    connection: Connection,
    *,
    id: str,
    customer: str,
    channel: str,
    state: Literal["in", "out"],
    evidence: Mapping[str, Any],
    now: datetime,
    purpose: str = "all",
) -> None:
    """Adds one entry; the newest for a customer, channel and purpose is what holds."""
    connection.execute(
        insert(consents).values(
            id=id, customer_id=customer, channel=channel, purpose=purpose, state=state, evidence=dict(evidence), at=now
        )
    )


def opted_out(connection: Connection, customer: str, channel: str) -> bool:
    """Whether the customer's newest word on this channel is that nothing more may be sent."""
    return connection.execute(_NEWEST, {"customer": customer, "channel": channel}).scalar() == "out"
