"""The log keeps what it was given: once, in order, without gaps, sealed."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from kept import LATER, NOW, Kept

from memory import drafts, log, ownership, turns
from memory.errors import AlreadyDecided, NotYours, UnknownConversation, UnknownTurn, WrongToken
from memory.receive import open_web
from memory.schema import claims, conversations, dead_letters, events, outbox


async def test_a_message_is_one_event_however_often_and_however_concurrently_it_comes(kept: Kept) -> None:
    inbound = kept.sms("Hello", provider_id="SM-same")
    receipts = await asyncio.gather(*(kept.receive(inbound) for _ in range(12)))
    assert len({(r.conversation, r.seq) for r in receipts}) == 1
    assert sorted(r.duplicate for r in receipts) == [False] + [True] * 11
    assert len(await kept.rows(events)) == 1
    assert len(await kept.rows(conversations)) == 1


async def test_the_same_id_in_another_inbox_is_another_message(kept: Kept) -> None:
    first = await kept.receive(kept.sms(provider_id="1", inbox="a"))
    second = await kept.receive(kept.sms(provider_id="1", inbox="b"))
    assert not first.duplicate
    assert not second.duplicate


async def test_first_messages_of_one_sender_at_once_open_one_conversation(kept: Kept) -> None:
    receipts = await asyncio.gather(*(kept.receive(kept.sms(f"message {n}")) for n in range(10)))
    assert len({r.conversation for r in receipts}) == 1
    assert sorted(r.seq for r in receipts) == list(range(1, 11))
    assert len({r.customer for r in receipts}) == 1


async def test_sequence_numbers_have_no_gaps_under_concurrent_writers(kept: Kept) -> None:
    senders = [f"+44163296{n:04}" for n in range(5)]
    await asyncio.gather(*(kept.receive(kept.sms("x", sender=random.choice(senders))) for _ in range(60)))
    found = await kept.rows(events)
    for conversation in {row["conversation_id"] for row in found}:
        seqs = sorted(row["seq"] for row in found if row["conversation_id"] == conversation)
        assert seqs == list(range(1, len(seqs) + 1))


async def test_a_failed_transaction_leaves_neither_claim_nor_event(kept: Kept) -> None:
    with pytest.raises(UnknownConversation):
        await kept.receive(kept.sms(conversation="c-nobody"))
    assert await kept.rows(claims) == []
    assert await kept.rows(events) == []


async def test_nothing_a_customer_wrote_is_readable_in_the_database_file(kept: Kept, tmp_path: Path) -> None:
    if not kept.store.url.startswith("sqlite"):
        pytest.skip("looks into the database's own file")
    await kept.receive(kept.sms("My name is Wilhelmina Quackenbush", sender="+441632960777"))
    await kept.store.close()
    for file in tmp_path.iterdir():  # noqa: ASYNC240  (a test may wait)
        content = file.read_bytes()
        assert b"Quackenbush" not in content
        assert b"1632960777" not in content


async def test_card_data_is_truncated_before_it_is_written(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms("It is 4111 1111 1111 1111, cvv 123"))
    (event,) = await kept.events(receipt.conversation)
    assert "4111 1111" not in event.text
    assert "1111" in event.text
    assert "123" not in event.text


@pytest.mark.parametrize("text", ["", "\x00", "a\ud800b", "‮abc", "x" * 100_000, "'; DROP TABLE events; --"])
async def test_any_text_can_be_kept(kept: Kept, text: str) -> None:
    receipt = await kept.receive(kept.sms(text))
    (event,) = await kept.events(receipt.conversation)
    assert "\x00" not in event.text
    event.text.encode()  # raises where a surrogate is left


async def test_a_taken_conversation_is_not_taken_twice(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    taken = await asyncio.gather(*(kept.take(receipt, f"t-{n}") for n in range(6)))
    assert len([t for t in taken if t]) == 1


async def test_a_reply_is_committed_once_with_its_outbox_row(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    assert (await kept.commit(taken, reply="Tomorrow.", push=True)).status == "committed"
    assert (await kept.commit(taken, reply="Tomorrow.", push=True)).status == "superseded"
    kinds = [event.kind for event in await kept.events(taken.head["id"])]
    assert kinds == ["received", "replied"]
    assert [row["id"] for row in await kept.rows(outbox)] == [f"turn-{taken.turn}"]


async def test_a_newer_message_supersedes_the_reply_to_an_older_one(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.receive(kept.sms("One more thing"))
    assert (await kept.commit(taken, reply="Old.")).why == "a newer message came"
    again = await kept.take_id(taken.head["id"], "t-2")
    assert again is not None
    assert (again.from_seq, again.to_seq) == (1, 2)


async def test_a_reply_of_an_older_epoch_is_refused(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.write(lambda c: ownership.take_over(c, kept.vault, taken.head["id"], "ada", NOW))
    assert (await kept.commit(taken, reply="Too late.")).why == "owner changed"
    assert "replied" not in [event.kind for event in await kept.events(taken.head["id"])]


async def test_a_lost_lease_lets_another_take_the_turn_and_refuses_the_first_holder(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    other = await kept.take_id(taken.head["id"], "t-other", now=LATER)
    assert other is not None
    assert other.attempt == 2
    assert (await kept.commit(taken, reply="Stale.")).why == "the lease was lost"
    assert (await kept.commit(other, reply="Fresh.")).status == "committed"


async def test_a_renewed_lease_is_kept(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.write(lambda c: turns.renew(c, [taken.turn], LATER))
    assert await kept.take_id(taken.head["id"], "t-other", now=LATER) is None


async def test_a_failed_turn_waits_and_then_is_due_again(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.write(lambda c: turns.fail(c, kept.vault, taken.head["id"], taken.turn, "Boom", NOW, 5.0))
    assert await kept.read(lambda c: turns.due_conversations(c, NOW)) == []
    assert await kept.read(lambda c: turns.due_conversations(c, LATER)) == [taken.head["id"]]


async def test_a_dead_letter_is_there_once(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.commit(taken, reply="Sorry.", dead_letter="failed 3 times")
    await kept.write(lambda c: turns.bury(c, "turn", taken.turn, taken.head["id"], "again", NOW))
    assert [row["reason"] for row in await kept.rows(dead_letters)] == ["failed 3 times"]


async def test_a_handover_silences_the_bot_until_a_person_gives_back(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    handoff = {"code": "asked", "reason": "asked", "priority": "normal"}
    await kept.commit(taken, reply="Fetching somebody.", handoff=handoff)
    conversation = taken.head["id"]
    await kept.receive(kept.sms("Are you there?"))
    silent = await kept.take_id(conversation, "t-silent")
    assert silent is not None
    assert silent.head["owner"] == "queue"
    await kept.commit(silent)
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "ada", NOW))
    assert await kept.write(lambda c: ownership.release(c, kept.vault, conversation, "ada", NOW))
    after = await kept.take_id(conversation, "t-after")
    assert after is not None
    assert after.head["owner"] == "bot"
    assert not after.head["introduced"]


async def test_what_a_person_answered_is_not_answered_again_after_give_back(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    conversation = receipt.conversation
    await kept.write(lambda c: ownership.take_over(c, kept.vault, conversation, "ada", NOW))
    say = kept.saying(conversation, "ada", "It comes tomorrow.", "k1")
    assert await kept.write(say) == await kept.write(say)
    assert not await kept.write(lambda c: ownership.release(c, kept.vault, conversation, "ada", NOW))
    assert await kept.take_id(conversation, "t-none") is None


async def test_two_people_never_own_one_conversation(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())

    async def take(person: str) -> bool | str:
        try:
            return await kept.write(lambda c: ownership.take_over(c, kept.vault, receipt.conversation, person, NOW))
        except NotYours:
            return "refused"

    outcomes = await asyncio.gather(*(take(f"person {n}") for n in range(5)))
    assert sorted(map(str, outcomes)) == ["True", *["refused"] * 4]
    with pytest.raises(NotYours):
        await kept.write(kept.saying(receipt.conversation, "nobody", "hi", "k"))


async def test_a_parked_draft_is_decided_by_the_first_only(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.write(lambda c: drafts.park(c, kept.vault, kept.outcome(taken, reply="Draft."), NOW))
    assert await kept.take_id(taken.head["id"], "t-none") is None
    await kept.write(kept.deciding(taken.turn))
    with pytest.raises(AlreadyDecided):
        await kept.write(kept.deciding(taken.turn))
    assert (await kept.commit(taken, reply="Draft.")).status == "committed"


async def test_a_newer_message_supersedes_a_parked_draft(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.write(lambda c: drafts.park(c, kept.vault, kept.outcome(taken, reply="Draft."), NOW))
    await kept.receive(kept.sms("And another question"))
    after = await kept.take_id(taken.head["id"], "t-after")
    assert after is not None
    assert list(after.overtook) == [taken.turn]
    with pytest.raises(AlreadyDecided):
        await kept.write(kept.deciding(taken.turn))
    with pytest.raises(UnknownTurn):
        await kept.write(kept.deciding("t-nobody"))


async def test_a_web_conversation_opens_for_its_own_token_only(kept: Kept) -> None:
    for conversation, token in (("c-a", "token-a"), ("c-b", "token-b")):
        await kept.write(
            lambda c, i=conversation, t=token: open_web(
                c, kept.vault, inbox="web", conversation=i, customer=f"p-{i}", token=t, now=NOW
            )
        )
    row = await kept.read(lambda c: log.check_token(c, kept.vault, "c-a", "web", "token-a"))
    assert row["id"] == "c-a"
    for wrong in (
        ("c-a", "web", "token-b"),
        ("c-a", "other", "token-a"),
        ("c-x", "web", "token-a"),
        ("c-a", "web", ""),
    ):
        with pytest.raises(WrongToken):
            await kept.read(lambda c, w=wrong: log.check_token(c, kept.vault, *w))


async def test_an_automatic_reply_is_kept_but_never_answered(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms("I am out of office", automatic=True))
    assert not receipt.due
    assert await kept.take(receipt, "t-1") is None


async def test_visible_events_name_the_one_before_them(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    await kept.commit(taken, reply="Yes.", triage={"kind": "question"})
    visible = await kept.read(lambda c: log.read_events(c, kept.vault, taken.head["id"], visible_only=True))
    assert [(e.seq, e.prev, e.kind) for e in visible] == [(1, 0, "received"), (3, 1, "replied")]
