"""How far the assistant goes alone is what people set, for each inbox and intent, from the next turn on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from agent_support import ANSWERED, QUESTION, KeptBus, Office, office

from agent.autonomy import LEVELS, Level, control, level
from memory import controls, reading

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "intent", "expected"),
    [
        ({}, "question", "automatic"),
        ({"autonomy/sms": {"level": "draft"}}, "question", "draft"),
        ({"autonomy/web": {"level": "draft"}}, "question", "automatic"),
        (
            {"autonomy/sms": {"level": "draft"}, "autonomy/sms/question": {"level": "automatic"}},
            "question",
            "automatic",
        ),
        ({"autonomy/sms/complaint": {"level": "shadow"}}, "question", "automatic"),
        ({"autonomy/sms": {"level": "autoamtic"}}, "question", "approve"),
        ({"autonomy/sms": {}}, "question", "approve"),
        ({"autonomy/sms": {"level": 3}}, "question", "approve"),
    ],
)
def test_the_intents_own_level_comes_before_the_inboxs_and_a_slip_lets_nothing_out(
    given: dict[str, Any], intent: str, expected: Level
) -> None:
    assert level(given, "sms", intent, "automatic") == expected


async def set_level(shop: Office, value: str, intent: str = "") -> None:
    name = control("sms", intent)
    await shop.store.write(lambda c: controls.put(c, name, {"level": value}, "lee", "trying it", NOW))


@pytest.mark.parametrize("value", LEVELS)
async def test_each_level_lets_out_what_it_says(store_url: str, value: Level) -> None:
    bus = KeptBus()
    async with office(store_url, bus=bus) as shop:
        await set_level(shop, value)
        conversation = await shop.ask(QUESTION)
        row, (turn,) = await shop.head(conversation), await shop.turns(conversation)
        replies = await shop.replies(conversation)
        streamed = [signal for signal in bus.signals if signal.type == "delta"]
        if value == "automatic":
            assert replies[0].endswith(ANSWERED)
            assert streamed
            return
        assert replies == []
        assert streamed == []
        if value == "approve":
            assert (row["owner"], turn["status"]) == ("bot", "parked")
            return
        assert (row["owner"], turn["route"]) == ("queue", "handoff")
        assert turn["record"]["withheld"]["sentences"][-1]["text"] == ANSWERED
        view = await shop.runtime.desk.conversation(conversation)
        assist = await shop.store.read(lambda c: reading.assist(c, shop.runtime.vault, view))
        assert assist.suggestion == (ANSWERED if value == "draft" else "")


@pytest.mark.parametrize(
    "text", ["hello", "I want a human", "Which mortgage rates apply abroad?", "This is a disgrace"]
)
async def test_where_it_only_watches_not_even_fixed_words_leave(store_url: str, text: str) -> None:
    async with office(store_url) as shop:
        await set_level(shop, "shadow")
        conversation = await shop.ask(text)
        assert await shop.replies(conversation) == []
        assert (await shop.head(conversation))["owner"] == "queue"


async def test_a_level_of_one_intent_leaves_the_others_alone(store_url: str) -> None:
    async with office(store_url) as shop:
        await set_level(shop, "approve", "question")
        conversation = await shop.ask("hello")
        assert await shop.replies(conversation)
        other = await shop.ask(QUESTION, sender="+441632960002")
        assert (await shop.turns(other))[-1]["status"] == "parked"
