"""Who a campaign is for, one row each: written down once, given a step, and given one message.

waiting ─► queued     the event, the outbox row and this status are one transaction
   ├─────► skipped    there is nothing to send: `reason` says why
   └─────► dropped    the campaign ended before

What became of a queued message is in the outbox and in the log. A row of step SEED is a seed: a colleague who gets the
message first and counts in no figure.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from memory import outreach
from memory.campaigns import lock
from memory.customers import insert_if_absent
from memory.outreach import Words
from memory.schema import campaign_members, outbox
from memory.vault import Vault

SEED = -1
_PAGE = 100
_m = campaign_members.c
_WAITING = (
    select(campaign_members)
    .where(
        _m.campaign_id == bindparam("of"),
        _m.status == "waiting",
        _m.step >= bindparam("first"),
        _m.step <= bindparam("last"),
    )
    .order_by(_m.step, _m.customer_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_MARK = update(campaign_members).where(
    _m.campaign_id == bindparam("of"), _m.customer_id == bindparam("whom"), _m.status == "waiting"
)
_STEP = update(campaign_members).where(_m.campaign_id == bindparam("of"), _m.customer_id == bindparam("whom"))


@dataclass(frozen=True, slots=True)
class NewMember:
    """A customer the campaign is for. `variant` is chosen now, `values` fill it later; both are empty for a seed."""

    customer: str
    variant: str
    values: Mapping[str, str] = field(default_factory=dict)
    skipped: str = ""
    seed: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to send to this member; `why` is kept."""

    why: str


Compose = Callable[[str, Mapping[str, str], str], "Words | Skip"]
"""(variant, values, customer) to what is said."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What one transaction did: conversations that have a message now, and how many members were skipped."""

    conversations: tuple[str, ...] = ()
    skipped: int = 0

    @property
    def members(self) -> int:
        return len(self.conversations) + self.skipped


def admit(
    connection: Connection, vault: Vault, campaign: str, inbox: str, members: Iterable[NewMember], now: datetime
) -> int:
    """Writes members down, each customer once; how many were new."""
    added = 0
    for member in members:
        added += insert_if_absent(
            connection,
            campaign_members,
            campaign_id=campaign,
            customer_id=member.customer,
            inbox=inbox,
            variant=member.variant,
            step=SEED if member.seed else 0,
            status="skipped" if member.skipped else "waiting",
            reason=member.skipped,
            values=_sealed(connection, vault, campaign, member),
            at=now,
        )
    return added


def _sealed(connection: Connection, vault: Vault, campaign: str, member: NewMember) -> bytes | None:
    if not member.values or member.skipped:
        return None
    sealer = vault.sealer(connection, member.customer)
    return sealer.seal(orjson.dumps(dict(member.values)).decode(), f"campaign:{campaign}".encode())


def values_of(connection: Connection, vault: Vault, row: RowMapping) -> dict[str, str]:
    """A member's own values, opened."""
    if row["values"] is None:
        return {}
    sealer = vault.sealer(connection, row["customer_id"])
    found: dict[str, str] = orjson.loads(sealer.unseal(row["values"], f"campaign:{row['campaign_id']}".encode()))
    return found


def spread(customers: Sequence[str], steps: Sequence[float], seed: str) -> dict[str, int]:
    """A step from 1 for each customer: a random order that is always the same, cut at the steps' shares, rounded up.

    The first step has at least one customer.
    """
    order = sorted(customers, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())
    ends = [math.ceil(len(order) * share / 100) for share in steps]
    placed, step = {}, 1
    for at, customer in enumerate(order):
        while at >= ends[step - 1]:
            step += 1
        placed[customer] = step
    return placed


def everyone(connection: Connection, campaign: str) -> list[str]:
    """Members who wait, the seeds left out."""
    query = select(_m.customer_id).where(_m.campaign_id == campaign, _m.step != SEED, _m.status == "waiting")
    return list(connection.execute(query).scalars())


def place(connection: Connection, campaign: str, steps: Mapping[str, int]) -> None:
    """Gives members their steps."""
    if steps:
        given = [{"of": campaign, "whom": customer, "to_step": step} for customer, step in steps.items()]
        connection.execute(_STEP.values(step=bindparam("to_step")), given)


