"""Waiting for a person: the place in the queue, the clock, passing on, idle owners, and that no two people own one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from kept import NOW, Kept

from memory import log, ownership, presence, reading, transfers, turns
from memory.errors import NotYours
from memory.routing import Placing
from memory.schema import conversations

DUE = NOW + timedelta(hours=1)
SOON = NOW + timedelta(minutes=10)
HANDOFF = {"code": "asked", "reason": "The customer asked for a person.", "priority": "normal"}
TEAMS = (("Returns", ("Ada", "Ben"), 2), ("General", ("Cem",), 2))


def placing(**fields: Any) -> Placing:
    return Placing(**{"teams": TEAMS, "language": "en", "due_at": DUE, **fields})


async def handed_over(kept: Kept, turn: str = "t-1", sender: str = "+441632960001", **fields: Any) -> str:
    """A conversation that has just come to the queue."""
    taken = await kept.take(await kept.receive(kept.sms(sender=sender)), turn)
    assert taken is not None
    await kept.commit(taken, handoff=HANDOFF, placing=placing(**fields))
    return str(taken.head["id"])


async def there(kept: Kept, *people: str, now: datetime = NOW) -> None:
    for person in people:
        await kept.write(lambda c, person=person: presence.seen(c, person, "here", now))


async def head(kept: Kept, conversation: str) -> Any:
    return await kept.read(lambda c: log.read_head(c, conversation))


async def test_a_handover_has_its_team_its_due_time_and_nobody_who_is_not_there(kept: Kept) -> None:
    row = await head(kept, await handed_over(kept))
    assert (row["team"], row["person"], row["due_at"], row["language"]) == ("Returns", None, DUE, "en")


async def test_the_free_member_who_is_there_is_named_and_anybody_may_take_it(kept: Kept) -> None:
    await there(kept, "Ben", "Cem")
    conversation = await handed_over(kept)
    row = await head(kept, conversation)
    assert (row["owner"], row["team"], row["person"]) == ("queue", "Returns", "Ben")
    assert await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Cem", NOW))
    assert (await head(kept, conversation))["person"] == "Cem"


async def test_who_has_least_gets_the_next_and_a_full_team_passes_it_on(kept: Kept) -> None:
    await there(kept, "Ada", "Ben", "Cem")
    for number in range(6):
        await handed_over(kept, f"t-{number}", f"+44163296{number:04}")
    rows = await kept.rows(conversations)
    assert [row["person"] for row in sorted(rows, key=lambda row: int(row["id"][2:]))] == [
        "Ada", "Ben", "Ada", "Ben", "Cem", "Cem",
    ]  # fmt: skip


async def test_where_all_are_full_it_waits_for_the_best_team(kept: Kept) -> None:
    await there(kept, "Cem")
    for number in range(3):
        conversation = await handed_over(kept, f"t-{number}", f"+44163296{number:04}")
    row = await head(kept, conversation)
    assert (row["team"], row["person"]) == ("Returns", None)


async def test_who_is_given_a_customer_owns_them_at_once(kept: Kept) -> None:
    await there(kept, "Ada")
    conversation = await handed_over(kept, give=True)
    row = await head(kept, conversation)
    assert (row["owner"], row["person"], row["waiting_since"], row["due_at"]) == ("person", "Ada", None, DUE)
    assert [e.kind for e in await kept.events(conversation)][-2:] == ["handed_over", "taken"]


async def test_who_is_away_or_gone_is_given_nobody(kept: Kept) -> None:
    await there(kept, "Ada", now=NOW - presence.GONE)
    await kept.write(lambda c: presence.seen(c, "Ben", "away", NOW))
    assert (await head(kept, await handed_over(kept)))["person"] is None
    states = {each.person: each.state for each in await kept.read(lambda c: presence.listed(c, NOW))}
    assert states == {"Ada": "gone", "Ben": "away"}
    await kept.write(lambda c: presence.still(c, "Ben", NOW))  # a sign of life does not bring one back from a break
    assert await kept.read(lambda c: presence.here(c, NOW)) == frozenset()


@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (1, True)])
async def test_an_answer_stops_the_clock_and_says_whether_it_was_in_time(kept: Kept, seconds: int, late: bool) -> None:
    conversation, at = await handed_over(kept), DUE + timedelta(seconds=seconds)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    await kept.write(lambda c: ownership.say(c, kept.vault, conversation, "Ada", "Hi", key="1", push=False, now=at))
    assert (await kept.events(conversation))[-1].meta["late"] is late
    assert (await head(kept, conversation))["due_at"] is None


async def test_what_a_customer_writes_to_a_person_starts_the_next_clock_once(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    await kept.write(kept.saying(conversation, "Ada", "Hello", "1"))
    for turn, due in (("t-2", SOON), ("t-3", DUE)):
        taken = await kept.take(await kept.receive(kept.sms()), turn)
        assert taken is not None
        silent = kept.outcome(taken, next_due_at=due)
        await kept.write(lambda c: turns.commit(c, kept.vault, silent, NOW))  # noqa: B023
    assert (await head(kept, conversation))["due_at"] == SOON


async def test_an_idle_owner_loses_the_conversation_to_the_queue_and_nobody_is_lost(kept: Kept) -> None:
    await there(kept, "Ada", "Ben")
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    before = await head(kept, conversation)
    later = NOW + timedelta(minutes=31)
    await there(kept, "Ada", "Ben", now=later)
    cutoff = later - timedelta(minutes=30)
    rows = await kept.read(lambda c: transfers.idle_rows(c, cutoff))
    assert [row["id"] for row in rows] == [conversation]
    assert await kept.write(lambda c: transfers.return_idle(c, kept.vault, conversation, placing(), cutoff, later))
    row = await head(kept, conversation)
    assert (row["owner"], row["person"], row["waiting_since"]) == ("queue", "Ben", later)  # not Ada again
    assert (row["epoch"], row["due_at"]) == (before["epoch"] + 1, DUE)
    event = next(e for e in await kept.events(conversation) if e.meta.get("code") == "idle")
    assert event.meta["reason"] == "Ada had it and gave no sign for 31 min"
    with pytest.raises(NotYours):
        await kept.write(kept.saying(conversation, "Ada", "Sorry, here I am", "2"))


async def test_a_sign_of_the_owner_in_the_last_moment_keeps_it(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    later = NOW + timedelta(minutes=31)
    await kept.write(lambda c: ownership.note(c, kept.vault, conversation, "Ada", "Looking into it", later))
    cutoff = later - timedelta(minutes=30)
    assert not await kept.write(lambda c: transfers.return_idle(c, kept.vault, conversation, placing(), cutoff, later))
    assert (await head(kept, conversation))["owner"] == "person"


async def test_who_owes_no_answer_is_never_idle(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    await kept.write(kept.saying(conversation, "Ada", "Does that help?", "1"))
    assert await kept.read(lambda c: transfers.idle_rows(c, NOW + timedelta(days=3))) == []


async def test_who_comes_in_is_offered_what_waits(kept: Kept) -> None:
    conversation = await handed_over(kept)
    assert await kept.read(lambda c: transfers.unattended(c, NOW)) == []  # nobody is there to be offered anything
    await there(kept, "Ben")
    assert len(await kept.read(lambda c: transfers.unattended(c, NOW))) == 1
    assert await kept.write(lambda c: transfers.offer(c, kept.vault, conversation, placing(), NOW)) == "Ben"
    assert await kept.read(lambda c: transfers.unattended(c, NOW)) == []
    assert await kept.write(lambda c: transfers.offer(c, kept.vault, conversation, placing(), NOW)) is None


async def test_a_conversation_is_passed_to_a_colleague_who_then_owns_it(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    assert await kept.write(lambda c: transfers.to_person(c, kept.vault, conversation, "Ben", "Ada", NOW))
    with pytest.raises(NotYours, match="Ben has this conversation"):
        await kept.write(kept.saying(conversation, "Ada", "One more thing", "1"))
    assert await kept.write(kept.saying(conversation, "Ben", "Hello, Ben here", "2"))


async def test_a_conversation_is_passed_to_a_team_and_keeps_its_place(kept: Kept) -> None:
    await there(kept, "Ada", "Cem")
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    to = placing(teams=TEAMS[1:])
    await kept.write(lambda c: transfers.to_team(c, kept.vault, conversation, to, "Ada", NOW))
    row = await head(kept, conversation)
    assert (row["owner"], row["team"], row["person"], row["due_at"]) == ("queue", "General", "Cem", DUE)
    assert row["reason"] == "Ada passed it to General"


async def test_only_its_owner_or_who_may_act_for_them_passes_it_on(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    with pytest.raises(NotYours):
        await kept.write(lambda c: transfers.to_person(c, kept.vault, conversation, "Ben", "Cem", NOW))
    assert await kept.write(
        lambda c: transfers.to_person(c, kept.vault, conversation, "Ben", "Root", NOW, anyones=True)
    )


async def test_what_the_assistant_has_or_what_is_closed_is_not_passed_on(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    with pytest.raises(NotYours, match="take it over first"):
        await kept.write(lambda c: transfers.to_person(c, kept.vault, receipt.conversation, "Ben", "Ada", NOW))
    await kept.write(lambda c: ownership.close(c, kept.vault, receipt.conversation, "Ada", NOW))
    with pytest.raises(NotYours, match="closed"):
        await kept.write(lambda c: transfers.to_team(c, kept.vault, receipt.conversation, placing(), "Ada", NOW))


async def test_however_many_take_pass_and_return_at_once_there_is_one_owner(kept: Kept) -> None:
    """Take over, assignment, passing on and the return of an idle owner, all at one conversation at one time."""
    await there(kept, "Ada", "Ben", "Cem")
    conversation = await handed_over(kept)
    later = NOW + timedelta(hours=1)

    async def attempt(work: Any) -> Any:
        try:
            return await kept.write(work)
        except NotYours:
            return None

    people = ["Ada", "Ben", "Cem"]
    works: list[Any] = [
        lambda c, p=person: ownership.take_over(c, kept.vault, conversation, p, NOW) for person in people * 3
    ]
    works += [lambda c, p=p: transfers.to_person(c, kept.vault, conversation, "Dee", p, NOW) for p in people]
    works += [lambda c: transfers.offer(c, kept.vault, conversation, placing(give=True), NOW)] * 3
    works += [lambda c: transfers.return_idle(c, kept.vault, conversation, placing(), later, later)] * 2
    await asyncio.gather(*map(attempt, works))
    row = await head(kept, conversation)
    owners = [e for e in await kept.events(conversation) if e.kind in ("taken", "handed_over")]
    assert row["epoch"] == len(owners)  # every change of owner is one event and one epoch
    last = owners[-1]
    assert (row["owner"], row["person"]) == ("person", last.meta["person"]) or last.kind == "handed_over"
    for person in [*people, "Dee"]:
        if (row["owner"], row["person"]) != ("person", person):
            with pytest.raises(NotYours):
                await kept.write(kept.saying(conversation, person, "It is mine", person))


async def test_a_customer_goes_on_with_the_bot_and_still_waits_for_a_person(kept: Kept) -> None:
    conversation = await handed_over(kept)
    taken = await kept.take(await kept.receive(kept.sms("go on")), "t-2")
    assert taken is not None
    await kept.commit(taken, reply="What would you like to know?", resumes=True)
    row = await head(kept, conversation)
    assert (row["owner"], row["waiting_since"], row["due_at"], row["team"]) == ("bot", NOW, DUE, "Returns")
    assert [e.kind for e in await kept.events(conversation)][-2:] == ["released", "replied"]
    (view,) = await kept.read(
        lambda c: reading.conversations(c, kept.vault, owner=None, status="open", inbox=None, limit=5)
    )
    assert (view.waiting_since, view.due_at, view.team) == (NOW, DUE, "Returns")


async def test_giving_back_ends_the_waiting(kept: Kept) -> None:
    conversation = await handed_over(kept)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "Ada", NOW))
    await kept.write(lambda c: ownership.release(c, kept.vault, conversation, "Ada", NOW))
    row = await head(kept, conversation)
    assert (row["waiting_since"], row["due_at"], row["team"]) == (None, None, None)


async def test_an_address_left_for_the_answer_is_kept_for_people_alone(kept: Kept) -> None:
    conversation = await handed_over(kept)
    taken = await kept.take(await kept.receive(kept.sms("priya@shop.example")), "t-2")
    assert taken is not None
    await kept.commit(taken, reply="Noted.", resumes=True, contact="priya@shop.example")
    noted = next(e for e in await kept.events(conversation) if e.kind == "noted")
    assert (noted.text, noted.meta["contact"]) == ("priya@shop.example", True)
    seen = await kept.read(lambda c: log.read_events(c, kept.vault, conversation, visible_only=True))
    assert "noted" not in {e.kind for e in seen}


async def test_late_ones_are_counted_by_priority(kept: Kept) -> None:
    await handed_over(kept)
    assert await kept.read(lambda c: transfers.late(c, NOW)) == {}
    assert await kept.read(lambda c: transfers.late(c, DUE + timedelta(seconds=1))) == {"normal": 1}
