"""What purged rows leave behind: vectors, pseudonyms that nothing names any more, customers with nothing left.

A row of `hooks` says what is still to do, so that a crash or an index that is away loses nothing: first the vectors
("vectors"), then the customer ("customer"). Both steps run again without harm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, and_, cast, delete, func, or_, select, tuple_, update
from sqlalchemy.types import Text as AsText

from memory import audit, consent, schema
from memory.erasure.holds import drop_holds
from memory.erasure.rows import end_keys
from memory.facts.index import memory_point, said_id
from memory.held import HOLDINGS
from memory.identity.members import members
from memory.retention.acts import SUBJECT, Run
from memory.retention.kinds import ENDPOINT, LIVE_TASK, PURGING
from memory.retention.planning import on_hold
from memory.retention.rules import FLOORS
from memory.schema import conversations, customers, events, hooks, identities, vault
from memory.seal import SealError
from memory.vault import Vault

QUIET: Final = timedelta(hours=1)
"""How long nobody may have said anything before a customer's pseudonyms are looked through: a turn under way holds some
that are nowhere yet."""
REMOVED: Final = "[removed]"
"""The value of a pseudonym that is kept for its number alone, so that it is never given to another value."""
_PSEUDONYM = re.compile(r"<([A-Z][A-Z0-9_]{0,39})_([1-9][0-9]{0,8})>")
Step = Literal["vectors", "customer"]


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing to finish: the vectors of a memory (`what` "memory") or of a conversation's messages up to `seq`."""

    id: str
    what: str
    of: str
    customer: str
    seq: int

    def points(self) -> list[str]:
        """The ids of its vectors, whether they are in the index or not."""
        if self.what == "memory":
            return [memory_point(self.of)]
        return [said_id(self.of, seq) for seq in range(1, self.seq + 1)]


def pending(connection: Connection, step: Step, limit: int = 500) -> list[Pending]:
    """What waits for a step, the oldest first."""
    h = hooks.c
    query = (
        select(h.id, h.endpoint, h.conversation_id, h.customer_id, h.seq)
        .where(h.status == PURGING, h.event == step)
        .order_by(h.next_at, h.id)
        .limit(limit)
    )
    return [
        Pending(row.id, row.endpoint.removeprefix(ENDPOINT), row.conversation_id, row.customer_id, row.seq)
        for row in connection.execute(query)
    ]


def vectors_gone(connection: Connection, ids: Sequence[str]) -> None:
    """Their vectors are out of the index: the customer is next."""
    done = update(hooks).where(hooks.c.id.in_(ids), hooks.c.status == PURGING)
    connection.execute(done.values(event="customer"))


def put_off(connection: Connection, ids: Sequence[str], until: datetime) -> None:
    """Others come first: these have to wait."""
    connection.execute(update(hooks).where(hooks.c.id.in_(ids)).values(next_at=until))


# --- the customer ---


@dataclass(frozen=True, slots=True)
class Left:
    """How a customer stands: `group` is everybody who is the same person. `nothing` of them is left, or they are `busy`
    (somebody talks with them, or a hold is on them), or `used` are the pseudonyms still named, as they stood at
    `stamp`. `campaigns` are their rows in campaigns, for which the table has no index."""

    group: tuple[str, ...]
    nothing: bool = False
    busy: bool = False
    used: frozenset[tuple[str, int]] = frozenset()
    stamp: tuple[Any, ...] = ()
    campaigns: tuple[tuple[str, str], ...] = ()


def look(connection: Connection, run_vault: Vault, customer: str, now: datetime) -> Left:
    """How the customer stands; a customer who is not there any more has nothing left and nobody to remove."""
    if connection.execute(select(customers.c.id).where(customers.c.id == customer)).first() is None:
        return Left(())
    group = members(connection, customer)
    if set(group) & on_hold(connection):
        return Left(group, busy=True)
    if _nothing_left(connection, group):
        m = schema.campaign_members.c
        told = connection.execute(select(m.campaign_id, m.customer_id).where(m.customer_id.in_(group)))
        return Left(group, nothing=True, campaigns=tuple((row.campaign_id, row.customer_id) for row in told))
    if _talks(connection, customer, now):
        return Left(group, busy=True)
    return Left(group, used=_used(connection, run_vault, customer), stamp=_stamp(connection, customer))


