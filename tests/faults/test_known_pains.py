"""What went wrong elsewhere, in public, must not go wrong here: a test for each report of HOUSE.md section 6.

Webhooks of our own that tell other systems (chatwoot 15920, "tried once") are in tests/channels/outgoing, and the
retries of what we do send in tests/channels/test_sender.py; processes are killed in test_processes.py.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agent_support import (
    ANSWER,
    ANSWERED,
    DISCLOSURE,
    QUESTION,
    SECOND,
    KeptBus,
    Lenient,
    Office,
    deps,
    office,
    people,
    scripted,
    until,
)
from journeys_support import House, house
from sqlalchemy import inspect

from agent.gateway.breaker import Breaker
from agent.gateway.gateway import Gateway
from agent.gateway.upstream import Upstream
from agent.merging import merging
from agent.oversight import Actor
from agent.settings import Endpoint
from agent.templates import DEFAULTS
from channels.normalise import sendgrid_email
from channels.normalise.payloads import Part
from knowledge.edge_library import EdgeLibrary
from knowledge.encoders import HashingEncoder
from knowledge.ingest import BATCH_PASSAGES, Progress, ingest
from memory import turns
from memory.messages import Inbound
from memory.schema import conversations, events, identities, links, outbox

pytestmark = pytest.mark.server  # a whole office each: Frontdesk itself

Open = Callable[..., Any]
ANN, BEN = "+441632960001", "+441632960002"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens offices over one SQLite file."""
    async with AsyncExitStack() as stack:

        async def make(*given: Any, **more: Any) -> Office:
            return await stack.enter_async_context(office(f"sqlite:///{tmp_path}/log.db", *given, **more))

        yield make


async def shown_to_a_customer(shop: Office, conversation: str) -> list[str]:
    """What a socket would show while one reply is written, until its end."""
    shown: list[str] = []
    async with shop.runtime.watch(conversation) as watch:
        while (signal := await watch.next(5.0)) is not None:
            if signal.type == "delta" and (text := (await shop.runtime.show(signal)).text) is not None:
                shown.append(text)
            elif signal.type == "restart":
                shown.clear()
            elif signal.turn:
                break
    return shown


async def test_after_a_takeover_the_bot_says_not_one_more_word(opened: Open) -> None:
    """chatwoot PR 13673, fazer-ai/agents 433: the bot talks over the person."""
    bus = KeptBus()
    shop: Office = await opened(deps(scripted(f"{ANSWER} {SECOND} [1]", delay_s=0.03)), bus=bus)
    conversation = (await shop.receive(QUESTION)).conversation

    async def speaking() -> bool:
        return any(signal.type == "delta" for signal in bus.signals)

    await until(speaking)
    await shop.runtime.desk.take_over(conversation, "ada")
    taken = len(bus.signals)
    await shop.receive("Hello? Are you there?")
    await asyncio.sleep(0.8)
    assert not [text for signal in bus.signals[taken:] if (text := (await shop.runtime.show(signal)).text)]
    assert "replied" not in await shop.kinds(conversation)
    assert await shop.rows(outbox) == []


async def test_an_old_handover_does_not_cause_the_next_one(opened: Open) -> None:
    """chatwoot 13880, 15068: handoff notes re-enter the prompt, and the bot hands over for ever."""
    model = scripted()
    shop: Office = await opened(deps(model))
    conversation = await shop.ask("I want a human")
    await shop.receive("I'd like to talk to a person.", kind="person")
    await shop.settled(conversation)
    await shop.runtime.desk.take_over(conversation, "ada")
    await shop.runtime.desk.note(conversation, "ada", "PRIVATE: difficult, hand over at once")
    await shop.runtime.desk.say(conversation, "ada", "I have sent a new label.", "k1")
    await shop.runtime.desk.release(conversation, "ada")
    await shop.ask(QUESTION)
    assert (await shop.replies(conversation))[-1] == f"{DISCLOSURE} {ANSWERED}"
    assert (await shop.head(conversation))["owner"] == "bot"
    (asked,) = model.asked
    assert "I have sent a new label." in asked.text, "what a person said is part of the conversation"
    for never in ("PRIVATE", "handed_over", "reads like a person", "asked for a person"):
        assert never not in asked.text


