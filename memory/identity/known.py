"""The identities of a person, opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from memory.schema import identities
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class Known:
    """One way a customer is known. `proof` is "" where nobody vouches for it, else "provider" or "signed"."""

    customer: str
    kind: str
    value: str
    proof: str


def known(connection: Connection, vault: Vault, group: Sequence[str], *, proven: bool = False) -> list[Known]:
    """Every identity of these customers in their order, always in the same one; with `proven` those vouched for."""
    query = select(identities).where(identities.c.customer_id.in_(group))
    if proven:
        query = query.where(identities.c.proof != "")
    place = {customer: n for n, customer in enumerate(group)}
    rows = connection.execute(query.order_by(identities.c.kind, identities.c.hash)).mappings().all()
    return [
        Known(
            customer=row["customer_id"],
            kind=row["kind"],
            value=vault.sealer(connection, row["customer_id"]).unseal(row["value"], f"identity:{row['kind']}".encode()),
            proof=row["proof"],
        )
        for row in sorted(rows, key=lambda row: place[row["customer_id"]])
    ]
