"""Everything held about a customer can be given out, and taken away so that nothing of it can be read."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from kept import LATER, NOW, Kept
from sqlalchemy import insert, select

from memory import attachments, audit, controls, ownership, schema, tasks
from memory.consent import record_consent, standing
from memory.customers import find_or_make
from memory.erasure.holds import hold_name
from memory.erasure.rows import Ended, end_keys, end_rows, erase
from memory.erasure.settling import settle
from memory.errors import Held, UnknownConversation, UnknownCustomer
from memory.export import counted, export
from memory.held import HOLDINGS, NOT_PERSONAL
from memory.log import Head
from memory.receive import NewIds, receive
from memory.subscriptions import subscribe

SECRET = "Xanthippe Quillfeather"
PHONE = "+441632960001"


async def furnish(kept: Kept) -> str:
    """A customer with something in every table that can hold a person's data; their id."""
    taken = await kept.received_and_taken()
    customer, conversation = taken.head["customer_id"], taken.head["id"]
    await kept.receive(kept.sms(f"It is {SECRET} again", kind="message"))

    def fill(connection: Any) -> None:
        book = kept.vault.book(connection, customer, to_write=True)
        book.pseudonym_for("PERSON", SECRET)
        kept.vault.keep(connection, customer, book)
        head = Head.lock(connection, kept.vault, conversation)
        attachments.keep(connection, kept.vault, head, 1, f"{SECRET}.txt", "text/plain", SECRET.encode(), "a-1", NOW)
        keys = {"endpoint": f"https://push.example/{SECRET}", "p256dh": "p", "auth": "a", "words": "w"}
        subscribe(head, keys, NOW)
        sealer = kept.vault.sealer(connection, customer)
        context = f"{conversation}:hook:h-1".encode()
        rows: list[tuple[Any, dict[str, Any]]] = [
            (
                schema.campaign_members,
                {"campaign_id": "m-1", "customer_id": customer, "inbox": "sms", "variant": "a", "step": 1}
                | {"status": "queued", "at": NOW, "values": sealer.seal(f'{{"name":"{SECRET}"}}', b"campaign:m-1")},
            ),
            (
                schema.hooks,
                {"id": "h-1", "endpoint": "crm", "event": "received", "conversation_id": conversation, "seq": 1}
                | {"customer_id": customer, "payload": sealer.seal(f'{{"text":"{SECRET}"}}', context)}
                | {"status": "sent", "next_at": NOW, "created_at": NOW},
            ),
            (
                schema.dead_letters,
                {"id": "d-1", "kind": "send", "ref": "r", "conversation_id": conversation, "reason": "x", "at": NOW},
            ),
            (
                schema.corrections,
                {"id": "f-1", "kind": "wrong", "collection": "help", "turn_id": "t-1", "by": "ada", "at": NOW}
                | {"why": f"{SECRET} complained"},
            ),
            (
                schema.memories,
                {"id": "m-1", "customer_id": customer, "kind": "fact", "confidence": 0.9, "origin": "said"}
                | {"body": sealer.seal('{"text":"is called <PERSON_1>","value":"<PERSON_1>"}', b"memory:m-1")}
                | {"said_at": NOW, "valid_from": NOW, "created_at": NOW},
            ),
            (
                schema.segments,
                {"conversation_id": conversation, "number": 1, "from_seq": 1, "to_seq": 1, "version": 1}
                | {"made_by": "extractive", "at": NOW}
                | {"body": sealer.seal('{"text":"<PERSON_1> asked"}', f"{conversation}:segment:1:1".encode())},
            ),
            (
                schema.links,
                {"id": "l-1", "customer_id": "p-stranger", "other_id": customer, "state": "suggested", "score": 0.3}
                | {"evidence": ["name"], "by": "rules", "why": f"{SECRET} twice", "at": NOW},
            ),
        ]
        for table, values in rows:
            connection.execute(insert(table).values(**values))
        tasks.open_task(
            connection, id="q-1", kind="erasure", conversation=conversation, customer=customer, seq=1, now=NOW
        )
        tasks.verify(connection, "q-1", f"{SECRET} called", "ada", "agent", NOW)
        record_consent(
            connection, id="k-1", customer=customer, channel="sms", purpose="marketing", state="out",
            evidence={"words": "stop"}, now=NOW,
        )  # fmt: skip
        ownership.take_over(connection, kept.vault, conversation, "ada", NOW)
        ownership.say(connection, kept.vault, conversation, "ada", f"Hello {SECRET}", key="1", push=True, now=NOW)

    await kept.write(fill)
    return str(customer)


async def erased(kept: Kept, customer: str) -> Ended:
    return await kept.write(
        lambda c: erase(c, kept.vault, customer, by="ada", role="admin", why="they asked", now=LATER)
    )


def test_no_table_is_forgotten() -> None:
    known = {holding.table.name for holding in HOLDINGS} | NOT_PERSONAL
    personal = {"customer_id", "conversation_id", "turn_id"}
    forgotten = [t.name for t in schema.metadata.tables.values() if t.name not in known]
    assert forgotten == [], "a table is neither exported and erased nor known to hold nothing of a person"
    assert [n for n in NOT_PERSONAL if personal & set(schema.metadata.tables[n].columns.keys())] == []


