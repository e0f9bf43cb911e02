"""Search in the middle of a conversation, over a real embedded library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder
from knowledge.entries import Entry, embedding_text
from knowledge.errors import BadRequest
from knowledge.passages import Hit, Passage
from knowledge.seeking.catalogue import Catalogue, Catalogues
from knowledge.seeking.choosing import choose
from knowledge.seeking.ports import FOR_CUSTOMERS, Heading, Scope
from knowledge.seeking.seeker import Seeker

TOPICS = {"pets": "Dogs and cats", "parking": "Cars", "breakfast": "Breakfast", "gym": "The gym"}
HOTELS = ("WORTH HOUSE", "CITYROOMZ", "KIRKWOOD", "ACORN LODGE")


@dataclass(frozen=True)
class Line:
    role: str
    text: str


def passage(id: str, title: str, text: str, **metadata: str) -> Passage:
    return Passage(id, id, title, text, f"{id}.md", sentences=((0, len(text)),), metadata=metadata)


PASSAGES = [
    passage(f"{hotel}/{topic}", f"{hotel}: Is there {topic}?", f"{what} are welcome at any time.")
    for hotel in HOTELS
    for topic, what in TOPICS.items()
]


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    made = LocalEmbedder(HashingEncoder(dim=256))
    yield made
    await made.close()


@pytest.fixture
async def library(tmp_path: Path, embedder: LocalEmbedder) -> AsyncIterator[EdgeLibrary]:
    opened = await EdgeLibrary.open(tmp_path, embedder=embedder.name, dim=embedder.dim)
    await keep(opened, embedder, PASSAGES)
    yield opened
    await opened.close()


async def keep(library: EdgeLibrary, embedder: LocalEmbedder, passages: list[Passage]) -> None:
    vectors = await embedder.embed([embedding_text(each) for each in passages])
    await library.upsert("help", [Entry(p, v, v[None]) for p, v in zip(passages, vectors, strict=True)])


TALK = [
    Line("customer", "Is Kirkwood any good?"),
    Line("bot", "It is full, but Worth House has rooms."),
    Line("customer", "Fine, what does that cost?"),
    Line("bot", "A room is 90 pounds a night."),
]


async def test_a_question_is_answered_for_what_the_conversation_is_about(
    library: EdgeLibrary, embedder: LocalEmbedder
) -> None:
    found = await Seeker(library, embedder).seek("do they have breakfast?", TALK)
    assert found.hits[0].passage.id == "WORTH HOUSE/breakfast"
    assert found.searched.history
    assert found.searched.focus[0][0] == "WORTH HOUSE"
    assert "WORTH HOUSE" in found.searched.why


async def test_a_message_that_names_something_else_is_answered_for_that(
    library: EdgeLibrary, embedder: LocalEmbedder
) -> None:
    found = await Seeker(library, embedder).seek("and does Cityroomz have breakfast?", TALK)
    assert found.hits[0].passage.id == "CITYROOMZ/breakfast"
    assert found.searched.why == "the message names what it is about"


async def test_hits_come_with_what_the_answerer_needs(library: EdgeLibrary, embedder: LocalEmbedder) -> None:
    found = await Seeker(library, embedder).seek("is there parking at Acorn Lodge", limit=5)
    assert len(found.hits) == 5
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    assert 0.0 < sum(hit.score for hit in found.hits) <= 1.0 + 1e-9
    best = found.hits[0]
    assert best.sentence_vectors.shape == (1, 256)
    assert best.dense == pytest.approx(float(best.vector @ found.vector), abs=1e-4)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "   ", "<PERSON_1>", "?!"])
async def test_a_message_without_words_finds_nothing_or_little_and_never_fails(
    library: EdgeLibrary, embedder: LocalEmbedder, text: str
) -> None:
    found = await Seeker(library, embedder).seek(text, TALK)
    assert len(found.hits) <= 8


async def test_an_unknown_collection_and_a_wrong_name(library: EdgeLibrary, embedder: LocalEmbedder) -> None:
    assert (await Seeker(library, embedder).seek("parking", collection="nothing")).hits == ()
    with pytest.raises(BadRequest):
        await Seeker(library, embedder).seek("parking", collection="../up")
    with pytest.raises(BadRequest):
        await Seeker(library, embedder).seek("parking", limit=0)


async def test_what_is_out_of_scope_is_not_found_though_it_is_in_focus(
    library: EdgeLibrary, embedder: LocalEmbedder
) -> None:
    old = passage("old", "WORTH HOUSE: Is there breakfast?", "Breakfast is at 7.", valid_until="2025-12-31")
    staff = passage("staff", "WORTH HOUSE: Breakfast for staff", "Breakfast is at 6.", audience="internal")
    abroad = passage("abroad", "WORTH HOUSE: Breakfast in France", "Breakfast is at 9.", region="FR")
    await keep(library, embedder, [old, staff, abroad])
    scope = replace(FOR_CUSTOMERS, on=date(2026, 1, 1), suits={"region": ("UK",)})
    found = await Seeker(library, embedder).seek("when is breakfast?", TALK, limit=30, scope=scope)
    ids = {hit.passage.id for hit in found.hits}
    assert "WORTH HOUSE/breakfast" in ids
    assert ids.isdisjoint({"old", "staff", "abroad"})
    found = await Seeker(library, embedder).seek("when is breakfast?", TALK, limit=30, scope=Scope())
    assert {"old", "staff", "abroad"} <= {hit.passage.id for hit in found.hits}


async def test_a_rewritten_message_takes_the_place_of_the_leaning_form(
    library: EdgeLibrary, embedder: LocalEmbedder
) -> None:
    found = await Seeker(library, embedder).seek("and there?", TALK, rewritten="Does Cityroomz have a gym?")
    assert found.query == "Does Cityroomz have a gym?"
    assert found.searched.forms["leaning"] == found.query


async def test_vectors_that_are_known_are_not_made_again(library: EdgeLibrary, embedder: LocalEmbedder) -> None:
    class Counting:
        name, dim = embedder.name, embedder.dim
        asked: list[str] = []  # noqa: RUF012 - of this test alone

        async def embed(self, texts: list[str]) -> np.ndarray:
            self.asked += texts
            return await embedder.embed(texts)

    counting, text = Counting(), "Is there parking at Kirkwood?"
    known = {text: (await embedder.embed([text]))[0]}
    await Seeker(library, counting).seek(text, known=known)  # type: ignore[arg-type]
    assert counting.asked == []


async def test_names_that_come_or_go_with_an_ingest_are_followed(library: EdgeLibrary, embedder: LocalEmbedder) -> None:
    now = 0.0
    seeker = Seeker(library, embedder)
    seeker._catalogues.clock = lambda: now
    talk = [Line("bot", "There is Marlow Inn.")]
    assert (await seeker.seek("is there breakfast?", talk)).searched.focus == ()
    fresh = [passage(f"marlow/{n}", f"MARLOW INN: Is there {n}?", f"{n} is free.") for n in ("breakfast", "parking")]
    await keep(library, embedder, fresh)
    now = 6.0
    for _ in range(100):
        found = await seeker.seek("is there breakfast?", talk)
        if found.searched.focus:
            break
        await asyncio.sleep(0.02)
    assert found.searched.focus[0][0] == "MARLOW INN"
    assert found.hits[0].passage.id == "marlow/breakfast"


async def test_the_record_of_a_search_is_plain_json(library: EdgeLibrary, embedder: LocalEmbedder) -> None:
    import json

    record = (await Seeker(library, embedder).seek("do they have breakfast?", TALK)).searched.record()
    assert json.loads(json.dumps(record)) == record
    assert record["candidates"] >= len(PASSAGES) // 2


# --- the catalogue, and what is shown once ---


def test_headings_are_searched_by_their_own_words() -> None:
    over = [
        Heading("1", "a", "Returns", "Gifts"),
        Heading("2", "b", "Delivery", ""),
        Heading("3", "c", "", ""),
    ]
    catalogue = Catalogue(over)
    assert catalogue.title_scores("a gift", ["1", "2", "3", "unknown"]).tolist()[1:] == [0.0, 0.0, 0.0]
    assert catalogue.title_scores("a gift", ["1"])[0] > 0


def test_an_empty_collection_has_a_catalogue() -> None:
    catalogue = Catalogue([])
    assert catalogue.title_scores("anything", []).shape == (0,)
    assert catalogue.names.all == []


async def test_a_catalogue_is_made_once_for_many_who_wait() -> None:
    class Slow:
        made = 0

        async def revision(self, collection: str | None = None) -> str:
            return "1"

        async def headings(self, collection: str | None = None) -> list[Heading]:
            self.made += 1
            await asyncio.sleep(0.05)
            return [Heading("1", "a", "Returns", "")]

    slow = Slow()
    catalogues = Catalogues(slow)  # type: ignore[arg-type]
    found = await asyncio.gather(*(catalogues.get("help") for _ in range(20)))
    assert slow.made == 1
    assert all(each is found[0] for each in found)


def hit(id: str, text: str, vector: list[float], **metadata: str) -> Hit:
    unit = np.array(vector, dtype=np.float32) / np.linalg.norm(vector)
    return Hit(passage(id, "Returns", text, **metadata), 1.0, 0.9, None, unit[None], unit)


def test_passages_that_say_the_same_are_shown_once_and_the_others_are_named() -> None:
    one = hit("a", "You may return it within 30 days.", [1, 0])
    same = hit("b", "You may return it within 30 days!", [1, 0.01])
    other_days = hit("c", "You may return it within 14 days.", [1, 0.01])
    other_place = hit("d", "You may return it within 30 days.", [1, 0.01], region="FR")
    kept, folded = choose([one, same, other_days, other_place], limit=10)
    assert [each.passage.id for each in kept] == ["a", "c", "d"]
    assert folded == {"a": ("b",)}


def test_passages_of_one_document_are_never_folded() -> None:
    one = replace(hit("a", "Same words.", [1, 0]), vector=None)
    two = replace(one, passage=replace(one.passage, id="a#1"))
    assert len(choose([one, two], limit=10)[0]) == 2
