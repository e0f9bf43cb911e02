"""Everything held about a customer, opened: as data that another program can read in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, select

from memory.errors import UnknownCustomer
from memory.held import HOLDINGS, Form, Holding
from memory.identity.members import members
from memory.pseudonyms import PseudonymBook
from memory.schema import customers
from memory.seal import Sealer, SealError
from memory.vault import Vault

FORMAT = "frontdesk.customer"
VERSION = 1


RESTORED = frozenset({"memories", "segments"})
"""Tables whose sealed texts carry pseudonyms: a person reads their own values in their place."""


@dataclass(slots=True, eq=False)
class _Opening:
    """Opens one customer's rows. What does not open is named in `unreadable` and leaves the rest whole."""

    sealer: Sealer
    book: PseudonymBook
    unreadable: list[str]

    def row(self, holding: Holding, row: RowMapping) -> dict[str, Any]:
        shown = {name: value for name, value in row.items() if name not in holding.hidden}
        for name, (form, context) in holding.sealed.items():
            if row[name]:  # an empty one holds nothing, as a hook that says nothing itself
                shown[name] = self._opened(row[name], form, context(row), f"{holding.name}.{name}")
        return {str(name): _plain(value) for name, value in shown.items()}

    def _opened(self, sealed: bytes, form: Form, context: str, where: str) -> Any:
        try:
            if form == "bytes":
                return self.sealer.unseal_bytes(sealed, context.encode())
            text = self.sealer.unseal(sealed, context.encode())
            if form != "json":
                return text
            body = orjson.loads(text)
            return _restored(body, self.book) if where.partition(".")[0] in RESTORED else body
        except (SealError, orjson.JSONDecodeError):
            self.unreadable.append(where)
            return None


def export(connection: Connection, vault: Vault, customer: str, now: datetime) -> dict[str, Any]:
    """Every row about the person by table, of all customers they are; sealed values opened, files in base64. Times are
    ISO 8601 in UTC.

    `unreadable` names columns of rows that did not open. Raises UnknownCustomer.
    """
    check_customer(connection, customer)
    person, unreadable = members(connection, customer), list[str]()
    held: dict[str, list[dict[str, Any]]] = {holding.name: [] for holding in reversed(HOLDINGS)}
    for member in person:
        opening = _Opening(vault.sealer(connection, member), vault.book(connection, member), unreadable)
        for holding in HOLDINGS:
            rows = _rows(connection, opening, holding, member)
            # A link between two customers of one person is there once.
            held[holding.name] += [row for row in rows if not holding.other or row not in held[holding.name]]
    return {
        "format": FORMAT,
        "version": VERSION,
        "customer": customer,
        "customers": list(person),
        "exported_at": now.isoformat(),
        "held": held,
        "unreadable": sorted(unreadable),
    }


def _rows(connection: Connection, opening: _Opening, holding: Holding, customer: str) -> list[dict[str, Any]]:
    query = select(holding.table).where(holding.of(customer)).order_by(*holding.table.primary_key.columns)
    return [opening.row(holding, row) for row in connection.execute(query).mappings()]


def check_customer(connection: Connection, customer: str) -> None:
    """Raises UnknownCustomer."""
    if connection.execute(select(customers.c.id).where(customers.c.id == customer)).first() is None:
        raise UnknownCustomer(f"there is no customer {customer[:64]!r}, or they were erased")


def _restored(value: Any, book: PseudonymBook) -> Any:
    if isinstance(value, str):
        return book.restore(value)
    if isinstance(value, dict):
        return {name: _restored(each, book) for name, each in value.items()}
    return [_restored(each, book) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def counted(held: Mapping[str, list[Any]]) -> dict[str, int]:
    """How many rows each table of an export has."""
    return {name: len(rows) for name, rows in held.items()}
