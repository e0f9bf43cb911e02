"""A passage that is out of date is never cited, however well it fits, from the moment its last day is over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from journeys_support import KEY, house

from agent.gateway.extractive import sentences as answer
from agent.guardrails.sentences import cite
from agent.knowing.validity import in_force, out_of_date
from agent.ports import Question
from agent.understanding.floor import LearntFloor
from knowledge.embedding import open_embedder
from knowledge.entries import embedding_text, sentence_embedding_texts
from knowledge.passages import Hit, Passage
from knowledge.sentences import sentences

pytestmark = pytest.mark.model
ADA = {"Authorization": f"Bearer {KEY}"}
ASKED = "How many days do I have to return Christmas presents?"
BEST = "Christmas presents can be returned within 75 days of Christmas."
LAST_DAY = datetime(2026, 12, 24, 23, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 25, 0, 0, 1, tzinfo=UTC)


def article(name: str, title: str, text: str, **metadata: str) -> Passage:
    return Passage(name, name, title, text, f"{name}.md", sentences=tuple(sentences(text)), metadata=metadata)


async def asked(*passages: Passage) -> Question:
    """The question with these passages found, as a search gives them."""
    embedder = await open_embedder()
    try:
        (vector,) = await embedder.embed([ASKED])
        hits = []
        for passage in passages:
            own, *rest = await embedder.embed([embedding_text(passage), *sentence_embedding_texts(passage)])
            hits.append(Hit(passage, 0.03, float(own @ vector), 5.0, np.array(rest, dtype=np.float32)))
    finally:
        await embedder.close()
    hits.sort(key=lambda hit: -(hit.dense or 0.0))
    return Question(ASKED, ASKED, vector, (), tuple(hits))


async def test_what_ends_today_is_cited_until_midnight_and_never_after_it() -> None:
    question = await asked(
        article("christmas", "Christmas presents", BEST, valid_until="2026-12-24"),
        article("returns", "Returning an order", "You can return unworn items within 45 days of delivery."),
    )
    assert question.hits[0].passage.id == "christmas"
    for now, cited in ((LAST_DAY, {"christmas"}), (AFTER, set[str]())):
        nearest = LearntFloor(clock=lambda now=now: now).nearest(question, 12)  # type: ignore[misc]
        said = [cite(raw, question) for raw in answer(question, now)]
        found = {citation.passage for sentence in said for citation in sentence.citations}
        assert found & {"christmas"} == cited
        assert ("christmas" in {hit.passage.id for hit in nearest.hits}) == bool(cited)
    assert [each.evidence for each in out_of_date(question.hits, AFTER.date())] == ["christmas"]
    assert out_of_date(question.hits, LAST_DAY.date()) == ()
    assert [hit.passage.id for hit in in_force(question.hits, AFTER.date())] == ["returns"]


async def test_a_customer_is_not_told_what_held_last_year_and_people_see_that_it_is_there(tmp_path: Path) -> None:
    centre = tmp_path / "help"
    centre.mkdir()
    head = "---\ntitle: Christmas presents\nvalid_until: 2026-01-31\n---\n# Christmas presents\n\n"
    (centre / "christmas.md").write_text(f"{head}{BEST}\n", encoding="utf-8")
    async with house(tmp_path) as acme, acme.chat() as chat:
        await chat.say(ASKED)
        reply = await chat.until(type="event", kind="message", role="bot")
        assert "75 days" not in reply["text"]
        assert "christmas.md" not in [source["document"] for source in reply["sources"]]
        async with httpx.AsyncClient(base_url=acme.url, headers=ADA) as desk:
            found = (await desk.get("/v1/knowledge/check")).json()
            assert [(each["why"], each["document"]) for each in found["stale"]] == [("expired", "christmas.md")]
            metrics = (await desk.get("/metrics")).text
            assert "frontdesk_knowledge_out_of_date_passages" in metrics