async def test_a_handover_is_told_once_and_never_silently(opened: Open) -> None:
    """chatwoot 13881, fazer-ai/agents 158: the handoff is silent, or its closing message is sent twice."""
    bus = KeptBus()
    shop: Office = await opened(bus=bus)
    receipts = await asyncio.gather(
        shop.receive("I want a human"),
        shop.receive("I'd like to talk to a person.", kind="person"),
        shop.receive("A human, please!"),
    )
    conversation = receipts[0].conversation
    await shop.settled(conversation)
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {DEFAULTS['handoff_asked']}"]
    kinds = await shop.kinds(conversation)
    assert kinds.count("handed_over") == 1
    assert kinds.index("handed_over") == kinds.index("replied") + 1
    assert len(await shop.rows(outbox)) == 1
    (waiting,) = await shop.runtime.desk.conversations(owner="queue")
    assert waiting.reason


async def test_a_slow_answer_is_waited_for_and_nobody_is_thrown_to_people(opened: Open) -> None:
    """chatwoot 12754: an acknowledgement that takes long hands the conversation over."""
    shop: Office = await opened(deps(scripted(ANSWER, delay_s=0.2)))
    began = time.monotonic()
    receipt = await shop.receive(QUESTION)
    assert time.monotonic() - began < 1.0, "it is acknowledged once written down, not once answered"
    await shop.settled(receipt.conversation)
    assert time.monotonic() - began > 2.0
    assert (await shop.head(receipt.conversation))["owner"] == "bot"
    assert "handed_over" not in await shop.kinds(receipt.conversation)
    assert ANSWERED in (await shop.replies(receipt.conversation))[0]


async def test_a_webhook_delivered_five_times_is_answered_once(opened: Open) -> None:
    """chatwoot 11901: duplicates are answered twice."""
    shop: Office = await opened()
    receipts = await asyncio.gather(*(shop.receive(QUESTION, provider_id="SM-same") for _ in range(5)))
    await shop.settled(receipts[0].conversation)
    for _ in range(5):
        assert (await shop.receive(QUESTION, provider_id="SM-same")).duplicate
    await asyncio.sleep(0.1)
    assert await shop.kinds(receipts[0].conversation) == ["received", "triaged", "replied"]
    assert len(await shop.rows(outbox)) == 1


async def test_a_second_quick_message_does_not_break_the_conversation(opened: Open) -> None:
    """typebot 1453, dify 16450: a message while another is answered breaks the conversation for ever."""
    shop: Office = await opened(deps(scripted(ANSWER, delay_s=0.005)))
    for n in range(6):
        conversation = (await shop.receive(f"{QUESTION} {n}")).conversation
        await asyncio.sleep(0.03)
    await shop.settled(conversation)
    before = len(await shop.replies(conversation))
    assert before >= 1
    await shop.ask(QUESTION)
    assert len(await shop.replies(conversation)) == before + 1
    assert {row["status"] for row in await shop.turns()} <= {"committed", "superseded"}


@pytest.mark.model
async def test_what_was_said_while_a_socket_was_gone_is_there_when_it_comes_back(tmp_path: Path) -> None:
    """chatwoot 14934: messages are missed on reconnect."""
    acme: House
    async with house(tmp_path) as acme:
        async with acme.chat() as chat:
            await chat.say("Can I speak to a real person please")
            await chat.until(type="event", kind="handoff", state="queue")
        known, last = chat, chat.events[-1]["seq"]
        await acme.runtime.desk.take_over(known.conversation, "ada")
        for n in range(3):
            await acme.runtime.desk.say(known.conversation, "ada", f"Answer {n}", f"k{n}")
        async with acme.chat(known, after=last) as back:
            while len(back.events) < 4:
                await back.frame()
            assert [event.get("text") for event in back.events] == [None, "Answer 0", "Answer 1", "Answer 2"]
            assert [event["prev"] for event in back.events] == [last, *(event["seq"] for event in back.events[:-1])]
            assert await back.quiet(0.3) == []