def _nothing_left(connection: Connection, group: Sequence[str]) -> bool:
    """No conversation, nothing remembered, nothing to do for them, and nothing they agreed to."""
    s = schema
    live_campaign = and_(s.campaigns.c.id == s.campaign_members.c.campaign_id, s.campaigns.c.ended_at.is_(None))
    asked = (
        select(conversations.c.id).where(conversations.c.customer_id.in_(group)),
        select(s.memories.c.id).where(s.memories.c.customer_id.in_(group)),
        select(s.tasks.c.id).where(s.tasks.c.customer_id.in_(group), s.tasks.c.status.in_(LIVE_TASK)),
        select(s.campaign_members.c.customer_id)
        .join(s.campaigns, live_campaign)
        .where(s.campaign_members.c.customer_id.in_(group)),
        select(hooks.c.id).where(hooks.c.customer_id.in_(group), hooks.c.status == PURGING, hooks.c.event == "vectors"),
    )
    if any(connection.execute(query.limit(1)).first() for query in asked):
        return False
    said = [said for one in group for by in consent.standings(connection, one).values() for said in by.values()]
    return "in" not in said


def _talks(connection: Connection, customer: str, now: datetime) -> bool:
    c = conversations.c
    waits = or_(c.lease.is_not(None), c.inbound_seq > c.answered_seq, c.last_at > now - QUIET)
    return connection.execute(select(c.id).where(c.customer_id == customer, waits).limit(1)).first() is not None


def _stamp(connection: Connection, customer: str) -> tuple[Any, ...]:
    """Changes whenever the customer or the assistant says something, or something is remembered."""
    c, m = conversations.c, schema.memories.c
    talked = select(func.count(), func.sum(c.seq), func.sum(c.remembered_to)).where(c.customer_id == customer)
    known = select(func.count(), func.max(m.created_at)).where(m.customer_id == customer)
    named = select(func.count()).where(vault.c.customer_id == customer)
    return (*connection.execute(talked).one(), *connection.execute(known).one(), connection.execute(named).scalar())


def _used(connection: Connection, run_vault: Vault, customer: str) -> frozenset[tuple[str, int]]:
    """Every pseudonym that something of the customer's still names."""
    found: set[tuple[str, int]] = set()
    for text in _texts(connection, run_vault, customer):
        found.update((entity, int(number)) for entity, number in _PSEUDONYM.findall(text))
    return frozenset(found)


def _texts(connection: Connection, run_vault: Vault, customer: str) -> Iterable[str]:
    s = schema
    mine = select(conversations.c.id).where(conversations.c.customer_id == customer)
    of_turns = select(s.turns.c.id).where(s.turns.c.conversation_id.in_(mine))
    plain = (
        select(events.c.redacted).where(events.c.conversation_id.in_(mine), events.c.redacted != ""),
        select(cast(s.turns.c.record, AsText)).where(
            s.turns.c.conversation_id.in_(mine), s.turns.c.record.is_not(None)
        ),
        select(s.corrections.c.question + s.corrections.c.text + s.corrections.c.why).where(
            s.corrections.c.turn_id.in_(of_turns)
        ),
        select(s.tasks.c.note + func.coalesce(cast(s.tasks.c.identity, AsText), "")).where(
            s.tasks.c.customer_id == customer
        ),
        select(cast(s.consents.c.evidence, AsText)).where(s.consents.c.customer_id == customer),
        select(s.links.c.why).where(or_(s.links.c.customer_id == customer, s.links.c.other_id == customer)),
        select(cast(s.audit.c.detail, AsText)).where(s.audit.c.subject == f"customer:{customer}"),
        select(s.controls.c.why).where(s.controls.c.name == f"hold/{customer}"),
    )
    for query in plain:
        for text in connection.execute(query).scalars():
            yield str(text or "")
    sealer = run_vault.sealer(connection, customer)
    kept = select(s.memories.c.id, s.memories.c.body).where(s.memories.c.customer_id == customer)
    bodies = [(f"memory:{row.id}", row.body) for row in connection.execute(kept)]
    pieces = select(s.segments).where(s.segments.c.conversation_id.in_(mine))
    bodies.extend(
        (f"{row['conversation_id']}:segment:{row['number']}:{row['version']}", row["body"])
        for row in connection.execute(pieces).mappings()
    )
    for context, body in bodies:
        try:
            yield sealer.unseal(body, context.encode()) if body else ""
        except SealError:
            continue  # it cannot be read by anybody, so it names nobody


def settle_gone(
    connection: Connection, run: Run, found: Sequence[tuple[Sequence[str], Left]], now: datetime
) -> Counter[str]:
    """Removes those people who have nothing left, and finishes their ids; who wrote meanwhile stays, and is looked at
    again. What they opted out of outlives them, as at an erasure. Rows by table."""
    rows: Counter[str] = Counter()
    _lock(connection, [one for _, left in found for one in left.group])
    held = on_hold(connection)
    gone = [each for each in found if not set(each[1].group) & held and _nothing_left(connection, each[1].group)]
    person = sorted({one for _, left in gone for one in left.group})
    if person:
        rows["identities"] += end_keys(connection, run.vault, person, now)[1]
        _end_rows(connection, person, [key for _, left in gone for key in left.campaigns], rows)
    _finished(connection, run, [id_ for ids, _ in gone for id_ in ids], rows, now)
    return +rows


