"""The worker keeps its promises over a real log: one turn at a time, none lost, none for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from agent_support import (
    ANSWER,
    ANSWERED,
    DISCLOSURE,
    FAST,
    INVENTED,
    QUESTION,
    SECOND,
    KeptBus,
    Lenient,
    Office,
    Shelf,
    WordUnderstanding,
    deps,
    office,
    people,
    scripted,
    until,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from agent.dispatch.in_process import InProcessDoorbell
from agent.dispatch.redis import RedisBus, RedisDoorbell
from agent.dispatch.signals import Signal
from agent.errors import Draining
from agent.gateway.scripted import Asked, Fault
from agent.ports import Deps, Question
from agent.state import Sentence, Triage, Verdict
from agent.templates import DEFAULTS
from agent.worker import WorkerLimits
from memory import turns
from memory.schema import dead_letters, outbox

pytestmark = pytest.mark.server  # a whole office each: Frontdesk itself

Open = Callable[..., Any]
PATIENT = replace(FAST, sweep_s=60.0)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens offices over one SQLite file; all of them are closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(given: Deps | None = None, **more: Any) -> Office:
            return await stack.enter_async_context(office(f"sqlite:///{tmp_path}/log.db", given, **more))

        yield make


class Deaf(InProcessDoorbell):
    """A doorbell that loses the first `lost` rings."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost

    async def ring(self, conversation: str) -> None:
        if self.lost:
            self.lost -= 1
        else:
            await super().ring(conversation)


