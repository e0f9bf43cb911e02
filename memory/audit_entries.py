"""The audit as people read it: filtered, newest first, and as a table for another program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Select, func, select

from memory.audit_sealing import opened
from memory.schema import audit
from memory.vault import Vault

COLUMNS = ("seq", "at", "actor", "role", "act", "subject", "detail")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who in which role did what to what, when."""

    seq: int
    at: datetime
    actor: str
    role: str
    act: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: an act or a subject by its beginning, `control` finds `control_set`; "" and None are any."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(
    connection: Connection,
    wanted: Wanted | None = None,
    *,
    before: int | None = None,
    limit: int = 100,
    vault: Vault | None = None,
) -> list[Entry]:
    """Newest first, those with a seq under `before`, at most `limit`. `vault` opens the details about one customer; of
    one who was erased they say so."""
    query = _filtered(select(audit), wanted or Wanted()).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    rows = connection.execute(query).mappings().all()
    return [
        Entry(
            **{**{name: row[name] for name in COLUMNS}, "detail": opened(connection, vault, row["seq"], row["detail"])}
        )
        for row in rows
    ]


def counted(connection: Connection, wanted: Wanted) -> int:
    """How many entries there are of these."""
    return int(connection.execute(_filtered(select(func.count()).select_from(audit), wanted)).scalar_one())


def actors(connection: Connection) -> Sequence[str]:
    """Everybody who did something, by name."""
    return connection.execute(select(audit.c.actor).distinct().order_by(audit.c.actor)).scalars().all()


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    c = audit.c
    if wanted.actor:
        query = query.where(c.actor == wanted.actor)
    if wanted.act:
        query = query.where(c.act.startswith(wanted.act, autoescape=True))
    if wanted.subject:
        query = query.where(c.subject.startswith(wanted.subject, autoescape=True))
    if wanted.since:
        query = query.where(c.at >= wanted.since)
    return query.where(c.at < wanted.until) if wanted.until else query


def as_csv(found: Iterable[Entry]) -> str:
    """A table with a header. A value that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for entry in found:
        detail = orjson.dumps(dict(entry.detail), option=orjson.OPT_SORT_KEYS, default=str).decode()
        values = (entry.actor, entry.role, entry.act, entry.subject, detail)
        table.writerow([entry.seq, entry.at.isoformat(), *(_harmless(value) for value in values)])
    return text.getvalue()


def _harmless(value: str) -> str:
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
