"""Who did what, when and to what, in one chain: each entry's hash covers it and the entry before it.

An entry changed or taken out afterwards shows: `verify` names the first that does not fit. Details hold no personal
data, and those about one customer are sealed under the customer's key (`audit_sealing`): the chain is over what is
stored, so that it holds when an erasure destroys the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, insert, select, text

from memory.audit_sealing import sealed
from memory.schema import audit
from memory.vault import Vault

# Any number will do, as long as every process takes the same one: entries are chained one at a time.
_PG_LOCK = 0x0F0E
_ADD = insert(audit)
_LAST = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)


def note(
    connection: Connection,
    *,
    actor: str,
    role: str,
    act: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
    vault: Vault | None = None,
) -> int:
    """Adds an entry in the caller's transaction; returns its seq, which starts at 1 and has no gaps. With a `vault` the
    detail is sealed where the subject is a customer, or a conversation or a legal hold of one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
    last = connection.execute(_LAST).first()
    seq = int(last.seq) + 1 if last else 1
    row = {
        "seq": seq,
        "at": now,
        "actor": actor[:64],
        "role": role[:16],
        "act": act[:64],
        "subject": subject[:160],
        "detail": sealed(connection, vault, seq, subject, detail) if vault is not None else dict(detail),
        "previous": last.hash if last else "",
    }
    connection.execute(_ADD, {**row, "hash": _hash(row)})
    return seq


def verify(connection: Connection) -> int | None:
    """The seq of the first entry that does not fit the chain, None where all do."""
    previous, expected = "", 1
    for row in connection.execute(select(audit).order_by(audit.c.seq)).mappings():
        if row["seq"] != expected or row["previous"] != previous or row["hash"] != _hash(row):
            return int(expected)
        previous, expected = row["hash"], expected + 1
    return None


def _hash(row: Mapping[str, Any] | RowMapping) -> str:
    kept = {name: row[name] for name in ("seq", "actor", "role", "act", "subject", "detail", "previous")}
    kept["at"] = int(row["at"].timestamp() * 1_000_000)
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()
