"""Promises of what is not embedded again: unchanged parts of a changed document, and what a killed run wrote down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.edge_library import EdgeLibrary
from knowledge.encoders import HashingEncoder
from knowledge.ingest import BATCH_CHARS, Progress, ingest
from knowledge.ingesting.journal import Journal, digest


class Counting:
    """Hashed words; keeps the texts it was given, and fails when it is told to."""

    name, dim = "hashing", 64

    def __init__(self, fail_at: int | None = None) -> None:
        self.texts: list[str] = []
        self.calls = 0
        self._fail_at = fail_at

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        if self.calls == self._fail_at:
            raise MemoryError("no room")
        self.texts.extend(texts)
        return HashingEncoder().encode(texts)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[EdgeLibrary]:
    library = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64)
    yield library
    await library.close()


def article(path: Path, sections: Sequence[str]) -> Path:
    words = [f"# {name}\n\n" + " ".join(f"{name} step {n} turns wheel {n}." for n in range(25)) for name in sections]
    path.write_text("# Manual\n\n" + "\n\n".join(words), encoding="utf-8")
    return path


async def vectors(library: EdgeLibrary, embedder: Counting, words: str) -> tuple[NDArray[np.float32], ...]:
    [vector] = await embedder.embed([words])
    [hit] = await library.search(words, vector, limit=1)
    return hit.sentence_vectors, HashingEncoder().encode([f"Manual. {text}" for text in hit.passage.sentence_texts()])


async def test_a_change_in_one_section_embeds_that_section_alone(library: EdgeLibrary, tmp_path: Path) -> None:
    names = [f"Section{n}" for n in range(20)]
    path = article(tmp_path / "manual.md", names)
    first = await ingest([path], library=library, embedder=Counting())
    assert (first.passages, first.reused) == (20, 0)
    embedder = Counting()
    article(path, [*names[:7], "Renewed", *names[8:]])
    report = await ingest([path], library=library, embedder=embedder)
    assert all("Renewed" in text for text in embedder.texts)
    assert (report.embedded, report.reused) == (26, 19 * 26)
    for words in ("Renewed step wheel", "Section3 step wheel"):
        np.testing.assert_allclose(*await vectors(library, embedder, words), atol=1e-3)


async def test_a_section_put_in_front_moves_the_others_and_embeds_none_of_them(
    library: EdgeLibrary, tmp_path: Path
) -> None:
    names = [f"Section{n}" for n in range(6)]
    path = article(tmp_path / "manual.md", names)
    await ingest([path], library=library, embedder=Counting())
    embedder = Counting()
    article(path, ["New", *names])
    await ingest([path], library=library, embedder=embedder)
    assert len(embedder.texts) == 26
    passage = await library.passage("help", "manual.md#1")
    assert passage is not None
    assert passage.section.endswith("Section0")


async def test_a_change_of_metadata_alone_embeds_nothing(library: EdgeLibrary, tmp_path: Path) -> None:
    path = article(tmp_path / "manual.md", ["One", "Two"])
    await ingest([path], library=library, embedder=Counting())
    embedder = Counting()
    report = await ingest([path], library=library, embedder=embedder, metadata={"tier": "gold"})
    assert (report.added, embedder.calls) == (1, 0)
    passage = await library.passage("help", "manual.md#0")
    assert passage is not None
    assert passage.metadata["tier"] == "gold"


async def test_a_failed_run_has_written_down_what_it_embedded_of_a_document(
    library: EdgeLibrary, tmp_path: Path
) -> None:
    path, journal = article(tmp_path / "manual.md", [f"Section{n}" for n in range(1200)]), tmp_path / "journal"
    failing, embedder = Counting(fail_at=5), Counting()
    with pytest.raises(MemoryError):
        await ingest([path], library=library, embedder=failing, journal=journal)
    assert await library.count("help") == 0
    told: list[Progress] = []
    report = await ingest([path], library=library, embedder=embedder, journal=journal, progress=told.append)
    assert report.reused > 0
    again = sum(len(text) for text in set(failing.texts) & set(embedder.texts))
    assert again <= 1.1 * BATCH_CHARS, "the batch that was under way beside the failing one"
    assert report.embedded + report.reused == 1200 * 26
    assert not journal.exists()


async def test_a_journal_that_cannot_be_written_costs_only_the_going_on(library: EdgeLibrary, tmp_path: Path) -> None:
    path = article(tmp_path / "manual.md", ["One", "Two"])
    (tmp_path / "journal").write_text("a file", encoding="utf-8")
    report = await ingest([path], library=library, embedder=Counting(), journal=tmp_path / "journal")
    assert report.added == 1
    assert str(tmp_path / "journal") in report.journal_fault


def opened(folder: Path, **other: object) -> Journal:
    return Journal(folder, **{"collection": "help", "embedder": "hashing", "dim": 3, **other})  # type: ignore[arg-type]


def test_a_journal_gives_back_what_was_written_whatever_was_torn_off_its_end(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    texts = ["a", "b\ud800", "", "d" * 10_000]
    opened(tmp_path).append("doc/../x", texts, rows)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found = opened(tmp_path).read("doc/../x")
        assert list(found) == [digest(text) for text in texts[: cut * 4 // len(whole)]]
        for text, row in zip(texts, rows, strict=True):
            if digest(text) in found:
                np.testing.assert_array_equal(found[digest(text)], row)
    path.write_bytes(whole[:-1])
    journal = opened(tmp_path)
    journal.read("doc/../x")
    journal.append("doc/../x", ["again"], rows[:1])
    assert len(opened(tmp_path).read("doc/../x")) == 4


def test_a_journal_with_a_flipped_bit_gives_nothing_from_there_on(tmp_path: Path) -> None:
    opened(tmp_path).append("doc", ["a", "b", "c"], np.ones((3, 3), dtype=np.float32))
    [path] = tmp_path.iterdir()
    written = bytearray(path.read_bytes())
    written[len(written) // 2] ^= 1
    path.write_bytes(written)
    assert list(opened(tmp_path).read("doc")) == [digest("a")]


def test_another_model_or_collection_knows_nothing_of_it(tmp_path: Path) -> None:
    opened(tmp_path).append("doc", ["a"], np.ones((1, 3), dtype=np.float32))
    assert opened(tmp_path, embedder="other").read("doc") == {}
    assert opened(tmp_path, collection="other").read("doc") == {}
    assert opened(tmp_path).read("other") == {}
    assert list(opened(tmp_path).read("doc")) == [digest("a")]


def test_what_a_document_left_is_gone_when_it_is_kept_and_the_folder_with_the_last(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal = opened(folder)
    journal.append("doc", ["a"], np.ones((1, 3), dtype=np.float32))
    journal.append("other", ["a"], np.ones((1, 3), dtype=np.float32))
    journal.forget("doc")
    journal.sweep()
    assert [path.name for path in folder.iterdir()] == [journal._name("other")]
    journal.forget("other")
    journal.sweep()
    assert not folder.exists()
