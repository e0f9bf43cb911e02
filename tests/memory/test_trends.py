"""Figures count what happened in their period, once, for the inbox and channel asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kept import NOW, Kept
from sqlalchemy import Connection, insert, update

from memory import ownership, trends
from memory.consent import record_consent
from memory.log import Head
from memory.messages import EventKind
from memory.receive import receive
from memory.schema import outbox, turns
from memory.trends import Scope

DAY = Scope(NOW - timedelta(days=1), NOW, 24)


def event(kept: Kept, conversation: str, kind: EventKind, at: datetime, text: str = "", /, **meta: Any) -> Any:
    def work(connection: Connection) -> None:
        head = Head.lock(connection, kept.vault, conversation)
        head.append(kind, at, text, meta=meta)
        head.set(last_at=max(at, head.row["last_at"]))
        head.save()

    return work


async def talk(kept: Kept, sender: str, hours_ago: float, *later: tuple[EventKind, float, dict[str, Any]]) -> str:
    """A conversation whose first message came then, with events that follow some seconds after it."""
    at = NOW - timedelta(hours=hours_ago)
    inbound = kept.sms(sender=sender)
    fresh = kept.ids()
    receipt = await kept.write(lambda c: receive(c, kept.vault, inbound, fresh, at))
    for kind, seconds, meta in later:
        await kept.write(event(kept, receipt.conversation, kind, at + timedelta(seconds=seconds), "words", **meta))
    return receipt.conversation


async def read(kept: Kept, scope: Scope = DAY) -> trends.Numbers:
    return await kept.read(lambda c: trends.numbers(c, scope))


async def test_an_empty_store_has_figures_too(kept: Kept) -> None:
    found = await read(kept)
    assert found.volume == {}
    assert (found.waits.unanswered, found.handoffs.conversations, found.resolution.all) == (0, 0, 0)
    assert found.opt_outs.outs == (0,) * 24
    assert found.cost.spent == (0.0,) * 24


async def test_messages_are_counted_in_their_hour_and_period(kept: Kept) -> None:
    first = await talk(kept, "+441632960011", 23.5)
    await kept.write(event(kept, first, "received", NOW - timedelta(hours=1.5), "again", automatic=False))
    await kept.write(event(kept, first, "received", NOW - timedelta(hours=1.4), "away", automatic=True))
    await talk(kept, "+441632960012", 30)
    found = await read(kept)
    assert found.volume == {"sms": [1] + [0] * 21 + [1, 0]}
    assert (await read(kept, DAY.before)).volume == {"sms": [0] * 18 + [1] + [0] * 5}


async def test_other_inboxes_and_channels_are_left_out(kept: Kept) -> None:
    await talk(kept, "+441632960011", 2)
    for scope in (
        Scope(DAY.since, DAY.until, 24, inbox="other"),
        Scope(DAY.since, DAY.until, 24, channel="email"),
    ):
        found = await read(kept, scope)
        assert (found.volume, found.resolution.all, found.waits.unanswered) == ({}, 0, 0)
    assert (await read(kept, Scope(DAY.since, DAY.until, 24, "sms", "sms"))).resolution.all == 1


async def test_a_first_answer_is_measured_from_the_first_message(kept: Kept) -> None:
    await talk(kept, "+441632960011", 3, ("replied", 2, {}), ("replied", 9, {}))
    await talk(kept, "+441632960012", 3, ("handed_over", 1, {"code": "asked"}), ("said", 600, {"person": "ada"}))
    await talk(kept, "+441632960013", 3)
    found = (await read(kept)).waits
    assert found.seconds == {"sms": (2.0, 600.0)}
    assert found.unanswered == 1


async def test_handoffs_and_resolution_say_who_answered(kept: Kept) -> None:
    await talk(kept, "+441632960011", 3, ("replied", 2, {}))
    await talk(kept, "+441632960012", 3, ("replied", 2, {}), ("handed_over", 3, {"code": "asked"}))
    await talk(
        kept, "+441632960013", 3,
        ("handed_over", 1, {"code": "complaint"}), ("said", 9, {"person": "ada"}),
        ("handed_over", 20, {"code": "asked"}),
    )  # fmt: skip
    found = await read(kept)
    assert (found.handoffs.conversations, found.handoffs.handed) == (3, 2)
    assert found.handoffs.reasons == {"asked": 2, "complaint": 1}
    assert (found.resolution.assistant, found.resolution.person, found.resolution.nobody) == (1, 1, 1)


async def test_a_campaigns_message_is_no_persons_answer(kept: Kept) -> None:
    await talk(kept, "+441632960011", 3, ("replied", 2, {}), ("said", 30, {"purpose": "marketing"}))
    assert (await read(kept)).resolution.assistant == 1


async def test_the_gate_is_counted_by_channel_and_rule(kept: Kept) -> None:
    conversation = await talk(kept, "+441632960011", 3)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "ada", NOW - timedelta(hours=2)))
    for number in range(3):
        await kept.write(
            lambda c, number=number: ownership.say(  # type: ignore[misc]  # the default binds the loop's value
                c, kept.vault, conversation, "ada", "Hello", key=str(number), push=True, now=NOW - timedelta(hours=2)
            )
        )
    for key, status, rule in ((2, "sent", "ok"), (3, "parked", "opted_out")):
        row = update(outbox).where(outbox.c.id == f"desk-{conversation}-{key + 1}")
        sent = NOW - timedelta(hours=1) if status == "sent" else None
        values = {"status": status, "rule": rule, "sent_at": sent}
        await kept.write(lambda c, row=row, values=values: c.execute(row.values(**values)).rowcount)  # type: ignore[misc]
    found = await read(kept)
    assert found.gate.messages == {"sms": 2}
    assert found.gate.sent == {"sms": 1}
    assert found.gate.rules == {("sms", "ok"): 1, ("sms", "opted_out"): 1}
    assert sum(found.opt_outs.sent) == 1


async def test_opt_outs_signals_and_ratings_are_counted(kept: Kept) -> None:
    conversation = await talk(
        kept, "+441632960011", 3,
        ("triaged", 1, {"kind": "complaint", "sentiment": "negative"}),
        ("feedback", 2, {"turn": "", "score": 1}), ("feedback", 3, {"turn": "", "score": 5}),
        ("bounced", 4, {}), ("complained", 5, {}), ("opted_out", 6, {}),
    )  # fmt: skip
    (customer,) = {row["customer_id"] for row in await kept.rows(trends.conversations)}
    assert conversation
    for id_, by, hours in (("k-a", "", 2), ("k-b", "suppression list", 2), ("k-c", "", 50)):
        await kept.write(
            lambda c, id_=id_, by=by, hours=hours: record_consent(  # type: ignore[misc]  # as above
                c, id=id_, customer=customer, channel="sms", state="out", evidence={}, by=by,
                now=NOW - timedelta(hours=hours),
            )
        )  # fmt: skip
    found = await read(kept)
    assert found.signals == {
        "complaints": 1, "negative": 1, "low_ratings": 1, "bounced": 1, "spam_reports": 1, "opted_out": 1,
    }  # fmt: skip
    assert found.ratings == {1: 1, 2: 0, 3: 0, 4: 0, 5: 1}
    assert sum(found.opt_outs.outs) == 1


async def test_the_cost_is_what_turns_recorded(kept: Kept) -> None:
    conversation = await talk(kept, "+441632960011", 3)
    at = NOW - timedelta(hours=2, minutes=30)
    drafts = [
        {"draft": {"made_by": "gpt", "cost": 0.25, "tokens_in": 100, "tokens_out": 20}},
        {"draft": {"made_by": "template", "cost": 0.0, "tokens_in": 0, "tokens_out": 0}},
        {"draft": None},
        {},
        None,
    ]
    rows = [
        {"id": f"t-{n}", "conversation_id": conversation, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1}
        | {"status": "committed", "holder": "test", "started_at": at, "record": record}
        for n, record in enumerate(drafts)
    ]
    await kept.write(lambda c: c.execute(insert(turns), rows).rowcount)
    found = (await read(kept)).cost
    assert found.spent == (0.0,) * 21 + (0.25, 0.0, 0.0)
    assert (found.answers, found.tokens) == (2, 120)