async def test_two_customers_are_never_one_and_one_customer_is_never_two(opened: Open) -> None:
    """chatwoot 9264, 13808, 4728: one customer with two contexts, or two customers merged into one."""
    model = scripted(f"For <PERSON_1>: {ANSWER}")
    shop: Office = await opened(deps(model, judges=(Lenient(),)), detector=people())
    receipts = await asyncio.gather(
        *(shop.receive(f"I am Wilhelmina Quackenbush. {QUESTION} {n}", sender=ANN) for n in range(3)),
        *(shop.receive(f"I am Ben Ash. {QUESTION} {n}", sender=BEN) for n in range(3)),
    )
    for receipt in receipts:
        await shop.settled(receipt.conversation)
    assert len({receipt.customer for receipt in receipts[:3]}) == len({r.customer for r in receipts[3:]}) == 1
    assert len({receipt.conversation for receipt in receipts}) == len(await shop.rows(conversations)) == 2
    assert len(await shop.rows(identities)) == 2
    ann, ben = await shop.replies(receipts[0].conversation), await shop.replies(receipts[-1].conversation)
    assert all("Wilhelmina Quackenbush" in reply and "Ben Ash" not in reply for reply in ann)
    assert all("Ben Ash" in reply and "Quackenbush" not in reply for reply in ben)


async def test_the_same_name_in_another_inbox_is_the_same_customer_in_another_conversation(opened: Open) -> None:
    """chatwoot 4728: what identifies a customer is the sender, wherever they write."""
    shop: Office = await opened()
    one = await shop.receive("Hello", inbox="sms")
    two = await shop.receive("Hello", inbox="sms-uk")
    assert one.customer == two.customer
    assert one.conversation != two.conversation


async def test_no_message_is_dropped_where_the_window_slides(opened: Open) -> None:
    """letta 2601, langmem 111: a summary or a window drops messages. (Generated ones: test_nothing_forgotten.py.)"""
    shop: Office = await opened(deps(window_tokens=100, fold_tokens=40))
    for n in range(16):
        conversation = await shop.ask(f"Order Q-{n:03} cost £{n}.50. {QUESTION}")
    last, head = (await shop.turns())[-1]["record"], await shop.head(conversation)
    shown = " ".join(block.get("text", "") for block in last["context"]["blocks"])
    told = shown + " ".join(line["text"] for line in (*last["history"], *last["said"]))
    assert all(f"Q-{n:03}" in told and f"£{n}.50" in told for n in range(16))
    seen = {line["seq"] for line in (*last["history"], *last["said"])}
    said = [e.seq for e in await shop.events(conversation) if e.kind in ("received", "replied")][:-1]
    assert [seq for seq in said if seq > head["summary_to"]] == sorted(seen)


class CountingEmbedder:
    """Hashed words; counts calls and texts."""

    name, dim = "hashing", 64

    def __init__(self) -> None:
        self.calls = 0
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Any:
        self.calls += 1
        self.texts.extend(texts)
        return HashingEncoder().encode(texts)


async def test_ingestion_reaches_its_end_and_embeds_in_batches_what_it_has_not(tmp_path: Path) -> None:
    """dify 16880, 29901: ingestion stuck at 99 %, or a hundred times slower than embedding."""
    rows = [f"Question {n}?,Answer {n} is that order {n} takes {n} days." for n in range(400)]
    source = tmp_path / "faq.csv"
    source.write_text("question,answer\n" + "\n".join(rows) + "\n", encoding="utf-8")
    library, embedder = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64), CountingEmbedder()
    told: list[Progress] = []
    report = await ingest([source], library=library, embedder=embedder, progress=told.append)
    assert (told[-1].done, told[-1].total, report.added) == (400, 400, 400)
    assert embedder.calls <= math.ceil(report.passages / BATCH_PASSAGES) + 1, "batches, not one call a passage"
    assert len(embedder.texts) == len(set(embedder.texts)), "nothing twice"
    again = await ingest([source], library=library, embedder=CountingEmbedder())
    assert (again.added, again.unchanged) == (0, 400)
    await library.close()


async def test_the_privacy_filter_fails_closed(opened: Open) -> None:
    """litellm 30728: the PII guard fails open."""
    model, detector = scripted(), people()
    detector.down = True
    shop: Office = await opened(deps(model), detector=detector)
    conversation = await shop.ask(f"Ben Ash here. {QUESTION}")
    assert await shop.replies(conversation) == [f"{DISCLOSURE} {DEFAULTS['handoff_failed']}"]
    assert model.asked == ()
    assert "Ben Ash" not in str([dict(row) for row in await shop.turns()])
    assert [event.redacted for event in await shop.events(conversation) if event.kind == "received"] == [None]


