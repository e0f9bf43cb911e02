"""A draft that waits for a person survives a restart and leaves at most once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agent_support import (
    ANSWER,
    ANSWERED,
    DISCLOSURE,
    FAST,
    QUESTION,
    KeptBus,
    Lenient,
    Office,
    deps,
    office,
    people,
    scripted,
    until,
)
from sqlalchemy import Connection

from agent.errors import AlreadyDecided, Refused, StoreUnavailable, UnknownTurn
from agent.parking import thread
from agent.templates import DEFAULTS
from memory import drafts, turns
from memory.schema import outbox

Open = Callable[..., Any]
REPLY = f"{DISCLOSURE} {ANSWERED}"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Open]:
    """Opens offices over one file in which a person approves every answer."""
    async with AsyncExitStack() as stack:

        async def make(*given: Any, **more: Any) -> Office:
            return await stack.enter_async_context(office(url, *given, **{"approved": ("sms",), **more}))

        yield make


async def waiting(shop: Office, text: str = QUESTION) -> tuple[str, str]:
    """(conversation, turn) of a draft that waits."""
    conversation = await shop.ask(text)
    (draft,) = [each for each in await shop.runtime.desk.approvals() if each.conversation == conversation]
    return conversation, draft.turn


async def test_a_draft_waits_unseen_by_the_customer_and_holds_nothing(opened: Open) -> None:
    bus = KeptBus()
    shop: Office = await opened(bus=bus)
    conversation, turn = await waiting(shop)
    (draft,) = await shop.runtime.desk.approvals()
    assert (draft.question, draft.draft) == (QUESTION, REPLY)
    assert draft.sources[0]["quote"] == ANSWERED
    assert "replied" not in await shop.kinds(conversation)
    assert not [signal for signal in bus.signals if signal.type == "delta"]
    assert await shop.rows(outbox) == []
    assert (await shop.head(conversation))["lease"] is None
    assert await shop.parked() == [turn]
    await shop.idle()
    assert not shop.worker._memory.storage, "it does not wait in memory"
    assert [e.text for e in await shop.runtime.visible(conversation, 0)] == [QUESTION]


@pytest.mark.parametrize("decision", ["approve", "edit", "reject"])
async def test_a_decision_after_a_restart_ends_the_turn_once(url: str, opened: Open, decision: Any) -> None:
    async with office(url, approved=("sms",)) as before:
        conversation, turn = await waiting(before)
    shop: Office = await opened()
    await shop.runtime.desk.decide(turn, decision, "Within six weeks." if decision == "edit" else None, "ada")
    said = {"approve": REPLY, "edit": "Within six weeks.", "reject": f"{DISCLOSURE} {DEFAULTS['handoff_guard']}"}
    assert await shop.replies(conversation) == [said[decision]]
    head = await shop.head(conversation)
    assert head["owner"] == ("queue" if decision == "reject" else "bot")
    assert (head["lease"], head["parked_seq"]) == (None, 0)
    (row,) = await shop.turns()
    assert row["status"] == "committed"
    assert row["record"]["approval"]["person"] == "ada"
    assert [sent["id"] for sent in await shop.rows(outbox)] == [f"turn-{turn}"]
    assert await shop.parked() == [], "checkpoints do not pile up"
    assert await shop.runtime.desk.approvals() == []
    with pytest.raises(AlreadyDecided):
        await shop.runtime.desk.decide(turn, "approve", None, "bob")


@pytest.mark.parametrize("decision", ["approve", "edit", "reject"])
async def test_a_decision_after_a_restart_on_postgresql(postgres_url: str, decision: Any) -> None:
    async with office(postgres_url, approved=("sms",)) as before:
        conversation, turn = await waiting(before)
        assert await before.parked() == [turn]
    async with office(postgres_url, approved=("sms",)) as shop, office(postgres_url, approved=("sms",)) as other:
        decided = await asyncio.gather(
            shop.runtime.desk.decide(turn, decision, "Within six weeks.", "ada"),
            other.runtime.desk.decide(turn, decision, "Within six weeks.", "bob"),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in decided) == ["AlreadyDecided", "NoneType"]
        assert len(await shop.replies(conversation)) == 1
        assert await shop.parked() == []


async def test_the_sources_of_an_approved_draft_survive_the_restart(url: str, opened: Open) -> None:
    async with office(url, approved=("sms",)) as before:
        conversation, turn = await waiting(before)
    shop: Office = await opened()
    await shop.runtime.desk.decide(turn, "approve", None, "ada")
    replied = (await shop.events(conversation))[-1]
    assert replied.meta["sources"][0]["quote"] == ANSWERED


async def test_of_two_decisions_at_once_exactly_one_wins(opened: Open) -> None:
    shop: Office = await opened()
    other: Office = await opened()
    for n in range(5):
        conversation, turn = await waiting(shop, f"{QUESTION} {n}")
        decided = await asyncio.gather(
            shop.runtime.desk.decide(turn, "approve", None, "ada"),
            other.runtime.desk.decide(turn, "edit", "Six weeks.", "bob"),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in decided) == ["AlreadyDecided", "NoneType"]
        assert len(await shop.replies(conversation)) == n + 1


async def test_a_newer_message_supersedes_a_waiting_draft_and_its_checkpoint_goes(opened: Open) -> None:
    shop: Office = await opened()
    conversation, old = await waiting(shop)
    _, new = await waiting(shop, f"Sorry: {QUESTION}")
    assert new != old
    assert await shop.parked() == [new]
    with pytest.raises(AlreadyDecided):
        await shop.runtime.desk.decide(old, "approve", None, "ada")
    await shop.runtime.desk.decide(new, "approve", None, "ada")
    assert len(await shop.replies(conversation)) == 1


async def test_a_message_that_comes_while_a_person_decides_is_answered_too(opened: Open) -> None:
    """The old draft is refused at its commit, and one that answers both waits instead."""
    shop: Office = await opened(started=False)
    shop.worker.start()
    conversation, old = await waiting(shop)
    for loop in shop.worker._loops:
        loop.cancel()
    await shop.receive("And sale items?")  # nobody has looked at it yet
    await shop.runtime.desk.decide(old, "approve", None, "ada")
    assert await shop.replies(conversation) == []
    shop.worker.start()
    await shop.settled(conversation)
    (draft,) = await shop.runtime.desk.approvals()
    assert draft.turn != old
    assert await shop.parked() == [draft.turn]


@pytest.mark.parametrize("act", ["take_over", "close"])
async def test_a_takeover_supersedes_a_waiting_draft_and_its_checkpoint_goes(opened: Open, act: str) -> None:
    shop: Office = await opened()
    conversation, turn = await waiting(shop)
    await getattr(shop.runtime.desk, act)(conversation, "ada")
    with pytest.raises(AlreadyDecided):
        await shop.runtime.desk.decide(turn, "approve", None, "bob")
    assert await shop.replies(conversation) == []
    assert await shop.parked() == []
    assert await shop.runtime.desk.approvals() == []


async def test_a_takeover_between_decision_and_commit_keeps_the_bot_silent(opened: Open) -> None:
    shop: Office = await opened(started=False)
    shop.worker.start()
    conversation, turn = await waiting(shop)
    await decided_only(shop, turn, lease_s=60.0)
    await shop.runtime.desk.take_over(conversation, "ada")
    row = await shop.store.read(lambda c: turns.read_turn(c, turn))
    await shop.worker.resume(row)
    assert await shop.replies(conversation) == []
    assert await shop.parked() == []


async def sent(shop: Office, conversation: str) -> None:
    """Until the decision is carried out and its checkpoint gone."""

    async def done() -> bool:
        return bool(await shop.replies(conversation)) and not await shop.parked()

    await until(done)


async def decided_only(shop: Office, turn: str, lease_s: float) -> None:
    """A decision written down by a process that died right after."""

    def work(connection: Connection) -> None:
        decision = {"decision": "approve", "text": "", "person": "ada"}
        now = datetime.now(UTC)
        drafts.decide(connection, shop.runtime.vault, turn, decision, holder="dead", now=now, lease_s=lease_s)

    await shop.store.write(work)


async def test_a_decision_whose_process_died_is_carried_out_by_another(url: str, opened: Open) -> None:
    async with office(url, approved=("sms",)) as before:
        conversation, turn = await waiting(before)
        await decided_only(before, turn, lease_s=0.1)
    shop: Office = await opened()
    other: Office = await opened()
    await sent(shop, conversation)
    assert await shop.replies(conversation) == [REPLY]
    assert (await other.turns())[0]["status"] == "committed"
    assert await shop.parked() == []


async def test_a_decision_cut_off_half_way_is_carried_out_and_not_asked_for_again(url: str, opened: Open) -> None:
    """The process stops, or the person's connection breaks, while the decision is carried out."""
    shop: Office = await opened(limits=replace(FAST, lease_s=0.3))
    conversation, turn = await waiting(shop)
    holding = Holding(shop.worker.store)
    shop.worker.store = holding
    await decided_only(shop, turn, lease_s=0.3)
    holding.hold = True
    row = await shop.store.read(lambda c: turns.read_turn(c, turn))
    task = asyncio.create_task(shop.worker.resume(row))
    await holding.held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    holding.hold = False
    await sent(shop, conversation)
    assert await shop.replies(conversation) == [REPLY]
    assert len(await shop.turns()) == 1, "the same draft, not another one"
    assert await shop.parked() == []


