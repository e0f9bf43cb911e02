"""Files into the library: read, cut, embed, keep. Safe to run again, and to kill.

A document is its id; what it says is its hash. The same hash is left alone, another replaces all its passages in one
step, and a document whose passages were not all kept when a run died counts as absent. Of a document that changed,
only what says something new is embedded, as the library gives back the other vectors; of one that was being embedded
when a run was killed, what is in the journal is not embedded again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from knowledge.entries import Kept, checked_collection
from knowledge.ingesting.batches import BATCH_CHARS, BATCH_PASSAGES
from knowledge.ingesting.journal import Journal
from knowledge.ingesting.pipeline import Pipeline
from knowledge.ingesting.plan import Plan, Sources, gone, plan
from knowledge.ingesting.ports import Embedder, WritableLibrary
from knowledge.ingesting.report import Progress, Report
from knowledge.loaders.reading import Read, Skipped

__all__ = ["BATCH_CHARS", "BATCH_PASSAGES", "Embedder", "Progress", "Report", "WritableLibrary", "ingest"]

DELETE_AT_ONCE = 500
_TELL_EACH = 100


async def ingest(
    paths: Sequence[Path],
    *,
    library: WritableLibrary,
    embedder: Embedder,
    collection: str = "help",
    metadata: Mapping[str, str] | None = None,
    prune: bool = False,
    progress: Callable[[Progress], None] | None = None,
    skipped: Callable[[Skipped], None] | None = None,
    documents: Iterable[Read | Skipped] = (),
    scope: str = "",
    journal: Path | None = None,
) -> Report:
    """Everything under `paths`, and `documents`, into `collection`.

    `documents` are read once, in a thread; their origin is `scope` or lies under it ("import:zendesk"). `metadata` is
    added to every document (its own values win). `prune` removes documents that earlier came from `paths` or `scope`
    and are no longer in them; files that could not be read keep theirs, and so does a place in which nothing could be
    read. `skipped` hears of what is passed over as it happens, in another thread. `journal` is a folder for the
    vectors of documents on their way; without one, a killed run starts its last documents anew.

    Raises LibraryError when the library or a path as a whole is at fault; what has been kept until then stays.
    """
    checked_collection(collection)
    started = time.perf_counter()
    tell = progress or (lambda step: None)
    sources = Sources(paths, documents, scope)
    held = await library.documents(collection)
    made = await asyncio.to_thread(_plan, sources, held, dict(metadata or {}), tell, skipped)
    report = _begun(collection, made)
    notes = Journal(journal, collection=collection, embedder=embedder.name, dim=embedder.dim)
    await Pipeline(library, embedder, notes, report, tell).run(made.todo)
    if prune:
        await _prune(sources, held, made, library, report)
    if report.added or report.removed:
        tell(Progress(report.added, report.added, 0.0, "settling"))
        await library.settle(collection)
    await asyncio.to_thread(notes.sweep)
    report.journal_fault = notes.fault
    report.seconds = time.perf_counter() - started
    report.docs_per_s = report.added / report.seconds
    return report


def _plan(
    sources: Sources,
    held: Mapping[str, Kept],
    metadata: Mapping[str, str],
    tell: Callable[[Progress], None],
    skipped: Callable[[Skipped], None] | None,
) -> Plan:
    def on_read(count: int) -> None:
        if count and count % _TELL_EACH == 0:
            tell(Progress(count, 0, 0.0, "reading"))

    return plan(sources, held, metadata, on_read, skipped or (lambda each: None))


def _begun(collection: str, made: Plan) -> Report:
    return Report(
        collection,
        unchanged=made.unchanged,
        read=len(made.seen),
        skipped=[(each.origin, each.reason) for each in made.skipped],
        duplicates=made.repeats.duplicates,
        repeated=made.repeats.most(),
    )


async def _prune(
    sources: Sources, held: Mapping[str, Kept], made: Plan, library: WritableLibrary, report: Report
) -> None:
    """Where a place gave nothing, that is more likely a mistake (a disk that is not mounted) than a wish."""
    ids, doubtful = gone(sources, held, made)
    for start in range(0, len(ids), DELETE_AT_ONCE):
        await library.delete(report.collection, ids[start : start + DELETE_AT_ONCE])
    report.removed = len(ids)
    report.unpruned = [f"nothing could be read under {place}: nothing of it was removed" for place in made.barren]
    report.unpruned += [
        f"{count} documents of {origin} stay, as not all of it could be read" for origin, count in doubtful.items()
    ]
