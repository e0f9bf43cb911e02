"""Who writes: an identity (a telephone, an address, a web visitor) found or made, and the customer behind it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from memory.schema import customers, identities
from memory.suppression import carry_over
from memory.vault import Vault

KINDS = {"chat": "web", "sms": "phone", "email": "email", "whatsapp": "phone"}
"""The kind of identity each channel's sender is; a channel not listed has a kind of its own name."""


# Locked against being erased until the transaction ends, so that nobody writes to a customer who is gone; those who
# read the same identity do not wait for each other.
_KNOWN = (
    select(identities.c.customer_id)
    .where(identities.c.kind == bindparam("kind"), identities.c.hash == bindparam("hash"))
    .with_for_update(read=True, key_share=True)
)
_NEW = insert(customers)
_SET_PLACE = update(customers).where(customers.c.id == bindparam("of"))
_PLACE = select(customers.c.timezone, customers.c.region).where(customers.c.id == bindparam("of"))


def insert_if_absent(connection: Connection, table: Table, **values: Any) -> bool:
    """Adds the row unless one with its key is there; True when it was added.

    Where another transaction is adding the same key, this one waits for it. The answer comes from RETURNING, as
    drivers do not agree on what the row count of such an INSERT means.
    """
    row = connection.execute(_insert(connection.dialect.name, table), values).first()
    return row is not None


@cache
def _insert(dialect: str, table: Table) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def find_or_make(connection: Connection, vault: Vault, channel: str, sender: str, new_id: str, now: datetime) -> str:
    """The customer whose identity `sender` is. Two at once agree on one: the identity's row is unique."""
    kind = KINDS.get(channel, channel)
    digest = vault.hash(kind, sender)
    given = {"kind": kind, "hash": digest}
    if (customer := connection.execute(_KNOWN, given).scalar()) is not None:
        return str(customer)
    connection.execute(_NEW, {"id": new_id, "key": vault.new_key(new_id), "created_at": now})
    value = vault.sealer(connection, new_id).seal(sender, f"identity:{kind}".encode())
    if insert_if_absent(connection, identities, kind=kind, hash=digest, customer_id=new_id, value=value):
        carry_over(connection, digest, new_id, now)
        return new_id
    connection.execute(customers.delete().where(customers.c.id == new_id))
    vault.forget(new_id)
    return str(connection.execute(_KNOWN, given).scalar_one())


def place(connection: Connection, customer: str) -> tuple[str, str]:
    """(time zone, region) of a customer's profile, "" where it says nothing."""
    row = connection.execute(_PLACE, {"of": customer}).first()
    return (row.timezone, row.region) if row else ("", "")


def set_place(connection: Connection, customer: str, timezone: str, region: str) -> None:
    """Writes where a customer is into their profile; "" for not known."""
    connection.execute(_SET_PLACE, {"of": customer, "timezone": timezone, "region": region})
