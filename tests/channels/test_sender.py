"""The sender: each message leaves once, in order, through the gate; what cannot leave is where people see it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agent_support import prepare
from sqlalchemy import Connection, RowMapping, Table, select, update

from agent.dispatch.in_process import InProcessBus
from agent.settings import Secret
from channels import gate
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.inboxes.base import UnknownSend
from channels.inboxes.twilio import TwilioSmsInbox
from channels.outlets import Outlet, Outlets
from channels.providers.ports import FateUnknown, OptedOut, Postponed, Rejected, Sent, Unreachable
from channels.render import Rendered
from channels.schedules import PROMPT
from channels.sender import Sender
from memory import controls, outbox, ownership, receive, turns
from memory.consent import opted_out
from memory.deliveries import bounced_hard
from memory.log import Head
from memory.messages import Inbound, Outbound
from memory.receive import NewIds, Receipt
from memory.schema import consents, dead_letters
from memory.schema import outbox as table
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.turns import Outcome
from memory.vault import Vault

ANN, BEN = "+441632960001", "+441632960002"
STOP = "stop/inbox/sms"
Step = Exception | Callable[[], Awaitable[None]] | None


@dataclass
class ScriptedProvider:
    """Takes a message, or raises what is next in the script; `taken` is what it was asked to send, in order."""

    script: list[Step] = field(default_factory=list)
    taken: list[Outbound] = field(default_factory=list)
    closed: bool = False

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        self.taken.append(outbound)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            await step()
        return Sent(f"SM-{len(self.taken)}")

    async def aclose(self) -> None:
        self.closed = True

    @property
    def texts(self) -> list[str]:
        return [outbound.text for outbound in self.taken]


@dataclass
class Post:
    """A log, its outbox and a sender whose clock the test holds."""

    store: Store
    vault: Vault
    provider: ScriptedProvider
    sender: Sender
    serial: Any = field(default_factory=lambda: itertools.count(1))

    async def received(self, text: str = "Hi", sender: str = ANN, **fields: Any) -> Receipt:
        n = f"{next(self.serial):032x}"
        inbound = Inbound("sms", "sms", f"SM-in-{n}", sender, text, datetime.now(UTC), **fields)
        ids, now = NewIds(f"c-{n}", f"p-{n}", f"k-{n}"), datetime.now(UTC)
        return await self.store.write(lambda c: receive.receive(c, self.vault, inbound, ids, now))

    async def reply(self, text: str, sender: str = ANN) -> str:
        """Queues the bot's reply to a new message; its key."""
        receipt, turn, now = await self.received(sender=sender), f"t-{next(self.serial)}", datetime.now(UTC)

        def work(connection: Connection) -> str:
            taken = turns.take(connection, self.vault, receipt.conversation, turn=turn, holder="w", now=now, lease_s=9)
            assert taken is not None
            done = Outcome(turn, receipt.conversation, taken.head["epoch"], taken.to_seq, "answer", text, push=True)
            assert turns.commit(connection, self.vault, done, now).status == "committed"
            return f"turn-{turn}"

        return await self.store.write(work)

    async def person_says(self, text: str, sender: str = ANN) -> str:
        receipt, now = await self.received(sender=sender), datetime.now(UTC)

        def work(connection: Connection) -> str:
            ownership.take_over(connection, self.vault, receipt.conversation, "ada", now)
            seq = ownership.say(connection, self.vault, receipt.conversation, "ada", text, key=text, push=True, now=now)
            return f"desk-{receipt.conversation}-{seq}"

        return await self.store.write(work)

    async def confirm(self, conversation: str, text: str) -> str:
        """Queues the one confirmation of an opt-out."""
        now = datetime.now(UTC)

        def work(connection: Connection) -> str:
            head = Head.lock(connection, self.vault, conversation)
            seq = head.append("replied", now, text, redacted=text)
            outbox.enqueue(head, f"stop-{conversation}", seq, text, "confirmation", (), now)
            head.save()
            return f"stop-{conversation}"

        return await self.store.write(work)

    async def work(self, later_s: float = 0.0, holder: str | None = None) -> int:
        """One round of the sender at a time `later_s` from now; how many rows it claimed."""
        now, sender = datetime.now(UTC) + timedelta(seconds=later_s), self.sender
        claimed = await self.store.write(
            lambda c: outbox.claim_due(c, self.vault, holder=holder or sender.holder, now=now, lease_s=120.0)
        )
        for each in claimed:
            await sender._guarded(each)
        return len(claimed)

    async def crash(self, key: str) -> None:
        """Claims a row as a process does that then dies; its lease has ended."""
        now = datetime.now(UTC)
        claimed = await self.store.write(
            lambda c: outbox.claim_due(c, self.vault, holder="dead", now=now, lease_s=-1.0)
        )
        assert [each.outbound.id for each in claimed] == [key]

    async def row(self, key: str) -> RowMapping:
        query = select(table).where(table.c.id == key)
        return await self.store.read(lambda c: c.execute(query).mappings().one())

    async def status(self, key: str) -> str:
        return str((await self.row(key))["status"])

    async def rows(self, of: Table) -> list[RowMapping]:
        return await self.store.read(lambda c: list(c.execute(select(of)).mappings()))

    async def switch(self, on: bool, name: str = STOP) -> None:
        now = datetime.now(UTC)
        await self.store.write(lambda c: controls.put(c, name, {"on": on}, "ada", "a test", now))

    def configured(self, on_unknown_send: UnknownSend) -> None:
        self.sender.outlets = outlets(self.provider, on_unknown_send)


