"""Switches that people turn: what is stopped, limited or worded otherwise, by whom and why. Every turn is audited.

Names: `stop`, `stop/channel/sms`, `stop/inbox/NAME`, `stop/campaign/ID`, `stop/prompt/NAME`, `stop/tool/NAME`,
`throttle/SCOPE[/NAME]`, `template/NAME`, `autonomy/INBOX[/INTENT]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select

from memory import audit, throttles
from memory.schema import controls
from memory.vault import Vault

KILL_SWITCH = "kill_switch"
"""The rule of rows that a switch holds."""

_PUT = insert(controls)
_DROP = delete(controls).where(controls.c.name == bindparam("of"))
_READ = select(controls).order_by(controls.c.name)
_ONE = select(controls).where(controls.c.name == bindparam("of"))
_VALUES = select(controls.c.name, controls.c.value, controls.c.by, controls.c.why).where(
    controls.c.name.in_(bindparam("names", expanding=True))
)


def put(
    connection: Connection,
    name: str,
    value: Mapping[str, Any],
    by: str,
    why: str,
    now: datetime,
    role: str = "",
    vault: Vault | None = None,
) -> None:
    """Sets a control; the newest value holds. What a switch or a limit held is looked at again at once. `vault` seals
    what the audit keeps of one that is about a customer."""
    before = read_one(connection, name)
    connection.execute(_DROP, {"of": name})
    connection.execute(_PUT, {"name": name, "value": dict(value), "by": by[:64], "why": why, "at": now})
    detail = {"to": dict(value), "from": dict(before["value"]) if before else None, "why": why[:500]}
    audit.note(connection, actor=by, role=role, act="control_set", subject=name, detail=detail, now=now, vault=vault)
    _wake(connection, name, now)


def drop(connection: Connection, name: str, by: str, why: str, now: datetime, role: str = "") -> bool:
    """Takes a control away, so that the setting holds again; False when there was none."""
    before = read_one(connection, name)
    if before is None:
        return False
    connection.execute(_DROP, {"of": name})
    detail = {"from": dict(before["value"]), "why": why[:500]}
    audit.note(connection, actor=by, role=role, act="control_removed", subject=name, detail=detail, now=now)
    _wake(connection, name, now)
    return True


def _wake(connection: Connection, name: str, now: datetime) -> None:
    family = name.partition("/")[0]
    if family in ("stop", "throttle"):
        throttles.wake(connection, KILL_SWITCH if family == "stop" else throttles.THROTTLED, now)


def read(connection: Connection) -> list[RowMapping]:
    """Every control with who set it, why and when."""
    return list(connection.execute(_READ).mappings())


def read_one(connection: Connection, name: str) -> RowMapping | None:
    """One control, None where nobody set it."""
    return connection.execute(_ONE, {"of": name}).mappings().first()


def values(connection: Connection, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What these controls say, by name; those that nobody set are left out."""
    return {row.name: row.value for row in connection.execute(_VALUES, {"names": sorted(names)})}


def switches(*, inbox: str, channel: str, campaign: str = "") -> tuple[str, ...]:
    """The kill switches that stop a message, the widest first."""
    wide = ("stop", f"stop/channel/{channel}", f"stop/inbox/{inbox}")
    return (*wide, f"stop/campaign/{campaign}") if campaign else wide


def stopped(connection: Connection, *, inbox: str, channel: str, campaign: str = "") -> str:
    """The kill switch that stops these sends, or ""."""
    names = switches(inbox=inbox, channel=channel, campaign=campaign)
    said = values(connection, names)
    return next((name for name in names if said.get(name, {}).get("on")), "")
