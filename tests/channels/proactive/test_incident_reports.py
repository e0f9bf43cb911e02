"""Incidents: a message for each audience, updates that say what changed, nothing invented, nothing told twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from campaign_shop import ADA, DESTINATIONS, NOON, Shop, incidents_of, number, recipients, shop
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import Misconfigured, Refused
from channels.errors import UnknownInbox
from channels.gsm7 import fold, length
from channels.proactive.incident_facts import BadFacts, IncidentReport, IncidentUpdate, changed, first
from channels.proactive.incident_messages import AUDIENCES, WORDS, Writer, duration, words
from memory.errors import IncidentClosed, UnknownIncident
from memory.schema import campaign_members, campaigns, incidents

WRITER = Writer(words({}), ZoneInfo("Europe/London"))
AT = "2026-11-24T09:40:00Z"


def report(**fields: Any) -> IncidentReport:
    given: dict[str, Any] = {
        "id": "INC-1",
        "title": "Card payments fail",
        "severity": "major",
        "started_at": AT,
        "affected": ["checkout"],
        "facts": ["PayPal works", {"text": "The acquirer answers 91", "audiences": ["engineers"]}],
        "next_update_at": "2026-11-24T10:30:00Z",
    }
    return IncidentReport.model_validate({**given, **fields})


def update(**fields: Any) -> IncidentUpdate:
    return IncidentUpdate.model_validate(fields)


# --- words ---


def test_each_audience_is_told_what_concerns_it() -> None:
    facts = first(report())
    told = {audience: WRITER.whole(audience, facts, 1).text for audience in AUDIENCES}
    assert told["customers"] == (
        "Card payments fail\n\nSince 24 November, 09:40 GMT. Affected: checkout. PayPal works. "
        "We are looking into it. Next update by 24 November, 10:30 GMT."
    )
    assert "91" in told["engineers"]
    assert "91" not in told["customers"] + told["desk"] + told["status"]
    assert "Severity: major." in told["desk"]
    assert "Severity" not in told["customers"] + told["status"]


def test_an_update_says_what_changed_and_never_repeats_all() -> None:
    before = first(report())
    facts = changed(before, update(status="identified", affected=["checkout", "gift cards"]), NOON)
    message = WRITER.compose("customers", facts, before, 2)
    assert message is not None
    assert message.text == "Update 2: Card payments fail\n\nNow also affected: gift cards. The cause is known."
    later = changed(facts, update(status="resolved", resolved_at="2026-11-24T11:05:00Z"), NOON)
    message = WRITER.compose("customers", later, facts, 3)
    assert message is not None
    assert message.text == (
        "Resolved: Card payments fail\n\nIt works again. It was over at 24 November, 11:05 GMT, after 1 h 25 min."
    )


def test_an_audience_that_nothing_concerns_is_told_nothing() -> None:
    before = first(report())
    facts = changed(before, update(facts=[{"text": "Node 7 is drained", "audiences": ["engineers"]}]), NOON)
    assert WRITER.compose("customers", facts, before, 2) is None
    assert WRITER.compose("engineers", facts, before, 2) is not None


_SENTENCES = st.lists(st.sampled_from(["Mails wait", "Orders are safe.", "Stock is counted"]), unique=True, max_size=3)
_PARTS = st.lists(st.sampled_from(["checkout", "returns", "search"]), unique=True, max_size=3)


@given(_SENTENCES, _PARTS, _SENTENCES, _PARTS, st.sampled_from(["investigating", "identified", "resolved"]))
def test_every_word_is_of_a_fact_or_of_a_known_sentence(
    facts: list[str], affected: list[str], more: list[str], then: list[str], status: str
) -> None:
    start = first(report(facts=facts, affected=affected))
    after = changed(start, update(facts=more, affected=then, status=status), NOON)
    frames = " ".join(re.sub(r"\{\w+\}", " ", text) for text in WORDS.values())
    times = "24 November 09 40 GMT 10 30 12 00 2 h 20 min 1"
    known = set(re.findall(r"\w+", f"{frames} {times} Card payments fail major {facts} {affected} {more} {then}"))
    for audience in AUDIENCES:
        for message in (WRITER.whole(audience, start, 1), WRITER.compose(audience, after, start, 2)):
            if message is not None:
                assert set(re.findall(r"\w+", message.text)) <= known
                assert length(fold(message.short)).segments <= 2


def test_a_short_message_keeps_the_weightiest_sentences_in_their_order() -> None:
    message = WRITER.whole("customers", first(report(facts=["A long story " * 30])), 1)
    assert message.short == (
        "Card payments fail. Since 24 November, 09:40 GMT. Affected: checkout. We are looking into it. "
        "Next update by 24 November, 10:30 GMT."
    )


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "under a minute"), (3600, "1 h"), (5100, "1 h 25 min"), (90_000, "1 day 1 h")]
)
def test_a_duration_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_own_sentences_are_checked() -> None:
    assert words({"next": "Wieder um {time}."})["next"] == "Wieder um {time}."
    for name, text in (("nex", "x"), ("next", "{when}"), ("next", "{time")):
        with pytest.raises(Misconfigured, match=f"proactive.words.{name}"):
            words({name: text})


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "resolved"},
        {"resolved_at": AT},
        {"status": "resolved", "resolved_at": "2026-11-24T09:00:00Z"},
        {"next_update_at": "2026-11-24T09:00:00Z"},
    ],
)
def test_facts_that_do_not_fit_each_other_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadFacts):
        first(report(**fields))


# --- who is told ---


@pytest.fixture
async def acme(store_url: str) -> AsyncIterator[Shop]:
    async with shop(store_url, digests={"destinations": DESTINATIONS}) as opened:
        yield opened


def told(acme: Shop) -> dict[str, Any]:
    return {"customers": [{"inbox": "sms", "audience": {"recipients": recipients(3, consent=False)}}]}


async def test_staff_and_customers_are_told_once_however_often_it_is_reported(acme: Shop) -> None:
    service = incidents_of(acme)
    made = [await service.report(report(**told(acme)), ADA, NOON) for _ in range(3)]
    assert [each.new for each in made] == [True, False, False]
    await acme.through("")
    assert set(acme.sms.deliveries.values()) == {1}
    assert len(acme.sms.deliveries) == 4  # three customers and the engineer on call
    assert list(acme.simulators["mail"].deliveries.values()) == [1]
    rows = {row["purpose"] for row in await acme.sent()}
    assert rows == {"agent", "notification"}


async def test_an_update_reaches_those_who_had_the_last_one_with_what_changed(acme: Shop) -> None:
    service = incidents_of(acme)
    await service.report(report(**told(acme)), ADA, NOON)
    await acme.through("")
    published = await service.update("INC-1", update(status="identified"), ADA, NOON)
    again = await service.update("INC-1", update(status="identified"), ADA, NOON)
    assert (published.version.version, published.new, again.version.version, again.new) == (2, True, 2, False)
    await acme.through("")
    receipt = await acme.receive("Thank you", sender=number(1))
    said = [event.text for event in await acme.events(receipt.conversation) if event.kind == "said"]
    assert said[1] == "Update 2: Card payments fail. The cause is known."
    assert len(said) == 2


async def test_whom_the_last_version_did_not_reach_gets_the_whole_and_not_both(acme: Shop) -> None:
    service = incidents_of(acme)
    await service.report(report(**told(acme)), ADA, NOON)
    await acme.runner.round(NOON)  # queued, and held before it leaves
    await service.update("INC-1", update(status="identified"), ADA, NOON)
    await acme.through("")
    assert {row["variant"] for row in await acme.rows(campaign_members)} == {"default"}
    customers = [key for key in acme.sms.deliveries if not key.startswith("staff")]
    assert len(customers) == 3
    rows = [row for row in await acme.sent() if row["campaign_id"]]
    assert sorted(row["status"] for row in rows) == ["refused"] * 3 + ["sent"] * 3
    assert sorted(row["status"] for row in await acme.rows(campaigns)) == ["cancelled", "done"]


async def test_a_resolved_incident_is_closed(acme: Shop) -> None:
    service = incidents_of(acme)
    await service.report(report(), ADA, NOON)
    done = update(status="resolved", resolved_at="2026-11-24T11:05:00Z")
    await service.update("INC-1", done, ADA, NOON)
    assert not (await service.update("INC-1", done, ADA, NOON)).new
    with pytest.raises(IncidentClosed, match="open another one"):
        await service.update("INC-1", update(facts=["One more thing"]), ADA, NOON)
    assert [version.status for version in await service.versions("INC-1")] == ["investigating", "resolved"]
    assert await service.current(open_only=True) == []


async def test_what_cannot_be_told_is_refused_before_anything_is_written(acme: Shop) -> None:
    service = incidents_of(acme)
    with pytest.raises(UnknownIncident):
        await service.update("INC-9", update(status="identified"), ADA, NOON)
    with pytest.raises(UnknownInbox):
        await service.report(report(customers=[{"inbox": "fax", "audience": {"everyone": True}}]), ADA, NOON)
    with pytest.raises(Refused, match="cannot write first"):
        await service.report(report(customers=[{"inbox": "web", "audience": {"everyone": True}}]), ADA, NOON)
    asks = report(title="Reply YES to confirm", **told(acme))
    with pytest.raises(BadFacts, match="carriers take"):
        await service.report(asks, ADA, NOON)
    assert await acme.rows(incidents) == []
    await service.report(report(), ADA, NOON)
    with pytest.raises(Refused, match="already"):
        await service.report(report(title="Another"), ADA, NOON)


async def test_of_two_updates_at_once_both_count_or_one_is_told_to_come_again(acme: Shop) -> None:
    service = incidents_of(acme)
    await service.report(report(), ADA, NOON)
    changes = [update(facts=[f"Fact {n}"]) for n in range(4)]
    made = await asyncio.gather(*(service.update("INC-1", each, ADA, NOON) for each in changes), return_exceptions=True)
    lost = [each for each in made if isinstance(each, BaseException)]
    assert all(isinstance(each, IncidentClosed) for each in lost)
    versions = await service.versions("INC-1")
    assert [version.version for version in versions] == list(range(1, 6 - len(lost)))
    texts = {fact["text"] for fact in versions[-1].facts["facts"]}
    assert len(texts & {f"Fact {n}" for n in range(4)}) == 4 - len(lost)