def outlets(provider: ScriptedProvider | None, on_unknown_send: UnknownSend = "park") -> Outlets:
    settings = TwilioSmsInbox(
        account_sid="AC0", auth_tokens=[Secret("x")], number="+441632960000", on_unknown_send=on_unknown_send
    )
    return Outlets({"sms": Outlet("sms", TWILIO_SMS, settings, provider)})


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with opened(f"sqlite:///{tmp_path}/log.db") as made:
        yield made


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Post]:
    await asyncio.to_thread(prepare, url)
    store, vault, provider = open_store(url), Vault(MasterKey.from_secret("0f" * 32)), ScriptedProvider()
    yield Post(store, vault, provider, Sender(store, vault, InProcessBus(), outlets(provider), "holder"))
    await store.close()


# --- out ---


async def test_a_message_is_sent_once_under_its_own_key(post: Post) -> None:
    key = await post.reply("Tomorrow.")
    assert await post.work() == 1
    assert await post.work(later_s=3600) == 0
    (outbound,) = post.provider.taken
    assert (outbound.id, outbound.recipient, outbound.text, outbound.attempts) == (key, ANN, "Tomorrow.", 1)
    row = await post.row(key)
    assert (row["status"], row["provider_ref"], row["lease"]) == ("sent", "SM-1", None)
    assert row["sent_at"] is not None
    assert row["verdict"]


async def test_the_loop_sends_what_is_queued_before_and_after_its_start(post: Post) -> None:
    first = await post.reply("One.")
    post.sender.start()
    second = await post.reply("Two.", BEN)
    await until(post, first, "sent")
    await until(post, second, "sent")
    await post.sender.stop(1.0)


