"""A visitor whom the organisation's own system signed for: which customer they are, and whose conversation it is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from kept import NOW, Kept

from memory import consent, controls, log
from memory.errors import WrongToken
from memory.identity import linking, signing_in
from memory.identity.evidence import DEVICE, SIGNED_EMAIL
from memory.identity.known import known
from memory.identity.linking import By
from memory.identity.members import members
from memory.identity.signing_in import Signed, Visit
from memory.messages import Inbound
from memory.receive import open_web
from memory.schema import conversations, customers, identities, links
from memory.suppression import suppress

JO, KIM = Signed("user-1"), Signed("user-2")
PHONE, MAIL = "+442079460018", "jo@example.com"


async def visit(kept: Kept, signed: Signed, name: str = "c-signed", now: datetime = NOW) -> str:
    """A new conversation of a signed user; their customer."""
    given = Visit("web", name, "secret", f"p-{name}", now, "GB")
    await kept.write(lambda c: signing_in.open_signed(c, kept.vault, signed, given))
    return await whose(kept, name)


async def strange(kept: Kept, name: str = "c-web") -> str:
    """A new conversation of a visitor nobody knows; their customer."""
    given: dict[str, Any] = {"inbox": "web", "conversation": name, "customer": f"p-{name}", "token": "secret"}
    await kept.write(lambda c: open_web(c, kept.vault, **given, now=NOW))
    return await whose(kept, name)


async def say(kept: Kept, conversation: str, text: str = "Where is it?") -> None:
    key = f"{conversation}:{text}"
    await kept.receive(Inbound("web", "chat", key, conversation, text, NOW, conversation=conversation))


async def resume(kept: Kept, signed: Signed, name: str, now: datetime = NOW, token: str = "secret") -> bool:  # noqa: S107
    """Whether they may go on with it."""
    given = Visit("web", name, token, f"p-back-{name}-{signed.subject}", now)
    return await kept.write(lambda c: signing_in.resume(c, kept.vault, signed, given)) is not None


async def whose(kept: Kept, conversation: str) -> str:
    return str((await kept.read(lambda c: log.read_head(c, conversation)))["customer_id"])


async def proof(kept: Kept, conversation: str) -> str:
    return str((await kept.read(lambda c: log.read_head(c, conversation)))["proof"])


async def same(kept: Kept, one: str, other: str) -> bool:
    return other in await kept.read(lambda c: members(c, one))


async def test_a_signed_user_is_one_customer_in_every_conversation(kept: Kept) -> None:
    first, second = await visit(kept, JO, "c-1"), await visit(kept, JO, "c-2")
    assert first == second
    assert await visit(kept, KIM, "c-3") != first
    assert await proof(kept, "c-1") == "signed"


async def test_what_the_identity_names_is_theirs_and_proven(kept: Kept) -> None:
    customer = await visit(kept, Signed("user-1", email="Jo@Example.com", phone="020 7946 0018"))
    found = await kept.read(lambda c: known(c, kept.vault, [customer]))
    assert sorted((each.kind, each.value, each.proof) for each in found) == [
        ("email", MAIL, "signed"), ("phone", PHONE, "signed"), ("user", "user-1", "signed"),
    ]  # fmt: skip
    texted = await kept.receive(kept.sms(sender=PHONE))
    mailed = await kept.receive(kept.sms(inbox="mail", channel="email", sender=MAIL))
    assert texted.customer == mailed.customer == customer
    assert await proof(kept, texted.conversation) == "provider"
    assert await proof(kept, mailed.conversation) == "", "anybody can write any sender into a mail"


@pytest.mark.parametrize("nonsense", ["nobody", "x" * 320, "@", "+1", "\u202e"])
async def test_what_is_no_telephone_or_address_is_left_out(kept: Kept, nonsense: str) -> None:
    customer = await visit(kept, Signed("user-1", email=nonsense, phone=nonsense))
    assert [each.kind for each in await kept.read(lambda c: known(c, kept.vault, [customer]))] == ["user"]


async def test_a_telephone_that_its_owner_wrote_from_makes_the_two_one_person(kept: Kept) -> None:
    texted = await kept.receive(kept.sms(sender=PHONE))
    customer = await visit(kept, Signed("user-1", phone=PHONE))
    assert customer != texted.customer
    assert await same(kept, customer, texted.customer)
    (link,) = await kept.rows(links)
    assert (link["state"], link["by"]) == ("merged", "frontdesk")


async def test_an_address_that_somebody_mailed_from_is_a_suggestion(kept: Kept) -> None:
    mailed = await kept.receive(kept.sms(inbox="mail", channel="email", sender=MAIL))
    customer = await visit(kept, Signed("user-1", email=MAIL))
    assert not await same(kept, customer, mailed.customer)
    (link,) = await kept.rows(links)
    assert (link["state"], link["evidence"]) == ("suggested", [SIGNED_EMAIL])


async def test_two_users_with_one_telephone_stay_two(kept: Kept) -> None:
    first = await visit(kept, Signed("user-1", phone=PHONE), "c-1")
    second = await visit(kept, Signed("user-2", phone=PHONE), "c-2")
    assert not await same(kept, first, second)
    assert [link["state"] for link in await kept.rows(links)] == ["suggested"]


async def test_whoever_signs_in_amid_a_conversation_goes_on_with_it(kept: Kept) -> None:
    stranger = await strange(kept)
    await say(kept, "c-web")
    assert await resume(kept, JO, "c-web")
    assert await proof(kept, "c-web") == "signed"
    assert await whose(kept, "c-web") == stranger, "no row moves"
    user = await visit(kept, JO, "c-next")
    assert await same(kept, stranger, user)
    assert await resume(kept, JO, "c-web"), "and again, as often as the socket breaks"
    assert len(await kept.rows(links)) == 1


async def test_a_stolen_secret_opens_nobody_elses_conversation(kept: Kept) -> None:
    await visit(kept, JO, "c-jo")
    assert not await resume(kept, KIM, "c-jo")
    assert await kept.rows(links) == []
    for who in (None, KIM):
        with pytest.raises(WrongToken):
            await kept.read(lambda c, w=who: signing_in.admitted(c, kept.vault, "web", "c-jo", "secret", w))
    assert await kept.read(lambda c: signing_in.admitted(c, kept.vault, "web", "c-jo", "secret", JO))
    with pytest.raises(WrongToken):
        await resume(kept, JO, "c-jo", token="guessed")


async def test_a_conversation_a_user_took_over_is_no_other_users(kept: Kept) -> None:
    await strange(kept)
    await say(kept, "c-web")
    assert await resume(kept, JO, "c-web")
    assert not await resume(kept, KIM, "c-web")


async def test_who_signs_in_long_after_may_be_another_at_the_same_browser(kept: Kept) -> None:
    stranger = await strange(kept)
    await say(kept, "c-web")
    assert not await resume(kept, JO, "c-web", NOW + timedelta(hours=3))
    (link,) = await kept.rows(links)
    assert (link["state"], link["evidence"]) == ("suggested", [DEVICE])
    assert await kept.read(lambda c: members(c, stranger)) == (stranger,)


async def test_a_merge_taken_back_takes_the_conversation_back(kept: Kept) -> None:
    stranger = await strange(kept)
    await say(kept, "c-web")
    await resume(kept, JO, "c-web")
    (row,) = await kept.rows(links)
    link = await kept.read(lambda c: linking.read(c, row["id"], stranger))
    await kept.write(lambda c: linking.undo(c, link, by=By("Ada", "agent"), now=NOW))
    assert await proof(kept, "c-web") == "", "nobody signs for it any more"
    assert not await resume(kept, JO, "c-web"), "people said that these two are not one"


async def test_a_legal_hold_on_the_visitor_is_not_merged_across(kept: Kept) -> None:
    stranger = await strange(kept)
    await say(kept, "c-web")
    await kept.write(lambda c: controls.put(c, f"hold/{stranger}", {"on": True}, "Ada", "a law suit", NOW))
    assert not await resume(kept, JO, "c-web")
    assert [link["state"] for link in await kept.rows(links)] == ["suggested"]


async def test_many_sockets_of_a_user_at_once_make_one_customer(kept: Kept) -> None:
    who = Signed("user-1", email=MAIL, phone=PHONE, name="Jo Lee")
    found = await asyncio.gather(*(visit(kept, who, f"c-{n}") for n in range(6)))
    assert len(set(found)) == 1
    assert len(await kept.rows(customers)) == 1
    assert len(await kept.rows(identities)) == 3


async def test_a_transaction_cut_off_leaves_nothing_and_run_again_makes_it_once(kept: Kept) -> None:
    await kept.receive(kept.sms(sender=PHONE))
    who, given = Signed("user-1", phone=PHONE, email=MAIL), Visit("web", "c-1", "secret", "p-1", NOW)

    class Cut(Exception):
        pass

    def cut(connection: Any) -> None:
        signing_in.open_signed(connection, kept.vault, who, given)
        raise Cut

    with pytest.raises(Cut):
        await kept.write(cut)
    kept.vault.forget("p-1")
    assert len(await kept.rows(customers)) == 1
    assert await kept.rows(links) == []
    for _ in range(2):  # the second is the same visit's transaction, run again
        await kept.write(lambda c: signing_in.open_signed(c, kept.vault, who, given))
    assert len(await kept.rows(links)) == 1
    assert len([row for row in await kept.rows(conversations) if row["inbox"] == "web"]) == 1


async def test_an_opt_out_that_outlived_an_erasure_comes_back_with_any_identity(kept: Kept) -> None:
    texted = await kept.receive(kept.sms(sender=PHONE, text="STOP"))
    mailed = await kept.receive(kept.sms(inbox="mail", channel="email", sender=MAIL))

    def erased(connection: Any) -> None:
        link = linking.merge(connection, texted.customer, mailed.customer, ["desk"], id="l-1", by=By(), now=NOW)
        for each in (link.customer, link.other):
            suppress(connection, each, NOW)
        for table in (identities, customers):
            connection.execute(table.delete())
        connection.execute(links.delete())

    await kept.write(erased)
    customer = await visit(kept, Signed("user-1", email=MAIL, phone=PHONE))
    assert await kept.read(lambda c: consent.opted_out(c, customer, "sms"))


async def test_the_name_is_known_to_the_vault_and_nowhere_else(kept: Kept) -> None:
    customer = await visit(kept, Signed("user-1", name="Jo Lee"))
    book = await kept.read(lambda c: kept.vault.book(c, customer))
    assert [(each.entity, each.value) for each in book.entries()] == [("PERSON", "Jo Lee")]
