"""Promises of ingest: resumable, idempotent, and never stopped by one bad file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder
from knowledge.entries import Entry
from knowledge.errors import BadDocument, LibraryUnavailable
from knowledge.ingest import BATCH_PASSAGES, Progress, ingest
from knowledge.loaders.reading import Read, Skipped, read
from knowledge.passages import Document


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(HashingEncoder())
    yield embedder
    await embedder.close()


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[EdgeLibrary]:
    library = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64)
    yield library
    await library.close()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "uk").mkdir(parents=True)
    (folder / "returns.md").write_text("# Returns\n\nSend it back within 30 days. We pay.\n", encoding="utf-8")
    (folder / "uk" / "hours.md").write_text("---\nregion: uk\n---\n# Hours\n\nNine to six.\n", encoding="utf-8")
    (folder / "faq.csv").write_text("question,answer\nGifts?,Yes.\nBoots?,Resoled.\n", encoding="utf-8")
    (folder / "notes.doc").write_bytes(b"PK")
    (folder / ".hidden.md").write_text("# Secret\n\nNo.", encoding="utf-8")
    return folder


async def test_a_folder_is_read_whatever_its_formats(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path
) -> None:
    report = await ingest([articles], library=library, embedder=embedder, metadata={"tier": "all", "region": "eu"})
    held = await library.documents("help")
    assert sorted(held) == ["faq.csv#boots", "faq.csv#gifts", "returns.md", "uk/hours.md"]
    assert (report.added, report.unchanged, report.removed, report.skipped) == (4, 0, 0, [])
    hours = await library.passage("help", "uk/hours.md")
    assert hours is not None
    assert hours.metadata == {"tier": "all", "region": "uk"}
    [vector] = await embedder.embed(["send back days"])
    [hit] = await library.search("send back days", vector, limit=1)
    assert hit.passage.id == "returns.md"
    assert hit.sentence_vectors.shape == (2, 64)


async def test_ingesting_again_embeds_nothing(library: EdgeLibrary, articles: Path) -> None:
    asked: list[int] = []

    class Counting(LocalEmbedder):
        async def embed(self, texts: Sequence[str]):  # type: ignore[no-untyped-def]
            asked.append(len(texts))
            return await super().embed(texts)

    embedder = Counting(HashingEncoder())
    await ingest([articles], library=library, embedder=embedder)
    asked.clear()
    report = await ingest([articles], library=library, embedder=embedder)
    assert (report.added, report.unchanged, asked) == (0, 4, [])
    await embedder.close()


async def test_a_changed_document_is_replaced_whole(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path
) -> None:
    long = "\n".join(f"# Part {n}\n" + "Words and words of a part. " * 20 for n in range(5))
    (articles / "returns.md").write_text(long, encoding="utf-8")
    await ingest([articles], library=library, embedder=embedder)
    assert (await library.documents("help"))["returns.md"].passages == 5
    (articles / "returns.md").write_text("# Returns\n\nOnly this is left.", encoding="utf-8")
    report = await ingest([articles], library=library, embedder=embedder)
    assert (report.added, report.unchanged) == (1, 3)
    assert (await library.documents("help"))["returns.md"].passages == 1
    assert await library.count("help") == 4


async def test_prune_removes_what_has_gone_and_nothing_of_another_folder(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path, tmp_path: Path
) -> None:
    other = tmp_path / "articles-of-others"
    other.mkdir()
    (other / "other.md").write_text("# Other\n\nStays.", encoding="utf-8")
    await ingest([articles, other], library=library, embedder=embedder)
    (articles / "returns.md").unlink()
    (articles / "faq.csv").write_text("question,answer\nGifts?,Yes.\n", encoding="utf-8")
    assert (await ingest([articles], library=library, embedder=embedder)).removed == 0
    report = await ingest([articles], library=library, embedder=embedder, prune=True)
    assert report.removed == 2
    assert sorted(await library.documents("help")) == ["faq.csv#gifts", "other.md", "uk/hours.md"]
    again = await ingest([articles], library=library, embedder=embedder, prune=True)
    assert (again.added, again.removed) == (0, 0)


async def test_a_broken_file_is_reported_and_its_old_text_survives_a_prune(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path
) -> None:
    await ingest([articles], library=library, embedder=embedder)
    (articles / "returns.md").write_bytes(b"\x00\x01binary")
    (articles / "empty.md").write_text("---\ntitle: x\n---\n", encoding="utf-8")
    report = await ingest([articles], library=library, embedder=embedder, prune=True)
    assert report.removed == 0
    assert [(Path(origin).name, reason) for origin, reason in report.skipped] == [
        ("empty.md", "'empty.md' has no text"),
        ("returns.md", "is not text"),
    ]
    assert "returns.md" in await library.documents("help")


async def test_a_file_that_became_empty_leaves_no_old_text_behind_a_prune(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path
) -> None:
    await ingest([articles], library=library, embedder=embedder)
    (articles / "uk" / "hours.md").unlink()
    (articles / "uk").rmdir()
    report = await ingest([articles], library=library, embedder=embedder, prune=True)
    assert report.removed == 1


async def test_the_same_id_from_two_files_is_never_overwritten_without_a_word(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path, tmp_path: Path
) -> None:
    await ingest([articles], library=library, embedder=embedder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "returns.md").write_text("# Returns\n\nAnother shop's rule.", encoding="utf-8")
    report = await ingest([other], library=library, embedder=embedder)
    assert report.added == 0
    assert "belongs to" in report.skipped[0][1]
    passage = await library.passage("help", "returns.md")
    assert passage is not None
    assert passage.text.startswith("Send it back")


async def test_a_folder_that_has_moved_is_taken_over_from_its_new_place(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path, tmp_path: Path
) -> None:
    await ingest([articles], library=library, embedder=embedder)
    moved = await asyncio.to_thread(articles.rename, tmp_path / "moved")
    report = await ingest([moved], library=library, embedder=embedder, prune=True)
    assert (report.added, report.skipped) == (4, [])
    assert all(kept.origin.startswith(str(moved)) for kept in (await library.documents("help")).values())


async def test_a_duplicate_id_in_one_corpus_is_named(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"_id":"1","text":"first"}\n{"_id":"1","text":"second"}\n', encoding="utf-8")
    report = await ingest([corpus], library=library, embedder=embedder)
    assert report.added == 1
    assert "occurs twice" in report.skipped[0][1]


async def test_a_path_that_is_nothing_is_an_error_and_not_a_skip(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "x.doc").write_bytes(b"PK")
    for path, reason in ((tmp_path / "nowhere", "does not exist"), (tmp_path / "x.doc", "is none of")):
        with pytest.raises(BadDocument, match=reason):
            await ingest([path], library=library, embedder=embedder)


def rows(path: Path, count: int) -> Path:
    path.write_text("\n".join(json.dumps({"_id": str(n), "text": f"row {n}"}) for n in range(count)), encoding="utf-8")
    return path


async def test_progress_is_told_of_work_and_documents_and_ends_at_both_totals(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    told: list[Progress] = []
    corpus = rows(tmp_path / "corpus.jsonl", 3 * BATCH_PASSAGES + 1)
    report = await ingest([corpus], library=library, embedder=embedder, progress=told.append)
    assert [each.phase for each in told[:7]] == ["reading"] * 7
    *steps, settling = [each for each in told if each.phase != "reading"]
    assert settling.phase == "settling"
    assert [each.passages for each in steps] == sorted(each.passages for each in steps)
    assert {each.total for each in steps} == {3 * BATCH_PASSAGES + 1}
    assert (steps[-1].done, steps[-1].passages, steps[-1].chars) == (steps[-1].total, 769, steps[-1].chars_total)
    assert steps[0].passages == BATCH_PASSAGES
    assert report.docs_per_s > 0


async def test_a_failing_library_ends_the_run_and_what_was_kept_stays(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    corpus = rows(tmp_path / "corpus.jsonl", 4 * BATCH_PASSAGES)

    class Failing:
        calls = 0

        def __getattr__(self, name: str) -> object:
            return getattr(library, name)

        async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
            self.calls += 1
            if self.calls == 2:
                raise LibraryUnavailable("gone")
            await library.upsert(collection, entries)

    with pytest.raises(LibraryUnavailable):
        await ingest([corpus], library=Failing(), embedder=embedder)  # type: ignore[arg-type]
    assert await library.count("help") == BATCH_PASSAGES
    report = await ingest([corpus], library=library, embedder=embedder)
    assert (report.added, report.unchanged) == (3 * BATCH_PASSAGES, BATCH_PASSAGES)


async def test_a_failing_embedder_ends_the_run_and_the_next_goes_on(library: EdgeLibrary, tmp_path: Path) -> None:
    corpus = rows(tmp_path / "corpus.jsonl", 4 * BATCH_PASSAGES)

    class Failing(LocalEmbedder):
        calls = 0

        async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.calls += 1
            if self.calls == 3:
                raise MemoryError("no room")
            return await super().embed(texts)

    embedder = Failing(HashingEncoder())
    with pytest.raises(MemoryError):
        await ingest([corpus], library=library, embedder=embedder)
    kept = await library.count("help")
    assert 0 < kept <= 2 * BATCH_PASSAGES
    assert (await ingest([corpus], library=library, embedder=embedder)).unchanged == kept
    await embedder.close()


async def test_a_run_that_is_cancelled_keeps_what_is_on_its_way_into_the_library(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    corpus, told = rows(tmp_path / "corpus.jsonl", 20 * BATCH_PASSAGES), []
    keeping, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        def __getattr__(self, name: str) -> object:
            return getattr(library, name)

        async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
            keeping.set()
            await go_on.wait()
            await library.upsert(collection, entries)

    run = asyncio.create_task(
        ingest([corpus], library=Slow(), embedder=embedder, progress=told.append)  # type: ignore[arg-type]
    )
    await keeping.wait()
    run.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await library.count("help") == told[-1].done == BATCH_PASSAGES


async def test_ready_documents_are_taken_beside_files_and_pruned_by_their_scope(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path
) -> None:
    def imported(*names: str) -> Iterator[Read]:
        return (
            Read(Document(f"desk/{name}", name, f"About {name}.", name), "import:desk", row=False) for name in names
        )

    report = await ingest(
        [articles], library=library, embedder=embedder, documents=imported("a", "b"), scope="import:desk"
    )
    assert report.added == 6
    broken = chain(imported("b", "b"), [Skipped("import:desk/x", "is not there", whole=True)])
    report = await ingest([], library=library, embedder=embedder, documents=broken, scope="import:desk", prune=True)
    assert (report.unchanged, len(report.skipped), report.removed) == (1, 2, 0)
    assert report.unpruned == ["1 documents of import:desk stay, as not all of it could be read"]
    report = await ingest(
        [], library=library, embedder=embedder, documents=imported("b"), scope="import:desk", prune=True
    )
    assert report.removed == 1
    assert "desk/b" in await library.documents("help")
    report = await ingest([], library=library, embedder=embedder, scope="import:desk", prune=True)
    assert (report.removed, report.read) == (0, 0)
    assert "import:desk" in report.unpruned[0]
    report = await ingest([articles], library=library, embedder=embedder, prune=True)
    assert (report.removed, report.unchanged) == (0, 4)


async def test_a_place_where_nothing_can_be_read_is_not_emptied_by_a_prune(
    library: EdgeLibrary, embedder: LocalEmbedder, articles: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.md").write_text("# One\n\nIs here.", encoding="utf-8")
    (other / "two.md").write_text("# Two\n\nIs here.", encoding="utf-8")
    await ingest([articles, other], library=library, embedder=embedder)
    for name in ("one.md", "two.md"):
        (other / name).unlink()
    (articles / "returns.md").rename(articles / "sending-back.md")
    report = await ingest([articles, other], library=library, embedder=embedder, prune=True)
    assert (report.added, report.removed) == (1, 1)
    assert report.unpruned == [f"nothing could be read under {other}: nothing of it was removed"]
    assert {"one.md", "two.md", "sending-back.md"} <= set(await library.documents("help"))
    other.rmdir()
    with pytest.raises(BadDocument, match="does not exist"):
        await ingest([articles, other], library=library, embedder=embedder, prune=True)
    assert "one.md" in await library.documents("help")


async def test_what_many_documents_repeat_is_counted_and_kept(
    library: EdgeLibrary, embedder: LocalEmbedder, tmp_path: Path
) -> None:
    boilerplate = "Our people are here for you on every working day of the year, from nine to six."
    for n in range(12):
        (tmp_path / f"{n}.md").write_text(f"# {n}\n\nParagraph {n} is new.\n\n{boilerplate}", encoding="utf-8")
    (tmp_path / "same.md").write_text(f"# Same\n\nparagraph 3  is NEW\n\n{boilerplate}!", encoding="utf-8")
    report = await ingest([tmp_path], library=library, embedder=embedder)
    assert (report.added, report.duplicates, report.repeated) == (13, 1, [(boilerplate, 13)])


KILLED = """
    import asyncio, sys
    from pathlib import Path
    from knowledge.edge_library import EdgeLibrary
    from knowledge.embedding import LocalEmbedder
    from knowledge.encoders import HashingEncoder
    from knowledge.ingest import ingest

    async def main():
        library = await EdgeLibrary.open(Path(sys.argv[1]), embedder="hashing", dim=64)
        tell = lambda progress: progress.done and progress.total and print(progress.done, flush=True)
        await ingest([Path(sys.argv[2])], library=library, embedder=LocalEmbedder(HashingEncoder()), progress=tell)

    asyncio.run(main())
