"""Who writes: an identity (a telephone, an address, a web visitor) found or made, and the customer behind it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from memory.schema import customers, identities
from memory.vault import Vault

KINDS = {"chat": "web", "sms": "phone", "email": "email"}
"""The kind of identity each channel's sender is; a channel not listed has a kind of its own name."""


_KNOWN = select(identities.c.customer_id).where(
    identities.c.kind == bindparam("kind"), identities.c.hash == bindparam("hash")
)
_NEW = insert(customers)


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
        return new_id
    connection.execute(customers.delete().where(customers.c.id == new_id))
    vault.forget(new_id)
    return str(connection.execute(_KNOWN, given).scalar_one())
