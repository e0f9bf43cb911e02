"""Customers by what is known of them: who a campaign may be for. What they consented to is the gate's to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from memory.consent import standing
from memory.customers import KINDS
from memory.schema import conversations, customers, identities

_heard = func.coalesce(conversations.c.heard_at, conversations.c.last_at)


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty lists and None do not matter. `consented` keeps those with a recorded consent to `purpose`."""

    channel: str
    regions: Sequence[str] = ()
    tiers: Sequence[str] = ()
    languages: Sequence[str] = ()
    heard_since: datetime | None = None
    silent_since: datetime | None = None
    consented: bool = False
    purpose: str = "marketing"


@dataclass(frozen=True, slots=True)
class Found:
    customer: str
    region: str
    tier: str
    language: str


def matching(connection: Connection, wanted: Filter, after: str, limit: int) -> tuple[list[Found], str]:
    """Customers of the filter who have an address on its channel, by id after one, and where to go on ("" at the end).

    A page may hold fewer than `limit`, or none, before the end.
    """
    rows = connection.execute(_query(wanted).where(customers.c.id > after).limit(limit)).all()
    found = [Found(row.id, row.region, row.tier, row.language or "") for row in rows]
    found = [one for one in found if not wanted.languages or one.language in wanted.languages]
    if wanted.consented:
        found = [one for one in found if standing(connection, one.customer, wanted.channel, wanted.purpose) == "in"]
    return found, str(rows[-1].id) if len(rows) == limit else ""


def describe(connection: Connection, customer: str, *, region: str = "", tier: str = "", timezone: str = "") -> None:
    """Fills in what nobody knew of a customer; what is known stays."""
    for name, value in (("region", region), ("tier", tier), ("timezone", timezone)):
        if value:
            unknown = (customers.c.id == customer) & (customers.c[name] == "")
            connection.execute(update(customers).where(unknown).values({name: value}))


def _query(wanted: Filter):  # type: ignore[no-untyped-def]  # SQLAlchemy's own type of a select says nothing more
    language = (
        select(conversations.c.language)
        .where(conversations.c.customer_id == customers.c.id, conversations.c.language != "")
        .order_by(conversations.c.last_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    reached = select(identities.c.hash).where(
        identities.c.customer_id == customers.c.id, identities.c.kind == KINDS.get(wanted.channel, wanted.channel)
    )
    conditions: list[ColumnElement[bool]] = [reached.exists()]
    if wanted.regions:
        conditions.append(customers.c.region.in_(wanted.regions))
    if wanted.tiers:
        conditions.append(customers.c.tier.in_(wanted.tiers))
    if wanted.heard_since is not None:
        conditions.append(_spoke(wanted.heard_since).exists())
    if wanted.silent_since is not None:
        conditions.append(~_spoke(wanted.silent_since).exists())
    query = select(customers.c.id, customers.c.region, customers.c.tier, language.label("language"))
    return query.where(*conditions).order_by(customers.c.id)


def _spoke(since: datetime):  # type: ignore[no-untyped-def]  # as above
    return select(conversations.c.id).where(
        conversations.c.customer_id == customers.c.id, conversations.c.inbound_seq > 0, _heard >= since
    )