async def test_an_export_holds_everything_in_the_clear(kept: Kept) -> None:
    customer = await furnish(kept)
    found = await kept.read(lambda c: export(c, kept.vault, customer, NOW))
    again = orjson.loads(orjson.dumps(found))
    assert again == found, "an export is plain JSON"
    held = found["held"]
    assert found["unreadable"] == []
    assert [name for name, rows in held.items() if not rows] == []
    assert held["identities"][0]["value"] == PHONE
    assert [each["value"] for each in held["vault"]] == [SECRET]
    assert SECRET in held["events"][1]["body"]
    assert held["outbox"][0]["payload"]["text"] == f"Hello {SECRET}"
    assert base64.b64decode(held["attachments"][0]["body"]).decode() == SECRET
    assert held["hooks"][0]["payload"] == {"text": SECRET}
    assert held["campaign_members"][0]["values"] == {"name": SECRET}
    assert SECRET in held["subscriptions"][0]["body"]["endpoint"]
    assert held["consents"][0]["state"] == "out"
    assert held["memories"][0]["body"] == {"text": f"is called {SECRET}", "value": SECRET}
    assert held["segments"][0]["body"] == {"text": f"{SECRET} asked"}
    assert (held["links"][0]["state"], held["links"][0].get("customer_id")) == ("suggested", None)
    flat = str(found)
    assert not any(word in flat for word in ("'key'", "token_hash", "'hash'", "lease"))


async def test_what_does_not_open_is_named_and_leaves_the_rest_whole(kept: Kept) -> None:
    customer = await furnish(kept)
    spoilt = schema.attachments.update().values(body=b"\x01spoilt")
    await kept.write(lambda c: c.execute(spoilt).rowcount)
    found = await kept.read(lambda c: export(c, kept.vault, customer, NOW))
    assert found["unreadable"] == ["attachments.body"]
    assert found["held"]["attachments"][0]["name"] == f"{SECRET}.txt"


async def test_an_erasure_leaves_nothing_and_proves_it(kept: Kept) -> None:
    customer = await furnish(kept)
    before = counted((await kept.read(lambda c: export(c, kept.vault, customer, NOW)))["held"])
    done = await erased(kept, customer)
    assert {**done.removed, **done.emptied} == before
    assert set(done.emptied) == {"tasks", "corrections"}
    with pytest.raises(UnknownCustomer):
        await kept.read(lambda c: export(c, kept.vault, customer, NOW))
    for holding in HOLDINGS:
        left = await kept.rows(holding.table)
        assert not any(SECRET in str(row) or PHONE in str(row) for row in left), holding.table.name
    assert [row["note"] for row in await kept.rows(schema.tasks)] == [""]
    assert [row["identity"] for row in await kept.rows(schema.tasks)] == [None]
    noted = (await kept.rows(schema.audit))[-1]
    assert (noted["act"], noted["subject"], noted["seq"]) == ("customer.erased", f"customer:{customer}", done.audit_seq)
    assert await kept.read(audit.verify) is None


async def test_others_keep_everything(kept: Kept) -> None:
    customer = await furnish(kept)
    other = await kept.receive(kept.sms("Mine stays", sender="+441632960002"))
    await erased(kept, customer)
    found = await kept.read(lambda c: export(c, kept.vault, other.customer, NOW))
    assert [event["body"] for event in found["held"]["events"]] == ["Mine stays"]
    assert await kept.read(lambda c: kept.vault.sealer(c, other.customer)) is not None


async def test_who_opted_out_stays_so_when_they_come_back(kept: Kept) -> None:
    customer = await furnish(kept)
    done = await erased(kept, customer)
    assert done.suppressed == 1
    back = await kept.write(lambda c: find_or_make(c, kept.vault, "sms", PHONE, "p-back", LATER))
    assert back == "p-back"
    assert await kept.read(lambda c: standing(c, back, "sms", "marketing")) == "out"
    assert await kept.read(lambda c: standing(c, back, "sms", "all")) == "unknown"
    stranger = await kept.write(lambda c: find_or_make(c, kept.vault, "sms", "+441632960777", "p-new", LATER))
    assert await kept.read(lambda c: standing(c, stranger, "sms", "marketing")) == "unknown"


async def test_who_opts_in_again_is_no_longer_on_the_list(kept: Kept) -> None:
    await erased(kept, await furnish(kept))
    back = await kept.write(lambda c: find_or_make(c, kept.vault, "sms", PHONE, "p-back", LATER))
    later = LATER + timedelta(days=1)
    await kept.write(
        lambda c: record_consent(
            c, id="k-2", customer=back, channel="sms", purpose="marketing", state="in", evidence={}, now=later
        )
    )
    done = await kept.write(lambda c: erase(c, kept.vault, back, by="ada", role="admin", why="", now=later))
    assert done.suppressed == 0
    again = await kept.write(lambda c: find_or_make(c, kept.vault, "sms", PHONE, "p-3", later))
    assert await kept.read(lambda c: standing(c, again, "sms", "marketing")) == "unknown"


