"""What people switch off holds in the next turn, and what they word otherwise is said from then on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from agent_support import QUESTION, Office, office

from agent.stops import reworded, switched_off
from memory import controls, turns
from memory.errors import Stopped
from memory.messages import Event


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite:///{tmp_path}/log.db") as opened:
        yield opened


async def put(shop: Office, name: str, **value: Any) -> None:
    now = datetime.now(UTC)
    await shop.store.write(lambda c: controls.put(c, name, value, "ada", "a test", now, "admin"))


async def said(shop: Office, conversation: str) -> list[Event]:
    page = await shop.runtime.desk.events(conversation)
    return [event for event in page.events if event.kind in ("replied", "handed_over")]


@pytest.mark.parametrize("name", ["stop/prompt/answer", "stop/tool/search"])
async def test_a_stopped_prompt_says_so_and_fetches_a_person(shop: Office, name: str) -> None:
    await put(shop, name, on=True)
    reply, handoff = await said(shop, await shop.ask(QUESTION))
    assert "I can't answer that just now" in reply.text
    assert handoff.meta["code"] == "stopped"
    assert name in handoff.meta["reason"]


async def test_with_the_prompt_stopped_small_talk_is_still_answered_by_its_template(shop: Office) -> None:
    await put(shop, "stop/prompt/answer", on=True)
    (reply,) = await said(shop, await shop.ask("hello"))
    assert "What can I help you with?" in reply.text


@pytest.mark.parametrize("name", ["stop", "stop/channel/sms", "stop/inbox/sms"])
async def test_where_everything_is_stopped_the_bot_is_silent_and_people_have_it(shop: Office, name: str) -> None:
    await put(shop, name, on=True)
    (handoff,) = await said(shop, await shop.ask(QUESTION))
    assert (handoff.kind, handoff.meta["code"]) == ("handed_over", "silenced")


async def test_a_switch_of_another_inbox_stops_nothing_here(shop: Office) -> None:
    await put(shop, "stop/inbox/other", on=True)
    await put(shop, "stop/prompt/answer", on=False)
    events = await said(shop, await shop.ask(QUESTION))
    assert [event.kind for event in events] == ["replied"]


async def test_words_that_people_set_are_said_instead_of_the_files(shop: Office) -> None:
    await put(shop, "template/greeting", text="Good day from {organisation}.")
    (reply,) = await said(shop, await shop.ask("hello"))
    assert "Good day from " in reply.text
    assert "{" not in reply.text


async def test_in_the_web_chat_a_switch_turned_during_a_turn_stops_its_reply(tmp_path: Path) -> None:
    """What is read from the log leaves when it is committed: the switch is asked there as well."""
    async with office(f"sqlite:///{tmp_path}/log.db", pushes=(), started=False) as shop:
        receipt = await shop.receive(QUESTION)
        now = datetime.now(UTC)
        taken = await shop.store.write(
            lambda c: turns.take(
                c, shop.runtime.vault, receipt.conversation, turn="t-1", holder="w", now=now, lease_s=60
            )
        )
        assert taken is not None
        await put(shop, "stop", on=True)
        done = turns.Outcome("t-1", receipt.conversation, taken.head["epoch"], taken.to_seq, "answer", "45 days.")
        await shop.store.write(lambda c: turns.commit(c, shop.runtime.vault, done, now))
        (handoff,) = await said(shop, receipt.conversation)
        assert (handoff.kind, handoff.meta["code"]) == ("handed_over", "silenced")
        await shop.runtime.desk.take_over(receipt.conversation, "ada")
        with pytest.raises(Stopped, match="while stop is on"):
            await shop.runtime.desk.say(receipt.conversation, "ada", "Hello", "k1")
        await put(shop, "stop", on=False)
        await shop.runtime.desk.say(receipt.conversation, "ada", "Hello", "k1")


def test_only_a_switch_that_is_on_counts_and_an_empty_wording_is_none() -> None:
    assert switched_off({"stop": {"on": False}, "stop/inbox/a": {}}, "stop", "stop/inbox/a") == ""
    assert reworded({"greeting": "Hi"}, {"template/greeting": {"text": ""}}) == {"greeting": "Hi"}
