"""Who writes: an identity (a telephone, an address, a web visitor) found or made, and the customer behind it.

An identity has one form, whatever form it came in: see `memory.identity.naming`.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from memory.identity import naming
from memory.identity.naming import KINDS as KINDS
from memory.identity.naming import Name
from memory.schema import customers, identities
from memory.suppression import carry_over
from memory.vault import Vault

# Locked against being erased until the transaction ends, so that nobody writes to a customer who is gone; those who
# read the same identity do not wait for each other.
_KNOWN = (
    select(identities.c.customer_id, identities.c.proof)
    .where(identities.c.kind == bindparam("kind"), identities.c.hash == bindparam("hash"))
    .with_for_update(read=True, key_share=True)
)
_PROVE = update(identities).where(
    identities.c.kind == bindparam("of_kind"), identities.c.hash == bindparam("of_hash"), identities.c.proof == ""
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


def find_or_make(
    connection: Connection, vault: Vault, channel: str, sender: str, new_id: str, now: datetime, region: str = ""
) -> str:
    """The customer whose identity `sender` is, however it is written. Two at once agree on one: its row is unique.

    `region` ("GB") is where a telephone without its country is from. Nothing is proven by this: see `arrived`.
    """
    name = naming.sender(channel, sender, region)
    return by_name(connection, vault, Name(name.kind, name.value), new_id, now)


def arrived(connection: Connection, vault: Vault, name: Name, new_id: str, now: datetime) -> str:
    """The customer of an identity that a message came from; what the channel vouches for is proven from now on."""
    found = whose(connection, vault, name)
    if found is None:
        return by_name(connection, vault, name, new_id, now)
    customer, proof = found
    if name.proof and not proof:
        prove(connection, vault, name)
    return customer


def by_name(connection: Connection, vault: Vault, name: Name, new_id: str, now: datetime) -> str:
    """The customer of an identity, made with `new_id` where nobody has it."""
    if (found := whose(connection, vault, name)) is not None:
        return found[0]
    if (caller := _as_a_caller(connection, vault, name)) and add(connection, vault, caller, name, now):
        return caller
    connection.execute(_NEW, {"id": new_id, "key": vault.new_key(new_id), "created_at": now})
    if add(connection, vault, new_id, name, now):
        return new_id
    connection.execute(customers.delete().where(customers.c.id == new_id))
    vault.forget(new_id)
    found = whose(connection, vault, name)
    assert found is not None  # noqa: S101  (another transaction added it before ours could)
    return found[0]


def add(connection: Connection, vault: Vault, customer: str, name: Name, now: datetime) -> bool:
    """Makes an identity the customer's; False when somebody has it already, the customer too."""
    digest = vault.hash(name.kind, name.value)
    value = vault.sealer(connection, customer).seal(name.value, f"identity:{name.kind}".encode())
    given = {"kind": name.kind, "hash": digest, "customer_id": customer, "value": value, "proof": name.proof}
    if not insert_if_absent(connection, identities, **given):
        return False
    carry_over(connection, digest, customer, now)
    return True


def whose(connection: Connection, vault: Vault, name: Name) -> tuple[str, str] | None:
    """(customer, proof) of an identity, None where nobody has it. The customer stays until the transaction ends."""
    row = connection.execute(_KNOWN, {"kind": name.kind, "hash": vault.hash(name.kind, name.value)}).first()
    return None if row is None else (str(row.customer_id), str(row.proof))


def prove(connection: Connection, vault: Vault, name: Name) -> None:
    """Writes who vouches for an identity, where nobody did before."""
    given = {"of_kind": name.kind, "of_hash": vault.hash(name.kind, name.value), "proof": name.proof}
    connection.execute(_PROVE, given)


def _as_a_caller(connection: Connection, vault: Vault, name: Name) -> str | None:
    """Whose this telephone is as a caller's: calls had a kind of identity of their own once."""
    if name.kind != naming.PHONE or not name.value.startswith("+"):
        return None
    return connection.execute(_KNOWN, {"kind": "voice", "hash": vault.hash("voice", name.value)}).scalar()


def place(connection: Connection, customer: str) -> tuple[str, str]:
    """(time zone, region) of a customer's profile, "" where it says nothing."""
    row = connection.execute(_PLACE, {"of": customer}).first()
    return (row.timezone, row.region) if row else ("", "")


def set_place(connection: Connection, customer: str, timezone: str, region: str) -> None:
    """Writes where a customer is into their profile; "" for not known."""
    connection.execute(_SET_PLACE, {"of": customer, "timezone": timezone, "region": region})
