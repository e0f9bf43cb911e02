"""Keys and pseudonyms as stored: a key for each customer, wrapped by the master key, and what each pseudonym means."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from memory.errors import UnknownConversation
from memory.keyring import unwrap
from memory.pseudonyms import Pseudonym, PseudonymBook
from memory.schema import customers, vault
from memory.seal import MasterKey, Sealer, keyed_hash, new_customer_key

# Unwrapped keys kept in this process, by customer; a key is 32 bytes and its cipher object about 1 KB.
_KEYS_KEPT = 4096


_KEY = select(customers.c.key).where(customers.c.id == bindparam("of"))
_LOCK = select(customers.c.id).where(customers.c.id == bindparam("of")).with_for_update()
_BOOK = (
    select(vault.c.entity, vault.c.number, vault.c.value)
    .where(vault.c.customer_id == bindparam("of"))
    .order_by(vault.c.entity, vault.c.number)
)


class Vault:
    """Gives each customer's sealer and pseudonym book. One per process; safe from any thread."""

    def __init__(
        self,
        master: MasterKey,
        *,
        lookup: bytes | None = None,
        keys: Callable[[], tuple[MasterKey, ...]] | None = None,
    ) -> None:
        """`keys` gives the master keys that hold at that moment, the one in use first, where they may change while this
        runs; `lookup` is the kept key that identities are hashed with, where there is one."""
        self._keys = keys or (lambda: (master,))
        self._lookup = lookup or master.lookup_key()
        self._sealers: OrderedDict[str, Sealer] = OrderedDict()
        self._lock = Lock()

    def new_key(self, customer: str) -> bytes:
        """A fresh key for this customer, wrapped, as the `customers` row keeps it."""
        return self._keys()[0].wrap(new_customer_key(), customer.encode())

    def hash(self, kind: str, value: str) -> str:
        """Finds an identity or secret without storing it: a keyed hash, the same before and after a new master key."""
        return keyed_hash(self._lookup, kind, value)

    def sealer(self, connection: Connection, customer: str) -> Sealer:
        """Seals and unseals this customer's bodies. Raises UnknownConversation when the customer was erased."""
        with self._lock:
            if (known := self._sealers.get(customer)) is not None:
                self._sealers.move_to_end(customer)
                return known
        wrapped = connection.execute(_KEY, {"of": customer}).scalar()
        if not wrapped:  # an erasure takes the key first, and the row after it
            raise UnknownConversation(f"no customer {customer}")
        sealer = Sealer(unwrap(self._keys(), wrapped, customer.encode()))
        with self._lock:
            self._sealers[customer] = sealer
            if len(self._sealers) > _KEYS_KEPT:
                self._sealers.popitem(last=False)
        return sealer

    def forget(self, customer: str) -> None:
        """Drops the customer's key from this process."""
        with self._lock:
            self._sealers.pop(customer, None)

    def book(self, connection: Connection, customer: str, *, to_write: bool = False) -> PseudonymBook:
        """The customer's pseudonyms with their real values; `to_write` keeps others from adding to it meanwhile."""
        if to_write:
            connection.execute(_LOCK, {"of": customer})
        rows = connection.execute(_BOOK, {"of": customer}).all()
        if not rows:
            return PseudonymBook()
        sealer = self.sealer(connection, customer)
        return PseudonymBook(
            Pseudonym(entity, number, sealer.unseal(value, f"vault:{customer}:{entity}:{number}".encode()))
            for entity, number, value in rows
        )

    def keep(self, connection: Connection, customer: str, book: PseudonymBook) -> None:
        """Stores what the book learnt since it was opened, in the transaction that opened it to write."""
        for entry in book.new_entries():
            name = {"entity": entry.entity, "number": entry.number}
            sealed = self.sealer(connection, customer).seal(entry.value, _context(customer, name))
            connection.execute(insert(vault).values(customer_id=customer, value=sealed, **name))


def _context(customer: str, name: Mapping[str, Any]) -> bytes:
    return f"vault:{customer}:{name['entity']}:{name['number']}".encode()
