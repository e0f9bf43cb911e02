"""A whole collection is looked through as a store holds it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from knowing_support import Shelves, passage

from knowledge.checking.looking import PAGE, look_through
from knowledge.edge_library import EdgeLibrary
from knowledge.encoders import HashingEncoder
from knowledge.entries import Entry, embedding_text
from knowledge.passages import Passage

TODAY = date(2026, 11, 27)
CENTRE = (
    passage("how", "Returns are free within 30 days.", "How to return"),
    passage("policy", "Returns are free within 14 days.", "Returns policy"),
    passage("copy", "Unused items go back with their tags on and in the box they came in.", "Packing"),
    passage("copied", "Unused items go back with their tags on and in the box they came in.", "Packing a return"),
    passage("past", "Returns are free within 90 days.", "Christmas", valid_until="2026-01-31"),
)


def entry(held: Passage, origin: str = "") -> Entry:
    encoder = HashingEncoder(64)
    vectors = np.asarray(encoder.encode([embedding_text(held), *held.sentence_texts()]), dtype=np.float32)
    return Entry(held, vectors[0], vectors[1:], "h", 1, origin)


async def test_every_kind_of_finding_comes_from_one_look(tmp_path: Path) -> None:
    (tmp_path / "how.md").write_text("Returns", encoding="utf-8")
    library = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64)
    try:
        for held in CENTRE:
            await library.upsert("help", [entry(held, f"{tmp_path}/{held.document_id}.md")])
        found = await look_through(library, "help", TODAY)
    finally:
        await library.close()
    assert (found.documents, found.passages) == (5, 5)
    assert [(each.left_says, each.right_says) for each in found.contradictions] == [("30 days", "14 days")]
    assert [[place.document for place in each.places] for each in found.duplicates] == [["copied", "copy"]]
    assert found.stale[0].why == "expired"
    assert {each.document for each in found.stale if each.why == "missing"} == {"policy", "copy", "copied", "past"}


async def test_an_unknown_collection_has_no_findings(tmp_path: Path) -> None:
    library = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64)
    try:
        found = await look_through(library, "nowhere", TODAY)
    finally:
        await library.close()
    assert (found.passages, dict(found.counts)) == (0, {"stale": 0, "duplicate": 0, "contradiction": 0})


async def test_it_reads_a_page_at_a_time_and_says_how_far_it_is() -> None:
    many = [passage(f"d{n}", f"Words of {n}.") for n in range(PAGE + 44)]
    steps: list[tuple[int, int]] = []
    found = await look_through(Shelves(*many), "help", TODAY, progress=lambda *step: steps.append(step))
    assert found.passages == PAGE + 44
    assert steps == [(PAGE, PAGE + 44), (PAGE + 44, PAGE + 44)]


@pytest.mark.parametrize("held", [(), (passage("a", ""),), (passage("a", "x"), passage("b", "x"))])
async def test_anything_may_be_looked_through(held: tuple[Passage, ...]) -> None:
    found = await look_through(Shelves(*held), "help", TODAY)
    assert found.passages == len(held)
