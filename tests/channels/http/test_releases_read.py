"""The rules of an old turn can be read over HTTP by whoever may read the turn."""

from __future__ import annotations

from pathlib import Path

import httpx
from agent_support import office
from fastapi import FastAPI

from agent.assembly import keep_policy
from agent.policy.loading import restored, shipped
from channels.http import problems, releases
from channels.http.auth import Keys
from channels.web.ports import Identity

KEYS = Keys((("key-vera", Identity("vera", "viewer")), ("key-crm", Identity("crm", "service"))))


async def test_the_rules_of_a_version_are_read_and_judge_again(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        await keep_policy(shop.store, shipped())
        app = FastAPI()
        problems.install(app)
        app.include_router(releases.router(shop.store, KEYS.require))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as http:
            reader = {"Authorization": "Bearer key-vera"}
            listed = (await http.get("/v1/releases/policy", headers=reader)).json()["releases"]
            assert [each["version"] for each in listed] == [shipped().version]
            one = (await http.get(f"/v1/releases/policy/{shipped().version}", headers=reader)).json()
            assert restored(one["text"]).version == shipped().version
            assert (await http.get("/v1/releases/policy/none", headers=reader)).status_code == 404
            assert (await http.get("/v1/releases/nothing", headers=reader)).json() == {"releases": []}
            program = {"Authorization": "Bearer key-crm"}
            assert (await http.get("/v1/releases/policy", headers=program)).status_code == 403
            assert (await http.get("/v1/releases/policy")).status_code == 401