def settle_book(
    connection: Connection, run: Run, ids: Sequence[str], left: Left, customer: str, now: datetime
) -> Counter[str]:
    """Takes the values of pseudonyms that nothing names any more out of the customer's book and finishes the ids, if
    all is as it was when it was looked at. Rows by table."""
    rows: Counter[str] = Counter()
    _lock(connection, left.group)
    if left.group:
        if left.stamp != _stamp(connection, customer) or _talks(connection, customer, now):
            return rows
        if set(left.group) & on_hold(connection):
            return rows
        _unname(connection, run.vault, customer, left.used, rows)
    _finished(connection, run, ids, rows, now)
    return +rows


def _finished(connection: Connection, run: Run, ids: Sequence[str], rows: Counter[str], now: datetime) -> None:
    connection.execute(delete(hooks).where(hooks.c.id.in_(ids), hooks.c.status == PURGING))
    done = {name: count for name, count in sorted(rows.items()) if count}
    if done:
        detail = {"rule": "nothing is left of them, or names them", "digest": run.rules.digest, "rows": done}
        audit.note(
            connection, actor=run.by, role=run.role, act="retention.purged", subject=SUBJECT, detail=detail, now=now
        )


def _end_rows(
    connection: Connection, person: Sequence[str], campaigns: Sequence[tuple[str, str]], rows: Counter[str]
) -> None:
    """What is still found by the customers themselves: what was found by a conversation went with it."""
    for holding in HOLDINGS:
        table = holding.table
        if holding.column not in ("id", "customer_id") or table is schema.campaign_members:
            continue
        mine = table.c[holding.column].in_(person)
        if holding.blanked is not None:
            connection.execute(update(table).where(mine).values(**holding.blanked))
        else:
            rows[holding.name] += connection.execute(delete(table).where(mine)).rowcount
    rows["links"] += connection.execute(delete(schema.links).where(schema.links.c.other_id.in_(person))).rowcount
    if campaigns:
        m = schema.campaign_members.c
        of_these = delete(schema.campaign_members).where(tuple_(m.campaign_id, m.customer_id).in_(campaigns))
        rows["campaign_members"] += connection.execute(of_these).rowcount
    drop_holds(connection, person)


def _lock(connection: Connection, group: Sequence[str]) -> None:
    """Who writes next waits, and who writes now is waited for: their message must be seen."""
    connection.execute(select(customers.c.id).where(customers.c.id.in_(group)).with_for_update()).all()
    found = select(identities.c.hash).where(identities.c.customer_id.in_(group)).with_for_update()
    connection.execute(found).all()


def _unname(
    connection: Connection, run_vault: Vault, customer: str, used: frozenset[tuple[str, int]], rows: Counter[str]
) -> None:
    """The highest number of each kind stays, without its value: another value must never get it."""
    v = vault.c
    names = [
        (row.entity, row.number)
        for row in connection.execute(select(v.entity, v.number).where(v.customer_id == customer))
    ]
    highest: dict[str, int] = {}
    for entity, number in names:
        highest[entity] = max(highest.get(entity, 0), number)
    for entity, number in names:
        if (entity, number) in used:
            continue
        mine = and_(v.customer_id == customer, v.entity == entity, v.number == number)
        if highest[entity] != number:
            rows["vault"] += connection.execute(delete(vault).where(mine)).rowcount
            continue
        context = f"vault:{customer}:{entity}:{number}".encode()
        sealer = run_vault.sealer(connection, customer)
        sealed = connection.execute(select(v.value).where(mine)).scalar_one()
        if sealer.unseal(sealed, context) != REMOVED:
            connection.execute(update(vault).where(mine).values(value=sealer.seal(REMOVED, context)))
            rows["vault"] += 1


# --- claims whose conversation is gone ---


def stray_claims(connection: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Claims that no provider will repeat any more, of conversations that are gone. It only reads."""
    c = schema.claims.c
    gone = ~select(conversations.c.id).where(conversations.c.id == c.conversation_id).exists()
    old = c.at < now - timedelta(days=FLOORS["claim"].days)
    query = select(c.inbox, c.provider_id).where(c.conversation_id != "", old, gone).limit(limit)
    return [(row.inbox, row.provider_id) for row in connection.execute(query)]
