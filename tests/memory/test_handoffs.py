"""What another desk is told: each event once, in order, by whichever process."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from kept import NOW, Kept
from sqlalchemy import Connection

from memory import handoffs, ownership
from memory.export import export
from memory.handoffs import Telling
from memory.log import Head
from memory.messages import Inbound
from memory.receive import Receipt
from memory.schema import conversations, dead_letters, hooks

LATER = NOW + timedelta(seconds=60)


async def handed_over(kept: Kept) -> Receipt:
    """A conversation that waits for a person."""
    receipt = await kept.receive(kept.sms())

    def work(connection: Connection) -> None:
        head = Head.lock(connection, kept.vault, receipt.conversation)
        head.append("handed_over", NOW, meta={"reason": "asked for a person", "priority": "normal"})
        head.change_owner("queue")
        head.set(waiting_since=NOW, reason="asked for a person")
        head.save()

    await kept.write(work)
    return receipt


async def follow(kept: Kept, since: datetime = NOW - timedelta(hours=1)) -> int:
    return await kept.write(lambda c: handoffs.follow(c, ["sms"], since, NOW))


async def claim(kept: Kept, now: datetime = NOW, holder: str = "a") -> list[Telling]:
    return await kept.write(lambda c: handoffs.claim_due(c, kept.vault, holder=holder, now=now, lease_s=60))


async def post(kept: Kept, telling: Telling, at: str = "C1:1.0", holder: str = "a") -> bool:
    return await kept.write(lambda c: handoffs.posted(c, kept.vault, telling, holder, at, "slack", NOW))


async def test_a_handover_is_told_once_however_often_and_by_however_many(kept: Kept) -> None:
    await handed_over(kept)
    found = await asyncio.gather(*(follow(kept) for _ in range(4)))
    assert sum(found) == 1
    claimed = [one for each in await asyncio.gather(*(claim(kept) for _ in range(3))) for one in each]
    (telling,) = claimed
    assert (telling.event, telling.inbox, telling.root) == ("handed_over", "sms", "")
    assert await post(kept, telling)
    assert await follow(kept) == 0
    assert await claim(kept, LATER) == []


async def test_what_follows_is_told_in_order_below_the_handover_until_it_ends(kept: Kept) -> None:
    receipt = await handed_over(kept)
    await follow(kept)
    (telling,) = await claim(kept)
    await post(kept, telling)
    await kept.receive(kept.sms("Hello?"))
    await kept.write(lambda c: ownership.take_over(c, kept.vault, receipt.conversation, "ann", NOW))
    await kept.write(
        lambda c: ownership.say(c, kept.vault, receipt.conversation, "ann", "Yes.", key="k", push=True, now=NOW)
    )
    await kept.write(lambda c: ownership.release(c, kept.vault, receipt.conversation, "ann", NOW))
    await kept.receive(kept.sms("Thanks"))
    assert await follow(kept) == 4
    told = []
    while claimed := await claim(kept):
        (one,) = claimed  # of a conversation one at a time
        assert one.root == "C1:1.0"
        told.append(one.event)
        await post(kept, one, "C1:2.0")
    assert told == ["received", "taken", "said", "released"]
    assert await follow(kept) == 0


async def test_a_conversation_that_the_bot_answers_is_told_to_nobody(kept: Kept) -> None:
    await kept.receive(kept.sms())
    assert await follow(kept) == 0


async def test_other_inboxes_and_what_did_not_change_are_left_alone(kept: Kept) -> None:
    await handed_over(kept)
    assert await kept.write(lambda c: handoffs.follow(c, ["web"], NOW - timedelta(hours=1), NOW)) == 0
    assert await follow(kept, NOW + timedelta(hours=1)) == 0


async def test_a_thread_there_leads_back_to_its_conversation(kept: Kept) -> None:
    receipt = await handed_over(kept)
    await follow(kept)
    (telling,) = await claim(kept)
    await post(kept, telling)
    assert await kept.read(lambda c: handoffs.of_post(c, "slack", "C1:1.0")) == receipt.conversation
    assert await kept.read(lambda c: handoffs.of_post(c, "slack", "C1:9.9")) is None
    assert await kept.read(lambda c: handoffs.of_post(c, "other", "C1:1.0")) is None
    assert b"C1:1.0" not in (await kept.rows(hooks))[0]["payload"]


async def test_a_failure_is_tried_again_and_given_up_where_people_see_it(kept: Kept) -> None:
    await handed_over(kept)
    await follow(kept)
    (telling,) = await claim(kept)

    async def fail(retry_s: float | None, counts: bool = True) -> None:
        await kept.write(lambda c: handoffs.failed(c, telling, "a", error="x", retry_s=retry_s, now=NOW, counts=counts))

    await fail(30)
    assert await claim(kept) == []
    (telling,) = await claim(kept, LATER)
    assert telling.attempts == 2
    await fail(1, False)
    (telling,) = await claim(kept, LATER)
    assert telling.attempts == 2
    await fail(None)
    assert await claim(kept, LATER) == []
    (letter,) = await kept.rows(dead_letters)
    assert letter["reason"] == "handing over: x"


async def test_a_row_whose_holder_died_is_posted_by_another_and_the_first_cannot_write(kept: Kept) -> None:
    await handed_over(kept)
    await follow(kept)
    (first,) = await claim(kept)
    (again,) = await claim(kept, NOW + timedelta(seconds=61), holder="b")
    assert first.id == again.id
    assert not await post(kept, first)
    assert await post(kept, again, holder="b")


async def test_words_of_ours_for_a_thread_are_posted_once_for_a_key(kept: Kept) -> None:
    receipt = await handed_over(kept)

    async def answer() -> bool:
        return await kept.write(
            lambda c: handoffs.answer_post(c, kept.vault, receipt.conversation, "C1:1.0", "key", "Not sent.", NOW)
        )

    assert await answer()
    assert not await answer()
    (telling,) = await claim(kept)
    assert (telling.event, telling.root, telling.text) == ("answer", "C1:1.0", "Not sent.")


async def test_a_message_that_continues_nothing_is_not_written_down(kept: Kept) -> None:
    loose: Inbound = kept.sms(thread_key="t-1", continues=True)
    receipt = await kept.receive(loose)
    assert (receipt.conversation, receipt.seq) == ("", 0)
    opened = await kept.receive(kept.sms(thread_key="t-1"))
    followed = await kept.receive(kept.sms(thread_key="t-1", continues=True))
    assert followed.conversation == opened.conversation
    other = await kept.receive(kept.sms(thread_key="t-2"))
    assert other.conversation != opened.conversation
    assert other.customer == opened.customer


async def test_when_a_customer_last_wrote_is_on_the_row(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    (row,) = await kept.rows(conversations)
    assert row["heard_at"] == NOW
    assert row["id"] == receipt.conversation


@pytest.mark.parametrize("name", ["sms", "a" * 64, "ä" * 60])
def test_an_endpoints_name_fits_its_column(name: str) -> None:
    assert len(handoffs.endpoint(name)) <= 64


async def test_what_was_told_elsewhere_is_in_a_customers_export(kept: Kept) -> None:
    receipt = await handed_over(kept)
    await follow(kept)
    (telling,) = await claim(kept)
    await post(kept, telling)
    await kept.receive(kept.sms("Hello?"))
    await follow(kept)
    await kept.write(
        lambda c: handoffs.answer_post(c, kept.vault, receipt.conversation, "C1:1.0", "key", "Not sent.", NOW)
    )
    found = await kept.read(lambda c: export(c, kept.vault, receipt.customer, NOW))
    assert found["unreadable"] == []
    payloads = [row["payload"] for row in found["held"]["hooks"]]
    assert {"post": "C1:1.0"} in payloads
    assert {"post": "C1:1.0", "text": "Not sent."} in payloads