class Holding:
    """A store whose writes hang while `hold` is set, or fail with `fault`."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.url = store.url
        self.hold = False
        self.fault: Exception | None = None
        self.held = asyncio.Event()

    async def write(self, work: Any) -> Any:
        if self.fault:
            raise self.fault
        if self.hold:
            self.held.set()
            await asyncio.Event().wait()
        return await self._store.write(work)

    async def read(self, work: Any) -> Any:
        return await self._store.read(work)

    async def close(self) -> None:
        await self._store.close()


async def test_a_decision_that_cannot_be_written_now_is_carried_out_when_the_store_is_back(opened: Open) -> None:
    shop: Office = await opened(limits=replace(FAST, lease_s=0.3))
    conversation, turn = await waiting(shop)
    holding = Holding(shop.worker.store)
    shop.worker.store = holding
    await decided_only(shop, turn, lease_s=0.3)
    row = await shop.store.read(lambda c: turns.read_turn(c, turn))
    holding.fault = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable):
        await shop.worker.resume(row)
    holding.fault = None
    await sent(shop, conversation)
    assert await shop.replies(conversation) == [REPLY]
    assert len(await shop.turns()) == 1


async def test_a_draft_whose_checkpoint_is_lost_is_made_again_and_not_stuck(opened: Open) -> None:
    shop: Office = await opened()
    conversation, turn = await waiting(shop)
    await shop.worker.parked.adelete_thread(turn)
    await shop.runtime.desk.decide(turn, "approve", None, "ada")
    await shop.settled(conversation)
    assert await shop.replies(conversation) == []
    (draft,) = await shop.runtime.desk.approvals()
    assert draft.turn != turn
    await shop.runtime.desk.decide(draft.turn, "approve", None, "ada")
    assert await shop.replies(conversation) == [REPLY]


async def test_checkpoints_that_nobody_waits_for_are_removed_at_the_start(url: str, opened: Open) -> None:
    async with office(url, approved=("sms",)) as before:
        conversation, turn = await waiting(before)
        kept = await before.worker.parked.aget_tuple(thread(turn))
        assert kept is not None
        for orphan in ("t-nobody", "t-other"):
            await before.worker.parked.aput(thread(orphan), kept.checkpoint, kept.metadata, {})
        assert len(await before.parked()) == 3
    shop: Office = await opened()

    async def tidy() -> bool:
        return bool(await shop.parked() == [turn])

    await until(tidy)
    await shop.runtime.desk.decide(turn, "approve", None, "ada")
    assert await shop.replies(conversation) == [REPLY]


# --- privacy ---


async def test_an_edit_with_personal_data_is_kept_with_pseudonyms_and_sent_with_real_values(opened: Open) -> None:
    shop: Office = await opened(detector=people())
    conversation, turn = await waiting(shop, f"Wilhelmina Quackenbush here. {QUESTION}")
    words = "Dear Wilhelmina Quackenbush, write to Ben Ash at ben@desk.example. Not to <PERSON_1>."
    await shop.runtime.desk.decide(turn, "edit", words, "ada")
    (reply,) = await shop.replies(conversation)
    assert reply.startswith("Dear Wilhelmina Quackenbush, write to Ben Ash at ben@desk.example.")
    record = str(dict((await shop.turns())[0]))
    assert "<PERSON_1>" in record
    for secret in ("Quackenbush", "Ben Ash", "ben@desk"):
        assert secret not in record
    assert reply.endswith("Not to ‹PERSON_1›."), "what a person types is no placeholder"


async def test_the_checkpoints_own_file_holds_no_real_values(opened: Open, tmp_path: Path) -> None:
    model = scripted(f"For <PERSON_1>. {ANSWER}")
    shop: Office = await opened(deps(model, judges=(Lenient(),)), detector=people())
    await waiting(shop, f"Wilhelmina Quackenbush, w.q@post.example, +441632960777. {QUESTION}")
    files = [path for path in tmp_path.iterdir() if path.name.startswith("parked")]  # noqa: ASYNC240  (a test may wait)
    content = b"".join(path.read_bytes() for path in files)
    assert b"PERSON_1" in content
    for secret in (b"Quackenbush", b"w.q@post", b"1632960777", b"1632960001"):
        assert secret not in content


async def test_an_edit_while_the_privacy_filter_is_down_decides_nothing(opened: Open) -> None:
    detector = people()
    shop: Office = await opened(detector=detector)
    conversation, turn = await waiting(shop)
    detector.down = True
    with pytest.raises(Refused, match="privacy filter"):
        await shop.runtime.desk.decide(turn, "edit", "Dear Ben Ash", "ada")
    detector.down = False
    await shop.runtime.desk.decide(turn, "approve", None, "ada")
    assert await shop.replies(conversation) == [REPLY]


# --- bad input ---


@pytest.mark.parametrize("text", [None, "", "  \n ", "x" * 20_001])
async def test_an_edit_without_words_or_with_too_many_decides_nothing(opened: Open, text: str | None) -> None:
    shop: Office = await opened()
    _, turn = await waiting(shop)
    with pytest.raises(Refused):
        await shop.runtime.desk.decide(turn, "edit", text, "ada")
    assert len(await shop.runtime.desk.approvals()) == 1


async def test_a_turn_that_is_unknown_or_does_not_wait_is_not_decided(opened: Open) -> None:
    shop: Office = await opened()
    with pytest.raises(UnknownTurn):
        await shop.runtime.desk.decide("t-nobody", "approve", None, "ada")
    await shop.ask("I want a human")
    with pytest.raises(AlreadyDecided):
        await shop.runtime.desk.decide((await shop.turns())[0]["id"], "approve", None, "ada")


async def test_only_answers_wait(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask("Hello")
    assert len(await shop.replies(conversation)) == 1
    assert await shop.runtime.desk.approvals() == []
