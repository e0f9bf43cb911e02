"""What is known of customers, as stored: kept once, settled in any order, never another's, gone for good."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from kept import NOW, Kept

from memory import schema
from memory.erasure.rows import erase
from memory.errors import UnknownCustomer, UnknownMemory
from memory.facts import keeping
from memory.facts.keeping import Waiting, claim_id
from memory.facts.superseding import Claim

DAY = timedelta(days=1)


def claim(customer: str, value: str, day: int = 0, seq: int = 1, **fields: Any) -> Claim:
    given: dict[str, Any] = {
        "customer": customer, "kind": "fact", "attribute": "home", "value": value, "text": f"Lives in {value}.",
        "said_at": NOW + day * DAY, "valid_from": NOW + day * DAY, "confidence": 0.9, "seq": seq, "conversation": "c-x",
    }  # fmt: skip
    given |= fields
    given.setdefault("id", claim_id(given["conversation"], seq, given["kind"], given["attribute"], value))
    return Claim(**given)


async def made(kept: Kept, sender: str = "+441632960001") -> tuple[str, str]:
    """(customer, conversation) of somebody who wrote."""
    receipt = await kept.receive(kept.sms(sender=sender))
    rows = await kept.rows(schema.conversations)
    return next((row["customer_id"], row["id"]) for row in rows if row["id"] == receipt.conversation)


async def keep(kept: Kept, customer: str, *claims: Claim) -> list[str]:
    return await kept.write(lambda c: keeping.keep(c, kept.vault, customer, claims, NOW))


async def values(kept: Kept, customer: str, day: float) -> list[str]:
    found = await kept.read(lambda c: keeping.of(c, kept.vault, [customer], NOW + day * DAY))
    return [each.value for each in found]


async def test_what_is_kept_twice_is_there_once(kept: Kept) -> None:
    customer, _ = await made(kept)
    york = claim(customer, "York")
    assert await keep(kept, customer, york) == [york.id]
    assert await keep(kept, customer, york, york) == []
    assert len(await kept.rows(schema.memories)) == 1


async def test_a_move_ends_the_old_home_whichever_is_heard_first(kept: Kept) -> None:
    for n, order in enumerate(itertools.permutations([("York", 0), ("Hull", 3), ("Leeds", 5)])):
        customer, _ = await made(kept, f"+4416329600{n:02}")
        for value, day in order:
            await keep(kept, customer, claim(customer, value, day, seq=day + 1, conversation=f"c-{n}"))
        assert [await values(kept, customer, day) for day in (1, 4, 9)] == [["York"], ["Hull"], ["Leeds"]]


async def test_a_memory_that_changed_is_told_to_the_index_again(kept: Kept) -> None:
    customer, _ = await made(kept)
    york, leeds = claim(customer, "York"), claim(customer, "Leeds", 5, seq=2)
    await keep(kept, customer, york)
    seen = await kept.read(lambda c: keeping.unindexed(c, kept.vault, 10))
    assert await kept.write(lambda c: keeping.indexed(c, seen, NOW)) == []
    assert await kept.read(lambda c: keeping.unindexed(c, kept.vault, 10)) == []
    await keep(kept, customer, leeds)
    again = await kept.read(lambda c: keeping.unindexed(c, kept.vault, 10))
    assert {id for id, _ in again} == {york.id, leeds.id}


async def test_what_changes_while_the_index_is_told_is_told_once_more(kept: Kept) -> None:
    customer, _ = await made(kept)
    york = claim(customer, "York")
    await keep(kept, customer, york)
    seen = await kept.read(lambda c: keeping.unindexed(c, kept.vault, 10))
    await keep(kept, customer, claim(customer, "Leeds", 5, seq=2))
    await kept.write(lambda c: keeping.indexed(c, seen, NOW))
    again = await kept.read(lambda c: keeping.unindexed(c, kept.vault, 10))
    assert york.id in {id for id, _ in again}


async def test_what_was_forgotten_is_not_taken_from_the_log_again(kept: Kept) -> None:
    customer, _ = await made(kept)
    york, again = claim(customer, "York"), claim(customer, "York", 2, seq=2)
    await keep(kept, customer, york, again)
    gone = await kept.write(lambda c: keeping.forget(c, kept.vault, york.id, NOW))
    assert set(gone) == {york.id, again.id}
    assert await keep(kept, customer, york, again) == []
    assert await values(kept, customer, 9) == []
    assert await kept.read(lambda c: keeping.history(c, kept.vault, [customer])) == ()
    assert await kept.read(lambda c: keeping.forgotten_at(c, "c-x")) == {1, 2}
    with pytest.raises(UnknownMemory):
        await kept.write(lambda c: keeping.forget(c, kept.vault, york.id, NOW))


async def test_forgetting_a_move_brings_the_old_home_back(kept: Kept) -> None:
    customer, _ = await made(kept)
    leeds = claim(customer, "Leeds", 5, seq=2)
    await keep(kept, customer, claim(customer, "York"), leeds)
    await kept.write(lambda c: keeping.forget(c, kept.vault, leeds.id, NOW))
    assert await values(kept, customer, 9) == ["York"]


async def test_what_the_desk_ends_holds_no_longer_and_stays_to_be_shown(kept: Kept) -> None:
    customer, _ = await made(kept)
    york = claim(customer, "York")
    await keep(kept, customer, york)
    await kept.write(lambda c: keeping.end(c, kept.vault, york.id, "m-end", "ended", NOW + DAY))
    assert await values(kept, customer, 2) == []
    (known,) = [k for k in await kept.read(lambda c: keeping.history(c, kept.vault, [customer])) if not k.denies]
    assert known.ended_why == "denied"


async def test_standing_gives_what_was_asked_for_in_force_and_nothing_else(kept: Kept) -> None:
    customer, _ = await made(kept)
    wish = {"attribute": "delivery", "kind": "instruction"}
    await keep(
        kept, customer,
        claim(customer, "York"),
        claim(customer, "in the porch", seq=2, **wish),
        claim(customer, "with the neighbour", 1, seq=3, until=NOW + 3 * DAY, **wish),
        claim(customer, "email", seq=4, attribute="contact_channel", kind="preference"),
    )  # fmt: skip

    async def standing(day: float) -> list[str]:
        found = await kept.read(lambda c: keeping.standing(c, kept.vault, [customer], NOW + day * DAY))
        return [each.value for each in found]

    assert await standing(2) == ["with the neighbour", "email"]
    assert await standing(4) == ["email", "in the porch"]


async def test_nothing_of_another_customer_is_read(kept: Kept) -> None:
    one, _ = await made(kept, "+441632960001")
    other, _ = await made(kept, "+441632960002")
    mine, theirs = claim(one, "York"), claim(other, "Hull", conversation="c-y")
    await keep(kept, one, mine)
    await keep(kept, other, theirs)
    assert await values(kept, one, 1) == ["York"]
    with pytest.raises(UnknownMemory):
        await kept.read(lambda c: keeping.one(c, kept.vault, [one], theirs.id))
    assert [m.value for m in await kept.read(lambda c: keeping.read(c, kept.vault, [theirs.id, "m-no", mine.id]))] == [
        "Hull",
        "York",
    ]


async def test_the_rows_hold_no_word_that_can_be_read(kept: Kept) -> None:
    customer, _ = await made(kept)
    await keep(kept, customer, claim(customer, "Scunthorpe"))
    (row,) = await kept.rows(schema.memories)
    assert b"Scunthorpe" not in bytes(row["body"])
    assert "Scunthorpe" not in str({name: value for name, value in row.items() if name != "body"})


async def test_an_erased_customer_gets_no_memory_back(kept: Kept) -> None:
    customer, _ = await made(kept)
    await kept.write(lambda c: erase(c, kept.vault, customer, by="ada", role="admin", why="", now=NOW))
    with pytest.raises(UnknownCustomer):
        await keep(kept, customer, claim(customer, "York"))
    assert await kept.rows(schema.memories) == []


async def test_a_conversation_waits_until_it_is_remembered_and_only_one_says_so(kept: Kept) -> None:
    _, conversation = await made(kept)
    later = NOW + DAY
    (waiting,) = await kept.read(lambda c: keeping.unremembered(c, later, 10))
    assert waiting == Waiting(conversation, waiting.customer, 0, 1)
    assert await kept.read(lambda c: keeping.unremembered(c, later, 10, [conversation])) == []
    assert await kept.write(lambda c: keeping.remembered(c, waiting, 1))
    assert not await kept.write(lambda c: keeping.remembered(c, waiting, 1))
    assert await kept.read(lambda c: keeping.unremembered(c, later, 10)) == []
    assert await kept.write(keeping.start_over) == 1
    assert len(await kept.read(lambda c: keeping.unremembered(c, later, 10))) == 1


async def test_a_conversation_whose_turn_runs_is_left_alone(kept: Kept) -> None:
    taken = await kept.received_and_taken()
    assert await kept.read(lambda c: keeping.unremembered(c, NOW, 10)) == []
    await kept.commit(taken, reply="It is on its way.")
    assert len(await kept.read(lambda c: keeping.unremembered(c, NOW, 10))) == 1
