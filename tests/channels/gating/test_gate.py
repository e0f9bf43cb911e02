"""The gate's verdicts, one promise at a time, and the transactions that must agree about slots."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agent_support import prepare
from gate_world import World
from sqlalchemy import Connection, select

from channels import gate
from channels.gate import GateVerdict
from channels.gating.rules import Rules
from memory import controls
from memory.audit import verify
from memory.consent import record_consent, standing
from memory.customers import set_place
from memory.limits import Limit
from memory.messages import Outbound, Purpose
from memory.schema import audit, consents, events
from memory.schema import outbox as table
from memory.store import Store, open_store

NOON = datetime(2027, 1, 12, 12, 0, tzinfo=UTC)  # a Tuesday
NIGHT = datetime(2027, 1, 12, 23, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(f"sqlite:///{tmp_path}/log.db") as made:
        yield made


@pytest.fixture
async def both(store_url: str) -> AsyncIterator[Store]:
    """For promises that the databases keep in ways of their own."""
    async with opened(store_url) as made:
        yield made


@asynccontextmanager
async def opened(store_url: str) -> AsyncIterator[Store]:
    await asyncio.to_thread(prepare, store_url)
    store = open_store(store_url)
    yield store
    await store.close()


def made(connection: Connection, zone_index: int = 15) -> World:
    """A world over this connection with one customer; 15 is London."""
    world = World(connection, random.Random(1))
    person = world.join(zone_index)
    assert person.customer
    return world


def judged(
    world: World, purpose: Purpose, now: datetime = NOON, rules: Rules = gate.DEFAULT, **fields: Any
) -> GateVerdict:
    (person,) = world.people.values()
    given = {"inbox": "sms", "channel": "sms", "recipient": person.number, "text": "Some news.", "campaign": "spring"}
    outbound = Outbound(id="o", conversation=person.conversation, purpose=purpose, **{**given, **fields})
    return gate.judge(world.connection, outbound, person.customer, now, rules)


def only(world: World) -> str:
    (customer,) = world.people
    return customer


async def test_who_never_consented_gets_notifications_and_no_marketing(store: Store) -> None:
    def work(connection: Connection) -> list[GateVerdict]:
        world = made(connection)
        connection.execute(consents.delete())
        strict = Rules(notifications_need_consent=True)
        return [judged(world, "marketing"), judged(world, "notification"), judged(world, "notification", rules=strict)]

    marketing, notification, strict = await store.write(work)
    assert (marketing.decision, marketing.rule) == ("refuse", "no_consent")
    assert (notification.decision, notification.rule) == ("send", "ok")
    assert strict.decision == "refuse"


async def test_an_opt_out_parks_what_answers_and_refuses_what_nobody_asked_for(store: Store) -> None:
    def work(connection: Connection) -> dict[str, str]:
        world = made(connection)
        world.inbound(world.people[only(world)], "STOP", NOON)
        purposes: tuple[Purpose, ...] = ("reply", "agent", "notification", "marketing")
        return {purpose: judged(world, purpose).decision for purpose in purposes}

    parked = {"reply": "park", "agent": "park", "notification": "refuse", "marketing": "refuse"}
    assert await store.write(work) == parked


async def test_a_reminder_of_an_answer_is_not_the_answer_and_nobody_is_fetched_for_it(store: Store) -> None:
    def work(connection: Connection) -> GateVerdict:
        world = made(connection)
        record_consent(
            connection, id="k-push", customer=only(world), channel="push", state="out", evidence={}, now=NOON
        )
        return judged(world, "reply", channel="push", inbox="web")

    assert (await store.write(work)).decision == "refuse"


async def test_starting_again_gives_back_what_was_consented_to_before_and_no_more(both: Store) -> None:
    def work(connection: Connection) -> tuple[str, str, str]:
        world = made(connection)
        person, customer = world.people[only(world)], only(world)
        world.inbound(person, "STOP", NOON)
        world.inbound(person, "START", NOON + timedelta(minutes=1))
        return (
            standing(connection, customer, "sms", "marketing"),
            standing(connection, customer, "sms", "notification"),
            standing(connection, customer, "email", "marketing"),
        )

    assert await both.write(work) == ("in", "unknown", "unknown")


async def test_of_two_entries_of_one_moment_the_opt_out_counts(both: Store) -> None:
    def work(connection: Connection) -> str:
        for n, state in enumerate(("out", "in")):
            record_consent(connection, id=f"k{n}", customer="p", channel="sms", state=state, evidence={}, now=NOON)  # type: ignore[arg-type]
        return standing(connection, "p", "sms", "all")

    assert await both.write(work) == "out"


async def test_quiet_hours_hold_what_nobody_asked_for_and_never_an_answer(store: Store) -> None:
    def work(connection: Connection) -> list[GateVerdict]:
        world = made(connection)
        purposes: tuple[Purpose, ...] = ("marketing", "notification", "reply", "agent")
        return [judged(world, purpose, NIGHT) for purpose in purposes]

    marketing, notification, reply, agent = await store.write(work)
    for held in (marketing, notification):
        assert (held.decision, held.rule) == ("hold", "quiet_hours")
        assert held.until == datetime(2027, 1, 13, 8, 0, tzinfo=UTC)
        assert "Europe/London by profile, rules of GB" in held.why
    assert (reply.decision, agent.decision) == ("send", "send")


async def test_the_verdict_says_which_source_decided_the_zone(store: Store) -> None:
    def work(connection: Connection) -> list[str]:
        world, said = made(connection), []
        for timezone, region in (("Asia/Tokyo", ""), ("", "DE"), ("", "")):
            set_place(connection, only(world), timezone, region)
            said.append(judged(world, "marketing", recipient="+13055551234").why)
        return said

    profile, region, number = await store.write(work)
    assert "Asia/Tokyo by profile" in profile
    assert "by region, rules of DE" in region
    assert "America/New_York by number, rules of US-FL" in number


async def test_a_channel_that_wakes_nobody_may_be_left_out(store: Store) -> None:
    def work(connection: Connection) -> str:
        rules = Rules(no_quiet_hours=frozenset({"sms"}))
        return judged(made(connection), "marketing", NIGHT, rules).decision

    assert await store.write(work) == "send"


async def test_the_words_are_read_as_the_telephone_shows_them(store: Store) -> None:
    def work(connection: Connection) -> str:
        return judged(made(connection), "marketing", text="Reply **YES** to keep your seat").rule

    assert await store.write(work) == "keyword_asked"


async def test_a_text_that_asks_for_a_carriers_word_is_refused_and_nothing_is_reworded(store: Store) -> None:
    def work(connection: Connection) -> list[GateVerdict]:
        world, text = made(connection), "Your order is late. Reply CANCEL to cancel it."
        return [judged(world, "notification", text=text), judged(world, "reply", text=text)]

    notification, reply = await store.write(work)
    assert (notification.decision, notification.rule) == ("refuse", "keyword_asked")
    assert "CANCEL" in notification.why
    assert reply.decision == "send"


@pytest.mark.parametrize(
    "name", ["stop", "stop/channel/sms", "stop/inbox/sms", "stop/campaign/spring", "stop/channel/email"]
)
async def test_a_switch_holds_what_it_names_and_turning_it_back_wakes_it(store: Store, name: str) -> None:
    def work(connection: Connection) -> tuple[GateVerdict, int]:
        world = made(connection)
        controls.put(connection, name, {"on": True}, "ada", "a mistake in the text", NOON, "admin")
        verdict = judged(world, "marketing")
        world.queue(world.people[only(world)], "marketing", NOON)
        world.work(NOON)
        controls.put(connection, name, {"on": False}, "ada", "corrected", NOON, "admin")
        due = connection.execute(select(table.c.id).where(table.c.status == "pending", table.c.next_at <= NOON)).all()
        assert [row.actor for row in connection.execute(select(audit.c.actor))] == ["ada", "ada"]
        assert verify(connection) is None
        return verdict, len(due)

    verdict, due = await store.write(work)
    stops = name != "stop/channel/email"
    assert (verdict.decision, verdict.rule) == (("hold", "kill_switch") if stops else ("send", "ok"))
    assert due == int(stops)


async def test_a_switch_says_who_turned_it_and_why_and_a_control_dropped_is_the_settings_again(store: Store) -> None:
    def work(connection: Connection) -> list[dict[str, Any]]:
        controls.put(connection, "stop", {"on": True}, "ada", "an incident", NOON, "admin")
        assert controls.drop(connection, "stop", "bob", "it is over", NOON, "admin")
        assert not controls.drop(connection, "stop", "bob", "it is over", NOON, "admin")
        return [dict(row) for row in connection.execute(select(audit).order_by(audit.c.seq)).mappings()]

    put, dropped = await store.write(work)
    assert (put["act"], put["detail"]["why"]) == ("control_set", "an incident")
    assert (dropped["actor"], dropped["act"]) == ("bob", "control_removed")


# --- the one confirmation ---


async def test_one_confirmation_follows_an_opt_out_within_five_minutes_and_nothing_else(both: Store) -> None:
    def work(connection: Connection) -> list[tuple[str, str]]:
        world = made(connection)
        person = world.people[only(world)]
        world.inbound(person, "STOP", NOON)
        world.inbound(person, "STOP", NOON + timedelta(seconds=5))
        world.queue(person, "confirmation", NOON)  # a second one, from wherever it may come
        world.work(NOON + timedelta(minutes=1))
        world.work(NOON + timedelta(minutes=1))
        rows = connection.execute(select(table.c.status, table.c.rule).where(table.c.purpose == "confirmation"))
        return sorted((row.status, row.rule) for row in rows)

    assert await both.write(work) == [("refused", "confirmed"), ("sent", "confirmation")]


async def test_a_confirmation_that_comes_too_late_or_of_nothing_never_leaves(store: Store) -> None:
    def work(connection: Connection) -> list[str]:
        world = made(connection)
        early = judged(world, "confirmation").rule
        world.inbound(world.people[only(world)], "STOP", NOON)
        return [early, judged(world, "confirmation", NOON + timedelta(minutes=6)).rule]

    assert await store.write(work) == ["no_opt_out", "too_late"]


async def test_where_the_provider_confirms_nothing_of_ours_is_queued(store: Store) -> None:
    def work(connection: Connection) -> int:
        world = made(connection)
        world.opt_outs = type(world.opt_outs)()
        for text in ("STOP", "please stop texting me", "HELP"):
            world.inbound(world.people[only(world)], text, NOON)
        return len(connection.execute(select(table.c.id)).all())

    assert await store.write(work) == 0


async def test_help_is_answered_by_whoever_confirms_and_after_an_opt_out_a_person_sees_it(store: Store) -> None:
    def work(connection: Connection) -> tuple[list[str], bool]:
        world = made(connection)
        person = world.people[only(world)]
        world.inbound(person, "HELP", NOON)
        world.work(NOON)
        texts = [send.purpose for send in world.sends]
        world.inbound(person, "STOP", NOON)
        return [str(text) for text in texts], world.inbound(person, "HELP", NOON).due

    assert await store.write(work) == (["reply"], True)


async def test_stop_ends_the_purpose_of_the_last_message_where_the_scope_says_so(both: Store) -> None:
    def work(connection: Connection) -> tuple[str, str]:
        world = made(connection)
        person, customer = world.people[only(world)], only(world)
        world.opt_outs = type(world.opt_outs)("purpose", {})
        world.queue(person, "marketing", NOON)
        world.work(NOON)
        world.inbound(person, "STOP", NOON + timedelta(minutes=1))
        return standing(connection, customer, "sms", "marketing"), standing(connection, customer, "sms", "all")

    assert await both.write(work) == ("out", "unknown")


async def test_plain_words_are_an_opt_out_on_every_channel_and_the_rest_still_gets_an_answer(store: Store) -> None:
    def work(connection: Connection) -> tuple[bool, bool, list[dict[str, Any]]]:
        world = made(connection)
        person = world.people[only(world)]
        whole = world.inbound(person, "Please stop texting me", NOON)
        mixed = world.inbound(person, "Stop emailing me. Where is my refund of the 3rd of May, please?", NOON)
        query = select(events.c.meta).where(events.c.kind == "opted_out").order_by(events.c.seq)
        return whole.due, mixed.due, [row.meta for row in connection.execute(query)]

    whole, mixed, noted = await store.write(work)
    assert (whole, mixed) == (False, True)
    assert [(each["channel"], each["by"]) for each in noted] == [("sms", "words"), ("email", "words")]


# --- throttles ---


@pytest.mark.parametrize("scope", ["channel/sms", "inbox/sms", "campaign", "customer"])
async def test_a_throttle_holds_until_a_slot_is_free_and_never_an_answer(store: Store, scope: str) -> None:
    rules = Rules(limits={f"throttle/{scope}": (Limit(2, 3600),)})

    def work(connection: Connection) -> tuple[list[datetime], GateVerdict, GateVerdict]:
        world = made(connection)
        world.rules = rules
        person = world.people[only(world)]
        for minute in (0, 10, 20, 30):
            world.queue(person, "marketing", NOON + timedelta(minutes=minute))
            world.work(NOON + timedelta(minutes=minute))
        held = judged(world, "marketing", NOON + timedelta(minutes=31), rules)
        answer = judged(world, "reply", NOON + timedelta(minutes=31), rules)
        while (due := world.next_due()) is not None:
            world.work(due)
        return [send.at for send in world.sends], held, answer

    sent, held, answer = await store.write(work)
    assert sent[:2] == [NOON, NOON + timedelta(minutes=10)]
    assert len(sent) == 4
    for first, third in zip(sent, sent[2:], strict=False):
        assert third - first >= timedelta(hours=1)
    assert (held.decision, held.rule) == ("hold", "throttle")
    assert answer.decision == "send"


async def test_a_control_changes_a_limit_at_once_and_one_that_cannot_be_read_holds(both: Store) -> None:
    def work(connection: Connection) -> list[str]:
        world = made(connection)
        said = []
        for limits in (["0/day"], [], ["many"]):
            controls.put(connection, "throttle/customer", {"limits": limits}, "ada", "a test", NOON)
            said.append(judged(world, "marketing").decision)
        return said

    assert await both.write(work) == ["hold", "send", "hold"]


async def test_processes_together_never_give_out_a_slot_too_many(both: Store) -> None:
    rules = Rules(limits={"throttle/channel/sms": (Limit(5, 86_400),)})

    def prepared(connection: Connection) -> list[tuple[str, str, str, str]]:
        world, rows = made(connection), []
        for n in range(20):
            person = world.join(15 + 40 * (n + 1))
            key = world.queue(person, "marketing", NOON)
            rows.append((key, person.customer, person.conversation, person.number))
        return rows

    async def admitted(key: str, customer: str, conversation: str, number: str) -> str:
        outbound = Outbound(key, "sms", "sms", conversation, number, "News", "marketing")
        return (await both.write(lambda c: gate.admit(c, outbound, customer, NOON, rules))).decision

    rows = await both.write(prepared)
    decisions = await asyncio.gather(*(admitted(*row) for row in rows))
    assert sorted(decisions) == ["hold"] * 15 + ["send"] * 5
