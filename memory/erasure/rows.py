"""What an erasure does in the database: first what opens and finds a person, in one transaction, then their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from memory import audit
from memory.erasure.holds import check_free, drop_holds
from memory.errors import UnknownCustomer
from memory.held import HOLDINGS, Holding
from memory.identity.linking import forget
from memory.identity.members import members
from memory.schema import conversations, customers, identities
from memory.suppression import suppress
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class Ended:
    """Rows removed and rows emptied by table, and how many opt-outs went onto the suppression list."""

    removed: Mapping[str, int]
    emptied: Mapping[str, int]
    suppressed: int = 0
    audit_seq: int = 0


def end_keys(connection: Connection, vault: Vault, person: Sequence[str], now: datetime) -> tuple[int, int]:
    """Destroys the keys of all customers who are the person and the identities they are found by; once it is committed
    nothing that was sealed opens, and who writes again is somebody new. Opt-outs outlive it, under a keyed hash.

    Returns how many opt-outs were kept and how many identities there were. Raises Held. Runs again without harm.
    """
    # Locked in this order: who writes next finds no identity and makes a new customer, who writes now is waited for.
    connection.execute(select(customers.c.id).where(customers.c.id.in_(person)).with_for_update())
    check_free(connection, person)
    mine = identities.c.customer_id.in_(person)
    connection.execute(select(identities.c.hash).where(mine).with_for_update())
    connection.execute(select(conversations.c.id).where(conversations.c.customer_id.in_(person)).with_for_update())
    suppressed = sum(suppress(connection, customer, now) for customer in person)
    connection.execute(update(customers).where(customers.c.id.in_(person)).values(key=b""))
    known = int(connection.execute(delete(identities).where(mine)).rowcount)
    for customer in person:
        vault.forget(customer)
    return suppressed, known


def end_rows(connection: Connection, person: Sequence[str]) -> Ended:
    """Removes or empties every row about the person. Runs again without harm."""
    connection.execute(select(customers.c.id).where(customers.c.id.in_(person)).with_for_update())
    ended = {holding.name: sum(_end(connection, holding, customer) for customer in person) for holding in HOLDINGS}
    forget(connection, person)  # whoever was joined with them only now, and stays
    drop_holds(connection, person)
    emptied = {holding.name: ended[holding.name] for holding in HOLDINGS if holding.blanked is not None}
    return Ended({name: count for name, count in ended.items() if name not in emptied}, emptied)


def erase(connection: Connection, vault: Vault, customer: str, *, by: str, role: str, why: str, now: datetime) -> Ended:
    """Both in one transaction, with an audit entry: for a person of whom nothing lies outside the database.

    Raises UnknownCustomer, Held.
    """
    person = check_person(connection, customer)
    suppressed, known = end_keys(connection, vault, person, now)
    ended = end_rows(connection, person)
    removed = {**ended.removed, "identities": ended.removed["identities"] + known}
    detail = {"removed": removed, "emptied": ended.emptied, "suppressed": suppressed, "why": why}
    seq = audit.note(
        connection, actor=by, role=role, act="customer.erased", subject=f"customer:{customer}", detail=detail, now=now
    )
    return Ended(removed, ended.emptied, suppressed, seq)


def check_person(connection: Connection, customer: str) -> tuple[str, ...]:
    """All customers who are the same person as this one, it first. Raises UnknownCustomer."""
    if connection.execute(select(customers.c.id).where(customers.c.id == customer)).first() is None:
        raise UnknownCustomer(f"there is no customer {customer[:64]!r}, or they were erased")
    return members(connection, customer)


def still_there(connection: Connection, person: Sequence[str]) -> tuple[str, ...]:
    """Those of these customers who have a row."""
    found = connection.execute(select(customers.c.id).where(customers.c.id.in_(person))).scalars()
    return tuple(sorted(found))


def keys_left(connection: Connection, person: Sequence[str]) -> int:
    """How many of these customers have a key that opens something."""
    query = select(func.count()).select_from(customers)
    return int(
        connection.execute(query.where(customers.c.id.in_(person), func.length(customers.c.key) > 0)).scalar_one()
    )


def _end(connection: Connection, holding: Holding, customer: str) -> int:
    mine = holding.of(customer)
    if holding.blanked is not None:
        return int(connection.execute(update(holding.table).where(mine).values(**holding.blanked)).rowcount)
    return int(connection.execute(delete(holding.table).where(mine)).rowcount)
