"""One long document, and `kill -9` in the middle of it: what was embedded is not embedded again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from knowledge.edge_library import EdgeLibrary
from knowledge.ingest import BATCH_CHARS

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

RUN = """
    import asyncio, sys, time
    from pathlib import Path
    from knowledge.edge_library import EdgeLibrary
    from knowledge.encoders import HashingEncoder
    from knowledge.ingest import ingest

    class Written(HashingEncoder):
        "Notes every text after it was embedded, at the pace of a real model."

        def __init__(self, path):
            super().__init__()
            self.path = path

        async def embed(self, texts):
            await asyncio.sleep(0.2)
            with open(self.path, "a") as file:
                file.writelines(text.replace("\\n", " ") + "\\n" for text in texts)
            return self.encode(texts)

    async def main():
        folder, source, noted = map(Path, sys.argv[1:])
        library = await EdgeLibrary.open(folder / "qdrant", embedder="hashing", dim=64)
        tell = lambda step: print(step.passages, step.passages_total, flush=True) if step.total else None
        report = await ingest(
            [source], library=library, embedder=Written(noted), progress=tell, journal=folder / "journal", prune=True
        )
        print(report.embedded, report.reused, report.added, flush=True)
        await library.close()

    asyncio.run(main())
"""


def manual(edition: str) -> str:
    """Some 1,000 passages, each sentence of its own."""
    sections = [
        "\n".join(f"Part {n} step {step} of the {edition} edition turns wheel {n * 100 + step}." for step in range(14))
        for n in range(1000)
    ]
    return "\n\n".join(f"# Part {n}\n\n{section}" for n, section in enumerate(sections))


async def run(folder: Path, source: Path, noted: Path, kill_after: int | None = None) -> list[str]:
    """What the process said; killed once it said that so many passages were embedded."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(RUN),
        *map(str, (folder, source, noted)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = []
    while line := (await process.stdout.readline()).decode():
        said.append(line.strip())
        if kill_after is not None and int(line.split()[0]) >= kill_after:
            os.kill(process.pid, signal.SIGKILL)
            break
    await process.communicate()
    return said


async def held(folder: Path) -> tuple[int, set[str]]:
    """How many passages a reader finds, and the editions they are of."""
    library = await EdgeLibrary.open(folder / "qdrant", embedder="hashing", dim=64)
    try:
        kept = (await library.documents("help")).get("manual.md")
        passages = [await library.passage("help", f"manual.md#{n}") for n in range(kept.passages if kept else 0)]
        return len(passages), {each.text.split(" edition")[0].rsplit(" ", 1)[1] for each in passages if each}
    finally:
        await library.close()


async def test_a_long_document_killed_in_its_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    source, noted = tmp_path / "manual.md", tmp_path / "noted.txt"
    source.write_text(manual("first"), encoding="utf-8")
    for kill_after in (200, 500):
        await run(tmp_path, source, noted, kill_after)
        assert await held(tmp_path) == (0, set()), "no reader sees a part of it"
    before = noted.read_text(encoding="utf-8").splitlines()
    assert 0 < len(before) < 15_000
    said = await run(tmp_path, source, noted)
    texts = noted.read_text(encoding="utf-8").splitlines()
    embedded, reused, added = map(int, said[-1].split())
    assert (embedded + reused, added) == (len(set(texts)), 1)
    again = Counter(texts) - Counter(set(texts))
    batches = sum(len(text) * times for text, times in again.items()) / BATCH_CHARS
    assert batches <= 2 * 2.1, "two kills, and of each no more than the two batches under way"
    assert reused > 5_000
    assert await held(tmp_path) == (1000, {"first"})
    assert not (tmp_path / "journal").exists(), "nothing is left beside the library"


async def test_a_new_edition_killed_in_its_middle_leaves_the_old_one_whole(tmp_path: Path) -> None:
    source, noted = tmp_path / "manual.md", tmp_path / "noted.txt"
    source.write_text(manual("first"), encoding="utf-8")
    await run(tmp_path, source, noted)
    source.write_text(manual("second"), encoding="utf-8")
    await run(tmp_path, source, noted, 500)
    assert await held(tmp_path) == (1000, {"first"})
    said = await run(tmp_path, source, noted)
    assert int(said[-1].split()[1]) > 3_000
    assert await held(tmp_path) == (1000, {"second"})
