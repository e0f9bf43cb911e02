"""The digest: every number beside the period before, sent once a day whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from campaign_shop import ADA, DESTINATIONS, NOON, Shop, digester_of, incidents_of, number, shop
from sqlalchemy import insert

from channels.commands.digest import moment
from channels.proactive.digest import compose
from channels.proactive.incident_facts import IncidentReport
from memory.log import Head
from memory.schema import turns

LONDON = ZoneInfo("Europe/London")
RECORD = {"template": "unknown", "said": [{"role": "customer", "text": "Do you mend <PERSON_1>'s tent?"}]}


@pytest.fixture
async def acme(store_url: str) -> AsyncIterator[Shop]:
    async with shop(store_url, digests={"at": "08:00", "destinations": DESTINATIONS}) as opened:
        yield opened


async def busy_day(acme: Shop) -> None:
    for n in range(3):
        await acme.receive("hello", sender=number(n + 1))
    receipt = await acme.receive("a person please", sender=number(1))

    def work(connection: Any) -> None:
        head = Head.lock(connection, acme.vault, receipt.conversation)
        head.append("replied", NOON, "One moment.")
        head.append("handed_over", NOON, meta={"code": "asked", "reason": "asked for a person"})
        head.change_owner("queue")
        head.save()
        row = {"id": "t-1", "conversation_id": head.id, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1}
        row |= {"status": "committed", "holder": "w", "started_at": NOON, "ended_at": NOON, "record": RECORD}
        connection.execute(insert(turns).values(**row))

    await acme.store.write(work)
    report = {"id": "INC-1", "title": "Card payments fail", "started_at": NOON}
    await incidents_of(acme).report(IncidentReport.model_validate(report), ADA, NOON)


async def test_a_digest_says_what_was_beside_the_period_before(acme: Shop) -> None:
    await busy_day(acme)
    digester = digester_of(acme)
    message = compose(await digester.digest(NOON - timedelta(hours=4), NOON + timedelta(hours=20)), LONDON)
    assert message.text.splitlines() == [
        "Acme: 24 November 2026, 08:00 to 25 November 2026, 08:00",
        "In brackets: the 1 day before.",
        "",
        "Received: 4 (0)",
        "  sms: 4 (0)",
        "Answered by the assistant: 1 (0)",
        "Answered by people: 0 (0)",
        "Handed over: 1 (0)",
        "  asked: 1 (0)",
        "Opted out: 0 (0)",
        "Bounced or complained: 0 (0)",
        "Proactive messages: 0 (0)",
        "Waiting for a person now: 1",
        "",
        "Questions that found no answer:",
        "- Do you mend <PERSON_1>'s tent?",
        "",
        "Incidents:",
        "- INC-1, version 1, investigating: Card payments fail",
    ]
    after = await digester.digest(NOON + timedelta(hours=20), NOON + timedelta(hours=44))
    assert "Received: 0 (4)" in compose(after, LONDON).text


async def test_it_is_sent_once_a_day_when_its_time_has_come_by_whichever_process(acme: Shop) -> None:
    early, due = datetime(2026, 11, 25, 7, 59, tzinfo=UTC), datetime(2026, 11, 25, 8, 1, tzinfo=UTC)
    one, other = digester_of(acme), digester_of(acme)
    await one.daily(early)
    assert await acme.sent() == []
    await asyncio.gather(one.daily(due), other.daily(due), one.daily(due))
    assert len(await acme.sent()) == 1
    await one.daily(due + timedelta(days=1))
    await acme.send()
    assert list(acme.simulators["mail"].deliveries.values()) == [1, 1]


async def test_an_empty_period_says_so(acme: Shop) -> None:
    message = compose(await digester_of(acme).digest(NOON - timedelta(days=1), NOON), LONDON)
    assert "Received: 0 (0)" in message.text
    assert "Questions that found no answer: none" in message.text
    assert message.short == "Acme, 1 day to 24 November 2026, 12:00: 0 received, 0 answered, 0 handed over, 0 waiting."


def test_a_span_or_a_moment_is_understood_and_anything_else_explained() -> None:
    assert moment("7d", NOON) == NOON - timedelta(days=7)
    assert moment("2026-11-01", NOON) == datetime(2026, 11, 1, tzinfo=UTC)
    for text in ("soon", "2027-01-01"):
        with pytest.raises(ValueError, match="--since"):
            moment(text, NOON)
