"""Which customers are one person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from memory.schema import customers


def same(customer: str) -> Select[Any]:
    """The ids of all customers who are this person, in SQL. `customer` names a parameter; none for who is not there."""
    whole = func.coalesce(customers.c.merged_into, customers.c.id)
    head = select(whole).where(customers.c.id == bindparam(customer)).scalar_subquery()
    return select(customers.c.id).where(or_(customers.c.id == head, customers.c.merged_into == head))


_SAME = same("of").order_by(customers.c.id)


def members(connection: Connection, customer: str) -> tuple[str, ...]:
    """Every customer who is the same person, `customer` first; alone where nothing was merged."""
    found: Iterable[str] = connection.execute(_SAME, {"of": customer}).scalars()
    return (customer, *(id for id in found if id != customer))
