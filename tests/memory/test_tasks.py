"""Requests for one's rights: opened once, in time, identity first, done or refused, all of it in the audit."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kept import NOW, Kept

from memory import audit, tasks
from memory.consent import standing
from memory.errors import TaskRefused, UnknownTask
from memory.schema import audit as entries
from memory.schema import tasks as table

DUE = datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)
LATER = datetime(2027, 2, 24, 23, 59, 59, tzinfo=UTC)
VINNY = "Please delete all my data, Vinny"


async def asked(kept: Kept, kind: tasks.Kind = "erasure", turn: str = "t-1", **fields: Any) -> str:
    """A conversation in which a turn recognised a request; the task's id."""
    taken = await kept.take(await kept.receive(kept.sms(VINNY, **fields)), turn)
    assert taken is not None
    await kept.commit(taken, reply="We have your request.", request=tasks.Request(f"r-{turn}", kind, DUE))
    return f"r-{turn}"


async def task(kept: Kept, id: str) -> tasks.Task:
    return await kept.read(lambda c: tasks.read(c, kept.vault, id))


def verify(id: str, how: str = "called back", person: str = "Ada") -> Any:
    return lambda c: tasks.verify(c, id, how, person, "agent", NOW)


def finish(id: str, outcome: Any = "done", note: str = "", person: str = "Ada") -> Any:
    return lambda c: tasks.finish(c, id, outcome, note, person, "agent", NOW)


def extend(id: str, now: datetime = NOW, why: str = "many systems") -> Any:
    return lambda c: tasks.extend(c, id, why, LATER, "Ada", "agent", now)


async def test_a_request_opens_a_task_with_its_words_and_its_line_in_the_log(kept: Kept) -> None:
    made = await task(kept, await asked(kept))
    assert (made.kind, made.status, made.due_at, made.extended, made.identity) == ("erasure", "open", DUE, False, None)
    assert (made.sender, made.words, made.channel) == ("+441632960001", VINNY, "sms")
    assert (await kept.events(made.conversation))[-1].meta["task"] == made.id


async def test_the_same_wish_said_twice_is_one_task(kept: Kept) -> None:
    first = await asked(kept)
    await asked(kept, turn="t-2")
    await asked(kept, "access", turn="t-3")
    assert [row["id"] for row in await kept.rows(table)] == [first, "r-t-3"]
    await kept.write(finish(first, "refused", "not a customer"))
    await asked(kept, turn="t-4")  # asked again after the first was ended
    assert len(await kept.rows(table)) == 3


async def test_nothing_is_given_out_or_erased_before_the_identity_is_checked(kept: Kept) -> None:
    id = await asked(kept)
    with pytest.raises(TaskRefused, match="check who asks"):
        await kept.write(finish(id))
    await kept.write(verify(id))
    await kept.write(finish(id, note="erased"))
    made = await task(kept, id)
    assert (made.status, made.ended_by, made.ended_at, made.note) == ("done", "Ada", NOW, "erased")
    assert made.identity == {"how": "called back", "by": "Ada", "at": NOW.isoformat()}


async def test_an_objection_ends_marketing_on_every_channel_at_once(kept: Kept) -> None:
    made = await task(kept, await asked(kept, "objection"))
    for channel in ("sms", "email", "whatsapp", "chat", "web_push"):
        said = await kept.read(lambda c, on=channel: standing(c, made.customer, on, "marketing"))
        assert said == "out"
    assert await kept.read(lambda c: standing(c, made.customer, "sms", "notification")) == "unknown"
    await kept.write(finish(made.id, note="looked at"))  # it needs no identity check: it took effect


async def test_a_refusal_says_why(kept: Kept) -> None:
    id = await asked(kept)
    with pytest.raises(TaskRefused, match="say why"):
        await kept.write(finish(id, "refused"))


async def test_two_months_more_are_given_once_and_before_it_is_due(kept: Kept) -> None:
    id = await asked(kept)
    with pytest.raises(TaskRefused, match="overdue"):
        await kept.write(extend(id, DUE))
    with pytest.raises(TaskRefused, match="say why"):
        await kept.write(extend(id, why=""))
    await kept.write(extend(id))
    made = await task(kept, id)
    assert (made.due_at, made.extended, made.note) == (LATER, True, "Extended: many systems")
    with pytest.raises(TaskRefused, match="already"):
        await kept.write(extend(id))


async def test_what_has_ended_stays_ended(kept: Kept) -> None:
    id = await asked(kept)
    await kept.write(finish(id, "refused", "no"))
    for work in (verify(id), finish(id, "refused", "again"), extend(id)):
        with pytest.raises(TaskRefused):
            await kept.write(work)
    assert (await task(kept, id)).note == "no"


async def test_of_two_people_at_once_one_ends_it(kept: Kept) -> None:
    id = await asked(kept)
    await kept.write(verify(id))
    works = [kept.write(finish(id, "done", "", person)) for person in ("Ada", "Ben", "Cem")]
    ended = await asyncio.gather(*works, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["NoneType", "TaskRefused", "TaskRefused"]


async def test_unknown_tasks_are_said_to_be_unknown(kept: Kept) -> None:
    for work in (verify("r-x"), finish("r-x"), extend("r-x")):
        with pytest.raises(UnknownTask):
            await kept.write(work)
    with pytest.raises(UnknownTask):
        await task(kept, "r-x")


async def test_the_list_has_the_first_due_on_top_and_the_ended_apart(kept: Kept) -> None:
    first, second = await asked(kept), await asked(kept, "access", "t-2", sender="+441632960002")
    await kept.write(extend(first))
    live = await kept.read(lambda c: tasks.listed(c, kept.vault))
    assert [each.id for each in live] == [second, first]
    await kept.write(finish(second, "refused", "no"))
    ended = await kept.read(lambda c: tasks.listed(c, kept.vault, live=False))
    assert [each.id for each in ended] == [second]
    mine = await kept.read(lambda c: tasks.listed(c, kept.vault, customer=live[1].customer))
    assert [each.id for each in mine] == [first]


async def test_every_step_is_in_the_audit_without_the_customers_words(kept: Kept) -> None:
    id = await asked(kept)
    await kept.write(verify(id, "their passport"))
    await kept.write(extend(id))
    await kept.write(finish(id, note="sent to Vinny"))
    rows = [row for row in await kept.rows(entries) if row["subject"] == id]
    assert [row["act"] for row in rows] == ["task.opened", "task.verified", "task.extended", "task.done"]
    assert "Vinny" not in str([dict(row) for row in rows])
    assert await kept.read(audit.verify) is None


async def test_a_task_opened_by_hand_is_due_in_a_month(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    given = {"kind": "access", "conversation": receipt.conversation, "customer": receipt.customer, "seq": 1}
    assert await kept.write(lambda c: tasks.open_task(c, id="r-1", **given, now=NOW))
    assert not await kept.write(lambda c: tasks.open_task(c, id="r-2", **given, now=NOW))
    assert (await task(kept, "r-1")).due_at - NOW > timedelta(days=29)
