"""Legal holds: while one stands, nobody erases the person, and nothing of theirs is purged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete

from memory import controls
from memory.errors import Held
from memory.identity.members import members
from memory.schema import controls as controls_table


def hold_name(customer: str) -> str:
    """The control that keeps a customer from being erased."""
    return f"hold/{customer}"


def held(connection: Connection, customer: str) -> Mapping[str, object] | None:
    """Who put a legal hold on any customer who is this person, why and when; None where there is none."""
    return held_any(connection, members(connection, customer))


def held_any(connection: Connection, customers: Sequence[str]) -> Mapping[str, object] | None:
    """The first hold on one of these customers."""
    for customer in customers:
        row = controls.read_one(connection, hold_name(customer))
        if row is not None and row["value"].get("on"):
            return dict(row)
    return None


def check_free(connection: Connection, customers: Sequence[str]) -> None:
    """Raises Held."""
    if hold := held_any(connection, customers):
        raise Held(f"{hold['by']} put a legal hold on this customer: {hold['why']}. An admin can lift it")


def drop_holds(connection: Connection, customers: Sequence[str]) -> None:
    """Takes away lifted holds with the words that were said of the person."""
    names = [hold_name(customer) for customer in customers]
    connection.execute(delete(controls_table).where(controls_table.c.name.in_(names)))
