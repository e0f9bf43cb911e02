"""What nobody could answer is seen by people, without whose it was, until its customer is erased."""

from __future__ import annotations

import httpx
import pytest
from journeys_support import KEY, House

pytestmark = pytest.mark.model
ADA = {"Authorization": f"Bearer {KEY}"}
ASKED = "My mail is priya.raghunathan@mail.example. Which mortgage rates do you offer for second homes in Peru?"


async def test_a_question_nobody_could_answer_is_a_gap_until_its_customer_is_erased(acme: House) -> None:
    async with acme.chat() as chat, httpx.AsyncClient(base_url=acme.url, headers=ADA) as desk:
        await chat.say(ASKED)
        await chat.until(type="event", kind="message", role="bot")
        found = (await desk.get("/v1/knowledge/gaps")).json()
        assert (found["questions"], found["customers"], found["groups"]) == (1, 1, 1)
        (gap,) = found["gaps"]
        assert "mortgage rates" in gap["examples"][0]["text"]
        assert "priya" not in str(found).lower()
        assert gap["examples"][0]["conversation"] == chat.conversation
        assert gap["nearest"]
        assert gap["has_article"] is False
        customer = (await desk.get(f"/v1/conversations/{chat.conversation}")).json()["customer"]
        (await desk.delete(f"/v1/customers/{customer}", params={"why": "They asked."})).raise_for_status()
        assert (await desk.get("/v1/knowledge/gaps")).json()["gaps"] == []
