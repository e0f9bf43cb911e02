"""Removing a customer: their rows, the key that opens what was sealed, and what proves it.

A backup made before holds the rows and the key still: whoever restores one erases again what the audit says was erased.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.engine import make_url

from memory import audit, controls
from memory.errors import Held
from memory.export import check_customer
from memory.held import HOLDINGS, Holding
from memory.schema import conversations, customers, identities, turns
from memory.suppression import suppress
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did: rows removed and rows emptied by table, and what must outlive it. `turns` are those whose
    checkpoints are to be removed too."""

    customer: str
    at: datetime
    by: str
    removed: Mapping[str, int]
    emptied: Mapping[str, int]
    suppressed: int
    audit_seq: int
    turns: tuple[str, ...] = field(default=(), repr=False)


def hold_name(customer: str) -> str:
    """The control that keeps a customer from being erased."""
    return f"hold/{customer}"


def held(connection: Connection, customer: str) -> Mapping[str, object] | None:
    """Who put the legal hold, why and when; None where there is none."""
    row = controls.read_one(connection, hold_name(customer))
    return dict(row) if row is not None and row["value"].get("on") else None


def erase(
    connection: Connection, vault: Vault, customer: str, *, by: str, role: str, why: str, now: datetime
) -> Certificate:
    """Removes everything held about a customer. Raises UnknownCustomer, Held (a legal hold).

    An opt-out outlives it, under a keyed hash; so does that a request for it was made and by whom it was ended.
    """
    # Locked in this order: who writes next finds no identity and makes a new customer, who writes now is waited for.
    connection.execute(select(customers.c.id).where(customers.c.id == customer).with_for_update())
    check_customer(connection, customer)
    if hold := held(connection, customer):
        raise Held(f"{hold['by']} put a legal hold on this customer: {hold['why']}. An admin can lift it")
    connection.execute(select(identities.c.hash).where(identities.c.customer_id == customer).with_for_update())
    mine = conversations.c.customer_id == customer
    connection.execute(select(conversations.c.id).where(mine).with_for_update())
    suppressed = suppress(connection, customer, now)
    paused = _turns(connection, customer)
    ended = {holding.name: _end(connection, holding, customer) for holding in HOLDINGS}
    vault.forget(customer)
    emptied = {h.name: ended[h.name] for h in HOLDINGS if h.blanked is not None}
    removed = {name: count for name, count in ended.items() if name not in emptied}
    detail = {"removed": removed, "emptied": emptied, "suppressed": suppressed, "why": why}
    seq = audit.note(
        connection, actor=by, role=role, act="customer.erased", subject=f"customer:{customer}", detail=detail, now=now
    )
    return Certificate(customer, now, by, removed, emptied, suppressed, seq, paused)


def _turns(connection: Connection, customer: str) -> tuple[str, ...]:
    of = select(conversations.c.id).where(conversations.c.customer_id == customer)
    waiting = turns.c.status.in_(["parked", "decided", "running"])
    return tuple(connection.execute(select(turns.c.id).where(turns.c.conversation_id.in_(of), waiting)).scalars())


def _end(connection: Connection, holding: Holding, customer: str) -> int:
    mine = holding.of(customer)
    if holding.blanked is not None:
        return int(connection.execute(update(holding.table).where(mine).values(**holding.blanked)).rowcount)
    return int(connection.execute(delete(holding.table).where(mine)).rowcount)


async def settle(store_url: str) -> bool:
    """Writes SQLite's journal back into the file and empties it, so that no removed row lies there; False when another
    process reads just now, and it happens by itself later. PostgreSQL's vacuum does the like by itself."""
    url = make_url(store_url)
    if not url.drivername.startswith("sqlite") or not url.database:
        return True
    return await asyncio.to_thread(_settle, url.database)


def _settle(path: str) -> bool:
    connection = sqlite3.connect(path, timeout=2.0)
    try:
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
