"""Notifications: once for a key, in the customer's words, by the gate, and known when the customer replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from agent_support import office
from campaign_shop import NIGHT, NOON, Shop, number, shop

from agent.errors import Refused
from channels.proactive.making import Maker
from channels.proactive.notify import HeldByGate, Notice, Notifier
from channels.proactive.recipients import BadRecipient
from channels.proactive.templates import TemplateError
from memory import controls, outbox, ownership, receive
from memory.consent import record_consent
from memory.errors import UnknownCustomer
from memory.log import Head
from memory.schema import conversations, customers


@pytest.fixture
async def acme(store_url: str) -> AsyncIterator[Shop]:
    async with shop(store_url) as opened:
        yield opened


async def test_a_notification_opens_a_conversation_and_a_reply_comes_into_it(acme: Shop) -> None:
    told = await acme.notify()
    await acme.send()
    receipt = await acme.receive("When will it be here?")
    assert receipt.conversation == told.conversation
    events = await acme.events(told.conversation)
    assert [(event.kind, event.text) for event in events] == [
        ("said", "Your order A1 is on its way. Acme"),
        ("received", "When will it be here?"),
    ]
    assert events[0].meta == {"template": "shipped", "variant": "default", "purpose": "notification"}
    assert list(acme.sms.deliveries.values()) == [1]


async def test_the_same_key_is_the_same_notification_however_often_it_comes(acme: Shop) -> None:
    told = await asyncio.gather(*(acme.notify() for _ in range(5)))
    assert sorted(each.duplicate for each in told) == [False, True, True, True, True]
    assert len({(each.conversation, each.seq) for each in told}) == 1
    assert len(await acme.sent()) == 1
    assert not (await acme.notify(key="k-2")).duplicate


async def test_the_words_are_those_of_the_customers_language_and_tier(acme: Shop) -> None:
    assert (await acme.notify(language="de")).variant == "de"
    receipt = await acme.receive("hello", sender=number(2))
    gold = customers.update().where(customers.c.id == receipt.customer).values(tier="gold")
    await acme.store.write(lambda c: c.execute(gold))
    told = await acme.notify(to="", customer=receipt.customer, key="k-2")
    assert (told.variant, told.conversation) == ("gold", receipt.conversation)


async def test_an_email_has_its_own_subject_and_begins_a_thread(acme: Shop) -> None:
    await acme.notify(inbox="mail", to="Jo@Shop.example")
    (claimed,) = await acme.store.write(
        lambda c: outbox.claim_due(c, acme.vault, holder="t", now=datetime.now(UTC), lease_s=60)
    )
    rendered = acme.notifier.ways["mail"].render(claimed.outbound)
    assert (claimed.outbound.recipient, rendered.subject) == ("jo@shop.example", "Your order A1")
    assert rendered.headers["Auto-Submitted"] == "auto-generated"


async def test_a_held_notification_never_holds_an_answer_back(acme: Shop) -> None:
    told = await acme.notify()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await acme.store.write(lambda c: c.execute(outbox.outbox.update().values(next_at=tomorrow)))

    def answer(connection: object) -> None:
        head = Head.lock(connection, acme.vault, told.conversation)  # type: ignore[arg-type]  # a Connection
        seq = head.append("replied", NOON, "Tomorrow.")
        outbox.enqueue(head, "turn-1", seq, "Tomorrow.", "reply", (), NOON)
        head.save()

    await acme.store.write(answer)
    assert await acme.send() == 1
    assert list(acme.sms.deliveries) == ["turn-1"]


async def test_what_no_person_signed_does_not_count_as_an_answer(acme: Shop) -> None:
    receipt = await acme.receive("Where is my parcel?")
    await acme.notify(to="", customer=receipt.customer)
    vault = acme.vault
    await acme.store.write(lambda c: ownership.take_over(c, vault, receipt.conversation, "ada", NOON))
    assert await acme.store.write(lambda c: ownership.release(c, vault, receipt.conversation, "ada", NOON))


async def test_who_opted_out_of_everything_is_refused_by_the_gate(acme: Shop) -> None:
    receipt = await acme.receive("hello")
    await acme.store.write(
        lambda c: record_consent(
            c, id="k-o", customer=receipt.customer, channel="sms", state="out", evidence={}, now=NOON
        )
    )
    await acme.notify()
    await acme.send()
    assert [(row["status"], row["rule"]) for row in await acme.sent()] == [("refused", "opted_out")]


async def test_what_cannot_be_is_refused_and_writes_nothing(acme: Shop) -> None:
    for fields, error in (
        ({"template": "gone"}, TemplateError),
        ({"template": "sale", "values": {}}, Refused),
        ({"values": {}}, TemplateError),
        ({"values": {"order": "x" * 501}}, TemplateError),
        ({"to": "0123"}, BadRecipient),
        ({"to": ""}, BadRecipient),
        ({"to": "", "customer": "p-none"}, UnknownCustomer),
        ({"inbox": "web", "to": "somebody"}, BadRecipient),
    ):
        with pytest.raises(error):
            await acme.notify(**fields)
    assert await acme.sent() == []
    assert await acme.rows(conversations) == []
    assert not (await acme.notify()).duplicate, "a refused one must not use the key up"


async def test_a_chat_shows_it_from_the_log_once_the_gate_lets_it(acme: Shop) -> None:
    given = {"inbox": "web", "conversation": "c-web", "customer": "p-web", "token": "t", "now": NOON}
    await acme.store.write(lambda c: receive.open_web(c, acme.vault, **given))
    told = await acme.notify(inbox="web", to="", customer="p-web")
    assert (told.conversation, told.outbox) == ("c-web", "")
    assert [event.kind for event in await acme.events("c-web")] == ["said"]
    await acme.store.write(lambda c: controls.put(c, "stop/channel/chat", {"on": True}, "ada", "a test", NOON))
    with pytest.raises(HeldByGate, match="stopped by stop/channel/chat"):
        await acme.notify(inbox="web", to="", customer="p-web", key="k-2")
    assert len(await acme.events("c-web")) == 1


async def test_a_chat_is_not_disturbed_in_quiet_hours(acme: Shop) -> None:
    given = {"inbox": "web", "conversation": "c-web", "customer": "p-web", "token": "t", "now": NOON}
    await acme.store.write(lambda c: receive.open_web(c, acme.vault, **given))
    maker = acme.campaigns.maker
    strict = Notifier(
        Maker(maker.store, maker.vault, maker.settings, "Acme", "en"), acme.notifier.ways, acme.notifier.bus
    )
    notice = Notice("web", "shipped", "k-1", customer="p-web", values={"order": "A1"})
    with pytest.raises(HeldByGate, match="until 2026-11-24 08:00 UTC"):
        await strict.notify(notice, NIGHT)
    assert not (await strict.notify(notice, NOON)).duplicate


async def test_the_bot_knows_what_was_said_when_the_customer_replies(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    async with office(url) as place, shop(url) as acme:
        told = await acme.notify()
        conversation = await place.ask("Where is it now?", sender=number(1))
        assert conversation == told.conversation
        (turn,) = await place.turns(conversation)
        heard = [(line["role"], line["text"]) for line in turn["record"]["history"]]
        assert heard == [("agent", "Your order A1 is on its way. Acme")]