"""


@pytest.mark.server
@pytest.mark.parametrize("after", [1, 3, 10])
async def test_a_run_killed_in_the_middle_is_resumed_and_ends_like_one_that_was_not(tmp_path: Path, after: int) -> None:
    corpus, folder = tmp_path / "corpus.jsonl", tmp_path / "qdrant"
    texts = [f"Row {n} is about item{n} and more. " * (40 if n % 7 == 0 else 2) for n in range(3000)]
    corpus.write_text("\n".join(json.dumps({"_id": str(n), "text": t}) for n, t in enumerate(texts)), encoding="utf-8")
    script = [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(corpus)]
    process = await asyncio.create_subprocess_exec(*script, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(after):
        assert await process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()

    library = await EdgeLibrary.open(folder, embedder="hashing", dim=64)
    embedder = LocalEmbedder(HashingEncoder())
    kept = len([each for each in (await library.documents("help")).values() if each.content_hash])
    assert 0 < kept < 3000
    report = await ingest([corpus], library=library, embedder=embedder)
    assert (report.unchanged, report.added) == (kept, 3000 - kept)
    assert len(await library.documents("help")) == 3000
    assert all(each.content_hash for each in (await library.documents("help")).values())
    for number in (1, 700, 2999):
        [vector] = await embedder.embed([texts[number]])
        hits = await library.search(f"item{number}", vector, limit=3)
        assert str(number) in [hit.passage.document_id for hit in hits]
    await embedder.close()
    await library.close()


def test_reading_a_folder_is_in_the_same_order_every_time(articles: Path) -> None:
    first = [found.document.id for found in read(articles)]  # type: ignore[union-attr]
    assert first == [found.document.id for found in read(articles)]  # type: ignore[union-attr]
    assert first == ["faq.csv#gifts", "faq.csv#boots", "returns.md", "uk/hours.md"]


def test_a_hundred_thousand_rows_are_planned_in_time(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("\n".join(f'{{"_id":"{n}","text":"row"}}' for n in range(100_000)), encoding="utf-8")
    started = time.process_time()
    assert sum(1 for _ in read(corpus)) == 100_000
    assert time.process_time() - started < 20