async def until(post: Post, key: str, status: str, timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while await post.status(key) != status:  # noqa: ASYNC110  (the row is the only sign)
            await asyncio.sleep(0.01)


async def test_two_senders_over_one_outbox_send_each_message_once(post: Post) -> None:
    other = Sender(post.store, post.vault, InProcessBus(), outlets(post.provider), "other")
    keys = [await post.reply(f"Message {n}", f"+44163296{n:04}") for n in range(20)]
    post.sender.start()
    other.start()
    for key in keys:
        await until(post, key, "sent")
    await post.sender.stop(1.0)
    await other.stop(1.0)
    assert sorted(post.provider.texts) == sorted(f"Message {n}" for n in range(20))


async def test_stopping_lets_a_send_under_way_finish_and_claims_nothing_new(post: Post) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        begun.set()
        await go.wait()

    post.provider.script = [slowly]
    key = await post.reply("Slow.")
    post.sender.start()
    await begun.wait()
    stopping = asyncio.create_task(post.sender.stop(10.0))
    await asyncio.sleep(0.01)
    later = await post.reply("Later.", BEN)
    go.set()
    await stopping
    assert (await post.status(key), await post.status(later)) == ("sent", "pending")


# --- order ---


async def test_a_conversation_is_sent_in_order_and_no_message_overtakes_one_that_waits(post: Post) -> None:
    post.provider.script = [Postponed("busy")]
    keys = [await post.reply(text) for text in ("One.", "Two.", "Three.")]
    other = await post.reply("Other.", BEN)
    assert await post.work() == 2
    assert await post.work() == 0, "the second waits for the first"
    assert await post.status(other) == "sent"
    later = PROMPT[0] + 1
    for _ in keys:
        assert await post.work(later_s=later) == 1
    assert [text for text in post.provider.texts if text != "Other."] == ["One.", "One.", "Two.", "Three."]


async def test_what_is_given_up_does_not_hold_up_the_next(post: Post) -> None:
    post.provider.script = [Rejected("no such number")]
    first, second = await post.reply("One."), await post.reply("Two.")
    assert [await post.work(), await post.work()] == [1, 1]
    assert (await post.status(first), await post.status(second)) == ("dead", "sent")


# --- later ---


async def test_a_refusal_of_the_moment_is_tried_again_later_and_later_and_then_given_up(post: Post) -> None:
    key = await post.reply("One.")
    post.provider.script = [Unreachable("no connection") for _ in range(len(PROMPT) + 1)]
    waits, at_s = [], 0.0
    for attempt in range(1, len(PROMPT) + 2):
        assert await post.work(later_s=at_s) == 1
        row = await post.row(key)
        assert row["attempts"] == attempt
        if row["status"] == "pending":
            waits.append(round((row["next_at"] - datetime.now(UTC)).total_seconds()))
            assert await post.work(later_s=waits[-1] - 2) == 0, "not before its time"
            at_s = waits[-1] + 1
    assert waits == [int(seconds) for seconds in PROMPT]
    assert await post.status(key) == "dead"
    (letter,) = await post.rows(dead_letters)
    assert (letter["kind"], letter["ref"]) == ("send", key)
    assert "no connection" in letter["reason"]
    assert await post.work(later_s=10**6) == 0
    assert {outbound.id for outbound in post.provider.taken} == {key}, "always the same key"


@pytest.mark.parametrize(("asked_s", "waits_s"), [(90.0, 90), (1.0, 5), (7200.0, 7200)])
async def test_a_provider_that_names_a_time_is_not_asked_before_it(post: Post, asked_s: float, waits_s: int) -> None:
    post.provider.script = [Postponed("busy", retry_after_s=asked_s)]
    key = await post.reply("One.")
    await post.work()
    wait = ((await post.row(key))["next_at"] - datetime.now(UTC)).total_seconds()
    assert wait == pytest.approx(waits_s, abs=2)


async def test_a_refusal_for_good_is_not_tried_again(post: Post) -> None:
    post.provider.script = [Rejected("not a telephone")]
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == "dead"
    assert len(await post.rows(dead_letters)) == 1
    assert await post.work(later_s=10**6) == 0


async def test_each_message_that_is_given_up_has_a_dead_letter_of_its_own(post: Post) -> None:
    """Also several of one person in one conversation, whose ids begin alike."""
    post.provider.script = [Rejected("no"), Rejected("no"), Rejected("no")]
    keys = [await post.person_says(text) for text in ("One.", "Two.", "Three.")]
    for _ in keys:
        await post.work()
    assert sorted(letter["ref"] for letter in await post.rows(dead_letters)) == sorted(keys)


async def test_an_inbox_that_is_no_longer_there_is_a_dead_letter(post: Post) -> None:
    for gone in (Outlets({}), outlets(None)):
        post.sender.outlets = gone
        key = await post.reply("One.")
        await post.work()
        assert await post.status(key) == "dead"
    assert len(await post.rows(dead_letters)) == 2


# --- unknown fate ---


async def test_a_message_of_unknown_fate_waits_for_a_person_where_the_provider_does_not_dedupe(post: Post) -> None:
    post.provider.script = [FateUnknown("no answer came")]
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == "parked"
    assert len(await post.rows(dead_letters)) == 1
    assert await post.work(later_s=10**6) == 0
    assert len(post.provider.taken) == 1


async def test_or_is_sent_again_under_the_same_key_where_it_does(post: Post) -> None:
    post.configured("resend")
    post.provider.script = [FateUnknown("no answer came")]
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == "pending"
    await post.work(later_s=PROMPT[0] + 1)
    assert await post.status(key) == "sent"
    assert [outbound.id for outbound in post.provider.taken] == [key, key]


@pytest.mark.parametrize(("configured", "status", "sends"), [("park", "parked", 0), ("resend", "sent", 1)])
async def test_a_send_whose_process_died_is_of_unknown_fate(
    post: Post, configured: UnknownSend, status: str, sends: int
) -> None:
    post.configured(configured)
    key = await post.reply("One.")
    await post.crash(key)
    assert await post.work() == 1
    assert await post.status(key) == status
    assert [outbound.id for outbound in post.provider.taken] == [key] * sends


async def test_a_fault_of_our_own_is_seen_by_a_person_and_the_next_message_goes(post: Post) -> None:
    post.provider.script = [RuntimeError("no such attribute")]
    key, other = await post.reply("One."), await post.reply("Two.", BEN)
    await post.work()
    assert (await post.status(key), await post.status(other)) == ("parked", "sent")
    assert "RuntimeError" in (await post.rows(dead_letters))[0]["reason"]


async def test_what_a_slow_holder_says_of_a_row_it_lost_changes_nothing(post: Post) -> None:
    key = await post.reply("One.")
    now = datetime.now(UTC)
    (claimed,) = await post.store.write(
        lambda c: outbox.claim_due(c, post.vault, holder="holder", now=now, lease_s=-1.0)
    )
    post.configured("resend")
    assert await post.work(holder="other") == 1  # its claim is another's now
    post.provider.script = [Rejected("late and wrong")]
    await post.sender.send(claimed)
    assert await post.status(key) == "sending"
    assert await post.rows(dead_letters) == [], "no dead letter for what another is sending"


async def test_a_row_that_cannot_be_opened_is_given_up_and_the_others_go(post: Post) -> None:
    bad, good = await post.reply("One."), await post.reply("Two.", BEN)
    broken = (
        update(table).where(table.c.id == bad).values(payload=b"\x01garbage that was never sealed by anybody at all")
    )
    await post.store.write(lambda c: c.execute(broken).rowcount)
    post.sender.start()
    await until(post, good, "sent")
    await until(post, bad, "dead")
    await post.sender.stop(1.0)
    assert [letter["ref"] for letter in await post.rows(dead_letters)] == [bad]


# --- the gate ---


async def test_an_opt_out_that_only_the_provider_knows_goes_into_the_ledger_and_is_never_retried(post: Post) -> None:
    post.provider.script = [OptedOut("21610", provider_code="21610")]
    key, waiting = await post.reply("One."), await post.reply("Two.")
    await post.work()
    assert await post.status(key) == "parked"
    (consent,) = await post.rows(consents)
    assert (consent["state"], consent["channel"], consent["evidence"]["by"]) == ("out", "sms", "provider")
    customer = (await post.row(key))["customer_id"]
    assert await post.store.read(lambda c: opted_out(c, customer, "sms"))
    await post.work(later_s=10**6)
    assert await post.status(waiting) == "parked", "nor is anything else sent to them"
    assert len(post.provider.taken) == 1


async def test_a_kill_switch_holds_and_then_lets_go_and_nothing_is_lost(post: Post) -> None:
    key, other = await post.reply("One."), await post.reply("Two.")
    await post.switch(True)
    at_s = 0.0
    for _ in range(len(PROMPT) + 3):
        assert await post.work(later_s=at_s) == 1
        at_s = 61.0
    row = await post.row(key)
    assert (row["status"], row["verdict"]) == ("pending", f"stopped by {STOP}")
    assert post.provider.taken == []
    await post.switch(False)
    post.provider.script = [Postponed("busy")]
    await post.work(later_s=61.0)
    assert await post.status(key) == "pending", "being held is no attempt: it is still tried again"
    await post.work(later_s=61.0)
    await post.work(later_s=61.0)
    assert (await post.status(key), await post.status(other)) == ("sent", "sent")
    assert post.provider.texts == ["One.", "One.", "Two."]


@pytest.mark.parametrize(("name", "stops"), [("stop", True), ("stop/channel/sms", True), ("stop/channel/email", False)])
async def test_a_kill_switch_stops_what_it_names(post: Post, name: str, stops: bool) -> None:
    await post.switch(True, name)
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == ("pending" if stops else "sent")


@pytest.mark.parametrize("who", ["bot", "person"])
async def test_what_answers_a_customer_who_opted_out_waits_for_a_person(post: Post, who: str) -> None:
    key = await (post.reply("One.") if who == "bot" else post.person_says("One."))
    await post.received("STOP", kind="opt_out")
    await post.work()
    assert (await post.status(key), post.provider.taken) == ("parked", [])
    assert "opted out" in (await post.row(key))["verdict"]
    assert "opted out" in (await post.rows(dead_letters))[0]["reason"]


async def test_the_confirmation_of_an_opt_out_is_sent_and_what_comes_after_is_not(post: Post) -> None:
    receipt = await post.received("STOP", kind="opt_out")
    key = await post.confirm(receipt.conversation, "You will get no more messages.")
    after = await post.reply("One.")
    await post.work()
    await post.work()
    assert (await post.status(key), await post.status(after)) == ("sent", "parked")
    assert post.provider.texts == ["You will get no more messages."]


async def test_after_opting_in_again_messages_leave(post: Post) -> None:
    await post.received("STOP", kind="opt_out")
    await post.received("START", kind="opt_in")
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == "sent"


async def test_one_customers_opt_out_is_not_anothers(post: Post) -> None:
    await post.received("STOP", sender=BEN, kind="opt_out")
    key = await post.reply("One.")
    await post.work()
    assert await post.status(key) == "sent"


async def test_on_postgresql_two_senders_send_each_message_once(postgres_url: str) -> None:
    async with opened(postgres_url) as post:
        keys = [await post.reply(f"Message {n}", f"+44163296{n % 5:04}") for n in range(15)]
        other = Sender(post.store, post.vault, InProcessBus(), outlets(post.provider), "other")
        post.sender.start()
        other.start()
        for key in keys:
            await until(post, key, "sent", 30.0)
        await post.sender.stop(1.0)
        await other.stop(1.0)
        assert sorted(post.provider.texts) == sorted(f"Message {n}" for n in range(15))
        for n in range(5):
            sent = [o.text for o in post.provider.taken if o.recipient == f"+44163296{n:04}"]
            assert sent == [f"Message {m}" for m in range(15) if m % 5 == n]


async def test_an_address_that_a_provider_refuses_for_good_gets_nothing_proactive_any_more(post: Post) -> None:
    post.provider.script = [Rejected("no such number", bounce="hard")]
    key = await post.reply("One.")
    await post.work()
    row = await post.row(key)
    assert (row["status"], row["report"]) == ("dead", "hard")
    assert await post.store.read(lambda c: bounced_hard(c, row["customer_id"], "sms")) is not None
    news = Outbound("n-1", "sms", "sms", row["conversation_id"], ANN, "Your parcel left.", "notification")
    noon = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    verdict = await post.store.read(lambda c: gate.judge(c, news, row["customer_id"], noon))
    assert (verdict.decision, verdict.rule) == ("refuse", "bounced")
    answer = replace(news, purpose="reply")
    assert (await post.store.read(lambda c: gate.judge(c, answer, row["customer_id"], noon))).decision == "send"
    await post.received("I have a new telephone")
    assert await post.store.read(lambda c: bounced_hard(c, row["customer_id"], "sms")) is None
