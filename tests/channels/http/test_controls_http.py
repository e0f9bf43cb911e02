"""Controls, consents and the audit over HTTP: who may, what is refused and with which words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from agent_support import QUESTION, Office, office
from fastapi import FastAPI

from channels.http import audit, consents, controls, problems
from channels.http.auth import Keys
from channels.web.ports import Identity

KEYS = Keys(
    (
        ("key-ada", Identity("ada", "admin")),
        ("key-maya", Identity("maya", "agent")),
        ("key-vera", Identity("vera", "viewer")),
        ("key-crm", Identity("crm", "service")),
    )
)


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite:///{tmp_path}/log.db") as opened:
        yield opened


def client(shop: Office, key: str = "key-ada") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    for each in (controls, consents, audit):
        app.include_router(each.router(shop.runtime.oversight, KEYS.require))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example", headers={"Authorization": f"Bearer {key}"}
    )


async def test_a_control_is_set_read_and_taken_away_and_all_of_it_is_audited(shop: Office) -> None:
    async with client(shop) as http:
        body = {"value": {"limits": ["10/minute"]}, "why": "the carrier asked us"}
        put = await http.put("/v1/controls/throttle/channel/sms", json=body)
        assert (put.status_code, put.json()["by"]) == (200, "ada")
        one = (await http.get("/v1/controls/throttle/channel/sms")).json()
        assert (one["value"], one["why"]) == ({"limits": ["10/minute"]}, "the carrier asked us")
        assert [each["name"] for each in (await http.get("/v1/controls")).json()["controls"]] == [one["name"]]
        gone = await http.request("DELETE", "/v1/controls/throttle/channel/sms", json={"why": "no longer"})
        assert gone.json() == {"name": "throttle/channel/sms", "dropped": True}
        assert (await http.get("/v1/controls/throttle/channel/sms")).status_code == 404
        acts = [(each["actor"], each["act"]) for each in (await http.get("/v1/audit")).json()["entries"]]
        assert acts == [("ada", "control_removed"), ("ada", "control_set")]
        assert (await http.get("/v1/audit/verified")).json() == {"whole": True, "broken_at": None}


async def test_an_agent_may_stop_and_only_an_admin_starts_again(shop: Office) -> None:
    off, on = {"value": {"on": True}, "why": "wrong price in a text"}, {"value": {"on": False}, "why": "corrected"}
    async with client(shop, "key-maya") as maya, client(shop) as ada:
        assert (await maya.put("/v1/controls/stop/inbox/sms", json=off)).status_code == 200
        refused = await maya.put("/v1/controls/stop/inbox/sms", json=on)
        assert refused.status_code == 403
        assert "admin" in refused.json()["detail"]
        assert (await ada.put("/v1/controls/stop/inbox/sms", json=on)).status_code == 200
        assert (await maya.get("/v1/audit")).status_code == 403


@pytest.mark.parametrize("key", ["key-vera", "key-crm", "none"])
async def test_nobody_else_turns_a_switch(shop: Office, key: str) -> None:
    async with client(shop, key) as http:
        put = await http.put("/v1/controls/stop", json={"value": {"on": True}, "why": "x"})
        assert put.status_code in (401, 403)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("halt", {"on": True}, "there is no control"),
        ("stop/planet/earth", {"on": True}, "WHAT is one of"),
        ("stop/prompt/anser", {"on": True}, "there are: answer"),
        ("stop", {"on": "yes"}, "a switch says"),
        ("stop", {"on": True, "off": False}, "a switch says"),
        ("throttle/customer/p-1", {"limits": []}, "throttle/customer"),
        ("throttle/inbox/sms", {"limits": ["often"]}, "is no limit"),
        ("throttle/inbox/sms", {"limits": "3/day"}, "a throttle says"),
        ("template/greting", {"text": "Hi"}, "there is no template"),
        ("template/greeting", {"text": "Hi {customer}"}, "no other braces"),
        ("template/greeting", {"text": " "}, "a template says"),
        ("autonomy/web", {"level": "yolo"}, "autonomy says"),
        ("autonomy", {"level": "draft"}, "autonomy/INBOX"),
    ],
)
async def test_a_slip_is_refused_where_it_is_made(shop: Office, name: str, value: dict[str, Any], says: str) -> None:
    async with client(shop) as http:
        refused = await http.put(f"/v1/controls/{name}", json={"value": value, "why": "a test"})
        assert refused.status_code == 422
        assert says in refused.json()["detail"]
        assert (await http.put("/v1/controls/stop", json={"value": {"on": True}, "why": " "})).status_code == 422
        assert (await http.put("/v1/controls/stop", json={"value": {"on": True}})).status_code == 422


async def test_the_ledger_is_read_and_added_to_and_says_what_holds(shop: Office) -> None:
    await shop.ask(QUESTION)
    customer = (await shop.runtime.oversight.customers())[0].id
    at = f"/v1/customers/{customer}/consents"
    async with client(shop, "key-maya") as http:
        assert (await http.get(at)).json() == {"standing": {}, "consents": []}
        consented = {"channel": "sms", "purpose": "marketing", "state": "in"}
        assert (await http.post(at, json=consented)).status_code == 422, "a consent needs its evidence"
        made = await http.post(at, json={**consented, "evidence": "ticked the box on the order form"})
        assert made.status_code == 201
        assert made.json()["standing"]["sms"]["marketing"] == "in"
        await http.post(at, json={"channel": "sms", "purpose": "all", "state": "out"})
        held = (await http.get(at)).json()
        assert held["standing"]["sms"] == {"all": "out", "marketing": "out", "notification": "out"}
        assert [(each["state"], each["by"]) for each in held["consents"]] == [("out", "maya"), ("in", "maya")]
        assert (await http.get("/v1/customers/p-none/consents")).status_code == 404
        assert (await http.post(at, json={**consented, "purpose": "spam", "evidence": "x"})).status_code == 422


async def test_a_customers_zone_is_written_into_their_profile(shop: Office) -> None:
    await shop.ask(QUESTION)
    customer = (await shop.runtime.oversight.customers())[0].id
    async with client(shop, "key-maya") as http:
        at = f"/v1/customers/{customer}/place"
        assert (await http.put(at, json={"timezone": "Europe/Paris", "region": "FR"})).status_code == 200
        wrong = await http.put(at, json={"timezone": "Mars/Olympus"})
        assert (wrong.status_code, "no time zone" in wrong.json()["detail"]) == (422, True)
        assert (await http.put(at, json={"region": "France"})).status_code == 422
        assert (await http.put("/v1/customers/p-none/place", json={"region": "FR"})).status_code == 404
