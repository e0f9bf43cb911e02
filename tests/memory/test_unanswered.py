"""Questions that were not answered are read off the log, each once, with every reason, and none of who was erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kept import NOW, Kept
from sqlalchemy import insert

from memory.corrections import Correction, add, end
from memory.erasure.rows import erase
from memory.log import Head
from memory.receive import receive
from memory.schema import turns
from memory.unanswered import Unanswered, unanswered

SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(hours=1)


async def asked(
    kept: Kept,
    turn: str,
    text: str = "Do you sell kayaks?",
    *,
    at: datetime = NOW,
    sender: str = "+441632960001",
    **record: Any,
) -> str:
    """A conversation with one turn whose record is this; unanswered where nothing else is said."""
    fresh, inbound = kept.ids(), kept.sms(sender=sender, text=text)
    receipt = await kept.write(lambda c: receive(c, kept.vault, inbound, fresh, at))
    kept_record = {
        "said": [{"role": "customer", "text": text, "seq": 1}],
        "query": text,
        "template": "unknown",
        "handoff": None,
        "verdicts": [],
    } | record
    row = {"id": turn, "conversation_id": receipt.conversation, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1}
    row |= {"status": "committed", "holder": "x", "started_at": at, "route": "other", "record": kept_record}
    await kept.write(lambda c: c.execute(insert(turns), row).rowcount)
    return receipt.conversation


async def read(kept: Kept, **more: Any) -> list[Unanswered]:
    return await kept.read(lambda c: unanswered(c, SINCE, UNTIL, **more))


def rating(kept: Kept, conversation: str, turn: str, score: int) -> Any:
    def work(connection: Any) -> None:
        head = Head.lock(connection, kept.vault, conversation)
        head.append("feedback", NOW, "", turn=turn, meta={"turn": turn, "score": score})
        head.save()

    return work


def wrong(turn: str, id: str = "f-1") -> Correction:
    return Correction(id, "wrong", "help", turn, "", "", "", "handoff", "", "ada", NOW)


async def test_each_way_of_not_answering_is_told(kept: Kept) -> None:
    await asked(kept, "t-1")
    await asked(kept, "t-2", verdicts=[{"rule": "guard", "decision": "template"}])
    await asked(kept, "t-3", template="handoff_no_answer", handoff={"code": "no_answer"})
    await asked(kept, "t-4", template="", handoff={"code": "asked"})
    rated = await asked(kept, "t-5", template="")
    await kept.write(rating(kept, rated, "t-5", 2))
    fine = await asked(kept, "t-6", template="")
    await kept.write(rating(kept, fine, "t-6", 1))
    await kept.write(rating(kept, fine, "t-6", 4))
    await asked(kept, "t-7", template="")
    await kept.write(lambda c: add(c, wrong("t-7")))
    found = {each.turn: each.why for each in await read(kept)}
    assert found == {
        "t-1": ("not_found",), "t-2": ("refused",), "t-3": ("no_answer",), "t-5": ("rated",), "t-7": ("wrong",),
    }  # fmt: skip


async def test_a_question_with_several_reasons_is_one(kept: Kept) -> None:
    conversation = await asked(kept, "t-1", handoff={"code": "no_answer"})
    await kept.write(rating(kept, conversation, "t-1", 1))
    await kept.write(lambda c: add(c, wrong("t-1")))
    (each,) = await read(kept)
    assert each.why == ("not_found", "no_answer", "rated", "wrong")
    assert (each.text, each.query, each.channel, each.inbox) == ("Do you sell kayaks?",) * 2 + ("sms", "sms")


async def test_a_correction_that_was_withdrawn_counts_no_more(kept: Kept) -> None:
    await asked(kept, "t-1", template="")
    await kept.write(lambda c: add(c, wrong("t-1")))
    assert len(await read(kept)) == 1
    await kept.write(lambda c: end(c, "f-1", "ada", NOW))
    assert await read(kept) == []


async def test_only_those_of_the_period_and_the_inbox_newest_first(kept: Kept) -> None:
    await asked(kept, "t-old", at=NOW - timedelta(days=31))
    await asked(kept, "t-1", at=NOW - timedelta(days=2))
    await asked(kept, "t-2", at=NOW - timedelta(days=1))
    assert [each.turn for each in await read(kept)] == ["t-2", "t-1"]
    assert [each.turn for each in await read(kept, limit=1)] == ["t-2"]
    assert await read(kept, inbox="mail") == []


async def test_a_record_without_words_or_of_another_form_is_passed_over(kept: Kept) -> None:
    await asked(kept, "t-1", said=[])
    await asked(kept, "t-2", said=None)
    await asked(kept, "t-3", said=["x"], verdicts=["y"])
    await asked(kept, "t-4", query=None, verdicts=None)
    assert [(each.turn, each.query) for each in await read(kept)] == [("t-4", "Do you sell kayaks?")]


async def test_an_erased_customer_shows_no_more(kept: Kept) -> None:
    await asked(kept, "t-1", sender="+441632960001")
    await asked(kept, "t-2", sender="+441632960002")
    await kept.write(lambda c: add(c, wrong("t-1")))
    gone = next(each.customer for each in await read(kept) if each.turn == "t-1")
    await kept.write(lambda c: erase(c, kept.vault, gone, by="ada", role="admin", why="asked", now=NOW))
    assert [each.turn for each in await read(kept)] == ["t-2"]


async def test_more_marked_turns_than_a_statement_takes_are_read(kept: Kept) -> None:
    conversation = await asked(kept, "t-0", template="")
    base = {"conversation_id": conversation, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1, "holder": "x"}
    base |= {"status": "committed", "started_at": NOW, "route": "answer"}
    record = {"said": [{"text": "Why?"}], "query": "Why?", "template": ""}
    rows = [{**base, "id": f"n-{n}", "record": record} for n in range(1200)]
    await kept.write(lambda c: c.execute(insert(turns), rows).rowcount)
    await kept.write(lambda c: [add(c, wrong(f"n-{n}", f"f-{n}")) for n in range(1200)])
    assert len(await read(kept)) == 1200
