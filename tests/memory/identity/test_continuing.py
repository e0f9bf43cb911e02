"""The same person on the next channel goes on where they were; nobody else ever sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept import NOW, Kept
from sqlalchemy import Connection

from memory import consent, log
from memory.consent import record_consent
from memory.customers import set_place
from memory.identity import linking
from memory.identity.continuing import NOTHING, Earlier, earlier
from memory.identity.linking import By
from memory.identity.profile import profile
from memory.identity.suggesting import typed
from memory.identity.translating import translated
from memory.pseudonyms import Pseudonym, PseudonymBook
from memory.receive import Receipt
from memory.schema import links

ANN, BEN = "+442079460018", "+442079460019"
ANN_MAIL = "ann@example.com"


async def said(kept: Kept, text: str, redacted: str, known: Mapping[str, str] = {}, **fields: Any) -> Receipt:
    """A message that a turn has redacted: `known` has the value of each entity its pseudonym 1 stands for."""
    receipt = await kept.receive(kept.sms(text=text, **fields))

    def keep(connection: Connection) -> None:
        book = kept.vault.book(connection, receipt.customer, to_write=True)
        for entity, value in known.items():
            book.pseudonym_for(entity, value)
        kept.vault.keep(connection, receipt.customer, book)
        log.redact_events(connection, receipt.conversation, {receipt.seq: redacted})

    await kept.write(keep)
    return receipt


async def before(kept: Kept, receipt: Receipt, now: Any = NOW, **more: Any) -> Earlier:
    return await kept.write(
        lambda c: earlier(c, kept.vault, profile(c, receipt.customer), receipt.conversation, now, **more)
    )


async def joined(kept: Kept, one: Receipt, other: Receipt) -> linking.Link:
    pair = one.customer, other.customer
    return await kept.write(lambda c: linking.merge(c, *pair, ["desk"], id="l-1", by=By("Ada", "agent"), now=NOW))


async def texted(kept: Kept) -> Receipt:
    return await said(
        kept, "I am Zoe Ward, where is ORD-7731?", "I am <PERSON_1>, where is ORD-7731?", {"PERSON": "Zoe Ward"},
        sender=ANN,
    )  # fmt: skip


async def test_what_was_said_by_text_is_there_in_the_mail_once_they_are_one_person(kept: Kept) -> None:
    await texted(kept)
    mail = await said(kept, "Jo here.", "<PERSON_1> here.", {"PERSON": "Jo"}, inbox="mail", channel="email",
                      sender=ANN_MAIL)  # fmt: skip
    assert await before(kept, mail) == NOTHING
    await joined(kept, mail, await texted(kept))
    found = await before(kept, mail)
    assert found.lines[0].text == "I am <PERSON_2>, where is ORD-7731?"
    assert "ORD-7731" in {slot.value for slot in found.slots}
    book = await kept.read(lambda c: kept.vault.book(c, mail.customer))
    assert book.restore(found.lines[0].text) == "I am Zoe Ward, where is ORD-7731?"
    assert (await before(kept, mail)).lines == found.lines, "asked again, nothing is added"


async def test_after_the_merge_is_taken_back_nothing_is_seen(kept: Kept) -> None:
    text = await texted(kept)
    mail = await said(kept, "Hello", "Hello", inbox="mail", channel="email", sender=ANN_MAIL)
    link = await joined(kept, mail, text)
    assert (await before(kept, mail)).lines
    await kept.write(lambda c: linking.undo(c, link, by=By("Ada", "agent"), now=NOW))
    assert await before(kept, mail) == NOTHING


async def test_somebody_of_the_same_name_never_sees_it(kept: Kept) -> None:
    await texted(kept)
    other = await said(kept, "I am Zoe Ward", "I am <PERSON_1>", {"PERSON": "Zoe Ward"}, sender=BEN)
    assert await before(kept, other) == NOTHING


async def test_only_the_newest_of_late_is_read_and_nothing_that_was_not_redacted(kept: Kept) -> None:
    first = await texted(kept)
    for n in range(30):
        await said(kept, f"line {n}", f"line {n}", sender=ANN)
    await kept.receive(kept.sms(text="my raw secret is Zoe", sender=ANN))
    second = await said(kept, "Hello", "Hello", inbox="wa", channel="whatsapp", sender=ANN)
    assert second.customer == first.customer
    found = await before(kept, second)
    assert [line.text for line in found.lines] == [f"line {n}" for n in range(18, 30)]
    assert await before(kept, second, NOW + timedelta(days=31)) == NOTHING
    assert len((await before(kept, second, limit=2)).lines) == 2


async def test_a_turn_is_taken_with_what_the_person_said_elsewhere(kept: Kept) -> None:
    text = await texted(kept)
    mail = await said(kept, "And now?", "And now?", inbox="mail", channel="email", sender=ANN_MAIL)
    await joined(kept, mail, text)
    taken = await kept.take(mail, "t-1")
    assert taken is not None
    assert [line.text for line in taken.earlier.lines] == ["I am <PERSON_1>, where is ORD-7731?"]
    assert taken.book.restore("<PERSON_1>") == "Zoe Ward", "the turn's own book has what was added for it"
    assert taken.profile.members == (mail.customer, text.customer)


async def test_a_call_is_told_of_earlier_words_only_where_its_number_is_vouched_for(kept: Kept) -> None:
    await texted(kept)
    for proof, told in (("", False), ("provider", True)):
        call = await said(kept, "Hello", "Hello", inbox="calls", channel="voice", sender=ANN, proof=proof,
                          thread_key=f"call-{proof}")  # fmt: skip
        taken = await kept.take(call, f"t-{proof}")
        assert taken is not None
        assert (taken.head["proof"], bool(taken.earlier.lines)) == (proof, told)


# --- pseudonyms ---


def test_a_pseudonym_is_another_in_another_book() -> None:
    one = PseudonymBook([Pseudonym("PERSON", 1, "Ann"), Pseudonym("EMAIL_ADDRESS", 4, ANN_MAIL)])
    other = PseudonymBook([Pseudonym("PERSON", 1, "Ben"), Pseudonym("PERSON", 2, "Ann")])
    assert translated(["<PERSON_1> is at <EMAIL_ADDRESS_4>."], one, other) == ["<PERSON_2> is at <EMAIL_ADDRESS_1>."]
    assert [entry.value for entry in other.new_entries()] == [ANN_MAIL]


def test_an_unknown_pseudonym_never_becomes_somebody_of_the_other_book() -> None:
    other = PseudonymBook([Pseudonym("PERSON", 1, "Ben")])
    (text,) = translated(["<PERSON_1> and <PERSON_999999999>"], PseudonymBook(), other)
    assert text == "‹PERSON_1› and ‹PERSON_999999999›"
    assert other.restore(text) == text


_books = st.lists(st.sampled_from(["Ann", "Ben", "Cy", "Dee"]), unique=True, max_size=4).map(
    lambda names: PseudonymBook(Pseudonym("PERSON", n, name) for n, name in enumerate(names, 1))
)


@given(_books, _books, st.lists(st.sampled_from(["<PERSON_1>", "<PERSON_3>", "<PERSON_1", " and ", "<person_1>"])))
def test_translated_words_mean_what_they_meant(one: PseudonymBook, other: PseudonymBook, pieces: list[str]) -> None:
    text = "".join(pieces)
    meant = one.restore(text)
    assert other.restore(translated([text], one, other)[0]).replace("‹", "<").replace("›", ">") == meant


# --- what people type ---


@pytest.mark.parametrize("written", ["020 7946 0018", "+44 20 7946 0018", "00442079460018"])
async def test_a_telephone_written_into_a_chat_suggests_and_joins_nobody(kept: Kept, written: str) -> None:
    text = await texted(kept)
    other = await said(kept, "Hello", "Hello", {"PERSON": "zoe ward"}, inbox="mail", channel="email", sender=ANN_MAIL)
    entry = Pseudonym("PHONE_NUMBER", 1, written)
    made = await kept.write(lambda c: typed(c, kept.vault, other.customer, [entry], NOW, "GB"))
    assert made == 1
    (row,) = await kept.rows(links)
    assert (row["state"], row["evidence"]) == ("suggested", ["name", "typed_phone"])
    assert {row["customer_id"], row["other_id"]} == {text.customer, other.customer}
    assert await before(kept, other) == NOTHING


async def test_ones_own_and_nobodys_suggest_nothing_and_a_list_of_them_neither(kept: Kept) -> None:
    text = await texted(kept)
    for values in ([ANN], [BEN], ["nonsense"], [""], [f"+4420794600{n}" for n in range(18, 30)]):
        entries = [Pseudonym("PHONE_NUMBER", n, value) for n, value in enumerate(values, 1)]
        assert await kept.write(lambda c, e=entries: typed(c, kept.vault, text.customer, e, NOW)) == 0
    assert await kept.rows(links) == []


# --- consent and profile over a person's customers ---


async def spoke(kept: Kept, customer: str, state: Any, hours: int, channel: str = "sms", purpose: str = "all") -> None:
    await kept.write(
        lambda c: record_consent(
            c, id=f"k-{customer}-{hours}", customer=customer, channel=channel, state=state, purpose=purpose,
            evidence={}, now=NOW + timedelta(hours=hours),
        )
    )  # fmt: skip


async def test_an_opt_out_of_one_holds_for_the_person(kept: Kept) -> None:
    one, other = await texted(kept), await said(kept, "Hello", "Hello", sender=BEN)
    await spoke(kept, one.customer, "out", 1)
    link = await joined(kept, one, other)
    assert await kept.read(lambda c: consent.opted_out(c, other.customer, "sms"))
    assert await kept.read(lambda c: consent.newest_is_out(c, other.customer, "sms"))
    assert (await kept.read(lambda c: profile(c, other.customer))).consents["sms"]["all"] == "out"
    assert len(await kept.read(lambda c: consent.ledger(c, other.customer))) == 1
    await spoke(kept, other.customer, "in", 2)
    assert not await kept.read(lambda c: consent.opted_out(c, other.customer, "sms"))
    assert await kept.read(lambda c: consent.opted_out(c, one.customer, "sms")), "that telephone said STOP itself"
    await kept.write(lambda c: linking.undo(c, link, by=By("Ada", "agent"), now=NOW))
    assert await kept.read(lambda c: consent.ledger(c, other.customer)) != []
    assert await kept.read(lambda c: consent.standing(c, other.customer, "sms", "marketing")) == "unknown"


async def test_a_profile_has_what_any_of_the_persons_customers_says(kept: Kept) -> None:
    one, other = await texted(kept), await said(kept, "Hello", "Hello", inbox="m", channel="email", sender=ANN_MAIL)
    await kept.write(lambda c: set_place(c, one.customer, "Europe/London", "GB"))
    await joined(kept, one, other)
    found = await kept.read(lambda c: profile(c, other.customer))
    assert (found.timezone, found.region) == ("Europe/London", "GB")
    assert found.known_by == (("email", ""), ("phone", "provider"))
