"""Campaigns, notifications and incidents over HTTP: who may, what is refused, what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from campaign_shop import DESTINATIONS, Shop, incidents_of, number, recipients, shop
from fastapi import FastAPI

from channels.http import campaigns, incidents, problems
from channels.http.auth import Keys
from channels.web.ports import Identity

KEYS = Keys(
    (
        ("key-ada", Identity("ada", "admin")),
        ("key-maya", Identity("maya", "agent")),
        ("key-crm", Identity("crm", "service")),
        ("key-vera", Identity("vera", "viewer")),
    )
)
NOTICE = {"template": "shipped", "to": number(1), "values": {"order": "A1"}}
INCIDENT = {"id": "INC-1", "title": "Card payments fail", "started_at": "2026-11-24T09:40:00Z"}


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(f"sqlite:///{tmp_path}/log.db", digests={"destinations": DESTINATIONS}) as opened:
        yield opened


def client(acme: Shop, key: str = "key-ada") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(campaigns.router(acme.campaigns, KEYS.require))
    app.include_router(campaigns.notifications(acme.notifier, KEYS.require))
    app.include_router(incidents.router(incidents_of(acme), KEYS.require))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example", headers={"Authorization": f"Bearer {key}"}
    )


def wanted(**fields: Any) -> dict[str, Any]:
    given = {"name": "winter", "inbox": "sms", "template": "sale", "why": "winter stock"}
    return {**given, "audience": {"recipients": recipients(5)}, "seeds": [{"to": number(9_000)}], **fields}


async def test_a_campaign_is_run_over_http_from_check_to_the_end(acme: Shop) -> None:
    async with client(acme) as http:
        lines = (await http.post("/v1/campaigns/check", json={k: v for k, v in wanted().items() if k != "why"})).json()
        assert lines["lines"][0] == "winter: marketing by sms (sms), template sale"
        made = await http.post("/v1/campaigns", json=wanted())
        assert (made.status_code, made.json()["status"], made.json()["progress"]["members"]) == (201, "draft", 5)
        path = f"/v1/campaigns/{made.json()['id']}"
        early = await http.post(f"{path}/start", json={"why": "now"})
        assert (early.status_code, early.json()["code"]) == (409, "campaign_refused")
        for act in ("seed", "sandbox", "start"):
            done = await http.post(f"{path}/{act}", json={"why": "it is time"})
            assert done.status_code == 200, done.text
        assert (
            done.json()["marks"]
            if "marks" in done.json()
            else done.json()["spec"]["marks"]["sandboxed"]["accepted"] == 5
        )
        await acme.through("")
        late = await http.post(f"{path}/step", json={"why": "on", "at_step": 3})
        assert late.status_code == 409
        for _ in range(3):
            await http.post(f"{path}/step", json={"why": "healthy"})
            await acme.through("")
        shown = (await http.get(path)).json()
        assert (shown["status"], shown["progress"]["sent"]) == ("done", 5)
        assert shown["health"][0]["words"] == "bounces 0.00 % (0 of 5), limit 5 %"
        listed = (await http.get("/v1/campaigns")).json()["campaigns"]
        assert [each["name"] for each in listed] == ["winter"]


async def test_no_address_of_a_list_is_ever_shown_or_kept_in_the_campaign(acme: Shop) -> None:
    async with client(acme) as http:
        made = await http.post("/v1/campaigns", json=wanted())
        await http.post(f"/v1/campaigns/{made.json()['id']}/sandbox", json={"why": "a look"})
        shown = (await http.get(f"/v1/campaigns/{made.json()['id']}")).text
    assert "+44" not in shown


async def test_a_campaign_is_for_admins_and_a_notification_for_programs(acme: Shop) -> None:
    for key in ("key-maya", "key-crm", "key-vera"):
        async with client(acme, key) as http:
            assert (await http.post("/v1/campaigns", json=wanted())).status_code == 403
            assert (await http.get("/v1/campaigns")).status_code == 403
    async with client(acme, "key-maya") as http:
        said = await http.post("/v1/inboxes/sms/notifications", json=NOTICE, headers={"Idempotency-Key": "k"})
        assert said.status_code == 403


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("/v1/campaigns", {}, 422),
    ("/v1/campaigns", wanted(why=""), 422),
    ("/v1/campaigns", wanted(template="gone"), 422),
    ("/v1/campaigns", wanted(inbox="fax"), 404),
    ("/v1/campaigns", wanted(steps=[5]), 422),
    ("/v1/campaigns", wanted(audience={"recipients": []}), 422),
    ("/v1/campaigns/m-none/start", {"why": "x"}, 404),
    ("/v1/campaigns/m-none/explode", {"why": "x"}, 422),
    ("/v1/inboxes/fax/notifications", NOTICE, 404),
    ("/v1/inboxes/sms/notifications", {**NOTICE, "template": "gone"}, 422),
    ("/v1/inboxes/sms/notifications", {**NOTICE, "values": {}}, 422),
    ("/v1/inboxes/sms/notifications", {**NOTICE, "to": "nobody"}, 422),
    ("/v1/inboxes/sms/notifications", {**NOTICE, "to": "", "customer": "p-none"}, 404),
    ("/v1/inboxes/sms/notifications", {**NOTICE, "colour": "red"}, 422),
    ("/v1/incidents", {**INCIDENT, "id": "with spaces"}, 422),
    ("/v1/incidents", {**INCIDENT, "status": "resolved"}, 422),
    ("/v1/incidents", {**INCIDENT, "started_at": "2026-11-24T09:40:00"}, 422),
    ("/v1/incidents/INC-9/updates", {"status": "identified"}, 404),
]


async def test_what_cannot_be_is_refused_in_words(acme: Shop) -> None:
    async with client(acme) as http:
        for path, body, status in REFUSED:
            said = await http.post(path, json=body, headers={"Idempotency-Key": "k"})
            assert said.status_code == status, said.text
            assert said.json()["detail"]
    assert await acme.sent() == []


async def test_a_notification_is_queued_once_for_its_key(acme: Shop) -> None:
    async with client(acme, "key-crm") as http:
        answers = [
            await http.post("/v1/inboxes/sms/notifications", json=NOTICE, headers={"Idempotency-Key": "order-1"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert [answer.json()["duplicate"] for answer in answers] == [False, True]
        assert (await http.post("/v1/inboxes/sms/notifications", json=NOTICE)).status_code == 422
    assert len(await acme.sent()) == 1


async def test_an_incident_is_reported_looked_at_updated_and_read(acme: Shop) -> None:
    async with client(acme, "key-crm") as http:
        looked = (await http.post("/v1/incidents/preview", json=INCIDENT)).json()
        assert looked["customers"]["short"].startswith("Card payments fail. Since 24 November, 09:40 GMT.")
        assert await acme.sent() == []
        first, again = [await http.post("/v1/incidents", json=INCIDENT) for _ in range(2)]
        assert (first.status_code, again.status_code, again.json()["new"]) == (201, 200, False)
        second = await http.post("/v1/incidents/INC-1/updates", json={"status": "identified"})
        assert second.json()["messages"]["status"]["headline"] == "Update 2: Card payments fail"
        assert (await http.get("/v1/incidents/INC-1")).status_code == 403, "a program reads nothing"
    async with client(acme, "key-vera") as http:
        versions = (await http.get("/v1/incidents/INC-1")).json()["versions"]
        assert [version["version"] for version in versions] == [1, 2]
        assert [each["version"] for each in (await http.get("/v1/incidents?open=true")).json()["incidents"]] == [2]