def page(connection: Connection, campaign: str, after: str, limit: int) -> list[RowMapping]:
    """Members who wait, by customer id, after one; the seeds are not among them."""
    query = (
        select(campaign_members)
        .where(_m.campaign_id == campaign, _m.customer_id > after, _m.status == "waiting", _m.step != SEED)
        .order_by(_m.customer_id)
        .limit(limit)
    )
    return list(connection.execute(query).mappings())


def follow(
    connection: Connection,
    *,
    before: str,
    campaign: str,
    inbox: str,
    reached: str,
    others: str,
    after: str,
    now: datetime,
) -> str | None:
    """Admits a page of another campaign's members; where to go on, None at the end.

    Whose message of that one left, or was leaving, gets the variant `reached`, all others get `others`.
    """
    query = (
        select(_m.customer_id, outbox.c.status)
        .select_from(campaign_members.outerjoin(outbox, outbox.c.id == _m.outbox_id))
        .where(_m.campaign_id == before, _m.customer_id > after, _m.step != SEED)
        .order_by(_m.customer_id)
        .limit(_PAGE)
    )
    rows = connection.execute(query).all()
    for customer, status in rows:
        insert_if_absent(
            connection,
            campaign_members,
            campaign_id=campaign,
            customer_id=customer,
            inbox=inbox,
            variant=reached if status in ("sent", "sending") else others,
            step=0,
            status="waiting",
            at=now,
        )
    return str(rows[-1][0]) if len(rows) == _PAGE else None


def left(connection: Connection, campaign: str, last: int) -> int:
    """How many members of steps 1 to `last` have no message yet."""
    query = select(func.count()).where(
        _m.campaign_id == campaign, _m.status == "waiting", _m.step >= 1, _m.step <= last
    )
    return connection.execute(query).scalar_one()


def queue(
    connection: Connection,
    vault: Vault,
    campaign: str,
    compose: Compose,
    *,
    channel: str,
    limit: int,
    now: datetime,
    seeds: bool = False,
) -> Queued:
    """Gives the next members their message, at most `limit`; nothing unless the campaign runs, or for `seeds`.

    The campaign's row is locked first, so that nothing is queued after a pause has returned.
    """
    head = lock(connection, campaign)
    if not seeds and head.status != "running":
        return Queued()
    first, last = (SEED, SEED) if seeds else (1, head.step)
    given = {"of": campaign, "first": first, "last": last, "most": limit}
    rows = sorted(connection.execute(_WAITING, given).mappings().all(), key=lambda row: str(row["customer_id"]))
    told, skipped = [], 0
    for row in rows:
        words = compose(row["variant"], values_of(connection, vault, row), row["customer_id"])
        conversation = None if isinstance(words, Skip) else _say(connection, vault, row, words, channel, now)
        if conversation is None:
            why = words.why if isinstance(words, Skip) else "there is no address on this channel"
            _mark(connection, row, "skipped", now, reason=why)
            skipped += 1
        else:
            told.append(conversation)
            _mark(connection, row, "queued", now, outbox_id=key_of(row))
    return Queued(tuple(told), skipped)


def key_of(row: Mapping[str, Any] | RowMapping) -> str:
    """The outbox key of a member's message: one for each, whoever queues it."""
    return f"{row['campaign_id']}-{row['customer_id']}"[:64]


def _say(
    connection: Connection, vault: Vault, row: RowMapping, words: Words, channel: str, now: datetime
) -> str | None:
    new_id = f"c-{hashlib.sha256(key_of(row).encode()).hexdigest()[:32]}"
    whom = {"customer": row["customer_id"], "inbox": row["inbox"], "channel": channel}
    head = outreach.reach(connection, vault, **whom, new_id=new_id, now=now)
    if head is None:
        return None
    outreach.say_first(head, key_of(row), words, now, push=True)
    return head.id


def _mark(connection: Connection, row: RowMapping, status: str, now: datetime, **values: Any) -> None:
    changed = {_m["status"]: status, _m["at"]: now, _m["values"]: None, **{_m[k]: v for k, v in values.items()}}
    connection.execute(_MARK.values(changed), {"of": row["campaign_id"], "whom": row["customer_id"]})
