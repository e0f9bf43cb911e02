"""The folder of an embedded index of memories: its lock, what it was made with, and its shard. Synchronous.

A shard keeps what was deleted: in its segments until they are written anew, and in its write-ahead log until that is
full. `rewritten` puts what is left into a new shard and removes the old one's files; the log cannot be emptied alone,
because a shard takes no change that is numbered below those it has seen.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
import qdrant_edge as qdrant

from memory.facts.index import IndexLocked, IndexUnavailable, Made, Scanned

_LOCK, _ABOUT, _REMAINS = ".lock", "index.json", "remains"
_SHARD, _NEXT, _OLD = "shard", "shard.next", "shard.old"
_NEVER_KB = 1_000_000_000
_CHUNK = 4 << 20


class EdgeFiles:
    """One process has the folder. Raises IndexLocked and IndexUnavailable."""

    def __init__(self, folder: Path, made: Made) -> None:
        self._folder = folder
        self._made = made
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise IndexUnavailable(f"cannot open the folder {folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise IndexLocked(f"another process has the memories' index in {folder}") from None
        try:
            self.was, self.fresh = self._about()
            self.shard = self._opened()
        except BaseException:
            os.close(self._lock)
            raise

    def _about(self) -> tuple[Made | None, bool]:
        """What the folder's index was made with, where that is not what is wanted now; and whether it is not whole."""
        try:
            stored = orjson.loads((self._folder / _ABOUT).read_bytes())
            was, whole = Made(**stored["made"]), bool(stored["whole"])
        except FileNotFoundError:
            return None, True
        except (ValueError, KeyError, TypeError):
            return Made("unknown", 0), True
        return (None, not whole) if was == self._made else (was, True)

    def _opened(self) -> qdrant.EdgeShard:
        place = self._folder / _SHARD
        for left in (_NEXT, _OLD):
            shutil.rmtree(self._folder / left, ignore_errors=True)
        try:
            if self.was is None and (place / "edge_config.json").exists():
                return qdrant.EdgeShard.load(str(place))
            shutil.rmtree(place, ignore_errors=True)
            self.fresh = True
            self.say(whole=False)
            (self._folder / _REMAINS).unlink(missing_ok=True)
            made = self.next()  # a kill in the middle leaves no half of a shard in its place
            made.flush()
            made.close()
            (self._folder / _NEXT).rename(place)
            return qdrant.EdgeShard.load(str(place))
        except Exception as error:
            # The binding raises bare Exception for everything.
            raise IndexUnavailable(f"cannot open the memories' index in {self._folder}: {error}") from error

    def say(self, *, whole: bool) -> None:
        """Writes down what the index is made with, and whether all that is remembered is in it."""
        _write_whole(self._folder / _ABOUT, orjson.dumps({"made": asdict(self._made), "whole": whole}))
        self.fresh = not whole

    @property
    def remains(self) -> bool:
        """Whether the files hold bytes of what was taken out."""
        return (self._folder / _REMAINS).exists()

    def remain(self) -> None:
        """Says so, before anything is taken out."""
        if not self.remains:
            _write_whole(self._folder / _REMAINS, b"")

    def next(self) -> qdrant.EdgeShard:
        """An empty shard beside the one in use."""
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)
        return _created(self._folder / _NEXT, self._made.dim)

    def rewritten(self, following: qdrant.EdgeShard) -> None:
        """Puts the shard that `next` gave in the place of the one in use, whose files are removed. A kill in between
        leaves the old one, the new one, or none, which the next opening finds `fresh`."""
        following.flush()
        following.close()
        self.shard.close()
        (self._folder / _SHARD).rename(self._folder / _OLD)
        (self._folder / _NEXT).rename(self._folder / _SHARD)
        self.shard = qdrant.EdgeShard.load(str(self._folder / _SHARD))
        shutil.rmtree(self._folder / _OLD)
        (self._folder / _REMAINS).unlink(missing_ok=True)

    def scan(self, needles: Sequence[bytes]) -> Scanned:
        """Every byte of every file, except the holes that were never written."""
        self.shard.flush()
        parts = size = 0
        hits: dict[int, int] = {}
        for path in sorted(each for each in self._folder.rglob("*") if each.is_file()):
            seen: set[int] = set()
            for block in _blocks(path, max(map(len, needles), default=1)):
                size += len(block)
                seen |= {place for place, needle in enumerate(needles) if place not in seen and needle in block}
            parts += 1
            for place in seen:
                hits[place] = hits.get(place, 0) + 1
        return Scanned(str(self._folder), parts, size, hits)

    def close(self) -> None:
        """Everything on disk and the folder free for the next process."""
        try:
            self.shard.flush()
            self.shard.close()
        finally:
            os.close(self._lock)


def _created(place: Path, dim: int) -> qdrant.EdgeShard:
    """Without a graph or codes: a search compares one person's vectors, exactly."""
    place.mkdir()
    config = qdrant.EdgeConfig(
        vectors={"dense": qdrant.EdgeVectorParams(size=dim, distance=qdrant.Distance.Dot)},
        sparse_vectors={"sparse": qdrant.EdgeSparseVectorParams()},
        hnsw_config=qdrant.HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=_NEVER_KB),
        optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=_NEVER_KB, default_segment_number=1),
    )
    shard = qdrant.EdgeShard.create(str(place), config)
    shard.update(qdrant.UpdateOperation.create_field_index("customer", qdrant.PayloadSchemaType.Keyword))
    return shard


def _blocks(path: Path, longest: int) -> Iterator[bytes]:
    """The file's bytes in blocks that overlap by the longest needle. A file that is removed meanwhile ends."""
    try:
        with path.open("rb", buffering=0) as file:
            end, at = os.fstat(file.fileno()).st_size, 0
            while at < end:
                try:
                    at = max(at, os.lseek(file.fileno(), at, os.SEEK_DATA))
                except OSError:  # only a hole is left
                    return
                yield os.pread(file.fileno(), _CHUNK + longest, at)
                at += _CHUNK
    except FileNotFoundError:
        return


def _write_whole(path: Path, content: bytes) -> None:
    """The file is there with all of `content`, or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