class Failing(WordUnderstanding):
    """Raises as often as told for messages with "boom"."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def triage(self, text: str, history: Any, vector: Any) -> Triage:
        if "boom" in text and self.times:
            self.times -= 1
            raise RuntimeError("no such tensor")
        return await super().triage(text, history, vector)


# --- one answer ---


async def test_a_message_is_answered_once_with_its_outbox_row_and_its_record(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask(QUESTION)
    assert await shop.kinds(conversation) == ["received", "triaged", "replied"]
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {ANSWERED}"]
    (row,) = await shop.turns()
    assert (row["status"], row["route"], row["attempt"]) == ("committed", "answer", 1)
    assert row["record"]["draft"]["sentences"][-1]["text"] == ANSWERED
    assert [sent["id"] for sent in await shop.rows(outbox)] == [f"turn-{row['id']}"]


async def test_it_introduces_itself_once_and_not_again(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask(QUESTION)
    await shop.ask(QUESTION)
    assert [DISCLOSURE in reply for reply in await shop.replies(conversation)] == [True, False]


async def test_a_handover_is_its_decision_its_message_and_its_event_in_one_commit(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask("I want a human")
    found = await shop.events(conversation)
    assert [event.kind for event in found] == ["received", "triaged", "replied", "handed_over"]
    assert len({event.at for event in found[1:]}) == 1
    assert len({event.turn for event in found[1:]}) == 1
    assert found[-1].meta["code"] == "asked"
    head = await shop.head(conversation)
    assert (head["owner"], head["epoch"], head["priority"]) == ("queue", 1, "normal")
    assert head["waiting_since"] is not None


async def test_a_commit_that_fails_half_way_leaves_nothing_of_the_turn(opened: Open) -> None:
    """The outbox row of a handover cannot be written: then neither is the event nor the change of owner."""
    shop: Office = await opened(limits=replace(FAST, max_failures=50, retry_s=0.1))
    blocked = "CREATE TRIGGER no_mail BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'not today'); END"
    await shop.store.write(lambda c: c.exec_driver_sql(blocked).rowcount)
    conversation = (await shop.receive("I want a human")).conversation
    await until(lambda: _failed(shop))
    assert await shop.kinds(conversation) == ["received"]
    assert (await shop.head(conversation))["owner"] == "bot"
    await shop.store.write(lambda c: c.exec_driver_sql("DROP TRIGGER no_mail").rowcount)
    await shop.settled(conversation)
    assert (await shop.kinds(conversation)).count("handed_over") == 1


async def _failed(shop: Office) -> bool:
    return any(row["status"] == "failed" for row in await shop.turns())


# --- silence ---


async def test_while_a_person_owns_it_the_bot_writes_nothing_down_but_that_it_saw_it(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask("I want a human")
    await shop.runtime.desk.take_over(conversation, "ada")
    before = await shop.kinds(conversation)
    await shop.ask(QUESTION)
    assert await shop.kinds(conversation) == [*before, "received"]
    assert (await shop.turns())[-1]["route"] == "silent"


async def test_what_was_asked_while_a_person_owned_it_is_answered_after_it_is_given_back(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask("I want a human")
    await shop.runtime.desk.take_over(conversation, "ada")
    await shop.ask(QUESTION)
    await shop.runtime.desk.release(conversation, "ada")
    await shop.settled(conversation)
    assert (await shop.replies(conversation))[-1] == f"{DISCLOSURE} {ANSWERED}"


async def test_a_takeover_in_the_middle_of_a_reply_voids_it(opened: Open) -> None:
    bus = KeptBus()
    shop: Office = await opened(deps(scripted(f"{ANSWER} {SECOND} [1]", delay_s=0.03)), bus=bus)
    conversation = (await shop.receive(QUESTION)).conversation
    await until(lambda: _heard(bus, "delta"))
    await shop.runtime.desk.take_over(conversation, "ada")
    taken = len(bus.signals)
    await until(lambda: _ended(shop, conversation))
    assert "replied" not in await shop.kinds(conversation)
    late = [signal for signal in bus.signals[taken:] if signal.type == "delta"]
    for signal in late:
        assert (await shop.runtime.show(signal)).text is None, "a socket shows nothing of an older epoch"
    assert bus.of((await shop.turns())[0]["id"])[-1].type == "restart"


async def _heard(bus: KeptBus, kind: str) -> bool:
    return any(signal.type == kind for signal in bus.signals)


async def _ended(shop: Office, conversation: str) -> bool:
    return all(row["ended_at"] for row in await shop.turns(conversation)) and not shop.worker._held


async def test_what_a_customer_asks_who_opted_out_is_queued_and_nothing_is_sent(opened: Open) -> None:
    shop: Office = await opened()
    await shop.receive("STOP", kind="opt_out")
    conversation = await shop.ask(QUESTION)
    assert await shop.kinds(conversation) == ["received", "opted_out", "received", "handed_over"]
    head = await shop.head(conversation)
    assert (head["owner"], head["introduced"]) == ("queue", False)
    assert "opted out" in head["reason"]
    assert await shop.rows(outbox) == []
    await shop.runtime.desk.take_over(conversation, "ada")
    await shop.receive("START", kind="opt_in")
    await shop.runtime.desk.release(conversation, "ada")
    await shop.settled(conversation)
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {ANSWERED}"], "and answered once they opt in again"


# --- privacy ---


async def test_models_records_and_signals_carry_pseudonyms_and_the_customer_gets_the_real_name(opened: Open) -> None:
    model = scripted(f"Hello <PERSON_1>. {ANSWER}")
    bus = KeptBus()
    shop: Office = await opened(deps(model, judges=(Lenient(),)), detector=people(), bus=bus)
    conversation = await shop.ask(f"I am Wilhelmina Quackenbush, mail w.q@post.example. {QUESTION}")
    (reply,) = await shop.replies(conversation)
    assert reply.startswith(f"{DISCLOSURE} Hello Wilhelmina Quackenbush.")
    deltas = [signal for signal in bus.signals if signal.type == "delta"]
    everything = " ".join([*(a.text for a in model.asked), str([dict(r) for r in await shop.turns()]), str(deltas)])
    assert "<PERSON_1>" in everything
    for secret in ("Quackenbush", "w.q@post", "post.example"):
        assert secret not in everything


async def test_when_the_privacy_filter_fails_no_word_of_the_customer_goes_anywhere(opened: Open) -> None:
    model, detector, bus = scripted(), people(), KeptBus()
    given = deps(model)
    shop: Office = await opened(given, detector=detector, bus=bus)
    conversation = await shop.ask("My dog is called Rex. Thanks!")
    await shop.ask(f"{QUESTION} Rex chewed them.")
    detector.down = True
    await shop.ask("Quackenbush here, of Rex. What do I do?")
    head = await shop.head(conversation)
    assert head["owner"] == "queue"
    last = (await shop.turns())[-1]
    assert last["record"]["handoff"]["code"] == "failed"
    for secret in ("Quackenbush", "Rex", "chewed"):
        assert secret not in str(dict(last))
    assert (await shop.replies(conversation))[-1] == DEFAULTS["handoff_failed"]
    assert not any("Quackenbush" in asked.text for asked in model.asked)
    assert all("Quackenbush" not in text for text in [*given.library.asked, *given.embedder.asked])  # type: ignore[attr-defined]


async def test_the_summary_too_is_left_out_when_the_privacy_filter_fails(opened: Open) -> None:
    detector = people()
    shop: Office = await opened(deps(window_tokens=60, fold_tokens=20), detector=detector)
    for n in range(6):
        conversation = await shop.ask(f"Order A-{n}: {QUESTION}")
    assert "summarised" in await shop.kinds(conversation)
    detector.down = True
    await shop.ask("And now?")
    assert "A-0" not in str((await shop.turns())[-1]["record"])


async def test_an_event_is_redacted_once_and_stays_as_it_was(opened: Open) -> None:
    detector = people()
    shop: Office = await opened(detector=detector)
    for _ in range(3):
        conversation = await shop.ask(f"Ben Ash asks: {QUESTION}")
    assert len([text for text in detector.looked_at if "asks" in text]) == 3
    events = [event for event in await shop.events(conversation) if event.kind == "received"]
    assert [event.redacted for event in events] == [f"<PERSON_1> asks: {QUESTION}"] * 3


# --- order ---


async def test_two_quick_messages_are_one_turn_or_two_in_order(opened: Open) -> None:
    model = scripted(script=_echo, delay_s=0.01)
    shop: Office = await opened(deps(model))
    first = await shop.receive(QUESTION)
    await asyncio.sleep(0.05)
    await shop.receive("And sale items?")
    await shop.settled(first.conversation)
    committed = [row for row in await shop.turns() if row["status"] == "committed"]
    spans = [(row["from_seq"], row["to_seq"]) for row in committed]
    assert spans[-1][1] == 2
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    assert len(await shop.replies(first.conversation)) == len(committed)
    last = model.asked[-1].text
    assert last.index(QUESTION) < last.index("And sale items?"), "both are read, in order"


def _echo(asked: Asked) -> str:
    return ANSWER if QUESTION in asked.text else f"{SECOND} [1]"


async def test_a_reply_to_an_older_message_is_taken_back_when_a_newer_one_comes(opened: Open) -> None:
    bus = KeptBus()
    shop: Office = await opened(deps(scripted(f"{ANSWER} {SECOND} [1]", delay_s=0.02)), bus=bus)
    first = await shop.receive(QUESTION)
    await until(lambda: _heard(bus, "delta"))
    await shop.receive("And sale items?")
    await shop.settled(first.conversation)
    old, new = await shop.turns()
    assert (old["status"], old["error"]) == ("superseded", "a newer message came")
    assert bus.of(old["id"])[-1].type == "restart"
    assert new["status"] == "committed"
    assert len(await shop.replies(first.conversation)) == 1


async def test_a_message_that_comes_as_its_turn_ends_does_not_wait_for_the_sweeper(opened: Open) -> None:
    """The ring comes while the worker still has the conversation in hand: it must not be lost."""

    class Busy(KeptBus):
        office: Office | None = None
        told = False

        async def publish(self, conversation: str, signal: Signal) -> None:
            await super().publish(conversation, signal)
            if self.office and signal.turn and signal.type == "changed" and not self.told:
                self.told = True
                await self.office.receive("And sale items?")

    bus = Busy()
    shop: Office = await opened(bus=bus, limits=PATIENT)
    bus.office = shop
    conversation = (await shop.receive(QUESTION)).conversation

    async def both() -> bool:
        return len(await shop.replies(conversation)) == 2

    await until(both, 5.0)


class Turnstile(WordUnderstanding):
    """Understanding and judge in one: from a turn's triage to its last sentence no other of its conversation may be
    inside, in whatever process. (Times in rows cannot show it: they are taken before a transaction waits its turn.)"""

    def __init__(self) -> None:
        super().__init__()
        self.inside: set[str] = set()
        self.passed = 0

    async def triage(self, text: str, history: Any, vector: Any) -> Triage:
        assert self._who(text) not in self.inside, "two turns of one conversation at once"
        self.inside.add(self._who(text))
        return await super().triage(text, history, vector)

    def judge(self, sentence: Sentence, question: Question) -> Verdict:
        self.inside.discard(self._who(question.text))
        self.passed += 1
        return Verdict("turnstile", "generate", "pass", "the last sentence")

    @staticmethod
    def _who(text: str) -> str:
        return "alpha" if "alpha" in text else "beta"


def gated(turnstile: Turnstile) -> Deps:
    model = scripted(ANSWER, delay_s=0.002)
    return deps(model, understanding=turnstile, floor=Lenient(), judges=(turnstile,))


async def in_order(shop: Office, conversation: str) -> int:
    """How many turns the conversation took; each answered what the one before had not, and the last all of it."""
    rows = await shop.turns(conversation)
    assert {row["status"] for row in rows} <= {"committed", "superseded"}
    spans = sorted((row["from_seq"], row["to_seq"]) for row in rows if row["status"] == "committed")
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    assert spans[-1][1] == [e.seq for e in await shop.events(conversation) if e.kind == "received"][-1]
    assert len(await shop.replies(conversation)) == len(spans)
    return len(rows)


async def test_twenty_quick_messages_over_two_workers_never_overlap_and_keep_their_order(opened: Open) -> None:
    bell, bus = InProcessDoorbell(), KeptBus()
    turnstile = Turnstile()
    given = gated(turnstile)
    shop: Office = await opened(given, doorbell=bell, bus=bus)
    await opened(given, doorbell=bell, bus=bus)
    for n in range(20):
        receipt = await shop.receive(f"{QUESTION} alpha {n}")
        await asyncio.sleep(0.01)
    await shop.settled(receipt.conversation)
    assert await in_order(shop, receipt.conversation) == turnstile.passed


async def test_two_processes_over_postgresql_and_redis_never_overlap_in_a_conversation(
    postgres_url: str, redis_url: str
) -> None:
    turnstile = Turnstile()
    async with AsyncExitStack() as stack:

        async def process(name: str) -> Office:
            client = Redis.from_url(redis_url)
            stack.push_async_callback(client.aclose)
            there = office(postgres_url, gated(turnstile), doorbell=RedisDoorbell(client, name), bus=RedisBus(client))
            return await stack.enter_async_context(there)

        one, two = await process("one"), await process("two")
        for n in range(12):
            receipts = [
                await shop.receive(f"{QUESTION} {name} {n}", sender=f"+4416329600{len(name)}")
                for name, shop in (("alpha", one), ("beta", two))
            ]
            await asyncio.sleep(0.02)
        for receipt in receipts:
            await one.settled(receipt.conversation, 30.0)
        assert sum([await in_order(one, receipt.conversation) for receipt in receipts]) == turnstile.passed


async def test_many_conversations_at_once_and_never_two_turns_of_one(opened: Open) -> None:
    at_once: dict[str, int] = {}
    most: list[int] = []

    class Counting(WordUnderstanding):
        async def triage(self, text: str, history: Any, vector: Any) -> Triage:
            name = text.split()[-1]
            at_once[name] = at_once.get(name, 0) + 1
            most.append(sum(at_once.values()))
            assert at_once[name] == 1
            await asyncio.sleep(0.05)
            at_once[name] -= 1
            return Triage("question", 1.0, "")

    shop: Office = await opened(deps(understanding=Counting()), limits=replace(FAST, concurrency=4))
    senders = [f"+44163296{n:04}" for n in range(12)]
    receipts = [await shop.receive(f"{QUESTION} {sender}", sender=sender) for sender in senders * 2]
    for conversation in {receipt.conversation for receipt in receipts}:
        await shop.settled(conversation)
        assert "failed" not in [row["status"] for row in await shop.turns(conversation)]
    assert max(most) == 4, "as many as configured, and no more"


# --- failure ---


async def test_a_turn_that_fails_once_is_tried_again_and_answered(opened: Open) -> None:
    shop: Office = await opened(deps(understanding=Failing(1)))
    conversation = await shop.ask(f"{QUESTION} boom")
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {ANSWERED}"]
    assert [(row["status"], row["attempt"]) for row in await shop.turns()] == [("failed", 1), ("committed", 2)]
    assert (await shop.head(conversation))["failures"] == 0


async def test_a_turn_that_keeps_failing_ends_in_words_a_handover_and_a_dead_letter(opened: Open) -> None:
    shop: Office = await opened(deps(understanding=Failing(100)))
    conversation = await shop.ask(f"{QUESTION} boom")
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {DEFAULTS['handoff_failed']}"]
    assert [row["status"] for row in await shop.turns()] == ["failed"] * FAST.max_failures + ["committed"]
    (letter,) = await shop.rows(dead_letters)
    assert (letter["kind"], letter["conversation_id"]) == ("turn", conversation)
    assert (await shop.head(conversation))["owner"] == "queue"
    assert {row["error"] for row in (await shop.turns())[:-1]} == {"RuntimeError"}, (
        "kinds of errors, no words of people"
    )
    other = await shop.ask(QUESTION, sender="+441632960002")
    assert ANSWERED in (await shop.replies(other))[0], "other customers are answered"
    await shop.runtime.desk.take_over(conversation, "ada")
    await shop.runtime.desk.say(conversation, "ada", "Sorry about that.", "k1")
    await shop.runtime.desk.release(conversation, "ada")
    await shop.ask(QUESTION)
    assert (await shop.replies(conversation))[-1] == f"{DISCLOSURE} {ANSWERED}", "and so is the next message here"


async def test_after_each_failure_it_waits_longer(opened: Open) -> None:
    shop: Office = await opened(deps(understanding=Failing(100)), limits=replace(FAST, retry_s=0.05))
    await shop.ask(f"{QUESTION} boom")
    begun = [row["started_at"] for row in await shop.turns()]
    waits = [(after - before).total_seconds() for before, after in pairwise(begun)]
    for failures, wait in enumerate(waits, 1):
        assert wait >= 0.05 * failures**2


async def test_a_turn_that_never_ends_is_ended(opened: Open) -> None:
    shop: Office = await opened(
        deps(scripted(Fault("hang"), ANSWER), generate_timeout_s=60.0), limits=replace(FAST, turn_timeout_s=0.2)
    )
    conversation = await shop.ask(QUESTION)
    assert [row["status"] for row in await shop.turns()] == ["failed", "committed"]
    assert ANSWERED in (await shop.replies(conversation))[0]


async def test_nothing_of_a_failed_attempt_stays_on_the_screen(opened: Open) -> None:
    bus = KeptBus()
    broken = scripted(Fault("reset", f"{ANSWER} And"), ANSWER)  # no gateway: the reset fails the turn
    shop: Office = await opened(deps(broken), bus=bus)
    await shop.ask(QUESTION)
    failed, done = await shop.turns()
    assert [signal.type for signal in bus.of(failed["id"])] == ["delta", "delta", "restart"]
    assert [signal.type for signal in bus.of(done["id"])] == ["delta", "delta", "changed"]


async def test_one_conversation_that_fails_does_not_hold_up_another(opened: Open) -> None:
    shop: Office = await opened(deps(understanding=Failing(1000)), limits=replace(FAST, concurrency=1, retry_s=30.0))
    await shop.receive(f"{QUESTION} boom")
    other = await shop.ask(QUESTION, sender="+441632960002")
    assert ANSWERED in (await shop.replies(other))[0]


# --- the net ---


async def test_a_lost_ring_is_found_by_the_sweeper(opened: Open) -> None:
    shop: Office = await opened(doorbell=Deaf(1))
    assert ANSWERED in (await shop.replies(await shop.ask(QUESTION)))[0]


async def test_a_ring_answers_at_once_without_the_sweeper(opened: Open) -> None:
    shop: Office = await opened(limits=PATIENT)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await shop.ask(QUESTION)
    assert time.monotonic() - began < 5.0


async def test_a_ring_for_nothing_does_nothing(opened: Open) -> None:
    shop: Office = await opened()
    conversation = await shop.ask(QUESTION)
    await asyncio.gather(*(shop.runtime.doorbell.ring(conversation) for _ in range(5)))
    await shop.runtime.doorbell.ring("c-nobody")
    await asyncio.sleep(0.1)
    assert len(await shop.turns()) == 1
    assert shop.worker.healthy


async def test_a_message_that_nobody_served_before_a_crash_is_answered_after_the_start(opened: Open) -> None:
    closed: Office = await opened(started=False)
    receipt = await closed.receive(QUESTION)
    shop: Office = await opened()
    await shop.settled(receipt.conversation)
    assert ANSWERED in (await shop.replies(receipt.conversation))[0]


async def test_a_crashed_holder_is_overtaken_when_its_lease_ends(opened: Open) -> None:
    dead: Office = await opened(started=False)
    receipt = await dead.receive(QUESTION)
    now = receipt_time(await dead.head(receipt.conversation))
    await dead.store.write(
        lambda c: turns.take(
            c, dead.runtime.vault, receipt.conversation, turn="t-dead", holder="dead", now=now, lease_s=0.2
        )
    )
    shop: Office = await opened()
    await shop.settled(receipt.conversation)
    old, new = await shop.turns()
    assert (old["status"], new["status"], new["attempt"]) == ("abandoned", "committed", 2)
    assert len(await shop.replies(receipt.conversation)) == 1


def receipt_time(head: Any) -> Any:
    return head["last_at"]


async def test_a_long_turn_keeps_its_lease_by_its_heartbeat(opened: Open) -> None:
    limits: WorkerLimits = replace(FAST, lease_s=0.9, sweep_s=0.02)
    given = deps(scripted(ANSWER, delay_s=0.18))  # eleven words: more than two leases long
    shop: Office = await opened(given, limits=limits)
    await opened(given, limits=limits)  # another that would take it
    conversation = await shop.ask(QUESTION)
    (row,) = await shop.turns()
    assert (row["status"], row["attempt"]) == ("committed", 1)
    assert (row["ended_at"] - row["started_at"]).total_seconds() > 1.8
    assert len(await shop.replies(conversation)) == 1


# --- stopping ---


async def test_a_turn_under_way_may_finish_when_the_process_stops(opened: Open, tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db", deps(scripted(ANSWER, delay_s=0.02))) as shop:
        receipt = await shop.receive(QUESTION)
        await until(lambda: _began(shop))
    after: Office = await opened(started=False)
    assert ANSWERED in (await after.replies(receipt.conversation))[0]


async def _began(shop: Office) -> bool:
    return bool(await shop.turns())


async def test_a_turn_that_cannot_finish_is_handed_back_due_at_once_and_taken_back_from_the_screen(
    opened: Open, tmp_path: Path
) -> None:
    bus = KeptBus()
    slow = deps(scripted(Fault("hang", f"{ANSWER} And")), generate_timeout_s=60.0)
    async with office(f"sqlite:///{tmp_path}/log.db", slow, bus=bus, grace_s=0.1) as shop:
        receipt = await shop.receive(QUESTION)
        await until(lambda: _heard(bus, "delta"))
        turn = (await shop.turns())[0]["id"]
    assert bus.of(turn)[-1].type == "restart", "what was shown is taken back on other processes' screens"
    after: Office = await opened(started=False)
    head = await after.head(receipt.conversation)
    assert (head["lease"], head["lease_until"], head["failures"], head["retry_at"]) == (None, None, 0, None)
    other: Office = await opened()
    await other.settled(receipt.conversation)
    assert [row["status"] for row in await other.turns()] == ["superseded", "committed"]


class Slow:
    """A store that says that a write was made `delay_s` after it was."""

    def __init__(self, store: Any, delay_s: float) -> None:
        self.store = store
        self.url = store.url
        self.delay_s = delay_s

    async def write(self, work: Any) -> Any:
        made = await self.store.write(work)
        await asyncio.sleep(self.delay_s)
        return made

    async def read(self, work: Any) -> Any:
        return await self.store.read(work)

    async def close(self) -> None:
        await self.store.close()


async def test_a_turn_taken_in_the_moment_of_the_stop_is_handed_back_too(opened: Open, tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db", grace_s=0.0, limits=PATIENT, started=False) as shop:
        shop.worker.store = Slow(shop.worker.store, 0.3)
        shop.runtime.start()
        receipt = await shop.receive(QUESTION)
        await until(lambda: _began(shop))
    after: Office = await opened(started=False)
    head = await after.head(receipt.conversation)
    assert (head["lease"], head["failures"]) == (None, 0)


async def test_giving_up_that_fails_is_tried_again_and_does_not_wait_for_the_lease(opened: Open) -> None:
    class Worn(dict[str, str]):
        broken = 1

        def __getitem__(self, name: str) -> str:
            if name == "handoff_failed" and self.broken:
                self.broken -= 1
                raise KeyError(name)
            return super().__getitem__(name)

    given = deps(understanding=Failing(100), templates=Worn(DEFAULTS))
    shop: Office = await opened(given, limits=replace(FAST, lease_s=60.0))
    conversation = await shop.ask(f"{QUESTION} boom")
    assert (await shop.head(conversation))["owner"] == "queue"
    assert len(await shop.rows(dead_letters)) == 1


async def test_a_process_that_stops_takes_nothing_new(tmp_path: Path) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        pass
    with pytest.raises(Draining):
        await shop.receive(QUESTION)


# --- nothing forgotten ---

WORDS = st.sampled_from(["return", "unworn", "items", "parcel", "delivery", "the", "and", "please", "why", "Keswick"])
SAID = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)
NUMBERED = st.lists(st.tuples(SAID, st.booleans()), min_size=25, max_size=30)


@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(said=NUMBERED, window=st.integers(40, 200))
async def test_every_message_of_a_long_conversation_is_in_the_window_or_in_the_summary(
    said: list[tuple[str, bool]], window: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through real turns; each message names an order, so that it can be found again. Some are two in a row."""
    model = scripted(f"{ANSWER} {SECOND} [1]")
    given = deps(model, floor=Lenient(), window_tokens=window, fold_tokens=window // 3)
    folder = tmp_path_factory.mktemp("long")
    async with office(f"sqlite:///{folder}/log.db", given) as shop:
        for n, (text, double) in enumerate(said):
            await shop.receive(f"Order Q-{n:03}a: {text}")
            if double:
                await shop.receive(f"Order Q-{n:03}b: {text}")
            conversation = await shop.ask(f"Order Q-{n:03}c: {text} {QUESTION}")
        events, head = await shop.events(conversation), await shop.head(conversation)
        last = (await shop.turns())[-1]["record"]
    spoken = [event for event in events if event.kind in ("received", "replied")]
    seen = {line["seq"] for line in (*last["history"], *last["said"])}
    assert len(spoken) >= 60
    assert "summarised" in [event.kind for event in events]
    for event in spoken[:-1]:
        assert event.seq in seen or event.seq <= head["summary_to"], f"event {event.seq} is nowhere"
    assert not [seq for seq in seen if seq <= head["summary_to"]], "nothing is in both"
    shown = " ".join(block.get("text", "") for block in last["context"]["blocks"])
    everything = shown + " ".join(line["text"] for line in (*last["history"], *last["said"]))
    for event in spoken:
        if event.kind == "received":
            assert event.text.split()[1].rstrip(":") in everything, "what identifies an order is kept word for word"
    prompt = model.asked[-1].text
    assert all(line["text"].splitlines()[0] in prompt for line in last["history"]), "and the model is told all of it"


async def test_an_old_summary_is_not_written_again_while_everything_fits(opened: Open) -> None:
    shop: Office = await opened(deps(window_tokens=80, fold_tokens=30))
    for n in range(12):
        conversation = await shop.ask(f"{QUESTION} {n}")
    found = [event for event in await shop.events(conversation) if event.kind == "summarised"]
    turns_made = len(await shop.turns())
    assert 1 <= len(found) < turns_made
    covered = [event.meta["to"] for event in found]
    assert covered == sorted(set(covered))


async def test_search_that_fails_hands_over_and_the_next_customer_is_answered(opened: Open) -> None:
    given = deps()
    assert isinstance(given.library, Shelf)
    shop: Office = await opened(given)
    given.library.fault = ValueError("a vector of the wrong size")  # no LibraryError: nobody expected it
    conversation = await shop.ask(QUESTION)
    assert (await shop.head(conversation))["owner"] == "queue"
    given.library.fault = None
    other = await shop.ask(QUESTION, sender="+441632960002")
    assert ANSWERED in (await shop.replies(other))[0]


async def test_nothing_is_invented_all_the_way_out(opened: Open) -> None:
    bus = KeptBus()
    shop: Office = await opened(deps(scripted(f"{INVENTED} {INVENTED}")), bus=bus)
    conversation = await shop.ask(QUESTION)
    assert "twice" not in (await shop.replies(conversation))[0]
    assert not [signal for signal in bus.signals if signal.type == "delta"]


async def test_working_memory_does_not_grow(opened: Open) -> None:
    shop: Office = await opened()
    for n in range(5):
        await shop.ask(QUESTION, sender=f"+44163296000{n}")
    await shop.idle()
    assert not shop.worker._memory.storage
    assert not shop.worker._memory.blobs
    assert not shop.worker._held
    assert not shop.worker._busy
    assert await shop.parked() == []
