"""What the purging of every class shares: who runs it, and how files, memories and vectors are dealt with."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, select, update

from memory.customers import insert_if_absent
from memory.retention.kinds import ENDPOINT, PURGING
from memory.retention.rules import Rules
from memory.schema import attachments, customers, hooks, memories
from memory.vault import Vault

SUBJECT: Final = "retention"
"""Of its audit entries."""
ROWS: Final = 250
"""Rows of one transaction: what a turn waits for at most. Chosen by `python -m evals.bench.retention`."""
GONE_FILE: Final = "removed: kept no longer"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What every transaction of a run needs to know: the rules, the vault, and who runs it."""

    rules: Rules
    vault: Vault
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class Done:
    """What one transaction did: rows by table, and whether something of these rows is still to go."""

    rows: Mapping[str, int] = field(default_factory=dict)
    more: bool = False


def blank_files(connection: Connection, vault: Vault, found: Iterable[RowMapping]) -> None:
    """That a file came stays, of what type and when; what it was and how it was called goes."""
    for row in found:
        context = f"{row['conversation_id']}:attachment:{row['id']}:name"
        name = vault.sealer(connection, row["customer_id"]).seal("removed", context.encode())
        blank = {"name": name, "body": None, "sha256": "", "verdict": GONE_FILE}
        connection.execute(update(attachments).where(attachments.c.id == row["id"]).values(**blank))


def take_memories(
    connection: Connection,
    run: Run,
    found: Sequence[RowMapping],
    to_seq: int | None,
    rows: Counter[str],
    now: datetime,
) -> None:
    """What was taken into memory from conversations, or from their events up to `to_seq`, goes with them, and so does
    what it had ended: that would seem to hold again. Where memories have a rule of their own they stay, and say no more
    where they are from. What a person wrote down stays too."""
    m = memories.c
    owners, ids = {row["customer_id"] for row in found}, [row["id"] for row in found]
    mine: list[ColumnElement[bool]] = [
        m.customer_id.in_(owners),
        m.conversation_id.in_(ids),
    ]  # the first of them has the index
    if to_seq is not None:
        mine.append(m.seq <= to_seq)
    known = connection.execute(select(m.id, m.customer_id, m.origin).where(*mine)).all()
    if not known:
        return
    c = customers.c
    places = connection.execute(select(c.id, c.region, c.tier).where(c.id.in_(owners)))
    ruled = {at.id for at in places if run.rules.holds("memory", "erase", at.region, at.tier) is not None}
    taken = {row.id: row.customer_id for row in known if row.origin == "said" and row.customer_id not in ruled}
    ended = set(taken)
    while ended:
        before = select(m.id, m.customer_id).where(m.customer_id.in_(owners), m.superseded_by.in_(sorted(ended)))
        fresh = {row.id: row.customer_id for row in connection.execute(before) if row.id not in taken}
        taken |= fresh
        ended = set(fresh)
    pend(connection, [("memory", id_, customer, 0) for id_, customer in sorted(taken.items())], now)
    if taken:
        rows["memories"] += connection.execute(delete(memories).where(m.id.in_(sorted(taken)))).rowcount
    connection.execute(update(memories).where(*mine).values(conversation_id=None, seq=None, indexed_at=None))


def pend(connection: Connection, what: Sequence[tuple[str, str, str, int]], now: datetime) -> None:
    """Notes that vectors are still in the index: (kind, id, customer, seq) of a "memory", or of a "conversation" and
    its messages up to `seq`."""
    for kind, of, customer, seq in what:
        digest = hashlib.sha256(f"{kind}:{of}:{seq}".encode()).hexdigest()[:40]
        insert_if_absent(
            connection,
            hooks,
            id=f"purge-{digest}",
            endpoint=f"{ENDPOINT}{kind}",
            event="vectors",
            conversation_id=of,
            customer_id=customer,
            seq=seq,
            payload=b"",
            status=PURGING,
            next_at=now,
            created_at=now,
        )
