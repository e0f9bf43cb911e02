"""`/v1/retention`: admins see what would go, and remove what they saw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from retention_support import NOW, Past

from agent.retention import Retention
from channels.http import problems, retention
from channels.http.auth import Keys
from channels.web.ports import Identity
from memory import chores, schema
from memory.migrate import migrate
from memory.retention.rules import Rule
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

KEYS = Keys((("key-ada", Identity("ada", "admin")), ("key-maya", Identity("maya", "agent"))))
YEAR = Rule("conversation", 365, "erase", "*", "*", "our own decision", NOW.date())


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    url = f"sqlite:///{tmp_path}/log.db"
    migrate(url)
    store = open_store(url)
    yield Past(store, Vault(MasterKey.from_secret("0f" * 32)))
    await store.close()


def client(here: Retention, key: str = "key-ada") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(retention.router(here, KEYS.require))
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example", headers=headers)


async def test_what_was_seen_is_removed_and_what_was_not_is_not(past: Past) -> None:
    await past.talk(1, 800)
    await past.talk(2, 3)
    async with client(past.retention(YEAR)) as http:
        seen = (await http.get("/v1/retention")).json()
        assert seen["plan"]["due"] == {"conversation erase": 1}
        assert seen["rules"][0] == {
            "class": "conversation", "region": "*", "tier": "*", "days": 365, "what": "erase",
            "source": "our own decision", "checked_on": "2026-11-24",
        }  # fmt: skip
        assert seen["runs"] == []
        other = await http.post("/v1/retention", json={"digest": "of other rules"})
        assert (other.status_code, await past.count(schema.conversations)) == (409, 2)
        done = await http.post("/v1/retention", json={"digest": seen["plan"]["digest"]})
        assert (done.status_code, done.json()["rows"]["conversations"], done.json()["left"]) == (200, 1, False)
        again = (await http.get("/v1/retention")).json()
        assert again["plan"]["due"] == {}
        assert [(run["act"], run["by"]) for run in again["runs"]] == [("retention.ran", "ada")]


async def test_only_admins_look_and_run(past: Past) -> None:
    async with client(past.retention(YEAR), "key-maya") as http:
        assert (await http.get("/v1/retention")).status_code == 403
        assert (await http.post("/v1/retention", json={"digest": "x"})).status_code == 403


async def test_a_run_under_way_elsewhere_is_a_conflict_and_no_rules_are_refused(past: Past) -> None:
    now = datetime.now(UTC)
    await past.write(lambda c: chores.take(c, "retention", "other", now=now, lease_s=100, undone_since=None))
    here = past.retention(YEAR)
    async with client(here) as http:
        done = await http.post("/v1/retention", json={"digest": here.rules.digest})
        assert (done.status_code, done.json()["code"]) == (409, "retention_busy")
    without = past.retention()
    async with client(without) as http:
        assert (await http.post("/v1/retention", json={"digest": without.rules.digest})).status_code == 422
