"""The texts that turns were made by, kept by what they say: a turn names a version, and the text can be read again.

A release is never changed: its version is made from its text. `kind` is what it is a version of ("policy").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from memory.customers import insert_if_absent
from memory.schema import releases


@dataclass(frozen=True, slots=True)
class Release:
    """One text and when a process first ran with it."""

    kind: str
    version: str
    text: str
    first_seen_at: datetime


def keep(connection: Connection, kind: str, version: str, text: str, now: datetime) -> None:
    """Keeps a text under its version; one that is there stays as it is, with the moment it was first seen."""
    insert_if_absent(connection, releases, kind=kind, version=version, text=text, first_seen_at=now)


def read(connection: Connection, kind: str, version: str) -> Release | None:
    """One release, None where no process ran with it."""
    query = select(releases).where(releases.c.kind == kind, releases.c.version == version)
    row = connection.execute(query).mappings().first()
    return Release(**row) if row else None


def seen(connection: Connection, kind: str) -> list[Release]:
    """All releases of a kind, the newest first."""
    query = select(releases).where(releases.c.kind == kind).order_by(releases.c.first_seen_at.desc())
    return [Release(**row) for row in connection.execute(query).mappings()]
