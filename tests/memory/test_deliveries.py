"""Providers' reports: once in the log, whatever their order, and heeded at the gate and in the ledger."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kept import NOW, Kept
from sqlalchemy import Connection, update

from memory import consent, dead_letters, deliveries, outbox
from memory.log import Head
from memory.messages import Report
from memory.schema import outbox as table

REF = "<turn-1@help.acme.example>"
_serial = itertools.count(1)


async def sent(kept: Kept, key: str = "turn-1", ref: str | None = REF, status: str = "sent", **inbound: Any) -> str:
    """A reply that left; its conversation."""
    receipt = await kept.receive(kept.sms("Hello", **inbound))

    def work(connection: Connection) -> None:
        head = Head.lock(connection, kept.vault, receipt.conversation)
        seq = head.append("replied", NOW, "It left yesterday.", redacted="It left yesterday.")
        outbox.enqueue(head, key, seq, "It left yesterday.", "reply", (), NOW)
        head.save()
        values = {"status": status, "provider_ref": ref, "attempts": 1, "sent_at": NOW if status == "sent" else None}
        connection.execute(update(table).where(table.c.id == key).values(**values))

    await kept.write(work)
    return receipt.conversation


async def told(kept: Kept, report: Report, after_s: float = 1.0) -> str | None:
    at, id = NOW + timedelta(seconds=after_s), f"k-told-{next(_serial)}"
    return await kept.write(lambda c: deliveries.report(c, kept.vault, "sms", report, at, id))


async def kinds(kept: Kept, conversation: str) -> list[str]:
    return [str(event.kind) for event in await kept.events(conversation)][2:]


async def row(kept: Kept, key: str = "turn-1") -> Any:
    return next(one for one in await kept.rows(table) if one["id"] == key)


async def standing(kept: Kept, purpose: str) -> str:
    customer = (await row(kept))["customer_id"]
    return await kept.read(lambda c: consent.standing(c, customer, "sms", purpose))


HARD = Report(REF, "bounced", bounce="hard", detail={"status": "5.1.1"})
SOFT = Report(REF, "bounced", bounce="soft")
DELIVERED = Report(REF, "delivered")
COMPLAINED = Report(REF, "complained")


async def test_a_report_is_one_event_however_often_it_comes(kept: Kept) -> None:
    conversation = await sent(kept)
    for _ in range(3):
        assert await told(kept, DELIVERED) == conversation
    assert await kinds(kept, conversation) == ["delivered"]


async def test_whatever_the_order_of_reports_the_row_ends_the_same(kept: Kept) -> None:
    for n, order in enumerate(itertools.permutations([SOFT, DELIVERED, HARD, COMPLAINED])):
        key = f"turn-{n}"
        conversation = await sent(kept, key=key, ref=f"<{key}@x>", sender=f"+4416329600{n:02}")
        for report in order:
            await told(kept, replace(report, provider_ref=f"<{key}@x>"))
        assert (await row(kept, key))["report"] == "complained"
        assert sorted(await kinds(kept, conversation)) == ["bounced", "bounced", "complained", "delivered", "opted_out"]


async def test_a_bounce_says_its_class_in_the_log(kept: Kept) -> None:
    conversation = await sent(kept)
    await told(kept, HARD)
    event = (await kept.events(conversation))[-1]
    assert (event.kind, event.meta["class"], event.meta["outbox"]) == ("bounced", "hard", "turn-1")


async def test_a_report_is_understood_by_our_own_id_before_the_provider_named_the_message(kept: Kept) -> None:
    conversation = await sent(kept, ref=None)
    assert await told(kept, Report("", "delivered", outbox="turn-1")) == conversation
    assert await told(kept, HARD) == conversation  # by the id inside our Message-ID


async def test_a_report_of_somebody_elses_message_is_nobodys(kept: Kept) -> None:
    await sent(kept)
    assert await told(kept, Report("<x@elsewhere.example>", "bounced")) is None
    at = NOW
    assert await kept.write(lambda c: deliveries.report(c, kept.vault, "other", HARD, at, "k-x")) is None


async def test_a_complaint_ends_marketing_and_nothing_else(kept: Kept) -> None:
    await sent(kept)
    await told(kept, COMPLAINED)
    await told(kept, COMPLAINED)
    assert await standing(kept, "marketing") == "out"
    assert await standing(kept, "all") == "unknown"


async def test_an_opt_out_at_the_provider_ends_everything(kept: Kept) -> None:
    await sent(kept)
    await told(kept, Report(REF, "bounced", bounce="blocked", opted_out=True))
    assert await standing(kept, "all") == "out"


async def test_an_unsubscribe_counts_though_the_delivery_was_known(kept: Kept) -> None:
    conversation = await sent(kept)
    await told(kept, DELIVERED)
    await told(kept, Report(REF, "delivered", unsubscribed=True))
    assert await standing(kept, "marketing") == "out"
    assert await kinds(kept, conversation) == ["delivered", "opted_out"]


async def test_a_delivery_settles_a_message_whose_fate_was_unknown(kept: Kept) -> None:
    conversation = await sent(kept, ref=None, status="parked")
    await kept.write(lambda c: dead_letters.bury(c, "send", "turn-1", conversation, "no answer", NOW))
    await told(kept, Report("SM9", "delivered", outbox="turn-1"))
    found = await row(kept)
    assert (found["status"], found["provider_ref"]) == ("sent", "SM9")
    assert await kept.read(dead_letters.listed) == []


async def bounced(kept: Kept) -> bool:
    customer = (await row(kept))["customer_id"]
    return await kept.read(lambda c: deliveries.bounced_hard(c, customer, "sms") is not None)


async def test_a_hard_bounce_holds_until_something_shows_otherwise(kept: Kept) -> None:
    await sent(kept)
    await told(kept, SOFT)
    assert not await bounced(kept)
    await told(kept, HARD, after_s=2)
    assert await bounced(kept)
    await sent(kept, key="turn-2", ref="SM2")
    await told(kept, Report("SM2", "delivered"), after_s=3)
    assert not await bounced(kept)


async def test_a_new_consent_lifts_a_hard_bounce(kept: Kept) -> None:
    await sent(kept)
    await told(kept, HARD)
    customer, later = (await row(kept))["customer_id"], NOW + timedelta(days=1)
    await kept.write(
        lambda c: consent.record_consent(
            c, id="k-in", customer=customer, channel="sms", state="in", evidence={}, now=later, purpose="marketing"
        )
    )
    assert not await bounced(kept)
