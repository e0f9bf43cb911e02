"""What customers think of answers, and how long they waited for a person, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kept import NOW, Kept

from memory import ratings
from memory.errors import UnknownConversation, UnknownTurn
from memory.ownership import take_over
from memory.waits import recent_waits


async def rate(kept: Kept, conversation: str, **fields: Any) -> int:
    given: dict[str, Any] = {"turn": "", "score": 5, "text": "", "id": "r1", **fields}
    return await kept.write(lambda c: ratings.rate(c, kept.vault, conversation, now=NOW, **given))


async def test_a_rating_sent_twice_is_kept_once(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.commit(taken, reply="It leaves today.")
    conversation = taken.head["id"]
    first = await rate(kept, conversation, turn="t-1", score=2, text="It did not.")
    assert await rate(kept, conversation, turn="t-1", score=2, text="It did not.") == first
    found = [event for event in await kept.events(conversation) if event.kind == "feedback"]
    assert [(event.seq, event.text, event.meta["score"], event.meta["turn"]) for event in found] == [
        (first, "It did not.", 2, "t-1")
    ]


async def test_a_conversation_can_be_rated_as_a_whole_and_again_later(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    first = await rate(kept, receipt.conversation)
    assert await rate(kept, receipt.conversation, id="r2", score=1) > first


async def test_nobody_rates_what_is_not_theirs(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.commit(taken, reply="It leaves today.")
    other = await kept.receive(kept.sms(sender="+441632960099"))
    with pytest.raises(UnknownTurn):
        await rate(kept, other.conversation, turn="t-1")
    with pytest.raises(UnknownConversation):
        await rate(kept, "c-none")
    assert [event.kind for event in await kept.events(other.conversation)] == ["received"]


async def test_a_refused_rating_may_be_sent_again_under_its_id(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    with pytest.raises(UnknownTurn):
        await rate(kept, receipt.conversation, turn="t-9")
    assert await rate(kept, receipt.conversation) > 0


async def test_waits_are_from_the_handover_to_the_person_in_this_inbox_lately(kept: Kept) -> None:
    handoff = {"code": "asked", "reason": "asked for a person", "priority": "normal"}
    for n, minutes in enumerate((2, 5, 9)):
        receipt = await kept.receive(kept.sms(sender=f"+44163296010{n}"))
        taken = await kept.take(receipt, f"t-{n}")
        assert taken is not None
        await kept.commit(taken, handoff=handoff)
        if minutes != 9:  # that one waits still
            at = NOW + timedelta(minutes=minutes)
            await kept.write(lambda c, of=receipt.conversation, at=at: take_over(c, kept.vault, of, "Maya", at))  # type: ignore[misc]  # mypy knows no default of a lambda
    since = NOW - timedelta(days=7)
    assert sorted(await kept.read(lambda c: recent_waits(c, "sms", since))) == [120.0, 300.0]
    assert await kept.read(lambda c: recent_waits(c, "web", since)) == []
    assert await kept.read(lambda c: recent_waits(c, "sms", NOW + timedelta(days=1))) == []
