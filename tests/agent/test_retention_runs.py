"""What is over its time goes, with everything that hangs on it; what something keeps stays, and says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from retention_support import NOW, Past
from sqlalchemy import insert, update

from agent.errors import Refused
from agent.retention import Busy
from memory import audit, chores, controls, ownership, schema, tasks
from memory.consent import record_consent, standing
from memory.customers import find_or_make
from memory.erasure.holds import hold_name
from memory.facts.index import IndexUnavailable, memory_point
from memory.migrate import migrate
from memory.retention.finishing import REMOVED
from memory.retention.rules import Rule, Rules
from memory.retention.talks import BY_HAND, GOES, STAYS
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

YEAR = Rule("conversation", 365, "erase")


@pytest.fixture
async def past(store_url: str) -> AsyncIterator[Past]:
    migrate(store_url)
    store = open_store(store_url)
    yield Past(store, Vault(MasterKey.from_secret("0f" * 32)))
    await store.close()


def test_no_table_of_a_conversation_is_left_out() -> None:
    """A new table with a conversation in it must say whether its rows go with it."""
    of_conversations = {t.name for t in schema.metadata.tables.values() if "conversation_id" in t.c}
    assert of_conversations == {table.name for table in GOES} | BY_HAND | STAYS


async def test_an_old_conversation_leaves_nothing_behind_and_a_young_one_everything(past: Past) -> None:
    old, young = await past.talk(1, 400), await past.talk(2, 300)
    await past.remember(old, "m-old", 400)
    await past.remember(young, "m-young", 300)
    past.index.points |= {memory_point("m-old"), memory_point("m-young")}
    report = await past.purge(YEAR)
    assert [row["id"] for row in await past.rows(schema.conversations)] == [young.conversation]
    assert [row["id"] for row in await past.rows(schema.customers)] == [young.customer]
    for name in ("events", "turns", "outbox", "claims", "memories", "hooks"):
        left = {row.get("conversation_id") for row in await past.rows(schema.metadata.tables[name])}
        assert left <= {young.conversation}, name
    assert memory_point("m-young") in past.index.points
    assert memory_point("m-old") not in past.index.points
    assert len(past.index.points) == 3
    assert past.index.forgotten == [old.customer]
    assert report.rows["conversations"] == 1
    assert report.rows["customers"] == 1
    assert not report.vectors
    assert await past.store.read(audit.verify) is None


async def test_what_was_done_is_in_the_audit_with_counts_and_no_id_of_anybody(past: Past) -> None:
    old = await past.talk(1, 400)
    report = await past.purge(YEAR)
    entries = [row for row in await past.rows(schema.audit) if row["subject"] == "retention"]
    purged = [row["detail"] for row in entries if row["act"] == "retention.purged"]
    (ran,) = [row["detail"] for row in entries if row["act"] == "retention.ran"]
    counted: dict[str, int] = {}
    for each in purged:
        for name, count in each["rows"].items():
            counted[name] = counted.get(name, 0) + count
    assert counted == ran["rows"] == dict(report.rows)
    assert ran["digest"] == Rules((YEAR,)).digest
    assert old.customer not in str(entries)
    assert old.conversation not in str(entries)


async def test_running_again_finds_nothing(past: Past) -> None:
    await past.talk(1, 400)
    await past.purge(YEAR)
    before = await past.everything()
    again = await past.purge(YEAR)
    assert not again.rows
    after = await past.everything()
    differs = {name for name in before if before[name] != after[name]}
    assert differs <= {"audit", "chores"}


async def test_a_dry_run_changes_no_row(past: Past) -> None:
    await past.talk(1, 400)
    before = await past.everything()
    found = await past.retention(YEAR).plan(NOW)
    assert found.due == {"conversation erase": 1}
    assert await past.everything() == before


async def test_a_region_and_a_tier_have_their_own_time(past: Past) -> None:
    rules = (YEAR, Rule("conversation", 30, "erase", "EU"), Rule("conversation", 900, "erase", "*", "gold"))
    french, british, unknown = await past.talk(1, 40), await past.talk(2, 40), await past.talk(3, 400)
    gold, german = await past.talk(4, 400), await past.talk(5, 20)
    for receipt, region, tier in ((french, "FR", ""), (british, "GB", ""), (gold, "", "gold"), (german, "DE", "gold")):
        await past.place(receipt.customer, region, tier)
    found = await past.retention(*rules).plan(NOW)
    assert {(line.region, line.due) for line in found.lines if line.due} == {("FR", 1), ("", 1)}
    await past.purge(*rules)
    left = {row["id"] for row in await past.rows(schema.conversations)}
    assert left == {british.conversation, gold.conversation, german.conversation}
    assert unknown.conversation not in left


async def test_the_conversations_own_region_counts_before_the_customers(past: Past) -> None:
    receipt = await past.talk(1, 40)
    await past.place(receipt.customer, "FR")
    c = schema.conversations
    await past.write(lambda k: k.execute(update(c).values(region="GB")).rowcount)
    assert not (await past.purge(Rule("conversation", 30, "erase", "EU"))).rows


async def _held(past: Past, how: str) -> str:
    """A conversation of long ago that something keeps; why."""
    receipt = await past.talk(1, 400)
    conversation, customer, ago = receipt.conversation, receipt.customer, NOW - timedelta(days=400)
    if how == "hold":
        await past.write(lambda c: controls.put(c, hold_name(customer), {"on": True}, "ben", "a claim", NOW, "admin"))
        return "a legal hold"
    if how == "hold of the same person":
        other = await past.talk(2, 10)
        merged = update(schema.customers).where(schema.customers.c.id == customer).values(merged_into=other.customer)
        await past.write(lambda c: c.execute(merged).rowcount)
        name = hold_name(other.customer)
        await past.write(lambda c: controls.put(c, name, {"on": True}, "ben", "a claim", NOW, "admin"))
        return "a legal hold"
    if how == "people":
        await past.write(lambda c: ownership.take_over(c, past.vault, conversation, "ada", ago))
        return "people have it"
    if how == "unanswered":
        await past.say(1, 399)
        return "a message waits for an answer"
    if how == "unsent":
        await past.write(lambda c: c.execute(update(schema.outbox).values(status="parked")).rowcount)
        return "a message waits to be sent"
    if how == "untold":
        row = {"id": "h-1", "endpoint": "hook/crm", "event": "closed", "conversation_id": conversation, "seq": 1}
        row |= {"customer_id": customer, "payload": b"", "status": "pending", "next_at": ago, "created_at": ago}
        await past.write(lambda c: c.execute(insert(schema.hooks).values(**row)).rowcount)
        return "another system is not told yet"
    given = {"kind": "access", "conversation": conversation, "customer": customer, "seq": 1, "now": ago}
    await past.write(lambda c: tasks.open_task(c, id="q-1", **given))
    return "a request of the customer is not ended"


@pytest.mark.parametrize(
    "how", ["hold", "hold of the same person", "people", "unanswered", "unsent", "untold", "a request"]
)
async def test_what_somebody_still_needs_stays_and_the_plan_says_why(past: Past, how: str) -> None:
    why = await _held(past, how)
    before = await past.rows(schema.events)
    found = await past.retention(YEAR).plan(NOW)
    assert (found.due, found.held) == ({}, {why: 1})
    report = await past.purge(YEAR)
    assert not report.rows
    assert await past.rows(schema.events) == before


async def test_a_request_that_ended_outlives_its_conversation_until_its_own_rule(past: Past) -> None:
    receipt = await past.talk(1, 400)
    keep = await past.talk(1, 10, inbox="other")
    ago = NOW - timedelta(days=400)
    given = {"kind": "access", "conversation": receipt.conversation, "customer": receipt.customer, "seq": 1, "now": ago}
    await past.write(lambda c: tasks.open_task(c, id="q-1", **given))
    await past.write(lambda c: tasks.verify(c, "q-1", "called back", "ada", "agent", ago))
    await past.write(lambda c: tasks.finish(c, "q-1", "done", "sent by post", "ada", "agent", ago))
    await past.purge(YEAR)
    assert [row["note"] for row in await past.rows(schema.tasks)] == ["sent by post"]
    listed = await past.store.read(lambda c: tasks.listed(c, past.vault, live=False))
    assert [task.words for task in listed] == [""]
    await past.purge(YEAR, Rule("task", 300, "redact"))
    assert [row["note"] for row in await past.rows(schema.tasks)] == [""]
    assert not (await past.purge(YEAR, Rule("task", 300, "redact"))).rows
    assert [row["id"] for row in await past.rows(schema.conversations)] == [keep.conversation]


# --- what a customer is left with ---


async def test_an_opt_out_outlives_the_customer_under_a_keyed_hash(past: Past) -> None:
    await past.talk(1, 401)
    await past.say(1, 400, "STOP")
    await past.purge(YEAR)
    assert await past.count(schema.customers) == 0
    assert await past.count(schema.identities) == 0
    back = await past.write(lambda c: find_or_make(c, past.vault, "sms", "+441632900001", "p-back", NOW))
    assert await past.store.read(lambda c: standing(c, back, "sms", "marketing")) == "out"


async def test_who_consented_to_something_is_kept_without_a_conversation(past: Past) -> None:
    receipt = await past.talk(1, 400)
    said: dict[str, Any] = {"channel": "sms", "purpose": "marketing", "state": "in", "evidence": {}, "now": NOW}
    await past.write(lambda c: record_consent(c, id="k", customer=receipt.customer, **said))
    await past.purge(YEAR)
    assert await past.count(schema.conversations) == 0
    assert [row["id"] for row in await past.rows(schema.customers)] == [receipt.customer]
    assert await past.store.read(lambda c: standing(c, receipt.customer, "sms", "marketing")) == "in"


async def test_a_person_goes_only_when_nothing_is_left_of_any_of_their_customers(past: Past) -> None:
    one, two = await past.talk(1, 400), await past.talk(2, 300)
    merged = update(schema.customers).where(schema.customers.c.id == one.customer).values(merged_into=two.customer)
    await past.write(lambda c: c.execute(merged).rowcount)
    await past.purge(YEAR)
    assert await past.count(schema.customers) == 2
    await past.purge(YEAR, Rule("conversation", 200, "erase", "*", "none"))
    assert await past.count(schema.customers) == 2
    await past.purge(Rule("conversation", 200, "erase"))
    assert await past.count(schema.customers) == 0


async def test_a_pseudonym_that_nothing_names_any_more_loses_its_value_and_never_its_number(past: Past) -> None:
    old = await past.talk(1, 400, "I am <PERSON_1>, with <PERSON_2> and <PERSON_4>")
    await past.talk(1, 300, "<PERSON_3> here", inbox="other")
    await past.names(old.customer, "Ann Archer", "Ben Baker", "Cat Carver", "Dan Draper")
    await past.purge(YEAR)
    book = await past.store.read(lambda c: past.vault.book(c, old.customer))
    assert [(each.number, each.value) for each in book.entries()] == [(3, "Cat Carver"), (4, REMOVED)]
    assert book.pseudonym_for("PERSON", "Eve Easton") == "<PERSON_5>"
    assert not (await past.purge(YEAR)).rows


async def test_pseudonyms_wait_while_somebody_talks_with_the_customer(past: Past) -> None:
    old = await past.talk(1, 400, "I am <PERSON_1>")
    await past.say(1, 0.01, "It is Ann Archer again", inbox="other")
    await past.names(old.customer, "Ann Archer", "Ben Baker")
    await past.purge(YEAR)
    assert await past.count(schema.vault) == 2
    await past.write(lambda c: c.execute(update(schema.conversations).values(answered_seq=1)).rowcount)
    await past.purge(YEAR, now=NOW + timedelta(hours=2))
    assert [row["number"] for row in await past.rows(schema.vault)] == [2]


# --- memories ---


async def test_memories_with_a_rule_of_their_own_outlive_their_conversation_and_forget_where_they_are_from(
    past: Past,
) -> None:
    old = await past.talk(1, 400)
    await past.remember(old, "m-young", 100)
    await past.remember(old, "m-old", 800)
    rules = (YEAR, Rule("memory", 730, "erase"))
    await past.purge(*rules)
    (left,) = await past.rows(schema.memories)
    assert (left["id"], left["conversation_id"], left["seq"], left["indexed_at"]) == ("m-young", None, None, None)
    assert await past.count(schema.customers) == 1


async def test_a_fact_that_had_ended_does_not_hold_again_because_its_successor_went(past: Past) -> None:
    old = await past.talk(1, 400)
    young = await past.talk(1, 300, inbox="other")
    await past.remember(old, "m-new", 400)
    await past.remember(young, "m-before", 420, superseded_by="m-new", valid_until=NOW - timedelta(days=400))
    await past.remember(young, "m-mine", 300)
    await past.purge(YEAR)
    assert [row["id"] for row in await past.rows(schema.memories)] == ["m-mine"]


async def test_an_ended_fact_is_kept_from_when_it_ended(past: Past) -> None:
    talk = await past.talk(1, 10)
    await past.remember(talk, "m-ended-long-ago", 900, valid_until=NOW - timedelta(days=800))
    await past.remember(talk, "m-ended-lately", 900, valid_until=NOW - timedelta(days=5))
    await past.purge(Rule("memory", 730, "erase"))
    assert [row["id"] for row in await past.rows(schema.memories)] == ["m-ended-lately"]


async def test_an_index_that_is_away_makes_vectors_wait_and_nothing_else(past: Past) -> None:
    await past.talk(1, 400)
    past.index.fails = IndexUnavailable("away")
    report = await past.purge(YEAR)
    assert report.vectors == 1
    assert await past.count(schema.conversations) == 0
    assert await past.count(schema.customers) == 1
    past.index.fails = None
    done = await past.retention(YEAR).finish(NOW)
    assert not done.vectors
    assert past.index.points == set()
    assert await past.count(schema.customers) == 0
    assert await past.count(schema.hooks) == 0


async def test_a_process_without_the_index_leaves_vectors_to_the_one_that_has_it(past: Past) -> None:
    await past.talk(1, 400)
    report = await past.purge(YEAR, index=None)
    assert report.vectors == 1
    assert len(past.index.points) == 2
    await past.retention(YEAR).finish(NOW)
    assert past.index.points == set()


# --- who may, and when ---


async def test_a_run_by_itself_plans_first_and_acts_on_the_next_day(past: Past) -> None:
    await past.talk(1, 400)
    retention = past.retention(YEAR)
    assert await retention.by_itself(NOW) == "plan"
    assert await past.count(schema.conversations) == 1
    (told,) = await retention.told()
    assert told.detail["due"] == {"conversation erase": 1}
    assert await past.write(lambda c: chores.take(c, "retention", "test", now=NOW, lease_s=60, undone_since=None))
    assert await retention.by_itself(NOW + timedelta(days=1)) == "act"
    assert await past.count(schema.conversations) == 0


async def test_changed_rules_are_planned_again(past: Past) -> None:
    await past.talk(1, 400)
    await past.retention(Rule("conversation", 500, "erase")).by_itself(NOW)
    assert await past.retention(YEAR).by_itself(NOW + timedelta(days=1)) == "plan"
    assert await past.count(schema.conversations) == 1


async def test_a_clock_a_year_ahead_removes_nothing_and_says_so(past: Past) -> None:
    await past.talk(1, 10)
    retention = past.retention(YEAR)
    await retention.by_itself(NOW)
    ahead = NOW + timedelta(days=366)
    assert await retention.by_itself(ahead) == "refuse"
    assert await retention.by_itself(ahead + timedelta(days=1)) == "refuse"
    assert "may be wrong" in (await retention.told())[0].detail["why"]
    with pytest.raises(Refused, match="may be wrong"):
        await retention.by_hand(ahead, "ada", "admin")
    assert await past.count(schema.conversations) == 1
    assert await past.write(lambda c: chores.take(c, "retention", "test", now=NOW, lease_s=60, undone_since=None))
    assert await retention.by_itself(NOW + timedelta(days=1)) == "act", "right again, it goes on"
    await retention.by_hand(ahead, "ada", "admin", clock_is_right=True)
    assert await past.count(schema.conversations) == 0


async def test_a_run_by_itself_is_bounded_and_says_what_it_left(past: Past) -> None:
    for who in range(1, 6):
        await past.talk(who, 400 + who)
    retention = past.retention(YEAR, most=2)
    await retention.by_itself(NOW)
    assert await past.write(lambda c: chores.take(c, "retention", "test", now=NOW, lease_s=60, undone_since=None))
    await retention.by_itself(NOW + timedelta(days=1))
    assert await past.count(schema.conversations) == 3
    assert (await retention.told())[0].detail["left_for_the_next_run"] is True
    report = await retention.by_hand(NOW + timedelta(days=1), "ada", "admin")
    assert await past.count(schema.conversations) == 0
    assert not report.left


async def test_two_processes_never_purge_at_once(past: Past) -> None:
    await past.talk(1, 400)
    assert await past.write(lambda c: chores.take(c, "retention", "other", now=NOW, lease_s=60, undone_since=None))
    with pytest.raises(Busy):
        await past.purge(YEAR)
    assert await past.count(schema.conversations) == 1
    await past.purge(YEAR, now=NOW + timedelta(minutes=5))  # it died
    assert await past.count(schema.conversations) == 0


async def test_a_process_that_lost_its_lease_stops(past: Past) -> None:
    await past.talk(1, 400)
    retention = past.retention(YEAR)
    with pytest.raises(Busy, match="took the purging over"):
        await retention.run(NOW, "frontdesk", "system", most=None)
    assert await past.count(schema.conversations) == 1


async def test_without_rules_nothing_is_purged(past: Past) -> None:
    await past.talk(1, 4000)
    before = await past.everything()
    with pytest.raises(Refused, match="no rules"):
        await past.purge()
    await past.retention().by_itself(NOW)
    assert await past.everything() == before
