"""Promises of opening a library: one process a folder, and a way in for the others."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from knowledge.edge_library import EdgeLibrary
from knowledge.encoders import HashingEncoder
from knowledge.entries import Entry
from knowledge.errors import BadRequest, EmbedderMismatch, LibraryLocked, LibraryUnavailable
from knowledge.opening import open_library
from knowledge.passages import Passage
from knowledge.qdrant_library import QdrantLibrary

HOLDER = """
    import asyncio, sys
    from pathlib import Path
    from knowledge.edge_library import EdgeLibrary

    async def main():
        await EdgeLibrary.open(Path(sys.argv[1]), embedder="hashing", dim=64)
        print("open", flush=True)
        await asyncio.sleep(60)

    asyncio.run(main())
"""


async def holder(folder: Path) -> asyncio.subprocess.Process:
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(folder)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"open\n"
    return process


@pytest.mark.server
async def test_a_folder_another_process_has_open_says_so_in_one_line_and_is_free_after_kill_9(tmp_path: Path) -> None:
    process = await holder(tmp_path)
    with pytest.raises(LibraryLocked) as caught:
        await open_library(embedder="hashing", dim=64, path=tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"process {process.pid}" in message
    assert "a running `frontdesk serve` owns the folder; go through it or set qdrant.url" in message
    assert caught.value.retryable
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()
    library = await open_library(embedder="hashing", dim=64, path=tmp_path)
    assert isinstance(library, EdgeLibrary)
    await library.close()


@pytest.mark.server
async def test_a_locked_folder_whose_serve_does_not_answer_is_still_called_locked(tmp_path: Path) -> None:
    process = await holder(tmp_path)
    with pytest.raises(LibraryLocked):
        await open_library(embedder="hashing", dim=64, path=tmp_path, serve_url="http://127.0.0.1:9")
    process.kill()
    await process.communicate()


async def test_the_same_folder_twice_in_one_process_is_refused_too(tmp_path: Path) -> None:
    first = await EdgeLibrary.open(tmp_path, embedder="hashing", dim=64)
    with pytest.raises(LibraryLocked):
        await EdgeLibrary.open(tmp_path, embedder="hashing", dim=64)
    await first.close()
    await first.close()
    second = await EdgeLibrary.open(tmp_path, embedder="hashing", dim=64)
    await second.close()


async def test_a_url_is_a_server_and_no_folder_is_made(tmp_path: Path) -> None:
    library = await open_library(embedder="hashing", dim=64, path=tmp_path / "q", url=":memory:")
    assert isinstance(library, QdrantLibrary)
    assert not (tmp_path / "q").exists()
    await library.close()
    with pytest.raises(LibraryUnavailable):
        await open_library(embedder="hashing", dim=64, url="http://127.0.0.1:9")


async def test_another_model_is_told_when_the_library_is_opened_and_leaves_the_folder_free(tmp_path: Path) -> None:
    library = await open_library(embedder="hashing", dim=64, path=tmp_path)
    vectors = HashingEncoder().encode(["words"])
    await library.upsert("help", [Entry(Passage("1", "1", "", "words", ""), vectors[0], vectors[:0])])
    await library.close()
    with pytest.raises(EmbedderMismatch, match=r"set models\.embedding\.model back"):
        await open_library(embedder="other", dim=384, path=tmp_path)
    again = await open_library(embedder="hashing", dim=64, path=tmp_path)
    assert await again.count("help") == 1
    await again.close()


async def test_a_collection_whose_making_was_cut_off_is_made_at_the_next_opening(tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "collection.json").write_text('{"embedder": "hashing", "dim": 64}', encoding="utf-8")
    (tmp_path / "half").mkdir()
    library = await open_library(embedder="hashing", dim=64, path=tmp_path)
    assert await library.collections() == ["help"]
    assert await library.search("x", np.ones(64, np.float32)) == []
    await library.close()


async def test_a_folder_that_cannot_be_made_and_a_closed_library_are_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LibraryUnavailable):
        await open_library(embedder="hashing", dim=64, path=tmp_path / "file" / "q")
    library = await open_library(embedder="hashing", dim=64, path=tmp_path / "q")
    await library.close()
    with pytest.raises(LibraryUnavailable):
        await library.search("x", np.ones(64, np.float32))


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "é", "x" * 65, "-x", "a\n"])
async def test_a_name_that_could_leave_the_folder_is_no_collection(tmp_path: Path, name: str) -> None:
    library = await open_library(embedder="hashing", dim=64, path=tmp_path)
    with pytest.raises(BadRequest):
        await library.upsert(name, [])
    with pytest.raises(BadRequest):
        await library.documents(name)
    await library.close()
    assert os.listdir(tmp_path) == [".lock"]
