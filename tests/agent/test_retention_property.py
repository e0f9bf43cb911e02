"""Promises of retention over histories of any kind: nothing goes early, nothing stays late, nothing is half there."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retention_support import NOW, Past

from memory import controls, log, ownership, schema
from memory.erasure.holds import hold_name
from memory.migrate import migrate
from memory.retention.rules import Rule, Rules
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

REGIONS = ("", "FR", "GB", "US-CA")


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/log.db")
        return Path(folder, "log.db").read_bytes()


talks = st.fixed_dictionaries(
    {
        "who": st.integers(1, 3),
        "inbox": st.sampled_from(["sms", "other"]),
        "days": st.integers(1, 100),
        "answered": st.booleans(),
        "people": st.booleans(),
        "memory": st.booleans(),
    }
)
rules = st.lists(
    st.builds(
        Rule,
        of=st.sampled_from(["conversation", "message", "memory", "record"]),
        days=st.integers(1, 100),
        what=st.just("erase"),
        region=st.sampled_from(["*", "EU", "FR", "US", "US-CA"]),
    ),
    max_size=5,
    unique_by=lambda rule: (rule.of, rule.region),
)


def _valid(found: list[Rule]) -> Rules:
    redacted = ("message", "record")
    return Rules(tuple(Rule(r.of, r.days, "redact" if r.of in redacted else "erase", r.region) for r in found))


async def _history(past: Past, said: list[dict[str, Any]], held: bool, regions: list[str]) -> None:
    for number, each in enumerate(sorted(said, key=lambda one: -one["days"])):
        say = past.talk if each["answered"] else past.say
        receipt = await say(each["who"], each["days"], f"<PERSON_{number + 1}> says so", inbox=each["inbox"])
        ago = NOW - timedelta(days=each["days"])
        if each["memory"]:
            await past.remember(receipt, f"m-{number}", each["days"])
        if each["people"]:
            owner = await past.store.read(lambda c, of=receipt.conversation: log.read_head(c, of)["owner"])
            if owner == "bot":
                await past.write(
                    lambda c, of=receipt.conversation, at=ago: ownership.take_over(c, past.vault, of, "ada", at)
                )
    for number, row in enumerate(await past.rows(schema.customers)):
        await past.place(row["id"], regions[number % len(regions)])
        if held and number == 0:
            name = hold_name(row["id"])
            await past.write(lambda c, n=name: controls.put(c, n, {"on": True}, "ben", "a claim", NOW, "admin"))


async def _check(folder: str, said: list[dict[str, Any]], of: Rules, held: bool, regions: list[str]) -> None:
    store = open_store(f"sqlite:///{folder}/log.db")
    past = Past(store, Vault(MasterKey.from_secret("0f" * 32)))
    try:
        await _history(past, said, held, regions)
        if of:
            await _purged(past, of, held)
    finally:
        await store.close()


async def _purged(past: Past, of: Rules, held: bool) -> None:
    before = await past.everything()
    retention = past.retention(*of.rules)
    plan = await retention.plan(NOW)
    await retention.by_hand(NOW, "ada", "admin")
    after = await past.everything()
    region = {row["id"]: row["region"] for row in before["customers"]}
    first = before["customers"][0]["id"] if held and before["customers"] else ""

    def old(kind: Any, what: Any, row: Any, at: Any) -> bool:
        rule = of.holds(kind, what, region[row["customer_id"]], "")
        return rule is not None and at < rule.cutoff(NOW)

    kept = {row["id"] for row in after["conversations"]}
    for row in before["conversations"]:
        busy = row["owner"] != "bot" or row["inbound_seq"] > row["answered_seq"]
        over = old("conversation", "erase", row, row["last_at"]) and not busy and row["customer_id"] != first
        assert (row["id"] in kept) == (not over), "gone exactly when it is over its time and nothing keeps it"
    if first:
        mine = {row["id"] for row in before["conversations"] if row["customer_id"] == first}
        for name in ("events", "turns", "memories", "outbox"):
            theirs = [r for r in before[name] if r.get("conversation_id") in mine or r.get("customer_id") == first]
            left = [r for r in after[name] if r.get("conversation_id") in mine or r.get("customer_id") == first]
            assert theirs == left, "nothing under a legal hold changed"
    _whole(after, kept)
    _young_words_stay(before, after, of, region)
    for row in after["events"]:  # what stays can be opened, and its numbers have no gap
        if row["body"]:
            assert row["kind"]
    for conversation in kept:
        read = await past.store.read(lambda c, one=conversation: log.read_events(c, past.vault, one))
        assert [event.seq for event in read] == list(range(1, len(read) + 1))
    assert sum(plan.due.values()) == 0 or before != after
    again = await retention.by_hand(NOW, "ada", "admin")
    assert not again.rows, "a second run finds nothing"
    names = ("events", "conversations", "turns", "memories", "vault", "customers")
    assert {n: await past.rows(schema.metadata.tables[n]) for n in names} == {n: after[n] for n in names}


def _whole(after: dict[str, Any], kept: set[str]) -> None:
    """Nothing speaks of a conversation or a customer that is not there."""
    there = {row["id"] for row in after["customers"]}
    for name in ("events", "turns", "outbox", "segments", "attachments", "dead_letters"):
        assert {row["conversation_id"] for row in after[name]} <= kept, name
    for name in ("identities", "vault", "memories", "outbox", "conversations"):
        assert {row["customer_id"] for row in after[name]} <= there, name
    assert {row["conversation_id"] for row in after["memories"]} <= kept | {None}
    talking = {c["customer_id"] for c in after["conversations"] if c["inbound_seq"] > c["answered_seq"]}
    left = [(row["event"], row["customer_id"] in talking) for row in after["hooks"]]
    assert set(left) <= {("customer", True)}, "all is finished but for the books of those who talk with us"


def _young_words_stay(before: dict[str, Any], after: dict[str, Any], of: Rules, region: dict[str, str]) -> None:
    now = {(row["conversation_id"], row["seq"]): row for row in after["events"]}
    owner = {row["id"]: row["customer_id"] for row in before["conversations"]}
    for row in before["events"]:
        there = now.get((row["conversation_id"], row["seq"]))
        if there is None or not (row["body"] or row["redacted"]):
            continue
        rule = of.holds("message", "redact", region[owner[row["conversation_id"]]], "")
        emptied = not there["body"] and not there["redacted"]
        if rule is None or row["at"] >= rule.cutoff(NOW):
            assert not emptied, "younger than its rule"


@pytest.mark.timeout(300)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    said=st.lists(talks, min_size=1, max_size=5),
    found=rules,
    held=st.booleans(),
    regions=st.lists(st.sampled_from(REGIONS), min_size=1, max_size=3),
)
def test_what_goes_is_over_its_time_and_what_stays_is_whole(
    said: list[dict[str, Any]], found: list[Rule], held: bool, regions: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "log.db").write_bytes(_empty())
        asyncio.run(_check(folder, said, _valid(found), held, regions))
