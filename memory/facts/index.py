"""The index of what is remembered: by meaning and by words, of one person only. It holds ids, times and vectors.

No text lies in it: a memory's stands sealed in its row, a message's in the log. `agent/remembering/pointing.py` makes
points of messages and memories, so that all are embedded in the same form.

IndexFault (a MemoryFault)
├── IndexUnavailable   it cannot be reached, or failed (retryable)
└── IndexLocked        another process has its folder
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memory.errors import MemoryFault
from memory.facts.memory import MemoryKind
from memory.messages import Role

Vector = NDArray[np.float32]
_NAMESPACE = uuid.UUID("0b7e4d0c-6c55-5c0b-8f7e-2f6a54a0a9d1")
MOST = 1000
"""Points of one person that a search looks at; more are cut off, the least like the question first."""


class IndexFault(MemoryFault):
    code = "memory_index"


class IndexUnavailable(IndexFault):
    code = "memory_index_unavailable"
    retryable = True


class IndexLocked(IndexFault):
    code = "memory_index_locked"


def said_id(conversation: str, seq: int) -> str:
    """The point of a message: the same whenever and by whomever it is put."""
    return str(uuid.uuid5(_NAMESPACE, f"{conversation}:{seq}"))


def memory_point(memory: str) -> str:
    """The point of a memory, by its id."""
    return str(uuid.uuid5(_NAMESPACE, memory))


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One message or memory as it is searched for.

    `vector` is (dim,) float32 and of unit length, `words` the BM25 weight of each term's number. `conversation` and
    `seq` say where it was said; `memory` is the memory's id, "" for a message (kind "said").
    """

    id: str
    customer: str
    kind: MemoryKind
    conversation: str
    seq: int
    said_at: datetime
    vector: Vector
    words: Mapping[int, float]
    role: Role = "customer"
    memory: str = ""
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A point that a search came upon. `dense` is the cosine with the question's vector, None where that was not among
    the nearest; `words` are the question's terms that are in it, with their weights there."""

    id: str
    customer: str
    kind: MemoryKind
    conversation: str
    seq: int
    said_at: datetime
    role: Role = "customer"
    memory: str = ""
    valid_until: datetime | None = None
    dense: float | None = None
    words: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What looking through an index's bytes gave: where (a folder, or a collection), how many files (or points) and
    bytes, and for each needle, by its place, in how many of them it was seen."""

    store: str
    parts: int
    bytes: int
    hits: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What an index is made with. Another embedding model, another size or another form of the texts: its vectors
    cannot be compared, so it is emptied at its opening and `fresh`."""

    embedder: str
    dim: int
    form: str = ""


class FactIndex(Protocol):
    """Safe to call from one event loop; every call may raise IndexUnavailable."""

    @property
    def fresh(self) -> bool:
        """Whether it holds nothing yet of what the database has: it was just made, or emptied because it was of another
        embedding model, and `whole` was not yet called. Everything has to be put again then."""
        ...

    async def whole(self) -> None:
        """Everything was put: from now on it is not `fresh`, also after a restart."""
        ...

    async def put(self, points: Sequence[Point]) -> None:
        """Adds points, or puts them in the place of those with the same ids. Durable when it returns."""
        ...

    async def search(
        self, customers: Sequence[str], vector: Vector | None, terms: Sequence[int] = (), *, limit: int = MOST
    ) -> list[Found]:
        """The `limit` points nearest to `vector` and the `limit` best for each term, of these customers only, in order
        of id. No customers, or neither a vector nor terms: nothing."""
        ...

    async def remove(self, ids: Sequence[str]) -> None:
        """Takes points out of searches; those that are not there are no error. Their bytes may stay until `forget`."""
        ...

    async def forget(self, customers: Sequence[str]) -> int:
        """Removes all of these customers, and every trace of it from the files: vectors, ids and payloads. Returns how
        many points there were. Runs again without harm."""
        ...

    async def count(self, customers: Sequence[str] | None = None) -> int:
        """Points of these customers, of all for None."""
        ...

    async def scan(self, needles: Sequence[bytes]) -> Scanned:
        """Looks through every byte that is held for each of `needles`."""
        ...

    async def ready(self) -> None:
        """Raises IndexFault when it cannot be searched."""
        ...

    async def close(self) -> None:
        """Everything on disk, and a folder free for the next process."""
        ...
