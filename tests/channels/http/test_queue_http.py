"""The queue over HTTP: tasks of rights, presence, passing on; who may, and what is refused in words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from agent_support import Office, deps, office
from fastapi import FastAPI

from agent.routing import Staffing, Team
from channels.http import presence, problems, tasks
from channels.http.auth import Keys
from channels.web.ports import Identity

KEYS = Keys(
    (
        ("key-maya", Identity("maya", "agent")),
        ("key-vera", Identity("vera", "viewer")),
        ("key-crm", Identity("crm", "service")),
    )
)
STAFF = Staffing(teams=(Team("Returns", ("maya", "ben")),))


@pytest_asyncio.fixture
async def shop(store_url: str) -> AsyncIterator[Office]:
    async with office(store_url, deps(staffing=STAFF)) as opened:
        yield opened


def client(shop: Office, key: str = "key-maya") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(presence.router(shop.runtime.desk, KEYS.require))
    app.include_router(tasks.router(shop.runtime.desk.rights, KEYS.require))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example", headers={"Authorization": f"Bearer {key}"}
    )


async def test_a_request_is_worked_on_from_the_first_look_to_its_end(shop: Office) -> None:
    await shop.ask("Please delete all my personal data")
    async with client(shop) as http:
        (task,) = (await http.get("/v1/tasks")).json()["tasks"]
        assert (task["kind"], task["status"], task["words"]) == (
            "erasure",
            "open",
            "Please delete all my personal data",
        )
        early = await http.post(f"/v1/tasks/{task['id']}/end", json={"outcome": "done"})
        assert (early.status_code, early.json()["code"]) == (409, "task_refused")
        assert early.json()["detail"] == "check who asks before it is done"
        checked = await http.post(f"/v1/tasks/{task['id']}/identity", json={"how": "called back"})
        assert checked.json()["identity"]["by"] == "maya"
        longer = await http.post(f"/v1/tasks/{task['id']}/extension", json={"why": "three systems"})
        assert longer.json()["extended"] is True
        ended = await http.post(f"/v1/tasks/{task['id']}/end", json={"outcome": "done", "note": "erased"})
        assert ended.json()["status"] == "done"
        assert (await http.get("/v1/tasks")).json() == {"tasks": []}
        assert len((await http.get("/v1/tasks", params={"state": "ended"})).json()["tasks"]) == 1
        assert (await http.get(f"/v1/tasks/{task['id']}")).json()["note"].endswith("erased")


async def test_who_is_at_the_desk_says_so_and_is_shown(shop: Office) -> None:
    async with client(shop) as http:
        assert (await http.put("/v1/presence", json={"state": "away"})).status_code == 204
        (maya,) = (await http.get("/v1/presence")).json()["presence"]
        assert (maya["person"], maya["state"]) == ("maya", "away")
        whom = (await http.get("/v1/colleagues")).json()
        assert [each["name"] for each in whom["people"]] == ["maya", "ben"]
        assert whom["teams"] == ["Returns"]


async def test_a_conversation_is_passed_on(shop: Office) -> None:
    conversation = await shop.ask("I want a human")
    await shop.runtime.desk.take_over(conversation, "maya")
    async with client(shop) as http:
        passed = await http.post(f"/v1/conversations/{conversation}/transfer", json={"person": "ben"})
        assert passed.json()["person"] == "ben"
        again = await http.post(f"/v1/conversations/{conversation}/transfer", json={"team": "Returns"})
        assert (again.status_code, again.json()["code"]) == (409, "not_yours")
        nobody = await http.post(f"/v1/conversations/{conversation}/transfer", json={})
        assert (nobody.status_code, nobody.json()["detail"]) == (422, "name a person or a team to pass it to")


@pytest.mark.parametrize(
    ("key", "status"), [("key-vera", 403), ("key-crm", 403), ("wrong", 401)], ids=["viewer", "service", "nobody"]
)
async def test_who_only_looks_changes_nothing(shop: Office, key: str, status: int) -> None:
    async with client(shop, key) as http:
        for path, body in (
            ("/v1/tasks/r-1/identity", {"how": "x"}),
            ("/v1/tasks/r-1/end", {"outcome": "done"}),
            ("/v1/tasks/r-1/extension", {"why": "x"}),
            ("/v1/conversations/c-1/transfer", {"team": "Returns"}),
        ):
            assert (await http.post(path, json=body)).status_code == status
        assert (await http.put("/v1/presence", json={})).status_code == status


async def test_what_is_not_there_is_said_not_to_be(shop: Office) -> None:
    async with client(shop) as http:
        for path, body in (("identity", {"how": "x"}), ("end", {"outcome": "refused", "note": "x"})):
            said = await http.post(f"/v1/tasks/r-none/{path}", json=body)
            assert (said.status_code, said.json()["code"]) == (404, "unknown_task")
        assert (await http.post("/v1/tasks/r-none/identity", json={"how": "x" * 3000})).status_code == 422
