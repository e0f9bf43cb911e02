"""Who is told of an answer when the chat is closed, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from kept import NOW, Kept
from sqlalchemy import Connection

from memory import outbox, subscriptions
from memory.log import Head
from memory.messages import Inbound
from memory.ownership import take_over
from memory.receive import open_web
from memory.schema import outbox as rows_out
from memory.schema import subscriptions as rows_in

BROWSER = {"endpoint": "https://fcm.googleapis.com/fcm/send/one", "p256dh": "k" * 87, "auth": "a" * 22, "words": "News"}


async def chat(kept: Kept, name: str = "c-web") -> str:
    await kept.write(
        lambda c: open_web(c, kept.vault, inbox="web", conversation=name, customer=f"p-{name}", token="secret", now=NOW)
    )
    return name


async def ask(kept: Kept, conversation: str, text: str = "Where is it?") -> None:
    inbound = Inbound(
        inbox="web",
        channel="chat",
        provider_id=f"{conversation}:{text}",
        sender=conversation,
        text=text,
        received_at=NOW,
        conversation=conversation,
    )
    await kept.receive(inbound)


async def answer(kept: Kept, conversation: str, turn: str = "t-1", text: str = "It leaves today.") -> int:
    taken = await kept.take_id(conversation, turn)
    assert taken is not None
    await kept.commit(taken, reply=text)
    return [event.seq for event in await kept.events(conversation) if event.kind == "replied"][-1]


def on(kept: Kept, conversation: str, work: Callable[[Head], object]) -> Callable[[Connection], object]:
    return lambda c: work(Head.lock(c, kept.vault, conversation))


async def subscribe(kept: Kept, conversation: str, **browser: str) -> str:
    given = {**BROWSER, **browser}
    return str(await kept.write(on(kept, conversation, lambda head: subscriptions.subscribe(head, given, NOW))))


async def due(kept: Kept, seconds: float = 60) -> list[outbox.Claimed]:
    at = NOW + timedelta(seconds=seconds)
    return await kept.write(lambda c: outbox.claim_due(c, kept.vault, holder="test", now=at, lease_s=60))


async def test_an_answer_to_a_chat_that_wants_to_be_told_waits_to_be_pushed(kept: Kept) -> None:
    conversation = await chat(kept)
    id_ = await subscribe(kept, conversation)
    await ask(kept, conversation)
    seq = await answer(kept, conversation)
    assert await due(kept, seconds=5) == []  # an open page may still say that it was seen
    (claimed,) = await due(kept)
    out = claimed.outbound
    assert (out.channel, out.inbox, out.purpose, out.recipient) == ("push", "web", "reply", id_)
    assert (out.text, dict(out.thread)) == ("It leaves today.", BROWSER)
    assert (await kept.rows(rows_out))[0]["seq"] == seq


async def test_nothing_is_queued_for_a_chat_that_never_asked_nor_for_any_other_channel(kept: Kept) -> None:
    conversation = await chat(kept)
    await ask(kept, conversation)
    await answer(kept, conversation)
    receipt = await kept.receive(kept.sms())
    taken = await kept.take(receipt, "t-sms")
    assert taken is not None
    await kept.commit(taken, reply="By SMS.", push=True)
    assert [row["channel"] for row in await kept.rows(rows_out)] == ["sms"]


async def test_what_the_page_showed_is_not_pushed_and_what_it_did_not_is(kept: Kept) -> None:
    conversation = await chat(kept)
    await subscribe(kept, conversation)
    await ask(kept, conversation)
    first = await answer(kept, conversation)
    await ask(kept, conversation, "And when does it arrive?")
    second = await answer(kept, conversation, "t-2", "Tomorrow.")
    assert await kept.write(lambda c: subscriptions.seen(c, conversation, first)) == 1
    assert [claimed.outbound.text for claimed in await due(kept)] == ["Tomorrow."]
    assert await kept.write(lambda c: subscriptions.seen(c, conversation, second)) == 0  # it is on its way


async def test_a_persons_words_are_pushed_as_theirs(kept: Kept) -> None:
    conversation = await chat(kept)
    await subscribe(kept, conversation)
    await kept.write(lambda c: take_over(c, kept.vault, conversation, "Maya", NOW))
    saying = kept.saying(conversation, "Maya", "Hello, Maya here.", "k1")
    await kept.write(saying)
    await kept.write(saying)
    pushed = [row for row in await kept.rows(rows_out) if row["channel"] == "push"]
    assert [row["purpose"] for row in pushed] == ["agent"]


async def test_the_same_browser_is_kept_once_and_its_newest_keys_count(kept: Kept) -> None:
    conversation = await chat(kept)
    first = await subscribe(kept, conversation)
    again = await subscribe(kept, conversation, auth="b" * 22)
    assert first == again
    assert len(await kept.rows(rows_in)) == 1
    await ask(kept, conversation)
    await answer(kept, conversation)
    (claimed,) = await due(kept)
    assert claimed.outbound.thread["auth"] == "b" * 22


async def test_a_second_browser_is_told_too_and_the_oldest_gives_way_to_a_sixth(kept: Kept) -> None:
    conversation = await chat(kept)
    for n in range(8):
        await kept.write(
            on(
                kept,
                conversation,
                lambda head, n=n: subscriptions.subscribe(  # type: ignore[misc]  # mypy knows no default of a lambda
                    head, {**BROWSER, "endpoint": f"https://x/{n}"}, NOW + timedelta(seconds=n)
                ),
            )
        )
    await ask(kept, conversation)
    await answer(kept, conversation)
    told = sorted(claimed.outbound.thread["endpoint"] for claimed in await due(kept))
    assert told == [f"https://x/{n}" for n in range(3, 8)]


async def test_who_stops_it_is_told_no_more_not_even_of_what_was_on_its_way(kept: Kept) -> None:
    conversation = await chat(kept)
    await subscribe(kept, conversation)
    await ask(kept, conversation)
    await answer(kept, conversation)
    assert await kept.write(on(kept, conversation, lambda head: subscriptions.unsubscribe(head, NOW))) is True
    assert await kept.write(on(kept, conversation, lambda head: subscriptions.unsubscribe(head, NOW))) is False
    assert await due(kept) == []
    assert not await kept.read(lambda c: subscriptions.subscribed(c, conversation))


async def test_a_browser_that_is_gone_is_forgotten_and_may_come_back(kept: Kept) -> None:
    conversation = await chat(kept)
    id_ = await subscribe(kept, conversation)
    await kept.write(lambda c: subscriptions.end(c, id_, NOW))
    assert not await kept.read(lambda c: subscriptions.subscribed(c, conversation))
    assert await subscribe(kept, conversation) == id_
    assert await kept.read(lambda c: subscriptions.subscribed(c, conversation))


async def test_two_customers_do_not_share_a_browser_they_share(kept: Kept) -> None:
    one, other = await chat(kept, "c-one"), await chat(kept, "c-other")
    assert await subscribe(kept, one) != await subscribe(kept, other)
    await ask(kept, one)
    await answer(kept, one)
    assert [claimed.outbound.conversation for claimed in await due(kept)] == [one]


async def test_the_address_and_the_words_lie_sealed(kept: Kept) -> None:
    conversation = await chat(kept)
    await subscribe(kept, conversation)
    await ask(kept, conversation)
    await answer(kept, conversation, text="Your code is 4711.")
    stored = b"".join(
        [row["body"] for row in await kept.rows(rows_in)] + [row["payload"] for row in await kept.rows(rows_out)]
    )
    for secret in (b"fcm.googleapis", b"4711", BROWSER["auth"].encode()):
        assert secret not in stored
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(stored)