async def test_pseudonyms_do_not_break_streaming(opened: Open) -> None:
    """litellm PR 29134: masking breaks streaming. What streams is the reply, real values in it, piece by piece."""
    model = scripted(f"Hello <PERSON_1>. {ANSWER} We write to <EMAIL_ADDRESS_1>. [1]", delay_s=0.01)
    bus = KeptBus()
    shop: Office = await opened(deps(model, judges=(Lenient(),)), detector=people(), bus=bus)
    receipt = await shop.receive(f"Ben Ash, ben@post.example. {QUESTION}")
    shown = await shown_to_a_customer(shop, receipt.conversation)
    await shop.settled(receipt.conversation)
    (reply,) = await shop.replies(receipt.conversation)
    assert "Ben Ash" in reply
    assert "ben@post.example" in reply
    assert len(shown) == 4
    assert "".join(shown) == reply
    assert not any("Ben Ash" in signal.text for signal in bus.signals), "the bus carries pseudonyms"


async def test_a_streamed_call_costs_what_it_costs(opened: Open) -> None:
    """litellm 37923: streamed calls are costed at zero, so budgets never fire."""
    priced = Endpoint(model="priced", base_url="http://127.0.0.1:9/v1", price_in=3.0, price_out=15.0)
    upstream = Upstream("priced", priced, scripted(), Breaker(clock=time.monotonic))
    shop: Office = await opened(deps(Gateway(route="answer", upstreams=(upstream,), deadline_s=5.0)))
    await shop.ask(QUESTION)
    draft = (await shop.turns())[0]["record"]["draft"]
    assert draft["tokens_in"] > 100
    expected = (draft["tokens_in"] * 3.0 + draft["tokens_out"] * 15.0) / 1_000_000
    assert draft["cost"] == pytest.approx(expected)
    assert draft["cost"] > 0


async def test_checkpoints_do_not_grow(opened: Open) -> None:
    """langgraphjs 1138: checkpoints grow without end."""
    shop: Office = await opened(approved=("sms",))
    for n in range(6):
        conversation = await shop.ask(QUESTION, sender=f"+44163296000{n}")
        (draft,) = await shop.runtime.desk.approvals()
        if n % 3 == 0:
            await shop.runtime.desk.take_over(conversation, "ada")
        else:
            await shop.runtime.desk.decide(draft.turn, "approve" if n % 3 == 1 else "reject", None, "ada")
        await shop.ask("Hello", sender=f"+44163297000{n}")
    await shop.idle()
    assert await shop.parked() == []
    assert not shop.worker._memory.storage
    assert not shop.worker._memory.writes
    assert not shop.worker._memory.blobs
    tables = await shop.store.read(lambda c: inspect(c).get_table_names())
    assert not [name for name in tables if "checkpoint" in name], "and never into the log's own file"


async def test_a_crashed_run_leaves_nothing_busy(opened: Open) -> None:
    """aegra 473: a crashed run leaves the thread busy for ever."""
    dead: Office = await opened(started=False)
    receipt = await dead.receive(QUESTION)
    now = datetime.now(UTC)
    await dead.store.write(
        lambda c: turns.take(
            c, dead.runtime.vault, receipt.conversation, turn="t-dead", holder="dead", now=now, lease_s=0.2
        )
    )
    shop: Office = await opened()
    await shop.settled(receipt.conversation)
    assert len(await shop.replies(receipt.conversation)) == 1
    await shop.ask(QUESTION)
    assert len(await shop.replies(receipt.conversation)) == 2


def mail(text: str, sender: str, number: int) -> Inbound:
    """A mail as SendGrid posts it, read."""
    headers = f"Message-ID: <m.{number}@post.example>\nFrom: {sender}\nTo: help@acme.example\nSubject: Boots\n"
    fields = {
        "headers": headers,
        "from": sender,
        "to": "help@acme.example",
        "subject": "Boots",
        "text": text,
        "envelope": f'{{"to":["help@acme.example"],"from":"{sender}"}}',
    }
    parts = [Part(name, value.encode()) for name, value in fields.items()]
    return sendgrid_email.normalise(parts, inbox="mail", address="help@acme.example", now=datetime.now(UTC))


