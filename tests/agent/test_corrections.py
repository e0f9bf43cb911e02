"""What a person said of an answer holds for the next customer, everywhere, until it is withdrawn."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from agent_support import QUESTION, Office, PatternDetector, deps, office, scripted

from agent.correcting import LONGEST, Correcting, Wish
from agent.corrections import CorrectedLibrary, Overlay, is_pinned, lay_over
from agent.errors import Refused, UnknownTurn
from agent.ports import Question
from knowledge.passages import Hit, Passage
from memory import audit, schema
from memory.errors import UnknownCorrection

NONE = np.zeros((0, 256), np.float32)


def hit(id: str, text: str = "Words.", score: float = 1.0, dense: float | None = 0.5, **metadata: str) -> Hit:
    passage = Passage(id, id.partition("#")[0], id.title(), text, f"https://acme.example/{id}", metadata=metadata)
    return Hit(passage, score, dense, None, NONE)


VECTOR = np.eye(1, 256, dtype=np.float32)[0]


# --- what is laid over what was found ---


def test_a_blocked_passage_or_document_is_not_found() -> None:
    found = [hit("returns#0"), hit("returns#1"), hit("shops#0")]
    left = lay_over(found, Overlay(blocked=frozenset({"returns#1"})), VECTOR, 8)
    assert [each.passage.id for each in left] == ["returns#0", "shops#0"]
    left = lay_over(found, Overlay(blocked=frozenset({"returns#"})), VECTOR, 8)
    assert [each.passage.id for each in left] == ["shops#0"]


def test_a_block_of_one_document_leaves_those_whose_names_begin_alike() -> None:
    left = lay_over([hit("return"), hit("returns")], Overlay(blocked=frozenset({"return#"})), VECTOR, 8)
    assert [each.passage.id for each in left] == ["returns"]


def test_a_corrected_passage_stands_in_for_what_it_corrects_until_the_source_says_something_new() -> None:
    better = Passage("returns#0", "returns", "", "You have 90 days.", "", sentences=((0, 17),))
    overlay = Overlay(replaced={"returns#0": "Old words."}, added=((VECTOR, NONE, better),))
    (shown,) = lay_over([hit("returns#0", "Old words.")], overlay, VECTOR, 8)
    assert shown.passage.text == "You have 90 days."
    assert shown.passage.title == "Returns#0"
    assert shown.passage.source.startswith("https://")
    (shown,) = lay_over([hit("returns#0", "New words.")], overlay, VECTOR, 8)
    assert shown.passage.text == "New words."


def test_a_corrected_passage_is_found_by_its_new_words_too() -> None:
    better = Passage("returns#0", "returns", "", "Better.", "")
    overlay = Overlay(replaced={"returns#0": "Old."}, added=((VECTOR, NONE, better),))
    first, _ = lay_over([hit("shops#0", dense=0.2)], overlay, VECTOR, 8)
    assert first.passage.text == "Better."


def test_never_more_is_given_than_was_asked_for() -> None:
    pin = Passage("pin:1", "pin:1", "Q", "A.", "", metadata={"pinned": "yes"})
    left = lay_over([hit(f"a#{n}") for n in range(8)], Overlay(added=((VECTOR, NONE, pin),)), VECTOR, 4)
    assert len(left) == 4
    assert left[0].passage.id == "pin:1"


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("Do you ship to Italy?", True),
        ("Do you ship to Sweden?", False),
        ("Do you ship 2 parcels to Italy?", False),
    ],
)
def test_an_approved_answer_is_for_its_own_places_and_numbers(asked: str, same: bool) -> None:
    pin = replace(hit("pin:1", dense=0.95, pinned="yes"))
    pin = replace(pin, passage=replace(pin.passage, title="do you ship to italy"))
    found = is_pinned(Question(asked, asked, VECTOR, (), (pin,)))
    assert (found is not None) == same
    assert is_pinned(Question(asked, asked, VECTOR, (), (replace(pin, dense=0.85),))) is None


# --- in a whole office, on both databases ---


@asynccontextmanager
async def corrected(url: str, **more: Any) -> AsyncIterator[tuple[Office, Correcting]]:
    """An office whose library listens to corrections at every search."""
    minutes = itertools.count(step=60)
    async with office(url, deps(more.pop("model", None)), **more) as opened:
        worker, given = opened.worker, opened.worker.deps
        worker.deps = replace(
            given,
            library=CorrectedLibrary(
                given.library, opened.store, given.embedder, given.collection, clock=lambda: float(next(minutes))
            ),
        )
        yield opened, opened.runtime.desk.correcting


async def turn_of(shop: Office, conversation: str) -> str:
    return str((await shop.turns(conversation))[-1]["id"])


async def test_a_pinned_answer_is_given_word_for_word_to_the_next_who_asks(store_url: str) -> None:
    async with corrected(store_url) as (shop, correcting):
        first = await shop.ask(QUESTION)
        approved = "You have 45 days. After that we send it back to you."
        await correcting.correct(await turn_of(shop, first), Wish("pin", text=approved), "maya", "agent")
        second = await shop.ask(QUESTION.lower(), sender="+441632960002")
        (reply,) = await shop.replies(second)
        assert reply.endswith(approved)
        record = (await shop.turns(second))[-1]["record"]
        assert record["draft"]["made_by"] == "pinned"
        assert [verdict["rule"] for verdict in record["verdicts"]][2:3] == ["pinned"]


async def test_a_blocked_source_is_cited_no_more_and_again_once_the_block_is_withdrawn(store_url: str) -> None:
    async with corrected(store_url) as (shop, correcting):
        first = await shop.ask(QUESTION)
        made = await correcting.correct(await turn_of(shop, first), Wish("block", document="returns"), "maya", "agent")
        second = await shop.ask(QUESTION, sender="+441632960002")
        assert (await shop.turns(second))[-1]["route"] == "other"
        ended = await correcting.withdraw(made.id, "lee", "admin")
        assert (ended.ended_by, ended.by) == ("lee", "maya")
        third = await shop.ask(QUESTION, sender="+441632960003")
        assert (await shop.turns(third))[-1]["route"] == "answer"


async def test_a_corrected_passage_is_what_the_next_answer_is_made_from(store_url: str) -> None:
    said = "You can return unworn items within 60 days of delivery."
    async with corrected(store_url, model=scripted(f"{said} [1]")) as (shop, correcting):
        first = await shop.ask(QUESTION)
        assert (await shop.turns(first))[-1]["route"] != "answer"  # the passage says 45
        wish = Wish("passage", passage="returns", text=said)
        await correcting.correct(await turn_of(shop, first), wish, "maya", "agent")
        second = await shop.ask(QUESTION, sender="+441632960002")
        record = (await shop.turns(second))[-1]["record"]
        assert record["found"][0]["text"] == said
        assert (await shop.replies(second))[0].endswith(said)
        assert record["found"][0]["title"] == "Returns"


async def test_a_second_correction_of_the_same_takes_the_place_of_the_first(store_url: str) -> None:
    async with corrected(store_url) as (shop, correcting):
        turn_id = await turn_of(shop, await shop.ask(QUESTION))
        for text in ("45 days.", "60 days."):
            await correcting.correct(turn_id, Wish("pin", text=text), "maya", "agent")
        assert [each.text for each in await correcting.listed(live=True)] == ["60 days."]
        assert len(await correcting.listed()) == 2


async def test_corrections_are_kept_as_labelled_conversations(store_url: str) -> None:
    async with corrected(store_url) as (shop, correcting):
        turn_id = await turn_of(shop, await shop.ask(QUESTION))
        for wish in (Wish("wrong", should="handoff"), Wish("pin", text="60 days."), Wish("passage", "60.", "returns")):
            await correcting.correct(turn_id, wish, "maya", "agent")
        rows = await correcting.cases()
        assert [row["expect"]["route"] for row in rows] == ["handoff", "answer", "answer"]
        assert rows[1]["expect"]["reply"] == "60 days."
        assert rows[2]["expect"]["passages"] == ["returns"]
        assert rows[0]["turns"] == [{"role": "customer", "text": QUESTION}]


async def test_every_correction_is_in_the_audit_and_its_chain_holds(store_url: str) -> None:
    async with corrected(store_url) as (shop, correcting):
        made = await correcting.correct(
            await turn_of(shop, await shop.ask(QUESTION)), Wish("block", passage="returns"), "maya", "agent"
        )
        await correcting.withdraw(made.id, "lee", "admin")
        acts = await shop.rows(schema.audit)
        assert [(row["actor"], row["act"], row["subject"]) for row in acts] == [
            ("maya", "correction.block", made.id),
            ("lee", "correction.withdrawn", made.id),
        ]
        assert await shop.store.read(audit.verify) is None


@pytest.mark.parametrize(
    "wish",
    [
        Wish("passage", text="60 days."),
        Wish("passage", passage="returns"),
        Wish("passage", text="60 days.", passage="another customer's"),
        Wish("block"),
        Wish("block", document="payroll"),
        Wish("pin", text="x" * (LONGEST + 1)),
        Wish("pin", text="Dear <PERSON_1>, you have 45 days."),
        Wish("pin", text="Write to jo.fernsby@mail.example about it."),
    ],
)
async def test_a_wish_that_names_nothing_or_tells_on_the_customer_is_refused(store_url: str, wish: Wish) -> None:
    detector = PatternDetector(EMAIL_ADDRESS=r"\S+@\S+")
    async with corrected(store_url, detector=detector) as (shop, correcting):
        turn_id = await turn_of(shop, await shop.ask(f"{QUESTION} I am jo.fernsby@mail.example"))
        with pytest.raises(Refused):
            await correcting.correct(turn_id, wish, "maya", "agent")
        assert await correcting.listed() == []


async def test_a_question_that_is_personal_cannot_be_pinned(store_url: str) -> None:
    async with corrected(store_url, detector=PatternDetector(EMAIL_ADDRESS=r"\S+@\S+")) as (shop, correcting):
        turn_id = await turn_of(shop, await shop.ask(f"{QUESTION} I am jo.fernsby@mail.example"))
        with pytest.raises(Refused, match="personal"):
            await correcting.correct(turn_id, Wish("pin", text="45 days."), "maya", "agent")


async def test_what_is_not_there_is_named(store_url: str) -> None:
    async with corrected(store_url) as (_, correcting):
        with pytest.raises(UnknownTurn):
            await correcting.correct("t-none", Wish("wrong"), "maya", "agent")
        with pytest.raises(UnknownCorrection):
            await correcting.withdraw("f-none", "maya", "agent")
