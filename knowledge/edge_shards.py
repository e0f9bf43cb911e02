"""Embedded Qdrant on disk: one folder, one process, one shard a collection. Synchronous.

The folder is locked by `.lock` (its text says who); the lock goes with the process, however that ends. A collection's
identity (embedding model, dimensions) stands in `collection.json`, written before its shard: a folder without a shard
is an unfinished creation and is finished on the next opening.

There is no HNSW graph: building one takes minutes at 100,000 passages, in which Python stands still. Vectors are kept
with 8-bit codes (TurboQuant), which are made as each passage comes and need no building; beyond some number of passages
a search compares the codes and then the best by their vectors (knowledge/edge_ranking.py, docs/stores.md). A collection
made before there were codes is compared exactly until it is ingested anew.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import qdrant_edge as qdrant

from knowledge.entries import DATES, INDEXED, checked_collection
from knowledge.errors import EmbedderMismatch, LibraryLocked, LibraryUnavailable

_IDENTITY = "collection.json"
_SHARD = "shard"
_NEVER_KB = 1_000_000_000


class Shards:
    """The shards of a folder, opened as they are asked for. Raises LibraryLocked and LibraryUnavailable."""

    def __init__(self, folder: Path, *, embedder: str, dim: int) -> None:
        self._folder = folder
        self._dim = dim
        self._identity = {"embedder": embedder, "dim": dim}
        self._open: dict[str, qdrant.EdgeShard] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LibraryUnavailable(f"cannot open the folder {folder}: {error.strerror}") from error
        self._take_lock()

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._lock, 80, 0).decode("ascii", "replace").strip()
            os.close(self._lock)
            raise LibraryLocked.by(self._folder, owner) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()}\n".encode(), 0)

    def names(self) -> list[str]:
        return sorted(path.parent.name for path in self._folder.glob(f"*/{_IDENTITY}"))

    def get(self, name: str) -> qdrant.EdgeShard | None:
        """The shard of a collection, None when there is none. Raises EmbedderMismatch."""
        if name not in self._open:
            if not (self._folder / checked_collection(name) / _IDENTITY).exists():
                return None
            self._open[name] = self._load(name)
        return self._open[name]

    def get_or_create(self, name: str) -> qdrant.EdgeShard:
        shard = self.get(name)
        if shard is None:
            place = self._folder / name
            place.mkdir(exist_ok=True)
            _write_whole(place / _IDENTITY, json.dumps(self._identity))
            shard = self._open[name] = self._load(name)
        return shard

    def _load(self, name: str) -> qdrant.EdgeShard:
        place = self._folder / name
        stored = json.loads((place / _IDENTITY).read_text(encoding="utf-8"))
        if stored != self._identity:
            raise EmbedderMismatch.between(name, stored, self._identity)
        path = place / _SHARD
        try:
            if (path / "edge_config.json").exists():
                return _indexed(qdrant.EdgeShard.load(str(path)))
            return self._create(path)
        except Exception as error:
            # The binding raises bare Exception for everything.
            raise LibraryUnavailable(f"cannot open collection {name!r}: {error}") from error

    def _create(self, path: Path) -> qdrant.EdgeShard:
        path.mkdir(exist_ok=True)
        codes = qdrant.TurboQuantQuantizationConfig(always_ram=True, bits=qdrant.TurboQuantBitSize.Bits8)
        dense = qdrant.EdgeVectorParams(size=self._dim, distance=qdrant.Distance.Cosine, quantization_config=codes)
        config = qdrant.EdgeConfig(
            vectors={"dense": dense},
            sparse_vectors={"sparse": qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
            hnsw_config=qdrant.HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=_NEVER_KB),
            optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=_NEVER_KB, default_segment_number=1),
        )
        return _indexed(qdrant.EdgeShard.create(str(path), config))

    def close(self) -> None:
        """Everything on disk and the folder free for the next process."""
        for shard in self._open.values():
            shard.flush()
            shard.close()
        self._open.clear()
        os.close(self._lock)


def _indexed(shard: qdrant.EdgeShard) -> qdrant.EdgeShard:
    """The shard with an index for every field that is filtered by, also one made when there were fewer."""
    wanted = dict.fromkeys(INDEXED, qdrant.PayloadSchemaType.Keyword) | dict.fromkeys(
        DATES, qdrant.PayloadSchemaType.Datetime
    )
    there = shard.info().payload_schema
    for field, kind in wanted.items():
        if field not in there:
            shard.update(qdrant.UpdateOperation.create_field_index(field, kind))
    return shard


def _write_whole(path: Path, text: str) -> None:
    """The file is there with all of `text`, or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
