"""One person goes from web chat to email to SMS, and the assistant knows what they talked of; nobody else is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from agent_support import Office, deps, office

from agent.merging import merging
from agent.oversight import Actor
from memory import log
from memory.identity.signing_in import Signed
from memory.messages import Inbound
from memory.schema import links, turns

pytestmark = pytest.mark.server  # a whole office each: Frontdesk itself

JO_PHONE, JO_MAIL, OTHER = "+442079460018", "jo@example.com", "+442079460019"
JO = Signed("user-1", email="Jo@Example.com", phone="020 7946 0018", name="Jo Lee")
ORDER = "ORD-77311"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite:///{tmp_path}/log.db", deps(region="GB"), pushes=("sms", "mail")) as opened:
        yield opened


async def chat(shop: Office, text: str, signed: Signed | None, held: Any = None) -> Any:
    """Says something in the live chat, in a new conversation or the one that is held."""
    conversation, token = (held.conversation, held.token) if held else (None, None)
    opened = await shop.runtime.open_chat("web", conversation, token, signed)
    await shop.runtime.receive(
        Inbound("web", "chat", f"{opened.conversation}:{text}", opened.conversation, text, datetime.now(UTC),
                conversation=opened.conversation)
    )  # fmt: skip
    await shop.settled(opened.conversation)
    return opened


async def mail(shop: Office, text: str, sender: str = JO_MAIL) -> str:
    return await shop.ask(text, sender=sender, inbox="mail", channel="email")


async def context(shop: Office, conversation: str) -> str:
    """All that the newest turn of the conversation was made from."""
    (*_, turn) = await shop.turns(conversation)
    return str(turn["record"])


async def customer(shop: Office, conversation: str) -> str:
    return str((await shop.head(conversation))["customer_id"])


async def test_from_chat_to_mail_to_text_with_one_context(shop: Office) -> None:
    opened = await chat(shop, f"My tent of order {ORDER} has a broken pole.", JO)
    written = await mail(shop, "Here is the photo you asked for.")
    texted = await shop.ask("When does the new pole come?", sender=JO_PHONE)
    assert len({await customer(shop, each) for each in (opened.conversation, written, texted)}) == 1
    seen = await context(shop, texted)
    assert ORDER in seen, "what was said in the chat is in the context of the text"
    assert "the photo you asked for" in seen
    proofs = [(await shop.head(each))["proof"] for each in (opened.conversation, written, texted)]
    assert proofs == ["signed", "", "provider"]


async def test_somebody_else_with_the_same_name_never_sees_it(shop: Office) -> None:
    await chat(shop, f"I am Jo Lee. My tent of order {ORDER} has a broken pole.", JO)
    texted = await shop.ask("I am Jo Lee. When does the new pole come?", sender=OTHER)
    written = await mail(shop, "I am Jo Lee. Where is my order?", "jo.lee@example.com")
    stranger = await chat(shop, f"I am Jo Lee, {JO_PHONE}, {JO_MAIL}. Where is my order?", None)
    other = await chat(shop, "I am Jo Lee. Where is my order?", Signed("user-2", name="Jo Lee"))
    for conversation in (texted, written, stranger.conversation, other.conversation):
        assert ORDER not in await context(shop, conversation)
    assert not [row for row in await shop.rows(links) if row["state"] == "merged"]


async def test_a_visitor_who_signs_in_goes_on_with_what_they_said_before(shop: Office) -> None:
    opened = await chat(shop, f"My order {ORDER} has a broken pole.", None)
    await chat(shop, "It is me.", JO, opened)
    texted = await shop.ask("When does the new pole come?", sender=JO_PHONE)
    assert ORDER in await context(shop, texted)
    assert await customer(shop, texted) != await customer(shop, opened.conversation), "no row moved"


async def test_people_join_two_and_part_them_again(shop: Office) -> None:
    texted = await shop.ask(f"My order {ORDER} has a broken pole.", sender=JO_PHONE)
    written = await mail(shop, "And?")
    assert ORDER not in await context(shop, written)
    desk, ada = merging(shop.runtime.oversight), Actor("ada", "admin")
    pair = await customer(shop, written), await customer(shop, texted)
    joined = await desk.join(*pair, ada, "they said so on the telephone", datetime.now(UTC))
    await mail(shop, "And now?")
    assert ORDER in await context(shop, written)
    await desk.undo(pair[0], joined.merged[0].id, ada, "a mistake", datetime.now(UTC))
    await mail(shop, "And after?")
    assert ORDER not in await said_elsewhere(shop, written)


async def said_elsewhere(shop: Office, conversation: str) -> str:
    (*_, turn) = await shop.turns(conversation)
    return str([turn["record"].get("earlier"), turn["record"].get("slots")])


async def test_an_opt_out_by_text_holds_for_the_person(shop: Office) -> None:
    opened = await chat(shop, "Hello", JO)
    await shop.receive("STOP", sender=JO_PHONE)
    profile = (await shop.runtime.oversight.standings(await customer(shop, opened.conversation)))["sms"]
    assert profile["all"] == "out"


async def test_another_process_goes_on_with_the_same_person(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    async with office(url, deps(region="GB"), pushes=("sms",)) as first:
        opened = await chat(first, f"My order {ORDER} has a broken pole.", JO)
    async with office(url, deps(region="GB"), pushes=("sms",)) as second:
        await chat(second, "Hello again", JO, opened)
        texted = await second.ask("When does the new pole come?", sender=JO_PHONE)
        assert ORDER in await context(second, texted)
        assert await second.store.read(lambda c: log.read_head(c, texted)["proof"]) == "provider"
        assert {row["status"] for row in await second.rows(turns)} == {"committed"}
