"""A call's side of the log, on both databases."""

from __future__ import annotations

from kept import NOW, Kept
from sqlalchemy import update

from memory import calls
from memory.calls import ENDED
from memory.log import Head, read_head
from memory.messages import Inbound
from memory.receive import Receipt
from memory.schema import dead_letters, outbox


def turn(number: int = 1, text: str = "When are you open?") -> Inbound:
    return Inbound(
        inbox="phone",
        channel="voice",
        provider_id=f"CA1:{number}",
        sender="+441632960001",
        text=text,
        received_at=NOW,
        thread={"call": "CA1"},
        thread_key="CA1",
    )


async def answered(kept: Kept) -> Receipt:
    receipt = await kept.receive(turn())
    taken = await kept.take(receipt, "t-1")
    assert taken is not None
    await kept.commit(taken, reply="From nine.", push=True)
    return receipt


async def let_go(kept: Kept) -> None:
    await kept.write(lambda c: c.execute(update(outbox).values(status="sent")))


async def test_what_the_gate_let_go_is_ready_once_and_noted_once(kept: Kept) -> None:
    receipt = await answered(kept)
    line = await kept.read(lambda c: calls.line(c, kept.vault, "phone", "CA1", 0))
    assert line is not None
    assert (line.words, line.coming, line.answered) == ((), True, receipt.seq)
    await let_go(kept)
    line = await kept.read(lambda c: calls.line(c, kept.vault, "phone", "CA1", 0))
    assert line is not None
    [words] = line.words
    assert words.text == "From nine."
    for _ in range(2):
        await kept.write(lambda c: calls.note_said(c, kept.vault, line.conversation, line.words, NOW))
    after = await kept.read(lambda c: calls.line(c, kept.vault, "phone", "CA1", words.seq))
    assert after is not None
    assert after.words == ()
    assert [event.kind for event in await kept.events(receipt.conversation)].count("delivered") == 1


async def test_an_answered_call_that_ends_is_closed(kept: Kept) -> None:
    receipt = await answered(kept)
    await let_go(kept)
    assert await end(kept) == receipt.conversation
    head = await kept.read(lambda c: read_head(c, receipt.conversation))
    assert head["status"] == "closed"
    assert await end(kept) is None
    assert [event.kind for event in await kept.events(receipt.conversation)][-2:] == ["bounced", "closed"]


async def test_who_hangs_up_before_the_answer_waits_for_a_person_who_can_reach_them(kept: Kept) -> None:
    receipt = await kept.receive(turn())
    await end(kept)
    head = await kept.read(lambda c: read_head(c, receipt.conversation))
    assert (head["owner"], head["status"]) == ("queue", "open")
    thread = (await kept.read(lambda c: Head.lock(c, kept.vault, receipt.conversation).address()))[1]
    assert thread[ENDED] == "1"


async def test_who_hangs_up_and_cannot_be_reached_waits_for_nobody(kept: Kept) -> None:
    receipt = await kept.receive(turn())
    await end(kept, reachable=False)
    assert (await kept.read(lambda c: read_head(c, receipt.conversation)))["status"] == "closed"


async def test_what_still_waited_for_the_gate_goes_to_people(kept: Kept) -> None:
    await answered(kept)
    await end(kept)
    [row] = await kept.rows(outbox)
    assert (row["status"], row["error"]) == ("parked", calls.OVER)
    assert len(await kept.rows(dead_letters)) == 1


async def test_a_caller_who_waited_long_enough_gets_a_person_and_the_turn_is_overtaken(kept: Kept) -> None:
    receipt = await kept.receive(turn())
    taken = await kept.take(receipt, "t-1")
    assert taken is not None
    assert await kept.write(lambda c: calls.give_up(c, kept.vault, receipt.conversation, NOW))
    assert not await kept.write(lambda c: calls.give_up(c, kept.vault, receipt.conversation, NOW))
    assert (await kept.commit(taken, reply="Too late.", push=True)).status != "committed"
    assert await kept.rows(outbox) == []


async def end(kept: Kept, *, reachable: bool = True) -> str | None:
    return await kept.write(lambda c: calls.end(c, kept.vault, "phone", "CA1", reachable, NOW))
