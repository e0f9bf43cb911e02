"""Switches that people turn: what is stopped, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from memory.schema import controls


def put(connection: Connection, name: str, value: Mapping[str, Any], by: str, why: str, now: datetime) -> None:
    """Sets a control; the newest value holds."""
    connection.execute(delete(controls).where(controls.c.name == name))
    connection.execute(insert(controls).values(name=name, value=dict(value), by=by, why=why, at=now))


def read(connection: Connection) -> list[RowMapping]:
    """Every control with who set it, why and when."""
    return list(connection.execute(select(controls).order_by(controls.c.name)).mappings())


def stopped(connection: Connection, *, inbox: str, channel: str) -> str:
    """The kill switch that stops this inbox's sends, or "". Names: `stop`, `stop/channel/sms`, `stop/inbox/NAME`."""
    names = ["stop", f"stop/channel/{channel}", f"stop/inbox/{inbox}"]
    query = select(controls.c.name, controls.c.value).where(controls.c.name.in_(names))
    return next((row.name for row in connection.execute(query) if row.value.get("on")), "")