async def test_a_legal_hold_keeps_it_until_it_is_lifted(kept: Kept) -> None:
    customer = await furnish(kept)
    await kept.write(lambda c: controls.put(c, hold_name(customer), {"on": True}, "ben", "a claim", NOW, "admin"))
    with pytest.raises(Held, match="ben put a legal hold on this customer: a claim"):
        await erased(kept, customer)
    assert (await kept.read(lambda c: export(c, kept.vault, customer, NOW)))["held"]["events"]
    await kept.write(lambda c: controls.put(c, hold_name(customer), {"on": False}, "ben", "settled", NOW, "admin"))
    assert (await erased(kept, customer)).removed["customers"] == 1


async def test_an_erased_customer_cannot_be_erased_again_nor_their_conversation_opened(kept: Kept) -> None:
    customer = await furnish(kept)
    (row,) = await kept.rows(schema.conversations)
    await erased(kept, customer)
    with pytest.raises(UnknownCustomer):
        await erased(kept, customer)
    with pytest.raises(UnknownConversation):
        await kept.events(row["id"])
    taken = await kept.read(lambda c: c.execute(select(schema.turns.c.id)).all())
    assert taken == []


async def test_who_writes_again_is_a_new_customer(kept: Kept) -> None:
    customer = await furnish(kept)
    await erased(kept, customer)
    again = kept.sms("It is me")
    receipt = await kept.write(lambda c: receive(c, kept.vault, again, NewIds("c-new", "p-new", "k-new"), LATER))
    assert (receipt.customer, receipt.conversation) == ("p-new", "c-new")
    assert [event.text for event in await kept.events("c-new")] == ["It is me"]


async def merged(kept: Kept, one: str, other: str) -> None:
    into = schema.customers.update().where(schema.customers.c.id == other).values(merged_into=one)
    await kept.write(lambda c: c.execute(into).rowcount)


async def test_all_customers_who_are_the_person_go_and_are_exported_together(kept: Kept) -> None:
    customer = await furnish(kept)
    other = (await kept.receive(kept.sms("From my other one", sender="+441632960002"))).customer
    await merged(kept, customer, other)
    found = await kept.read(lambda c: export(c, kept.vault, other, NOW))
    assert found["customers"] == [other, customer]
    assert {row["value"] for row in found["held"]["identities"]} == {PHONE, "+441632960002"}
    assert found["unreadable"] == []
    assert (await erased(kept, other)).removed["customers"] == 2
    assert await kept.rows(schema.customers) == []
    assert await kept.rows(schema.events) == []


async def test_a_hold_on_any_of_them_keeps_the_person(kept: Kept) -> None:
    customer = await furnish(kept)
    other = (await kept.receive(kept.sms("From my other one", sender="+441632960002"))).customer
    await merged(kept, customer, other)
    await kept.write(lambda c: controls.put(c, hold_name(other), {"on": True}, "ben", "a claim", NOW, "admin"))
    with pytest.raises(Held):
        await erased(kept, customer)
    assert len(await kept.rows(schema.customers)) == 2


async def test_a_lifted_hold_goes_with_what_was_said_in_it(kept: Kept) -> None:
    customer = await furnish(kept)
    for on in (True, False):
        given = {"name": hold_name(customer), "value": {"on": on}, "by": "b", "why": "x", "now": NOW}
        await kept.write(partial(controls.put, **given))  # type: ignore[arg-type]
    await erased(kept, customer)
    assert await kept.rows(schema.controls) == []


async def test_after_the_keys_nothing_opens_and_the_rest_can_follow_later(kept: Kept) -> None:
    """What a crash between the two leaves."""
    customer = await furnish(kept)
    await kept.write(lambda c: end_keys(c, kept.vault, [customer], LATER))
    assert {row["key"] for row in await kept.rows(schema.customers)} == {b""}
    with pytest.raises(UnknownConversation):
        await kept.read(lambda c: kept.vault.sealer(c, customer))
    again = await kept.receive(kept.sms("I write meanwhile"))
    assert again.customer != customer
    assert (await kept.write(lambda c: end_rows(c, [customer]))).removed["events"] > 0
    assert {row["id"] for row in await kept.rows(schema.customers)} == {again.customer}
    assert not any((await kept.write(lambda c: end_rows(c, [customer]))).removed.values())


async def test_no_word_is_left_in_the_file_itself(kept: Kept, store_url: str) -> None:
    """SQLite only: pseudonyms, ids and redacted words are gone from the pages and the journal, too."""
    if not store_url.startswith("sqlite"):
        pytest.skip("PostgreSQL's own vacuum does this")
    customer = await furnish(kept)
    await erased(kept, customer)
    await kept.store.close()
    assert await settle(store_url)
    path = store_url.removeprefix("sqlite:///")
    bytes_left = b"".join(p.read_bytes() for p in Path(path).parent.glob(f"{Path(path).name}*"))
    assert SECRET.encode() not in bytes_left
    assert kept.vault.hash("phone", PHONE).encode() not in bytes_left
