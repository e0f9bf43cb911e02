"""Incidents: a row for each version, with the facts as they stood and the words that were made of them.

A version is never changed. The same facts again are the same version, so whoever reports may report twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from memory.audit import note
from memory.customers import insert_if_absent
from memory.errors import IncidentClosed, UnknownIncident
from memory.schema import incidents

_i = incidents.c
_LATEST = select(incidents).where(_i.id == bindparam("of")).order_by(_i.version.desc()).limit(1)
_ALL = select(incidents).where(_i.id == bindparam("of")).order_by(_i.version)


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an incident. `messages` are by audience."""

    id: str
    version: int
    status: str
    facts: Mapping[str, Any]
    messages: Mapping[str, Any]
    by: str
    at: datetime


Change = Callable[["Version | None"], Mapping[str, Any]]
"""The version before to the facts as they stand now."""
Compose = Callable[[Mapping[str, Any], "Version | None"], Mapping[str, Any]]
"""(facts, the version before) to messages by audience."""


def publish(
    connection: Connection, id: str, change: Change, compose: Compose, *, by: str, role: str, now: datetime
) -> tuple[Version, bool]:
    """The newest version, and whether it was made now.

    Raises IncidentClosed when the incident is resolved and the facts differ, or when another update was faster; and
    whatever `change` and `compose` raise.
    """
    before = latest(connection, id)
    facts = change(before)
    if before is not None and before.facts == facts:
        return before, False
    if before is not None and before.status == "resolved":
        raise IncidentClosed(f"the incident {id} is resolved; open another one")
    version = before.version + 1 if before else 1
    messages = dict(compose(facts, before))
    row = {"status": facts["status"], "facts": dict(facts), "messages": messages, "by": by[:64], "at": now}
    if not insert_if_absent(connection, incidents, id=id, version=version, **row):
        raise IncidentClosed(f"the incident {id} was changed at the same moment; send your update again")
    detail = {"version": version, "status": facts["status"]}
    note(connection, actor=by, role=role, act="incident.publish", subject=id, detail=detail, now=now)
    return Version(id, version, **row), True


def latest(connection: Connection, id: str) -> Version | None:
    """The newest version, None when there is none."""
    row = connection.execute(_LATEST, {"of": id}).mappings().first()
    return _version(row) if row else None


def versions(connection: Connection, id: str) -> list[Version]:
    """Every version, oldest first. Raises UnknownIncident."""
    found = [_version(row) for row in connection.execute(_ALL, {"of": id}).mappings()]
    if not found:
        raise UnknownIncident(f"no incident {id}")
    return found


def current(connection: Connection, *, open_only: bool = False, limit: int = 100) -> list[Version]:
    """The newest version of each incident, the last changed first."""
    newest = select(_i.id, func.max(_i.version).label("version")).group_by(_i.id).subquery()
    query = select(incidents).join(newest, (newest.c.id == _i.id) & (newest.c.version == _i.version))
    query = query.order_by(_i.at.desc(), _i.id).limit(limit)
    if open_only:
        query = query.where(_i.status != "resolved")
    return [_version(row) for row in connection.execute(query).mappings()]


def _version(row: RowMapping) -> Version:
    return Version(**{name: row[name] for name in Version.__slots__})
