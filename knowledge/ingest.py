"""Files into the library: read, cut, embed, keep. Safe to run again, and to kill.

A document is its id; what it says is its hash. The same hash is left alone, another replaces all its passages in one
step, and a document whose passages were not all kept when a run died counts as absent. Nothing else is remembered:
the library itself says how far the last run came.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from knowledge import chunking
from knowledge.entries import MAX_PASSAGES, Entry, Kept, checked_collection, embedding_text, sentence_embedding_texts
from knowledge.loaders.reading import Read, Skipped, read, within
from knowledge.passages import Passage

BATCH_PASSAGES = 64
"""Passages embedded and kept at a time: what a kill costs, and how often progress is told."""
DELETE_AT_ONCE = 500


class Embedder(Protocol):
    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class WritableLibrary(Protocol):
    """What ingest needs of a library; every adapter has it."""

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None: ...
    async def delete(self, collection: str, document_ids: Sequence[str]) -> None: ...
    async def documents(self, collection: str) -> dict[str, Kept]: ...
    async def settle(self, collection: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: documents done of those that need work, and the rate since its first."""

    done: int
    total: int
    docs_per_s: float


@dataclass(slots=True)
class Report:
    """What a run did. `added` counts new and changed documents; `skipped` names each file or row and why."""

    collection: str
    added: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    docs_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Todo:
    """A document that is not kept as it is now."""

    passages: list[Passage]
    content_hash: str
    origin: str


@dataclass(slots=True)
class _Plan:
    """What the files say, against what the library holds."""

    todo: list[_Todo] = field(default_factory=list)
    unchanged: int = 0
    seen: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)


async def ingest(
    paths: Sequence[Path],
    *,
    library: WritableLibrary,
    embedder: Embedder,
    collection: str = "help",
    metadata: Mapping[str, str] | None = None,
    prune: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Everything under `paths` into `collection`.

    `metadata` is added to every document (its own values win). `prune` removes documents that earlier came from
    files under `paths` and are no longer in them; files that could not be read keep theirs. Raises LibraryError
    when the library or a path as a whole is at fault; what has been kept until then stays.
    """
    checked_collection(collection)
    started = time.perf_counter()
    held = await library.documents(collection)
    plan = await asyncio.to_thread(_plan, paths, held, dict(metadata or {}))
    report = Report(collection, unchanged=plan.unchanged, skipped=[(s.origin, s.reason) for s in plan.skipped])
    await _keep(plan.todo, library, embedder, report, progress)
    if prune:
        gone = _gone(paths, held, plan)
        for start in range(0, len(gone), DELETE_AT_ONCE):
            await library.delete(collection, gone[start : start + DELETE_AT_ONCE])
        report.removed = len(gone)
    if report.added or report.removed:
        await library.settle(collection)
    report.seconds = time.perf_counter() - started
    report.docs_per_s = report.added / report.seconds
    return report


def _plan(paths: Sequence[Path], held: Mapping[str, Kept], metadata: dict[str, str]) -> _Plan:
    plan = _Plan()
    for path in paths:
        for found in read(path):
            if isinstance(found, Skipped):
                plan.skipped.append(found)
            elif reason := _refusal(found, held, plan.seen):
                plan.skipped.append(Skipped(found.origin, reason, whole=False))
            else:
                plan.seen.add(found.document.id)
                _consider(found, held, metadata, plan)
    return plan


def _refusal(found: Read, held: Mapping[str, Kept], seen: set[str]) -> str:
    """Why a document cannot be kept under its id; "" when it can. An id taken by a file that is still there would be
    lost without a word."""
    id = found.document.id
    if id in seen:
        return f"the id {id!r} occurs twice in what is ingested"
    other = held[id].origin if id in held else found.origin
    if other != found.origin and os.path.exists(other):
        return f"the id {id!r} belongs to {other}: ingest one of the two into another collection"
    return ""


def _consider(found: Read, held: Mapping[str, Kept], metadata: dict[str, str], plan: _Plan) -> None:
    document = replace(found.document, metadata={**metadata, **found.document.metadata})
    values = sorted(document.metadata.items())
    said = [chunking.VERSION, document.title, document.text, document.source, values, found.row]
    content_hash = hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]
    kept = held.get(document.id)
    if kept and kept.content_hash == content_hash and kept.origin == found.origin:
        plan.unchanged += 1
        return
    passages = chunking.chunk(document, whole_tokens=chunking.WHOLE_TOKENS if found.row else None)
    if passages and len(passages) <= MAX_PASSAGES:
        plan.todo.append(_Todo(passages, content_hash, found.origin))
        return
    reason = "is too long for one document" if passages else "has no text"
    plan.skipped.append(Skipped(found.origin, f"{document.id!r} {reason}", whole=False))


async def _keep(
    todo: list[_Todo],
    library: WritableLibrary,
    embedder: Embedder,
    report: Report,
    progress: Callable[[Progress], None] | None,
) -> None:
    started = time.perf_counter()
    for batch in _batches(todo):
        entries = await _embedded(batch, embedder)
        await library.upsert(report.collection, entries)
        report.added += len(batch)
        report.passages += len(entries)
        if progress is not None:
            progress(Progress(report.added, len(todo), report.added / (time.perf_counter() - started)))


def _batches(todo: list[_Todo]) -> Iterator[list[_Todo]]:
    """Whole documents, some BATCH_PASSAGES passages together."""
    batch: list[_Todo] = []
    for each in todo:
        batch.append(each)
        if sum(len(one.passages) for one in batch) >= BATCH_PASSAGES:
            yield batch
            batch = []
    if batch:
        yield batch


async def _embedded(batch: list[_Todo], embedder: Embedder) -> list[Entry]:
    """Entries with both sizes of vectors. A sentence that is its whole passage is not embedded twice."""
    passages = [passage for each in batch for passage in each.passages]
    texts = {
        text: None for passage in passages for text in (embedding_text(passage), *sentence_embedding_texts(passage))
    }
    rows = dict(zip(texts, range(len(texts)), strict=True))
    vectors = await embedder.embed(list(texts))
    entries = []
    for each in batch:
        for passage in each.passages:
            sentence_rows = [rows[text] for text in sentence_embedding_texts(passage)]
            entries.append(
                Entry(
                    passage=passage,
                    vector=vectors[rows[embedding_text(passage)]],
                    sentence_vectors=vectors[sentence_rows] if sentence_rows else vectors[:0],
                    content_hash=each.content_hash,
                    parts=len(each.passages),
                    origin=each.origin,
                )
            )
    return entries


def _gone(paths: Sequence[Path], held: Mapping[str, Kept], plan: _Plan) -> list[str]:
    unread = {skipped.origin for skipped in plan.skipped}
    return sorted(
        id
        for id, kept in held.items()
        if id not in plan.seen and kept.origin not in unread and within(kept.origin, paths)
    )