async def test_quoted_mail_is_not_read_as_new_text(opened: Open) -> None:
    """chatwoot 5131: the quoted text of a mail is read as what the customer says now."""
    model = scripted()
    shop: Office = await opened(deps(model))
    quoted = f"{QUESTION}\n\nOn Sat, 28 Feb 2026 at 10:00, Help wrote:\n> I want a human\n> This is a disgrace\n"
    receipt = await shop.runtime.receive(mail(quoted, "ann@post.example", 1))
    await shop.settled(receipt.conversation)
    assert (await shop.head(receipt.conversation))["owner"] == "bot"
    assert ANSWERED in (await shop.replies(receipt.conversation))[0]
    assert "disgrace" not in model.asked[0].text


@pytest.mark.parametrize("sender", ["no-reply@shop.example", "mailer-daemon@post.example", "help@acme.example"])
async def test_a_machine_is_not_answered_so_no_two_of_them_write_to_each_other_for_ever(
    opened: Open, sender: str
) -> None:
    """chatwoot 5131: reply loops with no-reply addresses."""
    shop: Office = await opened(pushes=("mail",))
    for n in range(3):
        receipt = await shop.runtime.receive(mail(QUESTION, sender, n))
        assert not receipt.due
    await asyncio.sleep(0.15)  # the sweeper has looked by now
    assert await shop.kinds(receipt.conversation) == ["received"] * 3
    assert await shop.turns() == []
    assert await shop.rows(outbox) == []
    assert [row["kind"] for row in await shop.rows(events)] == ["received"] * 3


async def test_one_customer_on_two_channels_has_one_context(opened: Open) -> None:
    """chatwoot 9264, 13808: the same person is a new contact on the next channel, and nobody knows what was said."""
    shop: Office = await opened(pushes=("sms", "wa", "calls"))
    await shop.ask("My order ORD-77311 has a broken pole.", sender="+44 20 7946 0018")
    for inbox, channel, written in [("wa", "whatsapp", "0044 20 7946 0018"), ("calls", "voice", "+442079460018")]:
        conversation = await shop.ask(
            "And when does it come?", inbox=inbox, channel=channel, sender=written, proof="provider"
        )
        (turn,) = await shop.turns(conversation)
        assert "ORD-77311" in str(turn["record"])
    assert len(await shop.rows(identities)) == 1


async def test_a_person_who_turns_out_to_be_two_customers_keeps_one_context_when_joined(opened: Open) -> None:
    """chatwoot 13808: a contact known by telephone and by address is two, and merging them loses what was said."""
    shop: Office = await opened(pushes=("sms", "mail"))
    texted = await shop.ask("My order ORD-77311 has a broken pole.")
    mailed = await shop.ask("And?", inbox="mail", channel="email", sender="jo@example.com")
    pair = [(await shop.head(each))["customer_id"] for each in (texted, mailed)]
    desk, before = merging(shop.runtime.oversight), len(await shop.rows(events))
    await desk.join(pair[0], pair[1], Actor("ada", "admin"), "they said so", datetime.now(UTC))
    assert len(await shop.rows(events)) == before, "a merge loses and moves nothing"
    await shop.ask("And now?", inbox="mail", channel="email", sender="jo@example.com")
    assert "ORD-77311" in str((await shop.turns(mailed))[-1]["record"])


async def test_two_customers_are_never_merged_into_one_by_what_they_say(opened: Open) -> None:
    """chatwoot 4728: contacts are merged by a name or an address that somebody typed."""
    shop: Office = await opened(pushes=("sms",))
    first = await shop.ask(f"I am Jo Lee, jo@example.com, {BEN}. My order is ORD-77311.", sender=ANN)
    second = await shop.ask(f"I am Jo Lee, jo@example.com, {ANN}. Where is my order?", sender=BEN)
    assert (await shop.head(first))["customer_id"] != (await shop.head(second))["customer_id"]
    assert not [row for row in await shop.rows(links) if row["state"] == "merged"]
    assert "ORD-77311" not in str((await shop.turns(second))[-1]["record"])
