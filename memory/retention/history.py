"""What was planned and done before, read off the audit: that is the record of retention, and there is no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from memory import audit
from memory.retention.acts import SUBJECT
from memory.retention.guarding import Last
from memory.retention.planning import Plan
from memory.schema import audit as entries

PLANNED: Final = "retention.planned"
RAN: Final = "retention.ran"
REFUSED: Final = "retention.refused"
PURGED: Final = "retention.purged"
_TOLD = (PLANNED, RAN, REFUSED)
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One run: what it was (`act`), when, by whom, and what it said of itself."""

    act: str
    at: datetime
    actor: str
    detail: Mapping[str, Any]


def last(connection: Connection) -> Last | None:
    """The newest plan or run. A run that was refused says nothing: its clock may have been wrong."""
    query = _entries((PLANNED, RAN)).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else Last(row["at"], str(row["detail"].get("digest", "")))


def told(connection: Connection, limit: int = 20) -> list[Entry]:
    """Plans, runs and refusals, newest first."""
    rows = connection.execute(_entries(_TOLD).limit(limit)).mappings()
    return [Entry(row["act"], row["at"], row["actor"], row["detail"]) for row in rows]


def _entries(acts: tuple[str, ...]) -> Any:
    return select(entries).where(entries.c.subject == SUBJECT, entries.c.act.in_(acts)).order_by(entries.c.seq.desc())


def note(connection: Connection, act: str, by: str, role: str, detail: Mapping[str, Any], now: datetime) -> int:
    """Writes one down; its seq."""
    return audit.note(connection, actor=by, role=role, act=act, subject=SUBJECT, detail=detail, now=now)


def plan_detail(plan: Plan) -> dict[str, Any]:
    """A plan as the audit keeps it: no ids, only numbers."""
    lines = [
        {
            "rule": str(line.rule),
            "region": line.region or "not known",
            "due": line.due,
            "oldest": line.oldest.isoformat() if line.oldest else None,
            "held": dict(line.held),
        }
        for line in plan.lines[:_MOST_LINES]
    ]
    return {"digest": plan.digest, "due": plan.due, "held": plan.held, "lines": lines}
