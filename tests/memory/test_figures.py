"""The figures of delivery and consent say what happened, on both databases."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from kept import NOW, Kept
from sqlalchemy import insert

from memory import consent, dead_letters, figures
from memory.figures import Accuracy, Bounces, Coverage, OptOuts, Sent
from memory.schema import conversations, outbox

_serial = itertools.count(1)
SINCE, UNTIL = NOW - timedelta(hours=24), NOW + timedelta(hours=24)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


async def put(kept: Kept, customer: str = "p-ann", hours: float = 0.0, **fields: Any) -> None:
    """A message that left at a time."""
    n = next(_serial)
    row = {
        "id": f"o-{n}", "conversation_id": "c-1", "customer_id": customer, "seq": n, "inbox": "sms", "channel": "sms",
        "purpose": "reply", "payload": b"", "status": "sent", "next_at": NOW, "created_at": at(hours),
        "admitted_at": at(hours), "sent_at": at(hours),
    }  # fmt: skip
    await kept.write(lambda c: c.execute(insert(outbox), {**row, **fields}).rowcount)


async def says(
    kept: Kept,
    state: Any,
    hours: float,
    customer: str = "p-ann",
    purpose: str = "all",
    how: str = "keyword",
    by: str = "",
) -> None:
    n = next(_serial)
    await kept.write(
        lambda c: consent.record_consent(
            c, id=f"k-{n}", customer=customer, channel="sms", state=state, evidence={"by": how} if how else {},
            now=at(hours), purpose=purpose, by=by,
        )
    )  # fmt: skip


async def talks(kept: Kept, customer: str, channel: str = "sms") -> None:
    n = next(_serial)
    row = {
        "id": f"c-fig-{n}", "inbox": "sms", "channel": channel, "customer_id": customer, "thread_key": f"t{n}",
        "address": b"", "opened_at": NOW, "last_at": NOW,
    }  # fmt: skip
    await kept.write(lambda c: c.execute(insert(conversations), row).rowcount)


async def test_what_left_is_counted_by_channel_and_purpose(kept: Kept) -> None:
    await put(kept)
    await put(kept, purpose="marketing")
    await put(kept, purpose="marketing", status="dead")
    await put(kept, hours=-30)
    assert await kept.read(lambda c: figures.sent(c, SINCE, UNTIL)) == [
        Sent("sms", "marketing", 1),
        Sent("sms", "reply", 1),
    ]


async def test_bounces_and_complaints_are_counted_by_class(kept: Kept) -> None:
    for report in ("hard", "hard", "soft", "complained", "delivered"):
        await put(kept, report=report, reported_at=NOW)
    await put(kept, report="hard", reported_at=at(-30))
    assert await kept.read(lambda c: figures.bounces(c, SINCE, UNTIL)) == [
        Bounces("sms", "hard", 2),
        Bounces("sms", "soft", 1),
    ]
    assert await kept.read(lambda c: figures.complaints(c, SINCE, UNTIL)) == {"sms": 1}


async def test_opt_outs_are_counted_by_how_they_came_about_and_per_thousand_sent(kept: Kept) -> None:
    for _ in range(8):
        await put(kept, hours=-1)
    await says(kept, "out", 0)
    await says(kept, "out", 0, customer="p-ben", purpose="marketing", how="", by="ada")
    await says(kept, "out", 0, customer="p-eve", how="", by="suppression list")
    assert await kept.read(lambda c: figures.opt_outs(c, SINCE, UNTIL)) == [
        OptOuts("sms", "all", "keyword", 1),
        OptOuts("sms", "marketing", "person", 1),
    ]
    assert await kept.read(lambda c: figures.velocity(c, SINCE, UNTIL)) == {"sms": 250.0}


async def test_coverage_says_of_how_many_customers_the_ledger_knows(kept: Kept) -> None:
    for customer in ("p-ann", "p-ann", "p-ben", "p-cat", "p-dan", "p-eve"):
        await talks(kept, customer)
    await talks(kept, "p-ann", channel="email")
    await says(kept, "in", -9, customer="p-ann", purpose="marketing")
    await says(kept, "out", -8, customer="p-ben")
    await says(kept, "in", -7, customer="p-ben")  # START, without a consent before: nothing is known
    await says(kept, "in", -9, customer="p-cat", purpose="marketing")
    await says(kept, "out", -8, customer="p-cat")
    await says(kept, "in", -7, customer="p-cat")  # START gives back the consent
    await says(kept, "in", -9, customer="p-dan", purpose="marketing")
    await says(kept, "out", -8, customer="p-dan", purpose="marketing")
    found = await kept.read(figures.coverage)
    assert found == [Coverage("email", 0, 0, 1), Coverage("sms", 2, 1, 2)]
    assert found[1].known == 0.6


async def accuracy(kept: Kept) -> Accuracy:
    return await kept.read(lambda c: figures.accuracy(c, SINCE, UNTIL))


async def test_an_opt_out_is_honoured_when_nothing_forbidden_follows(kept: Kept) -> None:
    await put(kept, hours=-2)
    await says(kept, "out", -1)
    await put(kept, hours=-0.99, purpose="confirmation")
    assert await accuracy(kept) == Accuracy(1, 1, 0, 0)
    await says(kept, "in", 1)
    await put(kept, hours=2)
    assert await accuracy(kept) == Accuracy(1, 1, 0, 0)


async def test_one_message_after_an_opt_out_breaks_it(kept: Kept) -> None:
    await says(kept, "out", -1)
    await put(kept, hours=0)
    await says(kept, "in", 1)
    assert await accuracy(kept) == Accuracy(1, 0, 0, 0)


async def test_an_opt_out_of_marketing_forbids_marketing_alone(kept: Kept) -> None:
    await says(kept, "out", -1, purpose="marketing")
    await put(kept, purpose="reply")
    assert (await accuracy(kept)).honoured == 1
    await put(kept, purpose="marketing")
    assert (await accuracy(kept)).honoured == 0


async def test_an_opt_out_taken_back_at_once_was_probably_read_wrong(kept: Kept) -> None:
    await says(kept, "out", -2, how="words")
    await says(kept, "in", -1, how="", by="ada")
    await says(kept, "out", -2, customer="p-ben", how="words")
    assert await accuracy(kept) == Accuracy(2, 2, 2, 1)


async def test_what_waits_is_counted_with_its_age(kept: Kept) -> None:
    await put(kept, status="pending", hours=-1)
    await put(kept, status="pending", hours=-2, next_at=at(9), rule="quiet_hours")
    await kept.write(lambda c: dead_letters.bury(c, "send", "o-x", "c-1", "no", at(-3)))
    found = await kept.read(lambda c: figures.waiting(c, NOW))
    assert found["pending"] == (1, 3600.0)
    assert found["held"] == (1, 7200.0)
    assert found["dead_send"] == (1, 10_800.0)
    assert found["dead_hook"] == (0, 0.0)
