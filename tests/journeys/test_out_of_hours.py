"""A night and a morning on the whole product: real triage, real privacy filter, real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from journeys_support import KEY, house

pytestmark = pytest.mark.model
ADA = {"Authorization": f"Bearer {KEY}"}
BOB = {"Authorization": "Bearer bob-key"}
# Open for one minute of the week, which the country's holidays cannot touch: closed whenever this runs but then.
CLOSED = """
[teams.Returns]
members = ["ada", "bob"]
skills = ["returns"]
[inboxes.web]
kind = "websocket"
[inboxes.web.hours]
monday = []
tuesday = []
wednesday = []
thursday = []
friday = []
sunday = ["03:17-03:18"]
"""


async def test_a_customer_of_the_night_is_told_when_goes_on_and_is_answered_in_the_morning(tmp_path: Path) -> None:
    async with (
        house(tmp_path, inboxes=CLOSED) as acme,
        acme.chat() as chat,
        httpx.AsyncClient(base_url=acme.url, headers=ADA) as desk,
    ):
        (await desk.put("/v1/presence", json={"state": "here"})).raise_for_status()
        await chat.say("Can I speak to a real person about returns please")
        told = await chat.until(role="bot")
        assert "A person answers you from Sunday, " in told["text"]
        assert "03:17 G" in told["text"] or "03:17 B" in told["text"]
        assert (await chat.until(kind="handoff", state="queue"))["wait"]["state"] == "closed"
        await chat.say("You can reach me at wilhelmina@quackenbush.example")
        await chat.until(kind="handoff", state="bot")
        assert "noted" in (await chat.until(role="bot"))["text"]
        await chat.say("How many days do I have to return unworn items?")
        assert "45 days" in (await chat.until(role="bot"))["text"]
        (waiting,) = (await desk.get("/v1/conversations")).json()["conversations"]
        assert (waiting["owner"], waiting["team"]) == ("bot", "Returns")
        assert waiting["waiting_since"] is not None
        assert waiting["due_at"] is not None
        events = (await desk.get(f"/v1/conversations/{chat.conversation}/events")).json()["events"]
        (left,) = [event["text"] for event in events if event["kind"] == "noted"]
        assert left == "wilhelmina@quackenbush.example"
        (await desk.post(f"/v1/conversations/{chat.conversation}/takeover")).raise_for_status()
        await chat.until(kind="handoff", state="person")
        passed = await desk.post(f"/v1/conversations/{chat.conversation}/transfer", json={"person": "bob"})
        assert passed.json()["person"] == "bob"
        assert (await chat.until(kind="handoff", state="person"))["name"] == "bob"
        said = await desk.post(
            f"/v1/conversations/{chat.conversation}/messages", json={"text": "Good morning"}, headers=BOB
        )
        said.raise_for_status()
        assert (await chat.until(role="agent"))["name"] == "bob"
        await chat.say("Thanks. Now please delete all my personal data.")
        async with asyncio.timeout(20):
            while not (tasks := (await desk.get("/v1/tasks")).json()["tasks"]):  # noqa: ASYNC110  (in another process)
                await asyncio.sleep(0.05)
        (task,) = tasks
        assert (task["kind"], task["status"], task["conversation"]) == ("erasure", "open", chat.conversation)
