"""Each class of data: what goes, from when its age counts, and what must stay however old it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from retention_support import NOW, Past
from sqlalchemy import Table, func, insert, select, update

from memory import attachments, log, schema, segments, turns
from memory.consent import record_consent, standings
from memory.facts.index import memory_point
from memory.log import Head
from memory.migrate import migrate
from memory.retention.acts import ROWS
from memory.retention.kinds import REDACTED
from memory.retention.rules import Rule
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault


@pytest.fixture
async def past(tmp_path: Any) -> AsyncIterator[Past]:
    url = f"sqlite:///{tmp_path}/log.db"
    migrate(url)
    store = open_store(url)
    yield Past(store, Vault(MasterKey.from_secret("0f" * 32)))
    await store.close()


async def add(past: Past, table: Table, **values: Any) -> None:
    await past.write(lambda c: c.execute(insert(table).values(**values)).rowcount)


async def ids(past: Past, table: Table) -> set[str]:
    return {row["id"] for row in await past.rows(table)}


async def test_a_redacted_conversation_is_a_skeleton_for_the_figures(past: Past) -> None:
    talk = await past.talk(1, 200, "My secret is <PERSON_1>")
    await past.remember(talk, "m-1", 200)
    await past.fold(talk.conversation, 2, "Customer: my secret")
    report = await past.purge(Rule("conversation", 100, "redact"))
    (row,) = await past.rows(schema.conversations)
    assert (row["data_class"], row["status"], row["token_hash"]) == (REDACTED, "closed", None)
    events = await past.store.read(lambda c: log.read_events(c, past.vault, talk.conversation))
    assert [(e.seq, e.kind) for e in events][:2] == [(1, "received"), (2, "replied")]
    assert {(e.text, e.redacted) for e in events} == {("", "")}
    assert [(t["record"], t["decision"]) for t in await past.rows(schema.turns)] == [(None, None)]
    assert [o["payload"] for o in await past.rows(schema.outbox)] == [b""]
    assert await past.count(schema.segments) == await past.count(schema.memories) == 0
    assert past.index.points == set()
    assert report.rows["conversations"] == 1
    assert not (await past.purge(Rule("conversation", 100, "redact"))).rows
    await past.purge(Rule("conversation", 100, "redact"), Rule("conversation", 150, "erase"))
    assert await past.count(schema.customers) == 0


async def test_a_redacted_conversation_is_not_gone_on_with_but_its_customer_can_write(past: Past) -> None:
    old = await past.talk(1, 200)
    await past.purge(Rule("conversation", 100, "redact"))
    again = await past.say(1, 0)
    assert again.conversation != old.conversation
    assert again.customer == old.customer


async def test_a_conversation_with_staff_has_rules_of_its_own(past: Past) -> None:
    staff, customer = await past.talk(1, 200), await past.talk(2, 200)
    c = schema.conversations
    await past.write(
        lambda k: k.execute(update(c).where(c.c.id == staff.conversation).values(data_class="staff")).rowcount
    )
    await past.purge(Rule("staff", 100, "erase"))
    assert await ids(past, c) == {customer.conversation}


async def test_old_words_of_a_thread_that_goes_on_are_removed_and_the_log_says_so(past: Past) -> None:
    first = await past.talk(1, 400, "The old secret of <PERSON_1>")
    await past.talk(1, 399, "And another old one")
    last = await past.talk(1, 5, "Something new")
    assert first.conversation == last.conversation
    await past.fold(first.conversation, 2, "Customer: The old secret")
    before = (await past.rows(schema.conversations))[0]
    report = await past.purge(Rule("message", 365, "redact"))
    events = await past.store.read(lambda c: log.read_events(c, past.vault, first.conversation))
    assert [e.seq for e in events] == list(range(1, len(events) + 1)), "readers find no gap"
    said = [(e.redacted, e.at) for e in events if e.redacted]
    assert {at > NOW - timedelta(days=365) for _, at in said} == {True}
    assert "Something new" in [text for text, _ in said]
    (noted,) = [e for e in events if e.kind == "noted"]
    assert (noted.meta["by"], noted.meta["removed"]) == ("retention", report.rows["events"])
    (piece,) = await past.store.read(lambda c: segments.newest(c, past.vault, first.conversation))
    assert (piece.text, piece.version, piece.made_by, piece.to_seq) == ("", 2, "retention", 2)
    after = (await past.rows(schema.conversations))[0]
    assert (after["last_at"], after["summary_to"]) == (before["last_at"], before["summary_to"])
    assert not (await past.purge(Rule("message", 365, "redact"))).rows


async def test_a_piece_that_covers_old_and_new_words_keeps_the_new_ones(past: Past) -> None:
    first = await past.talk(1, 400, "My order is AB-1001")
    await past.talk(1, 5, "My order is CD-2002")
    (row,) = await past.rows(schema.conversations)
    await past.fold(first.conversation, row["seq"], "Customer: My order is AB-1001. Customer: My order is CD-2002")
    await past.purge(Rule("message", 365, "redact"))
    (piece,) = await past.store.read(lambda c: segments.newest(c, past.vault, first.conversation))
    flat = f"{piece.text} {piece.slots}"
    assert "CD-2002" in flat
    assert "AB-1001" not in flat
    assert (piece.from_seq, piece.to_seq) == (1, row["seq"])


async def test_a_turn_can_be_taken_after_old_words_went(past: Past) -> None:
    await past.talk(1, 400, "Old words")
    await past.talk(1, 5, "Newer words")
    await past.purge(Rule("message", 365, "redact"))
    again = await past.say(1, 0, "And now?")
    taken = await past.write(
        lambda c: turns.take(c, past.vault, again.conversation, turn="t-now", holder="test", now=NOW, lease_s=15)
    )
    assert taken is not None
    lines = segments.lines_of(taken.events)
    assert "Newer words" in [line.text for line in lines]
    assert "Old words" not in [line.text for line in lines]
    assert taken.from_seq == taken.to_seq == again.seq


async def test_what_is_not_answered_is_never_emptied(past: Past) -> None:
    await past.say(1, 400, "Nobody answered me")
    await past.talk(2, 400)
    rule = Rule("message", 30, "redact")
    found = await past.retention(rule).plan(NOW)
    assert found.due == {}
    assert not (await past.purge(rule)).rows


async def test_files_lose_what_they_were_and_stay_as_having_come(past: Past) -> None:
    talk = await past.talk(1, 10)
    old, new = NOW - timedelta(days=40), NOW - timedelta(days=1)

    def keep(connection: Any) -> None:
        for number, at in enumerate((old, new)):
            head = Head.lock(connection, past.vault, talk.conversation)
            attachments.keep(
                connection, past.vault, head, 1, f"a{number}.txt", "text/plain", b"secret", f"a-{number}", at
            )

    await past.write(keep)
    await past.purge(Rule("attachment", 30, "redact"))
    gone = await past.store.read(lambda c: attachments.read(c, past.vault, talk.conversation, "a-0"))
    kept = await past.store.read(lambda c: attachments.read(c, past.vault, talk.conversation, "a-1"))
    assert (gone.body, gone.name, gone.verdict) == (None, "removed", "removed: kept no longer")
    assert (kept.body, kept.name) == (b"secret", "a1.txt")
    assert not (await past.purge(Rule("attachment", 30, "redact"))).rows


async def test_the_record_of_a_turn_goes_and_that_it_was_taken_stays(past: Past) -> None:
    await past.talk(1, 40)
    await past.talk(2, 4)
    await past.purge(Rule("record", 30, "redact"))
    assert sorted(row["record"] is None for row in await past.rows(schema.turns)) == [False, True]
    assert {row["status"] for row in await past.rows(schema.turns)} == {"committed"}


async def test_deliveries_go_when_they_ended_and_never_before(past: Past) -> None:
    for who, status in enumerate(("sent", "dead", "refused", "pending", "sending", "parked")):
        await past.talk(who, 100)
        conversation = f"turn-t-{await past.count(schema.outbox) * 2}"
        await past.write(
            lambda c, to=status, of=conversation: (
                c.execute(
                    update(schema.outbox).where(schema.outbox.c.id == of).values(status=to, sent_at=None)
                ).rowcount
            )
        )
    assert {row["status"] for row in await past.rows(schema.outbox)} == {
        "sent", "dead", "refused", "pending", "sending", "parked",
    }  # fmt: skip
    await past.purge(Rule("delivery", 90, "redact"))
    assert {row["status"] for row in await past.rows(schema.outbox) if row["payload"]} == {
        "pending", "sending", "parked",
    }  # fmt: skip
    await past.purge(Rule("delivery", 90, "erase"))
    assert {row["status"] for row in await past.rows(schema.outbox)} == {"pending", "sending", "parked"}


async def test_an_endpoints_newest_row_stays_so_that_it_goes_on_from_there(past: Past) -> None:
    talk = await past.talk(1, 10)
    for number, (endpoint, days, status) in enumerate(
        (("hook/crm", 40, "sent"), ("hook/crm", 30, "sent"), ("hook/crm", 20, "pending"), ("handoff/web", 40, "sent"))
    ):
        at = NOW - timedelta(days=days)
        row = {"id": f"h-{number}", "endpoint": endpoint, "event": "received", "seq": number, "status": status}
        row |= {"conversation_id": talk.conversation, "customer_id": talk.customer, "payload": b""}
        await add(past, schema.hooks, **row, next_at=at, created_at=at)
    await past.purge(Rule("hook", 7, "erase"))
    assert await ids(past, schema.hooks) == {"h-2", "h-3"}


async def test_claims_dead_letters_and_subscriptions_go_from_when_they_ended(past: Past) -> None:
    talk = await past.talk(1, 40)
    old, new = NOW - timedelta(days=40), NOW - timedelta(days=1)
    letter = {"kind": "send", "conversation_id": talk.conversation, "reason": "x", "at": old}
    for number, resolved in enumerate((old, new, None)):
        await add(past, schema.dead_letters, id=f"d-{number}", ref=f"{number}", resolved_at=resolved, **letter)
        body = {"customer_id": talk.customer, "conversation_id": talk.conversation, "inbox": "web", "body": b"x"}
        await add(past, schema.subscriptions, id=f"s-{number}", at=old, ended_at=resolved, **body)
    rules = (Rule("dead_letter", 30, "erase"), Rule("subscription", 30, "erase"), Rule("claim", 30, "erase"))
    await past.purge(*rules)
    assert await ids(past, schema.dead_letters) == {"d-1", "d-2"}
    assert await ids(past, schema.subscriptions) == {"s-1", "s-2"}
    assert await past.count(schema.claims) == 0


async def test_a_claim_that_a_provider_may_repeat_outlives_its_conversation(past: Past) -> None:
    await past.talk(1, 10)
    await past.purge(Rule("conversation", 5, "erase"))
    assert await past.count(schema.conversations) == 0
    assert await past.count(schema.claims) == 1
    await past.purge(Rule("conversation", 5, "erase"), now=NOW + timedelta(days=25), clock=lambda: NOW, jump_days=99)
    assert await past.count(schema.claims) == 0


async def test_members_of_a_campaign_that_runs_stay(past: Past) -> None:
    talk = await past.talk(1, 10)
    old = NOW - timedelta(days=100)
    for id_, ended in (("m-over", old), ("m-runs", None)):
        spec = {"name": id_, "kind": "campaign", "spec": {}, "by": "ada", "created_at": old, "ended_at": ended}
        await add(past, schema.campaigns, id=id_, status="done" if ended else "running", **spec)
        member = {"inbox": "sms", "variant": "a", "step": 1, "status": "queued", "at": old, "values": b"sealed"}
        await add(past, schema.campaign_members, campaign_id=id_, customer_id=talk.customer, **member)
    await past.purge(Rule("campaign", 90, "redact"))
    assert {row["campaign_id"]: row["values"] for row in await past.rows(schema.campaign_members)} == {
        "m-over": None,
        "m-runs": b"sealed",
    }
    await past.purge(Rule("campaign", 90, "erase"))
    assert [row["campaign_id"] for row in await past.rows(schema.campaign_members)] == ["m-runs"]


async def test_a_consent_that_decides_is_kept_for_ever_and_what_holds_never_changes(past: Past) -> None:
    talk = await past.talk(1, 10)
    said = (("marketing", "in", 20), ("marketing", "out", 19), ("all", "in", 15), ("all", "in", 14), ("all", "out", 12))
    for number, (purpose, state, years) in enumerate((*said, ("all", "in", 11), ("marketing", "out", 1))):
        at = NOW - timedelta(days=366 * years)
        given: dict[str, Any] = {"channel": "sms", "purpose": purpose, "state": state, "evidence": {}, "now": at}
        await past.write(
            lambda c, n=number, given=given: record_consent(c, id=f"k-{n}", customer=talk.customer, **given)
        )
    before = await past.store.read(lambda c: standings(c, talk.customer))
    await past.purge(Rule("consent", 3650, "erase"))
    assert await ids(past, schema.consents) == {"k-0", "k-4", "k-5", "k-6"}
    assert await past.store.read(lambda c: standings(c, talk.customer)) == before


async def test_the_suppression_list_is_nobodys_and_stays(past: Past) -> None:
    at = NOW - timedelta(days=9000)
    row = {"customer_id": "s-abc", "channel": "sms", "purpose": "all", "state": "out", "evidence": {}, "at": at}
    await add(past, schema.consents, id="k-1", **row)
    await add(past, schema.consents, id="k-2", **{**row, "at": at + timedelta(days=1)})
    await past.purge(Rule("consent", 3650, "erase"))
    assert await ids(past, schema.consents) == {"k-1", "k-2"}


async def test_a_memorys_vector_goes_with_it(past: Past) -> None:
    talk = await past.talk(1, 10)
    await past.remember(talk, "m-1", 800)
    past.index.points.add(memory_point("m-1"))
    await past.purge(Rule("memory", 700, "erase"))
    assert memory_point("m-1") not in past.index.points
    assert await past.count(schema.memories) == 0


async def long(past: Past, events: int, days_ago: float) -> str:
    """A conversation of that many events; its id."""
    talk = await past.talk(1, days_ago)
    at = NOW - timedelta(days=days_ago)

    def grow(connection: Any) -> None:
        e = schema.events
        seq = connection.execute(select(func.max(e.c.seq))).scalar()
        row = {"conversation_id": talk.conversation, "prev": 0, "kind": "received", "at": at, "visible": True}
        row |= {"body": None, "redacted": "words", "meta": {"kind": "message"}}
        connection.execute(insert(e), [{**row, "seq": n} for n in range(seq + 1, events + 1)])
        c = schema.conversations
        connection.execute(update(c).values(seq=events, visible_seq=events, inbound_seq=events, answered_seq=events))

    await past.write(grow)
    return talk.conversation


@pytest.mark.parametrize(
    "rule", [Rule("conversation", 365, "erase"), Rule("conversation", 365, "redact"), Rule("message", 365, "redact")]
)
async def test_a_long_conversation_goes_in_parts_and_whole(past: Past, rule: Rule) -> None:
    await long(past, 4 * ROWS + 17, 400)
    if rule.of == "message":
        await past.talk(1, 1)
    await past.purge(rule)
    left = [row for row in await past.rows(schema.events) if row["redacted"] and row["at"] < NOW - timedelta(days=365)]
    assert left == []
    assert await past.count(schema.conversations) == (rule.of == "message" or rule.what == "redact")
    steps = [row for row in await past.rows(schema.audit) if row["act"] == "retention.purged"]
    assert len(steps) >= 4
