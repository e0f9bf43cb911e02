"""Corrections over HTTP: who may, what is refused, and cases that the suite can read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from agent_support import QUESTION, Office, office
from fastapi import FastAPI

from channels.http import corrections, problems
from channels.http.auth import Keys
from channels.web.ports import Identity

KEYS = Keys(
    (
        ("key-maya", Identity("maya", "agent")),
        ("key-vera", Identity("vera", "viewer")),
        ("key-crm", Identity("crm", "service")),
    )
)


@pytest_asyncio.fixture
async def shop(store_url: str) -> AsyncIterator[Office]:
    async with office(store_url) as opened:
        yield opened


def client(shop: Office, key: str = "key-maya") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(corrections.router(shop.runtime.desk.correcting, KEYS.require))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example", headers={"Authorization": f"Bearer {key}"}
    )


async def answered(shop: Office) -> str:
    conversation = await shop.ask(QUESTION)
    return str((await shop.turns(conversation))[-1]["id"])


async def test_a_correction_is_made_listed_and_withdrawn(shop: Office) -> None:
    turn = await answered(shop)
    async with client(shop) as http:
        made = await http.post(f"/v1/turns/{turn}/corrections", json={"kind": "pin", "text": "45 days."})
        assert (made.status_code, made.json()["by"]) == (201, "maya")
        listed = await http.get("/v1/corrections", params={"live": True})
        assert [each["id"] for each in listed.json()["corrections"]] == [made.json()["id"]]
        cases = (await http.get("/v1/corrections/cases")).text.splitlines()
        assert json.loads(cases[0])["expect"]["reply"] == "45 days."
        assert (await http.delete(f"/v1/corrections/{made.json()['id']}")).json()["ended_by"] == "maya"
        assert (await http.get("/v1/corrections", params={"live": True})).json() == {"corrections": []}


async def test_what_cannot_be_is_refused_in_words(shop: Office) -> None:
    turn = await answered(shop)
    asked: list[tuple[str, Any, int]] = [
        (f"/v1/turns/{turn}/corrections", {"kind": "block"}, 422),
        (f"/v1/turns/{turn}/corrections", {"kind": "burn"}, 422),
        (f"/v1/turns/{turn}/corrections", {"kind": "pin", "txt": "a"}, 422),
        (f"/v1/turns/{turn}/corrections", [], 422),
        (f"/v1/turns/{turn}/corrections", {"kind": "pin", "text": "x" * 10_000}, 422),
        ("/v1/turns/t-none/corrections", {"kind": "wrong"}, 404),
    ]
    async with client(shop) as http:
        for path, body, status in asked:
            said = await http.post(path, json=body)
            assert said.status_code == status, body
            assert said.json()["detail"]
        assert (await http.delete("/v1/corrections/f-none")).status_code == 404


async def test_who_looks_or_is_a_program_corrects_nothing(shop: Office) -> None:
    turn = await answered(shop)
    for key in ("key-vera", "key-crm"):
        async with client(shop, key) as http:
            assert (await http.post(f"/v1/turns/{turn}/corrections", json={"kind": "wrong"})).status_code == 403
