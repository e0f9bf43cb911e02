"""The corpus of a BEIR folder in a library of its own, new for each run or kept for the next."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.ingest import Progress, Report, ingest

COLLECTION = "eval"


@asynccontextmanager
async def filled(
    corpus: Path, embedder: LocalEmbedder, keep: Path | None, progress: Callable[[Progress], None] | None
) -> AsyncIterator[tuple[EdgeLibrary, Report, dict[str, int]]]:
    """The library with the corpus in it, what the ingest did, and how much it now holds.

    Under `keep` each corpus, known by its path, and each embedder has a folder of its own; what has not changed since
    the last run is left as it is, and what has gone is removed.
    """
    corpus = await asyncio.to_thread(corpus.resolve)
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as scratch:
        folder = Path(scratch) if keep is None else _kept(keep, corpus, embedder)
        library = await EdgeLibrary.open(folder, embedder=embedder.name, dim=embedder.dim, collection=COLLECTION)
        try:
            report = await ingest(
                [corpus],
                library=library,
                embedder=embedder,
                collection=COLLECTION,
                prune=keep is not None,
                progress=progress,
            )
            yield library, report, await _size(library, report)
        finally:
            await library.close()


def _kept(keep: Path, corpus: Path, embedder: LocalEmbedder) -> Path:
    model = re.sub(r"[^A-Za-z0-9]+", "-", embedder.name)[-40:].strip("-")
    which = hashlib.sha256(f"{corpus}\n{embedder.name}".encode()).hexdigest()[:12]
    folder = keep / f"{model}-{which}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _size(library: EdgeLibrary, report: Report) -> dict[str, int]:
    return {
        "documents": len(await library.documents(COLLECTION)),
        "passages": await library.count(COLLECTION),
        "added": report.added,
        "unchanged": report.unchanged,
        "skipped": len(report.skipped),
    }
