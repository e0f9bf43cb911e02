"""Files of a message: sealed beside it, refused where they could harm, gone with the customer. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kept import NOW, Kept
from sqlalchemy import insert

from memory import attachments
from memory.errors import Replayed, UnknownAttachment
from memory.file_kinds import MAX_FILES
from memory.log import read_head
from memory.messages import Attachment, Inbound
from memory.receive import receive
from memory.schema import attachments as rows
from memory.schema import claims
from memory.schema import outbox as outbox_rows

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def mail(*files: Attachment, **fields: object) -> Inbound:
    given = {
        "inbox": "mail",
        "channel": "email",
        "provider_id": "one@example.org",
        "sender": "ann@example.org",
        "text": "See the picture.",
        "received_at": NOW,
        "attachments": files,
    }
    return Inbound(**{**given, **fields})  # type: ignore[arg-type]  # values of every field


async def test_a_file_is_kept_sealed_beside_its_message_and_read_back(kept: Kept) -> None:
    receipt = await kept.receive(mail(Attachment("broken boot.png", "image/jpeg", PNG)))
    [row] = await kept.rows(rows)
    assert (row["conversation_id"], row["customer_id"], row["seq"]) == (receipt.conversation, receipt.customer, 1)
    assert PNG not in row["body"]
    assert b"boot" not in row["name"]
    found = await kept.read(lambda c: attachments.read_any(c, kept.vault, row["id"]))
    assert found[0] == receipt.conversation
    assert (found[1].name, found[1].type, found[1].body, found[1].verdict) == (
        "broken boot.png",
        "image/png",
        PNG,
        "kept",
    )
    assert found[1].is_picture
    [event] = await kept.events(receipt.conversation)
    [listed] = event.meta["attachments"]
    assert listed == {"id": row["id"], "type": "image/png", "size": len(PNG), "verdict": "kept"}


async def test_a_refused_file_leaves_its_name_and_why_and_no_bytes(kept: Kept) -> None:
    receipt = await kept.receive(mail(Attachment("photo.jpg", "image/jpeg", b"MZ\x90\0program")))
    [row] = await kept.rows(rows)
    assert row["body"] is None
    found = await kept.read(lambda c: attachments.read(c, kept.vault, receipt.conversation, row["id"]))
    assert (found.name, found.size, found.verdict) == ("photo.jpg", 11, "refused: a program")
    assert not found.is_picture


async def test_a_message_that_comes_twice_keeps_its_files_once(kept: Kept) -> None:
    await kept.receive(mail(Attachment("a.png", "", PNG)))
    assert (await kept.receive(mail(Attachment("a.png", "", PNG)))).duplicate
    assert len(await kept.rows(rows)) == 1


async def test_card_numbers_are_cut_out_of_text_files_and_names(kept: Kept) -> None:
    file = Attachment("4111111111111111.txt", "text/plain", b"My card is 4111 1111 1111 1111, cvv 123")
    receipt = await kept.receive(mail(file))
    found = await kept.read(lambda c: attachments.files_of(c, kept.vault, receipt.conversation))
    [one] = found[1]
    assert "411111" not in one.name
    body = (await kept.read(lambda c: attachments.read_any(c, kept.vault, one.id)))[1].body
    assert body == b"My card is [card ending 1111], cvv [security code removed]"


async def test_more_files_than_one_message_may_have_are_named_and_refused(kept: Kept) -> None:
    receipt = await kept.receive(mail(*(Attachment(f"{n}.png", "", PNG) for n in range(MAX_FILES + 2))))
    files = (await kept.read(lambda c: attachments.files_of(c, kept.vault, receipt.conversation)))[1]
    assert (
        sorted(one.verdict for one in files)
        == ["kept"] * MAX_FILES + ["refused: more than 20 files in one message"] * 2
    )


async def test_a_file_of_another_conversation_is_not_read_in_this_one(kept: Kept) -> None:
    await kept.receive(mail(Attachment("a.png", "", PNG)))
    other = await kept.receive(mail(provider_id="two@example.org", sender="bob@example.org"))
    [row] = await kept.rows(rows)
    with pytest.raises(UnknownAttachment):
        await kept.read(lambda c: attachments.read(c, kept.vault, other.conversation, row["id"]))
    with pytest.raises(UnknownAttachment):
        await kept.read(lambda c: attachments.read_any(c, kept.vault, "a-none"))


async def test_a_one_time_token_brings_one_message(kept: Kept) -> None:
    first = await kept.receive(mail(once="token-1"))
    again = await kept.receive(mail(once="token-1"))
    assert (again.duplicate, again.seq) == (True, first.seq)
    with pytest.raises(Replayed):
        await kept.receive(mail(provider_id="forged@example.org", once="token-1"))
    assert [row["provider_id"] for row in await kept.rows(claims) if row["inbox"] == "mail"] == ["one@example.org"]


async def test_a_sender_with_too_many_replies_in_an_hour_waits_for_a_person_without_a_word(kept: Kept) -> None:
    first = await kept.receive(mail())
    await replies(kept, first.conversation, first.customer, 3)
    last = await kept.receive(mail(provider_id="next@example.org", most_replies=3))
    head = await kept.read(lambda c: read_head(c, first.conversation))
    assert (last.due, head["owner"], head["priority"]) == (False, "queue", "low")
    assert [event.kind for event in await kept.events(first.conversation)] == ["received", "received", "handed_over"]
    assert len(await kept.rows(outbox_rows)) == 3
    later = await kept.receive(mail(provider_id="more@example.org", most_replies=3))
    assert not later.due
    assert len(await kept.events(first.conversation)) == 4


async def test_replies_of_an_hour_ago_and_other_senders_do_not_count(kept: Kept) -> None:
    first = await kept.receive(mail())
    await replies(kept, first.conversation, first.customer, 3)
    other = await kept.receive(mail(provider_id="o@example.org", sender="bob@example.org", most_replies=3))
    assert other.due
    fresh, later = kept.ids(), NOW + timedelta(hours=1, seconds=1)
    message = mail(provider_id="next@example.org", most_replies=3)
    assert (await kept.write(lambda c: receive(c, kept.vault, message, fresh, later))).due


async def replies(kept: Kept, conversation: str, customer: str, count: int) -> None:
    given = {
        "conversation_id": conversation,
        "customer_id": customer,
        "seq": 1,
        "inbox": "mail",
        "channel": "email",
        "purpose": "reply",
        "payload": b"",
        "status": "sent",
        "next_at": NOW,
        "created_at": NOW,
    }
    made = [{**given, "id": f"turn-{n}"} for n in range(count)]
    await kept.write(lambda c: c.execute(insert(outbox_rows), made))
