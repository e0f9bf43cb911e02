"""Vectors of documents that are not kept yet, in files beside the library, so that a killed run embeds nothing twice.

A document enters the library in one step, when all its passages are embedded; until then its vectors are here, in a
file of its own, which goes when the document is kept. A file holds digests of texts and no words. A record is
16 bytes of the text's digest, the vector as float32, and a CRC; what a kill tore off the end is cut away.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_DIGEST = 16
_CRC = 4
_FORGOTTEN_S = 7 * 24 * 3600
"""A file that nobody has written to for a week is of a document that never came again."""


def digest(text: str) -> bytes:
    """What a text is known by."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


class Journal:
    """The files of one collection and model. None of its methods raises: a folder that cannot be written to only
    means that a killed run starts its document anew, and `fault` says why. Synchronous."""

    def __init__(self, folder: Path | None, *, collection: str, embedder: str, dim: int) -> None:
        self.fault = ""
        self._folder = folder
        self._identity = [collection, embedder, dim]
        self._dim = dim
        self._there: set[str] = set()
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._there = {path.name for path in folder.glob("*.vectors")}
            except OSError as error:
                self._close(error)

    def _close(self, error: OSError) -> None:
        self.fault = f"{self._folder}: {error.strerror or error}"
        self._folder = None

    def _name(self, document_id: str) -> str:
        named = orjson.dumps([*self._identity, document_id.encode("utf-8", "surrogatepass").hex()])
        return hashlib.sha256(named).hexdigest()[:32] + ".vectors"

    def read(self, document_id: str) -> dict[bytes, Vectors]:
        """Vectors by the digest of their text; empty for a document nothing is known of."""
        name = self._name(document_id)
        if self._folder is None or name not in self._there:
            return {}
        try:
            written = (self._folder / name).read_bytes()
            found = _records(written, self._dim)
            whole = len(found) * _size(self._dim)
            if whole < len(written):
                os.truncate(self._folder / name, whole)
        except OSError as error:
            self._close(error)
            return {}
        return dict(found)

    def append(self, document_id: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Survives `kill -9` when it returns."""
        if self._folder is None or not texts:
            return
        name = self._name(document_id)
        records = b"".join(_record(text, vector) for text, vector in zip(texts, vectors, strict=True))
        try:
            with (self._folder / name).open("ab", buffering=0) as file:
                file.write(records)
            self._there.add(name)
        except OSError as error:
            self._close(error)

    def forget(self, document_id: str) -> None:
        """The document is kept, or never will be."""
        name = self._name(document_id)
        if self._folder is not None and name in self._there:
            self._there.discard(name)
            (self._folder / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes what was left a week ago or earlier, and the folder when nothing is in it."""
        if self._folder is None:
            return
        try:
            for path in self._folder.glob("*.vectors"):
                if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                    path.unlink(missing_ok=True)
            self._folder.rmdir()
        except OSError:
            return  # not empty: another run's, or a document of this one that a later run goes on with


def _size(dim: int) -> int:
    return _DIGEST + 4 * dim + _CRC


def _record(text: str, vector: Vectors) -> bytes:
    body = digest(text) + np.asarray(vector, dtype="<f4").tobytes()
    return body + zlib.crc32(body).to_bytes(_CRC, "little")


def _records(written: bytes, dim: int) -> list[tuple[bytes, Vectors]]:
    """Up to the first that is not whole. A list, as its length is that of what may stay in the file."""
    found: list[tuple[bytes, Vectors]] = []
    size = _size(dim)
    for start in range(0, len(written) - size + 1, size):
        body, crc = written[start : start + size - _CRC], written[start + size - _CRC : start + size]
        if zlib.crc32(body).to_bytes(_CRC, "little") != crc:
            break
        found.append((body[:_DIGEST], np.frombuffer(body[_DIGEST:], dtype="<f4").astype(np.float32)))
    return found
