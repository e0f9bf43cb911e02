"""Retention as it runs: a server whose chores are due, and a command beside it that cannot open the index."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from services import FrontdeskProcess
from sqlalchemy import func, select, update

from agent.assembly import master_key
from channels.settings import load
from memory import schema
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.store import sqlite_engine
from memory.vault import Vault

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(300)]

CONFIG: dict[str, Any] = {
    "store": {"url": "sqlite:///data/frontdesk.db", "master_key": "file:data/master.key"},
    "agent": {"redact": False},
    "inboxes": {"web": {"kind": "websocket"}},
    "retention": {"at": "00:00", "rule": [{"class": "conversation", "days": 365}]},
}


def fill(folder: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation of long ago and one of today, in this installation's own files."""
    monkeypatch.chdir(folder)
    settings = load(config)
    migrate(settings.store.url)
    engine = sqlite_engine(settings.store.url)
    for number, days in enumerate((500, 0), 1):
        at = datetime.now(UTC) - timedelta(days=days)
        with engine.begin() as connection:
            inbound = Inbound("web", "sms", f"SM{number}", f"+44163296000{number}", "Is it back?", at)
            ids = NewIds(f"c-{number}", f"p-{number}", f"k-{number}")
            receive(connection, Vault(master_key(settings)), inbound, ids, at)
            connection.execute(update(schema.conversations).values(answered_seq=1))
    engine.dispose()


def counted(folder: Path) -> dict[str, int]:
    engine = sqlite_engine(f"sqlite:///{folder}/data/frontdesk.db")
    try:
        with engine.connect() as connection:
            tables = (schema.conversations, schema.customers, schema.hooks)
            return {str(t.name): connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
    finally:
        engine.dispose()


async def test_a_server_plans_first_and_ends_what_a_command_beside_it_began(
    frontdesk_process: Callable[..., FrontdeskProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = frontdesk_process("serve", CONFIG)
    fill(server.folder, server.config_path, monkeypatch)
    dry = json.loads(await server.run("retention", "--dry-run", "--json"))
    assert dry["due"] == {"conversation erase": 1}
    await server.start()
    for _ in range(100):
        if "retention_planned" in server.log_text:
            break
        await asyncio.sleep(0.2)
    assert "retention_planned" in server.log_text, server.log_text[-2000:]
    assert counted(server.folder)["conversations"] == 2, "the first run only plans"
    done = json.loads(await server.run("retention", "--yes", "--json"))
    assert done["rows"]["conversations"] == 1
    assert done["vectors_waiting"] == 1, "the server has the index"
    assert counted(server.folder) == {"conversations": 1, "customers": 2, "hooks": 1}
    server.kill()
    again = frontdesk_process("serve", CONFIG)
    await again.start()
    for _ in range(100):
        if counted(server.folder)["hooks"] == 0:
            break
        await asyncio.sleep(0.2)
    assert counted(server.folder) == {"conversations": 1, "customers": 1, "hooks": 0}
