"""The bill of a turn's context through the real log: kept with the turn, over a pause and a restart, of this customer
alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agent_support import ANSWER, QUESTION, Lenient, Office, deps, office, people, scripted, turn

from agent.contexts import context_of
from agent.parking import serializer
from agent.state import Turn
from memory.facts.memory import Memory, Recalled

Open = Callable[..., Any]
LIKES = Memory("m1", "p-1", "instruction", "Never call me before ten.", datetime(2026, 5, 1, tzinfo=UTC))
FACT = Memory("m2", "p-1", "fact", "lives in <LOCATION_1>", datetime(2026, 5, 2, tzinfo=UTC), confidence=0.9)


class Remembers:
    async def recall(self, turn: Turn, vector: Any) -> Recalled:
        return Recalled((LIKES,), (FACT,), figures={"ms": 3.0})


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens offices over one file."""
    async with AsyncExitStack() as stack:

        async def make(*given: Any, **more: Any) -> Office:
            return await stack.enter_async_context(office(f"sqlite:///{tmp_path}/log.db", *given, **more))

        yield make


def bill(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = row["record"]["context"]
    return found


async def test_every_answered_turn_keeps_its_bill_within_the_budget(opened: Open) -> None:
    shop: Office = await opened(deps(scripted(ANSWER), recollector=Remembers(), context_tokens=300, floor=Lenient()))
    for n in range(12):
        conversation = await shop.ask(f"Order ORD-{n:03}. {QUESTION}")
    rows = await shop.turns(conversation)
    assert len(rows) == 12
    for row in rows:
        made = bill(row)
        assert made["budget_tokens"] == 300
        assert made["tokens"] == sum(block["tokens"] for block in made["blocks"]) <= 300
        kinds = {block["kind"] for block in made["blocks"]}
        assert kinds >= {"message", "customer", "instruction", "passage"}
        assert all(each["why"] and each["source"] for each in (*made["blocks"], *made["left_out"]))
    assert made["left_out"], "twelve turns do not fit in 300 tokens"
    assert rows[-1]["record"]["recalled"] == {"degraded": "", "figures": {"ms": 3.0}}
    for gone in ("segments", "slots", "folding", "profile", "earlier", "earlier_segments"):
        assert gone not in rows[-1]["record"], "kept once, where it belongs"


async def test_what_an_early_message_pinned_is_in_the_context_when_its_line_is_long_gone(opened: Open) -> None:
    model = scripted(ANSWER)
    shop: Office = await opened(deps(model, window_tokens=100, fold_tokens=40, floor=Lenient()))
    await shop.ask("My order is ORD-9001 and I paid £77.40. Never call me before ten.")
    for n in range(10):
        conversation = await shop.ask(f"{QUESTION} I wonder, number {n}")
    made = bill((await shop.turns(conversation))[-1])
    texts = [block.get("text", "") for block in made["blocks"]]
    assert "Never call me before ten." in texts
    assert "order ORD-9001" in texts
    assert any("£77.40" in text for text in texts)
    prompt = model.asked[-1].text
    assert all(pinned in prompt for pinned in ("ORD-9001", "£77.40", "Never call me before ten."))


async def test_a_draft_that_waited_over_a_restart_keeps_its_bill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    async with office(url, deps(recollector=Remembers()), approved=("sms",)) as first:
        conversation = await first.ask(f"I mean order ORD-1. {QUESTION}")
        (draft,) = await first.runtime.desk.approvals()
    async with office(url, deps(), approved=("sms",)) as second:
        await second.runtime.desk.decide(draft.turn, "approve", None, "Ann")
        (row,) = await second.turns(conversation)
        kept = await second.runtime.desk.turn(draft.turn)
    assert row["status"] == "committed"
    assert [block["kind"] for block in bill(row)["blocks"]] == [
        "message",
        "customer",
        "instruction",
        *["passage"] * 3,
        "fact",
    ]
    assert json.loads(json.dumps(kept["record"]["context"])) == bill(row)


async def test_nothing_of_another_customer_is_ever_in_a_context(opened: Open) -> None:
    shop: Office = await opened(deps(model := scripted(ANSWER), floor=Lenient()), detector=people())
    await shop.ask("I am Ben Ash, order ORD-5555. Never call me.", sender="+441632960001")
    other = await shop.ask(f"I am Ben Ash too. Where is my order? {QUESTION}", sender="+441632960002")
    made = bill((await shop.turns(other))[-1])
    assert "ORD-5555" not in json.dumps(made)
    assert "Never call me" not in json.dumps(made)
    assert "ORD-5555" not in model.asked[-1].text


async def test_no_real_value_is_in_the_bill(opened: Open) -> None:
    shop: Office = await opened(deps(floor=Lenient()), detector=people())
    conversation = await shop.ask(f"Call Wilhelmina Quackenbush on +441632960077. {QUESTION}")
    told = await shop.ask("Please only call Wilhelmina Quackenbush.")
    assert told == conversation
    for row in await shop.turns(conversation):
        record = json.dumps(row["record"])
        assert "Quackenbush" not in record
        assert "+4416329600" not in record


def test_a_paused_turn_comes_back_with_its_context_whole() -> None:
    before = turn(QUESTION, recalled=Recalled((LIKES,), (FACT,)))
    context = context_of(before, 4000)
    saver = serializer()
    back = saver.loads_typed(saver.dumps_typed(context))
    assert type(back) is type(context)
    assert back.bill() == context.bill()
    assert back.words == context.words
