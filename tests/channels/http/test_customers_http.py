"""Customers and figures over HTTP: given out, held, removed, counted; and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from langgraph.checkpoint.memory import InMemorySaver

from agent.oversight import Oversight
from agent.redaction import NoDetector
from channels.http import customers, figures, problems
from channels.http.auth import Keys
from channels.web.ports import Identity
from memory.audit_entries import Wanted
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

KEYS = Keys((("key-ada", Identity("ada", "admin")), ("key-maya", Identity("maya", "agent"))))
PHONE = "+441632960001"


@pytest.fixture
async def oversight(store_url: str) -> AsyncIterator[Oversight]:
    migrate(store_url)
    store, vault = open_store(store_url), Vault(MasterKey.from_secret("0f" * 32))
    now = datetime.now(UTC)
    inbound = Inbound("sms", "sms", "SM1", PHONE, "Is <b>my</b> tent back?", now)
    await store.write(lambda c: receive(c, vault, inbound, NewIds("c-1", "p-1", "k-1"), now - timedelta(hours=1)))
    yield Oversight(store, vault, InMemorySaver(), NoDetector())
    await store.close()


def client(oversight: Oversight, key: str = "key-ada") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(customers.router(oversight, "Shop", KEYS.require))
    app.include_router(figures.router(oversight, KEYS.require))
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example", headers=headers)


async def test_a_customer_is_found_exported_held_and_erased(oversight: Oversight) -> None:
    async with client(oversight) as http:
        found = (await http.get("/v1/customers", params={"q": "+44 1632 960001"})).json()["customers"]
        assert [(each["id"], each["known_as"]) for each in found] == [("p-1", ["•••0001"])]
        assert (await http.get("/v1/customers", params={"q": "0001"})).json()["customers"] == []
        shown = (await http.get("/v1/customers/p-1")).json()
        (known,) = shown["identities"]
        assert (known["number"], known["kind"], known["masked"]) == (1, "phone", "•••0001")
        whole = (await http.get("/v1/customers/p-1/export")).json()
        assert whole["held"]["identities"][0]["value"] == PHONE
        page = await http.get("/v1/customers/p-1/export", params={"form": "html"})
        assert page.headers["content-type"].startswith("text/html")
        assert "Is &lt;b&gt;my&lt;/b&gt; tent back?" in page.text
        put = await http.put("/v1/customers/p-1/hold", json={"on": True, "why": "a claim"})
        assert put.json() == {"customer": "p-1", "on": True}
        refused = await http.delete("/v1/customers/p-1")
        assert (refused.status_code, refused.json()["code"]) == (409, "held")
        assert "ada put a legal hold on this customer: a claim" in refused.json()["detail"]
        await http.put("/v1/customers/p-1/hold", json={"on": False, "why": "settled"})
        done = (await http.delete("/v1/customers/p-1", params={"why": "they asked"})).json()
        assert (done["customer"], done["by"], done["removed"]["events"]) == ("p-1", "ada", 1)
        assert (done["clean"], done["key_destroyed"], done["vectors_left"]) == (True, True, 0)
        assert done["values"] >= 1
        assert len(done["digest"]) == 64
        assert PHONE not in str(done)
        for gone in ("/v1/customers/p-1", "/v1/customers/p-1/export"):
            assert (await http.get(gone)).json()["code"] == "unknown_customer"
        acts = [entry.act for entry in await oversight.audit(Wanted())]
        assert acts[0] == "customer.erased"
        assert acts.count("customer.exported") == 2


async def test_an_agent_looks_and_neither_exports_nor_erases(oversight: Oversight) -> None:
    async with client(oversight, "key-maya") as http:
        assert (await http.get("/v1/customers/p-1")).status_code == 200
        assert (await http.get("/v1/customers/p-1/export")).status_code == 403
        assert (await http.delete("/v1/customers/p-1")).status_code == 403


async def test_figures_have_a_period_and_the_one_before(oversight: Oversight) -> None:
    async with client(oversight, "key-maya") as http:
        found = (await http.get("/v1/figures")).json()
        assert sum(found["period"]["volume"]["sms"]) == 1
        assert found["before"]["volume"] == {}
        assert found["period"]["waits"] == {"unanswered": 1, "channels": {}}
        since = (datetime.now(UTC) - timedelta(hours=24)).isoformat()
        day = (await http.get("/v1/figures", params={"since": since, "slices": 24, "channel": "email"})).json()
        assert day["period"]["resolution"]["all"] == 0
        assert len(day["period"]["cost"]["spent"]) == 24


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-05-02T00:00:00", "until": "2026-05-01T00:00:00"},
        {"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"slices": "0"},
        {"since": "yesterday"},
    ],
)
async def test_a_period_that_is_none_is_refused(asked: dict[str, str]) -> None:
    nothing: Any = None  # refused before anything is read
    async with client(nothing) as http:
        assert (await http.get("/v1/figures", params=asked)).status_code == 422
