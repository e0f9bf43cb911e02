"""Keys that outlive the master key, and putting all that it wraps under a new one.

Identities, tokens and the suppression list are found by a keyed hash. Were its key to change with the master key,
nobody would be found again: so at the first rotation the key for it, which came from the master key of then, is kept
in the keyring, wrapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from sqlalchemy import text as sql

from memory.schema import customers, keyring
from memory.seal import MasterKey, SealError, WrongKey, header_of

LOOKUP = "lookup"
_WRAPPED = func.length(customers.c.key) > 0  # a customer who is being erased has none any more


@dataclass(frozen=True, slots=True)
class Step:
    """What a batch did: how many keys it wrapped anew, which customers' keys no given master key opens, and after
    which customer to go on (None: that was the last)."""

    wrapped: int
    unopened: tuple[str, ...]
    after: str | None


def read_lookup(connection: Connection, masters: Sequence[MasterKey]) -> bytes | None:
    """The kept lookup key, None before the first rotation. Raises WrongKey."""
    wrapped = connection.execute(select(keyring.c.wrapped).where(keyring.c.id == LOOKUP)).scalar()
    return None if wrapped is None else unwrap(masters, wrapped, _context(LOOKUP))


def keep_lookup(connection: Connection, masters: Sequence[MasterKey], now: datetime) -> bytes:
    """The lookup key, kept from now on: that of the master key which wrapped the oldest customer's key, so that a
    database which was filled under a previous master key keeps the hashes it has."""
    if (kept := read_lookup(connection, masters)) is not None:
        return kept
    lookup = (in_use(connection, masters) or masters[0]).lookup_key()
    wrapped = masters[0].wrap(lookup, _context(LOOKUP))
    connection.execute(insert(keyring).values(id=LOOKUP, wrapped=wrapped, at=now))
    return lookup


def in_use(connection: Connection, masters: Sequence[MasterKey]) -> MasterKey | None:
    """The one of `masters` that wrapped the oldest customer's key, None where there are no customers.

    Raises WrongKey when it is none of them.
    """
    query = select(customers.c.key).where(_WRAPPED).order_by(customers.c.created_at, customers.c.id).limit(1)
    wrapped = connection.execute(query).scalar()
    if wrapped is None:
        return None
    for master in masters:
        if header_of(wrapped) == master.header:
            return master
    raise WrongKey(
        "this database was sealed under another master key: give that one as store.master_key, or as one of "
        "store.previous_master_keys"
    )


def left(connection: Connection, master: MasterKey) -> int:
    """How many keys are not wrapped by `master` yet."""
    others = select(func.count()).select_from(customers).where(_WRAPPED, _prefix(customers.c.key) != master.header)
    kept = select(func.count()).select_from(keyring).where(_prefix(keyring.c.wrapped) != master.header)
    return int(connection.execute(others).scalar_one()) + int(connection.execute(kept).scalar_one())


def rewrap(connection: Connection, masters: Sequence[MasterKey], after: str, limit: int) -> Step:
    """Wraps at most `limit` customers' keys with the first of `masters`, of those with ids after `after` that are not
    yet. Run again it goes on where it was."""
    new = masters[0]
    query = select(customers.c.id, customers.c.key).where(
        customers.c.id > after, _WRAPPED, _prefix(customers.c.key) != new.header
    )
    rows = connection.execute(query.order_by(customers.c.id).limit(limit).with_for_update()).all()
    unopened = []
    for row in rows:
        try:
            wrapped = new.wrap(unwrap(masters, row.key, row.id.encode()), row.id.encode())
        except SealError:
            unopened.append(row.id)
            continue
        connection.execute(update(customers).where(customers.c.id == row.id).values(key=wrapped))
    last = rows[-1].id if len(rows) == limit else None
    return Step(len(rows) - len(unopened), tuple(unopened), last)


def rewrap_keyring(connection: Connection, masters: Sequence[MasterKey]) -> int:
    """Wraps the kept keys with the first of `masters`; how many were not yet. Raises WrongKey."""
    rows = connection.execute(select(keyring).where(_prefix(keyring.c.wrapped) != masters[0].header)).all()
    for row in rows:
        wrapped = masters[0].wrap(unwrap(masters, row.wrapped, _context(row.id)), _context(row.id))
        connection.execute(update(keyring).where(keyring.c.id == row.id).values(wrapped=wrapped))
    return len(rows)


def wait_for_writers(connection: Connection) -> None:
    """Until whoever writes a customer just now has done so; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE"))


def unwrap(masters: Sequence[MasterKey], wrapped: bytes, context: bytes) -> bytes:
    """What one of `masters` wrapped. Raises WrongKey when none of them did, Tampered or UnknownVersion."""
    for master in masters:
        if header_of(wrapped) == master.header:
            return master.unwrap(wrapped, context)
    return masters[0].unwrap(wrapped, context)  # says what is wrong with it


def _prefix(column: ColumnElement[bytes]) -> ColumnElement[bytes]:
    return func.substr(column, 1, 5)


def _context(id: str) -> bytes:
    return f"keyring:{id}".encode()
